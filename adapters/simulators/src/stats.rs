//! Counts what a simulator served, so that a test can prove how many calls a query took.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

/// What was served since the start or the last reset; the answer of `GET /__stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// HTTP requests, those to `/__…` excepted.
    pub requests: u64,
    /// Operations by name, such as `search_read account.move`; one request may carry out several.
    pub by_operation: BTreeMap<String, u64>,
    /// Requests that were answered by a fault.
    pub faults_served: u64,
    /// Requests being answered now.
    pub in_flight: u64,
    /// The most that ever were at once.
    pub max_in_flight: u64,
}

impl Stats {
    /// How often an operation was carried out.
    pub fn operation(&self, name: &str) -> u64 {
        self.by_operation.get(name).copied().unwrap_or_default()
    }
}

/// The running count.
#[derive(Debug, Default)]
pub(crate) struct Counter(Mutex<Stats>);

impl Counter {
    pub(crate) fn snapshot(&self) -> Stats {
        self.lock().clone()
    }

    /// Starts again from zero; what is in flight stays so.
    pub(crate) fn reset(&self) {
        let mut stats = self.lock();
        let in_flight = stats.in_flight;
        *stats = Stats { in_flight, max_in_flight: in_flight, ..Stats::default() };
    }

    pub(crate) fn operation(&self, name: &str) {
        let mut stats = self.lock();
        match stats.by_operation.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                stats.by_operation.insert(name.to_owned(), 1);
            }
        }
    }

    pub(crate) fn fault(&self) {
        self.lock().faults_served += 1;
    }

    pub(crate) fn request(&self) -> InFlight<'_> {
        let mut stats = self.lock();
        stats.requests += 1;
        stats.in_flight += 1;
        stats.max_in_flight = stats.max_in_flight.max(stats.in_flight);
        InFlight(self)
    }

    fn lock(&self) -> MutexGuard<'_, Stats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered; dropped when it is answered or its client has gone.
pub(crate) struct InFlight<'a>(&'a Counter);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}
