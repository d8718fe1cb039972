//! Sums and counts by the ERP equal those over its list, to the cent, in one call for each source set.

use crate::support::{Case, is_unsupported, records, skipped};
use adapters::{
    adapter::{AggregateQuery, AggregateRow, GroupBy, Period},
    filter::{Filter, Op, matches},
    model::{EntityType, FieldId, Kind, MoneyIn, Record, SourceSet, Value},
};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use simulators::System;
use std::{collections::HashMap, sync::Arc};

type Groups = HashMap<(SourceSet, Vec<Value>), (u64, Vec<Decimal>)>;

/// What the list adds up to.
fn add_up(all: &[Arc<Record>], query: &AggregateQuery) -> Groups {
    let mut groups = Groups::new();
    for record in all.iter().filter(|record| matches(&query.filter, record)) {
        let key = |group: &GroupBy| match *group {
            GroupBy::Field(field) => record.get(field).clone(),
            GroupBy::Period(field, period) => record.get(field).as_date().map_or(Value::Null, |day| first(day, period)),
        };
        let keys = query.group_by.iter().map(key).collect();
        let group = groups.entry((record.key.set.clone(), keys)).or_insert((0, vec![Decimal::ZERO; query.sums.len()]));
        group.0 += 1;
        for (sum, field) in group.1.iter_mut().zip(&query.sums) {
            *sum += record.get(*field).as_decimal().unwrap_or_default();
        }
    }
    groups
}

fn first(day: NaiveDate, period: Period) -> Value {
    let first = match period {
        Period::Day => day,
        Period::Month => day.with_day(1).expect("a day"),
        Period::Year => day.with_ordinal(1).expect("a day"),
    };
    Value::Date(first)
}

/// What can be asked: all together, by each field with few values and by each period, the amounts that may be summed so.
fn queries(target: &Case, entity: EntityType) -> Vec<(String, AggregateQuery)> {
    let def = entity.def();
    let fields = target.adapter.capability(entity).fields;
    let known = || def.all_fields().filter(|(_, field)| fields.contains(&field.name) && field.computed.is_none());
    let sums = |accept: fn(Kind) -> bool| -> Vec<FieldId> {
        known().filter(|(_, field)| accept(field.kind)).map(|(id, _)| id).collect()
    };
    let company = sums(|kind| matches!(kind, Kind::Money(MoneyIn::Company)));
    let document = sums(|kind| matches!(kind, Kind::Money(MoneyIn::Document)));
    let numbers = sums(|kind| matches!(kind, Kind::Decimal));
    let currency = def.id_of("currency").filter(|_| fields.contains(&"currency"));
    let mut groups: Vec<(String, Vec<GroupBy>)> = vec![("all".to_owned(), Vec::new())];
    for (id, field) in known() {
        match field.kind {
            Kind::Enum(_) | Kind::Ref(_) | Kind::Bool | Kind::Currency => {
                groups.push((format!("by {}", field.name), vec![GroupBy::Field(id)]));
            }
            Kind::Date => {
                for period in [Period::Day, Period::Month, Period::Year] {
                    groups.push((format!("by {period:?} of {}", field.name), vec![GroupBy::Period(id, period)]));
                }
            }
            _ => {}
        }
    }
    if let (Some((_, by_month)), Some((_, by_party))) = (
        groups.iter().find(|(name, _)| name.starts_with("by Month")),
        groups.iter().find(|(name, _)| ["by customer", "by vendor", "by account"].contains(&name.as_str())),
    ) {
        groups.push(("by month and party".to_owned(), [by_month.clone(), by_party.clone()].concat()));
    }
    let sets = target.adapter.sets(entity);
    let mut queries = Vec::new();
    for (name, group_by) in groups {
        let mut ask = |name: String, group_by: Vec<GroupBy>, sums: Vec<FieldId>| {
            let query = AggregateQuery { sets: sets.clone(), filter: Filter::ALL, group_by, sums };
            queries.push((name, query));
        };
        ask(format!("counts {name}"), group_by.clone(), Vec::new());
        // One at a time: what cannot be summed must not hide what can.
        for sum in company.iter().chain(&numbers) {
            ask(format!("{} {name}", def.field(*sum).name), group_by.clone(), vec![*sum]);
        }
        for (sum, currency) in document.iter().filter_map(|sum| Some((*sum, currency?))) {
            let mut group_by = group_by.clone();
            if !group_by.contains(&GroupBy::Field(currency)) {
                group_by.push(GroupBy::Field(currency));
            }
            ask(format!("{} {name} and currency", def.field(sum).name), group_by, vec![sum]);
        }
    }
    queries
}

fn compare(target: &Case, entity: EntityType, name: &str, told: Vec<AggregateRow>, mut expected: Groups) {
    let asked = format!("{}: {name} of {}", target.spec.name, entity.def().plural);
    for row in told {
        let key = (row.set.clone(), row.keys.clone());
        // Over nothing there is one row for all, of nothing.
        let nothing = (0, vec![Decimal::ZERO; row.sums.len()]);
        let (count, sums) = expected.remove(&key).unwrap_or(nothing);
        assert!(count > 0 || row.keys.is_empty(), "{asked}: {key:?} is no group of the list");
        assert!(row.count.is_none_or(|told| told == count), "{asked} {key:?}: {:?} counted, {count} listed", row.count);
        assert_eq!(row.sums, sums, "{asked} {key:?}");
    }
    // Where only sums are told, a group that sums to nothing may be left out.
    expected.retain(|_, (_, sums)| sums.iter().any(|sum| !sum.is_zero()) || sums.is_empty());
    assert!(expected.is_empty(), "{asked}: not told of {:?}", expected.iter().next());
}

