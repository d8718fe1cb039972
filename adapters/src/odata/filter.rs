//! Filters in OData's syntax. How one comparison is written is the system's business.

use crate::{
    error::{Error, Result},
    mapping::{SourceCondition, SourceFilter},
};

/// Text as a literal: whatever it holds, it ends where it ends.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The filter as the value of `$filter`, empty where every row passes. `compare` writes one comparison.
///
/// # Errors
/// As `compare`, and for a filter that no row passes: there is nothing to ask.
pub(crate) fn render(filter: &SourceFilter, compare: &dyn Fn(&SourceCondition) -> Result<String>) -> Result<String> {
    Ok(match filter {
        SourceFilter::Is(condition) => compare(condition)?,
        SourceFilter::And(parts) => join(parts, " and ", compare)?,
        none if none.is_none() => return Err(Error::invalid("no record passes this filter")),
        SourceFilter::Or(parts) => join(parts, " or ", compare)?,
    })
}

fn join(parts: &[SourceFilter], with: &str, compare: &dyn Fn(&SourceCondition) -> Result<String>) -> Result<String> {
    let parts: Vec<_> = parts.iter().map(|part| grouped(part, compare)).collect::<Result<_>>()?;
    Ok(parts.join(with))
}

/// A part of a larger filter: in parentheses where it has parts itself, so that no parser's precedence matters.
fn grouped(part: &SourceFilter, compare: &dyn Fn(&SourceCondition) -> Result<String>) -> Result<String> {
    let text = render(part, compare)?;
    Ok(match part {
        SourceFilter::And(parts) | SourceFilter::Or(parts) if parts.len() > 1 => format!("({text})"),
        _ => text,
    })
}

/// Texts of which at least one holds, as one group.
pub(crate) fn any(alternatives: &[String]) -> String {
    group(alternatives, " or ")
}

/// Texts that all hold, as one group.
pub(crate) fn all(parts: &[String]) -> String {
    group(parts, " and ")
}

fn group(parts: &[String], with: &str) -> String {
    match parts {
        [one] => one.clone(),
        parts => format!("({})", parts.join(with)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Literal, SourceOp};

    fn is(path: &str) -> SourceFilter {
        SourceFilter::Is(SourceCondition { path: path.into(), op: SourceOp::Eq, values: vec![Literal::Bool(true)] })
    }

    #[test]
    fn groups_are_in_parentheses() {
        let filter = SourceFilter::And(vec![
            is("a"),
            SourceFilter::Or(vec![is("b"), SourceFilter::And(vec![is("c"), is("d")])]),
        ]);
        let text = render(&filter, &|condition| Ok(format!("{} eq 1", condition.path)));
        assert_eq!(text.expect("a filter"), "a eq 1 and (b eq 1 or (c eq 1 and d eq 1))");
        assert_eq!(render(&SourceFilter::ALL, &|_| Ok(String::new())).expect("a filter"), "");
        assert!(render(&SourceFilter::NONE, &|_| Ok(String::new())).is_err(), "it would be no filter at all");
    }

    #[test]
    fn text_cannot_leave_its_quotes() {
        assert_eq!(quote("O'Brien"), "'O''Brien'");
        assert_eq!(quote("' or 1 eq 1 or '' eq '"), "''' or 1 eq 1 or '''' eq '''");
        assert_eq!(quote("\\'"), "'\\'''", "a backslash is no escape");
        assert_eq!(quote(""), "''");
    }
}
