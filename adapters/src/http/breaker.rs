//! Gives an ERP up for a while when it fails again and again, and tries it again with one call.

use super::{BoxHttp, BreakerPolicy, Http, Request, Response, lock};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use tracing::Instrument as _;

/// What a breaker does with a call now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It passes.
    Closed,
    /// It is refused until then; the first one after it is the probe.
    Open {
        /// When a probe may pass.
        until: Instant,
    },
    /// It is refused: the probe is under way.
    HalfOpen,
}

/// Opens after a number of failures in a row. A count is enough: an ERP that fails half of the time gets there soon, and one
/// that answers is not given up for the past.
///
/// A failure is a timeout, a connection error or a 5xx. A 4xx is an answer, and a 429 is no verdict at all.
pub struct Breaker {
    host: String,
    policy: BreakerPolicy,
    /// A timeout of a call that came with less time than this is no verdict.
    fair_time: Duration,
    inner: Mutex<Inner>,
}

struct Inner {
    state: BreakerState,
    /// Failures in a row while closed.
    failures: u32,
    /// How often it opened since it was last closed.
    opened: u32,
    /// Changes with each state, so that a late verdict of an earlier state is not counted.
    epoch: u64,
}

impl Inner {
    fn enter(&mut self, state: BreakerState) {
        self.state = state;
        self.epoch += 1;
    }
}

impl Breaker {
    pub(super) fn new(host: String, policy: BreakerPolicy, fair_time: Duration) -> Self {
        let inner = Inner { state: BreakerState::Closed, failures: 0, opened: 0, epoch: 0 };
        Self { host, policy, fair_time, inner: Mutex::new(inner) }
    }

    /// What it does with a call now.
    pub fn state(&self) -> BreakerState {
        lock(&self.inner).state
    }

    /// Lets a call pass, or tells when to come again.
    fn admit(self: &Arc<Self>) -> Result<Pass> {
        let now = Instant::now();
        let mut inner = lock(&self.inner);
        let probe = match inner.state {
            BreakerState::Closed => false,
            BreakerState::Open { until } if until <= now => {
                inner.enter(BreakerState::HalfOpen);
                true
            }
            BreakerState::Open { until } => return Err(given_up(until - now)),
            BreakerState::HalfOpen => return Err(given_up(self.policy.cool_down)),
        };
        Ok(Pass { breaker: Arc::clone(self), epoch: inner.epoch, probe })
    }

    fn succeeded(&self, epoch: u64) {
        let mut inner = lock(&self.inner);
        if inner.epoch != epoch {
            return;
        }
        inner.failures = 0;
        if inner.state == BreakerState::HalfOpen {
            inner.opened = 0;
            inner.enter(BreakerState::Closed);
            tracing::info!(upstream.host = self.host, "the ERP answers again: the breaker is closed");
        }
    }

    fn failed(&self, epoch: u64) {
        let mut inner = lock(&self.inner);
        if inner.epoch != epoch {
            return;
        }
        inner.failures += 1;
        if inner.state == BreakerState::Closed && inner.failures < self.policy.failures {
            return;
        }
        let cool_down = self.policy.cool_down.saturating_mul(1 << inner.opened.min(16)).min(self.policy.cool_down_cap);
        inner.opened += 1;
        inner.failures = 0;
        inner.enter(BreakerState::Open { until: Instant::now() + cool_down });
        tracing::warn!(
            upstream.host = self.host,
            cool_down_s = cool_down.as_secs(),
            "the ERP fails again and again: the breaker is open"
        );
    }

    /// A probe ended without a verdict, for example because the ERP asked to slow down: the next call is the probe.
    fn undecided(&self, epoch: u64) {
        let mut inner = lock(&self.inner);
        if inner.epoch == epoch && inner.state == BreakerState::HalfOpen {
            inner.enter(BreakerState::Open { until: Instant::now() });
        }
    }
}

fn given_up(wait: Duration) -> Error {
    Error::new(ErrorKind::Unavailable, "the ERP failed again and again and is given time to recover")
        .with_retry_after(wait)
}

/// A call that was let pass. Dropped without a verdict, it leaves no trace.
struct Pass {
    breaker: Arc<Breaker>,
    epoch: u64,
    probe: bool,
}

impl Pass {
    fn settle(self, outcome: &Result<Response>, had_fair_time: bool) {
        match outcome.as_ref().map_err(|e| e.kind) {
            Err(ErrorKind::Timeout) if !had_fair_time => {}
            Err(ErrorKind::Timeout | ErrorKind::Unavailable) => self.breaker.failed(self.epoch),
            // These may come from the layers below without the ERP having been asked.
            Err(ErrorKind::RateLimited | ErrorKind::Unauthorized | ErrorKind::Config | ErrorKind::Invalid) => {}
            Ok(_) | Err(_) => self.breaker.succeeded(self.epoch),
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.undecided(self.epoch);
        }
    }
}

/// The layer.
pub(super) struct Guarded {
    inner: BoxHttp,
    breaker: Arc<Breaker>,
}

impl Guarded {
    pub(super) fn new(inner: BoxHttp, breaker: Arc<Breaker>) -> Self {
        Self { inner, breaker }
    }
}

#[async_trait]
impl Http for Guarded {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        let had_fair_time = ctx.deadline.saturating_duration_since(Instant::now()) >= self.breaker.fair_time;
        let pass = self.breaker.admit()?;
        if !pass.probe {
            let outcome = self.inner.send(ctx, request).await;
            pass.settle(&outcome, had_fair_time);
            return outcome;
        }
        // A probe outlives its caller: the parts of one list are asked for at once, and the part that is refused meanwhile
        // ends the call. If that ended the probe, the breaker would never close.
        let (inner, ctx) = (Arc::clone(&self.inner), ctx.clone());
        let probe = async move {
            let outcome = inner.send(&ctx, request).await;
            pass.settle(&outcome, had_fair_time);
            outcome
        };
        tokio::spawn(probe.in_current_span())
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Unavailable, "the request was interrupted")))
    }
}
