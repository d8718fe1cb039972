//! Counts agree with lists.

use crate::support::{Case, keys, read_all, records, skipped};
use adapters::{
    adapter::{Count, ListQuery},
    filter::{Filter, Op},
    model::{EntityType, FieldSet, Value},
};

pub(crate) async fn a_count_equals_the_list(target: Case) {
    for entity in target.entities() {
        if !target.adapter.capability(entity).count {
            skipped(&target, &format!("{} are not counted", entity.def().plural));
            continue;
        }
        let all = records(&target, entity).await.len() as u64;
        target.reset();
        let counted = target.adapter.count(&target.ctx(), entity, &Filter::ALL).await.expect("a count");
        assert_eq!(counted, Count::Exact(all), "{entity:?}");
        let expected = (target.spec.calls_for_sets)(target.adapter.sets(entity).len());
        assert!(target.requests() <= expected, "{entity:?}: {} requests", target.requests());
        for filter in filters(entity) {
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

fn filters(entity: EntityType) -> Vec<Filter> {
    let text = |field: &str, op: Op, text: &str| Filter::of(entity, field, op, vec![Value::Text(text.into())]);
    let is = |field: &str, word: &'static str| Filter::of(entity, field, Op::Eq, vec![Value::Enum(word)]);
    let at_least = |field: &str, number: i64| Filter::of(entity, field, Op::Gte, vec![Value::Decimal(number.into())]);
    let null = |field: &str| Filter::of(entity, field, Op::IsNull, vec![Value::Bool(true)]);
    let mut filters = match entity {
        EntityType::Customer => vec![is("status", "ACTIVE"), text("name", Op::Contains, "GmbH"), null("email")],
        EntityType::Product => {
            vec![is("kind", "SERVICE"), text("name", Op::StartsWith, "s"), at_least("salePrice", 100)]
        }
        EntityType::Invoice => vec![
            is("status", "PAID"),
            is("status", "OPEN"),
            is("kind", "CREDIT_NOTE"),
            at_least("total", 1000),
            null("reference"),
        ],
        _ => vec![is("status", "OPEN"), is("status", "DRAFT"), at_least("total", 1000)],
    };
    let both = Filter::And(filters[..2].to_vec());
    let other = Filter::Not(Box::new(Filter::Or(filters[..2].to_vec())));
    filters.extend([both, other]);
    filters
}
