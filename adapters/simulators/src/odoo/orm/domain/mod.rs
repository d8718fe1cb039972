//! Domains: what rows a search finds.
//!
//! The JSON is parsed into a tree ([`parse`]), the tree is compiled into what SQL would make of it ([`sql`]), nulls
//! included, and that becomes a filter of the store. 19 rewrote all of it: what a condition means is in [`old`] for the
//! releases before and in [`new`] from then on.

mod conditions;
mod negation;
mod new;
mod old;
mod parse;
mod relations;
mod sql;
mod values;

use serde_json::Value;

use super::{Scope, View};
use crate::{
    odoo::{
        failure::Fallible,
        models::{Known, Source},
        python,
    },
    store::Filter,
};
use conditions::Compiler;
use parse::{Node, parse};
use sql::Sql;

/// The filter of a domain, with what the scope hides.
pub(super) fn filter<'a>(view: &View<'a>, known: &'a Known, scope: &Scope, domain: &Value) -> Fallible<Filter> {
    let node = if python::truth(domain) { parse(domain, view.version())? } else { Node::Constant(true) };
    let compiler = Compiler { view, active_only: scope.active_only };
    let mut parts = vec![compiler.visible(known, &node)?];
    if known.model.by_company && !scope.companies.is_empty() {
        parts.push(of_companies(known, &scope.companies));
    }
    Ok(Sql::And(parts).filter(view.table(known)))
}

/// The rule that shows rows of these companies and rows of none. All documents belong to the first company.
fn of_companies(known: &Known, companies: &[i64]) -> Sql {
    if known.model.name == "res.company" {
        return Sql::Condition(Filter::one_of(0, companies.iter().copied()), None);
    }
    let owner = known.field("company_id").map(|field| field.source);
    match owner {
        Some(Source::Always(literal)) => {
            Sql::Constant(literal.cell().as_int().is_some_and(|id| companies.contains(&id)))
        }
        _ => Sql::Constant(true),
    }
}
