//! What all simulators share: the socket, the common endpoints, and what happens around each request.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, spawn, spawn_blocking},
    time::sleep,
};

use crate::{
    Clock, Fault, FaultPlan, Faults, Sessions, Stats, System,
    dataset::{Company, Dataset, Profile},
    listener::{BreakableListener, Peer},
    odoo, quickbooks,
    rng::Rng,
    sap_b1,
    stats::Counter,
    store::{Store, StoreError},
};

/// How a simulator is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; by default a free port of the loopback interface.
    pub bind: SocketAddr,
    /// How many invoices there are, credit notes among them; everything else grows with it. 2000 by default.
    pub records: usize,
    /// The seed of the data; simulators of one seed share customers.
    pub seed: u64,
    /// The last day of the data; by default the real one (UTC).
    pub today: NaiveDate,
    /// Whether one customer owns 90 % of the invoices; by default what [`System::has_big_customer`] says.
    pub big_customer: Option<bool>,
    /// How long every request takes at least.
    pub latency: Duration,
    /// The share of data requests, from 0 to 1, that fail by chance.
    pub fail_rate: f64,
    /// What only Odoo has.
    pub odoo: odoo::Options,
    /// What only SAP Business One has.
    pub sap_b1: sap_b1::Options,
    /// What only QuickBooks Online has.
    pub quickbooks: quickbooks::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: (Ipv4Addr::LOCALHOST, 0).into(),
            records: 2000,
            seed: 1,
            today: crate::clock::present().date_naive(),
            big_customer: None,
            latency: Duration::ZERO,
            fail_rate: 0.0,
            odoo: odoo::Options::default(),
            sap_b1: sap_b1::Options::default(),
            quickbooks: quickbooks::Options::default(),
        }
    }
}

/// What a front makes of a simulator: its routes, and how its ERP words an error.
pub(crate) struct Front {
    data: Router,
    control: Router,
    error: fn(StatusCode) -> Response,
}

impl Front {
    /// A front whose requests for data are answered by these routes. Only they may have a fallback.
    pub(crate) fn new(data: Router) -> Self {
        Self { data, control: Router::new(), error: |status| (status, status.to_string()).into_response() }
    }

    /// Adds routes for signing in, health and the like, which only faults with `all` hit.
    pub(crate) fn control(mut self, control: Router) -> Self {
        self.control = control;
        self
    }

    /// Says how this ERP words an error of the server, of its proxy or of a quota.
    pub(crate) fn error(mut self, error: fn(StatusCode) -> Response) -> Self {
        self.error = error;
        self
    }
}

/// The state of one simulator, shared by all its requests.
#[derive(Debug)]
pub struct Simulator {
    system: System,
    options: Options,
    store: Store,
    clock: Clock,
    sessions: Sessions,
    faults: Faults,
    counter: Counter,
    rng: Mutex<Rng>,
}

impl Simulator {
    /// Writes the books of the system's company into a new store.
    fn new(system: System, options: Options) -> Result<Self, StoreError> {
        let store = books(system, &options)?;
        Ok(Self {
            system,
            store,
            clock: Clock::starting(options.today),
            sessions: Sessions::default(),
            faults: Faults::new(options.fail_rate, options.seed),
            counter: Counter::default(),
            rng: Mutex::new(Rng::keyed(options.seed, "tokens", system as u64)),
            options,
        })
    }

    /// The system that is simulated.
    pub fn system(&self) -> System {
        self.system
    }

    /// The company whose books these are.
    pub fn company(&self) -> Company {
        self.system.company()
    }

    /// How it was set up.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The tables.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The clock, which a test may move.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The time, for write stamps, sessions and quotas.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Who is signed in.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What was served so far.
    pub fn stats(&self) -> Stats {
        self.counter.snapshot()
    }

    /// Counts from zero again.
    pub fn reset_stats(&self) {
        self.counter.reset();
    }

    /// Counts an operation, such as `search_read account.move`. A front calls this once for each that a request asks
    /// for, refused ones included.
    pub fn count(&self, operation: &str) {
        self.counter.operation(operation);
    }

    /// A new token of so many hexadecimal digits.
    pub fn token(&self, digits: usize) -> String {
        self.rng().hex(digits)
    }

