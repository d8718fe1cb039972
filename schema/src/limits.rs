//! How much one request may ask for. What asks for more is refused before anything is read.

use crate::error::{self, ErrorCode};
use async_graphql::{
    Name, Pos, Positioned, ServerError, ServerResult, VisitorContext,
    parser::types::{ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet, VariableDefinition},
};
use std::collections::HashMap;

/// The most records of one page, and the most ids of one `nodes`.
pub const MAX_FIRST: usize = 200;
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

/// The limits of one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most levels of fields.
    pub depth: usize,
    /// The most values that the answer may hold: each field counts one, and inside a list as often as `first` says.
    pub complexity: usize,
    /// The most aliases.
    pub aliases: usize,
    /// The most directives on one field.
    pub directives: usize,
    /// The most fields and fragments after all fragments are written out.
    pub selections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 20, complexity: 100_000, aliases: 100, directives: 10, selections: 5_000 }
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
    let first = first.map_or(DEFAULT, |first| first.clamp(0, MAX_FIRST as i32) as usize);
    Ok(first.saturating_mul(of_one).saturating_add(1).min(MAX_COST))
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

/// Refuses a document that grows beyond the limit when its fragments are written out. The rules of validation walk
/// every spread again: without this, thirty fragments that each spread the next one twice take them for ever.
pub(crate) fn check_size(document: &ExecutableDocument, limits: &Limits) -> Result<(), ServerError> {
    let mut sizes = Sizes { fragments: &document.fragments, known: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let set = &operation.node.selection_set;
        if sizes.of_set(set, 0)? > limits.selections {
            return Err(too_complex(
                format!("The query selects too much: at most {} fields.", limits.selections),
                set.pos,
            ));
        }
    }
    Ok(())
}

fn too_complex(message: String, at: Pos) -> ServerError {
    error::with_code(ServerError::new(message, Some(at)), ErrorCode::QueryTooComplex.word())
}

/// The number of selections in each fragment, each worked out once.
struct Sizes<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while it is being worked out.
    known: HashMap<&'d str, Option<usize>>,
}

impl<'d> Sizes<'d> {
    fn of_set(&mut self, set: &'d Positioned<SelectionSet>, depth: usize) -> Result<usize, ServerError> {
        if depth > MAX_NESTING {
            return Err(too_complex(format!("The query is nested too deep: at most {MAX_NESTING} levels."), set.pos));
        }
        let mut size = 0_usize;
        for selection in &set.node.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.of_set(&field.node.selection_set, depth + 1)?,
                Selection::InlineFragment(fragment) => self.of_set(&fragment.node.selection_set, depth + 1)?,
                Selection::FragmentSpread(spread) => self.of_fragment(&spread.node.fragment_name, depth + 1)?,
            };
            // A spread of nothing counts too: it is walked all the same.
            size = size.saturating_add(inner).saturating_add(1);
        }
        Ok(size)
    }

    fn of_fragment(&mut self, name: &'d Positioned<Name>, depth: usize) -> Result<usize, ServerError> {
        match self.known.get(name.node.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment \"{}\" contains itself.", name.node);
                return Err(error::with_code(ServerError::new(message, Some(name.pos)), error::VALIDATION_FAILED));
            }
            None => {}
        }
        self.known.insert(&name.node, None);
        // One that does not exist is found by validation.
        let size = match self.fragments.get(&name.node) {
            Some(fragment) => self.of_set(&fragment.node.selection_set, depth)?,
            None => 0,
        };
        self.known.insert(&name.node, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use std::fmt::Write;

    fn check(query: &str) -> Result<(), String> {
        let document = parse_query(query).expect("a query");
        check_size(&document, &Limits { selections: 100, ..Limits::default() }).map_err(|error| error.message)
    }

    #[test]
    fn fragments_count_as_often_as_they_are_spread() {
        assert_eq!(check("{ a { b c } }"), Ok(()));
        let mut bomb = String::from("{ ...F0 }");
        for i in 0..25 {
            let _ = write!(bomb, " fragment F{i} on Q {{ ...F{0} ...F{0} }}", i + 1);
        }
        assert!(check(&bomb).is_err_and(|message| message.contains("too much")), "although the last does not exist");
    }

    #[test]
    fn cycles_and_depth_are_found() {
        assert!(check("{ ...A } fragment A on Q { a { ...A } }").is_err_and(|m| m.contains("contains itself")));
        let mut chain = String::from("{ ...F0 }");
        for i in 0..2_000 {
            let _ = write!(chain, " fragment F{i} on Q {{ ...F{} }}", i + 1);
        }
        assert!(check(&chain).is_err_and(|message| message.contains("nested too deep")));
    }
}
