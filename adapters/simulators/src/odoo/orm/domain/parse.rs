//! From prefix notation to a tree.

use serde_json::Value;

use crate::odoo::{
    failure::{Class, Failure, Fallible},
    python,
    version::Version,
};

/// A part of a domain.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(bool),
    Leaf(Leaf),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

impl Node {
    /// Whether a condition names this field itself.
    pub(super) fn names(&self, field: &str) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Leaf(leaf) => leaf.path == field,
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().any(|node| node.names(field)),
            Self::Not(node) => node.names(field),
        }
    }
}

/// A condition: `["name", "ilike", "deco"]`.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) path: String,
    pub(super) op: Op,
    pub(super) value: Value,
    /// The operator as it was written, for messages.
    pub(super) written: String,
}

impl Leaf {
    pub(super) fn new(path: &str, op: Op, value: Value) -> Self {
        Self { path: path.to_owned(), op, value, written: op.name().to_owned() }
    }

    /// The condition as a Python tuple.
    pub(super) fn repr(&self) -> String {
        python::repr_tuple(&[self.path.clone().into(), self.written.clone().into(), self.value.clone()])
    }
}

/// An operator of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
    Pattern(Pattern),
    EqualIfSet,
    ChildOf,
    ParentOf,
    Any,
    NotAny,
}

/// An operator of the `like` family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Whether `%` is put around the value.
    pub(super) anywhere: bool,
    pub(super) ignore_case: bool,
    pub(super) negated: bool,
}

const fn pattern(anywhere: bool, ignore_case: bool, negated: bool) -> Op {
    Op::Pattern(Pattern { anywhere, ignore_case, negated })
}

/// Every operator with the releases that accept it.
const OPERATORS: &[(&str, Op, u16, u16)] = &[
    ("=", Op::Eq, 0, u16::MAX),
    ("!=", Op::Ne, 0, u16::MAX),
    ("<>", Op::Ne, 0, u16::MAX),
    ("==", Op::Eq, 19, u16::MAX),
    ("<", Op::Lt, 0, u16::MAX),
    ("<=", Op::Le, 0, u16::MAX),
    (">", Op::Gt, 0, u16::MAX),
    (">=", Op::Ge, 0, u16::MAX),
    ("in", Op::In, 0, u16::MAX),
    ("not in", Op::NotIn, 0, u16::MAX),
    ("like", pattern(true, false, false), 0, u16::MAX),
    ("not like", pattern(true, false, true), 0, u16::MAX),
    ("ilike", pattern(true, true, false), 0, u16::MAX),
    ("not ilike", pattern(true, true, true), 0, u16::MAX),
    ("=like", pattern(false, false, false), 0, u16::MAX),
    ("not =like", pattern(false, false, true), 19, u16::MAX),
    ("=ilike", pattern(false, true, false), 0, u16::MAX),
    ("not =ilike", pattern(false, true, true), 19, u16::MAX),
    ("=?", Op::EqualIfSet, 0, u16::MAX),
    ("child_of", Op::ChildOf, 0, u16::MAX),
    ("parent_of", Op::ParentOf, 0, u16::MAX),
    ("any", Op::Any, 17, u16::MAX),
    ("not any", Op::NotAny, 17, u16::MAX),
];

impl Op {
    fn named(name: &str, version: Version) -> Option<Self> {
        let operator = OPERATORS.iter().find(|(known, ..)| *known == name)?;
        (operator.2..=operator.3).contains(&version.0).then_some(operator.1)
    }

