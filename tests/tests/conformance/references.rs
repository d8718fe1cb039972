//! References: each leads to the record that it names, and many lead there in as many calls as few.

use crate::support::{Case, records, skipped};
use adapters::model::{EntityType, Kind, ObjectDef, Record, RemoteRef, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The references of a record, by the path of the field.
fn references(record: &Record, found: &mut BTreeMap<(String, EntityType), Vec<RemoteRef>>) {
    for (id, field) in record.def().all_fields() {
        of_value(field.name.to_owned(), &field.kind, record.get(id), found);
    }
}

fn of_value(path: String, kind: &Kind, value: &Value, found: &mut BTreeMap<(String, EntityType), Vec<RemoteRef>>) {
    match (kind, value) {
        (Kind::Ref(to), Value::Ref(of)) => found.entry((path, *to)).or_default().push(of.clone()),
        (Kind::Refs(to), Value::List(values)) => {
            values.iter().for_each(|value| of_value(path.clone(), &Kind::Ref(*to), value, found));
        }
        (Kind::Object(def), value) => of_object(&path, def, value, found),
        (Kind::List(def), Value::List(values)) => {
            values.iter().for_each(|value| of_object(&path, def, value, found));
        }
        _ => {}
    }
}

fn of_object(path: &str, def: &ObjectDef, value: &Value, found: &mut BTreeMap<(String, EntityType), Vec<RemoteRef>>) {
    let Value::Object(values) = value else { return };
    for (field, value) in def.fields.iter().zip(values) {
        of_value(format!("{path}.{}", field.name), &field.kind, value, found);
    }
}

/// The number of requests for so many records.
async fn requests(target: &Case, entity: EntityType, ids: &[RemoteRef]) -> u64 {
    let fields = entity.def().id_of(entity.def().order.0).into_iter().collect();
    target.reset();
    let read = target.adapter.get_many(&target.ctx(), entity, ids, fields).await.expect("records");
    assert_eq!(read.iter().flatten().count(), ids.len(), "{entity:?}");
    target.requests()
}

pub(crate) async fn every_reference_leads_to_its_record(target: Case) {
    for entity in target.entities() {
        let mut found = BTreeMap::new();
        records(&target, entity).await.iter().for_each(|record| references(record, &mut found));
        for ((path, to), all) in found {
            let name = format!("{}.{path}", entity.def().name);
            assert!(target.adapter.capability(to).get_many, "{name} leads to {to:?}, which cannot be read by its id");
            let mut seen = HashSet::new();
            let distinct: Vec<_> = all.into_iter().filter(|of| seen.insert(of.clone())).collect();
            let fields = to.def().every_field();
            let read = target.adapter.get_many(&target.ctx(), to, &distinct, fields).await.expect("records");
            let lost: Vec<_> = distinct.iter().zip(&read).filter(|(_, read)| read.is_none()).collect();
            assert!(lost.is_empty(), "{name}: {} of {} lead nowhere: {:?}", lost.len(), distinct.len(), lost[0]);
            for (of, record) in distinct.iter().zip(read.iter().flatten()) {
                assert_eq!((&record.key.set, &record.key.id), (&of.set, &of.id), "{name}");
            }
            // The same sets for few and for many.
            let sets: BTreeSet<_> = distinct.iter().map(|of| of.set.clone()).collect();
            let spread = |most: usize| -> Vec<RemoteRef> {
                let each = most.div_ceil(sets.len());
                let of_sets = sets.iter().map(|set| distinct.iter().filter(move |of| of.set == *set).take(each));
                of_sets.flatten().cloned().collect()
            };
            let (some, more) = (spread(20), spread(50));
            if some.len() == more.len() {
                skipped(&target, &format!("{name} leads to {} records only", some.len()));
                continue;
            }
            let (few, many) = (requests(&target, to, &some).await, requests(&target, to, &more).await);
            println!("{}: {name}: {few} requests for {}, {many} for {}", target.spec.name, some.len(), more.len());
            assert_eq!(few, many, "{name}: {} and {} references", some.len(), more.len());
        }
    }
}
