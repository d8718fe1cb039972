//! Odoo 14 to 19, by the web client's calls, the external RPC or `/json/2`.

mod aggregate;
mod auth;
mod books;
mod children;
mod classify;
mod dimensions;
mod domain;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod join;
mod known;
mod link;
mod list;
mod order;
mod scan;
mod settings;
mod settlements;
mod shape;
#[cfg(test)]
mod tests;
mod view;
mod wire;

use crate::{
    adapter::{
        Adapter, AggregateQuery, AggregateRow, Capability, Children, ChildrenQuery, Company, Count, Ctx, Info,
        ListQuery, Page, Paging, RawCall, ServerInfo,
    },
    cached::Cached,
    catalog::{Services, System},
    error::{Error, ErrorKind, Result},
    filter::Filter,
    http::HostState,
    mapping::{From, Mapping, SetMapping, mapped_fields},
    model::{EntityType, ErpId, FieldDef, FieldSet, Record, RemoteRef, SourceSet},
    settings::Settings,
};
use async_trait::async_trait;
use books::{KEEP, Library, Search};
use futures_util::future::try_join_all;
use link::Linker;
use serde_json::Value;
use settings::Config;
use shape::Shape;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use view::{IDS_PER_CALL, View};
use wire::Call;

pub(crate) static SYSTEM: System = System {
    key: "odoo",
    name: "Odoo",
    documentation: Some("https://www.odoo.com/documentation/19.0/developer/reference/external_api.html"),
    settings: settings::FORM,
    oauth: None,
    capability: |entity| {
        shape::mapping().map_or_else(|_| Capability::none(entity), |mapping| describe(entity, mapping.sets(entity)))
    },
    build,
};

fn build(erp: &ErpId, settings: Settings, services: &Services) -> Result<Arc<dyn Adapter>> {
    let config = Arc::new(Config::new(&settings)?);
    let info = Info { erp: erp.clone(), system: SYSTEM.key };
    let linker = Linker::new(Arc::clone(&config), info.clone(), services, KEEP)?;
    Ok(Arc::new(Odoo::new(info, config, linker)?))
}

/// One company in one Odoo.
struct Odoo {
    info: Info,
    mapping: &'static Mapping,
    library: Arc<Library>,
    shapes: HashMap<EntityType, Arc<Cached<Arc<Shape>>>>,
    base_url: Arc<str>,
    /// When an answer last showed that Odoo had changed.
    asked_anew: Mutex<Option<Instant>>,
}

/// An Odoo that refuses what it says it has is not asked about itself more often than this.
const ASK_ANEW: Duration = Duration::from_secs(60);

impl Odoo {
    fn new(info: Info, config: Arc<Config>, linker: Linker) -> Result<Self> {
        let mapping = shape::mapping()?;
        let shapes = mapping.entities().map(|entity| (entity, Cached::new(KEEP))).collect();
        let base_url = config.base.as_str().trim_end_matches('/').into();
        let library = Arc::new(Library::new(config, linker));
        Ok(Self { info, mapping, library, shapes, base_url, asked_anew: Mutex::default() })
    }

    async fn view(&self, ctx: &Ctx, entity: EntityType) -> Result<View> {
        let Some(shape) = self.shapes.get(&entity) else {
            return Err(Error::unsupported(format!("The gateway does not read {} from Odoo.", entity.def().name)));
        };
        let books = self.library.books(ctx).await?;
        let (mapping, own, library) = (self.mapping, books.clone(), Arc::clone(&self.library));
        let shape = shape.get(ctx, |ctx| async move {
            let models = Shape::models(mapping, entity).into_iter().map(|model| {
                let (own, ctx, library) = (&own, &ctx, &library);
                async move { Ok::<_, Error>((model.clone().into_boxed_str(), library.fields(ctx, own, &model).await?)) }
            });
            let known = known::load(&ctx, &library, &own, mapping.sets(entity));
            let (models, known) = tokio::try_join!(try_join_all(models), known)?;
            let models = models.into_iter().filter_map(|(model, fields)| Some((model, fields?)));
            Ok(Arc::new(Shape::new(mapping, entity, models.collect(), &known)))
        });
        let has_currency = self.mapping.sets(entity).iter().any(|set| shape::names_currency(set));
        let currencies =
            async { if has_currency { self.library.currencies(ctx, &books).await } else { Ok(Arc::default()) } };
        let (shape, currencies) = tokio::try_join!(shape, currencies)?;
        let library = Arc::clone(&self.library);
        Ok(View { erp: self.info.erp.clone(), library, books, shape, currencies, base_url: Arc::clone(&self.base_url) })
    }

