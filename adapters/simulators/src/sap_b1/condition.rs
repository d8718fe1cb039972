//! What a `$filter` means: three-valued logic as in SQL, over the columns of a table or over rows that were joined.

use std::cmp::Ordering;

use super::edm::{Kind, Property, Source};
use crate::store::{Cell, Filter, Match, Op, Row, Table};

/// How a property compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering == Ordering::Equal,
            Self::Ne => ordering != Ordering::Equal,
            Self::Lt => ordering == Ordering::Less,
            Self::Le => ordering != Ordering::Greater,
            Self::Gt => ordering == Ordering::Greater,
            Self::Ge => ordering != Ordering::Less,
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
        }
    }
}

/// A property of one of the sources of a query; of a plain list there is only source 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) source: usize,
    pub(super) property: &'static Property,
}

impl Field {
    /// The value in a row of its source.
    pub(super) fn cell(self, row: &Row<'_>) -> Cell {
        match self.property.source {
            Source::Column(column) => row.get(column).cloned().unwrap_or_default(),
            Source::Fixed(literal) => literal.into(),
        }
    }

    fn is_time(self) -> bool {
        matches!(self.property.kind, Kind::Time)
    }
}

/// A condition.
#[derive(Debug)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// A property against a value, which may be null.
    Value(Field, Comparison, Cell),
    /// Two properties, in a `$crossjoin` only.
    Fields(Field, Comparison, Field),
    /// A text function.
    Text(Field, Match, String),
}

impl Condition {
    /// The conditions that must all hold.
    pub(super) fn conjuncts(self) -> Vec<Self> {
        match self {
            Self::And(all) => all.into_iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }

    /// Whether every property in it belongs to this source.
    pub(super) fn only_of(&self, source: usize) -> bool {
        match self {
            Self::And(inner) | Self::Or(inner) => inner.iter().all(|condition| condition.only_of(source)),
            Self::Not(inner) => inner.only_of(source),
            Self::Value(field, ..) | Self::Text(field, ..) => field.source == source,
            Self::Fields(left, _, right) => left.source == source && right.source == source,
        }
    }

    /// Whether it holds for joined rows; `None` is SQL's unknown.
    pub(super) fn holds(&self, rows: &[Row<'_>], ignore_case: bool) -> Option<bool> {
        let truth = |condition: &Self| condition.holds(rows, ignore_case);
        match self {
            Self::And(inner) => all(inner.iter().map(truth)),
            Self::Or(inner) => all(inner.iter().map(truth).map(not)).map(|none| !none),
            Self::Not(inner) => not(truth(inner)),
            Self::Value(field, comparison, Cell::Null) => {
                null_test(*comparison, field.cell(&rows[field.source]).is_null())
            }
            Self::Value(field, comparison, value) => {
                compare(*field, &field.cell(&rows[field.source]), *comparison, value, ignore_case)
            }
            Self::Fields(left, comparison, right) => {
                let other = right.cell(&rows[right.source]);
                compare(*left, &left.cell(&rows[left.source]), *comparison, &other, ignore_case)
            }
            Self::Text(field, how, pattern) => {
                let cell = field.cell(&rows[field.source]);
                cell.as_str().map(|text| matches(text, *how, pattern, ignore_case))
            }
        }
    }

    /// The same as a filter of the table that all its properties belong to.
    pub(super) fn filter(&self, table: &Table, ignore_case: bool) -> Filter {
        self.compile(&Compiler { table, ignore_case }, false)
    }

    /// Negations go down to the comparisons, where an unknown must stay one: SQL keeps no row for it either way, while
    /// the store's `Not` would.
    fn compile(&self, compiler: &Compiler<'_>, negated: bool) -> Filter {
        match (self, negated) {
            (Self::And(inner), false) | (Self::Or(inner), true) => {
                Filter::And(inner.iter().map(|condition| condition.compile(compiler, negated)).collect())
            }
            (Self::Or(inner), false) => match compiler.one_of(inner) {
                Some(filter) => filter,
                None => Filter::Or(inner.iter().map(|condition| condition.compile(compiler, false)).collect()),
            },
            (Self::And(inner), true) => {
                Filter::Or(inner.iter().map(|condition| condition.compile(compiler, true)).collect())
            }
            (Self::Not(inner), _) => inner.compile(compiler, !negated),
            (Self::Value(field, comparison, value), _) => {
                let comparison = if negated { comparison.negated() } else { *comparison };
                compiler.value(*field, comparison, value)
            }
            (Self::Fields(..), _) => compiler.row_test(self, negated),
            (Self::Text(field, how, pattern), _) => match compiler.column(*field) {
                Some(column) if negated => Filter::And(vec![
                    Filter::Not(Box::new(Filter::Null(column))),
                    Filter::Not(Box::new(Filter::text(column, *how, pattern, compiler.ignore_case))),
                ]),
                Some(column) => Filter::text(column, *how, pattern, compiler.ignore_case),
                None => compiler.row_test(self, negated),
            },
        }
    }
}

/// Turns conditions into filters of one table.
struct Compiler<'t> {
    table: &'t Table,
    ignore_case: bool,
}

impl Compiler<'_> {
    fn column(&self, field: Field) -> Option<usize> {
        match field.property.source {
            Source::Column(column) => self.table.column(column),
            Source::Fixed(_) => None,
        }
    }

