//! What a front asks of a table: a filter, an order, a page. Each front parses its ERP's language into these.

use std::{cmp::Ordering, fmt};

use super::{Cell, Row};

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

/// How a text is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The text contains the pattern.
    Contains,
    /// The text starts with the pattern.
    StartsWith,
    /// The text ends with the pattern.
    EndsWith,
    /// SQL's LIKE: `%` for any text, `_` for one character, `\` before either of them to mean itself.
    Like,
}

impl Match {
    /// Whether a text matches a pattern; both in lower case where case is of no account.
    pub fn holds(self, text: &str, pattern: &str) -> bool {
        matches(text, self, pattern)
    }
}

/// A condition over the rows of one table. Columns are positions from [`Table::column`](super::Table::column).
///
/// No comparison holds for a null, not even with another null: [`Filter::Null`] asks for that. `Not` is plain negation,
/// so `Not(Eq(..))` holds for a null.
pub enum Filter {
    /// Every row.
    All,
    /// All of them hold.
    And(Vec<Filter>),
    /// At least one holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The column compares to a value so.
    Compare(usize, Op, Cell),
    /// The column is one of the values.
    In(usize, Set),
    /// The column has no value.
    Null(usize),
    /// The column's text matches a pattern.
    Text {
        /// The column.
        column: usize,
        /// How to match.
        how: Match,
        /// The pattern; lower case already when `ignore_case` is set.
        pattern: String,
        /// Whether upper and lower case are the same.
        ignore_case: bool,
    },
    /// Anything else, such as a condition on a row of another table.
    Test(Box<dyn Fn(&Row<'_>) -> bool + Send + Sync>),
}

impl Filter {
    /// The column equals a value.
    pub fn eq(column: usize, value: impl Into<Cell>) -> Self {
        Self::Compare(column, Op::Eq, value.into())
    }

    /// The column is one of the values.
    pub fn one_of<V: Into<Cell>>(column: usize, values: impl IntoIterator<Item = V>) -> Self {
        Self::In(column, values.into_iter().collect())
    }

    /// The column's text matches `pattern`.
    pub fn text(column: usize, how: Match, pattern: &str, ignore_case: bool) -> Self {
        let pattern = if ignore_case { pattern.to_lowercase() } else { pattern.to_owned() };
        Self::Text { column, how, pattern, ignore_case }
    }

    /// Whether the row fulfils the condition.
    pub fn holds(&self, row: &Row<'_>) -> bool {
        match self {
            Self::All => true,
            Self::And(filters) => filters.iter().all(|filter| filter.holds(row)),
            Self::Or(filters) => filters.iter().any(|filter| filter.holds(row)),
            Self::Not(filter) => !filter.holds(row),
            Self::Compare(column, op, value) => {
                let cell = row.at(*column);
                if cell.is_null() || value.is_null() || cell.kind_differs(value) {
                    return false;
                }
                let ordering = cell.cmp(value);
                match op {
                    Op::Eq => ordering == Ordering::Equal,
                    Op::Lt => ordering == Ordering::Less,
                    Op::Le => ordering != Ordering::Greater,
                    Op::Gt => ordering == Ordering::Greater,
                    Op::Ge => ordering != Ordering::Less,
                }
            }
            Self::In(column, values) => {
                let cell = row.at(*column);
                !cell.is_null() && values.contains(cell)
            }
            Self::Null(column) => row.at(*column).is_null(),
            Self::Text { column, how, pattern, ignore_case } => match row.at(*column).as_str() {
                Some(text) if *ignore_case => matches(&text.to_lowercase(), *how, pattern),
                Some(text) => matches(text, *how, pattern),
                None => false,
            },
            Self::Test(test) => test(row),
        }
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("All"),
            Self::And(filters) => f.debug_tuple("And").field(filters).finish(),
            Self::Or(filters) => f.debug_tuple("Or").field(filters).finish(),
            Self::Not(filter) => f.debug_tuple("Not").field(filter).finish(),
            Self::Compare(column, op, value) => f.debug_tuple("Compare").field(column).field(op).field(value).finish(),
            Self::In(column, values) => f.debug_tuple("In").field(column).field(values).finish(),
            Self::Null(column) => f.debug_tuple("Null").field(column).finish(),
            Self::Text { column, how, pattern, ignore_case } => {
                f.debug_tuple("Text").field(column).field(how).field(pattern).field(ignore_case).finish()
            }
            Self::Test(_) => f.write_str("Test(..)"),
        }
    }
}

/// A set of values, sorted, so that a list of thousands costs no more than a few comparisons a row.
#[derive(Clone, Debug, Default)]
pub struct Set(Vec<Cell>);

impl Set {
    /// Whether the value is one of them.
    pub fn contains(&self, value: &Cell) -> bool {
        self.0.binary_search(value).is_ok()
    }

