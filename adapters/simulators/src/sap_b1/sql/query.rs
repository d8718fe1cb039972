//! A query that was read, and how it is run over the tables.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use chrono::NaiveDate;

use super::{
    error::Error,
    tables::{From, Table},
};
use crate::{
    sap_b1::apply::Gathered,
    store::{Cell, Match, Row, Tables},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    IfNull,
    Lower,
    Upper,
    Left,
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Total {
    Sum,
    Average,
    Low,
    High,
    /// Of values that are not null.
    Count,
    Distinct,
    /// `COUNT(*)`.
    Rows,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    /// The position of its table, its name, and where its value is.
    Column(usize, &'static str, From),
    Value(Cell),
    Param(String),
    Call(Function, Vec<Expr>),
    Total(Total, Option<Box<Expr>>),
    Compare(Box<Expr>, Comparison, Box<Expr>),
    Like(Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    IsNull(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
}

/// One column of the result.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) expr: Expr,
    pub(super) alias: String,
    /// Its position in the statement.
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Join {
    /// Whether rows without a partner are kept.
    pub(super) outer: bool,
    pub(super) on: Expr,
}

#[derive(Debug)]
pub(super) struct Order {
    pub(super) by: Expr,
    pub(super) descending: bool,
}

#[derive(Debug)]
pub(super) struct Query {
    pub(super) distinct: bool,
    pub(super) top: Option<usize>,
    pub(super) items: Vec<Item>,
    pub(super) tables: Vec<Table>,
    pub(super) joins: Vec<Join>,
    pub(super) filter: Option<Expr>,
    pub(super) group: Vec<Expr>,
    pub(super) having: Option<Expr>,
    pub(super) order: Vec<Order>,
}

/// A row of each table, as far as one was found.
type Joined<'t> = Vec<Option<Row<'t>>>;

/// The values of the parameters.
pub(super) type Params = BTreeMap<String, Cell>;

/// What an expression is evaluated over: one joined row, or all those of a group.
struct Scope<'a, 't> {
    rows: &'a [Joined<'t>],
    params: &'a Params,
}

impl Query {
    /// Runs the query: the cells of each row, in the order of the items.
    ///
    /// # Errors
    /// If a parameter has no value.
    pub(super) fn run(&self, tables: &Tables, params: &Params) -> Result<Vec<Vec<Cell>>, Error> {
        let joined = self.joined(tables, params)?;
        let sums = self.items.iter().any(|item| item.expr.has_total());
        let groups: Vec<Vec<Joined<'_>>> = if sums || !self.group.is_empty() {
            self.grouped(joined, params)?
        } else {
            joined.into_iter().map(|row| vec![row]).collect()
        };
        let mut found = Vec::with_capacity(groups.len());
        let mut seen = BTreeSet::new();
        for rows in &groups {
            let scope = Scope { rows, params };
            if let Some(having) = &self.having
                && having.truth(&scope)? != Some(true)
            {
                continue;
            }
            let cells = self.items.iter().map(|item| item.expr.cell(&scope)).collect::<Result<Vec<_>, _>>()?;
            if self.distinct && !seen.insert(cells.clone()) {
                continue;
            }
            let keys = self.order.iter().map(|order| order.by.cell(&scope)).collect::<Result<Vec<_>, _>>()?;
            found.push((keys, cells));
        }
        found.sort_by(|(left, _), (right, _)| {
            let mut by = self
                .order
                .iter()
                .zip(left.iter().zip(right))
                .map(|(order, (left, right))| if order.descending { right.cmp(left) } else { left.cmp(right) });
            by.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
        });
        let rows = found.into_iter().map(|(_, cells)| cells);
        Ok(rows.take(self.top.unwrap_or(usize::MAX)).collect())
    }

    fn joined<'t>(&self, tables: &'t Tables, params: &Params) -> Result<Vec<Joined<'t>>, Error> {
        let stored = |position: usize| &tables[self.tables[position].stored];
        let mut found: Vec<Joined<'t>> = stored(0).rows().map(|row| vec![Some(row)]).collect();
        for (join, position) in self.joins.iter().zip(1..) {
            let keys = join.on.keys(position);
            let mut by_key: BTreeMap<Vec<Cell>, Vec<Row<'t>>> = BTreeMap::new();
            for row in stored(position).rows() {
                let key = keys.iter().map(|(_, (_, own))| own.cell(&row)).collect();
                by_key.entry(key).or_default().push(row);
            }
            let mut longer = Vec::new();
            for rows in found {
                let key: Vec<Cell> = keys
                    .iter()
                    .map(|((source, from), _)| rows[*source].map(|row| from.cell(&row)).unwrap_or_default())
                    .collect();
                let mut partners = 0;
                for row in by_key.get(&key).into_iter().flatten() {
                    let mut pair = rows.clone();
                    pair.push(Some(*row));
                    let pair = [pair];
                    if join.on.truth(&Scope { rows: &pair, params })? == Some(true) {
                        longer.extend(pair);
                        partners += 1;
                    }
                }
                if partners == 0 && join.outer {
                    let mut alone = rows;
                    alone.push(None);
                    longer.push(alone);
                }
            }
            found = longer;
        }
        let Some(filter) = &self.filter else { return Ok(found) };
        let mut kept = Vec::new();
        for rows in found {
            let rows = [rows];
            if filter.truth(&Scope { rows: &rows, params })? == Some(true) {
                kept.extend(rows);
            }
        }
        Ok(kept)
    }

    fn grouped<'t>(&self, joined: Vec<Joined<'t>>, params: &Params) -> Result<Vec<Vec<Joined<'t>>>, Error> {
        if self.group.is_empty() {
            return Ok(vec![joined]);
        }
        let mut groups: BTreeMap<Vec<Cell>, Vec<Joined<'t>>> = BTreeMap::new();
        for rows in joined {
            let rows = [rows];
            let scope = Scope { rows: &rows, params };
            let key = self.group.iter().map(|expr| expr.cell(&scope)).collect::<Result<Vec<_>, _>>()?;
            let [rows] = rows;
            groups.entry(key).or_default().push(rows);
        }
        Ok(groups.into_values().collect())
    }
}

