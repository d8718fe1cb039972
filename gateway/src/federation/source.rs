//! Reads pages of one ERP: from the list cache where it may, else from the ERP, once for all who ask the same.

use super::freshness::{Freshness, Use};
use crate::{
    erps::ConnectedErp,
    flight::{Flights, Landing},
};
use adapters::{
    Error, ErrorKind, Result,
    adapter::{Ctx, ListQuery, Order, Position, Row, SetStart},
    filter::{Filter, matches},
    model::{EntityType, ErpId, FieldSet, SourceSet},
};
use chrono::{DateTime, Utc};
use moka::future::Cache;
use schema::ports::{Pushdown, ReadOptions, RightsKey, ServedFrom};
use std::{sync::Arc, time::Duration};

/// What a list is, apart from the place in it: the records of one ERP that pass a filter, in an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) erp: ErpId,
    /// What was read with other settings of the ERP is another list.
    pub(super) generation: u64,
    pub(super) entity: EntityType,
    pub(super) filter: Filter,
    pub(super) order: Vec<Order>,
    pub(super) fields: FieldSet,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    shape: Arc<Shape>,
    start: SetStart,
}

/// Consecutive records of one source set.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) rows: Vec<Row>,
    /// Where the source goes on; none at its end.
    pub(super) next: Option<Position>,
    pub(super) quarantined: u32,
    pub(super) pushdown: Pushdown,
    pub(super) as_of: DateTime<Utc>,
}

impl Chunk {
    pub(super) fn enough(&self, wanted: usize) -> bool {
        self.rows.len() >= wanted || self.next.is_none()
    }

    /// This chunk and the one that goes on after it.
    fn join(&self, more: &Self) -> Arc<Self> {
        Arc::new(Self {
            rows: self.rows.iter().chain(&more.rows).cloned().collect(),
            next: more.next.clone(),
            quarantined: self.quarantined + more.quarantined,
            pushdown: more.pushdown,
            as_of: self.as_of.min(more.as_of),
        })
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.rows.iter().map(|row| size_of::<Row>() + row.record.size()).sum::<usize>()
    }
}

/// What one ERP gave for a list: one chunk for each source set that was asked for, in that order.
pub(super) struct Answer {
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) served_from: ServedFrom,
    pub(super) calls: u32,
    /// Why older chunks stand in for the ERP.
    pub(super) failure: Option<Error>,
}

/// What a call to an ERP brought, with the number of HTTP exchanges it took.
type Called = (Vec<Arc<Chunk>>, u32);
type Flight = (Arc<Shape>, Vec<SetStart>, usize, RightsKey);

/// Limits of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How old answers may be.
    pub(crate) freshness: Freshness,
    /// How long a caller waits for an ERP unless it says otherwise.
    pub(crate) wait: Duration,
    /// How long a call to an ERP may take, though nobody may be waiting any more: its answer is still worth caching.
    pub(crate) call: Duration,
    /// How many bytes of records the caches hold.
    pub(crate) cache_bytes: u64,
    /// How many records are read for a filter that the ERP cannot evaluate, before giving up.
    pub(crate) scan: usize,
}

/// Pages of lists, kept for all callers who may see the ERP.
pub(super) struct Lists {
    chunks: Cache<Key, Arc<Chunk>>,
    flights: Arc<Flights<Flight, Arc<Called>>>,
    limits: Limits,
    clock: fn() -> DateTime<Utc>,
}

/// With a filter that is left to the gateway, pages of this size are read.
const SCAN_PAGE: usize = 200;

impl Lists {
    pub(super) fn new(limits: Limits, clock: fn() -> DateTime<Utc>) -> Arc<Self> {
        let chunks = Cache::builder()
            .max_capacity(limits.cache_bytes)
            .weigher(|_, chunk: &Arc<Chunk>| u32::try_from(chunk.size()).unwrap_or(u32::MAX))
            .time_to_live(limits.freshness.on_error)
            .build();
        Arc::new(Self { chunks, flights: Arc::default(), limits, clock })
    }

