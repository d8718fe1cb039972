//! A gateway put together from its settings, and its life from start to stop.

use crate::{
    answers::Answers,
    audit::Audit,
    auth::Accounts,
    config::Config,
    erps::{ErpDefinition, Erps, admin::Admin},
    federation::{Federation, Seal},
    http::{
        self, Access, Gateway,
        connections::{self, ConnectionLimits},
        persisted::PersistedQueries,
        read::BodyLimits,
    },
    store::Store,
};
use adapters::{catalog::Services, http::Hosts, tokens::MemoryTokens};
use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use schema::{Api, ports::Ports};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// The clock of the process: the only place that reads it; everything else is given a clock.
#[expect(clippy::disallowed_methods, reason = "somebody has to ask the operating system")]
pub fn clock() -> DateTime<Utc> {
    Utc::now()
}

/// What adapters share in this process.
pub fn services(config: &Config) -> Services {
    Services {
        hosts: Arc::new(Hosts::default()),
        tokens: Arc::new(MemoryTokens::default()),
        allow_link_local: config.read.allow_link_local,
    }
}

/// A running gateway. Dropping it stops it at once.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    /// What goes on by itself: aborted when it is dropped.
    _tasks: JoinSet<()>,
    patience: Duration,
}

/// Starts a gateway: it listens when this returns. Its ERPs are asked behind its back whether they work.
///
/// # Errors
/// One sentence: a wrong setting, or an address that cannot be listened on.
pub async fn start(
    config: &Config,
    erps: &[ErpDefinition],
    access: Access,
    store: Store,
    metrics: Option<PrometheusHandle>,
) -> Result<Running, String> {
    store.prepare().await.map_err(|e| e.to_string())?;
    let audit = Audit::new(store.clone(), clock);
    let erps = Erps::open(config, erps, services(config), store.clone(), audit.clone(), clock).await?;
    let registry = Arc::clone(&erps.registry);
    let federation = Federation::new(
        Arc::clone(&registry),
        Seal::new(store.cursor_key().await.map_err(|e| e.to_string())?),
        config.reading(),
        clock,
    );
    let ports = Ports {
        reads: Arc::new(federation),
        erps: Arc::clone(&registry) as _,
        erp_admin: Arc::new(Admin::new(&erps, audit.clone(), Duration::from_millis(config.read.call_ms))),
        access: Arc::new(Accounts { store, audit }),
        clock,
    };
    let answers = Answers::new(Api::new(ports, config.limits.of_api()), Arc::clone(&registry), config.answers(), clock);
    let gateway = Gateway {
        answers,
        erps: Arc::clone(&registry),
        access,
        metrics,
        persisted: PersistedQueries::new(
            config.persisted_queries.enabled.then_some(config.persisted_queries.max_bytes),
        ),
        body: BodyLimits { bytes: config.limits.body_bytes, time: Duration::from_secs(config.server.body_seconds) },
        time: Duration::from_millis(config.limits.request_ms),
    };
    let router = http::router(gateway, &config.server.cors_origins)?;

    let listener = TcpListener::bind(config.server.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", config.server.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let (stop, mut stopped) = watch::channel(false);
    let limits = ConnectionLimits {
        connections: config.server.max_connections,
        head: Duration::from_secs(config.server.header_seconds),
        answer: Duration::from_secs(config.server.body_seconds),
    };
    let server = tokio::spawn(async move {
        let wait = async move {
            // An error means that the sender is gone, and with it the gateway.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        connections::serve(listener, router, limits, wait).await;
    });
    let tasks = erps.tend();
    Ok(Running { address, stop, server, _tasks: tasks, patience: Duration::from_secs(config.server.shutdown_seconds) })
}

impl Running {
    /// Stops listening, lets requests under way end for a while, and returns.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if tokio::time::timeout(self.patience, &mut self.server).await.is_err() {
            tracing::warn!("requests were still under way when the gateway stopped");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}
