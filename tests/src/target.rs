//! One simulated ERP with the adapter that speaks to it over the production stack.

use adapters::{
    Error,
    adapter::{Adapter, Ctx, ListQuery, Order, SetStart},
    catalog::{self, Services},
    filter::Filter,
    http::Hosts,
    model::{EntityType, ErpId},
    settings::SettingDef,
    tokens::MemoryTokens,
};
use chrono::NaiveDate;
use secrecy::ExposeSecret;
use simulators::{
    Options, Running, System,
    dataset::{Dataset, Profile},
};
use std::{sync::Arc, time::Duration};

/// A way to connect a simulated ERP.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Its name, also that of its module of tests.
    pub name: &'static str,
    /// What is simulated.
    pub system: System,
    /// How the simulator is set up.
    pub options: fn(&mut Options),
    /// The settings that connect it.
    pub settings: fn(&Running) -> Vec<(&'static str, String)>,
    /// What the simulator counts a log-in as; none where every request carries its key.
    pub log_in: Option<&'static str>,
    /// Whether what a log-in gives comes to an end.
    pub expires: bool,
    /// The simulator's table of invoices, whose rows have the ids of the records.
    pub invoices: &'static str,
    /// How many requests a list of this many source sets takes.
    pub calls_for_sets: fn(usize) -> u64,
    /// The entities of which a list shows only what holds now, while a filter finds more.
    pub more_by_filter: &'static [EntityType],
    /// How many more a page of an entity may take for fields that stand elsewhere: lines, allocations, names.
    pub calls_for_joins: fn(EntityType) -> u64,
}

/// How many invoices there are, unless a case wants another number.
const RECORDS: usize = 150;

/// The last day of the data: always the same one, so that every run meets the same records.
pub const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 17).expect("a date");

/// A running simulator and the adapter in front of it.
pub struct Target {
    /// How it is connected.
    pub spec: Spec,
    /// The simulator.
    pub simulator: Arc<Running>,
    /// The adapter, made by the catalog.
    pub adapter: Arc<dyn Adapter>,
    /// What it shares with other adapters.
    pub services: Services,
}

impl Target {
    /// Starts the simulator and makes the adapter. Nothing is asked yet.
    pub async fn start(spec: Spec) -> Self {
        Self::with(spec, |_| {}).await
    }

    /// The same with other options of the simulator.
    pub async fn with(spec: Spec, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { records: RECORDS, today: TODAY, ..Options::default() };
        (spec.options)(&mut options);
        change(&mut options);
        let simulator = simulators::start(spec.system, options).await.expect("a simulator");
        let services = services();
        let adapter = build(&spec, "erp", (spec.settings)(&simulator), &services).expect("good settings");
        Self { spec, simulator: Arc::new(simulator), adapter, services }
    }

    /// The settings that connect it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        (self.spec.settings)(&self.simulator)
    }

    /// The system's settings form.
    pub fn form(&self) -> &'static [SettingDef] {
        catalog::find(self.spec.system.key()).expect("a system").settings
    }

    /// Another ERP at the same host with the same login.
    pub fn sibling(&self, erp: &str) -> Arc<dyn Adapter> {
        build(&self.spec, erp, self.settings(), &self.services).expect("good settings")
    }

    /// The same ERP for a process that knows nothing of it yet, with other settings.
    ///
    /// # Errors
    /// If they are wrong.
    pub fn stranger(&self, change: impl FnOnce(&mut Vec<(&'static str, String)>)) -> Result<Arc<dyn Adapter>, Error> {
        let mut settings = self.settings();
        change(&mut settings);
        build(&self.spec, "erp", settings, &services())
    }

    /// The credentials of the settings, and what they were exchanged for.
    pub async fn secrets(&self) -> Vec<String> {
        let secret = |key: &str| self.form().iter().any(|def| def.key == key && def.secret);
        let mut secrets: Vec<_> = self.settings().into_iter().filter(|(key, _)| secret(key)).map(|(_, v)| v).collect();
        if let Ok(Some(tokens)) = self.services.tokens.load(&ErpId::from("erp")).await {
            secrets.extend([tokens.access.expose_secret().to_owned(), tokens.refresh.expose_secret().to_owned()]);
        }
        secrets
    }

    /// A context with plenty of time.
    pub fn ctx(&self) -> Ctx {
        self.ctx_for(Duration::from_secs(600))
    }

    /// A context for a caller who waits this long.
    pub fn ctx_for(&self, timeout: Duration) -> Ctx {
        Ctx::interactive(self.simulator.simulator().now(), timeout)
    }

    /// Logs in and reads the metadata of all entities, then counts from zero.
    pub async fn warm_up(&self) {
        for entity in self.entities() {
            let query = ListQuery { limit: 1, ..self.query(entity) };
            self.adapter.list(&self.ctx(), entity, &query).await.expect("a list");
        }
        self.reset();
    }

    /// Counts from zero.
    pub fn reset(&self) {
        self.simulator.simulator().reset_stats();
    }

    /// The HTTP requests that reached the simulator.
    pub fn requests(&self) -> u64 {
        self.simulator.stats().requests
    }

    /// The entities that the adapter can list.
    pub fn entities(&self) -> Vec<EntityType> {
        crate::ENTITIES.iter().copied().filter(|entity| self.adapter.capability(*entity).list).collect()
    }

    /// A list of everything with every field, in the order of the entity.
    pub fn query(&self, entity: EntityType) -> ListQuery {
        let def = entity.def();
        let (field, direction) = def.order;
        let sets = self.adapter.sets(entity);
        ListQuery {
            sets: sets.into_iter().map(|set| SetStart { set, after: None }).collect(),
            filter: Filter::ALL,
            order: def.id_of(field).map(|field| Order { field, direction }).into_iter().collect(),
            limit: 1000,
            fields: def.every_field(),
        }
    }

    /// The story that the simulator's books tell.
    pub fn dataset(&self) -> Dataset {
        let options = self.simulator.simulator().options();
        let system = self.spec.system;
        Dataset::generate(&Profile {
            company: system.company(),
            seed: options.seed,
            invoices: options.records,
            today: options.today,
            big_customer: options.big_customer.unwrap_or_else(|| system.has_big_customer()),
        })
    }
}

fn services() -> Services {
    let (hosts, tokens) = (Arc::new(Hosts::default()), Arc::new(MemoryTokens::default()));
    Services { hosts, tokens, allow_link_local: false }
}

fn build(
    spec: &Spec,
    erp: &str,
    settings: Vec<(&'static str, String)>,
    services: &Services,
) -> Result<Arc<dyn Adapter>, Error> {
    // The demo and the server install it at their start.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value));
    catalog::build(spec.system.key(), &erp.into(), settings, services)
}
