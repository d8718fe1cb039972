//! What the gateway makes of the machine, beside two handlers that do as little as can be done: `just bench`.
//!
//! - cached: a nested query from the answer cache, beside a bare axum handler that returns the same bytes;
//! - uncached: a nested query that asks two ERPs, beside a handler that sends the same requests and parses nothing (a
//!   third one, QuickBooks, lets pass 500 requests a minute, and the gateway keeps to that);
//! - at half of its load: latencies, and the gateway's own time;
//! - with `SOAK_SECONDS`: resident memory over that time at half load, while the caches fill.
//!
//! Servers, ERPs and the 64 clients are processes of their own. The ERPs answer from a recording, so that they cost little.
//! Each server has one core for itself where `taskset` is there; what counts is also given as its processor time for a
//! request, which does not depend on what else the machine does.

mod client;
mod servers;
mod upstream;

use client::{Load, Target};
use serde_json::json;
use servers::{Child, Kind};
use std::{env, time::Duration};

/// The binary's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// So many clients.
const CLIENTS: usize = 64;
/// So many different queries, so that uncached ones do not share what is in flight.
const VARIANTS: usize = 256;

fn cached(_: usize) -> String {
    json!({ "query": "{ customers(first: 20) { nodes { name
        invoices(first: 5) { nodes { number total { amount } } } salesOrders(first: 5) { nodes { number } } } } }" })
    .to_string()
}

fn uncached(variant: usize) -> String {
    let query = "query($not: String) { invoices(first: 50, erps: [\"odoo\", \"sap-b1\"], where: { number: { neq: $not } }, read: { maxAgeMs: 0 }) {
        nodes { number total { amount } customer { name } } } }";
    json!({ "query": query, "variables": { "not": format!("x{variant}") } }).to_string()
}

fn main() {
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--serve"), Some(kind)) => servers::serve(&kind),
        (Some("--upstream"), _) => upstream::serve(),
        _ => compare(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark has no settings file")]
fn compare() {
    let seconds = |name: &str, default: u64| {
        Duration::from_secs(env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default))
    };
    let round = seconds("BENCH_SECONDS", 5);
    let upstream = Child::upstream();
    let gateway = Child::server(Kind::Gateway, &upstream);
    client::Connection::open(gateway.address).ask(&cached(0));

    // Each query once: the upstream records it, and what was recorded tells the other server what to send.
    let mut connection = client::Connection::open(gateway.address);
    upstream.forget();
    let answers: Vec<Vec<u8>> = (0..VARIANTS).map(|variant| connection.ask(&uncached(variant))).collect();
    let calls = upstream.recorded();
    println!(
        "uncached query: {} bytes, {:.1} requests to ERPs",
        answers[0].len(),
        calls.len() as f64 / VARIANTS as f64
    );
    for _ in 0..3 {
        connection.ask(&cached(0));
    }
    let bytes = connection.ask(&cached(0));
    println!("cached query: {} bytes", bytes.len());

    let bare = Child::server(Kind::Bytes(bytes), &upstream);
    let forward = Child::server(Kind::Calls { answer: answers[0].clone(), calls, variants: VARIANTS }, &upstream);
    let load = |server: &Child, body: fn(usize) -> String| {
        let target = Target { address: server.address, bodies: (0..VARIANTS).map(body).collect() };
        let before = server.processor_time();
        let load = Load::run(&target, CLIENTS, None, round);
        let each = (server.processor_time() - before).as_secs_f64() * 1e6 / load.requests as f64;
        println!(
            "  {:<8} {:>8.0} requests/s  {:>7.1} µs of processor time each  {load}",
            server.name,
            load.rate(),
            each
        );
        (load.rate(), each)
    };
    for (what, body, limit, bar) in
        [("cached", cached as fn(usize) -> String, &bare, 0.5), ("uncached", uncached, &forward, 0.2)]
    {
        println!("{what}, {CLIENTS} clients, as fast as they can");
        let (most, most_each) = load(limit, body);
        let (rate, each) = load(&gateway, body);
        println!("  ratio    {:.2} by requests, {:.2} by processor time (bar: {bar})", rate / most, most_each / each);

        println!("{what}, at half of that rate");
        let target = Target { address: gateway.address, bodies: (0..VARIANTS).map(body).collect() };
        let half = Load::run(&target, CLIENTS, Some(rate / 2.0), round);
        println!("  {:<8} {half}", gateway.name);
        if what == "uncached" {
            let target = Target { address: forward.address, ..target };
            let theirs = Load::run(&target, CLIENTS, Some(rate / 2.0), round);
            println!("  {:<8} {theirs}", forward.name);
            let own = half.percentile(0.99).saturating_sub(theirs.percentile(0.5));
            println!("  the gateway's own time, p99: {:.2} ms (bar: 5 ms)", own.as_secs_f64() * 1e3);
        }
    }
    println!("resident: {:.0} MB", gateway.resident_megabytes());
    let soak = seconds("SOAK_SECONDS", 0);
    if !soak.is_zero() {
        soak_for(&gateway, soak);
    }
}

/// Different queries over the ERPs that set no pace of their own, so that the caches fill; prints the curve.
fn soak_for(gateway: &Child, time: Duration) {
    const STEPS: u32 = 20;
    let bodies: Vec<String> = (0..4096).map(mixed).collect();
    let target = Target { address: gateway.address, bodies };
    let rate = Load::run(&target, CLIENTS, None, Duration::from_secs(5)).rate() / 2.0;
    println!("{} s at {rate:.0} requests/s of {} different queries", time.as_secs(), target.bodies.len());
    for step in 1..=STEPS {
        let load = Load::run(&target, CLIENTS, Some(rate), time / STEPS);
        println!("  {:>5} s  {:>6.1} MB  {load}", (time * step / STEPS).as_secs(), gateway.resident_megabytes());
    }
}

fn mixed(variant: usize) -> String {
    let (field, other) =
        [("customers", "name"), ("invoices", "number"), ("salesOrders", "number"), ("products", "name")][variant % 4];
    let query = format!(
        "query($not: String) {{ {field}(first: 50, erps: [\"odoo\", \"sap-b1\"], where: {{ {other}: {{ neq: $not }} }}) {{ nodes {{ id {other} remoteUpdatedAt erp {{ name }} }} pageInfo {{ endCursor }} }} }}"
    );
    json!({ "query": query, "variables": { "not": format!("y{variant}") } }).to_string()
}
