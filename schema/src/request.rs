//! What one request carries through its execution.

use crate::{
    basis::{Watch, Watched},
    limits::MAX_ENTITIES,
    loader::Loader,
    ports::{ErpView, Ports, Principal, ReadOptions, Reads},
};
use adapters::model::ErpId;
use async_graphql::ContextBase;
use chrono::{DateTime, NaiveDate, Utc};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// The state of one request; [`Api::execute`](crate::Api::execute) makes it.
pub(crate) struct RequestState {
    pub(crate) ports: Ports,
    pub(crate) who: Arc<Principal>,
    /// One time for the whole answer.
    pub(crate) now: DateTime<Utc>,
    /// When the answer has to be there.
    deadline: Instant,
    pub(crate) loader: Loader,
    pub(crate) watch: Watch,
    entities: AtomicUsize,
}

impl RequestState {
    pub(crate) fn new(ports: Ports, who: Arc<Principal>, time: Duration) -> Self {
        let (now, watch) = ((ports.clock)(), Watch::default());
        let reads: Arc<dyn Reads> = Arc::new(Watched { reads: ports.reads, watch: watch.clone() });
        let ports = Ports { reads: Arc::clone(&reads), ..ports };
        Self {
            ports,
            loader: Loader::new(reads, Arc::clone(&who)),
            who,
            now,
            deadline: Instant::now() + time,
            watch,
            entities: AtomicUsize::new(0),
        }
    }

    /// The state of the request that is being executed.
    pub(crate) fn of<'a, T>(ctx: &ContextBase<'a, T>) -> &'a Self {
        // The schema is reachable only through `Api`, which puts the state into every request.
        ctx.data_unchecked::<Self>()
    }

    /// How to read where the query does not say.
    pub(crate) fn options(&self) -> ReadOptions {
        ReadOptions { deadline: Some(self.deadline), ..ReadOptions::default() }
    }

    /// Counts a representation of `_entities`; whether there may be one more.
    pub(crate) fn one_more_entity(&self) -> bool {
        self.entities.fetch_add(1, Ordering::Relaxed) < MAX_ENTITIES
    }

    /// The day by which computed fields are computed.
    pub(crate) fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// How old an answer is, in milliseconds as GraphQL's `Int` can hold them.
    pub(crate) fn age_ms(&self, as_of: DateTime<Utc>) -> i32 {
        self.watch.momentary();
        (self.now - as_of).num_milliseconds().clamp(0, i32::MAX.into()) as i32
    }

    /// An ERP, if the caller may know of it.
    pub(crate) fn erp(&self, id: &ErpId) -> Option<Arc<ErpView>> {
        self.ports.erps.get(&self.who, id)
    }
}
