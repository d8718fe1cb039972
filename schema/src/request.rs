//! What one request carries through its execution.

use crate::{
    basis::{Watch, Watched},
    erp::Erp,
    limits::MAX_ENTITIES,
    loader::Loader,
    ports::{Caller, ErpView, Ports, ReadOptions, Reads},
    raw::RawReads,
};
use adapters::model::ErpId;
use async_graphql::ContextBase;
use chrono::{DateTime, NaiveDate, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The state of one request; [`Api::execute`](crate::Api::execute) makes it.
pub(crate) struct RequestState {
    pub(crate) ports: Ports,
    pub(crate) caller: Caller,
    /// One time for the whole answer.
    pub(crate) now: DateTime<Utc>,
    /// When the answer has to be there.
    deadline: Instant,
    pub(crate) loader: Loader,
    pub(crate) watch: Watch,
    pub(crate) raw: RawReads,
    /// How many representations each `_entities` of the request has had, by the name it has in the answer.
    entities: Mutex<HashMap<String, usize>>,
}

impl RequestState {
    pub(crate) fn new(ports: Ports, caller: Caller, time: Duration) -> Self {
        let (now, watch) = ((ports.clock)(), Watch::default());
        let reads: Arc<dyn Reads> = Arc::new(Watched { reads: ports.reads, watch: watch.clone() });
        let ports = Ports { reads: Arc::clone(&reads), ..ports };
        Self {
            ports,
            loader: Loader::new(reads, Arc::clone(&caller.who)),
            caller,
            now,
            deadline: Instant::now() + time,
            watch,
            raw: RawReads::default(),
            entities: Mutex::default(),
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

    /// Counts a representation of the `_entities` of this name: its index, or none if the request has too many.
    pub(crate) fn next_entity(&self, name: &str) -> Option<usize> {
        let mut entities = self.entities.lock().unwrap_or_else(PoisonError::into_inner);
        let room = entities.values().sum::<usize>() < MAX_ENTITIES;
        let next = entities.entry(name.into()).or_default();
        let index = *next;
        *next += 1;
        room.then_some(index)
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

    /// The ERPs that the caller may know of, by name.
    pub(crate) fn erps(&self) -> Vec<Erp> {
        self.ports.erps.visible(&self.caller.who).into_iter().map(Erp).collect()
    }

    /// An ERP, if the caller may know of it.
    pub(crate) fn erp(&self, id: &ErpId) -> Option<Arc<ErpView>> {
        self.ports.erps.get(&self.caller.who, id)
    }
}
