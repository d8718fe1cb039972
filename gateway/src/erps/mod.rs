//! The connected ERPs: their adapters, what is known of them, and who changes that.

#[cfg(all(test, feature = "simulators"))]
mod acts;
pub(crate) mod admin;
pub(crate) mod alerts;
mod calls;
mod connected;
mod forms;
pub(crate) mod health;
mod keeper;
mod registry;
mod schedule;
#[cfg(test)]
mod tests;
mod trial;
mod unusable;
mod views;

pub use self::{keeper::ErpKeeper, registry::ErpRegistry};
pub(crate) use connected::ConnectedErp;

use crate::{
    audit::Audit,
    config::Config,
    oauth::Consents,
    store::{ErpRow, Store},
};
use adapters::{Error, adapter::ServerInfo, catalog::Services, model::ErpId};
use alerts::Alerts;
use chrono::{DateTime, Utc};
use health::Health;
use schedule::Every;
use std::sync::{Arc, RwLock};
use tokio::task::JoinSet;

/// The connected ERPs and all that looks after them.
pub(crate) struct Erps {
    pub(crate) registry: Arc<ErpRegistry>,
    pub(crate) keeper: Arc<ErpKeeper>,
    pub(crate) health: Arc<Health>,
    pub(crate) alerts: Arc<Alerts>,
    pub(crate) consents: Arc<Consents>,
}

impl Erps {
    /// Connects what the store and the configuration file hold. No ERP is called yet.
    ///
    /// # Errors
    /// One sentence that names the setting or the ERP.
    pub(crate) async fn open(
        config: &Config,
        definitions: &[ErpDefinition],
        services: Services,
        store: Store,
        audit: Audit,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Self, String> {
        let registry = Arc::new(ErpRegistry::new(clock));
        let alerts = Arc::new(Alerts::new(clock));
        alerts.configure(&config.alerts, config.read.allow_link_local)?;
        let keeper = Arc::new(ErpKeeper::new(Arc::clone(&registry), store.clone(), services));
        keeper.open(definitions).await?;
        let health = Arc::new(Health {
            registry: Arc::clone(&registry),
            store: store.clone(),
            audit: audit.clone(),
            alerts: Arc::clone(&alerts),
            every: Every::seconds(config.read.health_seconds),
            random: health::random,
        });
        let consents = Arc::new(Consents {
            registry: Arc::clone(&registry),
            keeper: Arc::clone(&keeper),
            health: Arc::clone(&health),
            store,
            audit,
            redirect: RwLock::default(),
            allow_link_local: config.read.allow_link_local,
        });
        Ok(Self { registry, keeper, health, alerts, consents })
    }

    /// Everything that goes on by itself until it is aborted.
    pub(crate) fn tend(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let (health, alerts, keeper) = (Arc::clone(&self.health), Arc::clone(&self.alerts), Arc::clone(&self.keeper));
        tasks.spawn(async move { health.watch().await });
        tasks.spawn(async move { alerts.deliver().await });
        tasks.spawn(async move { keeper.follow().await });
        tasks
    }
}

/// Asks the ERPs of a configuration file and of a store, all at once, whether they work. Nothing is written.
///
/// # Errors
/// One sentence that names an ERP that cannot be called.
pub async fn check(
    definitions: &[ErpDefinition],
    store: Option<&Store>,
    services: &Services,
    clock: fn() -> DateTime<Utc>,
) -> Result<Vec<(ErpId, Result<ServerInfo, Error>)>, String> {
    let mut asked = Vec::new();
    for definition in definitions {
        definition.check().map_err(|why| format!("erps.{}: {why}", definition.id))?;
        asked.push((ErpId::from(definition.id.as_str()), definition.system.clone(), definition.settings.exposed()));
    }
    let rows = match store {
        Some(store) => store.erps().await.map_err(|error| {
            format!(
                "{error}. A store of an older gateway has to be brought up to this one first: `erp-gateway migrate`"
            )
        })?,
        None => Vec::new(),
    };
    for row in rows.iter().filter(|row| !row.of_file && !row.paused && row.disconnected_at.is_none()) {
        if asked.iter().any(|(id, ..)| *id == row.id) {
            return Err(format!("erps.{}: an ERP of this id was connected through the API", row.id));
        }
        asked.push((row.id.clone(), row.system.clone(), keeper::exposed(row)));
    }
    let probes = asked.into_iter().map(async |(id, system, settings)| {
        let outcome = match adapters::catalog::build(&system, &id, settings, services) {
            // With a refresh token that was bought and forgotten the ERP would be lost.
            Ok(_) if store.is_none() && adapters::catalog::find(&system).is_ok_and(|system| system.oauth.is_some()) => {
                let message =
                    "This ERP can only be asked with the master key: the tokens that it gives have to be stored.";
                Err(Error::new(adapters::ErrorKind::Config, message))
            }
            Ok(adapter) => health::probe(&*adapter, clock()).await.outcome,
            Err(error) => Err(error),
        };
        (id, outcome)
    });
    Ok(futures_util::future::join_all(probes).await)
}

/// How an ERP of the configuration file is connected.
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

/// The longest id of an ERP.
const ID_CHARS: usize = 40;

impl ErpDefinition {
    /// Whether its id is one.
    fn check(&self) -> Result<(), String> {
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=ID_CHARS).contains(&self.id.len()) && self.id.chars().all(named) {
            return Ok(());
        }
        Err(format!("an id has 1 to {ID_CHARS} lower-case letters, digits and hyphens"))
    }

    /// The row of an ERP that is connected like this, but by nobody's file: the API changes it.
    ///
    /// # Errors
    /// Where there is no such system.
    pub fn row(&self, now: DateTime<Utc>) -> Result<ErpRow, String> {
        let system = adapters::catalog::find(&self.system).map_err(|error| error.message)?;
        let forms::Filled { plain, secrets } = forms::Filled::sort(system.settings, self.settings.exposed());
        let new = ErpRow::new(self.id.as_str().into(), &self.name, &self.system, now);
        Ok(ErpRow { settings: plain, secrets, ..new })
    }
}

#[cfg(test)]
impl ErpRegistry {
    /// ERPs behind given adapters.
    pub(crate) fn of_adapters(
        adapters: impl Iterator<Item = std::sync::Arc<dyn adapters::adapter::Adapter>>,
        clock: fn() -> chrono::DateTime<chrono::Utc>,
    ) -> Self {
        let registry = Self::new(clock);
        adapters.for_each(|adapter| registry.put_adapter(adapter, false));
        registry
    }

    /// Connects an ERP by an adapter, as after a change of its settings.
    pub(crate) fn put_adapter(&self, adapter: std::sync::Arc<dyn adapters::adapter::Adapter>, paused: bool) {
        let info = adapter.info().clone();
        let Some(system) = self.system(info.system) else { panic!("a system of the catalog") };
        let now = (self.clock)();
        let view = views::unprobed(&info.erp, info.erp.as_str(), system, serde_json::json!({}), &*adapter, now);
        let link = connected::Link {
            system: info.system,
            adapter,
            generation: self.next_generation(),
            settings: connected::SettingsPrint(0),
        };
        let schedule = schedule::Schedule::new(tokio::time::Instant::now(), self.wake());
        self.put(std::sync::Arc::new(ConnectedErp::new(link, 1, paused, schedule, view)));
    }

    /// Disconnects an ERP.
    pub(crate) fn take_out(&self, erp: &str) {
        self.remove(&erp.into());
    }
}
