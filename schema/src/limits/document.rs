//! The limits of a parsed document. Fragments count as often as they are spread, and each is worked out once: thirty
//! that each spread the next one twice are a thousand million fields, and the rules of validation would walk them all.

use super::{Limits, MAX_NESTING, refuse};
use crate::error;
use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};
use std::collections::HashMap;

/// Refuses a document that asks for too much, or whose fragments contain themselves.
pub(crate) fn check_document(document: &ExecutableDocument, limits: &Limits) -> Result<(), ServerError> {
    let mut walk = Walk { fragments: &document.fragments, known: HashMap::new() };
    let mut all = Extent::default();
    let mut at = Pos::default();
    for (_, operation) in document.operations.iter() {
        let set = &operation.node.selection_set;
        at = set.pos;
        all = all.and(walk.of_set(set, 0, false)?);
    }
    // Validation walks also those that nobody spreads.
    for (name, fragment) in &document.fragments {
        walk.of_fragment(name, fragment.pos, 0, false)?;
    }
    if all.introspection > 0 && !limits.introspection {
        let error = ServerError::new("Introspection is switched off on this server.", Some(at));
        return Err(error::with_code(error, error::VALIDATION_FAILED));
    }
    let at = Some(at);
    let refused = |what, setting, limit| Err(refuse(what, setting, limit, at));
    if all.depth > limits.depth {
        return refused(format_args!("The query is {} levels deep", all.depth), "depth", limits.depth);
    }
    if all.selections > limits.selections {
        let what = format_args!("The query selects {} fields and fragments", all.selections);
        return refused(what, "selections", limits.selections);
    }
    if all.aliases > limits.aliases {
        return refused(format_args!("The query has {} aliases", all.aliases), "aliases", limits.aliases);
    }
    if all.lists > limits.introspection_depth {
        let what = format_args!("The query nests {} lists of the schema's fields and types", all.lists);
        return refused(what, "introspection_depth", limits.introspection_depth);
    }
    if all.introspection > limits.introspection_complexity {
        let what = format_args!("The query asks for about {} values of the schema", all.introspection);
        return refused(what, "introspection_complexity", limits.introspection_complexity);
    }
    Ok(())
}

/// How much a selection asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    selections: usize,
    aliases: usize,
    /// Levels of fields outside introspection.
    depth: usize,
    /// Levels of selections of any kind.
    nesting: usize,
    /// Levels of introspection's lists.
    lists: usize,
    /// The values of the schema, estimated.
    introspection: usize,
}

impl Extent {
    /// Of both together.
    fn and(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            lists: self.lists.max(other.lists),
            introspection: self.introspection.saturating_add(other.introspection),
        }
    }
}

/// How many elements a list of the schema has: of the types and directives as many as there are, of the others a little
/// more than the mean of all types. By this estimate, the query of GraphiQL and of code generators asks for 110,000 values.
fn elements(field: &str) -> usize {
    match field {
        "types" => 200,
        "directives" => 8,
        "fields" => 5,
        "inputFields" => 3,
        "enumValues" => 2,
        _ => 1,
    }
}

/// The lists through which the schema leads back to itself; the rule of graphql-js has the same.
const CIRCLES: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

struct Walk<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// Of fragments, outside and inside introspection; none while it is being worked out.
    known: HashMap<(&'d str, bool), Option<Extent>>,
}

impl<'d> Walk<'d> {
    fn of_set(
        &mut self,
        set: &'d Positioned<SelectionSet>,
        above: usize,
        introspection: bool,
    ) -> Result<Extent, ServerError> {
        check_nesting(above, set.pos)?;
        let mut all = Extent::default();
        for selection in &set.node.items {
            let mut one = match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    let introspection = introspection || matches!(name, "__schema" | "__type");
                    let mut one = self.of_set(&field.node.selection_set, above + 1, introspection)?;
                    one.aliases = one.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                    if introspection {
                        one.lists += usize::from(CIRCLES.contains(&name));
                        one.introspection = one.introspection.saturating_add(1).saturating_mul(elements(name));
                    } else {
                        one.depth += 1;
                    }
                    one
                }
                Selection::InlineFragment(fragment) => {
                    self.of_set(&fragment.node.selection_set, above + 1, introspection)?
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name;
                    self.of_fragment(&name.node, name.pos, above + 1, introspection)?
                }
            };
            // A spread of nothing counts too: it is walked all the same.
            one.selections = one.selections.saturating_add(1);
            one.nesting += 1;
            all = all.and(one);
        }
        Ok(all)
    }

    fn of_fragment(
        &mut self,
        name: &'d Name,
        at: Pos,
        above: usize,
        introspection: bool,
    ) -> Result<Extent, ServerError> {
        let key = (name.as_str(), introspection);
        match self.known.get(&key) {
            Some(Some(extent)) => {
                check_nesting(above + extent.nesting, at)?;
                return Ok(*extent);
            }
            Some(None) => {
                let message = format!("The fragment \"{name}\" contains itself.");
                return Err(error::with_code(ServerError::new(message, Some(at)), error::VALIDATION_FAILED));
            }
            None => {}
        }
        self.known.insert(key, None);
        // One that does not exist is found by validation.
        let extent = match self.fragments.get(name) {
            Some(fragment) => self.of_set(&fragment.node.selection_set, above, introspection)?,
            None => Extent::default(),
        };
        self.known.insert(key, Some(extent));
        Ok(extent)
    }
}

