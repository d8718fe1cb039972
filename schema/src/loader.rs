//! Loads related records: one call of the port for each kind of question and level of a query.

use crate::{
    batch::{Answers, Batcher},
    error::Result,
    ports::{ChildrenRequest, Fetched, Listed, Principal, ReadOptions, Reads},
};
use adapters::model::{EntityType, FieldSet, RecordKey};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Loads for one request; it keeps nothing, the gateway's cache does.
pub(crate) struct Loader {
    reads: Arc<dyn Reads>,
    who: Arc<Principal>,
    records: Groups<(EntityType, ReadOptions), Result<Option<Fetched>>>,
    children: Groups<ChildrenRequest, Result<Listed>>,
}

/// A batcher for each question that can be put for many keys at once.
struct Groups<G, V>(Mutex<HashMap<G, Arc<Batcher<V>>>>);

impl<G: Eq + Hash, V> Groups<G, V> {
    fn of(&self, group: G) -> Arc<Batcher<V>> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(group).or_default())
    }
}

impl Loader {
    pub(crate) fn new(reads: Arc<dyn Reads>, who: Arc<Principal>) -> Self {
        Self { reads, who, records: Groups(Mutex::default()), children: Groups(Mutex::default()) }
    }

    /// Records of one entity by their keys.
    pub(crate) async fn records(
        &self,
        entity: EntityType,
        keys: Arc<[RecordKey]>,
        fields: FieldSet,
        options: ReadOptions,
    ) -> Answers<Result<Option<Fetched>>> {
        let load =
            |keys: Vec<RecordKey>, fields| async move { self.reads.get_many(&self.who, &keys, fields, &options).await };
        self.records.of((entity, options)).ask(keys, fields, load).await
    }

    /// The first children of parents of one entity. Questions that differ only in the fields they show are one.
    pub(crate) async fn children(
        &self,
        parents: Arc<[RecordKey]>,
        request: &ChildrenRequest,
    ) -> Answers<Result<Listed>> {
        let load = |parents: Vec<RecordKey>, fields| async move {
            let request = ChildrenRequest { fields, ..request.clone() };
            self.reads.children(&self.who, &parents, &request).await
        };
        let group = ChildrenRequest { fields: FieldSet::EMPTY, ..request.clone() };
        self.children.of(group).ask(parents, request.fields, load).await
    }
}
