//! Logs and metrics.

use crate::config::{Log, LogFormat};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::{self, IsTerminal};
use tracing_subscriber::{EnvFilter, fmt};

/// Logs go to stderr: stdout tells only where the gateway listens.
///
/// # Errors
/// When the filter cannot be read, or somebody else logs already.
pub fn log(settings: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|e| format!("log.filter: {e}"))?;
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match settings.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|e| format!("log: {e}"))
}

/// Durations of exchanges with ERPs, in seconds: they answer in milliseconds or in minutes.
const SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// Starts to count. One recorder serves the whole process.
///
/// # Errors
/// When somebody else counts already.
pub fn count() -> Result<PrometheusHandle, String> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("duration_seconds".into()), SECONDS)
        .map_err(|e| format!("metrics: {e}"))?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|e| format!("metrics: {e}"))?;
    adapters::http::describe_metrics();
    metrics::describe_counter!(
        "erp_gateway_requests_total",
        "Requests to the GraphQL endpoint, by outcome (ok, partial, refused) and the code of the first error."
    );
    metrics::describe_histogram!("erp_gateway_request_duration_seconds", "Time from a request to its answer.");
    metrics::describe_gauge!("erp_gateway_connections", "Connections of clients that are open.");
    metrics::describe_counter!(
        "erp_gateway_connections_refused_total",
        "Connections of clients that were refused because there were too many."
    );
    metrics::describe_gauge!("erp_gateway_erp_up", "Whether an ERP worked when it was last asked: 1 or 0.");
    metrics::describe_gauge!("erp_gateway_breaker_open", "Whether an ERP is given time to recover: 1 or 0.");
    metrics::describe_gauge!("erp_gateway_upstream_in_flight", "Requests under way to an ERP's host and login.");
    metrics::describe_gauge!("erp_gateway_upstream_waiting", "Requests that wait for the quota of an ERP.");
    metrics::describe_gauge!("erp_gateway_quota_remaining", "Requests that the quota of an ERP lets pass at once.");
    metrics::describe_counter!(
        "erp_gateway_answers_total",
        "Operations, by how they were answered: executed, or kept."
    );
    Ok(handle)
}
