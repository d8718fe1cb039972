//! Filters: what an ERP evaluates means the same as what the gateway evaluates.
//!
//! For every field that `where` knows, every operator and values from the data themselves, the list of an adapter has to
//! hold just those records of the whole list that pass `adapters::filter::matches`.

use crate::support::{Case, Key, key, keys, read_all, records, reference};
use adapters::{
    adapter::{ListQuery, Row},
    filter::{Condition, Filter, Op, Target, matches},
    model::{EntityType, FieldDef, FieldId, FieldSet, Kind, Record, RemoteRef, Value},
};
use chrono::{Days, TimeDelta};
use rust_decimal::Decimal;
use simulators::rng::Rng;
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

macro_rules! filters_of {
    ($($case:ident $entity:ident)*) => {
        $(pub(crate) async fn $case(target: Case) {
            every_field(&target, EntityType::$entity).await;
        })*

        #[test]
        fn no_entity_is_forgotten() {
            assert_eq!([$(EntityType::$entity),*], EntityType::ALL);
        }
    };
}

filters_of! {
    filters_of_customers Customer
    filters_of_vendors Vendor
    filters_of_products Product
    filters_of_invoices Invoice
    filters_of_bills Bill
    filters_of_payments Payment
    filters_of_sales_orders SalesOrder
    filters_of_purchase_orders PurchaseOrder
    filters_of_receipts Receipt
    filters_of_shipments Shipment
    filters_of_stock_levels StockLevel
    filters_of_work_orders WorkOrder
    filters_of_accounts Account
    filters_of_transactions Transaction
    filters_of_tax_rates TaxRate
    filters_of_companies Company
    filters_of_erp_users ErpUser
    filters_of_exchange_rates ExchangeRate
}

/// Hundreds of lists: the fewer records the better, as long as they are of all kinds.
async fn few(target: &Case) -> Case {
    target.another(|options| options.records = 80).await
}

async fn every_field(target: &Case, entity: EntityType) {
    if !target.entities().contains(&entity) {
        return crate::support::skipped(target, &format!("there are no {}", entity.def().plural));
    }
    let target = &few(target).await;
    let all = records(target, entity).await;
    assert!(!all.is_empty(), "{entity:?}: nothing to look for");
    let mut filters = ids(&all);
    let evaluated = target.adapter.capability(entity).filter;
    for (id, field) in entity.def().all_fields().filter(|(_, field)| field.filter && field.computed.is_none()) {
        let all_conditions = conditions(id, field, &all);
        // What the ERP does not evaluate at all, the gateway does by the very function that is the yardstick here.
        let some = if evaluated.contains(&field.name) { all_conditions.len().max(1) } else { 4 };
        let step = all_conditions.len().div_ceil(some).max(1);
        filters.extend(all_conditions.into_iter().step_by(step));
    }
    compare(target, entity, &all, filters).await;
}

/// And, or and not, of conditions that the other cases try one by one.
pub(crate) async fn nested_filters(target: Case) {
    let target = few(&target).await;
    for entity in target.entities() {
        let all = records(&target, entity).await;
        let simple: Vec<_> = entity
            .def()
            .all_fields()
            .filter(|(_, field)| field.filter && field.computed.is_none())
            .flat_map(|(id, field)| conditions(id, field, &all))
            .chain(ids(&all))
            .collect();
        let mut rng = Rng::new(7);
        let filters = (0..25).map(|_| nest(&mut rng, &simple, 0)).collect();
        compare(&target, entity, &all, filters).await;
    }
}

/// A record is of one status and one kind: each word selects its own records, and together they are all.
pub(crate) async fn enum_values_exclude_each_other(target: Case) {
    for entity in target.entities() {
        let list = ListQuery { fields: FieldSet::EMPTY, ..target.query(entity) };
        let all = keys(&read_all(&target, entity, &list).await.expect("a list")).len();
        for (id, field) in entity.def().all_fields() {
            let Kind::Enum(words) = field.kind else { continue };
            let mut seen = HashSet::new();
            for (word, _) in words.values {
                let filter =
                    Filter::Is(Condition { target: Target::Field(id), op: Op::Eq, values: vec![Value::Enum(word)] });
                let fields = [id].into_iter().collect();
                let list = ListQuery { filter, fields, ..list.clone() };
                let read = read_all(&target, entity, &list).await.expect("a list");
                for row in read.iter().flat_map(|part| &part.rows) {
                    assert_eq!(*row.record.get(id), Value::Enum(word));
                    assert!(seen.insert(key(&row.record)), "{:?} is {word} and something else", row.record.key);
                }
            }
            assert_eq!(seen.len(), all, "{entity:?}.{}: some records have no word", field.name);
        }
    }
}

fn nest(rng: &mut Rng, simple: &[Filter], depth: usize) -> Filter {
    let parts = |rng: &mut Rng| (0..2 + rng.below(2)).map(|_| nest(rng, simple, depth + 1)).collect();
    match rng.below(if depth < 3 { 5 } else { 1 }) {
        0 => simple[rng.below(simple.len())].clone(),
        1 | 2 => Filter::And(parts(rng)),
        3 => Filter::Or(parts(rng)),
        _ => Filter::Not(Box::new(nest(rng, simple, depth + 1))),
    }
}

