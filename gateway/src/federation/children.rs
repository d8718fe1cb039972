//! The first children of many parents: in one call for each ERP, however many parents there are.

use super::{
    Federation, Part,
    cursor::query_of,
    failure,
    freshness::Use,
    narrow::{narrow, reference},
    shape,
    source::{Answer, Chunk, Shape, log_quarantined, pushdown, timed_out},
};
use crate::{
    erps::ConnectedErp,
    flight::{Flights, Landing},
};
use adapters::{
    Error, Result,
    adapter::{ChildrenQuery, Ctx, SetStart},
    filter::matches,
    model::{EntityType, RecordKey, SourceSet},
};
use futures_util::future::join_all;
use schema::{
    error::Error as ApiError,
    ports::{ChildrenRequest, ListRequest, Listed, ReadMode, RightsKey, ServedFrom},
};
use std::sync::Arc;
use tokio::time::Instant;

/// Calls for children that are under way, each of a generation of an ERP.
pub(super) type Families = Flights<(u64, EntityType, ChildrenQuery, RightsKey), Arc<Called>>;

/// For each parent one chunk for each source set, and the number of HTTP exchanges it took.
pub(super) struct Called {
    parents: Vec<Vec<Arc<Chunk>>>,
    calls: u32,
}

/// The list of one parent's children.
struct Family {
    request: ListRequest,
    shape: Arc<Shape>,
    /// What the cache has of every source set, with the use that is the least good one.
    cached: Option<(Use, Vec<Arc<Chunk>>)>,
}

impl Federation {
    /// The first children of many parents of one ERP, one list for each parent.
    pub(super) async fn children_of(
        &self,
        erp: &Arc<ConnectedErp>,
        parents: &[&RecordKey],
        request: &ChildrenRequest,
        rights: &RightsKey,
    ) -> Vec<Listed> {
        let sets = erp.adapter.sets(request.entity);
        let families = join_all(parents.iter().map(|parent| self.family(erp, parent, request, &sets))).await;
        let readable = !erp.paused
            && erp.adapter.capability(request.entity).list
            && request.first > 0
            && request.options.mode != ReadMode::Replica
            && families.first().is_some_and(|family| !family.shape.filter.is_none());
        if !readable {
            return join_all(families.iter().map(async |family| {
                let part = if request.first == 0 {
                    Part::new(erp)
                } else {
                    self.part(erp, &family.request, None, rights).await
                };
                self.listed(&family.request, query_of(&family.request), vec![part]).await
            }))
            .await;
        }

        let having = |wanted: fn(Use) -> bool| -> Vec<&Family> {
            families.iter().filter(|family| wanted(family.cached.as_ref().map_or(Use::Never, |(of, _)| *of))).collect()
        };
        let old = having(|of| of == Use::Revalidate);
        if !old.is_empty() {
            // Its answer is for the cache; nobody waits for it.
            drop(self.call_children(erp, &old, request, &sets, rights));
        }
        let missing = having(|of| matches!(of, Use::IfErpFails | Use::Never));
        let started = Instant::now();
        let called = if missing.is_empty() {
            None
        } else {
            let called = self.wait_for_children(erp, &missing, request, &sets, rights).await;
            // Told once, not for each parent.
            Some(called.map_err(|error| failure(erp, &error)))
        };
        let took = started.elapsed();

        let mut fetched = match &called {
            Some(Ok(called)) => called.parents.as_slice(),
            _ => &[],
        }
        .iter();
        let answers = families.iter().map(|family| {
            let from_cache = |served_from| {
                Ok((served_from, family.cached.iter().flat_map(|(_, chunks)| chunks.iter().cloned()).collect()))
            };
            let answer: Result<(ServedFrom, Vec<Arc<Chunk>>), ApiError> =
                match (family.cached.as_ref().map(|(of, _)| *of), &called) {
                    (Some(Use::Fresh), _) => from_cache(ServedFrom::Cache),
                    (Some(Use::Revalidate), _) => from_cache(ServedFrom::StaleCache),
                    (_, Some(Ok(_))) => Ok((ServedFrom::Live, fetched.next().cloned().unwrap_or_default())),
                    (_, Some(Err(error))) => Err(error.clone()),
                    (_, None) => Err(ApiError::internal()),
                };
            (family, answer)
        });
        let answers: Vec<_> = answers.collect();
        let calls = match &called {
            Some(Ok(called)) => called.calls,
            _ => 0,
        };
        join_all(answers.into_iter().map(async |(family, answer)| {
            let starts = || sets.iter().map(|set| SetStart { set: set.clone(), after: None }).collect();
            let mut part = Part::new(erp);
            match answer {
                Ok((served_from, chunks)) => {
                    let calls = if served_from == ServedFrom::Live { calls } else { 0 };
                    if chunks.iter().any(|chunk| chunk.rows.len() < request.first && chunk.next.is_some()) {
                        // The ERP left a part of the filter to the gateway, and too few children passed it.
                        part = self.part(erp, &family.request, None, rights).await;
                    } else {
                        part.fill(erp, starts(), Answer { chunks, served_from, calls, failure: None });
                    }
                }
                Err(error) => match &family.cached {
                    Some((Use::IfErpFails, chunks)) => {
                        let answer = Answer {
                            chunks: chunks.clone(),
                            served_from: ServedFrom::StaleCache,
                            calls: 0,
                            failure: None,
                        };
                        part.fill(erp, starts(), answer);
                        part.stale(error);
                    }
                    _ => part.fail(erp, starts(), error),
                },
            }
            part.report.took = took;
            part.shape = Some(Arc::clone(&family.shape));
            self.listed(&family.request, query_of(&family.request), vec![part]).await
        }))
        .await
    }

