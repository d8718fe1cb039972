//! Reading records.

use crate::{
    error::{Error, Result},
    ports::Principal,
};
use adapters::{
    adapter::Order,
    filter::{Filter, Operand},
    model::{EntityType, ErpId, FieldId, FieldSet, Record, RecordKey},
};
use async_graphql::Enum;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Reads records of all ERPs that a principal may see.
///
/// One failing ERP is no error of a list: its [`SourceReport`] tells. An `Err` means that nothing can be answered, for
/// example because a cursor belongs to another query. The API itself turns a failed source into an error where
/// [`ReadOptions::on_source_error`] says so.
#[async_trait]
pub trait Reads: Send + Sync + 'static {
    /// A page of a list.
    async fn list(&self, who: &Principal, request: &ListRequest) -> Result<Listed>;

    /// How many records pass the filter of a list; `first`, `after`, `order` and `fields` do not matter.
    async fn count(&self, who: &Principal, request: &ListRequest) -> Result<Count>;

    /// Records of one entity by their keys: one answer for each key in the order of the keys, none where there is no
    /// such record. All keys of one level of a query come in one call, without repetition, from any ERP and source set.
    async fn get_many(
        &self,
        who: &Principal,
        keys: &[RecordKey],
        fields: FieldSet,
        options: &ReadOptions,
    ) -> Vec<Result<Option<Fetched>>>;

    /// The first children of many parents of one entity: one answer for each parent in the order of the parents. All
    /// parents of one level of a query come in one call, without repetition, from any ERP and source set.
    async fn children(&self, who: &Principal, parents: &[RecordKey], request: &ChildrenRequest) -> Vec<Result<Listed>>;

    /// How many children each of many parents has, as for [`Reads::children`]. Unless the port knows better, each
    /// parent is counted by itself, all at once.
    async fn count_children(
        &self,
        who: &Principal,
        parents: &[RecordKey],
        request: &ChildrenRequest,
    ) -> Vec<Result<Count>> {
        let requests: Vec<ListRequest> = parents.iter().map(|parent| request.of(parent.clone(), None)).collect();
        join_all(requests.iter().map(|request| self.count(who, request))).await
    }
}

/// Which page of which list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListRequest {
    /// The record type.
    pub entity: EntityType,
    /// At most this many records; may be 0.
    pub first: usize,
    /// Where an earlier page ended: a cursor of [`Listed::cursors`], as the client sent it.
    pub after: Option<String>,
    /// Which records. It already hides what [`EntityDef::hidden_unless`](adapters::model::EntityDef) hides; conditions
    /// on computed fields are still in it.
    pub filter: Filter<Operand>,
    /// In which order, never empty.
    pub order: Vec<Order>,
    /// Of these ERPs only, each visible to the principal; of all if none is named.
    pub erps: Option<Vec<ErpId>>,
    /// The fields that the answer shows, computed ones replaced by those they need.
    pub fields: FieldSet,
    /// How to read.
    pub options: ReadOptions,
    /// Set where the list is one parent's children: only records of the parent's ERP whose field points to it.
    pub of: Option<(RecordKey, FieldId)>,
}

/// Which children of each parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChildrenRequest {
    /// The record type of the children.
    pub entity: EntityType,
    /// The children's field that points to the parent.
    pub via: FieldId,
    /// At most this many for each parent; may be 0.
    pub first: usize,
    /// As in [`ListRequest`].
    pub filter: Filter<Operand>,
    /// As in [`ListRequest`].
    pub order: Vec<Order>,
    /// As in [`ListRequest`].
    pub fields: FieldSet,
    /// As in [`ListRequest`].
    pub options: ReadOptions,
}

impl ChildrenRequest {
    /// The same as a list of one parent's children. A cursor in [`Listed::cursors`] of a parent belongs to that list.
    pub fn of(&self, parent: RecordKey, after: Option<String>) -> ListRequest {
        ListRequest {
            entity: self.entity,
            first: self.first,
            after,
            filter: self.filter.clone(),
            order: self.order.clone(),
            erps: None,
            fields: self.fields,
            options: self.options,
            of: Some((parent, self.via)),
        }
    }
}

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ReadOptions {
    /// From where.
    pub mode: ReadMode,
    /// Accept a cached answer up to this age; zero asks the ERP.
    pub max_age: Option<Duration>,
    /// Wait at most this long for each ERP.
    pub timeout: Option<Duration>,
    /// When the whole request has to be answered: no ERP is waited for any longer than that.
    pub deadline: Option<Instant>,
    /// What a failing ERP does to the answer. The API itself turns [`SourceReport::error`] into an error; a port may
    /// use it to stop early.
    pub on_source_error: OnSourceError,
}

