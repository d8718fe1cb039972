//! How much one request may ask for. What asks for more is refused before anything is read.

mod document;
mod text;
mod variables;

pub(crate) use document::check_document;
pub(crate) use text::check_text;
pub(crate) use variables::check_variables;

use crate::error::{self, Error, ErrorCode, Result};
use async_graphql::{
    Pos, Positioned, ServerError, ServerResult, VisitorContext,
    parser::types::{Field, VariableDefinition},
};
use std::{fmt, time::Duration};

/// The most records of one page, and the most ids of one `nodes`.
pub const MAX_FIRST: usize = 200;
/// The most representations of one `_entities`.
pub const MAX_ENTITIES: usize = 1000;
/// The records of a page of a list that names no `first`.
pub const DEFAULT_FIRST: usize = 50;
/// The same for a list inside a record.
pub const DEFAULT_FIRST_NESTED: usize = 20;
/// The most levels of `and`, `or` and `not` in a `where`.
pub const MAX_WHERE_DEPTH: usize = 16;
/// The most comparisons in a `where`.
pub const MAX_WHERE_CONDITIONS: usize = 200;
/// The most values of one `in`.
pub const MAX_IN: usize = 1000;
/// The most keys of an `orderBy`.
pub const MAX_ORDER_KEYS: usize = 4;

/// How many values stand in for the unknown length of a list of value objects, for example of lines.
const VALUES_IN_A_LIST: usize = 5;
/// Costs are cut off here, far above any limit, so that sums of them cannot overflow.
const MAX_COST: usize = 1 << 40;

/// The limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most levels of fields.
    pub depth: usize,
    /// The most values that the answer may hold: each field counts one, and inside a list as often as `first` says.
    pub complexity: usize,
    /// The most aliases after all fragments are written out.
    pub aliases: usize,
    /// The most directives in a document.
    pub directives: usize,
    /// The most names, numbers, texts and signs in a document.
    pub tokens: usize,
    /// The most fields and fragments after all fragments are written out.
    pub selections: usize,
    /// The most values in the variables, at all depths.
    pub variables: usize,
    /// The most levels of lists and objects in the variables.
    pub variable_depth: usize,
    /// Whether clients may read the schema.
    pub introspection: bool,
    /// The most lists of fields or types, one inside the other, in a query that reads the schema.
    pub introspection_depth: usize,
    /// The most values of the schema that an answer may hold, by an estimate.
    pub introspection_complexity: usize,
    /// Whether an error names what a wrong name may have meant.
    pub suggestions: bool,
    /// How long a request may take in all. ERPs that have not answered by then are reported as too slow.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 20,
            complexity: 100_000,
            aliases: 100,
            directives: 100,
            tokens: 15_000,
            selections: 5_000,
            variables: 10_000,
            variable_depth: 40,
            introspection: true,
            introspection_depth: 2,
            introspection_complexity: 300_000,
            suggestions: true,
            time: Duration::from_secs(30),
        }
    }
}

/// The cost of a list that takes `first`.
pub(crate) fn cost_of_page<const DEFAULT: usize>(
    ctx: &VisitorContext<'_>,
    variables: &[Positioned<VariableDefinition>],
    field: &Field,
    of_one: usize,
) -> ServerResult<usize> {
    // A value that is no number is refused elsewhere, with a better message.
    let first: Option<i32> = ctx.param_value(variables, field, "first", None).unwrap_or_default();
    Ok(page_cost(first, DEFAULT, of_one))
}

/// The cost of a page of so many things.
pub(crate) fn page_cost(first: Option<i32>, default: usize, of_one: usize) -> usize {
    // A page of nothing still has a number of records and sources.
    let first = first.map_or(default, |first| first.clamp(1, MAX_FIRST as i32) as usize);
    first.saturating_mul(of_one).saturating_add(1).min(MAX_COST)
}

/// How many things a page may hold.
pub(crate) fn first(first: Option<i64>, default: usize) -> Result<usize> {
    match first.map(usize::try_from) {
        None => Ok(default),
        Some(Ok(first)) if first <= MAX_FIRST => Ok(first),
        Some(Ok(_)) => Err(Error::bad_input(format!("first: at most {MAX_FIRST}"))),
        Some(Err(_)) => Err(Error::bad_input("first: must not be negative")),
    }
}

/// The cost of a list of value objects.
pub(crate) fn cost_of_values(
    _: &VisitorContext<'_>,
    _: &[Positioned<VariableDefinition>],
    _: &Field,
    of_one: usize,
) -> ServerResult<usize> {
    Ok(VALUES_IN_A_LIST.saturating_mul(of_one).saturating_add(1).min(MAX_COST))
}

/// The most levels of selections, fragments among them: deeper ones could exhaust the stack.
pub(crate) const MAX_NESTING: usize = 32;

/// The refusal of a request that takes more of something than its limit, which has the name of its setting.
pub(crate) fn refuse(what: fmt::Arguments<'_>, setting: &str, limit: usize, at: Option<Pos>) -> ServerError {
    let message = format!("{what}; the limit ({setting}) is {limit}.");
    error::with_code(ServerError::new(message, at), ErrorCode::QueryTooComplex.word())
}
