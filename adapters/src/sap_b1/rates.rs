//! Exchange rates: a table that no set of the Service Layer shows, read by queries in SQL. It has a row for each currency and day,
//! few enough to be sorted here.

use super::{
    SapB1,
    books::Books,
    ledger::sql_date,
    sql::{Statement, Tables},
};
use crate::{
    adapter::{Ctx, ListQuery, Order, Page, Position, Row, SetPage},
    error::{Error, Result},
    filter::Filter,
    mapping::{Literal, Plan, SetMapping, SourceCondition, SourceFilter, SourceOp},
    model::{Direction, EntityType, FieldSet, Record, RemoteRef},
};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::{cmp::Ordering, collections::HashMap, sync::Arc};

/// So many rates are named by a query; fewer are filled up, so that queries stay few. Of more, all between the first day and the
/// last are read.
const RATES_PER_QUERY: usize = 20;

/// The set that is read so, if the entity is.
pub(super) fn set(books: &Books, entity: EntityType) -> Option<&Arc<SetMapping>> {
    books.sets(entity).iter().find(|set| is_table(set))
}

/// Whether a set is nothing but a table.
pub(super) fn is_table(set: &SetMapping) -> bool {
    set.each.is_none() && Tables::of(set).is_some()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RateRow<'a> {
    currency: Box<str>,
    rate_date: Box<str>,
    #[serde(borrow)]
    rate: &'a RawValue,
}

const SELECT: &str = "Currency, RateDate, Rate";

/// The rows that a statement gives, as records.
async fn read(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    plan: &Plan,
    statement: Statement,
) -> Result<(Vec<Arc<Record>>, Vec<crate::adapter::Quarantined>)> {
    let env = b1.env(ctx, books);
    let (mut records, mut quarantined) = (Vec::new(), Vec::new());
    for row in statement.rows(&b1.service, ctx).await? {
        let unreadable =
            |what: String| Error::bad_response("a rate of the ERP's answer cannot be read").with_detail(what);
        let row: RateRow<'_> = serde_json::from_slice(&row).map_err(|e| unreadable(e.to_string()))?;
        let day = sql_date(&row.rate_date).ok_or_else(|| unreadable(row.rate_date.to_string()))?;
        let id = format!("{}:{day}", row.currency);
        let json = format!(
            r#"{{"Id":{},"Currency":{},"RateDate":"{day}","Rate":{}}}"#,
            json!(id),
            json!(row.currency),
            row.rate
        );
        match plan.read(&json, &[], &env) {
            Ok(record) => records.push(Arc::new(record)),
            Err(reason) => quarantined.push(reason),
        }
    }
    Ok((records, quarantined))
}

pub(super) async fn list(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    set: &Arc<SetMapping>,
    query: &ListQuery,
) -> Result<Page> {
    let tables = Tables::of(set).ok_or_else(|| Error::unsupported("SAP Business One has no such table."))?;
    let columns = books.columns(set);
    let (statement, left) =
        Statement::new(SELECT.to_owned(), &tables, set, &query.filter, &b1.dialect(&columns, false))?;
    let order: FieldSet = query.order.iter().map(|order| order.field).collect();
    let plan = Plan::new(set, query.fields.union(order).union(left.fields()));
    let mut statement = Some(statement);
    let mut sets = Vec::with_capacity(query.sets.len());
    for start in &query.sets {
        let mut page = SetPage::empty(&start.set);
        if let Some(statement) =
            statement.take().filter(|_| start.set == set.set && query.limit > 0 && !query.filter.is_none())
        {
            let (mut records, quarantined) = read(b1, ctx, books, &plan, statement).await?;
            records.sort_by(|a, b| compare(&place(a, &query.order), &place(b, &query.order), &query.order));
            if let Some(after) = &start.after {
                records.retain(|record| compare(&place(record, &query.order), after, &query.order).is_gt());
            }
            let more = records.len() > query.limit;
            records.truncate(query.limit);
            let row = |record: Arc<Record>| Row { position: place(&record, &query.order), record };
            page.rows = records.into_iter().map(row).collect();
            page.next = page.rows.last().filter(|_| more).map(|row| row.position.clone());
            page.quarantined = if start.after.is_none() { quarantined } else { Vec::new() };
        }
        sets.push(page);
    }
    Ok(Page { sets, left })
}

pub(super) async fn get_many(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    set: &Arc<SetMapping>,
    ids: &[RemoteRef],
    fields: FieldSet,
) -> Result<Vec<Option<Arc<Record>>>> {
    let tables = Tables::of(set).ok_or_else(|| Error::unsupported("SAP Business One has no such table."))?;
    let columns = books.columns(set);
    let is = |path: &str, op: SourceOp, value: Literal| {
        SourceFilter::Is(SourceCondition { path: path.into(), op, values: vec![value] })
    };
    let known = |id: &'_ RemoteRef| {
        let (currency, day) = id.id.rsplit_once(':').filter(|_| id.set == set.set)?;
        Some((currency.to_owned(), day.parse::<NaiveDate>().ok()?))
    };
    let wanted: Vec<_> = ids.iter().filter_map(known).collect();
    let days = wanted.iter().map(|(_, day)| *day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return Ok(vec![None; ids.len()]) };
    let on = |op, day| is("RateDate", op, Literal::Date(day));
    let condition = if wanted.len() > RATES_PER_QUERY {
        SourceFilter::And(vec![on(SourceOp::Gte, first), on(SourceOp::Lte, last)])
    } else {
        let rates = wanted.iter().map(|(currency, day)| {
            let currency = is("Currency", SourceOp::Eq, Literal::Text(currency.as_str().into()));
            SourceFilter::And(vec![currency, on(SourceOp::Eq, *day)])
        });
        let same = rates.clone().next_back();
        SourceFilter::Or(rates.chain(same.into_iter().cycle()).take(RATES_PER_QUERY).collect())
    };
    let (statement, _) = Statement::new(SELECT.to_owned(), &tables, set, &Filter::ALL, &b1.dialect(&columns, false))?;
    let statement = statement.and(&condition, &tables, &columns)?;
    let (found, _) = read(b1, ctx, books, &Plan::new(set, fields), statement).await?;
    let found: HashMap<_, _> = found.into_iter().map(|record| (record.key.id.clone(), record)).collect();
    Ok(ids.iter().map(|id| found.get(&id.id).filter(|record| record.key.set == id.set).cloned()).collect())
}

fn place(record: &Record, order: &[Order]) -> Position {
    let values = order.iter().map(|order| record.get(order.field).clone()).collect();
    Position::After { values, id: record.key.id.clone() }
}

/// The order of two places in a list.
fn compare(a: &Position, b: &Position, order: &[Order]) -> Ordering {
    let (Position::After { values: x, id: a }, Position::After { values: y, id: b }) = (a, b) else {
        return Ordering::Equal;
    };
    let by_key = order.iter().zip(x.iter().zip(y)).map(|(order, (x, y))| match order.direction {
        Direction::Desc if !x.is_null() && !y.is_null() => y.compare(x),
        _ => x.compare(y),
    });
    let by_id = match order.last().map(|order| order.direction) {
        Some(Direction::Desc) => b.cmp(a),
        _ => a.cmp(b),
    };
    by_key.into_iter().find(|order| order.is_ne()).unwrap_or(by_id)
}