impl ReadOptions {
    /// How long to wait for each ERP from now on, where it is `usual` unless the caller wants something else.
    pub fn wait(&self, usual: Duration) -> Duration {
        let wait = self.timeout.unwrap_or(usual);
        self.deadline.map_or(wait, |deadline| wait.min(deadline.saturating_duration_since(Instant::now())))
    }
}

/// Where an answer may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Enum)]
pub enum ReadMode {
    /// From the ERP or a fresh cache; where the ERP fails, from a stale cache, then from the replica.
    #[default]
    Auto,
    /// From the ERP, not from a cache.
    Live,
    /// From the replica that syncs keep.
    Replica,
}

/// What a failing ERP does to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Enum)]
pub enum OnSourceError {
    /// The answer holds what the other ERPs gave; `sources` tells which one failed.
    #[default]
    Partial,
    /// The field is null and an error says which ERP failed.
    Fail,
}

/// A record and where it comes from.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The record. It holds at least the fields that were asked for.
    pub record: Arc<Record>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Who gave it.
    pub served_from: ServedFrom,
    /// When the ERP said so.
    pub as_of: DateTime<Utc>,
}

/// Who gave an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum ServedFrom {
    /// The ERP, just now.
    Live,
    /// A cached answer that is still fresh.
    Cache,
    /// A cached answer that is no longer fresh, because the ERP does not answer or is being asked again.
    StaleCache,
    /// The replica that syncs keep.
    Replica,
}

/// Makes the cursor of the row of a number. Sealing takes time: it is called only for cursors that are selected.
pub type Cursors = Arc<dyn Fn(usize) -> String + Send + Sync>;

/// A page of a list.
#[derive(Clone)]
pub struct Listed {
    /// The records in their order, at most [`ListRequest::first`].
    pub rows: Arc<[Fetched]>,
    /// Makes the opaque cursor of each row.
    pub cursors: Cursors,
    /// Whether there is more after them.
    pub has_next_page: bool,
    /// Whether there is more before them.
    pub has_previous_page: bool,
    /// What each ERP answered.
    pub sources: Arc<[SourceReport]>,
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed")
            .field("rows", &self.rows)
            .field("has_next_page", &self.has_next_page)
            .field("has_previous_page", &self.has_previous_page)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

/// A number of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many, if that is known.
    pub value: Option<u64>,
    /// How sure that is.
    pub precision: CountPrecision,
    /// Where it comes from: the oldest part counts. None if no ERP had to be asked.
    pub origin: Option<Origin>,
}

/// How sure a number of records is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum CountPrecision {
    /// Exactly that many.
    Exact,
    /// That many or more: an ERP did not answer, or cannot count.
    AtLeast,
    /// Nobody can tell.
    Unknown,
}

/// What one ERP answered for a list.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceReport {
    /// Which ERP.
    pub erp: ErpId,
    /// Whether it answered.
    pub status: SourceStatus,
    /// Who gave its part, if anybody did.
    pub served_from: Option<ServedFrom>,
    /// When the ERP said so.
    pub as_of: Option<DateTime<Utc>>,
    /// How many of the page's records are its own.
    pub records: u32,
    /// How many records could not be mapped and are missing for that reason.
    pub quarantined: u32,
    /// How many requests were sent to it.
    pub calls: u32,
    /// How long its part took.
    pub took: Duration,
    /// Who evaluated the conditions.
    pub filtering: Pushdown,
    /// Why it failed, or why its part is stale.
    pub error: Option<Error>,
}

/// Whether an ERP answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum SourceStatus {
    /// Its part is complete and fresh.
    Ok,
    /// It failed, and an older answer or the replica stands in.
    Stale,
    /// It failed, and its part is missing.
    Failed,
    /// It was not asked: it has no such records, or it is paused.
    Skipped,
}

/// Who evaluated the conditions of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum Pushdown {
    /// The ERP.
    Source,
    /// The gateway.
    Gateway,
    /// The ERP a part of them, the gateway the rest.
    Mixed,
    /// Nobody: there were none.
    None,
}
