//! SAP Business One, by its Service Layer. README.md says how it is set up, and why things are done as they are.

mod aggregate;
mod books;
mod capability;
mod children;
mod config;
mod dialect;
mod fault;
mod fiscal_year;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod join;
mod ledger;
mod partitions;
mod payments;
mod rates;
mod raw_call;
mod reading;
mod reads;
mod service;
mod session;
mod single;
mod sql;
mod supplement;
#[cfg(test)]
mod tests;

use crate::{
    adapter::{
        Adapter, AggregateQuery, AggregateRow, Capability, Children, ChildrenQuery, Count, Ctx, Info, ListQuery, Page,
        RawCall, ServerInfo,
    },
    cached::Cached,
    catalog::{Services, System},
    error::{Error, ErrorKind, Result},
    filter::Filter,
    http::{Auth, BoxHttp, Client, ClientSettings, HostState, Policy, QuotaPolicy, stack},
    mapping::{Env, SetMapping},
    model::{EntityType, ErpId, FieldSet, Record, RemoteRef, SourceSet},
    odata::query::Query,
    settings::Settings,
};
use async_trait::async_trait;
use books::{BUILT_IN, Books, Company, Missing};
use config::{Config, Database, FORM};
use dialect::{Columns, Dialect};
use fault::{Faults, ServiceVersion, unknown};
use secrecy::ExposeSecret;
use service::Service;
use session::Login;
use single::ADMIN_INFO;
use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use supplement::{Chart, Groups, Stock};

const KEY: &str = "sap_b1";

/// How long the company details are kept. They hardly ever change.
const KEEP_COMPANY: Duration = Duration::from_secs(60 * 60);

/// How long small tables are kept that records are completed from.
const KEEP_TABLES: Duration = Duration::from_secs(5 * 60);

/// So often a read is repeated without a property that the service turned out not to have.
const MAX_MISSING: usize = 24;

pub(crate) static SYSTEM: System = System {
    key: KEY,
    name: "SAP Business One",
    documentation: Some("https://help.sap.com/docs/SAP_BUSINESS_ONE"),
    settings: FORM,
    oauth: None,
    capability: |entity| capability::of(entity, BUILT_IN.sets(entity)),
    build,
};

fn build(erp: &ErpId, settings: Settings, services: &Services) -> Result<Arc<dyn Adapter>> {
    let config = Config::read(&settings)?;
    let login = Login::new(&config)?;
    let key = format!("{} {} {}", config.root, config.username, config.company_db);
    let host =
        services.hosts.share(&key, config.password.expose_secret(), policy(), || Arc::new(login) as Arc<dyn Auth>);
    let client = Client::new(&ClientSettings {
        accept_invalid_certs: config.accept_invalid_certificates,
        root_pem: config.root_certificate.clone(),
        trust_advice: Some(
            "enter the certificate that signed it, or its own, in the setting root_certificate; for tests only, \
             accept_invalid_certificates turns off the check",
        ),
        allow_link_local: services.allow_link_local,
        ..ClientSettings::new(config.root.clone())
    })?;
    Ok(Arc::new(SapB1::new(erp, config, Arc::new(client), &host)))
}

/// One session serves all callers, and its node carries out what they ask for in a few processes.
fn policy() -> Policy {
    Policy {
        timeout: Duration::from_secs(60),
        quota: QuotaPolicy { concurrent: Some(4), ..QuotaPolicy::default() },
        ..Policy::default()
    }
}

/// One company in SAP Business One.
struct SapB1 {
    info: Info,
    host: Arc<HostState>,
    config: Config,
    service: Arc<Service>,
    version: ServiceVersion,
    company: Arc<Cached<Company>>,
    chart: Arc<Cached<Arc<Chart>>>,
    groups: Arc<Cached<Arc<Groups>>>,
    stock: Arc<Cached<Arc<Stock>>>,
    partitions: Arc<Cached<Arc<[Box<str>]>>>,
    fiscal_year: Arc<Cached<Option<fiscal_year::End>>>,
    missing: Mutex<Missing>,
    books: Mutex<Option<Arc<Books>>>,
}

impl SapB1 {
    fn new(erp: &ErpId, config: Config, client: BoxHttp, host: &Arc<HostState>) -> Self {
        let info = Info { erp: erp.clone(), system: KEY };
        let version = ServiceVersion::default();
        let http = stack(client, &info, host, Arc::new(Faults { version: version.clone() }));
        Self {
            info,
            host: Arc::clone(host),
            service: Arc::new(Service::new(http, config.root.clone(), config.version)),
            version,
            company: Cached::new(KEEP_COMPANY),
            chart: Cached::new(KEEP_TABLES),
            groups: Cached::new(KEEP_TABLES),
            stock: Cached::new(KEEP_TABLES),
            partitions: Cached::new(KEEP_TABLES),
            fiscal_year: Cached::new(KEEP_COMPANY),
            missing: Mutex::default(),
            books: Mutex::default(),
            config,
        }
    }

