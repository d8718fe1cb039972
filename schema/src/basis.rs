//! What an answer was made of: whether it may be given again, and until when.

use crate::{
    error::Result,
    ports::{
        ChildrenRequest, Count, CountPrecision, Fetched, ListRequest, Listed, Origin, Permission, Principal, ReadMode,
        ReadOptions, Reads, ServedFrom, SourceStatus,
    },
};
use adapters::model::{FieldSet, RecordKey};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What an answer was made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Basis {
    /// Something in it holds for this one answer only: what an ERP gave just now or did not give, an age, a status.
    pub momentary: bool,
    /// The oldest of what was read from a cache as fresh by the gateway's own rule.
    pub oldest: Option<DateTime<Utc>>,
    /// When the first of what was read ceases to be as young as the query asks.
    pub until: Option<DateTime<Utc>>,
}

impl Basis {
    /// Until when the same answer may be given again, if what is read stays fresh this long; none if it may not.
    pub fn lasts_until(&self, fresh: Duration) -> Option<DateTime<Utc>> {
        match (self.momentary, self.oldest.map(|oldest| oldest + fresh), self.until) {
            (true, ..) => None,
            (false, Some(a), Some(b)) => Some(a.min(b)),
            (false, a, b) => a.or(b),
        }
    }
}

/// Collects what an answer is made of while it is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Basis>>);

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Basis> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was collected.
    pub(crate) fn basis(&self) -> Basis {
        *self.lock()
    }

    /// The answer shows something that holds for the moment only.
    pub(crate) fn momentary(&self) {
        self.lock().momentary = true;
    }

    fn read(&self, origin: Origin, options: &ReadOptions) {
        let mut basis = self.lock();
        if origin.served_from != ServedFrom::Cache || options.mode != ReadMode::Auto {
            basis.momentary = true;
        }
        let (limit, at) = match options.max_age {
            Some(age) => (&mut basis.until, origin.as_of + age),
            None => (&mut basis.oldest, origin.as_of),
        };
        *limit = Some(limit.map_or(at, |limit| limit.min(at)));
    }

    fn listed(&self, listed: &Result<Listed>, options: &ReadOptions) {
        let Ok(listed) = listed else { return self.momentary() };
        for source in listed.sources.iter() {
            match (source.status, source.served_from, source.as_of) {
                (SourceStatus::Ok, Some(served_from), Some(as_of)) => self.read(Origin { served_from, as_of }, options),
                // At its end, or it has no such records.
                (SourceStatus::Ok, None, _) | (SourceStatus::Skipped, ..) => {}
                _ => self.momentary(),
            }
        }
    }

    fn counted(&self, count: &Result<Count>, options: &ReadOptions) {
        match count {
            Ok(Count { precision: CountPrecision::Exact, origin, .. }) => {
                if let Some(origin) = origin {
                    self.read(*origin, options);
                }
            }
            _ => self.momentary(),
        }
    }
}

/// The reads of one request, watched. Records are read in no other way: here it is decided whether the caller may.
pub(crate) struct Watched {
    pub(crate) reads: Arc<dyn Reads>,
    pub(crate) watch: Watch,
}

#[async_trait]
impl Reads for Watched {
    async fn list(&self, who: &Principal, request: &ListRequest) -> Result<Listed> {
        who.require(Permission::ReadRecords)?;
        let listed = self.reads.list(who, request).await;
        self.watch.listed(&listed, &request.options);
        listed
    }

    async fn count(&self, who: &Principal, request: &ListRequest) -> Result<Count> {
        who.require(Permission::ReadRecords)?;
        let count = self.reads.count(who, request).await;
        self.watch.counted(&count, &request.options);
        count
    }

    async fn get_many(
        &self,
        who: &Principal,
        keys: &[RecordKey],
        fields: FieldSet,
        options: &ReadOptions,
    ) -> Vec<Result<Option<Fetched>>> {
        if let Err(error) = who.require(Permission::ReadRecords) {
            return keys.iter().map(|_| Err(error.clone())).collect();
        }
        let records = self.reads.get_many(who, keys, fields, options).await;
        for record in &records {
            match record {
                Ok(Some(record)) => self.watch.read(record.origin, options),
                _ => self.watch.momentary(),
            }
        }
        records
    }

    async fn children(&self, who: &Principal, parents: &[RecordKey], request: &ChildrenRequest) -> Vec<Result<Listed>> {
        if let Err(error) = who.require(Permission::ReadRecords) {
            return parents.iter().map(|_| Err(error.clone())).collect();
        }
        let lists = self.reads.children(who, parents, request).await;
        lists.iter().for_each(|listed| self.watch.listed(listed, &request.options));
        lists
    }

    async fn count_children(
        &self,
        who: &Principal,
        parents: &[RecordKey],
        request: &ChildrenRequest,
    ) -> Vec<Result<Count>> {
        if let Err(error) = who.require(Permission::ReadRecords) {
            return parents.iter().map(|_| Err(error.clone())).collect();
        }
        let counts = self.reads.count_children(who, parents, request).await;
        counts.iter().for_each(|count| self.watch.counted(count, &request.options));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const FRESH: Duration = Duration::from_secs(30);

    fn of(reads: &[(ServedFrom, u64, ReadOptions)]) -> Option<i64> {
        let watch = Watch::default();
        for (served_from, second, options) in reads {
            watch.read(Origin { served_from: *served_from, as_of: READ + Duration::from_secs(*second) }, options);
        }
        watch.basis().lasts_until(FRESH).map(|until| until.timestamp())
    }

    #[test]
    fn an_answer_lasts_as_long_as_its_earliest_part() {
        let auto = ReadOptions::default();
        let young = ReadOptions { max_age: Some(Duration::from_secs(5)), ..auto };
        let old = ReadOptions { max_age: Some(Duration::from_secs(3600)), ..auto };
        assert_eq!(of(&[(ServedFrom::Cache, 7, auto), (ServedFrom::Cache, 3, auto)]), Some(33));
        assert_eq!(of(&[(ServedFrom::Cache, 7, auto), (ServedFrom::Cache, 3, young)]), Some(8));
        assert_eq!(of(&[(ServedFrom::Cache, 7, old)]), Some(3607));
        assert_eq!(of(&[]), None, "what read nothing need not be kept");
    }

    #[test]
    fn only_what_a_cache_gave_lasts() {
        let auto = ReadOptions::default();
        for served_from in [ServedFrom::Live, ServedFrom::StaleCache, ServedFrom::Replica] {
            assert_eq!(of(&[(ServedFrom::Cache, 0, auto), (served_from, 0, auto)]), None, "{served_from:?}");
        }
        assert_eq!(of(&[(ServedFrom::Cache, 0, ReadOptions { mode: ReadMode::Live, ..auto })]), None);
    }
}
