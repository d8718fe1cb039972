//! SAP Business One, by its Service Layer. README.md says how it is set up, and why things are done as they are.

mod books;
mod children;
mod config;
mod dialect;
mod fault;
mod raw_call;
mod reading;
mod reads;
mod service;
mod session;
#[cfg(test)]
mod tests;

use crate::{
    adapter::{
        Adapter, Capability, Children, ChildrenQuery, Count, Ctx, Info, ListQuery, Page, Paging, RawCall, ServerInfo,
    },
    cached::Cached,
    catalog::{Services, System},
    error::{Error, ErrorKind, Result},
    filter::Filter,
    http::{Auth, BoxHttp, Client, ClientSettings, HostState, Policy, QuotaPolicy, stack},
    mapping::{Env, From, SetMapping, mapped_fields},
    model::{EntityType, ErpId, FieldSet, Record, RemoteRef, SourceSet},
    odata::query::Query,
    settings::Settings,
};
use async_trait::async_trait;
use books::{BUILT_IN, Books, Company, Missing};
use config::{Config, Database, FORM};
use dialect::{Columns, Dialect};
use fault::{Faults, ServiceVersion, unknown_property};
use secrecy::ExposeSecret;
use service::Service;
use session::Login;
use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

const KEY: &str = "sap_b1";

/// How long the company details are kept. They hardly ever change.
const KEEP_COMPANY: Duration = Duration::from_secs(60 * 60);

/// So often a read is repeated without a property that the service turned out not to have.
const MAX_MISSING: usize = 24;

pub(crate) static SYSTEM: System = System {
    key: KEY,
    name: "SAP Business One",
    documentation: Some("https://help.sap.com/docs/SAP_BUSINESS_ONE"),
    settings: FORM,
    capability: |entity| capability(entity, BUILT_IN.sets(entity)),
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
        Dialect { columns, version: self.config.version, database: self.config.database, folded }
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
        let Some((set, property)) = unknown_property(error) else { return false };
        let new = lock(&self.missing).insert((set.into(), property.into()));
        if new {
            tracing::warn!(erp.name = %self.info.erp, "this Service Layer has no {set}.{property}: it is left out");
        }
        new
    }

    /// The entities that the user may not read, found out by reading one record of each set.
    async fn missing_rights(&self, ctx: &Ctx) -> Result<Vec<EntityType>> {
        let sets: Vec<&Arc<SetMapping>> = BUILT_IN.entities().flat_map(|entity| BUILT_IN.sets(entity)).collect();
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
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        Ok(missing)
    }
}

async fn ask_company(service: &Service, ctx: &Ctx) -> Result<Company> {
    let answer = service.function(ctx, "CompanyService_GetAdminInfo", &serde_json::json!({})).await;
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

/// What can be done with an entity that is read from these sets.
fn capability(entity: EntityType, sets: &[Arc<SetMapping>]) -> Capability {
    if sets.is_empty() {
        return Capability::none(entity);
    }
    let def = entity.def();
    let any = |field, does: fn(&From) -> bool| {
        sets.iter().filter_map(|set| set.field(field)).any(|mapping| does(&mapping.from))
    };
    let filters = |from: &From| {
        matches!(
            from,
            From::Paths(_)
                | From::First { .. }
                | From::Ref { .. }
                | From::Const(_)
                | From::Cases(_)
                | From::Moment { .. }
        ) || matches!(from, From::ByCurrency(own, _) if matches!(**own, From::Paths(_)))
    };
    let sorts = |from: &From| {
        matches!(from, From::Paths(_) | From::First { .. } | From::Ref { .. } | From::Moment { .. })
            || matches!(from, From::ByCurrency(own, _) if matches!(**own, From::Paths(_)))
    };
    let pushed = |name: &str| def.id_of(name).is_some_and(|field| any(field, filters));
    let filter = def.all_fields().filter(|(field, def)| {
        def.filter
            && def
                .computed
                .map_or_else(|| any(*field, filters), |computed| computed.needs.iter().all(|need| pushed(need)))
    });
    Capability {
        entity,
        list: true,
        get_many: true,
        max_ids_per_call: u32::try_from(reads::IDS_PER_CALL).ok(),
        count: true,
        paging: Paging::Keyset,
        filter: filter.map(|(_, def)| def.name).collect(),
        order_by: def
            .all_fields()
            .filter(|(field, def)| def.sort && any(*field, sorts))
            .map(|(_, def)| def.name)
            .collect(),
        fields: mapped_fields(entity, sets),
        aggregate: false,
    }
}

fn check(entity: EntityType) -> Result<()> {
    if BUILT_IN.sets(entity).is_empty() {
        return Err(Error::unsupported(format!(
            "The adapter of SAP Business One does not read {}.",
            entity.def().plural
        )));
    }
    Ok(())
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
        let books = lock(&self.books).clone();
        capability(entity, books.as_ref().map_or_else(|| BUILT_IN.sets(entity), |books| books.sets(entity)))
    }

    fn sets(&self, entity: EntityType) -> Vec<SourceSet> {
        BUILT_IN.sets(entity).iter().map(|set| set.set.clone()).collect()
    }

    async fn probe(&self, ctx: &Ctx) -> Result<ServerInfo> {
        let books = self.books(ctx).await?;
        let missing_rights = self.missing_rights(ctx).await?;
        Ok(ServerInfo {
            version: self.version.get(),
            company: books.company.company_name.clone(),
            base_currency: Some(books.base_currency),
            time_zone: Some(self.config.zone.name().to_owned()),
            missing_rights,
        })
    }

    async fn list(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page> {
        check(entity)?;
        self.read(ctx, |books| async move { reads::list(self, ctx, &books, entity, query).await }).await
    }

    async fn count(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Count> {
        check(entity)?;
        self.read(ctx, |books| async move { reads::count(self, ctx, &books, entity, filter).await }).await
    }

    async fn get_many(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        ids: &[RemoteRef],
        fields: FieldSet,
    ) -> Result<Vec<Option<Arc<Record>>>> {
        check(entity)?;
        self.read(ctx, |books| async move { reads::get_many(self, ctx, &books, entity, ids, fields).await }).await
    }

    async fn list_children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children> {
        check(entity)?;
        self.read(ctx, |books| async move { children::list(self, ctx, &books, entity, query).await }).await
    }

    async fn call(&self, ctx: &Ctx, call: &RawCall) -> Result<serde_json::Value> {
        raw_call::send(&self.service, ctx, call).await
    }
}
