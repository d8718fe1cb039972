//! Reads a part of a list in the exact order: see [`super::order`] for why that takes more than an order clause.

use super::{
    books::{Books, Search},
    domain::Dialect,
    order::{Sorting, cells, id_of, position},
};
use crate::{
    adapter::{Ctx, Order, Position},
    error::{Error, Result},
    mapping::{SetMapping, SourceFilter, after},
    model::Value,
};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// A row with its place in the order.
pub(super) struct Row {
    pub(super) json: Box<RawValue>,
    pub(super) id: i64,
    pub(super) values: Vec<Value>,
}

impl Row {
    pub(super) fn position(&self) -> Position {
        position(&self.values, self.id)
    }
}

/// How many rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// So many, or all that there are.
    Exactly(usize),
    /// At most so many, and at least one if there is one: a call is not worth the last few.
    UpTo(usize),
}

impl Want {
    fn rows(self) -> usize {
        match self {
            Self::Exactly(rows) | Self::UpTo(rows) => rows,
        }
    }

    fn less(self, rows: usize) -> Self {
        match self {
            Self::Exactly(wanted) => Self::Exactly(wanted.saturating_sub(rows)),
            Self::UpTo(wanted) => Self::UpTo(wanted.saturating_sub(rows)),
        }
    }
}

/// A part of a list.
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// Whether more rows follow.
    pub(super) more: bool,
}

/// A list: what is in it, in which order, and what is read of it.
pub(super) struct Scan<'a> {
    pub(super) books: &'a Books,
    pub(super) dialect: &'a Dialect<'a>,
    pub(super) set: &'a SetMapping,
    pub(super) order: &'a [Order],
    pub(super) sorting: &'a Sorting<'a>,
    pub(super) fields: Vec<&'a str>,
    pub(super) names: bool,
    pub(super) operation: &'static str,
}

