//! Sums and counts. The ledger has a report, which holds every posting of a time, and short lists are summed as a whole. The
//! other reports sum documents by rules of their own, which the documents do not add up to.

use super::{
    QuickBooks,
    ledger::{self, Posting},
    statement::is_whole,
};
use crate::{
    adapter::{AggregateQuery, AggregateRow, Ctx, GroupBy, Period},
    error::{Error, Result},
    mapping::SetMapping,
    model::{EntityType, FieldId, FieldSet, RemoteRef, SourceSet, Value},
};
use chrono::{Datelike, NaiveDate};
use futures_util::future::try_join_all;
use rust_decimal::Decimal;
use std::{collections::HashMap, sync::Arc};

/// The source set of postings: they can be summed, not listed.
pub(super) const LEDGER: &str = "GeneralLedger";

impl QuickBooks {
    pub(super) async fn read_aggregate(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        query: &AggregateQuery,
    ) -> Result<Vec<AggregateRow>> {
        if entity == EntityType::Transaction {
            return self.sum_ledger(ctx, query).await;
        }
        let sets = query.sets.iter().map(|name| async move {
            let set = self.set(entity, name)?;
            match is_whole(set) {
                true => self.sum_whole(ctx, set, query).await,
                false => Err(Error::unsupported(format!("QuickBooks does not sum {}.", entity.def().plural))),
            }
        });
        Ok(try_join_all(sets).await?.into_iter().flatten().collect())
    }

    async fn sum_ledger(&self, ctx: &Ctx, query: &AggregateQuery) -> Result<Vec<AggregateRow>> {
        let def = EntityType::Transaction.def();
        let span = ledger::Span::of(&query.filter)?;
        let name = |field: FieldId| def.field(field).name;
        let unsupported = |what: &str| Error::unsupported(format!("QuickBooks' report of the ledger has no {what}."));
        for group in &query.group_by {
            let (GroupBy::Field(field) | GroupBy::Period(field, _)) = *group;
            match (group, name(field)) {
                (GroupBy::Field(_), "account" | "date") | (GroupBy::Period(..), "date") => {}
                (_, other) => return Err(unsupported(&format!("sums by {other}"))),
            }
        }
        if let Some(other) = query.sums.iter().map(|sum| name(*sum)).find(|sum| !matches!(*sum, "debit" | "credit")) {
            return Err(unsupported(&format!("sums of {other}")));
        }
        let postings = self.postings(ctx, &span).await?;
        let mut groups = Groups::new(&LEDGER.into(), query);
        for posting in &postings {
            let value = |field| match (name(field), posting) {
                ("account", Posting { account: Some(id), .. }) => {
                    Value::Ref(RemoteRef { set: "Account".into(), id: id.clone() })
                }
                ("date", posting) => Value::Date(posting.date),
                _ => Value::Null,
            };
            let amount = |field| Some(if name(field) == "debit" { posting.debit } else { posting.credit });
            groups.add(&value, &amount)?;
        }
        Ok(groups.rows)
    }

    async fn sum_whole(&self, ctx: &Ctx, set: &Arc<SetMapping>, query: &AggregateQuery) -> Result<Vec<AggregateRow>> {
        let grouped = query.group_by.iter().map(|group| match *group {
            GroupBy::Field(field) | GroupBy::Period(field, _) => field,
        });
        let fields: FieldSet = grouped.chain(query.sums.iter().copied()).collect();
        let whole = self.whole(ctx, set, &query.filter, fields).await?;
        if let Some(record) = whole.quarantined.first() {
            let reason = &record.reason;
            return Err(Error::unsupported(format!("A record of {} cannot be summed: {reason}", set.set)));
        }
        let mut groups = Groups::new(&set.set, query);
        for record in &whole.records {
            groups.add(&|field| record.get(field).clone(), &|field| record.get(field).as_decimal())?;
        }
        Ok(groups.rows)
    }
}

/// Sums under way.
struct Groups<'q> {
    query: &'q AggregateQuery,
    set: SourceSet,
    rows: Vec<AggregateRow>,
    places: HashMap<Vec<Value>, usize>,
}

impl<'q> Groups<'q> {
    fn new(set: &SourceSet, query: &'q AggregateQuery) -> Self {
        let mut groups = Self { query, set: set.clone(), rows: Vec::new(), places: HashMap::new() };
        if query.group_by.is_empty() {
            groups.place(Vec::new());
        }
        groups
    }

    fn place(&mut self, keys: Vec<Value>) -> usize {
        let (rows, set, sums) = (&mut self.rows, &self.set, self.query.sums.len());
        *self.places.entry(keys).or_insert_with_key(|keys| {
            rows.push(AggregateRow {
                set: set.clone(),
                keys: keys.clone(),
                count: Some(0),
                sums: vec![Decimal::ZERO; sums],
            });
            rows.len() - 1
        })
    }

    /// Adds a record: its values to group by, and its amounts.
    fn add(&mut self, value: &dyn Fn(FieldId) -> Value, amount: &dyn Fn(FieldId) -> Option<Decimal>) -> Result<()> {
        let key = |group: &GroupBy| match *group {
            GroupBy::Field(field) => value(field),
            GroupBy::Period(field, period) => match value(field) {
                Value::Date(day) => Value::Date(first_day(day, period)),
                Value::DateTime(moment) => Value::Date(first_day(moment.date_naive(), period)),
                _ => Value::Null,
            },
        };
        let keys = self.query.group_by.iter().map(key).collect();
        let at = self.place(keys);
        let row = &mut self.rows[at];
        row.count = row.count.map(|count| count + 1);
        for (sum, field) in row.sums.iter_mut().zip(&self.query.sums) {
            let added = sum.checked_add(amount(*field).unwrap_or_default());
            *sum = added.ok_or_else(|| Error::unsupported("A sum has too many digits."))?;
        }
        Ok(())
    }
}

fn first_day(day: NaiveDate, period: Period) -> NaiveDate {
    match period {
        Period::Day => Some(day),
        Period::Month => day.with_day(1),
        Period::Year => day.with_ordinal(1),
    }
    .unwrap_or(day)
}

/// By which fields postings are selected.
pub(super) const LEDGER_FILTER: [&str; 2] = ["date", "account"];