    /// The values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.0.iter()
    }
}

impl<V: Into<Cell>> FromIterator<V> for Set {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        let mut values: Vec<Cell> = values.into_iter().map(Into::into).collect();
        values.sort_unstable();
        values.dedup();
        Self(values)
    }
}

/// One column of a sort order.
#[derive(Clone, Copy, Debug)]
pub struct Sort {
    /// The column.
    pub column: usize,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Whether nulls come first; ERPs differ.
    pub nulls_first: bool,
}

impl Sort {
    /// Smallest first, nulls last.
    pub fn ascending(column: usize) -> Self {
        Self { column, descending: false, nulls_first: false }
    }

    /// Greatest first, nulls first, as PostgreSQL does it.
    pub fn descending(column: usize) -> Self {
        Self { column, descending: true, nulls_first: true }
    }

    /// Compares two rows by all of `sorts`, then by id.
    pub(super) fn compare(sorts: &[Self], a: &Row<'_>, b: &Row<'_>) -> Ordering {
        for order in sorts {
            let (left, right) = (a.at(order.column), b.at(order.column));
            let ordering = match (left.is_null(), right.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) if order.nulls_first => Ordering::Less,
                (true, false) => Ordering::Greater,
                (false, true) if order.nulls_first => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) if order.descending => right.cmp(left),
                (false, false) => left.cmp(right),
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        a.id().cmp(&b.id())
    }
}

fn matches(text: &str, how: Match, pattern: &str) -> bool {
    match how {
        Match::Contains => text.contains(pattern),
        Match::StartsWith => text.starts_with(pattern),
        Match::EndsWith => text.ends_with(pattern),
        Match::Like => like(text, pattern),
    }
}

fn like(text: &str, pattern: &str) -> bool {
    let (mut text_rest, mut pattern_rest) = (text, pattern);
    // Where to go on after the last `%` when what follows it does not match here.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        let mut wanted = pattern_rest.chars();
        let mut found = text_rest.chars();
        let matched = match wanted.next() {
            Some('%') => {
                pattern_rest = wanted.as_str();
                retry = Some((text_rest, pattern_rest));
                continue;
            }
            Some('_') => found.next().is_some(),
            Some('\\') => {
                let literal = wanted.next().unwrap_or('\\');
                found.next() == Some(literal)
            }
            Some(literal) => found.next() == Some(literal),
            None if text_rest.is_empty() => return true,
            None => false,
        };
        if matched {
            (text_rest, pattern_rest) = (found.as_str(), wanted.as_str());
            continue;
        }
        let Some((from, after)) = retry else { return false };
        let mut skipped = from.chars();
        if skipped.next().is_none() {
            return false;
        }
        retry = Some((skipped.as_str(), after));
        (text_rest, pattern_rest) = (skipped.as_str(), after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_both_wildcards_and_the_escape() {
        for (text, pattern, expected) in [
            ("Aurora GmbH", "%ora%", true),
            ("Aurora GmbH", "Aur_ra%", true),
            ("Aurora", "ora", false),
            ("Aurora", "%ora", true),
            ("100 % pure", r"100 \% %", true),
            ("100 x pure", r"100 \% %", false),
            ("abab", "%ab", true),
            ("", "%", true),
            ("", "_", false),
            ("Ж💡", "_💡", true),
        ] {
            assert_eq!(like(text, pattern), expected, "{text:?} like {pattern:?}");
        }
    }
}
