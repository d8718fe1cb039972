//! `!`: pushed down to the conditions before there is any SQL.

use serde_json::{Value, json};

use super::{
    parse::{Leaf, Node, Op, Pattern},
    values::is_unset,
};
use crate::odoo::{
    models::{Field, Kind, Known},
    python,
    version::Version,
};

/// The opposite of a node. A condition without an opposite stays under its `!`, and nothing else does.
pub(super) fn negate(known: &Known, version: Version, node: &Node) -> Node {
    push(known, version, node, true)
}

fn push(known: &Known, version: Version, node: &Node, negated: bool) -> Node {
    let all = |nodes: &[Node]| nodes.iter().map(|node| push(known, version, node, negated)).collect();
    match node {
        Node::Constant(outcome) => Node::Constant(*outcome != negated),
        Node::And(nodes) if negated => Node::Or(all(nodes)),
        Node::And(nodes) => Node::And(all(nodes)),
        Node::Or(nodes) if negated => Node::And(all(nodes)),
        Node::Or(nodes) => Node::Or(all(nodes)),
        Node::Not(node) => push(known, version, node, !negated),
        Node::Leaf(leaf) if negated => negate_leaf(known, version, leaf),
        Node::Leaf(leaf) => Node::Leaf(leaf.clone()),
    }
}

fn negate_leaf(known: &Known, version: Version, leaf: &Leaf) -> Node {
    let rewritten = version.rewritten();
    let (name, rest) = leaf.path.split_once('.').unwrap_or((&leaf.path, ""));
    let field = known.field(name);
    let follows = !rest.is_empty() && field.is_some_and(|field| field.kind.relation().is_some());
    if follows && version.0 >= 17 {
        // "Refers to one that does" turns into "refers to none that does", also when it refers to nothing.
        let inner = json!([[rest, leaf.written, leaf.value]]);
        return Node::Leaf(Leaf::new(name, Op::NotAny, inner));
    }
    let op = match leaf.op {
        Op::EqualIfSet if rewritten && !python::truth(&leaf.value) => return Node::Constant(false),
        Op::EqualIfSet if rewritten => Some(Op::Ne),
        Op::Pattern(Pattern { anywhere: false, .. }) if !rewritten => None,
        op => op.inverse(),
    };
    let Some(op) = op else { return Node::Not(Box::new(Node::Leaf(leaf.clone()))) };
    let inverse = Node::Leaf(Leaf::new(&leaf.path, op, leaf.value.clone()));
    let is_time = field.is_some_and(|field| matches!(field.kind, Kind::Date | Kind::Datetime));
    if rewritten && op.is_inequality() && is_time && is_unset(&leaf.value) {
        // Nothing is before or after no time.
        return Node::Constant(true);
    }
    if rewritten && op.is_inequality() && !field.is_some_and(Field::has_zero) {
        let unset = Node::Leaf(Leaf::new(&leaf.path, Op::Eq, Value::Bool(false)));
        return Node::Or(vec![unset, inverse]);
    }
    inverse
}

impl Field {
    /// Whether no value counts as zero, as an empty text or as false when 19 compares.
    fn has_zero(&self) -> bool {
        self.kind.is_text() || self.kind.is_number() || matches!(self.kind, Kind::Boolean)
    }
}
