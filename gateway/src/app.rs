//! A gateway put together from its settings, and its life from start to stop.

use crate::{
    answers::Answers,
    audit::Audit,
    auth::{Accounts, ApiKeys, Authenticator, Entry, RateLimit},
    config::{Config, MetricsFor},
    erps::{ErpDefinition, Erps, admin::Admin},
    federation::{Federation, Seal},
    http::{
        self, Gateway, Live,
        connections::{self, ConnectionLimits},
        peer::Proxies,
        persisted::PersistedQueries,
        read::BodyLimits,
        trusted::Trusted,
    },
    ready::Ready,
    store::{SealedTokens, Store},
};
use adapters::{
    catalog::Services,
    http::Hosts,
    tokens::{MemoryTokens, TokenStore},
};
use axum::Router;
use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use schema::{Api, ports::Ports};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
    task::{JoinHandle, JoinSet},
};

/// The clock of the process: the only place that reads it; everything else is given a clock.
#[expect(clippy::disallowed_methods, reason = "somebody has to ask the operating system")]
pub fn clock() -> DateTime<Utc> {
    Utc::now()
}

/// What adapters share in this process. Without a store tokens are forgotten with the process.
pub fn services(config: &Config, store: Option<&Store>) -> Services {
    let tokens: Arc<dyn TokenStore> = match store {
        Some(store) => Arc::new(SealedTokens::new(store.clone(), clock)),
        None => Arc::new(MemoryTokens::default()),
    };
    Services { hosts: Arc::new(Hosts::default()), tokens, allow_link_local: config.read.allow_link_local }
}

/// A running gateway. Dropping it stops it at once.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    foundation: Foundation,
    live: Live,
    serving: Mutex<Serving>,
    /// What it was started with.
    started: Config,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    /// What goes on by itself: aborted when it is dropped.
    tasks: JoinSet<()>,
}

/// What outlives a change of the settings.
struct Foundation {
    erps: Erps,
    api_keys: ApiKeys,
    store: Store,
    audit: Audit,
    cursor_key: [u8; 32],
    ready: Arc<Ready>,
    metrics: Option<PrometheusHandle>,
}

/// What answers under some settings. A change takes over what it does not concern, caches above all.
struct Serving {
    config: Config,
    authenticator: Arc<Authenticator>,
    reads: Arc<Federation>,
    answers: Arc<Answers>,
    persisted: PersistedQueries,
    rate: Option<Arc<RateLimit>>,
}

impl Foundation {
    /// What answers under these settings, in place of what answers now.
    fn serving(
        &self,
        config: &Config,
        authenticator: Arc<Authenticator>,
        now: Option<&Serving>,
    ) -> Result<Serving, String> {
        let old = now.map(|now| (now, &now.config));
        let same_reads = old.filter(|(_, old)| old.reading() == config.reading());
        let reads = same_reads.map_or_else(
            || {
                let seal = Seal::new(self.cursor_key);
                Arc::new(Federation::new(Arc::clone(&self.erps.registry), seal, config.reading(), clock))
            },
            |(now, _)| Arc::clone(&now.reads),
        );
        let same_answers =
            same_reads.filter(|(_, old)| old.limits == config.limits && old.answers() == config.answers());
        let answers = same_answers.map_or_else(
            || {
                let ports = Ports {
                    reads: Arc::clone(&reads) as _,
                    erps: Arc::clone(&self.erps.registry) as _,
                    erp_admin: Arc::new(Admin::new(
                        &self.erps,
                        self.audit.clone(),
                        Duration::from_millis(config.read.call_ms),
                    )),
                    access: Arc::new(Accounts {
                        store: self.store.clone(),
                        audit: self.audit.clone(),
                        erps: Arc::clone(&self.erps.registry) as _,
                        api_keys: self.api_keys.clone(),
                        clock,
                    }),
                    clock,
                };
                let api = Api::new(ports, config.limits.of_api());
                Arc::new(Answers::new(api, Arc::clone(&self.erps.registry), config.answers(), clock))
            },
            |(now, _)| Arc::clone(&now.answers),
        );
        let queries = &config.persisted_queries;
        // Read again each time: the build of a client writes it.
        let trusted = Trusted::load(&queries.trusted_file, queries.trusted_only)?;
        let persisted = old.filter(|(_, old)| old.persisted_queries == *queries).map_or_else(
            || PersistedQueries::new(queries.enabled.then_some(queries.max_bytes)),
            |(now, _)| now.persisted.clone(),
        );
        let persisted = persisted.trusting(trusted);
        let rate = old.filter(|(_, old)| old.rate_limit == config.rate_limit).map_or_else(
            || if authenticator.is_open() { None } else { RateLimit::new(config.rate_limit).map(Arc::new) },
            |(now, _)| now.rate.clone(),
        );
        Ok(Serving { config: config.clone(), authenticator, reads, answers, persisted, rate })
    }