/// Lists with each filter, and reports all that differ from the gateway's own evaluation.
async fn compare(target: &Case, entity: EntityType, all: &[Arc<Record>], filters: Vec<Filter>) {
    let mut wrong = Vec::new();
    let known: BTreeSet<Key> = all.iter().map(|record| key(record)).collect();
    let tried = filters.len();
    for filter in filters {
        let expected: BTreeSet<Key> =
            all.iter().filter(|record| matches(&filter, record)).map(|record| key(record)).collect();
        // No field is asked for: what the gateway has to test by is the adapter's to add.
        let more = target.spec.more_by_filter.contains(&entity);
        let fields = if more { filter.fields() } else { FieldSet::EMPTY };
        let query = ListQuery { filter: filter.clone(), fields, ..target.query(entity) };
        match read_all(target, entity, &query).await {
            Ok(read) => {
                let mut found = keys(&read);
                if more {
                    let passes = |row: &Row| matches(&filter, &row.record);
                    assert!(read.iter().flat_map(|part| &part.rows).all(passes), "{}", show(entity, &filter));
                    found.retain(|key| known.contains(key));
                }
                let distinct: BTreeSet<Key> = found.iter().cloned().collect();
                if distinct != expected || distinct.len() != found.len() {
                    let missing: Vec<_> = expected.difference(&distinct).take(3).collect();
                    let wrong_ones: Vec<_> = distinct.difference(&expected).take(3).collect();
                    let shown = show(entity, &filter);
                    wrong.push(format!(
                        "{shown}: {} found, {} expected, missing {missing:?}, wrong {wrong_ones:?}",
                        found.len(),
                        expected.len()
                    ));
                }
            }
            Err(error) => wrong.push(format!("{}: {error:?}", show(entity, &filter))),
        }
    }
    let (name, plural, requests) = (target.spec.name, entity.def().plural, target.requests());
    println!("{name}: {tried} filters of {plural} took {requests} requests");
    let some = wrong.iter().take(25).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {tried} filters of {} differ:\n{some}", wrong.len(), entity.def().plural);
}

/// A filter with the names of its fields.
fn show(entity: EntityType, filter: &Filter) -> String {
    let all = |parts: &[Filter]| parts.iter().map(|part| show(entity, part)).collect::<Vec<_>>().join(", ");
    match filter {
        Filter::And(parts) => format!("and({})", all(parts)),
        Filter::Or(parts) => format!("or({})", all(parts)),
        Filter::Not(part) => format!("not({})", show(entity, part)),
        Filter::Is(Condition { target, op, values }) => {
            let name = match target {
                Target::Id => "id",
                Target::Field(field) => entity.def().field(*field).name,
            };
            format!("{name} {op:?} {values:?}")
        }
    }
}

fn ids(all: &[Arc<Record>]) -> Vec<Filter> {
    if all.is_empty() {
        return Vec::new();
    }
    let some: Vec<_> = all.iter().step_by(all.len().div_ceil(4).max(1)).map(|record| reference(record)).collect();
    let gone = RemoteRef { set: some[0].set.clone(), id: "98765432".into() };
    let is = |op, refs: &[RemoteRef]| {
        let values = refs.iter().cloned().map(Value::Ref).collect();
        Filter::Is(Condition { target: Target::Id, op, values })
    };
    let mixed = [&some[..], std::slice::from_ref(&gone)].concat();
    vec![
        is(Op::Eq, &some[..1]),
        is(Op::Eq, &[gone]),
        is(Op::In, &mixed),
        Filter::Not(Box::new(is(Op::In, &mixed))),
        Filter::Not(Box::new(is(Op::Eq, &some[some.len() - 1..]))),
    ]
}

