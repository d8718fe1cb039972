//! Keeps the registry in step with the store and the configuration file.

use super::{
    ErpDefinition, ErpRegistry,
    connected::{ConnectedErp, Link, SettingsPrint},
    schedule::Schedule,
    unusable::Unusable,
    views::{restore, unprobed},
};
use crate::store::{ErpRow, HealthRow, Store, StoreError};
use adapters::{
    Error, ErrorKind,
    adapter::Adapter,
    catalog::{self, Services},
    model::ErpId,
    tokens::Tokens,
};
use secrecy::ExposeSecret;
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How often the store is asked what other gateways changed.
const LOOK: Duration = Duration::from_secs(3);

/// Keeps the registry in step with the store and the configuration file.
pub struct ErpKeeper {
    pub(super) registry: Arc<ErpRegistry>,
    pub(super) store: Store,
    pub(super) services: Services,
    /// The ERPs of the configuration file.
    file: Mutex<BTreeMap<ErpId, ErpDefinition>>,
    /// The revisions that the registry shows. Whoever changes what is connected holds it while the store and the registry
    /// differ, so that an old row is never put over a new one.
    shown: tokio::sync::Mutex<BTreeMap<ErpId, i64>>,
    /// Keyed at random: what is made of settings tells nothing about them.
    hasher: RandomState,
}

/// How the new state of an ERP is shown.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    /// With the adapter and the caches that it has, where its settings are the same.
    Link,
    /// With a new adapter: sessions, breaker and what they remember are gone.
    Nothing,
}

impl ErpKeeper {
    pub(crate) fn new(registry: Arc<ErpRegistry>, store: Store, services: Services) -> Self {
        Self {
            registry,
            store,
            services,
            file: Mutex::default(),
            shown: tokio::sync::Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    fn file(&self) -> MutexGuard<'_, BTreeMap<ErpId, ErpDefinition>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects what the store and the configuration file hold. Nothing is called yet.
    ///
    /// # Errors
    /// One sentence that names the ERP: a definition that cannot be used, or whose id belongs to another ERP.
    pub(crate) async fn open(&self, definitions: &[ErpDefinition]) -> Result<(), String> {
        self.reload_file(definitions).await?;
        let health = self.store.health().await.map_err(|error| error.to_string())?;
        let mut shown = self.shown.lock().await;
        for row in self.store.erps().await.map_err(|error| error.to_string())? {
            self.take(&mut shown, &row, Keep::Link, None);
            if let (Some(erp), Some(health)) = (self.registry.get(&row.id), health.get(&row.id)) {
                remember(&erp, health);
            }
        }
        Ok(())
    }

    /// Takes over what the configuration file defines now. An ERP that is no longer in it is disconnected; one that comes
    /// back is connected again. If one of them cannot be used nothing is changed.
    ///
    /// # Errors
    /// One sentence that names the ERP.
    pub async fn reload_file(&self, definitions: &[ErpDefinition]) -> Result<(), String> {
        let of_store = |error: StoreError| error.to_string();
        let mut shown = self.shown.lock().await;
        let mut rows: BTreeMap<ErpId, ErpRow> =
            self.store.erps().await.map_err(of_store)?.into_iter().map(|row| (row.id.clone(), row)).collect();
        let (mut wanted, mut made) = (BTreeMap::new(), BTreeMap::new());
        for definition in definitions {
            let wrong = |why: String| format!("erps.{}: {why}", definition.id);
            definition.check().map_err(wrong)?;
            let id = ErpId::from(definition.id.as_str());
            if let Some(row) = rows.get(&id).filter(|row| !row.of_file) {
                let fate = if row.disconnected_at.is_some() { "and disconnected " } else { "" };
                return Err(wrong(format!(
                    "an ERP of this id was connected {fate}through the API, and an id is never used for another ERP: choose \
                     another one in the file"
                )));
            }
            let known = self
                .registry
                .get(&id)
                .is_some_and(|erp| erp.settings == self.print(&definition.system, &definition.settings.exposed()));
            if !known {
                // Making an adapter asks its ERP nothing.
                let adapter = catalog::build(&definition.system, &id, definition.settings.exposed(), &self.services)
                    .map_err(|error| wrong(error.message))?;
                made.insert(id.clone(), adapter);
            }
            if wanted.insert(id, definition.clone()).is_some() {
                return Err(wrong("the id is used twice".into()));
            }
        }
        let now = (self.registry.clock)();
        for (id, definition) in &wanted {
            let row = match rows.remove(id) {
                Some(row) => ErpRow {
                    name: definition.name.clone(),
                    system: definition.system.clone(),
                    disconnected_at: None,
                    ..row
                },
                None => {
                    let new = ErpRow::new(id.clone(), &definition.name, &definition.system, now);
                    ErpRow { of_file: true, ..new }
                }
            };
            self.write_of_file(row).await.map_err(of_store)?;
        }
        // `rows` now holds what the file does not define.
        for row in rows.into_values().filter(|row| row.of_file && row.disconnected_at.is_none()) {
            tracing::info!(erp.id = %row.id, "the configuration file does not define this ERP any more: it is disconnected");
            let gone = ErpRow { disconnected_at: Some(now), ..row };
            self.store.change_erp(&gone).await.map_err(of_store)?;
        }
        *self.file() = wanted;
        for row in self.store.erps().await.map_err(of_store)?.iter().filter(|row| row.of_file) {
            self.take(&mut shown, row, Keep::Link, made.remove(&row.id));
        }
        Ok(())
    }

    /// Writes the row of an ERP of the file, unless it says so already. Gateways that share a store may do so at the same time:
    /// they write the same.
    async fn write_of_file(&self, row: ErpRow) -> Result<(), StoreError> {
        match self.store.erp(&row.id).await? {
            None => self.store.add_erp(&row).await.map(drop),
            Some(old) if (&old.name, &old.system, old.disconnected_at) == (&row.name, &row.system, None) => Ok(()),
            Some(_) => {
                let row = ErpRow { updated_at: (self.registry.clock)(), ..row };
                self.store.change_erp(&row).await.map(drop)
            }
        }
    }

    /// Takes over what other gateways of the same store changed.
    async fn look(&self) -> Result<(), StoreError> {
        let revisions = self.store.erp_revisions().await?;
        if *self.shown.lock().await == revisions {
            return Ok(());
        }
        let mut shown = self.shown.lock().await;
        for row in self.store.erps().await? {
            if shown.get(&row.id) != Some(&row.revision) {
                tracing::info!(erp.id = %row.id, "another gateway changed this ERP");
                self.take(&mut shown, &row, Keep::Link, None);
            }
        }
        Ok(())
    }

    /// Takes over what other gateways change, for ever.
    pub(crate) async fn follow(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the store does not tell which ERPs changed");
            }
        }
    }

