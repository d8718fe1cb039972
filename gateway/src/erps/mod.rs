//! The connected ERPs: their adapters, and what is known of them.

pub(crate) mod admin;

use adapters::{
    ErrorKind,
    adapter::{Adapter, Capability, Ctx, ServerInfo},
    catalog::{self, Services, System},
    http::{BreakerState, QuotaSnapshot},
    model::{EntityType, ErpId},
};
use chrono::{DateTime, Utc};
use schema::ports::{
    CapabilityView, ErpStatus, ErpView, Erps, IntegrationMode, Principal, QuotaView, SettingView, SystemView,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::time::Instant;

/// An ERP with its adapter.
pub struct ConnectedErp {
    /// Its id.
    pub(crate) id: ErpId,
    /// The key of its system.
    pub(crate) system: &'static str,
    /// What speaks to it.
    pub(crate) adapter: Arc<dyn Adapter>,
    view: RwLock<Arc<ErpView>>,
}

impl ConnectedErp {
    /// What the last probe found.
    fn probed(&self) -> Arc<ErpView> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the last probe found, and what has shown since.
    fn view(&self, now: DateTime<Utc>) -> Arc<ErpView> {
        let mut view = self.probed();
        if let Some(host) = self.adapter.host() {
            let shown = Arc::make_mut(&mut view);
            shown.quota = Some(quota_view(host.quota(now)));
            if host.breaker() != BreakerState::Closed && matches!(shown.status, ErpStatus::Active | ErpStatus::Degraded)
            {
                shown.status = ErpStatus::Unreachable;
                shown.status_message = Some("It failed again and again, and is given time to recover.".into());
            }
        }
        view
    }
}

fn quota_view(quota: QuotaSnapshot) -> QuotaView {
    QuotaView {
        limit_per_minute: quota.limit_per_minute,
        remaining: quota.remaining,
        resets_at: quota.resets_at,
        concurrent: quota.concurrent,
        in_flight: quota.in_flight,
    }
}

/// How an ERP is to be connected.
#[derive(Debug, Clone)]
pub struct ErpDefinition {
    /// Its id: lower-case letters, digits and hyphens.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// The key of its system.
    pub system: String,
    /// Its settings, secrets among them.
    pub settings: crate::config::SettingValues,
}

/// All connected ERPs.
pub struct ErpRegistry {
    erps: BTreeMap<ErpId, Arc<ConnectedErp>>,
    systems: Vec<Arc<SystemView>>,
    clock: fn() -> DateTime<Utc>,
}

/// How long an ERP may take to say whether it works.
const PROBE: Duration = Duration::from_secs(20);

impl ErpRegistry {
    /// Makes the adapters. No ERP is called yet.
    ///
    /// # Errors
    /// When settings are wrong; the message names the ERP.
    pub fn new(
        definitions: &[ErpDefinition],
        services: &Services,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Self, String> {
        let systems: Vec<_> = catalog::SYSTEMS.iter().map(|system| Arc::new(system_view(system))).collect();
        let mut erps = BTreeMap::new();
        for definition in definitions {
            let wrong = |why: String| format!("erps.{}: {why}", definition.id);
            let id = ErpId::from(definition.id.as_str());
            let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if definition.id.is_empty() || definition.id.len() > 40 || !definition.id.chars().all(named) {
                return Err(wrong("an id has 1 to 40 lower-case letters, digits and hyphens".into()));
            }
            let system = catalog::find(&definition.system).map_err(|e| wrong(e.message))?;
            let adapter = catalog::build(system.key, &id, definition.settings.exposed(), services)
                .map_err(|e| wrong(e.message))?;
            let view =
                systems.iter().find(|s| *s.key == *system.key).cloned().ok_or_else(|| wrong("no system".into()))?;
            let settings = definition.settings.without_secrets(system.settings);
            let view = unprobed(&id, &definition.name, view, settings, &*adapter, clock());
            let erp = ConnectedErp { id: id.clone(), system: system.key, adapter, view: RwLock::new(Arc::new(view)) };
            if erps.insert(id, Arc::new(erp)).is_some() {
                return Err(wrong("the id is used twice".into()));
            }
        }
        Ok(Self { erps, systems, clock })
    }

    /// ERPs behind given adapters.
    #[cfg(test)]
    pub(crate) fn of_adapters(adapters: impl Iterator<Item = Arc<dyn Adapter>>, clock: fn() -> DateTime<Utc>) -> Self {
        let systems: Vec<_> = catalog::SYSTEMS.iter().map(|system| Arc::new(system_view(system))).collect();
        let erps = adapters.map(|adapter| {
            let id = adapter.info().erp.clone();
            let system = Arc::clone(&systems[0]);
            let view =
                RwLock::new(Arc::new(unprobed(&id, id.as_str(), system, serde_json::Value::Null, &*adapter, clock())));
            (id.clone(), Arc::new(ConnectedErp { id, system: adapter.info().system, adapter, view }))
        });
        Self { erps: erps.collect(), systems, clock }
    }

    /// The ERPs that a principal may know of, by id.
    pub(crate) fn of<'a>(&'a self, who: &'a Principal) -> impl Iterator<Item = &'a Arc<ConnectedErp>> {
        self.erps.values().filter(|erp| who.sees(&erp.id))
    }

    /// An ERP, if the principal may know of it.
    pub(crate) fn find(&self, who: &Principal, id: &ErpId) -> Option<&Arc<ConnectedErp>> {
        self.erps.get(id).filter(|erp| who.sees(&erp.id))
    }

    /// Asks every ERP whether it works, all at once, and notes the answers.
    pub async fn probe_all(&self) -> Vec<(ErpId, Result<ServerInfo, adapters::Error>)> {
        futures_util::future::join_all(self.erps.values().map(async |erp| (erp.id.clone(), self.probe(erp).await)))
            .await
    }

    /// Sets the gauges that nobody counts: they are read off before somebody looks.
    pub(crate) fn measure(&self) {
        let now = (self.clock)();
        for erp in self.erps.values() {
            let Some(host) = erp.adapter.host() else { continue };
            let (quota, id) = (host.quota(now), erp.id.to_string());
            let open = host.breaker() != BreakerState::Closed;
            metrics::gauge!("erp_gateway_breaker_open", "erp" => id.clone()).set(f64::from(u8::from(open)));
            metrics::gauge!("erp_gateway_upstream_in_flight", "erp" => id.clone()).set(f64::from(quota.in_flight));
            metrics::gauge!("erp_gateway_upstream_waiting", "erp" => id.clone()).set(quota.waiting as f64);
            if let Some(remaining) = quota.remaining {
                metrics::gauge!("erp_gateway_quota_remaining", "erp" => id).set(f64::from(remaining));
            }
        }
    }

    async fn probe(&self, erp: &ConnectedErp) -> Result<ServerInfo, adapters::Error> {
        let started = Instant::now();
        let outcome = erp.adapter.probe(&Ctx::interactive((self.clock)(), PROBE)).await;
        let mut view = ErpView::clone(&erp.probed());
        view.last_health_check_at = Some((self.clock)());
        match &outcome {
            Ok(info) => {
                view.latency = Some(started.elapsed());
                view.status = if info.missing_rights.is_empty() { ErpStatus::Active } else { ErpStatus::Degraded };
                view.status_message = (!info.missing_rights.is_empty()).then(|| {
                    let names: Vec<_> = info.missing_rights.iter().map(|e| e.def().plural).collect();
                    format!("The ERP's user may not read {}.", names.join(", "))
                });
                view.server_version.clone_from(&info.version);
                view.company_name.clone_from(&info.company);
                view.base_currency = info.base_currency;
                view.time_zone.clone_from(&info.time_zone);
                view.missing_rights.clone_from(&info.missing_rights);
                view.companies.clone_from(&info.companies);
                view.capabilities = capabilities(&*erp.adapter);
            }
            Err(error) => {
                view.status = match error.kind {
                    ErrorKind::Unauthorized | ErrorKind::Forbidden => ErpStatus::NeedsAuth,
                    ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Config => ErpStatus::Unreachable,
                    _ => ErpStatus::Degraded,
                };
                view.status_message = Some(error.message.clone());
                tracing::warn!(erp.id = %erp.id, erp.system = erp.system, ?error, "the ERP does not work");
            }
        }
        metrics::gauge!("erp_gateway_erp_up", "erp" => erp.id.to_string()).set(f64::from(u8::from(outcome.is_ok())));
        *erp.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        outcome
    }
}

impl Erps for ErpRegistry {
    fn visible(&self, who: &Principal) -> Vec<Arc<ErpView>> {
        let mut views: Vec<_> = self.of(who).map(|erp| erp.view((self.clock)())).collect();
        views.sort_by(|a, b| a.name.cmp(&b.name));
        views
    }

    fn get(&self, who: &Principal, erp: &ErpId) -> Option<Arc<ErpView>> {
        self.find(who, erp).map(|erp| erp.view((self.clock)()))
    }

    fn systems(&self) -> Vec<Arc<SystemView>> {
        self.systems.clone()
    }
}

/// An ERP that has not been asked anything yet.
fn unprobed(
    id: &ErpId,
    name: &str,
    system: Arc<SystemView>,
    settings: serde_json::Value,
    adapter: &dyn Adapter,
    now: DateTime<Utc>,
) -> ErpView {
    ErpView {
        id: id.clone(),
        name: name.to_owned(),
        system,
        status: ErpStatus::Pending,
        status_message: None,
        settings,
        server_version: None,
        company_name: None,
        base_currency: None,
        time_zone: None,
        missing_rights: Vec::new(),
        companies: Vec::new(),
        of_file: true,
        capabilities: capabilities(adapter),
        last_health_check_at: None,
        last_sync_at: None,
        latency: None,
        quota: None,
        created_at: now,
        updated_at: now,
    }
}

fn capabilities(adapter: &dyn Adapter) -> Arc<[CapabilityView]> {
    EntityType::ALL.iter().map(|entity| capability_view(adapter.capability(*entity))).collect()
}

fn system_view(system: &System) -> SystemView {
    SystemView {
        key: system.key.into(),
        name: system.name.into(),
        modes: vec![IntegrationMode::Api],
        settings: system
            .settings
            .iter()
            .map(|setting| SettingView {
                key: setting.key.into(),
                label: setting.label.into(),
                help: (!setting.help.is_empty()).then(|| setting.help.into()),
                required: setting.required,
                secret: setting.secret,
                example: setting.example.map(Into::into),
                pattern: setting.pattern.map(Into::into),
            })
            .collect(),
        capabilities: EntityType::ALL.iter().map(|e| capability_view((system.capability)(*e))).collect(),
        documentation: system.documentation.map(Into::into),
    }
}

fn capability_view(reads: Capability) -> CapabilityView {
    CapabilityView { reads, changes: false, deletes: false }
}