/// A column of a table: the table's position, and where its value is.
type Key = (usize, From);

impl Expr {
    pub(super) fn has_total(&self) -> bool {
        match self {
            Self::Total(..) => true,
            Self::Call(_, arguments) => arguments.iter().any(Self::has_total),
            _ => false,
        }
    }

    /// Whether a query that groups by `group` may show this.
    pub(super) fn is_grouped(&self, group: &[Expr]) -> bool {
        match self {
            Self::Column(source, name, _) => group
                .iter()
                .any(|expr| matches!(expr, Self::Column(other, known, _) if (other, known) == (source, name))),
            Self::Call(_, arguments) => arguments.iter().all(|argument| argument.is_grouped(group)),
            _ => true,
        }
    }

    /// The pairs of columns that must be equal for a row of the table at `position` to belong to those before it.
    fn keys(&self, position: usize) -> Vec<(Key, Key)> {
        match self {
            Self::And(left, right) => [left.keys(position), right.keys(position)].concat(),
            Self::Compare(left, Comparison::Equal, right) => match (&**left, &**right) {
                (Self::Column(one, _, from), Self::Column(other, _, own)) if *other == position && *one < position => {
                    vec![((*one, *from), (*other, *own))]
                }
                (Self::Column(other, _, own), Self::Column(one, _, from)) if *other == position && *one < position => {
                    vec![((*one, *from), (*other, *own))]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn is_date(&self) -> bool {
        match self {
            Self::Column(_, _, from) => from.is_date(),
            Self::Total(Total::Low | Total::High, Some(inner)) => inner.is_date(),
            _ => false,
        }
    }

    fn cell(&self, scope: &Scope<'_, '_>) -> Result<Cell, Error> {
        Ok(match self {
            Self::Column(source, _, from) => {
                let row = scope.rows.first().and_then(|row| row[*source]);
                row.map(|row| from.cell(&row)).unwrap_or_default()
            }
            Self::Value(cell) => cell.clone(),
            Self::Param(name) => scope.params.get(name).cloned().ok_or_else(Error::parameter)?,
            Self::Call(function, arguments) => {
                let cells = arguments.iter().map(|argument| argument.cell(scope)).collect::<Result<Vec<_>, _>>()?;
                function.call(&cells)
            }
            Self::Total(total, inner) => {
                let mut gathered = Gathered::default();
                for row in scope.rows {
                    let one = Scope { rows: std::slice::from_ref(row), params: scope.params };
                    let cell = inner.as_deref().map(|inner| inner.cell(&one)).transpose()?;
                    gathered.add(*total == Total::Distinct, cell);
                }
                match total {
                    Total::Sum => gathered.sum(),
                    Total::Average => gathered.mean(),
                    Total::Low => gathered.low(),
                    Total::High => gathered.high(),
                    Total::Count => gathered.values().into(),
                    Total::Distinct => gathered.distinct().into(),
                    Total::Rows => gathered.rows().into(),
                }
            }
            condition => Cell::from(condition.truth(scope)?),
        })
    }

    /// Whether a condition holds; nothing is SQL's unknown.
    fn truth(&self, scope: &Scope<'_, '_>) -> Result<Option<bool>, Error> {
        Ok(match self {
            Self::And(left, right) => match (left.truth(scope)?, right.truth(scope)?) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.truth(scope)?, right.truth(scope)?) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(inner) => inner.truth(scope)?.map(|truth| !truth),
            Self::IsNull(inner) => Some(inner.cell(scope)?.is_null()),
            Self::Like(text, pattern) => match (text.cell(scope)?, pattern.cell(scope)?) {
                (Cell::Text(text), Cell::Text(pattern)) => {
                    Some(Match::Like.holds(&text, &pattern.replace('\\', "\\\\")))
                }
                _ => None,
            },
            Self::Compare(left, comparison, right) => {
                let date = left.is_date() || right.is_date();
                compare(&left.cell(scope)?, *comparison, &right.cell(scope)?, date)
            }
            Self::In(left, values) => {
                let (cell, date) = (left.cell(scope)?, left.is_date());
                let mut truth = Some(false);
                for value in values {
                    match compare(&cell, Comparison::Equal, &value.cell(scope)?, date) {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => truth = None,
                    }
                }
                truth
            }
            _ => None,
        })
    }
}

fn compare(left: &Cell, comparison: Comparison, right: &Cell, date: bool) -> Option<bool> {
    if left.is_null() || right.is_null() {
        return None;
    }
    if date {
        return Some(comparison.holds(day(left)?.cmp(&day(right)?)));
    }
    let same_kind = left.as_str().is_some() == right.as_str().is_some();
    same_kind.then(|| comparison.holds(left.cmp(right)))
}

/// A day, also of a text such as `2026-01-31` or `20260131`.
fn day(cell: &Cell) -> Option<NaiveDate> {
    let form = |text: &str| if text.contains('-') { "%Y-%m-%d" } else { "%Y%m%d" };
    cell.as_date().or_else(|| cell.as_str().and_then(|text| NaiveDate::parse_from_str(text, form(text)).ok()))
}

impl Function {
    fn call(self, cells: &[Cell]) -> Cell {
        let text = |change: &dyn Fn(&str) -> String| match cells.first() {
            Some(Cell::Text(text)) => change(text).into(),
            _ => Cell::Null,
        };
        let length = cells.get(1).and_then(Cell::as_dec).map_or(0, |length| length.to_cents() / 100);
        let length = usize::try_from(length).unwrap_or_default();
        match self {
            Self::IfNull => cells.iter().find(|cell| !cell.is_null()).cloned().unwrap_or_default(),
            Self::Lower => text(&str::to_lowercase),
            Self::Upper => text(&str::to_uppercase),
            Self::Left => text(&|text| text.chars().take(length).collect()),
            Self::Right => text(&|text| text.chars().skip(text.chars().count().saturating_sub(length)).collect()),
        }
    }
}
