//! Tests of the stack on paused time, over a scripted `Http`; those of the client over real sockets on loopback.

mod auth;
mod breaker;
mod client;
mod messages;
mod meter;
mod quota;
mod retry;
mod tls;

use super::*;
use crate::{
    adapter::{Ctx, Info, Priority},
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use url::Url;

/// What the fake does with a request: an answer or an error, after a while.
struct Step {
    after: Duration,
    result: Result<Response>,
}

type Script = dyn Fn(usize, &Request) -> Step + Send + Sync;

/// The bottom of a stack under test: plays a script, and remembers what it was sent and when.
struct Fake {
    started: Instant,
    sent: Mutex<Vec<(Duration, Request)>>,
    script: Box<Script>,
}

impl Fake {
    /// The script sees the number of the request, from 0, and the request.
    fn new(script: impl Fn(usize, &Request) -> Step + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { started: Instant::now(), sent: Mutex::default(), script: Box::new(script) })
    }

    fn calls(&self) -> usize {
        lock(&self.sent).len()
    }

    /// When each request came, since the start of the test.
    fn times(&self) -> Vec<Duration> {
        lock(&self.sent).iter().map(|(at, _)| *at).collect()
    }

    fn operations(&self) -> Vec<&'static str> {
        lock(&self.sent).iter().map(|(_, request)| request.operation).collect()
    }

    fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|sent| **sent == operation).count()
    }
}

#[async_trait]
impl Http for Fake {
    async fn send(&self, _: &Ctx, request: Request) -> Result<Response> {
        let step = {
            let mut sent = lock(&self.sent);
            sent.push((self.started.elapsed(), request.clone()));
            (self.script)(sent.len() - 1, &request)
        };
        tokio::time::sleep(step.after).await;
        step.result
    }
}

fn response(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Response {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a valid header")))
        .collect();
    Response {
        status: StatusCode::from_u16(status).expect("a status"),
        headers,
        body: Bytes::from_static(body.as_bytes()),
    }
}

fn answer(status: u16) -> Step {
    Step { after: Duration::ZERO, result: Ok(response(status, &[], "{}")) }
}

fn answer_with(status: u16, headers: &[(&'static str, &str)]) -> Step {
    Step { after: Duration::ZERO, result: Ok(response(status, headers, "{}")) }
}

fn answer_after(after: Duration, status: u16) -> Step {
    Step { after, ..answer(status) }
}

fn fails(kind: ErrorKind) -> Step {
    Step { after: Duration::ZERO, result: Err(Error::new(kind, "scripted")) }
}

fn hangs() -> Step {
    answer_after(Duration::from_secs(86_400), 200)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("in range")
}

fn ctx(priority: Priority, timeout: Duration) -> Ctx {
    Ctx { priority, ..Ctx::interactive(now(), timeout) }
}

fn sync() -> Ctx {
    ctx(Priority::Sync, secs(3600))
}

fn url(path: &str) -> Url {
    Url::parse("https://erp.example.com").and_then(|base| base.join(path)).expect("a URL")
}

fn get() -> Request {
    Request::get(url("/items"), "list")
}

fn post() -> Request {
    Request::post_json(url("/items"), "create", &serde_json::json!({"name": "x"})).expect("JSON")
}

fn host(policy: Policy) -> Arc<HostState> {
    Arc::new(HostState::new("erp.example.com", policy, Arc::new(NoAuth)).with_seed(1))
}

fn over(fake: &Arc<Fake>, host: &Arc<HostState>) -> BoxHttp {
    let info = Info { erp: "main".into(), system: "test" };
    stack(Arc::clone(fake) as BoxHttp, &info, host, Arc::new(ByStatus))
}

fn kind(outcome: &Result<Response>) -> Option<ErrorKind> {
    outcome.as_ref().err().map(|e| e.kind)
}

/// Starts a call in the background.
fn start(http: &BoxHttp, ctx: Ctx, request: Request) -> tokio::task::JoinHandle<Result<Response>> {
    let http = Arc::clone(http);
    tokio::spawn(async move { http.send(&ctx, request).await })
}

/// Lets the calls in the background go as far as they can without the clock moving on.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