    /// Adds an ERP with its tokens, unless its id is taken. The connection if it was added.
    pub(super) async fn add(
        &self,
        row: &ErpRow,
        tokens: Option<&Tokens>,
    ) -> Result<Option<Arc<ConnectedErp>>, StoreError> {
        let mut shown = self.shown.lock().await;
        if !self.store.add_erp(row).await? {
            return Ok(None);
        }
        self.save(&row.id, tokens).await;
        self.take(&mut shown, row, Keep::Link, None);
        Ok(self.registry.get(&row.id))
    }

    /// Changes an ERP and its tokens, unless somebody else has changed it since the row was read: false then.
    pub(crate) async fn change(&self, row: ErpRow, tokens: Option<&Tokens>) -> Result<bool, StoreError> {
        let mut shown = self.shown.lock().await;
        let Some(revision) = self.store.change_erp(&row).await? else { return Ok(false) };
        self.save(&row.id, tokens).await;
        self.take(&mut shown, &ErpRow { revision, ..row }, Keep::Link, None);
        Ok(true)
    }

    /// Stores tokens before anybody uses them.
    async fn save(&self, id: &ErpId, tokens: Option<&Tokens>) {
        if let Some(tokens) = tokens
            && let Err(error) = self.services.tokens.save(id, tokens).await
        {
            tracing::error!(erp.id = %id, %error, "the tokens of this ERP could not be stored: it has to be connected again");
        }
    }

    /// Connects an ERP anew, with its settings as they are. Whoever does so asks it whether it works.
    pub(crate) async fn renew(&self, id: &ErpId) -> Result<(), StoreError> {
        let mut shown = self.shown.lock().await;
        if let Some(row) = self.store.erp(id).await? {
            self.take(&mut shown, &row, Keep::Nothing, None);
        }
        Ok(())
    }

    /// All settings of an ERP, wherever they are.
    pub(crate) fn settings(&self, row: &ErpRow) -> Vec<(String, String)> {
        self.of_file(&row.id).unwrap_or_else(|| exposed(row))
    }

