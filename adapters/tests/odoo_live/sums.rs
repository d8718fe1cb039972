//! What Odoo sums and counts equals the sums over lists, to the cent.

use crate::{ENTITIES, adapter, ctx, everything, servers};
use adapters::{
    ErrorKind,
    adapter::{Adapter, AggregateQuery, GroupBy, Period},
    filter::{Filter, Op, matches},
    model::{EntityType, FieldId, Kind, MoneyIn, Record, Value},
};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use std::{collections::HashMap, sync::Arc};

type Sums = HashMap<Vec<Value>, (u64, Vec<Decimal>)>;

fn key(record: &Record, group: &GroupBy, zone: chrono_tz::Tz) -> Value {
    let (field, period) = match group {
        GroupBy::Field(field) => return record.get(*field).clone(),
        GroupBy::Period(field, period) => (*field, *period),
    };
    let day = match record.get(field) {
        Value::Date(day) => *day,
        Value::DateTime(moment) => moment.with_timezone(&zone).date_naive(),
        _ => return Value::Null,
    };
    let first = |month, on| NaiveDate::from_ymd_opt(day.year(), month, on).unwrap();
    Value::Date(match period {
        Period::Day => day,
        Period::Month => first(day.month(), 1),
        Period::Year => first(1, 1),
    })
}

fn by_hand(records: &[Arc<Record>], query: &AggregateQuery, zone: chrono_tz::Tz) -> Sums {
    let mut sums = Sums::new();
    if query.group_by.is_empty() {
        sums.insert(Vec::new(), (0, vec![Decimal::ZERO; query.sums.len()]));
    }
    for record in records.iter().filter(|record| matches(&query.filter, record)) {
        let keys = query.group_by.iter().map(|group| key(record, group, zone)).collect();
        let group = sums.entry(keys).or_insert_with(|| (0, vec![Decimal::ZERO; query.sums.len()]));
        group.0 += 1;
        for (sum, field) in group.1.iter_mut().zip(&query.sums) {
            *sum += record.get(*field).as_decimal().unwrap_or_default();
        }
    }
    sums
}

/// None where the ERP says that it cannot.
async fn by_odoo(adapter: &dyn Adapter, entity: EntityType, query: &AggregateQuery) -> Option<(Sums, u32)> {
    let call = ctx();
    match adapter.aggregate(&call, entity, query).await {
        Ok(rows) => {
            let count = rows.len();
            let sums: Sums = rows.into_iter().map(|row| (row.keys, (row.count.expect("a count"), row.sums))).collect();
            assert_eq!(sums.len(), count, "each group once");
            Some((sums, call.calls_made()))
        }
        Err(error) if error.kind == ErrorKind::Unsupported => None,
        Err(error) => panic!("{entity:?} {query:?}: {error:?}"),
    }
}

#[tokio::test]
async fn sums_equal_the_sums_over_lists() {
    for server in servers() {
        let adapter = adapter(&server.settings);
        let zone =
            adapter.probe(&ctx()).await.expect("a probe").time_zone.map_or(chrono_tz::UTC, |z| z.parse().unwrap());
        for entity in ENTITIES.iter().copied() {
            let def = entity.def();
            let records = everything(&*adapter, entity).await;
            let mut groupings: Vec<Vec<GroupBy>> = vec![Vec::new()];
            for (field, of) in def.all_fields().filter(|(_, of)| of.filter && of.computed.is_none()) {
                match of.kind {
                    Kind::Date | Kind::DateTime => groupings
                        .extend([Period::Day, Period::Month, Period::Year].map(|p| vec![GroupBy::Period(field, p)])),
                    _ => groupings.push(vec![GroupBy::Field(field)]),
                }
            }
            let named = |name: &str| def.id_of(name).map(GroupBy::Field);
            if let (Some(currency), Some(status)) = (named("currency"), named("status")) {
                let with_currency: Vec<_> =
                    groupings.iter().map(|g| g.iter().copied().chain([currency]).collect()).collect();
                groupings.extend(with_currency);
                groupings.push(vec![status, currency]);
            }
            let has_currency =
                |grouping: &[GroupBy]| named("currency").is_some_and(|currency| grouping.contains(&currency));
            let (mut asked, mut answered, mut summed) = (0, 0, 0);
            for group_by in groupings {
                let mut sums: Vec<FieldId> = Vec::new();
                for (field, of) in def.all_fields() {
                    let can = match of.kind {
                        Kind::Money(MoneyIn::Document) => has_currency(&group_by),
                        Kind::Money(MoneyIn::Company) | Kind::Decimal => true,
                        _ => false,
                    };
                    let alone = AggregateQuery {
                        sets: adapter.sets(entity),
                        filter: Filter::NONE,
                        group_by: group_by.clone(),
                        sums: vec![field],
                    };
                    if can && by_odoo(&*adapter, entity, &alone).await.is_some() {
                        sums.push(field);
                    }
                }
                let mut filters = vec![Filter::ALL];
                for (name, value) in [("status", Value::Enum("PAID")), ("kind", Value::Enum("CREDIT_NOTE"))] {
                    if def.id_of(name).is_some() {
                        filters.push(Filter::of(entity, name, Op::Eq, vec![value]));
                    }
                }
                for filter in filters {
                    let query = AggregateQuery {
                        sets: adapter.sets(entity),
                        filter,
                        group_by: group_by.clone(),
                        sums: sums.clone(),
                    };
                    asked += 1;
                    let Some((found, calls)) = by_odoo(&*adapter, entity, &query).await else { continue };
                    assert!(calls <= 1, "{calls} calls");
                    answered += 1;
                    summed = summed.max(sums.len());
                    let expected = by_hand(&records, &query, zone);
                    let at = format!("{} {entity:?} {:?} {:?}", server.name, query.group_by, query.filter);
                    for (keys, group) in &expected {
                        assert_eq!(found.get(keys), Some(group), "{at} {keys:?} {sums:?}");
                    }
                    assert_eq!(found.len(), expected.len(), "{at}");
                }
            }
            println!(
                "{} {entity:?}: {answered} of {asked} groupings, up to {summed} sums, over {} records",
                server.name,
                records.len()
            );
        }
    }
}
