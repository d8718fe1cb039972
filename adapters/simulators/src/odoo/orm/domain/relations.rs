//! Conditions on references: by id, by name, through the row that is referred to, and up and down a hierarchy.

use serde_json::Value;

use super::{
    conditions::Compiler,
    parse::{Leaf, Node, Op},
    sql::{Sql, id_set},
    values,
};
use crate::{
    odoo::{
        failure::{Failure, Fallible},
        models::{Field, Kind, Known, Source},
        python,
    },
    store::{Cell, Filter, Set},
};

impl<'a> Compiler<'_, 'a> {
    /// The rows that refer to a row which fulfils a domain: a condition with a dotted path, or `any`.
    pub(super) fn any(&self, known: &'a Known, field: &Field, domain: &Node, negated: bool) -> Fallible<Sql> {
        let Some(relation) = field.kind.relation().and_then(|name| self.view.model(name)) else {
            return Ok(Sql::Constant(negated));
        };
        if negated && field.is_joined(self.view.version()) {
            let table = self.view.table(known);
            let ids = self.ids_without(relation, domain)?;
            if let Some(column) = field.column().and_then(|column| table.column(column)) {
                return Ok(Sql::one_of(table, column, ids).or_null(column));
            }
        }
        // A single reference is followed to archived rows too.
        let active_only = self.active_only && field.kind.is_many();
        let ids = self.ids(relation, domain, active_only)?;
        self.refers_to(known, field, ids, negated)
    }

    /// The rows whose reference is, or one of whose references is, among these.
    fn refers_to(&self, known: &'a Known, field: &Field, ids: Set, negated: bool) -> Fallible<Sql> {
        let table = self.view.table(known);
        if field.kind.is_many() {
            return Ok(self.one_of_many(known, field, ids).negated_if(negated));
        }
        if let Some(column) = field.column().and_then(|column| table.column(column)) {
            let sql = match Sql::one_of(table, column, ids) {
                // In 19 a row that refers to nothing is outside of every hierarchy.
                Sql::Condition(filter, _) if self.view.version().rewritten() => Sql::Condition(filter, None),
                sql => sql,
            };
            return Ok(if negated { sql.negated().or_null(column) } else { sql });
        }
        let ids: Vec<Value> = ids.iter().filter_map(Cell::as_int).map(Value::from).collect();
        let op = if negated { Op::NotIn } else { Op::In };
        self.scalar(known, field, &Leaf::new(field.name, op, ids.into()))
    }

    fn one_of_many(&self, known: &'a Known, field: &Field, ids: Set) -> Sql {
        let table = self.view.table(known);
        match (field.source, field.kind) {
            (Source::Column(column), _) => {
                let Some(column) = table.column(column) else { return Sql::Constant(false) };
                let filter = Filter::Test(Box::new(move |row| match row.at(column) {
                    Cell::Ids(references) => references.iter().any(|id| ids.contains(&Cell::Int(*id))),
                    _ => false,
                }));
                Sql::Condition(filter, None)
            }
            (Source::Children(shown), Kind::One2many(relation, inverse)) => {
                let Some(children) = self.view.model(relation).map(|relation| self.view.table(relation)) else {
                    return Sql::Constant(false);
                };
                let Some(inverse) = children.column(inverse) else { return Sql::Constant(false) };
                let filter = Filter::In(0, ids);
                let found = children.select(&filter).filter(|child| shown(child));
                let parents = id_set(found.filter_map(|child| child.at(inverse).as_int()));
                Sql::Condition(Filter::In(0, parents), None)
            }
            _ => Sql::Constant(false),
        }
    }

    /// Whether there is any reference at all.
    fn has_any(&self, known: &'a Known, field: &Field) -> Fallible<Sql> {
        let Some(relation) = field.kind.relation().and_then(|name| self.view.model(name)) else {
            return Ok(Sql::Constant(false));
        };
        let all = self.ids(relation, &Node::Constant(true), false)?;
        Ok(self.one_of_many(known, field, all))
    }

    /// A condition on a many2one.
    pub(super) fn reference(&self, known: &'a Known, field: &Field, leaf: &Leaf) -> Fallible<Sql> {
        let rewritten = self.view.version().rewritten();
        let texts = texts(&leaf.value);
        if rewritten && leaf.op.is_inequality() && leaf.value.is_string() {
            let message =
                format!("Inequality not supported for relational field using a string in condition {}", leaf.repr());
            return Err(Failure::type_error(message));
        }
        let by_name = matches!(leaf.op, Op::Pattern(_)) || !texts.is_empty();
        if !by_name {
            return self.scalar(known, field, leaf);
        }
        let Some(relation) = field.kind.relation().and_then(|name| self.view.model(name)) else {
            return Ok(Sql::Constant(leaf.op.is_negative()));
        };
        let op = match leaf.op {
            Op::Pattern(_) => leaf.op,
            op if op.is_negative() => Op::NotIn,
            _ => Op::In,
        };
        // Those that are not named so are those that refer to none of the rows that are.
        let positive = if op.is_negative() { op.inverse().unwrap_or(op) } else { op };
        let wanted = if matches!(op, Op::Pattern(_)) { leaf.value.clone() } else { texts.into() };
        let mut ids = self.named(relation, positive, &wanted)?;
        if let Value::Array(items) = &leaf.value {
            let numbers = items.iter().filter_map(Value::as_i64).map(Cell::Int);
            ids = ids.iter().cloned().chain(numbers).collect();
        }
        self.refers_to(known, field, ids, op.is_negative())
    }

    /// A condition on a one2many or many2many.
    pub(super) fn references(&self, known: &'a Known, field: &Field, leaf: &Leaf) -> Fallible<Sql> {
        let negated = leaf.op.is_negative();
        if matches!(leaf.op, Op::Pattern(_)) || !texts(&leaf.value).is_empty() {
            let Some(relation) = field.kind.relation().and_then(|name| self.view.model(name)) else {
                return Ok(Sql::Constant(negated));
            };
            let positive = if negated { leaf.op.inverse().unwrap_or(leaf.op) } else { leaf.op };
            let ids = self.named(relation, positive, &leaf.value)?;
            return Ok(self.one_of_many(known, field, ids).negated_if(negated));
        }
        if !matches!(leaf.op, Op::Eq | Op::Ne | Op::In | Op::NotIn) {
            return Err(Failure::value(format!("Invalid operator in condition {}", leaf.repr())));
        }
        let items = match &leaf.value {
            Value::Array(items) => items.clone(),
            value => vec![value.clone()],
        };
        let rewritten = self.view.version().rewritten();
        let listed = leaf.value.is_array();
        if listed && !rewritten && matches!(field.kind, Kind::One2many(..)) && items.iter().any(values::is_unset) {
            return Err(Failure::postgres("UndefinedFunction", "operator does not exist: integer = boolean\n"));
        }
        // In a list, "none" counts from 19 on; there too, equality with an empty list asks for rows that have none.
        let equality = matches!(leaf.op, Op::Eq | Op::Ne);
        let with_none = (items.iter().any(values::is_unset) && (rewritten || !listed))
            || (items.is_empty() && equality && rewritten);
        let ids: Set = items
            .iter()
            .filter(|item| !values::is_unset(item))
            .map(|item| values::id(item, rewritten))
            .collect::<Fallible<Vec<Cell>>>()?
            .into_iter()
            .collect();
        let mut sql = self.one_of_many(known, field, ids);
        if with_none {
            sql = Sql::Or(vec![sql, self.has_any(known, field)?.negated()]);
        }
        Ok(sql.negated_if(negated))
    }

    /// `child_of` and `parent_of`.
    pub(super) fn hierarchy(&self, known: &'a Known, field: &Field, leaf: &Leaf) -> Fallible<Sql> {
        if !python::truth(&leaf.value) {
            return Ok(Sql::Constant(false));
        }
        let relation = match field.kind.relation() {
            Some(relation) => self.view.model(relation),
            None if field.name == "id" => Some(known),
            None => {
                let message = format!(
                    "Cannot execute {} for {}.{}, works only for relational fields in condition {}",
                    leaf.written,
                    known.model.name,
                    field.name,
                    leaf.repr()
                );
                return Err(Failure::value(message));
            }
        };
        let Some(relation) = relation else { return Ok(Sql::Constant(false)) };
        let texts = texts(&leaf.value);
        let roots = if texts.is_empty() {
            let items = match &leaf.value {
                Value::Array(items) => items.clone(),
                value => vec![value.clone()],
            };
            id_set(items.iter().filter_map(Value::as_i64))
        } else {
            let any = Op::Pattern(super::parse::Pattern { anywhere: true, ignore_case: true, negated: false });
            let mut roots = Vec::new();
            for text in texts {
                roots.extend(self.named(relation, any, &text)?.iter().cloned());
            }
            roots.into_iter().collect()
        };
        let own = relation.model.name == known.model.name && !field.kind.is_many();
        let parent = if own && field.name != "id" { field.name } else { "parent_id" };
        let family = self.family(relation, parent, roots, leaf.op == Op::ChildOf)?;
        if own {
            return Ok(Sql::Condition(Filter::In(0, family), None));
        }
        self.refers_to(known, field, family, false)
    }
}

/// The texts in a value or in a list.
fn texts(value: &Value) -> Vec<Value> {
    match value {
        Value::String(_) => vec![value.clone()],
        Value::Array(items) => items.iter().filter(|item| item.is_string()).cloned().collect(),
        _ => Vec::new(),
    }
}
