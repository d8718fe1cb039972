//! QuickBooks Online, by its Accounting API v3. See the README for set-up, limits and quirks.

mod api;
mod children;
mod company;
mod family;
mod fault;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod ledger;
mod read;
mod reading;
mod settings;
mod statement;
mod sums;
#[cfg(test)]
mod tests;
mod whole;

use crate::{
    adapter::{
        Adapter, AggregateQuery, AggregateRow, Capability, Children, ChildrenQuery, Count, Ctx, Info, ListQuery, Page,
        Paging, RawCall, ServerInfo,
    },
    cached::Cached,
    catalog::System,
    error::{Error, ErrorKind, Result},
    filter::Filter,
    http::HostState,
    mapping::{From, Mapping, MappingError, SetMapping, With, mapped_fields},
    model::{CurrencyCode, EntityType, FieldDef, FieldId, FieldSet, Record, RemoteRef, SourceSet},
};
use api::Api;
use async_trait::async_trait;
use chrono_tz::Tz;
use company::Books;
use statement::{is_whole, listed, name};
use std::sync::{Arc, LazyLock};

pub(crate) static SYSTEM: System = System {
    key: "quickbooks",
    name: "QuickBooks Online",
    documentation: Some("https://developer.intuit.com/app/developer/qbo/docs/get-started"),
    settings: settings::FORM,
    oauth: Some(&settings::OAUTH),
    capability: |entity| match &*MAPPING {
        Ok(mapping) => capability(mapping, entity),
        Err(_) => Capability::none(entity),
    },
    build: settings::build,
};

static MAPPING: LazyLock<Result<Mapping, MappingError>> =
    LazyLock::new(|| Mapping::parse(include_str!("mapping.toml")));

/// The mapping of a company that counts estimates as sales orders, or does not.
fn mapping(estimates: bool) -> Result<Mapping> {
    let needs = |options: &toml::Table| options.get("needs").and_then(toml::Value::as_str) == Some("sales_orders");
    match &*MAPPING {
        Ok(mapping) => Ok(mapping
            .for_version(|_, options, _| estimates || !needs(options))
            .only_sets(|set| estimates || !needs(&set.options))),
        Err(error) => Err(Error::new(ErrorKind::Config, error.to_string())),
    }
}

/// At most this many ids in one query.
const IDS_PER_QUERY: usize = 500;

/// One company in QuickBooks Online.
struct QuickBooks {
    info: Info,
    host: Arc<HostState>,
    mapping: Mapping,
    api: Arc<Api>,
    /// What is known of the company.
    books: Arc<Cached<Books>>,
    /// The home currency as the operator set it.
    base_currency: Option<CurrencyCode>,
    time_zone: Option<Tz>,
    /// Where people open the company in a browser.
    app: Arc<str>,
}

impl QuickBooks {
    /// One source set of an entity.
    fn set(&self, entity: EntityType, set: &SourceSet) -> Result<&Arc<SetMapping>> {
        self.mapping.set(entity, set).ok_or_else(|| match self.mapping.sets(entity) {
            [] => self.unsupported(entity),
            _ => Error::invalid(format!("QuickBooks has no {set} among its {}.", entity.def().plural)),
        })
    }

    fn unsupported(&self, entity: EntityType) -> Error {
        Error::unsupported(match entity {
            EntityType::SalesOrder => {
                "QuickBooks Online has no sales orders. Set sales_orders to estimates to have its estimates instead."
                    .to_owned()
            }
            _ => format!("QuickBooks Online gives no {} to this gateway.", entity.def().plural),
        })
    }
}

#[async_trait]
impl Adapter for QuickBooks {
    fn info(&self) -> &Info {
        &self.info
    }

    fn host(&self) -> Option<Arc<HostState>> {
        Some(Arc::clone(&self.host))
    }

    fn capability(&self, entity: EntityType) -> Capability {
        match (entity, self.books.peek()) {
            (EntityType::ExchangeRate, Some(books)) if !books.multi_currency => Capability::none(entity),
            _ => capability(&self.mapping, entity),
        }
    }