    /// At least `wanted` records of each source set from its place on, if there are so many.
    pub(super) async fn page(
        self: &Arc<Self>,
        erp: &Arc<ConnectedErp>,
        shape: &Arc<Shape>,
        starts: &[SetStart],
        wanted: usize,
        options: &ReadOptions,
        rights: &RightsKey,
    ) -> Result<Answer> {
        let now = (self.clock)();
        let mut parts = Vec::with_capacity(starts.len());
        let mut asked = Vec::new();
        for start in starts {
            let cached = self.cached(shape, start).await;
            let cached = cached.map(|chunk| (self.limits.freshness.of(options, chunk.as_of, now), chunk));
            let part = Part::of(cached, wanted);
            if let Some(after) = part.goes_on_after(start) {
                asked.push(SetStart { set: start.set.clone(), after });
            }
            parts.push(part);
        }
        if asked.is_empty() {
            let old = parts.iter().any(|part| matches!(part, Part::Have { old: true, .. }));
            if old {
                // Its answer is for the cache; nobody waits for it.
                drop(self.call(erp, shape, starts.to_vec(), wanted, rights));
            }
            let served_from = if old { ServedFrom::StaleCache } else { ServedFrom::Cache };
            let chunks = parts.into_iter().filter_map(Part::into_chunk).collect();
            return Ok(Answer { chunks, served_from, calls: 0, failure: None });
        }

        let wait = options.wait(self.limits.wait);
        let called = tokio::time::timeout(wait, self.call(erp, shape, asked, wanted, rights)).await;
        match called.unwrap_or_else(|_| Err(timed_out(wait))) {
            Ok(called) => {
                let (chunks, calls) = &*called;
                let mut fetched = chunks.iter();
                let chunks = parts.into_iter().filter_map(|part| match part {
                    Part::Have { chunk, .. } => Some(chunk),
                    Part::TooShort(had) => fetched.next().map(|more| had.join(more)),
                    Part::Missing { .. } => fetched.next().cloned(),
                });
                Ok(Answer { chunks: chunks.collect(), served_from: ServedFrom::Live, calls: *calls, failure: None })
            }
            Err(error) => {
                let chunks: Vec<_> = parts.into_iter().filter_map(Part::into_chunk).collect();
                if chunks.len() < starts.len() {
                    return Err(error);
                }
                Ok(Answer { chunks, served_from: ServedFrom::StaleCache, calls: 0, failure: Some(error) })
            }
        }
    }

    /// Keeps records that were read and not shown for whoever goes on after the shown ones.
    pub(super) async fn keep(&self, shape: &Arc<Shape>, set: &SourceSet, after: Position, rest: Chunk) {
        let start = SetStart { set: set.clone(), after: Some(after) };
        self.put(shape, start, Arc::new(rest)).await;
    }

    pub(super) async fn put(&self, shape: &Arc<Shape>, start: SetStart, chunk: Arc<Chunk>) {
        self.chunks.insert(Key { shape: Arc::clone(shape), start }, chunk).await;
    }

    pub(super) async fn cached(&self, shape: &Arc<Shape>, start: &SetStart) -> Option<Arc<Chunk>> {
        self.chunks.get(&Key { shape: Arc::clone(shape), start: start.clone() }).await
    }

    /// Asks the ERP, or joins whoever is asking it the same.
    fn call(
        self: &Arc<Self>,
        erp: &Arc<ConnectedErp>,
        shape: &Arc<Shape>,
        starts: Vec<SetStart>,
        wanted: usize,
        rights: &RightsKey,
    ) -> Landing<Arc<Called>> {
        let (this, erp, shape) = (Arc::clone(self), Arc::clone(erp), Arc::clone(shape));
        self.flights.join((Arc::clone(&shape), starts.clone(), wanted, rights.clone()), async move {
            let ctx = Ctx::interactive((this.clock)(), this.limits.call);
            let scan = Scan { erp: &erp, shape: &shape, limit: this.limits.scan };
            let chunks: Vec<_> = scan.read(&ctx, &starts, wanted).await?.into_iter().map(Arc::new).collect();
            for (start, chunk) in starts.into_iter().zip(&chunks) {
                this.put(&shape, start, Arc::clone(chunk)).await;
            }
            Ok(Arc::new((chunks, ctx.calls_made())))
        })
    }
}

/// What the cache has of one source set.
enum Part {
    /// Enough that may be given; `old` if the ERP should be asked again.
    Have { chunk: Arc<Chunk>, old: bool },
    /// It may be given, but there is more to read.
    TooShort(Arc<Chunk>),
    /// Nothing that may be given, unless the ERP fails.
    Missing { if_erp_fails: Option<Arc<Chunk>> },
}

