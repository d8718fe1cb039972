//! Logs, metrics, and, with the feature `otel`, traces.

use crate::config::{Log, LogFormat};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::{self, IsTerminal};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt};

/// Logging under way. Dropping it sends what has not been sent yet.
#[must_use]
pub struct Logging {
    filter: reload::Handle<EnvFilter, Registry>,
    #[cfg(feature = "otel")]
    _traces: Option<otel::Traces>,
}

impl Logging {
    /// From now on, this is logged.
    ///
    /// # Errors
    /// Where nothing is logged any more.
    pub fn set_filter(&self, filter: EnvFilter) -> Result<(), String> {
        self.filter.reload(filter).map_err(|e| format!("log.filter: {e}"))
    }
}

/// What is to be logged.
///
/// # Errors
/// One sentence, where it cannot be read.
pub fn filter(settings: &Log) -> Result<EnvFilter, String> {
    EnvFilter::try_new(&settings.filter).map_err(|e| format!("log.filter: {e}"))
}

/// Logs go to stderr: stdout tells only where the gateway listens. With the feature `otel` traces go where
/// `OTEL_EXPORTER_OTLP_ENDPOINT` says.
///
/// # Errors
/// When the filter cannot be read, or somebody else logs already.
pub fn log(settings: &Log) -> Result<Logging, String> {
    let (filter, handle) = reload::Layer::new(filter(settings)?);
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    #[cfg(feature = "otel")]
    let (traces, layer) = otel::start()?;
    let subscriber = Registry::default().with(lines);
    #[cfg(feature = "otel")]
    let subscriber = subscriber.with(layer);
    subscriber.try_init().map_err(|e| format!("log: {e}"))?;
    Ok(Logging {
        filter: handle,
        #[cfg(feature = "otel")]
        _traces: traces,
    })
}

/// Traces by OTLP over HTTP. OpenTelemetry reads its own variables `OTEL_*`.
#[cfg(feature = "otel")]
mod otel {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
    use opentelemetry_sdk::{
        Resource,
        trace::{SdkTracerProvider, Tracer},
    };
    use tracing_opentelemetry::OpenTelemetryLayer;
    use tracing_subscriber::{Layer, filter::LevelFilter, registry::LookupSpan};

    /// Sends spans in batches.
    pub(super) struct Traces(SdkTracerProvider);

    impl Drop for Traces {
        fn drop(&mut self) {
            if let Err(error) = self.0.shutdown() {
                tracing::warn!(%error, "the last spans could not be sent");
            }
        }
    }

    /// Nothing is sent unless somebody said where.
    #[expect(clippy::disallowed_methods, reason = "these variables are OpenTelemetry's")]
    fn wanted() -> bool {
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
            .into_iter()
            .any(|name| std::env::var(name).is_ok_and(|value| !value.is_empty()))
    }

    #[expect(clippy::type_complexity, reason = "a pair of two things that exist together")]
    pub(super) fn start<S>() -> Result<(Option<Traces>, Option<impl Layer<S>>), String>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        if !wanted() {
            return Ok((None, None));
        }
        // The exporter's client needs one; an error means that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build();
        let exporter = exporter.map_err(|e| format!("OTEL_EXPORTER_OTLP_ENDPOINT: {e}"))?;
        let resource = Resource::builder().with_service_name("erp-gateway").build();
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        let layer: OpenTelemetryLayer<S, Tracer> =
            tracing_opentelemetry::layer().with_tracer(provider.tracer("erp-gateway"));
        // Spans of the gateway itself, whatever is logged: not those of the libraries that send them.
        let own = tracing_subscriber::filter::filter_fn(|metadata| {
            *metadata.level() <= LevelFilter::INFO
                && ["gateway", "schema", "adapters"].iter().any(|name| metadata.target().starts_with(name))
        });
        Ok((Some(Traces(provider)), Some(layer.with_filter(own))))
    }
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
