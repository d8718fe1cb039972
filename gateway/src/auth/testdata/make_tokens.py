"""Makes tokens.json with PyJWT, which shares no code with the gateway: python3 make_tokens.py > tokens.json

The private keys are thrown away; the file holds public keys, a secret that says what it is, and tokens that are good for nothing
but these tests. It was made with PyJWT 2.15.1 and cryptography.
"""

import base64, hashlib, hmac, json

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

NOW = 1767225600  # 2026-01-01T00:00:00Z, the time of the tests
SECRET = "a secret of the tests of the gateway, known to everybody"

rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ec_key = ec.generate_private_key(ec.SECP256R1())
stranger = ec.generate_private_key(ec.SECP256R1())
short_rsa = rsa.generate_private_key(public_exponent=65537, key_size=1024)


def jwk(key, kid, algorithm):
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid}


RS, ES = jwt.algorithms.RSAAlgorithm, jwt.algorithms.ECAlgorithm
keys = [
    {**jwk(rsa_key, "rsa", RS), "use": "sig", "alg": "RS256"},
    {k: v for k, v in jwk(ec_key, "ec", ES).items() if k != "key_ops"},
    {**jwk(short_rsa, "short", RS)},
    {**jwk(stranger, "encrypts", ES), "use": "enc"},
    {"kty": "oct", "kid": "secret", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
    {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
]
good = {"sub": "ann", "iss": "https://id.example", "aud": "erp-gateway", "exp": NOW + 300, "role": "ANALYST"}
tokens = {}


def sign(name, claims, key, algorithm, kid=None, headers=None):
    headers = {**(headers or {}), **({"kid": kid} if kid else {})}
    tokens[name] = jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def hs(name, **changes):
    claims = {**good, **changes}
    sign(name, {k: v for k, v in claims.items() if v is not None}, SECRET, "HS256")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(name, header, claims, secret):
    signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    tokens[name] = signed + "." + (b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest()) if secret else "")


sign("rs256", good, rsa_key, "RS256", "rsa")
sign("rs256 without kid", good, rsa_key, "RS256")
sign("rs256 by the kid of another", good, rsa_key, "RS256", "ec")
sign("rs256 of an unknown kid", good, rsa_key, "RS256", "new")
sign("rs256 of 1024 bits", good, short_rsa, "RS256", "short")
sign("rs512", good, rsa_key, "RS512", "rsa")
sign("es256", good, ec_key, "ES256", "ec")
sign("es256 of a stranger", good, stranger, "ES256", "ec")
sign("es256 by a key for encryption", good, stranger, "ES256", "encrypts")
hs("hs256")
sign("hs256 of another secret", good, SECRET + "!", "HS256")
pem = rsa_key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
by_hand("hs256 by the public key", {"alg": "HS256", "kid": "rsa"}, good, pem)
by_hand("none", {"alg": "none"}, good, None)
by_hand("None", {"alg": "NoNe"}, good, None)
by_hand("no alg", {"typ": "JWT"}, good, SECRET.encode())
by_hand("crit", {"alg": "HS256", "crit": ["exp"]}, good, SECRET.encode())
by_hand("b64", {"alg": "HS256", "b64": False, "crit": ["b64"]}, good, SECRET.encode())
by_hand("not an object", {"alg": "HS256"}, ["ann"], SECRET.encode())
by_hand("exp as text", {"alg": "HS256"}, {**good, "exp": str(NOW + 300)}, SECRET.encode())
by_hand("exp is huge", {"alg": "HS256"}, {**good, "exp": 1e300}, SECRET.encode())
by_hand("nbf as text", {"alg": "HS256"}, {**good, "nbf": str(NOW)}, SECRET.encode())
by_hand("sub as number", {"alg": "HS256"}, {**good, "sub": 7}, SECRET.encode())
hs("within the leeway", exp=NOW - 29, nbf=NOW + 30)
hs("expired", exp=NOW - 30)
hs("exp with a fraction", exp=NOW + 0.5)
hs("early", nbf=NOW + 31)
hs("without exp", exp=None)
hs("without aud", aud=None)
hs("another aud", aud="billing")
hs("several auds", aud=["billing", "erp-gateway"])
hs("other auds", aud=["billing", "shop"])
hs("another iss", iss="https://evil.example")
hs("without iss", iss=None)
hs("without sub", sub=None)
hs("reserved sub", sub="apikey:0011223344556677")
hs("without role", role=None)
hs("unknown role", role="KING")
hs("role in small letters", role="manager")
hs("roles", role=["offline_access", "ANALYST", "MANAGER"])
hs("rights", scope="openid records:raw profile audit:read", erps=["odoo", "sap-b1"])
hs("scopes as a list", scope=["erp:call", "email"], erps=[])
hs("erps as text", erps="odoo")
by_hand("erps as null", {"alg": "HS256"}, {**good, "erps": None}, SECRET.encode())
hs("nested role", role=None, realm_access={"roles": ["SERVICE"]})

print(json.dumps({"now": NOW, "secret": SECRET, "jwks": {"keys": keys}, "tokens": tokens}, indent=1))
