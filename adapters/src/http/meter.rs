//! Counts, times and logs each exchange with an ERP, as it really was: before anybody judges the answer.

use super::{BoxHttp, Http, Request, Response};
use crate::{
    adapter::{Ctx, Info},
    error::{ErrorKind, Result},
};
use async_trait::async_trait;
use metrics::{Label, SharedString, Unit};
use std::sync::atomic::Ordering;
use tokio::time::Instant;
use tracing::Instrument as _;

const REQUESTS: &str = "erp_gateway_upstream_requests_total";
const DURATION: &str = "erp_gateway_upstream_duration_seconds";
const SENT: &str = "erp_gateway_upstream_sent_bytes_total";
const RECEIVED: &str = "erp_gateway_upstream_received_bytes_total";

/// Tells the installed recorder what the stack's metrics mean. Call it once, after the recorder is installed.
pub fn describe_metrics() {
    metrics::describe_counter!(
        REQUESTS,
        "HTTP exchanges with ERPs by outcome: 2xx, 3xx, 401, 429, 4xx, 5xx, or kind of failure"
    );
    metrics::describe_histogram!(DURATION, Unit::Seconds, "Time from sending a request to having its whole answer");
    metrics::describe_counter!(SENT, Unit::Bytes, "Bytes of request bodies sent to ERPs");
    metrics::describe_counter!(RECEIVED, Unit::Bytes, "Bytes of response bodies from ERPs, decompressed");
}

/// The layer.
pub(super) struct Meter {
    inner: BoxHttp,
    system: &'static str,
    erp: SharedString,
}

impl Meter {
    pub(super) fn new(inner: BoxHttp, info: &Info) -> Self {
        Self { inner, system: info.system, erp: SharedString::from_shared(info.erp.0.clone()) }
    }
}

#[async_trait]
impl Http for Meter {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        ctx.calls.fetch_add(1, Ordering::Relaxed);
        let mut exchange = Exchange {
            meter: self,
            operation: request.operation,
            shown: format!("{} {}", request.method, request.shown_url()),
            sent: request.body.as_ref().map_or(0, |body| body.len() as u64),
            received: 0,
            started: Instant::now(),
            // What remains if the timeout layer or the caller drops this future.
            outcome: "cancelled",
        };
        let span = tracing::info_span!(
            "upstream",
            otel.kind = "client",
            erp.id = &*self.erp,
            erp.system = self.system,
            upstream.operation = request.operation,
            http.request.method = %request.method,
            server.address = request.url.host_str(),
            http.response.status_code = tracing::field::Empty,
            "error.type" = tracing::field::Empty,
        );
        let result = self.inner.send(ctx, request).instrument(span.clone()).await;
        match &result {
            Ok(response) => {
                exchange.outcome = status_class(response.status.as_u16());
                span.record("http.response.status_code", response.status.as_u16());
                exchange.received = response.body.len() as u64;
            }
            Err(error) => {
                exchange.outcome = failure(error.kind);
                span.record("error.type", exchange.outcome);
            }
        }
        result
    }
}

/// An exchange under way; reports itself when it ends, however it ends.
struct Exchange<'a> {
    meter: &'a Meter,
    operation: &'static str,
    shown: String,
    sent: u64,
    received: u64,
    started: Instant,
    outcome: &'static str,
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        let labels = vec![
            Label::from_static_parts("system", self.meter.system),
            Label::new("erp", self.meter.erp.clone()),
            Label::from_static_parts("operation", self.operation),
        ];
        let mut with_outcome = labels.clone();
        with_outcome.push(Label::from_static_parts("outcome", self.outcome));
        metrics::counter!(REQUESTS, with_outcome).increment(1);
        metrics::histogram!(DURATION, labels.clone()).record(elapsed);
        metrics::counter!(SENT, labels.clone()).increment(self.sent);
        metrics::counter!(RECEIVED, labels).increment(self.received);
        tracing::debug!(
            erp.id = &*self.meter.erp,
            erp.system = self.meter.system,
            upstream.operation = self.operation,
            upstream.outcome = self.outcome,
            duration_ms = elapsed.as_millis(),
            received_bytes = self.received,
            "{}: {}",
            self.shown,
            self.outcome
        );
    }
}

fn status_class(status: u16) -> &'static str {
    match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        401 => "401",
        429 => "429",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

fn failure(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Timeout => "timeout",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::BadResponse => "bad_response",
        ErrorKind::Config => "config",
        _ => "failed",
    }
}
