//! End to end: a gateway in this process, three simulated ERPs behind it, and requests over the real HTTP server.

mod access;
mod attacks;
#[path = "../shared/clock.rs"]
mod clock;
mod connecting;
mod consent;
mod erps;
mod errors;
mod health;
mod http;
mod injection;
mod lists;
#[path = "../shared/log.rs"]
mod log;
mod paging;
mod personal;
mod records;
mod reload;
mod secrecy;
mod server;
mod spans;
mod trouble;

use clock::FastClock;
use tests::{App, Setup};

/// A gateway under a fast clock, so that quotas and back-offs take no time.
async fn start(setup: Setup) -> (App, FastClock) {
    // Started before the clock runs fast: the patience of the store with its file would pass in no time.
    let app = App::start(setup).await;
    let clock = FastClock::start();
    app.erps().for_each(|erp| clock.take_along(erp));
    (app, clock)
}