    /// The routes to it.
    fn router(&self, serving: &Serving) -> Result<Router, String> {
        let config = &serving.config;
        let gateway = Gateway {
            answers: Arc::clone(&serving.answers),
            erps: Arc::clone(&self.erps.registry),
            consents: Arc::clone(&self.erps.consents),
            authenticator: Arc::clone(&serving.authenticator),
            proxies: Proxies::parse(&config.server.trusted_proxies)?,
            ready: Arc::clone(&self.ready),
            metrics: self.metrics.clone(),
            metrics_open: config.server.metrics == MetricsFor::Open,
            persisted: serving.persisted.clone(),
            rate: serving.rate.clone(),
            body: BodyLimits { bytes: config.limits.body_bytes, time: Duration::from_secs(config.server.body_seconds) },
            time: Duration::from_millis(config.limits.request_ms),
        };
        http::router(gateway, &config.server.cors_origins)
    }
}

/// Starts a gateway: it listens when this returns. Its ERPs are asked behind its back whether they work.
///
/// # Errors
/// One sentence: a wrong setting, or an address that cannot be listened on.
pub async fn start(
    config: &Config,
    erps: &[ErpDefinition],
    entry: Entry,
    store: Store,
    metrics: Option<PrometheusHandle>,
) -> Result<Running, String> {
    store.prepare().await.map_err(|e| e.to_string())?;
    let audit = Audit::new(store.clone(), clock);
    let api_keys = ApiKeys::new(store.clone());
    let authenticator = Arc::new(Authenticator::new(entry, &config.jwt, &api_keys, &audit, clock).await?);
    let erps = Erps::open(config, erps, services(config, Some(&store)), store.clone(), audit.clone(), clock).await?;
    let cursor_key = store.cursor_key().await.map_err(|e| e.to_string())?;
    let ready = Arc::new(Ready::new());
    let foundation = Foundation { erps, api_keys, store, audit, cursor_key, ready, metrics };
    let serving = foundation.serving(config, authenticator, None)?;
    let live = Live::new(foundation.router(&serving)?);

    let listener = TcpListener::bind(config.server.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", config.server.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    foundation.erps.consents.reached_at(&config.server.public_url(address)?);
    let (stop, mut stopped) = watch::channel(false);
    let limits = ConnectionLimits {
        connections: config.server.max_connections,
        head: Duration::from_secs(config.server.header_seconds),
        answer: Duration::from_secs(config.server.body_seconds),
    };
    let routes = live.clone();
    let server = tokio::spawn(async move {
        let wait = async move {
            // An error means that the sender is gone, and with it the gateway.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        connections::serve(listener, routes, limits, wait).await;
    });
    let mut tasks = foundation.erps.tend();
    let (ready, store) = (Arc::clone(&foundation.ready), foundation.store.clone());
    tasks.spawn(async move { ready.watch(store).await });
    Ok(Running {
        address,
        foundation,
        live,
        serving: Mutex::new(serving),
        started: config.clone(),
        stop,
        server,
        tasks,
    })
}

impl Running {
    /// Takes over changed settings, all or, where one of them is wrong, none. Requests under way end as they began. The settings
    /// that only a new start takes over.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub async fn reload(&self, config: &Config) -> Result<Vec<&'static str>, String> {
        let mut serving = self.serving.lock().await;
        let authenticator = if config.jwt == serving.config.jwt {
            Arc::clone(&serving.authenticator)
        } else {
            Arc::new(serving.authenticator.with_tokens(&config.jwt).await?)
        };
        let new = self.foundation.serving(config, authenticator, Some(&serving))?;
        let router = self.foundation.router(&new)?;
        let Erps { alerts, keeper, health, .. } = &self.foundation.erps;
        alerts.configure(&config.alerts, self.started.read.allow_link_local)?;
        if let Err(wrong) = keeper.reload_file(&config.erp_definitions()).await {
            alerts.configure(&serving.config.alerts, self.started.read.allow_link_local)?;
            return Err(wrong);
        }
        *serving = new;
        self.live.replace(router);
        health.ask_every(config.read.health_seconds);
        Ok(config.only_at_start(&self.started))
    }

    /// Stops listening, lets requests under way end for a while, and returns.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let patience = Duration::from_secs(self.serving.get_mut().config.server.shutdown_seconds);
        if tokio::time::timeout(patience, &mut self.server).await.is_err() {
            tracing::warn!("requests were still under way when the gateway stopped");
        }
        self.tasks.shutdown().await;
        self.foundation.store.close().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}
