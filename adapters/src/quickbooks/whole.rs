//! Lists that are read as a whole: the chart of accounts, the rates of tax and of currencies. They are short, and queries
//! neither sort nor select by most of what clients ask for: a chart of accounts cannot be sorted by its numbers.

use super::{
    QuickBooks,
    api::Answer,
    statement::{MAX_ROWS, Selection, listed},
};
use crate::{
    adapter::{Ctx, ListQuery, Order, Page, Position, Row, SetPage},
    error::{Error, Result},
    filter::{Condition, Filter, Op, Target, matches},
    mapping::{SetMapping, SourceFilter},
    model::{Direction, EntityType, FieldSet, Record, Value},
};
use chrono::{Days, NaiveDate};
use futures_util::future::{try_join, try_join_all};
use std::{cmp::Ordering, sync::Arc};

/// All records of a set that pass a filter, and what could not be mapped.
pub(super) struct Whole {
    pub(super) records: Vec<Arc<Record>>,
    pub(super) quarantined: Vec<crate::adapter::Quarantined>,
}

impl QuickBooks {
    pub(super) async fn list_whole(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page> {
        let order_fields: FieldSet = query.order.iter().map(|key| key.field).collect();
        let fields = query.fields.union(order_fields);
        let sets = query.sets.iter().map(|start| async move {
            let set = self.set(entity, &start.set)?;
            let Whole { mut records, quarantined } = self.whole(ctx, set, &query.filter, fields).await?;
            records.sort_by(|a, b| compare(&query.order, &position(&query.order, a), &position(&query.order, b)));
            let first = match &start.after {
                None => 0,
                Some(after @ Position::After { values, .. }) if values.len() == query.order.len() => {
                    records.partition_point(|r| compare(&query.order, &position(&query.order, r), after).is_le())
                }
                Some(_) => return Err(Error::invalid("The position does not belong to this list.")),
            };
            let rest = records.len() - first;
            let shown = records.into_iter().skip(first).take(query.limit);
            let rows: Vec<_> = shown.map(|record| Row { position: position(&query.order, &record), record }).collect();
            let next = rows.last().filter(|_| rest > query.limit).map(|row| row.position.clone());
            let quarantined = if start.after.is_none() { quarantined } else { Vec::new() };
            Ok(SetPage { set: set.set.clone(), rows, next, quarantined })
        });
        Ok(Page { sets: try_join_all(sets).await?, left: Filter::ALL })
    }

    /// The records of a set that pass a filter.
    pub(super) async fn whole(
        &self,
        ctx: &Ctx,
        set: &Arc<SetMapping>,
        filter: &Filter,
        fields: FieldSet,
    ) -> Result<Whole> {
        if set.entity == EntityType::ExchangeRate && !self.books(ctx).await?.multi_currency {
            return Err(Error::unsupported("The company keeps its books in one currency."));
        }
        if filter.is_none() {
            return Ok(Whole { records: Vec::new(), quarantined: Vec::new() });
        }
        let ((env, books), answers) = try_join(self.env(ctx), self.all_rows(ctx, set, filter)).await?;
        let mut rows = Vec::new();
        for answer in &answers {
            rows.extend(answer.rows(set.set.as_str())?);
        }
        let fields = fields.union(filter.fields());
        let reading = self.reading(ctx, set, fields, &rows, (&env, &books)).await?;
        let mut whole = Whole { records: Vec::with_capacity(rows.len()), quarantined: Vec::new() };
        for raw in rows {
            match reading.read(raw) {
                Ok(record) if matches(filter, &record) => whole.records.push(Arc::new(record)),
                Ok(_) => {}
                Err(quarantined) => whole.quarantined.push(quarantined),
            }
        }
        Ok(whole)
    }

    async fn all_rows(&self, ctx: &Ctx, set: &SetMapping, filter: &Filter) -> Result<Vec<Answer>> {
        let as_of = match set.entity {
            EntityType::ExchangeRate => latest_day(set, filter),
            _ => None,
        };
        let all = Selection::new(set, &SourceFilter::ALL)?;
        // The day of a condition is the one on which the rates are to hold, not the one from which they hold.
        let selection = match as_of {
            Some(day) => all.on("AsOfDate", day),
            None => all,
        };
        let order = if listed(set, "sortable", "Id") { "Id asc" } else { "" };
        let mut answers = Vec::new();
        loop {
            let skip = (answers.len() * MAX_ROWS) as u64;
            let answer = self.api.query(ctx, &selection.rows(order, skip, MAX_ROWS)).await?;
            let found = answer.rows(set.set.as_str())?.len();
            answers.push(answer);
            if found < MAX_ROWS {
                return Ok(answers);
            }
        }
    }
}

/// The last day that a filter lets pass, if it names one.
fn latest_day(set: &SetMapping, filter: &Filter) -> Option<NaiveDate> {
    let date = set.entity.def().id_of("date").map(Target::Field)?;
    let conjuncts = match filter {
        Filter::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let bound = |part: &Filter| match part {
        Filter::Is(Condition { target, op, values }) if *target == date => match (op, values.as_slice()) {
            (Op::Lte | Op::Eq, [Value::Date(day)]) => Some(*day),
            (Op::Lt, [Value::Date(day)]) => day.checked_sub_days(Days::new(1)),
            _ => None,
        },
        _ => None,
    };
    conjuncts.iter().filter_map(bound).min()
}

fn position(order: &[Order], record: &Record) -> Position {
    Position::After {
        values: order.iter().map(|key| record.get(key.field).clone()).collect(),
        id: record.key.id.clone(),
    }
}

/// By the keys, what has no value last, and then by id in the direction of the last key.
fn compare(order: &[Order], a: &Position, b: &Position) -> Ordering {
    let (Position::After { values: x, id: i }, Position::After { values: y, id: j }) = (a, b) else {
        return Ordering::Equal;
    };
    let directed = |ordering: Ordering, direction| match direction {
        Direction::Asc => ordering,
        Direction::Desc => ordering.reverse(),
    };
    let keys = order.iter().zip(x.iter().zip(y)).map(|(key, (x, y))| match (x.is_null(), y.is_null()) {
        (false, false) => directed(x.compare(y), key.direction),
        (x, y) => x.cmp(&y),
    });
    let number = |id: &str| id.parse::<u64>().map_or((u64::MAX, id.to_owned()), |n| (n, String::new()));
    let ids = || directed(number(i).cmp(&number(j)), order.last().map_or(Direction::Asc, |key| key.direction));
    keys.fold(Ordering::Equal, Ordering::then).then_with(ids)
}
