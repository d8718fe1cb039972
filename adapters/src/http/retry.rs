//! Tries a request again where that does no harm and may help.

use super::{BoxHttp, HostState, Http, Policy, Request, Response};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// The layer. Only idempotent requests are tried again:
///
/// - after `Timeout`, `Unavailable` and `RateLimited`, up to the policy's number of attempts;
/// - after `BadResponse` once: a cut or an HTML page of a proxy is often a passing thing, an oversized answer never is.
///
/// The back-off doubles and has full jitter; a wait that the ERP asked for is honoured and gets jitter on top, so that not
/// everybody comes back at once. A sleep that would pass the deadline, or the patience for the call's priority, is not
/// begun: the caller gets the error at once and learns from it how long to wait.
pub(super) struct Retry {
    inner: BoxHttp,
    host: Arc<HostState>,
}

impl Retry {
    pub(super) fn new(inner: BoxHttp, host: Arc<HostState>) -> Self {
        Self { inner, host }
    }
}

#[async_trait]
impl Http for Retry {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        if !request.idempotent {
            return self.inner.send(ctx, request).await;
        }
        let policy = &self.host.policy;
        let mut attempt = 1;
        loop {
            let error = match self.inner.send(ctx, request.clone()).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            if attempt >= attempts_for(&error, policy) {
                return Err(error);
            }
            let wait = wait_for(&error, attempt, policy, &self.host.jitter);
            let left = ctx.deadline.saturating_duration_since(Instant::now());
            if wait > policy.patience.of(ctx.priority) || wait >= left {
                return Err(error);
            }
            tracing::debug!(
                upstream.operation = request.operation,
                attempt,
                wait_ms = wait.as_millis(),
                "tries the ERP again: {error}"
            );
            sleep(wait).await;
            attempt += 1;
        }
    }
}

fn attempts_for(error: &Error, policy: &Policy) -> u32 {
    match error.kind {
        ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::RateLimited => policy.attempts,
        ErrorKind::BadResponse => policy.attempts.min(2),
        _ => 0,
    }
}

fn wait_for(error: &Error, attempt: u32, policy: &Policy, jitter: &Jitter) -> Duration {
    match error.retry_after {
        Some(asked) => asked.saturating_add(jitter.up_to(policy.backoff)),
        None => {
            let doubled = policy.backoff.saturating_mul(1 << (attempt - 1).min(16));
            jitter.up_to(doubled.min(policy.backoff_cap))
        }
    }
}

/// A small source of randomness (SplitMix64): good enough to keep callers apart, and seedable for tests.
pub(super) struct Jitter(AtomicU64);

impl Jitter {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Seeded by what the standard library seeds its hash maps with.
    pub(super) fn random() -> Self {
        Self::seeded(RandomState::new().hash_one(0))
    }

    /// A duration from nothing to this.
    fn up_to(&self, most: Duration) -> Duration {
        let mut bits = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        most.mul_f64(bits as f64 / u64::MAX as f64)
    }
}