    /// Forgets what Odoo said about itself where an answer shows that this is no longer so: after an upgrade, or when a module was
    /// removed.
    fn checked<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome
            && error.kind == ErrorKind::Unsupported
            && error.detail.is_some()
        {
            let mut asked_anew = self.asked_anew.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            if asked_anew.is_none_or(|at| now.duration_since(at) > ASK_ANEW) {
                *asked_anew = Some(now);
                self.forget();
            }
        }
        outcome
    }

    fn forget(&self) {
        self.library.forget();
        self.shapes.values().for_each(|shape| shape.forget());
    }

    /// Whether the user may read a model.
    async fn may_read(&self, ctx: &Ctx, books: &books::Books, model: &str) -> Result<bool> {
        let search = Search {
            model,
            domain: "[]".into(),
            fields: vec!["id"],
            order: "id".into(),
            limit: Some(1),
            offset: 0,
            names: false,
            operation: "probe",
        };
        match books.search(ctx, search).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::Forbidden => Ok(false),
            // The module is not installed: no right would help.
            Err(error) if error.kind == ErrorKind::Unsupported => Ok(true),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Adapter for Odoo {
    fn info(&self) -> &Info {
        &self.info
    }

    fn host(&self) -> Option<Arc<HostState>> {
        self.library.host()
    }

    fn capability(&self, entity: EntityType) -> Capability {
        match self.shapes.get(&entity).map(|shape| shape.peek()) {
            Some(Some(shape)) => describe(entity, &shape.sets),
            Some(None) => describe(entity, self.mapping.sets(entity)),
            None => Capability::none(entity),
        }
    }

    fn sets(&self, entity: EntityType) -> Vec<SourceSet> {
        let mut names: Vec<_> = self.mapping.sets(entity).iter().map(|set| set.set.clone()).collect();
        names.dedup();
        names
    }

    async fn probe(&self, ctx: &Ctx) -> Result<ServerInfo> {
        self.forget();
        let books = self.library.books(ctx).await?;
        // One look at each model, and at what it is made of, so that a capability leaves out what is not installed.
        let models: BTreeSet<String> =
            self.mapping.entities().flat_map(|entity| self.sets(entity)).map(|set| set.to_string()).collect();
        let checks = models.iter().map(|model| {
            let books = &books;
            async move { Ok::<_, Error>((model.as_str(), self.may_read(ctx, books, model).await?)) }
        });
        let views = self.mapping.entities().map(|entity| self.view(ctx, entity));
        let (readable, _) = tokio::try_join!(try_join_all(checks), try_join_all(views))?;
        let readable: HashMap<&str, bool> = readable.into_iter().collect();
        let may = |set: &SourceSet| readable.get(set.as_str()).copied().unwrap_or(true);
        let missing = self.mapping.entities().filter(|entity| !self.sets(*entity).iter().all(may));
        Ok(ServerInfo {
            version: Some(books.link.version.name.clone()),
            company: Some(books.company.name.clone()),
            base_currency: books.company.currency,
            time_zone: books.company.zone_is_known.then(|| books.company.zone.to_string()),
            missing_rights: missing.collect(),
            companies: books
                .company
                .choice
                .iter()
                .map(|(id, name)| Company { id: id.to_string(), name: name.clone() })
                .collect(),
        })
    }

    async fn list(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page> {
        self.checked(self.list_page(ctx, entity, query).await)
    }

    async fn count(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Count> {
        self.checked(self.count_rows(ctx, entity, filter).await)
    }

    async fn get_many(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        ids: &[RemoteRef],
        fields: FieldSet,
    ) -> Result<Vec<Option<Arc<Record>>>> {
        self.checked(self.records_by_id(ctx, entity, ids, fields).await)
    }

    async fn list_children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children> {
        self.checked(self.children(ctx, entity, query).await)
    }

    async fn aggregate(&self, ctx: &Ctx, entity: EntityType, query: &AggregateQuery) -> Result<Vec<AggregateRow>> {
        self.checked(self.sums(ctx, entity, query).await)
    }

    async fn call(&self, ctx: &Ctx, call: &RawCall) -> Result<Value> {
        let books = self.library.books(ctx).await?;
        let args = match &call.args {
            Value::Null => Vec::new(),
            Value::Array(args) => args.iter().map(wire::raw).collect::<Result<_>>()?,
            _ => return Err(Error::invalid("Odoo's positional arguments are a list.")),
        };
        let mut named = match &call.kwargs {
            Value::Null => serde_json::Map::new(),
            Value::Object(named) => named.clone(),
            _ => return Err(Error::invalid("Odoo's named arguments are an object.")),
        };
        let mut context = books.context();
        // The ERP's own defaults hold for a raw call: archived records stay hidden unless it says otherwise.
        context.as_object_mut().map(|context| context.remove("active_test"));
        if let (Some(Value::Object(own)), Some(context)) = (named.remove("context"), context.as_object_mut()) {
            context.extend(own);
        }
        named.insert("context".into(), context);
        let named = named.iter().map(|(name, value)| Ok((name.clone(), wire::raw(value)?))).collect::<Result<_>>()?;
        let reads = [
            "read",
            "search",
            "search_read",
            "search_count",
            "read_group",
            "formatted_read_group",
            "fields_get",
            "name_search",
            "default_get",
        ];
        let reads = reads.contains(&call.method.as_str());
        let call =
            Call { model: call.target.clone(), method: call.method.clone(), args, named, reads, operation: "call" };
        wire::returned(books.link.call(ctx, &call).await?.value()?)
    }
}

/// What can be done with an entity by its mapping.
fn describe(entity: EntityType, sets: &[Arc<SetMapping>]) -> Capability {
    if sets.is_empty() {
        return Capability::none(entity);
    }
    let def = entity.def();
    let fields = |wanted: fn(&FieldDef) -> bool, can: fn(&SetMapping, &str) -> bool| {
        let fields = def.all_fields().map(|(_, field)| field).filter(move |field| wanted(field));
        let can = |field: &&FieldDef| match field.computed {
            Some(computed) => computed.needs.iter().all(|need| sets.iter().any(|set| can(set, need))),
            None => sets.iter().any(|set| can(set, field.name)),
        };
        fields.filter(can).map(|field| field.name).collect()
    };
    Capability {
        entity,
        list: true,
        get_many: true,
        max_ids_per_call: Some(IDS_PER_CALL as u32),
        count: true,
        paging: Paging::Keyset,
        filter: fields(|field| field.filter, filters),
        order_by: fields(|field| field.sort, sorts),
        fields: mapped_fields(entity, sets),
        aggregate: true,
    }
}

fn filters(set: &SetMapping, field: &str) -> bool {
    set.named(field).is_some_and(|mapping| {
        let from = match mapping.searched() {
            From::When(of, _) => of,
            from => from,
        };
        mapping.filter
            && matches!(from, From::Paths(_) | From::First { .. } | From::Ref { .. } | From::Cases(_) | From::Const(_))
    })
}

fn sorts(set: &SetMapping, field: &str) -> bool {
    let plain = |from: &From| matches!(from, From::Paths(_) | From::First { .. });
    set.named(field).is_some_and(|mapping| mapping.sort && plain(mapping.searched()))
}