    /// Whether requests can ask the database to ignore case.
    fn folds(&self) -> bool {
        self.config.database == Database::Hana
    }

    fn dialect<'a>(&self, columns: &'a Columns, folded: bool) -> Dialect<'a> {
        Dialect {
            columns,
            version: self.config.version,
            database: self.config.database,
            of_set: None,
            zone: self.config.zone,
            folded,
        }
    }

    fn env(&self, ctx: &Ctx, books: &Books) -> Env {
        Env {
            erp: self.info.erp.clone(),
            read_at: ctx.now,
            base_currency: Some(books.base_currency),
            zone: self.config.zone,
            currencies: self.config.currencies.clone(),
            base_url: self.config.root.as_str().trim_end_matches('/').into(),
            tables: Arc::default(),
        }
    }

    /// The company details. Where the currency is a setting, nobody need be asked: the user may lack the right.
    async fn company(&self, ctx: &Ctx) -> Result<Company> {
        if let Some(code) = &self.config.local_currency {
            return Ok(Company::of_currency(code));
        }
        let service = Arc::clone(&self.service);
        self.company.get(ctx, |ctx| async move { ask_company(&service, &ctx).await }).await
    }

    async fn books(&self, ctx: &Ctx) -> Result<Arc<Books>> {
        let company = self.company(ctx).await?;
        let missing = lock(&self.missing).clone();
        let mut books = lock(&self.books);
        if let Some(known) = books.as_ref().filter(|books| books.company == company && books.missing == missing) {
            return Ok(known.clone());
        }
        let new = Arc::new(Books::new(&self.config, company, missing)?);
        *books = Some(new.clone());
        Ok(new)
    }

    /// # Errors
    /// [`ErrorKind::Unsupported`] where an entity is not read with these settings.
    fn check(&self, entity: EntityType) -> Result<()> {
        let def = entity.def();
        match BUILT_IN.sets(entity) {
            [] => Err(Error::unsupported(format!("The adapter of SAP Business One does not read {}.", def.plural))),
            sets if !self.config.sql_queries && sets.iter().all(|set| rates::is_table(set)) => Err(Error::unsupported(
                format!("For {} the setting sql_queries has to allow queries in SQL.", def.plural),
            )),
            _ => Ok(()),
        }
    }

    /// The sets of an entity, as far as is known by now.
    fn known_sets(&self, entity: EntityType) -> Vec<Arc<SetMapping>> {
        match lock(&self.books).as_ref() {
            Some(books) => books.sets(entity).to_vec(),
            None => {
                let sets = BUILT_IN.sets(entity).iter();
                sets.filter(|set| self.config.sql_queries || !rates::is_table(set)).cloned().collect()
            }
        }
    }

    /// Reads with what is known of the company; without the properties that its Service Layer turns out not to have.
    async fn read<T, F>(&self, ctx: &Ctx, read: impl Fn(Arc<Books>) -> F + Send + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
        for _ in 0..MAX_MISSING {
            let outcome = read(self.books(ctx).await?).await;
            match &outcome {
                Err(error) if self.learn(error) => {}
                _ => return outcome,
            }
        }
        Err(Error::unsupported("this version of SAP Business One lacks too many of the properties that are read"))
    }

    /// Whether an error tells of a property that was not known to be missing.
    fn learn(&self, error: &Error) -> bool {
        unknown(error).is_some_and(|(set, property)| self.leave_out(&set.into(), property))
    }

    /// Leaves a property of a set out from now on; whether it was not left out before.
    fn leave_out(&self, set: &SourceSet, property: &str) -> bool {
        let new = lock(&self.missing).insert((set.clone(), property.into()));
        if new {
            let dot = if property.is_empty() { "" } else { "." };
            tracing::warn!(erp.name = %self.info.erp, "this Service Layer has no {set}{dot}{property}: it is left out");
        }
        new
    }

    /// The entities that the user may not read, found out by reading one record of each set.
    async fn missing_rights(&self, ctx: &Ctx) -> Result<Vec<EntityType>> {
        let sets: Vec<&Arc<SetMapping>> = BUILT_IN.entities().flat_map(|entity| BUILT_IN.sets(entity)).collect();
        let sets: Vec<_> = sets.into_iter().filter(|set| !single::is_single(set) && !rates::is_table(set)).collect();
        let query = |set: &&Arc<SetMapping>| {
            Query::new(set.set.as_str()).option("$select", set.id.as_str()).option("$top", "1")
        };
        let answers = self.service.try_read(ctx, &sets.iter().map(query).collect::<Vec<_>>()).await?;
        let mut missing = Vec::new();
        for (set, answer) in sets.iter().zip(answers) {
            match answer {
                Err(error) if error.kind == ErrorKind::Forbidden => {
                    if !missing.contains(&set.entity) {
                        missing.push(set.entity);
                    }
                }
                Err(error) if unknown(&error).is_some() => {
                    self.learn(&error);
                }
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        Ok(missing)
    }
}

async fn ask_company(service: &Service, ctx: &Ctx) -> Result<Company> {
    let answer = service.function(ctx, ADMIN_INFO, &serde_json::json!({})).await;
    let answer = answer.map_err(|error| match error.kind {
        ErrorKind::Forbidden => Error {
            kind: ErrorKind::Config,
            message: "The user may not read the company details: give the setting local_currency.".to_owned(),
            ..error
        },
        _ => error,
    })?;
    Company::read(&answer)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Adapter for SapB1 {
    fn info(&self) -> &Info {
        &self.info
    }

    fn host(&self) -> Option<Arc<HostState>> {
        Some(Arc::clone(&self.host))
    }

    fn capability(&self, entity: EntityType) -> Capability {
        let sets = self.known_sets(entity);
        let sums = |set: &Arc<SetMapping>| aggregate::can(self.config.database, set) || ledger::can(self, set);
        Capability { aggregate: !sets.is_empty() && sets.iter().all(sums), ..capability::of(entity, &sets) }
    }

    fn sets(&self, entity: EntityType) -> Vec<SourceSet> {
        self.known_sets(entity).iter().map(|set| set.set.clone()).collect()
    }

    async fn probe(&self, ctx: &Ctx) -> Result<ServerInfo> {
        // The currency must be known before anything is read; what turns out to be missing counts from then on.
        self.books(ctx).await?;
        let missing_rights = self.missing_rights(ctx).await?;
        let books = self.books(ctx).await?;
        Ok(ServerInfo {
            version: self.version.get(),
            company: books.company.company_name.clone(),
            base_currency: Some(books.base_currency),
            time_zone: Some(self.config.zone.name().to_owned()),
            missing_rights,
            companies: Vec::new(),
        })
    }

    async fn list(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page> {
        self.check(entity)?;
        self.read(ctx, |books| async move {
            match single::set(&books, entity) {
                Some(set) => single::list(self, ctx, &books, set, query).await,
                None => match rates::set(&books, entity) {
                    Some(set) => rates::list(self, ctx, &books, set, query).await,
                    None => reads::list(self, ctx, &books, entity, query).await,
                },
            }
        })
        .await
    }

    async fn count(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Count> {
        self.check(entity)?;
        if !self.capability(entity).count {
            return Err(Error::unsupported(format!("SAP Business One does not count {}.", entity.def().plural)));
        }
        self.read(ctx, |books| async move {
            match single::set(&books, entity) {
                Some(set) => single::count(self, ctx, &books, set, filter).await,
                None => reads::count(self, ctx, &books, entity, filter).await,
            }
        })
        .await
    }

    async fn get_many(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        ids: &[RemoteRef],
        fields: FieldSet,
    ) -> Result<Vec<Option<Arc<Record>>>> {
        self.check(entity)?;
        self.read(ctx, |books| async move {
            match single::set(&books, entity) {
                Some(set) => single::get_many(self, ctx, &books, set, ids, fields).await,
                None => match rates::set(&books, entity) {
                    Some(set) => rates::get_many(self, ctx, &books, set, ids, fields).await,
                    None => reads::get_many(self, ctx, &books, entity, ids, fields).await,
                },
            }
        })
        .await
    }

    async fn list_children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children> {
        self.check(entity)?;
        self.read(ctx, |books| async move {
            match single::set(&books, entity) {
                Some(_) => Ok(single::list_children(query)),
                None if rates::set(&books, entity).is_some() => Ok(single::list_children(query)),
                None => children::list(self, ctx, &books, entity, query).await,
            }
        })
        .await
    }

    async fn aggregate(&self, ctx: &Ctx, entity: EntityType, query: &AggregateQuery) -> Result<Vec<AggregateRow>> {
        self.check(entity)?;
        if !self.capability(entity).aggregate {
            let plural = entity.def().plural;
            return Err(Error::unsupported(format!("This SAP Business One does not sum {plural} itself.")));
        }
        self.read(ctx, |books| async move { aggregate::run(self, ctx, &books, entity, query).await }).await
    }

    async fn call(&self, ctx: &Ctx, call: &RawCall) -> Result<serde_json::Value> {
        raw_call::send(&self.service, ctx, call).await
    }
}
