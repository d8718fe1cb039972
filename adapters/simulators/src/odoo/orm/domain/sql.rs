//! Conditions with the three values of SQL: true, false, and unknown where something is null.

use crate::store::{Cell, Filter, Set, Table};

/// What a `WHERE` would say.
pub(super) enum Sql {
    Constant(bool),
    /// Neither true nor false, such as a comparison with null.
    Unknown,
    /// A filter, and the column whose null makes the outcome unknown.
    Condition(Filter, Option<usize>),
    Null(usize),
    /// The ids of the rows for which it is true and of those for which it is false.
    Listed {
        yes: Set,
        no: Set,
    },
    And(Vec<Sql>),
    Or(Vec<Sql>),
    Not(Box<Sql>),
}

impl Sql {
    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    pub(super) fn negated_if(self, negated: bool) -> Self {
        if negated { self.negated() } else { self }
    }

    pub(super) fn or_null(self, column: usize) -> Self {
        Self::Or(vec![self, Self::Null(column)])
    }

    /// The column is one of these values.
    pub(super) fn one_of(table: &Table, column: usize, values: Set) -> Self {
        Self::Condition(among(table, column, values), Some(column))
    }

    /// The rows for which it is true.
    pub(super) fn filter(self, table: &Table) -> Filter {
        self.lower(table, true)
    }

    /// The rows for which it is true, or those for which it is false.
    pub(super) fn lower(self, table: &Table, wanted: bool) -> Filter {
        match self {
            Self::Constant(outcome) if outcome == wanted => Filter::All,
            Self::Constant(_) | Self::Unknown => Filter::Or(Vec::new()),
            Self::Condition(filter, _) if wanted => filter,
            Self::Condition(filter, None) => not(filter),
            Self::Condition(filter, Some(column)) => Filter::And(vec![not(Filter::Null(column)), not(filter)]),
            Self::Null(column) if wanted => Filter::Null(column),
            Self::Null(column) => not(Filter::Null(column)),
            Self::Listed { yes, no } => among(table, 0, if wanted { yes } else { no }),
            Self::And(parts) if wanted => Filter::And(lower_all(table, parts, wanted)),
            Self::And(parts) => Filter::Or(lower_all(table, parts, wanted)),
            Self::Or(parts) if wanted => Filter::Or(lower_all(table, parts, wanted)),
            Self::Or(parts) => Filter::And(lower_all(table, parts, wanted)),
            Self::Not(part) => part.lower(table, !wanted),
        }
    }
}

fn lower_all(table: &Table, parts: Vec<Sql>, wanted: bool) -> Vec<Filter> {
    parts.into_iter().map(|part| part.lower(table, wanted)).collect()
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

/// An `In`; as a plain test where there are so many values that a scan is quicker than the index.
fn among(table: &Table, column: usize, values: Set) -> Filter {
    if values.iter().count() > 1000.max(table.len() / 8) {
        Filter::Test(Box::new(move |row| values.contains(row.at(column))))
    } else {
        Filter::In(column, values)
    }
}

/// Ids as a set.
pub(super) fn id_set(ids: impl IntoIterator<Item = i64>) -> Set {
    ids.into_iter().map(Cell::Int).collect()
}
