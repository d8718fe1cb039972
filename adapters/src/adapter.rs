//! The boundary to an ERP: verbs with the entity as an argument, their queries and their answers.

use crate::{
    error::Result,
    filter::Filter,
    http::HostState,
    model::{Direction, EntityType, ErpId, FieldId, FieldSet, Record, RemoteRef, SourceSet, Value},
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Who waits for a call: where the ERP's quota is scarce, the first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person or a client is waiting.
    Interactive,
    /// A write that was promised.
    Write,
    /// An incremental sync.
    Sync,
    /// A first or full sync.
    Backfill,
}

/// What a call carries besides its arguments.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// When the answer is no longer wanted.
    pub deadline: Instant,
    /// Who waits.
    pub priority: Priority,
    /// The time at which the call was made; logic takes the time from here.
    pub now: DateTime<Utc>,
    /// Counts the HTTP exchanges made for this call.
    pub calls: Arc<AtomicU32>,
}

impl Ctx {
    /// A context for an interactive call that may take this long.
    pub fn interactive(now: DateTime<Utc>, timeout: Duration) -> Self {
        Self { deadline: Instant::now() + timeout, priority: Priority::Interactive, now, calls: Arc::default() }
    }

    /// How many HTTP exchanges were made so far.
    pub fn calls_made(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}

/// Which ERP an adapter speaks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The id of the ERP in this gateway.
    pub erp: ErpId,
    /// The key of its system in the catalog.
    pub system: &'static str,
}

/// How a list is continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paging {
    /// After the last record's sort values and id: changes meanwhile neither lose nor repeat records.
    Keyset,
    /// After a number of records: changes meanwhile may shift the pages.
    Offset,
    /// Not at all.
    None,
}

/// What an ERP can do with an entity. The API shows it, the planner reads it, the tests choose their cases by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// The entity.
    pub entity: EntityType,
    /// Whether it can be listed.
    pub list: bool,
    /// Whether many records can be read by their ids in one call.
    pub get_many: bool,
    /// At most this many ids in one call.
    pub max_ids_per_call: Option<u32>,
    /// Whether the records that pass a filter can be counted.
    pub count: bool,
    /// How lists are continued.
    pub paging: Paging,
    /// The fields whose conditions the ERP evaluates itself, at least with some operators.
    pub filter: Vec<&'static str>,
    /// The fields by which the ERP sorts.
    pub order_by: Vec<&'static str>,
    /// The fields that its records have here; the others are always null.
    pub fields: Vec<&'static str>,
    /// Whether the ERP sums and counts by itself, at least by some fields: [`Adapter::aggregate`].
    pub aggregate: bool,
}

impl Capability {
    /// What is not there at all.
    pub fn none(entity: EntityType) -> Self {
        Self {
            entity,
            list: false,
            get_many: false,
            max_ids_per_call: None,
            count: false,
            paging: Paging::None,
            filter: Vec::new(),
            order_by: Vec::new(),
            fields: Vec::new(),
            aggregate: false,
        }
    }
}

/// What an ERP says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerInfo {
    /// The version of the ERP.
    pub version: Option<String>,
    /// The company whose books it keeps.
    pub company: Option<String>,
    /// The currency of the books.
    pub base_currency: Option<crate::model::CurrencyCode>,
    /// The time zone of the company, by its IANA name.
    pub time_zone: Option<String>,
    /// The entities that the ERP's user may not read.
    pub missing_rights: Vec<EntityType>,
    /// The companies that it serves, where the system serves several: one ERP is one of them.
    pub companies: Vec<Company>,
}

/// A company of a system that serves several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// What the setting takes that chooses it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One key of a sort order. After all keys, records are ordered by their ids, in the direction of the last key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    /// The field.
    pub field: FieldId,
    /// The direction. Records without a value come last in both.
    pub direction: Direction,
}

/// Where a list is continued.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Position {
    /// After the record with these sort values, one for each key of the order, and this id.
    After {
        /// The values of the order's fields.
        values: Vec<Value>,
        /// The ERP's own id.
        id: Box<str>,
    },
    /// After this many records of the source.
    Offset(u64),
}

/// One source set of a list, and where it is continued.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetStart {
    /// The source set.
    pub set: SourceSet,
    /// Where to go on; the beginning if none.
    pub after: Option<Position>,
}

/// A page of a list. Computed fields never reach an adapter: conditions on them have been replaced.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListQuery {
    /// The source sets that are wanted, each with its position.
    pub sets: Vec<SetStart>,
    /// Which records.
    pub filter: Filter,
    /// In which order.
    pub order: Vec<Order>,
    /// At most this many records of each set.
    pub limit: usize,
    /// The fields that are wanted.
    pub fields: FieldSet,
}

/// A record that could not be mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The source set.
    pub set: SourceSet,
    /// The ERP's own id, if at least that could be read.
    pub id: Option<Box<str>>,
    /// Which field has which value, and why that cannot be.
    pub reason: String,
}

/// A record of a page with the position after it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The record.
    pub record: Arc<Record>,
    /// Where a list goes on that showed this record last.
    pub position: Position,
}

/// The part of a page that comes from one source set.
#[derive(Debug, Clone)]
pub struct SetPage {
    /// The source set.
    pub set: SourceSet,
    /// The records in the requested order.
    pub rows: Vec<Row>,
    /// Where the list goes on after everything that was read, also what was quarantined; none at the end of the list.
    pub next: Option<Position>,
    /// Records that could not be mapped.
    pub quarantined: Vec<Quarantined>,
}

