//! Reads a part of a list in the exact order: over segments and groups, see [`super::order`].

use super::{
    books::{Books, Search},
    domain::Dialect,
    order::{Segment, Sorting, cells, id_of, position},
};
use crate::{
    adapter::{Ctx, Order, Position},
    error::{Error, Result},
    mapping::{SetMapping, SourceFilter, after},
    model::Value,
};
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
    pub(super) async fn rows(&self, ctx: &Ctx, filter: &SourceFilter, from: Option<&Position>, want: Want) -> Result<Batch> {
        let (Want::Exactly(wanted) | Want::UpTo(wanted)) = want;
        let first = match from {
            None => None,
            Some(Position::After { values, .. }) => Some(self.sorting.segment_of(values)),
            Some(Position::Offset(_)) => return Err(Error::invalid("The position does not belong to this order.")),
        };
        let segments = self.sorting.segments();
        let begin = first.and_then(|first| segments.iter().position(|segment| *segment == first)).unwrap_or(0);
        let mut rows = Vec::new();
        for (at, segment) in segments.iter().enumerate().skip(begin) {
            let mut conditions = vec![filter.clone(), self.sorting.condition(segment)];
            if let Some(position) = from.filter(|_| at == begin) {
                conditions.push(after(self.set, self.order, position)?);
            }
            let left = wanted - rows.len();
            let batch = self.segment(ctx, &SourceFilter::and(conditions), segment, left, want).await?;
            rows.extend(batch.rows);
            if batch.more {
                return Ok(Batch { rows, more: true });
            }
        }
        Ok(Batch { rows, more: false })
    }

    async fn segment(&self, ctx: &Ctx, filter: &SourceFilter, segment: &Segment, wanted: usize, want: Want) -> Result<Batch> {
        let clause = self.sorting.clause(segment);
        // Rows without a value at the grain are all of one group, which is in the database's order.
        let grain = self.sorting.grain().filter(|grain| segment[*grain] != Some(true));
        let asked = wanted + 1 + if wanted > 0 && grain.is_some() { self.sorting.slack() } else { 0 };
        let mut rows = self.search(ctx, filter, clause, asked).await?;
        let cut = rows.len() >= asked;
        let more = rows.len() > wanted;
        let Some(grain) = grain else {
            rows.truncate(wanted);
            return Ok(Batch { rows, more });
        };
        let last = rows.last().map(|row| row.values.clone()).unwrap_or_default();
        let complete = if cut && !last[grain].is_null() {
            rows.iter().position(|row| self.sorting.same_group(&row.values, &last)).unwrap_or(0)
        } else {
            rows.len()
        };
        self.sort_groups(ctx, grain, &mut rows[..complete]).await?;
        if complete >= wanted {
            rows.truncate(wanted);
            return Ok(Batch { rows, more });
        }
        rows.truncate(complete);
        if complete > 0 && matches!(want, Want::UpTo(_)) {
            return Ok(Batch { rows, more: true });
        }
        // The group in which the wanted rows end is read in its own order.
        let group = SourceFilter::and(vec![filter.clone(), self.sorting.group(&last)]);
        rows.extend(self.search(ctx, &group, self.sorting.inner_clause(), wanted - complete).await?);
        Ok(Batch { rows, more: true })
    }

    /// Puts the rows of each group in order, which the database put in the order of moments that nobody sees.
    async fn sort_groups(&self, ctx: &Ctx, grain: usize, rows: &mut [Row]) -> Result<()> {
        let mut ranks = HashMap::new();
        let group = |a: &Row, b: &Row| !a.values[grain].is_null() && self.sorting.same_group(&a.values, &b.values);
        if self.sorting.has_inner_keys() && rows.windows(2).any(|pair| group(&pair[0], &pair[1])) {
            let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
            let ranked = self.books.search(ctx, Search {
                model: self.set.set.as_str(),
                domain: serde_json::json!([["id", "in", ids]]).to_string(),
                fields: vec!["id"],
                order: self.sorting.inner_clause(),
                limit: None,
                offset: 0,
                names: false,
                operation: self.operation,
            });
            for (rank, row) in ranked.await?.iter().enumerate() {
                ranks.extend(cells(row)?.get("id").and_then(|id| id_of(id)).map(|id| (id, rank)));
            }
        }
        let descend = self.sorting.ids_descend();
        for rows in rows.chunk_by_mut(group) {
            rows.sort_by_key(|row| (ranks.get(&row.id).copied(), if descend { -row.id } else { row.id }));
        }
        Ok(())
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
