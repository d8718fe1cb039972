//! The connected ERPs as queries see them: a snapshot that is replaced when something changes.

use super::{connected::ConnectedErp, views::system_view};
use adapters::{catalog, http::BreakerState, model::ErpId};
use chrono::{DateTime, Utc};
use schema::ports::{ErpView, Erps, Principal, SystemView};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

/// The ERPs of one moment, by id.
pub(super) type Snapshot = BTreeMap<ErpId, Arc<ConnectedErp>>;

/// All connected ERPs.
pub struct ErpRegistry {
    erps: RwLock<Arc<Snapshot>>,
    systems: Vec<Arc<SystemView>>,
    /// Grows with each change that an answer may show.
    version: AtomicU64,
    generations: AtomicU64,
    /// Told when an ERP is to be asked before its time.
    wake: Arc<Notify>,
    pub(crate) clock: fn() -> DateTime<Utc>,
}

impl ErpRegistry {
    /// No ERPs yet.
    pub(crate) fn new(clock: fn() -> DateTime<Utc>) -> Self {
        Self {
            erps: RwLock::default(),
            systems: catalog::SYSTEMS.iter().map(|system| Arc::new(system_view(system))).collect(),
            version: AtomicU64::new(0),
            generations: AtomicU64::new(0),
            wake: Arc::default(),
            clock,
        }
    }

    /// The ERPs of this moment.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.erps.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ERPs of this moment that a principal may know of, by id.
    pub(crate) fn of(&self, who: &Principal) -> Vec<Arc<ConnectedErp>> {
        self.snapshot().values().filter(|erp| who.sees(&erp.id)).cloned().collect()
    }

    /// An ERP, if the principal may know of it.
    pub(crate) fn find(&self, who: &Principal, id: &ErpId) -> Option<Arc<ConnectedErp>> {
        self.get(id).filter(|erp| who.sees(&erp.id))
    }

    /// An ERP, whoever asks.
    pub(crate) fn get(&self, id: &ErpId) -> Option<Arc<ConnectedErp>> {
        self.snapshot().get(id).cloned()
    }

    /// How a system is shown.
    pub(super) fn system(&self, key: &str) -> Option<Arc<SystemView>> {
        self.systems.iter().find(|system| *system.key == *key).cloned()
    }

    /// Who is told when an ERP is to be asked before its time.
    pub(super) fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// A generation that no ERP has had before in this process.
    pub(super) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    /// Connects an ERP, or takes the place of an earlier connection.
    pub(super) fn put(&self, erp: Arc<ConnectedErp>) {
        self.replace(|erps| {
            erps.insert(erp.id.clone(), erp);
        });
        self.wake.notify_one();
    }

    /// Disconnects an ERP.
    pub(super) fn remove(&self, id: &ErpId) {
        if self.get(id).is_some() {
            self.replace(|erps| {
                erps.remove(id);
            });
            // A gauge cannot be taken away, and whoever is not there is neither up nor down.
            metrics::gauge!("erp_gateway_erp_up", "erp" => id.to_string()).set(f64::NAN);
        }
    }

    fn replace(&self, change: impl FnOnce(&mut Snapshot)) {
        change(Arc::make_mut(&mut self.erps.write().unwrap_or_else(PoisonError::into_inner)));
        self.touch();
    }

    /// What an answer shows of the ERPs has changed.
    pub(crate) fn touch(&self) {
        // After the change: who reads the new number finds what it stands for.
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Sets the gauges that nobody counts: they are read off before somebody looks.
    pub(crate) fn measure(&self) {
        let now = (self.clock)();
        for erp in self.snapshot().values() {
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

    /// Grows with each change that an answer may show: what was answered before is not given again.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}

impl Erps for ErpRegistry {
    fn visible(&self, who: &Principal) -> Vec<Arc<ErpView>> {
        let mut views: Vec<_> = self.of(who).iter().map(|erp| erp.view((self.clock)())).collect();
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