    fn value(&self, field: Field, comparison: Comparison, value: &Cell) -> Filter {
        let Some(column) = self.column(field) else {
            let Source::Fixed(literal) = field.property.source else { return nothing() };
            let cell = Cell::from(literal);
            let truth = match value {
                Cell::Null => null_test(comparison, cell.is_null()),
                value => compare(field, &cell, comparison, value, self.ignore_case),
            };
            return if truth == Some(true) { Filter::All } else { nothing() };
        };
        let not_null = || Filter::Not(Box::new(Filter::Null(column)));
        if value.is_null() {
            return match comparison {
                Comparison::Eq => Filter::Null(column),
                Comparison::Ne => not_null(),
                _ => nothing(),
            };
        }
        if field.is_time() || (self.ignore_case && value.as_str().is_some()) {
            let (value, ignore_case) = (value.clone(), self.ignore_case);
            return Filter::Test(Box::new(move |row| {
                compare(field, row.at(column), comparison, &value, ignore_case) == Some(true)
            }));
        }
        let op = match comparison {
            Comparison::Ne => {
                return Filter::And(vec![not_null(), Filter::Not(Box::new(Filter::eq(column, value.clone())))]);
            }
            Comparison::Eq => Op::Eq,
            Comparison::Lt => Op::Lt,
            Comparison::Le => Op::Le,
            Comparison::Gt => Op::Gt,
            Comparison::Ge => Op::Ge,
        };
        Filter::Compare(column, op, value.clone())
    }

    /// Many `eq` of one property joined by `or`, which is how a client of B1 asks for many keys, as one set.
    fn one_of(&self, alternatives: &[Condition]) -> Option<Filter> {
        let mut wanted = None;
        let mut values = Vec::with_capacity(alternatives.len());
        for alternative in alternatives {
            let Condition::Value(field, Comparison::Eq, value) = alternative else { return None };
            let column = self.column(*field)?;
            if value.is_null() || field.is_time() || (self.ignore_case && value.as_str().is_some()) {
                return None;
            }
            if *wanted.get_or_insert(column) != column {
                return None;
            }
            values.push(value.clone());
        }
        Some(Filter::one_of(wanted?, values))
    }

    fn row_test(&self, condition: &Condition, negated: bool) -> Filter {
        let (condition, ignore_case) = (condition.single_source(), self.ignore_case);
        Filter::Test(Box::new(move |row| condition.holds(&[*row], ignore_case) == Some(!negated)))
    }
}

impl Condition {
    /// A copy of a comparison whose properties are looked up in the only row there is.
    fn single_source(&self) -> Self {
        let only = |field: &Field| Field { source: 0, property: field.property };
        match self {
            Self::Fields(left, comparison, right) => Self::Fields(only(left), *comparison, only(right)),
            Self::Text(field, how, pattern) => Self::Text(only(field), *how, pattern.clone()),
            Self::Value(field, comparison, value) => Self::Value(only(field), *comparison, value.clone()),
            Self::And(inner) => Self::And(inner.iter().map(Self::single_source).collect()),
            Self::Or(inner) => Self::Or(inner.iter().map(Self::single_source).collect()),
            Self::Not(inner) => Self::Not(Box::new(inner.single_source())),
        }
    }
}

/// SQL's `AND`: one that is false decides, else one that is unknown does.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for truth in truths {
        match truth {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

fn not(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}

/// Holds for no row.
fn nothing() -> Filter {
    Filter::Or(Vec::new())
}

fn null_test(comparison: Comparison, is_null: bool) -> Option<bool> {
    match comparison {
        Comparison::Eq => Some(is_null),
        Comparison::Ne => Some(!is_null),
        _ => None,
    }
}

fn compare(field: Field, cell: &Cell, comparison: Comparison, value: &Cell, ignore_case: bool) -> Option<bool> {
    if cell.is_null() || value.is_null() {
        return None;
    }
    // "Only the HOUR/MINUTE parts are effective": SAP's guide, "Query Properties of the Time Type".
    if let (true, Cell::Int(left), Cell::Int(right)) = (field.is_time(), cell, value) {
        return Some(comparison.holds((left / 60).cmp(&(right / 60))));
    }
    match (cell.as_str(), value.as_str()) {
        (Some(left), Some(right)) if ignore_case => {
            Some(comparison.holds(left.to_lowercase().cmp(&right.to_lowercase())))
        }
        (None, None) | (Some(_), Some(_)) => Some(comparison.holds(cell.cmp(value))),
        _ => None,
    }
}

fn matches(text: &str, how: Match, pattern: &str, ignore_case: bool) -> bool {
    if ignore_case {
        return matches(&text.to_lowercase(), how, &pattern.to_lowercase(), false);
    }
    match how {
        Match::StartsWith => text.starts_with(pattern),
        Match::EndsWith => text.ends_with(pattern),
        Match::Contains | Match::Like => text.contains(pattern),
    }
}