    async fn family(
        &self,
        erp: &ConnectedErp,
        parent: &RecordKey,
        request: &ChildrenRequest,
        sets: &[SourceSet],
    ) -> Family {
        let request = request.of(parent.clone(), None);
        let shape = shape(erp, &request, self.narrowed(erp, &request));
        let now = (self.clock)();
        let mut chunks = Vec::with_capacity(sets.len());
        let mut least = Use::Fresh;
        for set in sets {
            let start = SetStart { set: set.clone(), after: None };
            let Some(chunk) = self.lists.cached(&shape, &start).await.filter(|c| c.enough(request.first)) else {
                return Family { request, shape, cached: None };
            };
            let of = self.limits.freshness.of(&request.options, chunk.as_of, now);
            least = least.max(of);
            chunks.push(chunk);
        }
        Family { request, shape, cached: Some((least, chunks)) }
    }

    async fn wait_for_children(
        &self,
        erp: &Arc<ConnectedErp>,
        families: &[&Family],
        request: &ChildrenRequest,
        sets: &[SourceSet],
        rights: &RightsKey,
    ) -> Result<Arc<Called>> {
        let wait = request.options.wait(self.limits.wait);
        let landing = self.call_children(erp, families, request, sets, rights);
        tokio::time::timeout(wait, landing).await.unwrap_or_else(|_| Err(timed_out(wait)))
    }

    fn call_children(
        &self,
        erp: &Arc<ConnectedErp>,
        families: &[&Family],
        request: &ChildrenRequest,
        sets: &[SourceSet],
        rights: &RightsKey,
    ) -> Landing<Arc<Called>> {
        let now = (self.clock)();
        let query = ChildrenQuery {
            via: request.via,
            parents: families
                .iter()
                .filter_map(|f| f.request.of.as_ref())
                .map(|(parent, _)| reference(parent))
                .collect(),
            filter: narrow(request.filter.clone(), request.entity, &erp.id, now.date_naive()),
            order: request.order.clone(),
            per_parent: request.first,
            sets: sets.to_vec(),
            fields: families.first().map_or(request.fields, |family| family.shape.fields),
        };
        let shapes: Vec<_> = families.iter().map(|family| Arc::clone(&family.shape)).collect();
        let (lists, erp, limit, entity) = (Arc::clone(&self.lists), Arc::clone(erp), self.limits.call, request.entity);
        self.families.join((erp.generation, entity, query.clone(), rights.clone()), async move {
            let ctx = Ctx::interactive(now, limit);
            let children = erp.adapter.list_children(&ctx, entity, &query).await?;
            if children.parents.len() != shapes.len() {
                return Err(Error::bad_response("The adapter did not answer for every parent."));
            }
            let pushdown = pushdown(&query.filter, &children.left);
            let mut parents = Vec::with_capacity(shapes.len());
            for (shape, sets) in shapes.iter().zip(children.parents) {
                let mut chunks = Vec::with_capacity(sets.len());
                for part in sets {
                    log_quarantined(&erp, &part.quarantined);
                    let chunk = Arc::new(Chunk {
                        rows: part.rows.into_iter().filter(|row| matches(&children.left, &row.record)).collect(),
                        next: part.next,
                        quarantined: part.quarantined.len() as u32,
                        pushdown,
                        as_of: ctx.now,
                    });
                    lists.put(shape, SetStart { set: part.set, after: None }, Arc::clone(&chunk)).await;
                    chunks.push(chunk);
                }
                parents.push(chunks);
            }
            Ok(Arc::new(Called { parents, calls: ctx.calls_made() }))
        })
    }
}
