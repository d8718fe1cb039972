//! Whatever a client writes reaches an ERP as data only.

use crate::support::{Case, keys, read_all, records, reference, skipped};
use adapters::{
    adapter::ListQuery,
    filter::{Condition, Filter, Op, Target},
    model::{EntityType, FieldSet, Kind, RemoteRef, Value},
};
use std::collections::BTreeMap;

/// Strings that end a quotation, a statement, a path or a line in one of the languages.
const NASTY: &[&str] = &[
    "'",
    "''",
    "' or '1'='1",
    "x' or 1 eq 1 or CardName eq 'x",
    "') or startswith(CardName,'",
    "\\",
    "\\'",
    "\\' OR Id > '0",
    "\"",
    "\"]]",
    "', '|', ('id','>',0), ('name','=','",
    "]}}, {\"id\": 1",
    "%",
    "%%",
    "_",
    "a%' --",
    "'; DROP TABLE Customer; --",
    "\u{0}",
    "\r\n\r\nDELETE /b1s/v2/Invoices(1) HTTP/1.1",
    "--batch",
    "line\nbreak",
    "a&$filter=1 eq 1",
    "a#fragment",
    "a?b=c",
    "a/b/../c",
    "%27",
    "%2527",
    "${jndi}",
    "<script>alert(1)</script>",
    "🚀",
    "’",
    "\u{202e}abc",
    "null",
    "false",
    "STARTPOSITION 1 MAXRESULTS 1",
];

pub(crate) async fn strings_in_filters_are_data(target: Case) {
    let entity = EntityType::Customer;
    let all = records(&target, entity).await;
    let name = entity.def().id_of("name").expect("a field");
    // What may be asked of the ERP is what a harmless text asks for.
    target.reset();
    for op in [Op::Eq, Op::In, Op::Contains, Op::StartsWith, Op::Neq] {
        for field in ["name", "email"] {
            list(&target, entity, is(entity, field, op, &["harmless"])).await;
        }
    }
    let usual: Vec<String> = target.simulator.stats().by_operation.into_keys().collect();
    for nasty in NASTY {
        for op in [Op::Eq, Op::In, Op::Contains, Op::StartsWith, Op::Neq] {
            for field in if op == Op::Contains { &["name", "email"][..] } else { &["name"] } {
                let texts: &[&str] = if op == Op::In { &[nasty, "harmless"] } else { &[nasty] };
                let filter = is(entity, field, op, texts);
                let expected = all.iter().filter(|record| adapters::filter::matches(&filter, record)).count();
                target.reset();
                let found = list(&target, entity, filter.clone()).await;
                assert_eq!(found, expected, "{nasty:?} {op:?} {field}");
                let operations = target.simulator.stats().by_operation;
                assert!(operations.keys().all(|operation| usual.contains(operation)), "{nasty:?}: {operations:?}");
            }
        }
    }
    // The names of the data that break careless code are found by themselves.
    for record in all.iter().take(40) {
        let own = record.get(name).as_text().expect("a name");
        let found = list(&target, entity, is(entity, "name", Op::Eq, &[own])).await;
        assert_eq!(found, all.iter().filter(|other| other.get(name).as_text() == Some(own)).count(), "{own:?}");
    }
}

fn is(entity: EntityType, field: &str, op: Op, texts: &[&str]) -> Filter {
    Filter::of(entity, field, op, texts.iter().map(|text| Value::Text((*text).into())).collect())
}

async fn list(target: &Case, entity: EntityType, filter: Filter) -> usize {
    let query = ListQuery { filter: filter.clone(), fields: FieldSet::EMPTY, ..target.query(entity) };
    match read_all(target, entity, &query).await {
        Ok(read) => keys(&read).len(),
        Err(error) => panic!("{filter:?}: {error:?}"),
    }
}

pub(crate) async fn strings_in_ids_are_data(target: Case) {
    for entity in target.entities() {
        if !target.adapter.capability(entity).get_many {
            skipped(&target, &format!("{} are not found by their ids", entity.def().plural));
            continue;
        }
        let all = records(&target, entity).await;
        let good = reference(&all[0]);
        let bad: Vec<_> = NASTY
            .iter()
            .copied()
            .chain([
                "1 or 1 eq 1",
                "1)",
                "1,2",
                "-1",
                "0",
                "01",
                "1.0",
                "1e3",
                "99999999999999999999999999",
                " 1",
                "+1",
                "١",
            ])
            .filter(|nasty| all.iter().all(|record| *record.key.id != **nasty))
            .map(|nasty| RemoteRef { set: good.set.clone(), id: nasty.into() })
            .collect();
        let fields: FieldSet = entity.def().id_of(entity.def().order.0).into_iter().collect();
        target.reset();
        // All at once, with a good one between them.
        let mut ids = bad.clone();
        ids.insert(bad.len() / 2, good.clone());
        let read = target.adapter.get_many(&target.ctx(), entity, &ids, fields).await.expect("no error");
        for (id, record) in ids.iter().zip(&read) {
            match record {
                Some(record) => assert_eq!(reference(record), *id),
                None => assert_ne!(*id, good),
            }
        }
        assert_eq!(read.iter().flatten().count(), 1, "{entity:?}");
        // And each alone: one that breaks the request must not hide behind the others.
        for id in &bad {
            let read = target.adapter.get_many(&target.ctx(), entity, std::slice::from_ref(id), fields).await;
            assert_eq!(read.unwrap_or_else(|error| panic!("{id:?}: {error:?}")), [None], "{id:?}");
            let filter = Filter::Is(Condition { target: Target::Id, op: Op::Eq, values: vec![Value::Ref(id.clone())] });
            assert_eq!(list(&target, entity, filter).await, 0, "{id:?}");
        }
        let operations: BTreeMap<_, _> = target.simulator.stats().by_operation;
        println!("{}: {operations:?}", target.spec.name);
    }
    // References in filters.
    for entity in target.entities() {
        let evaluated = target.adapter.capability(entity).filter;
        for (id, field) in entity.def().all_fields().filter(|(_, field)| field.filter) {
            let Kind::Ref(to) = field.kind else { continue };
            let Some(set) = target.adapter.sets(to).into_iter().next() else { continue };
            // What the ERP does not evaluate at all is in none of its requests: each would read the whole list.
            let tried = if evaluated.contains(&field.name) { NASTY } else { &NASTY[..1] };
            for nasty in tried {
                let of = RemoteRef { set: set.clone(), id: (*nasty).into() };
                let filter = Condition { target: Target::Field(id), op: Op::Eq, values: vec![Value::Ref(of)] };
                assert_eq!(list(&target, entity, Filter::Is(filter)).await, 0, "{nasty:?} {entity:?}.{}", field.name);
            }
        }
    }
}