    fn sets(&self, entity: EntityType) -> Vec<SourceSet> {
        self.mapping.sets(entity).iter().map(|set| set.set.clone()).collect()
    }

    async fn probe(&self, ctx: &Ctx) -> Result<ServerInfo> {
        let mut info = company::probe(&self.api, ctx, &self.mapping).await?;
        info.base_currency = self.base_currency.or(info.base_currency);
        info.time_zone = self.time_zone.map(|zone| zone.name().to_owned()).or(info.time_zone);
        Ok(info)
    }

    async fn list(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page> {
        self.read_list(ctx, entity, query).await
    }

    async fn count(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Count> {
        self.read_count(ctx, entity, filter).await
    }

    async fn get_many(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        ids: &[RemoteRef],
        fields: FieldSet,
    ) -> Result<Vec<Option<Arc<Record>>>> {
        self.read_many(ctx, entity, ids, fields).await
    }

    async fn list_children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children> {
        self.read_children(ctx, entity, query).await
    }

    async fn aggregate(&self, ctx: &Ctx, entity: EntityType, query: &AggregateQuery) -> Result<Vec<AggregateRow>> {
        self.read_aggregate(ctx, entity, query).await
    }

    async fn call(&self, ctx: &Ctx, call: &RawCall) -> Result<serde_json::Value> {
        self.api.call(ctx, call).await
    }
}

/// What can be done with an entity by a mapping.
fn capability(mapping: &Mapping, entity: EntityType) -> Capability {
    let sets = mapping.sets(entity);
    if entity == EntityType::Transaction {
        let filter = sums::LEDGER_FILTER.to_vec();
        return Capability { aggregate: true, filter, ..Capability::none(entity) };
    }
    if sets.is_empty() {
        return Capability::none(entity);
    }
    let names = |accept: &dyn Fn(FieldId, &FieldDef) -> bool| {
        entity.def().all_fields().filter(|(id, def)| accept(*id, def)).map(|(_, def)| def.name).collect()
    };
    let whole = sets.iter().all(|set| is_whole(set));
    Capability {
        entity,
        list: true,
        get_many: true,
        // Rates are asked for by their day.
        max_ids_per_call: if entity == EntityType::ExchangeRate { Some(1) } else { u32::try_from(IDS_PER_QUERY).ok() },
        count: true,
        paging: if whole { Paging::Keyset } else { Paging::Offset },
        filter: names(&|id, def| def.filter && sets.iter().any(|set| is_filterable(set, id))),
        order_by: names(&|id, def| {
            def.sort
                && sets.iter().any(|set| is_sortable(set, id) == Some(true))
                && sets.iter().all(|set| is_sortable(set, id) != Some(false))
        }),
        fields: mapped_fields(entity, sets),
        aggregate: whole,
    }
}

/// Whether conditions on a field are evaluated before records reach the gateway, at least some.
fn is_filterable(set: &SetMapping, field: FieldId) -> bool {
    if is_whole(set) {
        return set.field(field).is_some();
    }
    let known = |path: &str| listed(set, "keys", name(path)) || listed(set, "filterable", name(path));
    set.field(field).is_some_and(|mapping| match &mapping.from {
        From::Paths(paths) | From::Ref { paths, .. } => paths.first().is_some_and(|path| known(path.as_str())),
        From::Cases(cases) => {
            cases.iter().flat_map(|c| &c.1).any(|p| matches!(p.with, With::Literals(_)) && known(p.path.as_str()))
        }
        From::Const(_) => true,
        _ => false,
    })
}

/// Whether QuickBooks sorts a set by a field; none where it is the same in all of the set.
fn is_sortable(set: &SetMapping, field: FieldId) -> Option<bool> {
    let mapping = set.field(field)?;
    match &mapping.from {
        From::Const(_) => None,
        _ if is_whole(set) => Some(true),
        _ if !mapping.sort => Some(false),
        From::Paths(paths) => Some(paths.first().is_some_and(|path| listed(set, "sortable", name(path.as_str())))),
        _ => Some(false),
    }
}