    pub(super) fn name(self) -> &'static str {
        OPERATORS.iter().find(|(_, op, ..)| *op == self).map_or("=", |(name, ..)| name)
    }

    /// The operator that holds where this one does not, but for nulls.
    pub(super) fn inverse(self) -> Option<Self> {
        Some(match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Ge => Self::Lt,
            Self::Gt => Self::Le,
            Self::Le => Self::Gt,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Any => Self::NotAny,
            Self::NotAny => Self::Any,
            Self::Pattern(pattern) => Self::Pattern(Pattern { negated: !pattern.negated, ..pattern }),
            Self::EqualIfSet | Self::ChildOf | Self::ParentOf => return None,
        })
    }

    pub(super) fn is_inequality(self) -> bool {
        matches!(self, Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    pub(super) fn is_negative(self) -> bool {
        match self {
            Self::Ne | Self::NotIn | Self::NotAny => true,
            Self::Pattern(pattern) => pattern.negated,
            _ => false,
        }
    }
}

/// Reads a domain.
pub(super) fn parse(domain: &Value, version: Version) -> Fallible<Node> {
    if version.rewritten() { parse_new(domain, version) } else { parse_old(domain, version) }
}

fn parse_new(domain: &Value, version: Version) -> Fallible<Node> {
    let Some(items) = domain.as_array() else {
        let message = format!("Domain() invalid argument type for domain: {}", python::repr(domain));
        return Err(Failure::type_error(message));
    };
    let malformed = || Failure::value(format!("Domain() malformed domain {}", python::repr(domain)));
    let mut stack = Vec::new();
    for item in items.iter().rev() {
        let node = match (item.as_str(), item.as_array().map(Vec::as_slice)) {
            (Some("&"), _) => Node::And(vec![stack.pop().ok_or_else(malformed)?, stack.pop().ok_or_else(malformed)?]),
            (Some("|"), _) => Node::Or(vec![stack.pop().ok_or_else(malformed)?, stack.pop().ok_or_else(malformed)?]),
            (Some("!"), _) => Node::Not(Box::new(stack.pop().ok_or_else(malformed)?)),
            (None, Some([left, op, value])) if op.as_str() != Some("any!") && op.as_str() != Some("not any!") => {
                condition_new(left, op, value, version)?
            }
            _ => return Err(Failure::value(format!("Domain() invalid item in domain: {}", python::repr(item)))),
        };
        stack.push(node);
    }
    stack.reverse();
    Ok(Node::And(stack))
}

fn condition_new(left: &Value, op: &Value, value: &Value, version: Version) -> Fallible<Node> {
    let tuple = || python::repr_tuple(&[left.clone(), op.clone(), value.clone()]);
    let Some(path) = left.as_str() else {
        let constant = constant(left, op, value);
        let invalid = || Failure::type_error(format!("Domain() invalid arguments: {}", tuple()));
        return constant.map(Node::Constant).ok_or_else(invalid);
    };
    if path.is_empty() {
        return Err(Failure::type_error(format!("Empty field name in condition {}", tuple())));
    }
    let Some(written) = op.as_str() else {
        let message = format!("'{}' object has no attribute 'lower'", python::type_name(op));
        return Err(Failure::new(Class::Builtin("AttributeError"), message));
    };
    let written = written.to_lowercase();
    let op = Op::named(&written, version)
        .ok_or_else(|| Failure::value(format!("Invalid operator in condition {}", tuple())))?;
    let value = if value.is_null() { Value::Bool(false) } else { value.clone() };
    Ok(Node::Leaf(Leaf { path: path.to_owned(), op, value, written }))
}

fn parse_old(domain: &Value, version: Version) -> Fallible<Node> {
    let Some(tokens) = domain.as_array() else {
        let message = "Domains to normalize must have a 'domain' form: a list or tuple of domain components";
        return Err(Failure::new(Class::Builtin("AssertionError"), message));
    };
    let mut missing = 1;
    for token in tokens {
        missing = missing.max(1);
        missing += match token.as_str() {
            Some("&" | "|") => 1,
            Some("!") => 0,
            _ => -1,
        };
    }
    let malformed = || Failure::value(format!("Domain {} is syntactically not correct.", python::repr(domain)));
    if missing != 0 {
        return Err(malformed());
    }
    let mut stack = Vec::new();
    for token in tokens.iter().rev() {
        let node = match token.as_str() {
            Some("&") => Node::And(vec![stack.pop().ok_or_else(malformed)?, stack.pop().ok_or_else(malformed)?]),
            Some("|") => Node::Or(vec![stack.pop().ok_or_else(malformed)?, stack.pop().ok_or_else(malformed)?]),
            Some("!") => Node::Not(Box::new(stack.pop().ok_or_else(malformed)?)),
            _ => condition_old(token, version)?,
        };
        stack.push(node);
    }
    stack.reverse();
    Ok(Node::And(stack))
}

fn condition_old(token: &Value, version: Version) -> Fallible<Node> {
    let index_error = |message| Failure::new(Class::Builtin("IndexError"), message);
    let leaf = match token {
        Value::Array(leaf) => leaf.as_slice(),
        Value::String(_) => return Err(index_error("string index out of range")),
        other => {
            let message = format!("'{}' object is not subscriptable", python::type_name(other));
            return Err(Failure::type_error(message));
        }
    };
    let (left, op, value) = match leaf {
        [] | [_] => return Err(index_error("tuple index out of range")),
        [_, _] => return Err(Failure::value("not enough values to unpack (expected 3, got 2)")),
        [left, op, value] => (left, op, value),
        _ => return Err(Failure::value("too many values to unpack (expected 3)")),
    };
    if let Some(constant) = constant(left, op, value) {
        return Ok(Node::Constant(constant));
    }
    let Some(path) = left.as_str() else {
        let message = format!("'{}' object has no attribute 'split'", python::type_name(left));
        return Err(Failure::new(Class::Builtin("AttributeError"), message));
    };
    let written = op.as_str().unwrap_or_default();
    let op = Op::named(written, version)
        .ok_or_else(|| Failure::value(format!("Invalid leaf {}", python::repr_tuple(leaf))))?;
    Ok(Node::Leaf(Leaf { path: path.to_owned(), op, value: value.clone(), written: written.to_owned() }))
}

/// `(1, '=', 1)` is true and `(0, '=', 1)` is false; in Python `True` is 1.
fn constant(left: &Value, op: &Value, value: &Value) -> Option<bool> {
    let number = |value: &Value| value.as_i64().or_else(|| value.as_bool().map(i64::from));
    match (number(left), op.as_str(), number(value)) {
        (Some(1), Some("="), Some(1)) => Some(true),
        (Some(0), Some("="), Some(1)) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(domain: &Value, version: u16) -> String {
        parse(domain, Version(version)).unwrap_err().message
    }

    #[test]
    fn what_is_not_a_domain_is_refused_in_the_words_of_the_release() {
        for (domain, old, new) in [
            (
                json!(["|", ["id", "=", 1]]),
                "Domain ['|', ['id', '=', 1]] is syntactically not correct.",
                "Domain() malformed domain ['|', ['id', '=', 1]]",
            ),
            (
                json!([["id", "=", 1], "&"]),
                "Domain [['id', '=', 1], '&'] is syntactically not correct.",
                "Domain() malformed domain [['id', '=', 1], '&']",
            ),
            (json!(["x"]), "string index out of range", "Domain() invalid item in domain: 'x'"),
            (
                json!([["id", "="]]),
                "not enough values to unpack (expected 3, got 2)",
                "Domain() invalid item in domain: ['id', '=']",
            ),
            (
                json!([["name", "foo", "x"]]),
                "Invalid leaf ('name', 'foo', 'x')",
                "Invalid operator in condition ('name', 'foo', 'x')",
            ),
            (json!([[1, "=", 2]]), "'int' object has no attribute 'split'", "Domain() invalid arguments: (1, '=', 2)"),
            (json!([1]), "'int' object is not subscriptable", "Domain() invalid item in domain: 1"),
        ] {
            assert_eq!((&*refusal(&domain, 17), &*refusal(&domain, 19)), (old, new));
        }
        assert!(parse(&json!([["name", "LIKE", "a"]]), Version(17)).is_err());
        assert!(parse(&json!([["name", "LIKE", "a"]]), Version(19)).is_ok());
        assert!(parse(&json!([["parent_id", "any", []]]), Version(16)).is_err());
    }
}
