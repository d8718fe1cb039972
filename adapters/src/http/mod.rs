//! The HTTP stack: one layer a file, and [`stack`], the only place that holds their order.
//!
//! ```text
//! retry → breaker → quota → timeout → auth → classify → meter → client
//! ```
//!
//! What several stacks must share (breaker, quota, session) lives in a [`HostState`], which [`Hosts`] hands out by host
//! and login; a layer itself is a cheap wrapper. Each attempt of `retry` asks breaker and quota again; an open breaker
//! costs no quota; `auth` replays below the quota, which is charged for it; `meter` sees what really went over the wire.

mod address;
mod auth;
mod breaker;
mod classify;
mod client;
mod cookies;
mod failure;
mod message;
mod meter;
mod policy;
mod quota;
mod retry;
mod session;
mod state;
#[cfg(test)]
mod tests;
mod timeout;
mod window;

pub use auth::{Auth, NoAuth, Signed, StaticAuth};
pub use breaker::{Breaker, BreakerState};
pub use classify::{ByStatus, Classify, by_status, excerpt, expect_json, one_line, retry_after};
pub use client::{Client, ClientSettings};
pub use cookies::Cookies;
pub use message::{Request, Response};
pub use meter::describe_metrics;
pub use policy::{BreakerPolicy, LoginPolicy, Patience, Policy, QuotaPolicy, Remaining, Window};
pub use quota::{Quota, QuotaSnapshot};
pub use state::{HostState, Hosts};

use crate::{
    adapter::{Ctx, Info},
    error::Result,
};
use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sends a request and brings the answer. Every layer is one, and the client at the bottom.
#[async_trait]
pub trait Http: Send + Sync + 'static {
    /// Sends a request. Above the classify layer an answer is a success; an ERP's refusal is an error.
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response>;
}

/// A stack, or a part of one.
pub type BoxHttp = Arc<dyn Http>;

/// Puts the layers over a client. The only place that knows their order.
///
/// Log-in requests take the lower part, `timeout → charge → classify → meter → client`: never `auth` again, and they count
/// in the quota without waiting for it, because the call that needs them already holds its place.
pub fn stack(client: BoxHttp, info: &Info, host: &Arc<HostState>, classify: Arc<dyn Classify>) -> BoxHttp {
    let policy = &host.policy;
    let http: BoxHttp = Arc::new(meter::Meter::new(client, info));
    let http: BoxHttp = Arc::new(classify::Classified::new(http, classify));

    let charged: BoxHttp = Arc::new(quota::Charge::new(Arc::clone(&http), Arc::clone(&host.quota)));
    let login: BoxHttp = Arc::new(timeout::Timeout::new(Arc::clone(&charged), policy.timeout));

    let http: BoxHttp = Arc::new(auth::Authenticate::new(http, charged, login, Arc::clone(&host.session)));
    let http: BoxHttp = Arc::new(timeout::Timeout::new(http, policy.timeout));
    let http: BoxHttp = Arc::new(quota::Queue::new(http, Arc::clone(&host.quota)));
    let http: BoxHttp = Arc::new(breaker::Guarded::new(http, Arc::clone(&host.breaker)));
    Arc::new(retry::Retry::new(http, Arc::clone(host)))
}

/// Locks state that stays valid whatever panicked while it was held: each critical section is a few assignments.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
