//! Counts agree with lists.

use crate::support::{Case, keys, read_all, records, skipped};
use adapters::{
    adapter::{Count, ListQuery},
    filter::{Condition, Filter, Op, Target},
    model::{EntityType, FieldSet, Record, Value},
};
use std::sync::Arc;

pub(crate) async fn a_count_equals_the_list(target: Case) {
    for entity in target.entities() {
        if !target.adapter.capability(entity).count {
            skipped(&target, &format!("{} are not counted", entity.def().plural));
            continue;
        }
        let records = records(&target, entity).await;
        let all = records.len() as u64;
        target.reset();
        let counted = target.adapter.count(&target.ctx(), entity, &Filter::ALL).await.expect("a count");
        assert_eq!(counted, Count::Exact(all), "{entity:?}");
        let expected = (target.spec.calls_for_sets)(target.adapter.sets(entity).len());
        assert!(target.requests() <= expected, "{entity:?}: {} requests", target.requests());
        for filter in filters(entity, &records) {
            let query = ListQuery { filter: filter.clone(), fields: FieldSet::EMPTY, ..target.query(entity) };
            let listed = keys(&read_all(&target, entity, &query).await.expect("a list")).len() as u64;
            match target.adapter.count(&target.ctx(), entity, &filter).await.expect("a count") {
                Count::Exact(counted) => assert_eq!(counted, listed, "{entity:?} {filter:?}"),
                Count::Unknown => println!("{}: cannot count {filter:?}", target.spec.name),
            }
        }
        target.reset();
        assert_eq!(target.adapter.count(&target.ctx(), entity, &Filter::NONE).await.expect("a count"), Count::Exact(0));
        assert_eq!(target.requests(), 0, "{entity:?}: nobody need be asked for nothing");
    }
}

/// A value of each field of the entity, equal and, where it is ordered, at least; texts that hold a piece; what has no value.
fn filters(entity: EntityType, all: &[Arc<Record>]) -> Vec<Filter> {
    let mut filters = Vec::new();
    for (id, _) in entity.def().all_fields().filter(|(_, field)| field.filter && field.computed.is_none()) {
        let is = |op, value| Filter::Is(Condition { target: Target::Field(id), op, values: vec![value] });
        let Some(value) = all.iter().map(|record| record.get(id)).find(|value| !value.is_null()) else { continue };
        match value {
            Value::Text(text) => filters.extend([
                is(Op::Eq, value.clone()),
                is(Op::Contains, Value::Text(text.chars().skip(1).take(3).collect::<String>().into())),
            ]),
            Value::Money(money) => filters.push(is(Op::Gte, Value::Decimal(money.amount))),
            Value::Date(_) | Value::DateTime(_) => {
                filters.extend([is(Op::Gte, value.clone()), is(Op::IsNull, Value::Bool(true))]);
            }
            _ => filters.push(is(Op::Eq, value.clone())),
        }
    }
    if let [first, second, ..] = &filters[..] {
        let both = vec![first.clone(), second.clone()];
        filters.extend([Filter::And(both.clone()), Filter::Not(Box::new(Filter::Or(both)))]);
    }
    filters
}