    /// The settings of an ERP of the configuration file.
    pub(super) fn of_file(&self, id: &ErpId) -> Option<Vec<(String, String)>> {
        self.file().get(id).map(|definition| definition.settings.exposed())
    }

    /// A fingerprint of settings.
    pub(super) fn print(&self, system: &str, settings: &[(String, String)]) -> SettingsPrint {
        SettingsPrint(self.hasher.hash_one((system, settings)))
    }

    /// Shows a row, by an adapter that was made for it or one that is made now.
    fn take(&self, shown: &mut BTreeMap<ErpId, i64>, row: &ErpRow, keep: Keep, made: Option<Arc<dyn Adapter>>) {
        shown.insert(row.id.clone(), row.revision);
        let definition = self.file().get(&row.id).cloned();
        let settings: Vec<_> = match &definition {
            Some(definition) => definition.settings.exposed(),
            None => exposed(row),
        };
        let Ok(system) = catalog::find(&row.system) else {
            tracing::error!(erp.id = %row.id, erp.system = row.system, "this gateway does not know the ERP's system");
            return self.registry.remove(&row.id);
        };
        let Some(system_view) = self.registry.system(system.key) else { return };
        // An ERP of another gateway's file cannot be connected here: its settings are there.
        if row.disconnected_at.is_some() || row.of_file != definition.is_some() {
            return self.registry.remove(&row.id);
        }
        let print = self.print(system.key, &settings);
        let old = self.registry.get(&row.id).filter(|old| old.settings == print);
        let plain = match &definition {
            Some(definition) => definition.settings.without_secrets(system.settings),
            None => {
                row.settings.iter().map(|(key, value)| (key.clone(), serde_json::Value::from(value.as_str()))).collect()
            }
        };
        let make = || match &row.unreadable {
            Some(why) if definition.is_none() => Err(unreadable(&row.id, why)),
            _ => catalog::build(system.key, &row.id, settings, &self.services),
        };
        let build = || match made.map_or_else(make, Ok) {
            Ok(adapter) => adapter,
            Err(why) => {
                tracing::error!(erp.id = %row.id, error = %why, "the settings of this ERP cannot be used");
                Arc::new(Unusable::new(row.id.clone(), system.key, why))
            }
        };
        let link = match (&old, keep) {
            (Some(old), Keep::Link) => old.link(),
            (Some(old), Keep::Nothing) => {
                if let Some(host) = old.adapter.host() {
                    self.services.hosts.forget(&host);
                }
                Link { adapter: build(), ..old.link() }
            }
            (None, _) => Link {
                system: system.key,
                adapter: build(),
                generation: self.registry.next_generation(),
                settings: print,
            },
        };
        let mut view = match &old {
            Some(old) => (*old.probed()).clone(),
            None => unprobed(&row.id, &row.name, system_view, plain.clone(), &*link.adapter, row.created_at),
        };
        view.name.clone_from(&row.name);
        view.settings = plain;
        view.of_file = row.of_file;
        (view.created_at, view.updated_at) = (row.created_at, row.updated_at);
        let schedule = Schedule::new(Instant::now(), self.registry.wake());
        if keep == Keep::Nothing {
            schedule.reserve();
        }
        self.registry.put(Arc::new(ConnectedErp::new(link, row.revision, row.paused, schedule, view)));
    }
}

/// Why an ERP whose secrets do not open cannot be used.
fn unreadable(erp: &ErpId, why: &str) -> Error {
    let message = format!(
        "The stored secrets of {erp} cannot be read: they were changed outside of the gateway. Enter all of them again with \
         updateErp."
    );
    Error::new(ErrorKind::Config, message).with_detail(why)
}

/// What the last probe found before this process was started.
fn remember(erp: &ConnectedErp, health: &HealthRow) {
    let mut view = (*erp.probed()).clone();
    restore(&mut view, &health.status, health.found.clone(), health.checked_at);
    erp.show(view);
}

/// All settings of a row, for an adapter.
pub(super) fn exposed(row: &ErpRow) -> Vec<(String, String)> {
    let plain = row.settings.iter().map(|(key, value)| (key.clone(), value.clone()));
    let secret = row.secrets.iter().map(|(key, value)| (key.clone(), value.expose_secret().to_owned()));
    plain.chain(secret).collect()
}
