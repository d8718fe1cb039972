//! Pages of lists: the connection types of each entity, and what a page tells beside its records.

use crate::{
    comparator::words,
    erp::Erp,
    error::{self, Error, ErrorCode},
    object::{CATALOGUE, by_name, field, name_of, register},
    ports::{
        Count as Counted, CountPrecision, Cursors, Listed, Origin as From, Pushdown, ServedFrom,
        SourceReport as Report, SourceStatus,
    },
    request::RequestState,
    scalars::DateTime,
};
use adapters::model::EntityDef;
use async_graphql::{
    Context, Object,
    registry::{ObjectBuilder, Registry},
};

/// The type `XConnection` of an entity, with its edges.
pub(crate) fn connection_type(def: &'static EntityDef, registry: &mut Registry) -> String {
    register(registry, &format!("{}Connection", def.name), |registry| {
        let many = words(def.plural);
        let (node, edge) = (def.name, edge_type(def, registry));
        let fields = by_name([
            field("nodes", format!("[{node}!]!"), format!("The {many} of this page.")),
            field("edges", format!("[{edge}!]!"), format!("The {many} of this page, each with its cursor.")),
            field(
                "pageInfo",
                format!("{}!", name_of::<PageInfo>(registry)),
                "Whether there is more, and where it begins.",
            ),
            field(
                "totalCount",
                name_of::<Count>(registry),
                format!("How many {many} there are on all pages. ERPs are asked for it only when it is selected."),
            ),
            field(
                "sources",
                format!("[{}!]!", name_of::<SourceReport>(registry)),
                "What each ERP answered: which one failed, how old its part is, who evaluated the conditions.",
            ),
        ]);
        ObjectBuilder::new(format!("{}Connection", def.name), fields)
            .description(Some(format!("A page of a list of {many}.")))
            .rust_typename(CATALOGUE)
            .build()
    })
}

fn edge_type(def: &'static EntityDef, registry: &mut Registry) -> String {
    register(registry, &format!("{}Edge", def.name), |registry| {
        let cursor = format!("{}!", name_of::<String>(registry));
        let fields = by_name([
            field("node", format!("{}!", def.name), "The record."),
            field("cursor", cursor, "Its place in the list: `after` goes on behind it."),
        ]);
        ObjectBuilder::new(format!("{}Edge", def.name), fields)
            .description(Some(format!("A record in a list of {}, with its place.", words(def.plural))))
            .rust_typename(CATALOGUE)
            .build()
    })
}

/// Whether there is more.
pub(crate) struct PageInfo<'a> {
    pub(crate) has_next_page: bool,
    pub(crate) has_previous_page: bool,
    pub(crate) rows: usize,
    pub(crate) cursors: &'a Cursors,
}

impl<'a> PageInfo<'a> {
    pub(crate) fn of(listed: &'a Listed) -> Self {
        Self {
            has_next_page: listed.has_next_page,
            has_previous_page: listed.has_previous_page,
            rows: listed.rows.len(),
            cursors: &listed.cursors,
        }
    }
}

/// Whether a list has more pages, and the cursors at the ends of this one.
#[Object(shareable)]
impl PageInfo<'_> {
    /// Whether there are more records after this page.
    async fn has_next_page(&self) -> bool {
        self.has_next_page
    }
    /// Whether there are records before this page.
    async fn has_previous_page(&self) -> bool {
        self.has_previous_page
    }
    /// The cursor of the first record; null on an empty page.
    async fn start_cursor(&self) -> Option<String> {
        (self.rows > 0).then(|| (self.cursors)(0))
    }
    /// The cursor of the last record: send it as `after` to get the next page. Null on an empty page.
    async fn end_cursor(&self) -> Option<String> {
        self.rows.checked_sub(1).map(|last| (self.cursors)(last))
    }
}

/// A number of records.
pub(crate) struct Count(pub(crate) Counted);

/// A number of records, and how sure it is.
#[Object(shareable)]
impl Count {
    /// How many; null if nobody can tell.
    async fn value(&self) -> Option<i32> {
        self.0.value.map(|value| i32::try_from(value).unwrap_or(i32::MAX))
    }
    /// How sure the number is.
    async fn precision(&self) -> CountPrecision {
        match self.0.value {
            // More than GraphQL's `Int` can say.
            Some(value) if i32::try_from(value).is_err() => CountPrecision::AtLeast,
            _ => self.0.precision,
        }
    }
}

/// Where a record comes from.
pub(crate) struct Origin(pub(crate) From);

/// Where a record comes from, and how old it is.
#[Object(shareable)]
impl Origin {
    /// Who gave it.
    async fn served_from(&self) -> ServedFrom {
        self.0.served_from
    }
    /// When the ERP said so.
    async fn as_of(&self) -> DateTime {
        DateTime(self.0.as_of)
    }
    /// How long ago that was, in milliseconds.
    async fn age_ms(&self, ctx: &Context<'_>) -> i32 {
        RequestState::of(ctx).age_ms(self.0.as_of)
    }
}

/// What one ERP answered.
pub(crate) struct SourceReport<'a>(pub(crate) &'a Report);

/// What one ERP answered for a list.
#[Object]
impl SourceReport<'_> {
    /// Which ERP.
    async fn erp(&self, ctx: &Context<'_>) -> Option<Erp> {
        RequestState::of(ctx).erp(&self.0.erp).map(Erp)
    }
    /// Whether it answered.
    async fn status(&self) -> SourceStatus {
        self.0.status
    }
    /// Who gave its part; null if it is missing.
    async fn served_from(&self) -> Option<ServedFrom> {
        self.0.served_from
    }
    /// When the ERP said so; the oldest answer counts.
    async fn as_of(&self) -> Option<DateTime> {
        self.0.as_of.map(DateTime)
    }
    /// How long ago that was, in milliseconds.
    async fn age_ms(&self, ctx: &Context<'_>) -> Option<i32> {
        self.0.as_of.map(|as_of| RequestState::of(ctx).age_ms(as_of))
    }
    /// How many records of the page are its own.
    async fn records(&self) -> u32 {
        self.0.records
    }
    /// How many records could not be understood and are missing for that reason.
    async fn quarantined(&self) -> u32 {
        self.0.quarantined
    }
    /// How many requests were sent to the ERP.
    async fn calls(&self, ctx: &Context<'_>) -> u32 {
        RequestState::of(ctx).watch.momentary();
        self.0.calls
    }
    /// How long its part took, in milliseconds.
    async fn took_ms(&self, ctx: &Context<'_>) -> i32 {
        RequestState::of(ctx).watch.momentary();
        error::millis(self.0.took)
    }
    /// Who evaluated the conditions of `where`.
    async fn filtering(&self) -> Pushdown {
        self.0.filtering
    }
    /// Why it failed, or why its part is stale.
    async fn error(&self) -> Option<SourceError<'_>> {
        self.0.error.as_ref().map(SourceError)
    }
}

/// A failure of an ERP.
pub(crate) struct SourceError<'a>(pub(crate) &'a Error);

/// Why an ERP failed.
#[Object]
impl SourceError<'_> {
    /// What went wrong, as far as a client can act on it.
    async fn code(&self) -> ErrorCode {
        self.0.code
    }
    /// The same for a person.
    async fn message(&self) -> &str {
        &self.0.message
    }
    /// Whether the same request may succeed a little later.
    async fn retryable(&self) -> bool {
        self.0.retryable
    }
    /// How long to wait before that, in milliseconds, where the ERP said so.
    async fn retry_after_ms(&self) -> Option<i32> {
        self.0.retry_after.map(error::millis)
    }
}
