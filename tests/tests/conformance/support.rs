//! What the cases share: running one, reading lists as the gateway does, comparing ids.

use crate::clock::FastClock;
use adapters::{
    Error, ErrorKind, Result,
    adapter::{ListQuery, Position, Row, SetStart},
    filter::matches,
    model::{EntityType, FieldId, Record, RemoteRef, SourceSet},
};
use simulators::Options;
use std::{cmp::Ordering, ops::Deref, sync::Arc};
use tests::{Spec, Target};

/// A record's identity inside one ERP and entity.
pub(crate) type Key = (String, String);

/// What a case works with: a target that is logged in, under a fast clock.
pub(crate) struct Case {
    target: Target,
    clock: Arc<FastClock>,
}

impl Deref for Case {
    type Target = Target;

    fn deref(&self) -> &Target {
        &self.target
    }
}

impl Case {
    async fn start(spec: Spec, clock: Arc<FastClock>, change: impl FnOnce(&mut Options)) -> Self {
        let target = Target::with(spec, change).await;
        clock.take_along(&target.simulator);
        target.warm_up().await;
        Self { target, clock }
    }

    /// Another target of the same kind, with other options of its simulator.
    pub(crate) async fn another(&self, change: impl FnOnce(&mut Options)) -> Self {
        Self::start(self.spec, Arc::clone(&self.clock), change).await
    }
}

/// Runs a case.
pub(crate) async fn run<C>(spec: Spec, case: impl FnOnce(Case) -> C)
where
    C: Future<Output = ()>,
{
    let clock = Arc::new(FastClock::start());
    case(Case::start(spec, clock, |_| {}).await).await;
}

/// Says that a case does not apply.
pub(crate) fn skipped(target: &Target, why: &str) {
    println!("skipped: {}: {why}", target.spec.name);
}

/// All records of one source set that a list gave, in its order.
#[derive(Debug)]
pub(crate) struct SetRows {
    pub(crate) set: SourceSet,
    pub(crate) rows: Vec<Row>,
}

/// Reads a list to its end, page by page, and tests what the ERP left to the gateway.
pub(crate) async fn read_all(target: &Target, entity: EntityType, query: &ListQuery) -> Result<Vec<SetRows>> {
    let mut read: Vec<_> =
        query.sets.iter().map(|start| SetRows { set: start.set.clone(), rows: Vec::new() }).collect();
    let mut waiting: Vec<(usize, SetStart)> = query.sets.iter().cloned().enumerate().collect();
    while !waiting.is_empty() {
        let sets = waiting.iter().map(|(_, start)| start.clone()).collect();
        let page = target.adapter.list(&target.ctx(), entity, &ListQuery { sets, ..query.clone() }).await?;
        assert_eq!(page.sets.len(), waiting.len(), "one part for each source set");
        let mut goes_on = Vec::new();
        for ((place, start), part) in waiting.into_iter().zip(page.sets) {
            assert_eq!(part.set, start.set, "the order of the request");
            assert!(part.rows.len() <= query.limit, "{} rows of at most {}", part.rows.len(), query.limit);
            assert_eq!(part.quarantined, [], "{entity:?}");
            read[place].rows.extend(part.rows.into_iter().filter(|row| matches(&page.left, &row.record)));
            if let Some(next) = part.next {
                assert!(start.after.as_ref() != Some(&next), "a page that goes nowhere: {next:?}");
                goes_on.push((place, SetStart { set: start.set, after: Some(next) }));
            }
        }
        waiting = goes_on;
    }
    Ok(read)
}

/// Every record of an entity with every field.
pub(crate) async fn records(target: &Target, entity: EntityType) -> Vec<Arc<Record>> {
    let read = read_all(target, entity, &target.query(entity)).await.expect("a list");
    read.into_iter().flat_map(|part| part.rows).map(|row| row.record).collect()
}

/// The identity of a record.
pub(crate) fn key(record: &Record) -> Key {
    (record.key.set.to_string(), record.key.id.to_string())
}

/// The identities of what was read, in its order.
pub(crate) fn keys(read: &[SetRows]) -> Vec<Key> {
    read.iter().flat_map(|part| &part.rows).map(|row| key(&row.record)).collect()
}

/// A record as others point to it.
pub(crate) fn reference(record: &Record) -> RemoteRef {
    RemoteRef { set: record.key.set.clone(), id: record.key.id.clone() }
}

/// A field of an entity.
pub(crate) fn field(entity: EntityType, name: &str) -> FieldId {
    entity.def().id_of(name).expect("a field")
}

/// Ids that are numbers, or made of numbers, are in the order of numbers.
pub(crate) fn compare_ids(a: &str, b: &str) -> Ordering {
    let parts =
        |id: &str| id.split(':').map(|part| part.parse::<i64>().map_err(|_| part.to_owned())).collect::<Vec<_>>();
    parts(a).cmp(&parts(b))
}

/// A list that goes on after a position in one set.
pub(crate) fn after(query: &ListQuery, set: &SourceSet, position: &Position) -> ListQuery {
    ListQuery { sets: vec![SetStart { set: set.clone(), after: Some(position.clone()) }], ..query.clone() }
}

/// The error of what should have failed.
pub(crate) fn failed<T>(outcome: Result<T>) -> Error {
    match outcome {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error,
    }
}

/// Whether an adapter says that its ERP cannot do this.
pub(crate) fn is_unsupported<T>(outcome: &Result<T>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind == ErrorKind::Unsupported)
}