fn check_nesting(levels: usize, at: Pos) -> Result<(), ServerError> {
    if levels > MAX_NESTING {
        let what = format_args!("The query nests fields and fragments {levels} levels deep or more");
        return Err(refuse(what, "fixed", MAX_NESTING, Some(at)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use std::fmt::Write;

    fn check(query: &str) -> Result<(), String> {
        let document = parse_query(query).expect("a query");
        let limits = Limits { selections: 100, depth: 6, aliases: 5, ..Limits::default() };
        check_document(&document, &limits).map_err(|error| error.message)
    }

    fn refusal(query: &str) -> String {
        check(query).expect_err("refused")
    }

    #[test]
    fn fragments_count_as_often_as_they_are_spread() {
        assert_eq!(check("{ a { b c } }"), Ok(()));
        let mut bomb = String::from("{ ...F0 }");
        for i in 0..25 {
            let _ = write!(bomb, " fragment F{i} on Q {{ ...F{0} ...F{0} }}", i + 1);
        }
        assert!(refusal(&bomb).contains("selects 67108863 fields"), "although the last does not exist");
        let twice = "{ ...F ...F } fragment F on Q { a: x b: x c: x }";
        assert_eq!(refusal(twice), "The query has 6 aliases; the limit (aliases) is 5.");
        let operations: String = (0..101).map(|n| format!("query Q{n} {{ a }} ")).collect();
        assert!(
            refusal(&operations).contains("selects 101"),
            "all operations are validated, not only the one executed"
        );
    }

    #[test]
    fn depth_is_that_of_fields() {
        assert_eq!(check("{ a { b { c { ... { ...F } } } } } fragment F on Q { d { e { f } } }"), Ok(()));
        let deep = "{ a { b { c { ... { ...F } } } } } fragment F on Q { d { e { f { g } } } }";
        assert_eq!(refusal(deep), "The query is 7 levels deep; the limit (depth) is 6.");
    }

    #[test]
    fn cycles_and_endless_nesting_are_found() {
        for cycle in
            ["{ ...A } fragment A on Q { a { ...A } }", "{ a } fragment A on Q { ...B } fragment B on Q { ...A }"]
        {
            assert!(refusal(cycle).contains("contains itself"));
        }
        for begin in ["{ ...F0 }", "{ a }"] {
            let mut chain = String::from(begin);
            for i in 0..2_000 {
                let _ = write!(chain, " fragment F{i} on Q {{ ...F{} }}", i + 1);
            }
            assert!(refusal(&chain).contains("levels deep or more"), "{begin}");
        }
    }

    #[test]
    fn introspection_does_not_explode() {
        let circle = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        assert!(refusal(circle).contains("nests 3 lists"), "{}", refusal(circle));
        let twice = "{ __schema { types { ...T } } } fragment T on __Type { fields { args { type { ...U } } } }
            fragment U on __Type { inputFields { type { possibleTypes { name } } } }";
        assert!(refusal(twice).contains("nests 3 lists"));
        let limits = Limits { aliases: 1_000, selections: 1_000, ..Limits::default() };
        let wide: String = (0..20).map(|n| format!("a{n}: __schema {{ types {{ fields {{ args {{ name type {{ name fields {{ name description type {{ name }} }} }} }} }} }} }} ")).collect();
        let document = parse_query(format!("{{ {wide} }}")).expect("a query");
        let refused = check_document(&document, &limits).expect_err("refused").message;
        assert!(refused.contains("values of the schema"), "{refused}");
        let document = parse_query("{ __typename a: __type(name: \"Q\") { name } }").expect("a query");
        let off = Limits { introspection: false, ..Limits::default() };
        assert!(check_document(&document, &off).is_err_and(|error| error.message.contains("switched off")));
        let document = parse_query("{ __typename }").expect("a query");
        assert!(check_document(&document, &off).is_ok());
    }
}