/// Each operator that `where` has for a field of this kind, with values from the data and beside them.
fn conditions(id: FieldId, field: &FieldDef, all: &[Arc<Record>]) -> Vec<Filter> {
    let is = |op, values: Vec<Value>| Filter::Is(Condition { target: Target::Field(id), op, values });
    let mut data: Vec<Value> = Vec::new();
    for record in all {
        let value = record.get(id);
        if !value.is_null() && !data.contains(value) {
            data.push(value.clone());
        }
    }
    data.sort_by(Value::compare);
    let some = spread(&data);
    let mut filters = Vec::new();
    let one_each = |ops: &[Op], values: &[Value], filters: &mut Vec<Filter>| {
        filters.extend(ops.iter().flat_map(|op| values.iter().map(|value| is(*op, vec![value.clone()]))));
    };
    let null = [is(Op::IsNull, vec![Value::Bool(true)]), is(Op::IsNull, vec![Value::Bool(false)])];
    const ORDERED: &[Op] = &[Op::Eq, Op::Gt, Op::Gte, Op::Lt, Op::Lte];
    match field.kind {
        Kind::Text | Kind::Url | Kind::Currency => {
            let texts: Vec<String> =
                odd_ones(&data).chain(&some).filter_map(|value| value.as_text().map(str::to_owned)).collect();
            let text = |text: &str| Value::Text(text.into());
            let mut seen = HashSet::new();
            for whole in texts.iter().filter(|text| seen.insert(text.as_str())) {
                filters.push(is(Op::Eq, vec![text(whole)]));
                filters.push(is(Op::StartsWith, vec![text(&whole.chars().take(4).collect::<String>())]));
                filters.push(is(Op::Contains, vec![text(&whole.chars().skip(2).take(4).collect::<String>())]));
            }
            for whole in texts.iter().rev().take(2) {
                filters.extend([
                    is(Op::Neq, vec![text(whole)]),
                    is(Op::Eq, vec![text(&whole.to_lowercase())]),
                    is(Op::Eq, vec![text(&whole.to_uppercase())]),
                    is(Op::Neq, vec![text(&whole.to_uppercase())]),
                    is(Op::Eq, vec![text(&format!("{whole} "))]),
                    is(Op::StartsWith, vec![text(&whole.to_uppercase())]),
                    is(Op::Contains, vec![text(&whole.to_lowercase())]),
                ]);
            }
            for part in ["%", "_", "'", "\\", "\"", "ß", "ü", "Ü", "ſ", "*", ".", "1"] {
                filters.push(is(Op::Contains, vec![text(part)]));
            }
            filters.push(is(Op::StartsWith, vec![text("%")]));
            let many: Vec<_> = texts.iter().map(|whole| text(whole)).chain([text("nobody has this")]).collect();
            filters.push(is(Op::In, many.clone()));
            filters.push(Filter::Not(Box::new(is(Op::In, many))));
            filters.extend(null);
        }
        Kind::Enum(words) => {
            for (word, _) in words.values {
                filters.push(is(Op::Eq, vec![Value::Enum(word)]));
                filters.push(is(Op::Neq, vec![Value::Enum(word)]));
            }
            let word = |n: usize| Value::Enum(words.values[n].0);
            for pair in 1..words.values.len() {
                filters.push(is(Op::In, vec![word(pair - 1), word(pair)]));
            }
            filters.push(Filter::Not(Box::new(is(Op::In, vec![word(0), word(words.values.len() - 1)]))));
        }
        Kind::Bool => one_each(&[Op::Eq], &[Value::Bool(true), Value::Bool(false)], &mut filters),
        Kind::Date => {
            let mut values = some;
            if let Some(Value::Date(day)) = data.get(data.len() / 2) {
                values.extend([Value::Date(*day + Days::new(1)), Value::Date(*day - Days::new(1000))]);
            }
            one_each(ORDERED, &values, &mut filters);
            filters.extend(null);
        }
        Kind::DateTime => {
            let mut values = some;
            if let Some(Value::DateTime(at)) = data.get(data.len() / 2) {
                // Some ERPs keep fractions of a second that they do not show, some know only minutes.
                values.extend(
                    [1, 500, 1000, -1, 30_000, -86_400_000]
                        .map(|ms| Value::DateTime(*at + TimeDelta::milliseconds(ms))),
                );
            }
            one_each(ORDERED, &values, &mut filters);
            filters.extend(null);
        }
        Kind::Decimal | Kind::Int | Kind::Money(_) => {
            let mut values: Vec<_> = some.iter().filter_map(Value::as_decimal).collect();
            if let Some(middle) = data.get(data.len() / 2).and_then(Value::as_decimal) {
                values.extend([
                    middle + Decimal::new(1, 2),
                    middle + Decimal::new(1, 3),
                    Decimal::ZERO,
                    Decimal::new(-5, 1),
                ]);
            }
            one_each(ORDERED, &values.into_iter().map(Value::Decimal).collect::<Vec<_>>(), &mut filters);
        }
        Kind::Ref(_) => {
            one_each(&[Op::Eq], &some, &mut filters);
            let gone = data.first().map(|value| match value {
                Value::Ref(of) => Value::Ref(RemoteRef { set: of.set.clone(), id: "98765432".into() }),
                other => other.clone(),
            });
            let many: Vec<_> = some.iter().cloned().chain(gone).collect();
            if !many.is_empty() {
                filters.push(is(Op::In, many.clone()));
                filters.push(Filter::Not(Box::new(is(Op::In, many.clone()))));
                filters.push(Filter::Not(Box::new(is(Op::Eq, many[..1].to_vec()))));
            }
        }
        _ => panic!("{}: no conditions for {:?}", field.name, field.kind),
    }
    filters
}

/// The smallest, the largest, and one between.
fn spread(data: &[Value]) -> Vec<Value> {
    let mut places = vec![0, data.len() / 2, data.len().saturating_sub(1)];
    places.dedup();
    places.into_iter().filter_map(|at| data.get(at).cloned()).collect()
}

/// Texts with characters that mean something to somebody.
fn odd_ones(data: &[Value]) -> impl Iterator<Item = &Value> {
    let odd = |text: &str| text.chars().any(|c| !c.is_ascii() || "'\"\\%_<>&;".contains(c));
    data.iter().filter(move |value| value.as_text().is_some_and(odd)).take(8)
}