impl SetPage {
    /// A part without records, at the end of its list.
    pub fn empty(set: &SourceSet) -> Self {
        Self { set: set.clone(), rows: Vec::new(), next: None, quarantined: Vec::new() }
    }
}

/// A page of a list: one part for each requested source set, in the order of the request.
#[derive(Debug, Clone)]
pub struct Page {
    /// The parts.
    pub sets: Vec<SetPage>,
    /// The part of the filter that the ERP did not evaluate, and the records were therefore not tested by.
    /// The fields that it needs are in the records. [`Filter::ALL`] if nothing is left.
    pub left: Filter,
}

/// How many records there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// This many.
    Exact(u64),
    /// The ERP cannot tell without reading them all.
    Unknown,
}

/// The children of many parents: for each parent the first records in the order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChildrenQuery {
    /// The children's field that points to the parent.
    pub via: FieldId,
    /// The parents.
    pub parents: Vec<RemoteRef>,
    /// Which children.
    pub filter: Filter,
    /// In which order.
    pub order: Vec<Order>,
    /// At most this many of each source set for each parent.
    pub per_parent: usize,
    /// The source sets that are wanted.
    pub sets: Vec<SourceSet>,
    /// The fields that are wanted.
    pub fields: FieldSet,
}

/// The children of many parents.
#[derive(Debug, Clone)]
pub struct Children {
    /// For each parent, in the order of the request, one part for each source set. `next` is set where there are more.
    pub parents: Vec<Vec<SetPage>>,
    /// As in [`Page`]. With a rest, `per_parent` records were read before the rest is applied: the caller reads on.
    pub left: Filter,
}

/// By what sums and counts are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// By the value of a field.
    Field(FieldId),
    /// By the period in which a date lies; the group's key is the first day of the period.
    Period(FieldId, Period),
}

/// The length of the periods of a grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// A day.
    Day,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// Sums and counts over the records of an entity that pass a filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AggregateQuery {
    /// The source sets that are wanted: a credit note is summed apart from an invoice.
    pub sets: Vec<SourceSet>,
    /// Which records. Unlike a list, nothing of it is left to the caller.
    pub filter: Filter,
    /// The groups, at most one row for each combination that occurs. With none, one row over all.
    pub group_by: Vec<GroupBy>,
    /// The fields that are summed: decimals, and amounts. An amount in document currency is summed only where
    /// `currency` is one of the groups.
    pub sums: Vec<FieldId>,
}

/// One group of an aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateRow {
    /// The source set.
    pub set: SourceSet,
    /// The value of each grouping, in its order.
    pub keys: Vec<Value>,
    /// How many records; none where the ERP tells only sums.
    pub count: Option<u64>,
    /// The sum of each summed field, in the order of the query; zero where no record has a value.
    pub sums: Vec<Decimal>,
}

/// A call in the ERP's own terms, for an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct RawCall {
    /// What is called on: Odoo's model, an OData or REST path, `query` in QuickBooks.
    pub target: String,
    /// The method: Odoo's method, or the HTTP method.
    pub method: String,
    /// Positional arguments, or the query string as pairs.
    pub args: serde_json::Value,
    /// Named arguments, or the body.
    pub kwargs: serde_json::Value,
}

/// The code that speaks to one ERP. It is shared by all callers and never holds state of a single one.
#[async_trait]
pub trait Adapter: Send + Sync + 'static {
    /// Which ERP it speaks to.
    fn info(&self) -> &Info;

    /// Breaker and quota of the host and login that it speaks to; none before its first call.
    fn host(&self) -> Option<Arc<HostState>>;

    /// What the ERP can do with an entity.
    fn capability(&self, entity: EntityType) -> Capability;

    /// The source sets of an entity, empty where the system has none.
    fn sets(&self, entity: EntityType) -> Vec<SourceSet>;

    /// The cheapest authenticated call: tells whether the settings work, and what is behind them.
    async fn probe(&self, ctx: &Ctx) -> Result<ServerInfo>;

    /// A page of a list, in as few calls as the ERP allows.
    async fn list(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page>;

    /// How many records pass a filter, over all source sets.
    async fn count(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Count>;

    /// Records by their ids, in the order of the ids; none where the ERP has no such record (any more).
    async fn get_many(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        ids: &[RemoteRef],
        fields: FieldSet,
    ) -> Result<Vec<Option<Arc<Record>>>>;

    /// The first children of many parents. The number of calls does not grow with the number of parents beyond the
    /// ERP's limit for one call.
    async fn list_children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children>;

    /// Sums and counts, evaluated by the ERP itself; it never reads the records one by one.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::error::ErrorKind) where the ERP cannot evaluate the filter, a grouping or a sum
    /// exactly.
    async fn aggregate(&self, ctx: &Ctx, entity: EntityType, query: &AggregateQuery) -> Result<Vec<AggregateRow>> {
        let _ = (ctx, query);
        Err(crate::error::Error::unsupported(format!("This ERP does not sum {}.", entity.def().plural)))
    }

    /// A call in the ERP's own terms.
    async fn call(&self, ctx: &Ctx, call: &RawCall) -> Result<serde_json::Value>;
}