    fn rng(&self) -> MutexGuard<'_, Rng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the books of the system's company into a new store.
fn books(system: System, options: &Options) -> Result<Store, StoreError> {
    // Each thread allocates from a heap of its own, at least with glibc. The memory of the story, which is gone when the
    // first one ends, would be of no use to anybody if it lay among the rows that the second one writes.
    let written = thread::scope(|threads| {
        let teller = threads.spawn(|| {
            let dataset = Dataset::generate(&Profile {
                company: system.company(),
                seed: options.seed,
                invoices: options.records,
                today: options.today,
                big_customer: options.big_customer.unwrap_or_else(|| system.has_big_customer()),
            });
            let write = || match system {
                System::Odoo => odoo::tables(&dataset, options),
                System::SapB1 => sap_b1::tables(&dataset, options),
                System::QuickBooks => quickbooks::tables(&dataset, options),
            };
            thread::scope(|threads| threads.spawn(write).join())
        });
        teller.join().flatten()
    });
    written.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Starts a simulator on a task of the current runtime.
///
/// # Errors
/// If the address cannot be listened on.
pub async fn start(system: System, options: Options) -> io::Result<Running> {
    let tcp = TcpListener::bind(options.bind).await?;
    let simulator = spawn_blocking(move || Simulator::new(system, options)).await.map_err(io::Error::other)??;
    let simulator = Arc::new(simulator);
    let front = match system {
        System::Odoo => odoo::front(Arc::clone(&simulator)),
        System::SapB1 => sap_b1::front(Arc::clone(&simulator)),
        System::QuickBooks => quickbooks::front(Arc::clone(&simulator)),
    };
    run(tcp, simulator, front)
}

fn run(tcp: TcpListener, simulator: Arc<Simulator>, front: Front) -> io::Result<Running> {
    let addr = tcp.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let service = router(&simulator, front).into_make_service_with_connect_info::<Peer>();
    let server = spawn(async move {
        // Accepting goes on until the task is aborted; errors of single connections never end it.
        let _ = axum::serve(BreakableListener { tcp, stopped }, service).await;
    });
    Ok(Running { addr, simulator, stop, server })
}

/// A simulator that is serving; dropping it stops it.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    simulator: Arc<Simulator>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address as a URL without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Its state: store, clock, sessions.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        self.simulator.faults()
    }

    /// What was served so far.
    pub fn stats(&self) -> Stats {
        self.simulator.stats()
    }

    /// Stops listening and breaks all connections; when this returns, the port is free.
    pub async fn stop(mut self) {
        self.halt();
        let _ = (&mut self.server).await;
    }

    fn halt(&self) {
        self.stop.send_replace(true);
        self.server.abort();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.halt();
    }
}

fn router(simulator: &Arc<Simulator>, front: Front) -> Router {
    let around = |data| {
        let around = Around { simulator: Arc::clone(simulator), data, error: front.error };
        from_fn_with_state(around, serve)
    };
    let common = Router::new()
        .route("/__stats", get(|State(simulator): State<Arc<Simulator>>| async move { Json(simulator.stats()) }))
        .route("/__stats/reset", post(|State(simulator): State<Arc<Simulator>>| async move { simulator.reset_stats() }))
        .route("/__faults", get(read_faults).post(set_faults))
        .route("/__clock", get(read_clock).post(advance_clock))
        .with_state(Arc::clone(simulator));
    front
        .data
        .layer(around(true))
        .merge(front.control.layer(around(false)))
        .merge(common)
        .layer(DefaultBodyLimit::disable())
}

async fn read_faults(State(simulator): State<Arc<Simulator>>) -> Json<FaultPlan> {
    Json(simulator.faults.plan())
}

async fn set_faults(State(simulator): State<Arc<Simulator>>, Json(plan): Json<FaultPlan>) -> Json<FaultPlan> {
    simulator.faults.set(plan);
    read_faults(State(simulator)).await
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: u64,
}

async fn read_clock(State(simulator): State<Arc<Simulator>>) -> Json<DateTime<Utc>> {
    Json(simulator.now())
}

async fn advance_clock(
    State(simulator): State<Arc<Simulator>>,
    Json(Advance { advance_ms }): Json<Advance>,
) -> Json<DateTime<Utc>> {
    simulator.clock.advance(Duration::from_millis(advance_ms));
    read_clock(State(simulator)).await
}

/// What stands around the routes of a front.
#[derive(Clone)]
struct Around {
    simulator: Arc<Simulator>,
    data: bool,
    error: fn(StatusCode) -> Response,
}

async fn serve(
    State(Around { simulator, data, error }): State<Around>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let _in_flight = simulator.counter.request();
    if !simulator.options.latency.is_zero() {
        sleep(simulator.options.latency).await;
    }
    let fault = simulator.faults.next(request.uri().path(), data);
    if fault != Fault::None {
        simulator.counter.fault();
    }
    match fault {
        Fault::None => next.run(request).await,
        Fault::Status { status, body, retry_after } => refuse(error, status, body, retry_after),
        Fault::TruncatedJson => truncate(next.run(request).await).await,
        Fault::HtmlPage => {
            Html("<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Maintenance</h1></body></html>")
                .into_response()
        }
        Fault::Hang => std::future::pending().await,
        Fault::Delay { ms } => {
            // On a task of its own, because an ERP too goes on working after its client hung up.
            let work = spawn(async move {
                sleep(Duration::from_millis(ms)).await;
                next.run(request).await
            });
            work.await.unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Fault::DelayAnswer { ms } => {
            let answer = next.run(request).await;
            sleep(Duration::from_millis(ms)).await;
            answer
        }
        Fault::Disconnect => {
            peer.disconnect();
            Response::default()
        }
        Fault::LostAnswer => {
            let answer = next.run(request).await;
            peer.disconnect();
            answer
        }
        Fault::ExpireSessions => {
            simulator.sessions.expire_all();
            next.run(request).await
        }
    }
}

fn refuse(error: fn(StatusCode) -> Response, status: u16, body: Option<String>, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(body) => {
            let kind = match body.as_bytes().first() {
                Some(b'{' | b'[') => "application/json",
                Some(b'<') => "text/html; charset=utf-8",
                _ => "text/plain; charset=utf-8",
            };
            (status, [(CONTENT_TYPE, kind)], body).into_response()
        }
        None => error(status),
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Keeps the first half of the body, with a length that agrees with it.
async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes.slice(..bytes.len() / 2)))
}

#[cfg(test)]
mod tests;