impl Part {
    fn of(cached: Option<(Use, Arc<Chunk>)>, wanted: usize) -> Self {
        match cached {
            Some((of @ (Use::Fresh | Use::Revalidate), chunk)) if chunk.enough(wanted) => {
                Self::Have { chunk, old: of == Use::Revalidate }
            }
            Some((Use::Fresh, chunk)) => Self::TooShort(chunk),
            Some((Use::Revalidate | Use::IfErpFails, chunk)) => Self::Missing { if_erp_fails: Some(chunk) },
            Some((Use::Never, _)) | None => Self::Missing { if_erp_fails: None },
        }
    }

    /// Where the ERP has to be asked, if it has to.
    fn goes_on_after(&self, start: &SetStart) -> Option<Option<Position>> {
        match self {
            Self::Have { .. } => None,
            Self::TooShort(chunk) => Some(chunk.next.clone()),
            Self::Missing { .. } => Some(start.after.clone()),
        }
    }

    fn into_chunk(self) -> Option<Arc<Chunk>> {
        match self {
            Self::Have { chunk, .. } | Self::TooShort(chunk) => Some(chunk),
            Self::Missing { if_erp_fails } => if_erp_fails,
        }
    }
}

pub(super) fn timed_out(wait: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("The ERP did not answer within {} ms.", wait.as_millis()))
}

/// Reads until every source set has enough records that pass the part of the filter that the ERP leaves to the gateway.
struct Scan<'a> {
    erp: &'a ConnectedErp,
    shape: &'a Shape,
    limit: usize,
}

impl Scan<'_> {
    async fn read(&self, ctx: &Ctx, starts: &[SetStart], wanted: usize) -> Result<Vec<Chunk>> {
        let empty =
            |_| Chunk { rows: Vec::new(), next: None, quarantined: 0, pushdown: Pushdown::None, as_of: ctx.now };
        let mut chunks: Vec<Chunk> = starts.iter().map(empty).collect();
        let mut waiting: Vec<(usize, SetStart)> = starts.iter().cloned().enumerate().collect();
        let mut limit = wanted;
        let mut read = 0;
        while !waiting.is_empty() {
            if read >= self.limit {
                return Err(self.too_much(read));
            }
            let query = ListQuery {
                sets: waiting.iter().map(|(_, start)| start.clone()).collect(),
                filter: self.shape.filter.clone(),
                order: self.shape.order.clone(),
                limit,
                fields: self.shape.fields,
            };
            let page = self.erp.adapter.list(ctx, self.shape.entity, &query).await?;
            if page.sets.len() != waiting.len() {
                return Err(Error::bad_response("The adapter did not answer for every source set."));
            }
            let pushdown = pushdown(&self.shape.filter, &page.left);
            let mut goes_on = Vec::new();
            for ((place, start), part) in waiting.into_iter().zip(page.sets) {
                let chunk = &mut chunks[place];
                read += part.rows.len();
                chunk.rows.extend(part.rows.into_iter().filter(|row| matches(&page.left, &row.record)));
                chunk.quarantined += part.quarantined.len() as u32;
                chunk.pushdown = pushdown;
                log_quarantined(self.erp, &part.quarantined);
                chunk.next = part.next;
                if chunk.next.is_some() && chunk.rows.len() < wanted {
                    goes_on.push((place, SetStart { set: start.set, after: chunk.next.clone() }));
                }
            }
            waiting = goes_on;
            limit = limit.max(SCAN_PAGE);
        }
        Ok(chunks)
    }

    fn too_much(&self, read: usize) -> Error {
        Error::unsupported(format!(
            "This ERP cannot evaluate the whole filter, and the gateway found too few matches among {read} records. \
             Narrow the filter, for example by a date or a status, or sync this ERP."
        ))
    }
}

pub(super) fn log_quarantined(erp: &ConnectedErp, quarantined: &[adapters::adapter::Quarantined]) {
    for record in quarantined {
        tracing::warn!(
            erp.id = %erp.id, source.set = %record.set, remote.id = record.id.as_deref(), reason = %record.reason,
            "a record could not be mapped and is left out"
        );
    }
}

/// Who evaluates a filter, if this is left of it.
pub(super) fn pushdown(filter: &Filter, left: &Filter) -> Pushdown {
    if filter.is_all() {
        Pushdown::None
    } else if left.is_all() {
        Pushdown::Source
    } else if left == filter {
        Pushdown::Gateway
    } else {
        Pushdown::Mixed
    }
}
