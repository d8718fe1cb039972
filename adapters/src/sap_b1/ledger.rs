//! Sums over the lines of postings, by a query in SQL.

use super::{
    SapB1,
    aggregate::first_day,
    books::Books,
    sql::{Statement, Tables},
};
use crate::{
    adapter::{AggregateQuery, AggregateRow, Ctx, GroupBy},
    error::{Error, Result},
    mapping::{From, SetMapping, decimal},
    model::{Kind, RemoteRef, Value},
};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

/// Whether a set has lines that can be summed so.
pub(super) fn has(set: &SetMapping) -> bool {
    set.each.is_some() && Tables::of(set).is_some()
}

/// Whether a set can be summed so with these settings.
pub(super) fn can(b1: &SapB1, set: &SetMapping) -> bool {
    b1.config.sql_queries && has(set)
}

/// The groups of a set.
pub(super) async fn sums(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    set: &SetMapping,
    query: &AggregateQuery,
) -> Result<Vec<AggregateRow>> {
    let def = set.entity.def();
    let unknown =
        |field| Error::unsupported(format!("SAP Business One cannot sum {} by {}.", def.plural, def.field(field).name));
    let tables = Tables::of(set).ok_or_else(|| Error::unsupported("SAP Business One does not sum this."))?;
    let column = |field| {
        let path = match &set.field(field).ok_or_else(|| unknown(field))?.from {
            From::Paths(paths) | From::Ref { paths, .. } => paths.first(),
            _ => None,
        };
        path.and_then(|path| tables.column(path.as_str())).ok_or_else(|| unknown(field))
    };
    let mut select = Vec::new();
    let mut by = Vec::new();
    for (at, GroupBy::Field(field) | GroupBy::Period(field, _)) in query.group_by.iter().enumerate() {
        let column = column(*field)?;
        select.push(format!("{column} AS Group{at}"));
        if !by.contains(&column) {
            by.push(column);
        }
    }
    for (at, field) in query.sums.iter().enumerate() {
        if !matches!(def.field(*field).kind, Kind::Decimal | Kind::Money(_)) {
            return Err(unknown(*field));
        }
        select.push(format!("SUM({}) AS Sum{at}", column(*field)?));
    }
    select.push("COUNT(*) AS Records".to_owned());
    let columns = books.columns(set);
    let (statement, left) =
        Statement::new(select.join(", "), &tables, set, &query.filter, &b1.dialect(&columns, false))?;
    if !left.is_all() {
        return Err(Error::unsupported("SAP Business One cannot evaluate this filter exactly."));
    }
    let mut groups: BTreeMap<String, AggregateRow> = BTreeMap::new();
    for row in statement.grouped(&by).rows(&b1.service, ctx).await? {
        let row = read(set, query, &row)?;
        match groups.get_mut(&format!("{:?}", row.keys)) {
            // The days of a period.
            Some(group) => {
                group.count = group.count.zip(row.count).map(|(a, b)| a + b);
                group.sums.iter_mut().zip(row.sums).for_each(|(sum, part)| *sum += part);
            }
            None => {
                groups.insert(format!("{:?}", row.keys), row);
            }
        }
    }
    Ok(groups.into_values().collect())
}

fn read(set: &SetMapping, query: &AggregateQuery, row: &[u8]) -> Result<AggregateRow> {
    let unreadable = |what: String| Error::bad_response("a sum of the ERP's answer cannot be read").with_detail(what);
    let values: HashMap<&str, &RawValue> = serde_json::from_slice(row).map_err(|e| unreadable(e.to_string()))?;
    let raw = |name: &str| values.get(name).map(|raw| raw.get()).filter(|raw| *raw != "null");
    let number = |name: &str| match raw(name) {
        None => Ok(Decimal::ZERO),
        Some(raw) => decimal(raw).ok_or_else(|| unreadable(format!("{name}: {raw}"))),
    };
    let key = |(at, group): (usize, &GroupBy)| {
        let (GroupBy::Field(field) | GroupBy::Period(field, _)) = group;
        let name = format!("Group{at}");
        let Some(raw) = raw(&name) else { return Ok(Value::Null) };
        let text: String = serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned());
        Ok(match (set.field(*field).map(|mapping| &mapping.from), group) {
            _ if text.is_empty() => Value::Null,
            (Some(From::Ref { set, .. }), _) => Value::Ref(RemoteRef { set: set.clone(), id: text.into() }),
            (_, group) if matches!(set.entity.def().field(*field).kind, Kind::Date) => {
                let day = sql_date(&text).ok_or_else(|| unreadable(format!("{name}: {raw}")))?;
                match group {
                    GroupBy::Field(_) => Value::Date(day),
                    GroupBy::Period(_, period) => first_day(day, *period).map_or(Value::Null, Value::Date),
                }
            }
            _ => Value::Text(text.into()),
        })
    };
    let keys = query.group_by.iter().enumerate().map(key).collect::<Result<_>>()?;
    let sums = (0..query.sums.len()).map(|at| number(&format!("Sum{at}"))).collect::<Result<_>>()?;
    let count = number("Records")?.normalize().to_string().parse().ok();
    Ok(AggregateRow { set: set.set.clone(), keys, count, sums })
}

/// A date as queries in SQL show it: `20260131` (guide, 4.9).
pub(super) fn sql_date(text: &str) -> Option<NaiveDate> {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(8).collect();
    NaiveDate::parse_from_str(&digits, "%Y%m%d").ok()
}
