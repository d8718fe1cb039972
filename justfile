# `just` lists what there is to do. CI runs `check`, `test` and `bench-build`.

default:
    @just --list

# Three simulated ERPs and the gateway in front of them.
demo port="8080":
    cargo run --release -- demo --port {{ port }}

# All tests. Only the Rust toolchain is needed.
test:
    cargo test

# Formatting, lints, freshness of generated files.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test -p schema sdl

# Fuzz targets, for so many seconds each (needs a C++ compiler): `just fuzz 600 planner`.
fuzz seconds="60" *targets="":
    tests/fuzz/run {{ seconds }} {{ targets }}

# Accepts the schema as it is now.
bless:
    UPDATE_SDL=1 cargo test -p schema sdl

# The figures: mapping, cold start, memory, calls.
bench:
    cargo build --release
    cargo bench -p tests
    python3 tests/benches/start.py target/release/erp-gateway

# The page in a real browser with every other host blocked (needs node and chromium).
browser url:
    cd gateway/graphiql && npm ci && node test/offline.mjs {{ url }}

# Clients that others wrote (needs node 20).
clients url:
    cd tests/clients && npm ci && npm test -- {{ url }}

# The Odoo adapter against real servers: tests/README.md tells how.
live-odoo:
    cargo test -p adapters --test odoo_live -- --nocapture