pub(crate) async fn sums_and_counts_equal_the_list(target: Case) {
    for entity in tests::ENTITIES.iter().copied() {
        let capability = target.adapter.capability(entity);
        if !capability.aggregate || !capability.list {
            let why = if capability.aggregate { "summed, and not listed" } else { "not summed by the ERP" };
            skipped(&target, &format!("{} are {why}", entity.def().plural));
            continue;
        }
        let all = records(&target, entity).await;
        let most = target.adapter.sets(entity).len() as u64;
        let (mut compared, mut refused) = (0, Vec::new());
        for (name, query) in queries(&target, entity) {
            for filter in filters(&target, entity, &all) {
                let query = AggregateQuery { filter, ..query.clone() };
                target.reset();
                let mut told = target.adapter.aggregate(&target.ctx(), entity, &query).await;
                if target.requests() > most {
                    // What an ERP is told once, as the text of a query, is told the first time.
                    target.reset();
                    told = target.adapter.aggregate(&target.ctx(), entity, &query).await;
                }
                if is_unsupported(&told) {
                    refused.push(name.clone());
                    continue;
                }
                let told = told.unwrap_or_else(|error| panic!("{name} of {}: {error:?}", entity.def().plural));
                assert!(target.requests() <= most, "{name} of {entity:?}: {} requests", target.requests());
                compare(&target, entity, &name, told, add_up(&all, &query));
                compared += 1;
            }
        }
        refused.dedup();
        println!("{}: {compared} sums of {}; refused: {refused:?}", target.spec.name, entity.def().plural);
        assert!(compared > 0, "{entity:?}: sums are declared, and all are refused");
    }
}

/// All, and those of the first half of the time.
fn filters(target: &Case, entity: EntityType, all: &[Arc<Record>]) -> Vec<Filter> {
    let mut filters = vec![Filter::ALL];
    if target.spec.more_by_filter.contains(&entity) {
        return filters;
    }
    let (name, _) = entity.def().order;
    let mut days: Vec<_> = all.iter().filter_map(|record| record.named(name).as_date()).collect();
    days.sort_unstable();
    if let Some(middle) = days.get(days.len() / 2) {
        filters.push(Filter::of(entity, name, Op::Lt, vec![Value::Date(*middle)]));
    }
    filters
}

/// The ledger's sums by account are the story's balances, also where its lines cannot be listed.
pub(crate) async fn the_ledger_sums_to_the_balances(target: Case) {
    let entity = EntityType::Transaction;
    if !target.adapter.capability(entity).aggregate {
        return skipped(&target, "the ledger is not summed");
    }
    let dataset = target.dataset();
    let field = |name: &str| entity.def().id_of(name).expect("a field");
    let sets = match target.adapter.sets(entity) {
        sets if sets.is_empty() => vec!["GeneralLedger".into()],
        sets => sets,
    };
    let query = AggregateQuery {
        sets,
        filter: Filter::ALL,
        group_by: vec![GroupBy::Field(field("account"))],
        sums: vec![field("debit"), field("credit")],
    };
    let mut told = Vec::new();
    for _ in 0..2 {
        target.reset();
        told = target.adapter.aggregate(&target.ctx(), entity, &query).await.expect("sums");
    }
    assert!(target.requests() <= 1, "{} requests", target.requests());
    let accounts = records(&target, EntityType::Account).await;
    let codes: HashMap<_, _> = accounts
        .iter()
        .map(|account| {
            (
                Value::Ref(crate::support::reference(account)),
                account.named("code").as_text().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let mut sums: HashMap<&str, Decimal> = HashMap::new();
    for row in &told {
        *sums.entry(codes.get(&row.keys[0]).map_or("", String::as_str)).or_default() += row.sums[0] - row.sums[1];
    }
    if target.spec.system == System::QuickBooks {
        // It posts some things elsewhere than the story: what it sums is what its own accounts have. Those of income and expense
        // show none.
        let stays =
            |account: &&Arc<Record>| matches!(account.named("classification"), Value::Enum("ASSET" | "LIABILITY"));
        for account in accounts.iter().filter(stays) {
            let of = Value::Ref(crate::support::reference(account));
            let rows = told.iter().filter(|row| row.keys[0] == of);
            let sum: Decimal = rows.map(|row| row.sums[0] - row.sums[1]).sum();
            let Some(balance) = account.named("balance").as_decimal() else { continue };
            assert_eq!(sum, balance, "{:?}", account.named("name"));
        }
        return;
    }
    for (account, balance) in dataset.accounts.iter().zip(dataset.balances()) {
        let sum = sums.remove(account.code).unwrap_or_default();
        assert_eq!(sum, Decimal::new(balance, 2), "{} {}", account.code, account.name);
    }
    assert!(sums.values().all(Decimal::is_zero), "on accounts that are not of the story: {sums:?}");
}
