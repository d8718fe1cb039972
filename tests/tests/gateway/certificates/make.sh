#!/bin/sh
# Makes the certificates beside it and one key for all of them, which guards nothing. One was good for an hour of 2020, the others
# are good until 2120. The key is a new one each time, and so are they.
set -eu
cd "$(dirname "$0")"
key=key-of-tests-only.pem
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
{
  echo "This key is public: it is for tests, and nothing may ever trust it."
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
} > "$key"
cat > "$work/ca.cnf" <<END
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
END

# name of the file, host that it is for, whether it is one of an authority, when it ends, who signs it
make() {
  : > "$work/index"
  openssl req -new -key "$key" -subj "/CN=$1" -out "$work/request"
  printf 'subjectAltName = DNS:%s\nbasicConstraints = critical, CA:%s\n' "$2" "$3" > "$work/extensions"
  if [ "$5" = itself ]; then signer=-selfsign; else signer="-cert $5.pem"; fi
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config "$work/ca.cnf" $signer -keyfile "$key" -in "$work/request" \
    -startdate 20200101000000Z -enddate "$4" -extfile "$work/extensions" -out "$1.pem"
}

make self-signed localhost FALSE 21200101000000Z itself
make other-name erp.example FALSE 21200101000000Z itself
make expired localhost FALSE 20200101010000Z itself
make authority localhost TRUE 21200101000000Z itself
make signed localhost FALSE 21200101000000Z authority