impl Scan<'_> {
    /// The rows that fulfil a condition, after a position.
    pub(super) async fn rows(
        &self,
        ctx: &Ctx,
        filter: &SourceFilter,
        from: Option<&Position>,
        want: Want,
    ) -> Result<Batch> {
        let (filter, start) = match from {
            None => (filter.clone(), None),
            Some(position @ Position::After { values, .. }) => (
                SourceFilter::and(vec![filter.clone(), after(self.set, self.order, position)?]),
                Some(values.as_slice()),
            ),
            Some(Position::Offset(_)) => return Err(Error::invalid("The position does not belong to this order.")),
        };
        self.part(ctx, filter, 0, start, want).await
    }

    /// The rows in the order of the keys from this one on, in the others of which they are equal.
    fn part<'a>(
        &'a self,
        ctx: &'a Ctx,
        filter: SourceFilter,
        key: usize,
        start: Option<&'a [Value]>,
        want: Want,
    ) -> BoxFuture<'a, Result<Batch>> {
        Box::pin(async move {
            if !self.sorting.is_split(key) {
                return self.run(ctx, filter, key, want).await;
            }
            let begins_without = start.is_some_and(|values| values.get(key).is_some_and(Value::is_null));
            if matches!(want, Want::UpTo(_))
                && !begins_without
                && let Some(batch) = self.together(ctx, &filter, key, want).await?
            {
                return Ok(batch);
            }
            let apart = |null| SourceFilter::and(vec![filter.clone(), self.sorting.null(key, null)]);
            let mut batch = match begins_without {
                true => Batch { rows: Vec::new(), more: false },
                false => self.run(ctx, apart(false), key, want).await?,
            };
            if !batch.more {
                let left = want.less(batch.rows.len());
                let rest = self.part(ctx, apart(true), key + 1, start.filter(|_| begins_without), left).await?;
                batch.rows.extend(rest.rows);
                batch.more = rest.more;
            }
            Ok(batch)
        })
    }

    /// The rows with and without a value in a split key at once. If that reaches the end, they are put in order here; else
    /// those with a value are the first ones, wherever the database put the others. None if there is no complete group among them.
    async fn together(&self, ctx: &Ctx, filter: &SourceFilter, key: usize, want: Want) -> Result<Option<Batch>> {
        let wanted = want.rows();
        let mut rows = self.search(ctx, filter, self.sorting.clause(key), wanted + 1).await?;
        let more = rows.len() > wanted;
        if more {
            rows.retain(|row| !row.values[key].is_null());
            rows.truncate(self.complete(key, &rows));
        }
        self.settle(ctx, key, &mut rows).await?;
        let empty = rows.is_empty();
        Ok(Some(Batch { rows, more }).filter(|_| !more || !empty))
    }

    /// The same where all rows have a value in the first key, or may stay where the database puts them.
    async fn run(&self, ctx: &Ctx, filter: SourceFilter, key: usize, want: Want) -> Result<Batch> {
        let wanted = want.rows();
        let end = self.sorting.group_end(key);
        let asked = wanted + 1 + end.filter(|_| wanted > 0).map_or(0, |end| self.sorting.slack(end));
        let mut rows = self.search(ctx, &filter, self.sorting.clause(key), asked).await?;
        let (cut, more) = (rows.len() >= asked, rows.len() > wanted);
        let complete = if cut { self.complete(key, &rows) } else { rows.len() };
        self.settle(ctx, key, &mut rows[..complete]).await?;
        if complete >= wanted || !cut {
            rows.truncate(wanted);
            return Ok(Batch { rows, more });
        }
        let last = rows.pop().map(|row| row.values).unwrap_or_default();
        rows.truncate(complete);
        if complete > 0 && matches!(want, Want::UpTo(_)) {
            return Ok(Batch { rows, more: true });
        }
        // The group in which the wanted rows end is read in its own order.
        let end = end.unwrap_or(key);
        let group = SourceFilter::and(vec![filter, self.sorting.group(key..end, &last)]);
        rows.extend(self.part(ctx, group, end, None, Want::Exactly(wanted - complete)).await?.rows);
        Ok(Batch { rows, more: true })
    }

    /// How many of the rows at the beginning of a list belong to groups that end in it.
    fn complete(&self, key: usize, rows: &[Row]) -> usize {
        let (Some(end), Some(last)) = (self.sorting.group_end(key), rows.last()) else { return rows.len() };
        // Rows without a moment are in order, however many there are.
        let in_order =
            last.values[end - 1].is_null() && self.sorting.is_moment(end - 1) && self.sorting.group_end(end).is_none();
        match in_order {
            true => rows.len(),
            false => rows.iter().position(|row| row.values[key..end] == last.values[key..end]).unwrap_or(0),
        }
    }

    /// Puts complete groups in order: by what follows a moment that nobody sees, and rows without a value last.
    async fn settle(&self, ctx: &Ctx, key: usize, rows: &mut [Row]) -> Result<()> {
        let sorting = self.sorting;
        if let Some(moment) = (key..sorting.id_key()).find(|key| sorting.is_moment(*key)) {
            let group =
                |a: &Row, b: &Row| !a.values[moment].is_null() && a.values[key..=moment] == b.values[key..=moment];
            let mut ranks = HashMap::new();
            if moment + 1 < sorting.id_key() && rows.windows(2).any(|pair| group(&pair[0], &pair[1])) {
                ranks = self.ranks(ctx, moment + 1, rows).await?;
            }
            let descend = sorting.ids_descend();
            for rows in rows.chunk_by_mut(group) {
                rows.sort_by_key(|row| (ranks.get(&row.id).copied(), if descend { -row.id } else { row.id }));
            }
        }
        let split: Vec<usize> = (key..sorting.id_key()).filter(|key| sorting.is_split(*key)).collect();
        if split.is_empty() {
            return Ok(());
        }
        let mut ranks = HashMap::new();
        for split in split.into_iter().filter(|split| sorting.is_text(*split) && split + 1 < sorting.id_key()) {
            if rows.iter().filter(|row| row.values[split].is_null()).count() > 1 {
                ranks.insert(split, self.ranks(ctx, split + 1, rows).await?);
            }
        }
        self.nulls_last(key, rows, &ranks);
        Ok(())
    }

    /// Among rows that are equal in the keys before: those without a value behind the others, and in order. Texts that stand for
    /// no value differ in the database; what ranks they have by the keys after is given for each key.
    fn nulls_last(&self, key: usize, rows: &mut [Row], ranks: &HashMap<usize, HashMap<i64, usize>>) {
        if key == self.sorting.id_key() || rows.len() < 2 {
            return;
        }
        if self.sorting.is_split(key) {
            rows.sort_by_key(|row| row.values[key].is_null());
            if self.sorting.is_text(key) {
                let first = rows.partition_point(|row| !row.values[key].is_null());
                let (ranks, descend) = (ranks.get(&key), self.sorting.ids_descend());
                rows[first..].sort_by_key(|row| {
                    (ranks.and_then(|ranks| ranks.get(&row.id).copied()), if descend { -row.id } else { row.id })
                });
            }
        }
        for equal in rows.chunk_by_mut(|a, b| a.values[key] == b.values[key]) {
            self.nulls_last(key + 1, equal, ranks);
        }
    }

    /// The places of rows in the order of the keys from this one on: only the database knows how it sorts texts.
    async fn ranks(&self, ctx: &Ctx, key: usize, rows: &[Row]) -> Result<HashMap<i64, usize>> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let search = Search {
            model: self.set.set.as_str(),
            domain: serde_json::json!([["id", "in", ids]]).to_string(),
            fields: vec!["id"],
            order: self.sorting.clause(key),
            limit: None,
            offset: 0,
            names: false,
            operation: self.operation,
        };
        let mut ranks = HashMap::new();
        for (rank, row) in self.books.search(ctx, search).await?.iter().enumerate() {
            ranks.extend(cells(row)?.get("id").and_then(|id| id_of(id)).map(|id| (id, rank)));
        }
        Ok(ranks)
    }

    async fn search(&self, ctx: &Ctx, filter: &SourceFilter, order: String, limit: usize) -> Result<Vec<Row>> {
        let search = Search {
            model: self.set.set.as_str(),
            domain: self.dialect.render(filter),
            fields: self.fields.clone(),
            order,
            limit: Some(limit),
            offset: 0,
            names: self.names,
            operation: self.operation,
        };
        let rows = self.books.search(ctx, search).await?;
        rows.into_iter().map(|json| self.row(json)).collect()
    }

    fn row(&self, json: Box<RawValue>) -> Result<Row> {
        let cells = cells(&json)?;
        let id = cells.get(self.set.id.as_str()).and_then(|id| id_of(id));
        let id = id.ok_or_else(|| Error::bad_response("A row of Odoo's answer has no id."))?;
        let values = self.sorting.values(&cells)?;
        Ok(Row { id, values, json })
    }
}
