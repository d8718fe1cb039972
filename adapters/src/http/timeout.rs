//! Ends an attempt that takes too long: by the stack's own limit, or by the caller's deadline if that is sooner.

use super::{BoxHttp, Http, Request, Response};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The layer.
pub(super) struct Timeout {
    inner: BoxHttp,
    after: Duration,
}

impl Timeout {
    pub(super) fn new(inner: BoxHttp, after: Duration) -> Self {
        Self { inner, after }
    }
}

#[async_trait]
impl Http for Timeout {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        let now = Instant::now();
        if ctx.deadline <= now {
            return Err(Error::new(ErrorKind::Timeout, "the time for this call was over before the ERP was asked"));
        }
        let given = self.after.min(ctx.deadline - now);
        timeout_at(now + given, self.inner.send(ctx, request)).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, format!("the ERP did not answer within {:.1} s", given.as_secs_f64())))
        })
    }
}
