//! Reads over all ERPs: asks those that the caller may see, all at once, and makes one answer of theirs.

mod children;
mod cursor;
mod freshness;
mod merge;
mod narrow;
mod records;
mod source;
#[cfg(test)]
mod tests;

pub(crate) use cursor::Seal;
pub(crate) use freshness::Freshness;
pub(crate) use source::Limits;

use crate::{
    erps::{ConnectedErp, ErpRegistry},
    flight::Flights,
};
use adapters::{
    Error as SourceFailure, ErrorKind,
    adapter::{self, Ctx, SetStart},
    filter::Filter,
    model::{ErpId, FieldSet, RecordKey},
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cursor::{At, Place, query_of};
use futures_util::future::join_all;
use merge::{Stream, cursors, merge};
use moka::future::Cache;
use narrow::{narrow, of_parent};
use records::Records;
use schema::{
    error::{Error, ErrorCode, Result},
    ports::{
        ChildrenRequest, Count, CountPrecision, Fetched, ListRequest, Listed, Origin, Principal, Pushdown, ReadMode,
        ReadOptions, Reads, RightsKey, ServedFrom, SourceReport, SourceStatus,
    },
};
use source::{Answer, Chunk, Lists, Shape, timed_out};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// The reading side of the gateway.
///
/// Answers of an ERP are kept for everybody who may know of the ERP, which is checked first. Calls under way are joined only by
/// those who may see and do the same.
pub(crate) struct Federation {
    erps: Arc<ErpRegistry>,
    lists: Arc<Lists>,
    records: Arc<Records>,
    counts: Cache<CountKey, (adapter::Count, DateTime<Utc>)>,
    counting: Arc<Flights<(CountKey, RightsKey), adapter::Count>>,
    families: Arc<children::Families>,
    seal: Arc<Seal>,
    limits: Limits,
    clock: fn() -> DateTime<Utc>,
}

/// A generation of an ERP, and what is counted.
type CountKey = (u64, adapters::model::EntityType, Filter);

/// How many filters have their counts remembered.
const COUNTS: u64 = 10_000;

impl Federation {
    pub(crate) fn new(erps: Arc<ErpRegistry>, seal: Seal, limits: Limits, clock: fn() -> DateTime<Utc>) -> Self {
        Self {
            erps,
            lists: Lists::new(limits, clock),
            records: Records::new(limits, clock),
            counts: Cache::builder().max_capacity(COUNTS).time_to_live(limits.freshness.on_error).build(),
            counting: Arc::default(),
            families: Arc::default(),
            seal: Arc::new(seal),
            limits,
            clock,
        }
    }

    /// The ERPs that a list asks.
    fn asked(&self, who: &Principal, request: &ListRequest) -> Vec<Arc<ConnectedErp>> {
        let mut erps = self.erps.of(who);
        erps.retain(|erp| match (&request.of, &request.erps) {
            (Some((parent, _)), _) => parent.erp == erp.id,
            (None, Some(only)) => only.contains(&erp.id),
            (None, None) => true,
        });
        erps
    }

    /// A request's filter as an ERP takes it.
    fn narrowed(&self, erp: &ConnectedErp, request: &ListRequest) -> Filter {
        let today = (self.clock)().date_naive();
        let filter = narrow(request.filter.clone(), request.entity, &erp.id, today);
        match &request.of {
            Some((parent, via)) => of_parent(filter, parent, *via),
            None => filter,
        }
    }

    /// One ERP's part of a list.
    async fn part(
        &self,
        erp: &Arc<ConnectedErp>,
        request: &ListRequest,
        places: Option<&[Place]>,
        rights: &RightsKey,
    ) -> Part {
        let started = Instant::now();
        let mut part = Part::new(erp);
        if erp.paused {
            part.report.status = SourceStatus::Skipped;
            part.report.error = Some(paused(erp));
            // Where the list has got to stays in its cursors: it may go on when the ERP does.
            let places = places.into_iter().flatten();
            part.unread.extend(places.filter(|place| place.erp == erp.id).cloned());
            return part;
        }
        if !erp.adapter.capability(request.entity).list {
            part.report.status = SourceStatus::Skipped;
            part.report.error = Some(unsupported(erp, request));
            return part;
        }
        let filter = self.narrowed(erp, request);
        if filter.is_none() {
            part.report.status = SourceStatus::Skipped;
            return part;
        }
        let mut starts = Vec::new();
        for set in erp.adapter.sets(request.entity) {
            let place = places.map(|places| places.iter().find(|p| p.erp == erp.id && p.set == set));
            match place {
                None => starts.push(SetStart { set, after: None }),
                Some(Some(Place { at: At::Start, .. })) => starts.push(SetStart { set, after: None }),
                Some(Some(Place { at: At::After(after), .. })) => {
                    starts.push(SetStart { set, after: Some(after.clone()) })
                }
                Some(Some(at_end)) => part.unread.push(at_end.clone()),
                // Connected after the list began: its records would come out of order.
                Some(None) => part.unread.push(Place { erp: erp.id.clone(), set, at: At::End }),
            }
        }
        if starts.is_empty() {
            return part;
        }
        let shape = shape(erp, request, filter);
        let answer = match request.options.mode {
            ReadMode::Replica => {
                Err(SourceFailure::unsupported("There is no replica of this ERP: it has not been synced."))
            }
            _ => self.lists.page(erp, &shape, &starts, request.first, &request.options, rights).await,
        };
        part.report.took = started.elapsed();
        match answer {
            Ok(answer) => {
                if let Some(error) = &answer.failure {
                    part.stale(failure(erp, error));
                }
                part.fill(erp, starts, answer);
            }
            Err(error) => part.fail(erp, starts, failure(erp, &error)),
        }
        part.shape = Some(shape);
        part
    }

    /// Merges the parts of a list.
    async fn listed(&self, request: &ListRequest, query: String, parts: Vec<Part>) -> Listed {
        let mut reports = Vec::with_capacity(parts.len());
        let mut streams = Vec::new();
        let mut unread = Vec::new();
        let mut shapes = HashMap::new();
        for part in parts {
            if let Some(shape) = part.shape {
                shapes.insert(shape.erp.clone(), shape);
            }
            streams.extend(part.streams);
            unread.extend(part.unread);
            reports.push(part.report);
        }
        let failed = unread.iter().any(|place| place.at != At::End);
        let merged = merge(streams, unread, &request.order, request.first);
        for (stream, after, rest) in merged.rests() {
            if let Some(shape) = shapes.get(&stream.erp) {
                let rest = Chunk {
                    rows: rest.to_vec(),
                    next: stream.next.clone(),
                    quarantined: 0,
                    pushdown: Pushdown::None,
                    as_of: stream.as_of,
                };
                self.lists.keep(shape, &stream.set, after.clone(), rest).await;
            }
        }
        let rows: Arc<[Fetched]> = merged
            .rows()
            .map(|(row, stream)| Fetched {
                record: Arc::clone(&row.record),
                origin: Origin { served_from: stream.served_from, as_of: row.record.read_at },
            })
            .collect();
        for row in rows.iter() {
            if let Some(report) = reports.iter_mut().find(|r| r.erp == row.record.key.erp) {
                report.records += 1;
            }
        }
        // A source that failed may have more; going on asks it again.
        let has_next_page = merged.has_more() || (failed && !rows.is_empty());
        Listed {
            rows,
            cursors: cursors(Arc::new(merged), query, Arc::clone(&self.seal)),
            has_next_page,
            has_previous_page: request.after.is_some(),
            sources: reports.into(),
        }
    }
}

/// What a list reads of an ERP; with the fields that its order compares.
fn shape(erp: &ConnectedErp, request: &ListRequest, filter: Filter) -> Arc<Shape> {
    Arc::new(Shape {
        erp: erp.id.clone(),
        generation: erp.generation,
        entity: request.entity,
        filter,
        order: request.order.clone(),
        fields: request.fields.union(request.order.iter().map(|key| key.field).collect()),
    })
}

/// One ERP's part of a list.
struct Part {
    report: SourceReport,
    streams: Vec<Stream>,
    /// Sets that are not read, with their places.
    unread: Vec<Place>,
    shape: Option<Arc<Shape>>,
}

impl Part {
    fn new(erp: &ConnectedErp) -> Self {
        let report = SourceReport {
            erp: erp.id.clone(),
            status: SourceStatus::Ok,
            served_from: None,
            as_of: None,
            records: 0,
            quarantined: 0,
            calls: 0,
            took: Duration::ZERO,
            filtering: Pushdown::None,
            error: None,
        };
        Self { report, streams: Vec::new(), unread: Vec::new(), shape: None }
    }

    fn fill(&mut self, erp: &ConnectedErp, starts: Vec<SetStart>, answer: Answer) {
        self.report.served_from = Some(answer.served_from);
        self.report.as_of = answer.chunks.iter().map(|chunk| chunk.as_of).min();
        self.report.calls = answer.calls;
        self.report.quarantined = answer.chunks.iter().map(|chunk| chunk.quarantined).sum();
        self.report.filtering = answer.chunks.first().map_or(Pushdown::None, |chunk| chunk.pushdown);
        self.streams = starts
            .into_iter()
            .zip(answer.chunks)
            .map(|(start, chunk)| Stream {
                erp: erp.id.clone(),
                set: start.set,
                start: start.after,
                rows: chunk.rows.clone(),
                next: chunk.next.clone(),
                served_from: answer.served_from,
                as_of: chunk.as_of,
            })
            .collect();
    }

    /// An older answer stands in for the ERP.
    fn stale(&mut self, why: Error) {
        self.report.status = SourceStatus::Stale;
        self.report.error = Some(why);
    }

    /// Nothing stands in for the ERP.
    fn fail(&mut self, erp: &ConnectedErp, starts: Vec<SetStart>, why: Error) {
        self.report.status = SourceStatus::Failed;
        self.report.error = Some(why);
        self.unread.extend(starts.into_iter().map(|start| Place {
            erp: erp.id.clone(),
            set: start.set,
            at: start.after.map_or(At::Start, At::After),
        }));
    }
}

/// An ERP's failure as a client may see it; what only the operator may see goes to the log.
fn failure(erp: &ConnectedErp, error: &SourceFailure) -> Error {
    if error.kind == ErrorKind::Unauthorized || erp.is_given_up() {
        erp.suspect();
    }
    tracing::warn!(erp.id = %erp.id, erp.system = erp.system, ?error, "an ERP failed while it was read");
    Error::of_source(error, erp.id.clone(), erp.system)
}

/// Why nothing of a paused ERP is shown.
fn paused(erp: &ConnectedErp) -> Error {
    let message = "This ERP is paused: nothing is asked of it until an administrator resumes it.";
    let source = Some((erp.id.clone(), erp.system.into()));
    Error { source, ..Error::new(ErrorCode::SourceUnavailable, message) }
}

fn unsupported(erp: &ConnectedErp, request: &ListRequest) -> Error {
    let message = format!("`{}` cannot be read from this ERP.", request.entity.def().plural);
    Error::of_source(&SourceFailure::unsupported(message), erp.id.clone(), erp.system)
}

#[async_trait]
impl Reads for Federation {
    async fn list(&self, who: &Principal, request: &ListRequest) -> Result<Listed> {
        let query = query_of(request);
        let places = request.after.as_ref().map(|cursor| self.seal.open(&query, request, cursor)).transpose()?;
        let parts: Vec<_> = if request.first == 0 {
            self.asked(who, request).iter().map(|erp| Part::new(erp)).collect()
        } else {
            let (asked, rights) = (self.asked(who, request), who.rights_key());
            join_all(asked.iter().map(|erp| self.part(erp, request, places.as_deref(), &rights))).await
        };
        Ok(self.listed(request, query, parts).await)
    }

    async fn count(&self, who: &Principal, request: &ListRequest) -> Result<Count> {
        let (asked, rights) = (self.asked(who, request), who.rights_key());
        let counts = join_all(asked.iter().map(|erp| self.count_of(erp, request, &rights))).await;
        let mut sum = Count { value: None, precision: CountPrecision::Exact, origin: None };
        for count in counts {
            match count {
                Counted::Of(adapter::Count::Exact(n), origin) => {
                    sum.value = Some(sum.value.unwrap_or_default() + n);
                    sum.origin = Some(sum.origin.map_or(origin, |sum| older(sum, origin)));
                }
                Counted::Nothing => sum.value = Some(sum.value.unwrap_or_default()),
                Counted::Of(adapter::Count::Unknown, _) | Counted::Failed => sum.precision = CountPrecision::AtLeast,
            }
        }
        match (sum.value, sum.precision) {
            (None, CountPrecision::Exact) => sum.value = Some(0),
            (None, _) => sum.precision = CountPrecision::Unknown,
            _ => {}
        }
        Ok(sum)
    }

    async fn get_many(
        &self,
        who: &Principal,
        keys: &[RecordKey],
        fields: FieldSet,
        options: &ReadOptions,
    ) -> Vec<Result<Option<Fetched>>> {
        let mut by_erp: HashMap<&ErpId, Vec<usize>> = HashMap::new();
        for (at, key) in keys.iter().enumerate() {
            by_erp.entry(&key.erp).or_default().push(at);
        }
        let rights = who.rights_key();
        let reads = by_erp.into_iter().filter_map(|(id, places)| Some((self.erps.find(who, id)?, places)));
        let read = join_all(reads.map(async |(erp, places)| {
            let keys: Vec<_> = places.iter().map(|at| keys[*at].clone()).collect();
            let answers = if erp.paused {
                keys.iter().map(|_| Err(paused(&erp))).collect()
            } else {
                let answers = self.records.get(&erp, &keys, fields, options, &rights).await;
                answers.into_iter().map(|answer| answer.map_err(|error| failure(&erp, &error))).collect::<Vec<_>>()
            };
            places.into_iter().zip(answers).collect::<Vec<_>>()
        }))
        .await;
        let mut answers: Vec<_> = keys.iter().map(|_| Ok(None)).collect();
        for (at, answer) in read.into_iter().flatten() {
            answers[at] = answer;
        }
        answers
    }

    async fn children(&self, who: &Principal, parents: &[RecordKey], request: &ChildrenRequest) -> Vec<Result<Listed>> {
        let mut by_erp: HashMap<&ErpId, Vec<usize>> = HashMap::new();
        for (at, parent) in parents.iter().enumerate() {
            by_erp.entry(&parent.erp).or_default().push(at);
        }
        let rights = who.rights_key();
        let read = join_all(by_erp.into_iter().map(async |(id, places)| {
            let Some(erp) = self.erps.find(who, id) else { return Vec::new() };
            let family: Vec<_> = places.iter().map(|at| &parents[*at]).collect();
            let listed = self.children_of(&erp, &family, request, &rights).await;
            places.into_iter().zip(listed).collect()
        }))
        .await;
        let mut answers: Vec<Option<Listed>> = parents.iter().map(|_| None).collect();
        for (at, listed) in read.into_iter().flatten() {
            answers[at] = Some(listed);
        }
        let unseen = || Error::new(ErrorCode::NotFound, "There is no such record.");
        answers.into_iter().map(|listed| listed.ok_or_else(unseen)).collect()
    }
}

/// How many records one ERP has.
enum Counted {
    /// None, without being asked.
    Nothing,
    /// So many.
    Of(adapter::Count, Origin),
    /// It does not answer.
    Failed,
}

/// The origin of what was made of two parts.
fn older(a: Origin, b: Origin) -> Origin {
    let served_from = if a.served_from == ServedFrom::Cache { b.served_from } else { a.served_from };
    Origin { served_from, as_of: a.as_of.min(b.as_of) }
}

impl Federation {
    async fn count_of(&self, erp: &Arc<ConnectedErp>, request: &ListRequest, rights: &RightsKey) -> Counted {
        if erp.paused {
            return Counted::Failed;
        }
        if !erp.adapter.capability(request.entity).list {
            return Counted::Nothing;
        }
        let filter = self.narrowed(erp, request);
        if filter.is_none() {
            return Counted::Nothing;
        }
        let key = (erp.generation, request.entity, filter.clone());
        let cached = self.counts.get(&key).await;
        let now = (self.clock)();
        let usable =
            cached.map(|(count, as_of)| (count, as_of, self.limits.freshness.of(&request.options, as_of, now)));
        if let Some((count, as_of, of @ (freshness::Use::Fresh | freshness::Use::Revalidate))) = usable {
            let served_from = if of == freshness::Use::Fresh { ServedFrom::Cache } else { ServedFrom::StaleCache };
            return Counted::Of(count, Origin { served_from, as_of });
        }
        let (adapter, entity, limit) = (Arc::clone(&erp.adapter), request.entity, self.limits.call);
        let landing = self.counting.join((key.clone(), rights.clone()), async move {
            adapter.count(&Ctx::interactive(now, limit), entity, &filter).await
        });
        let wait = request.options.wait(self.limits.wait);
        match tokio::time::timeout(wait, landing).await.unwrap_or_else(|_| Err(timed_out(wait))) {
            Ok(count) => {
                self.counts.insert(key, (count, now)).await;
                Counted::Of(count, Origin { served_from: ServedFrom::Live, as_of: now })
            }
            Err(error) => {
                failure(erp, &error);
                match usable {
                    Some((count, as_of, freshness::Use::IfErpFails)) => {
                        Counted::Of(count, Origin { served_from: ServedFrom::StaleCache, as_of })
                    }
                    _ => Counted::Failed,
                }
            }
        }
    }
}
