//! Reads the inputs of lists: `where`, `orderBy` and ids. Whatever is wrong is said with its path.

use crate::{
    comparator::{Comparator, order_word, sortable},
    error::{Error, Result},
    id,
    limits::{MAX_IN, MAX_ORDER_KEYS, MAX_WHERE_CONDITIONS, MAX_WHERE_DEPTH},
    scalars::{self, FromInput},
};
use adapters::{
    adapter::Order,
    filter::{Condition, Filter, Op, Operand, Target},
    model::{self, Direction, EntityDef, EntityType},
};
use async_graphql::{Name, Value, indexmap::IndexMap};
use std::{collections::HashSet, fmt::Display};

/// What is wrong with a value, and where: the path is put together on the way out.
struct Problem {
    path: String,
    message: String,
}

type Read<T> = Result<T, Problem>;

fn problem(message: impl Into<String>) -> Problem {
    Problem { path: String::new(), message: message.into() }
}

impl Problem {
    fn under(self, step: impl Display) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{step}{dot}{}", self.path), ..self }
    }

    fn error(self) -> Error {
        Error::bad_input(format!("{}: {}", self.path, self.message))
    }
}

/// Reads a `where`. What [`EntityDef::hidden_unless`] hides stays hidden unless a condition names the field, or an id.
pub(crate) fn filter(def: &'static EntityDef, value: Option<&Value>) -> Result<Filter<Operand>> {
    let hidden = def.hidden_unless.as_ref().and_then(|(name, shown)| Some((Target::Field(def.id_of(name)?), shown)));
    let mut reader = Reader { def, conditions: 0, hidden: hidden.map(|(target, _)| target), named: false };
    let filter = match value {
        Some(value) => reader.filter(value, 1).map_err(|problem| problem.under("where").error())?.simplify(),
        None => Filter::ALL,
    };
    Ok(match hidden {
        Some((target, shown)) if !reader.named && !filter.is_none() => {
            filter.and(Filter::Is(Condition { target, op: Op::Eq, values: vec![Operand::Value(shown.clone())] }))
        }
        _ => filter,
    })
}

struct Reader {
    def: &'static EntityDef,
    conditions: usize,
    /// The field that hides records.
    hidden: Option<Target>,
    /// Whether a condition names it, or an id.
    named: bool,
}

impl Reader {
    fn filter(&mut self, value: &Value, depth: usize) -> Read<Filter<Operand>> {
        if depth > MAX_WHERE_DEPTH {
            return Err(problem(format!("nested too deep: at most {MAX_WHERE_DEPTH} levels")));
        }
        let fields = object(value)?;
        let mut parts = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            if *value == Value::Null {
                continue;
            }
            let part = match name.as_str() {
                "and" => self.several(value, depth).map(Filter::And),
                "or" => self.several(value, depth).map(Filter::Or),
                "not" => self.filter(value, depth + 1).map(|inner| Filter::Not(Box::new(inner))),
                "id" => self.comparisons(Target::Id, Comparator::Id(self.def.entity), value),
                field => match self.def.id_of(field).map(|id| (id, Comparator::of(self.def.field(id)))) {
                    Some((id, Some(comparator))) => self.comparisons(Target::Field(id), comparator, value),
                    _ => Err(problem("there is no such field")),
                },
            };
            parts.push(part.map_err(|problem| problem.under(name))?);
        }
        Ok(Filter::And(parts))
    }

    fn several(&mut self, value: &Value, depth: usize) -> Read<Vec<Filter<Operand>>> {
        elements(value).map(|(at, value)| self.filter(value, depth + 1).map_err(|p| p.under(at))).collect()
    }

    fn comparisons(&mut self, target: Target, comparator: Comparator, value: &Value) -> Read<Filter<Operand>> {
        let mut parts = Vec::new();
        for (name, value) in object(value)? {
            let Some(operator) = comparator.operators().iter().find(|operator| operator.name == name.as_str()) else {
                return Err(problem("there is no such operator").under(name));
            };
            match (operator.op, value) {
                (Op::Eq | Op::Neq, Value::Null) => return Err(no_null(comparator).under(name)),
                (_, Value::Null) => continue,
                _ => {}
            }
            let values = operands(comparator, operator.op, value).map_err(|problem| problem.under(name))?;
            self.conditions += 1;
            if self.conditions > MAX_WHERE_CONDITIONS {
                return Err(problem(format!("too many conditions: at most {MAX_WHERE_CONDITIONS}")));
            }
            self.named |= target == Target::Id || Some(target) == self.hidden;
            // Nothing equals one of no values.
            let nothing = operator.op == Op::In && values.is_empty();
            let is = || Filter::Is(Condition { target, op: operator.op, values });
            parts.push(if nothing { Filter::NONE } else { is() });
        }
        Ok(Filter::And(parts))
    }
}

fn no_null(comparator: Comparator) -> Problem {
    if comparator.operators().iter().any(|operator| operator.op == Op::IsNull) {
        problem("null is not a value to compare with: use isNull")
    } else {
        problem("null is not a value to compare with")
    }
}

fn object(value: &Value) -> Read<&IndexMap<Name, Value>> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(problem("expected an object")),
    }
}

/// The elements of a list with their steps in a path; GraphQL lets a single value stand for a list of it.
pub(crate) fn elements(value: &Value) -> impl Iterator<Item = (String, &Value)> {
    let list = match value {
        Value::List(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter().enumerate().map(|(at, value)| (format!("[{at}]"), value))
}

fn operands(comparator: Comparator, op: Op, value: &Value) -> Read<Vec<Operand>> {
    match op {
        Op::IsNull => match value {
            Value::Boolean(wanted) => Ok(vec![Operand::Value(model::Value::Bool(*wanted))]),
            _ => Err(problem("expected true or false")),
        },
        Op::In => {
            if matches!(value, Value::List(list) if list.len() > MAX_IN) {
                return Err(problem(format!("too many values: at most {MAX_IN}")));
            }
            elements(value).map(|(at, value)| operand(comparator, value).map_err(|p| p.under(at))).collect()
        }
        _ => operand(comparator, value).map(|operand| vec![operand]),
    }
}

fn operand(comparator: Comparator, value: &Value) -> Read<Operand> {
    fn scalar<T: FromInput>(value: &Value) -> Read<T> {
        T::from_input(value).map_err(problem)
    }
    Ok(Operand::Value(match comparator {
        Comparator::Id(entity) => return record(entity, value).map(Operand::Record),
        Comparator::Text => model::Value::Text(text(value)?.into()),
        Comparator::Date => model::Value::Date(scalar::<scalars::Date>(value)?.0),
        Comparator::DateTime => model::Value::DateTime(scalar::<scalars::DateTime>(value)?.0),
        Comparator::Decimal => model::Value::Decimal(scalar::<scalars::Decimal>(value)?.0),
        Comparator::Int => match value {
            Value::Number(number) => number.as_i64().map(model::Value::Int),
            _ => None,
        }
        .ok_or_else(|| problem("not a whole number"))?,
        Comparator::Bool => match value {
            Value::Boolean(wanted) => model::Value::Bool(*wanted),
            _ => return Err(problem("expected true or false")),
        },
        Comparator::Enum(def) => model::Value::Enum(
            word(value)
                .and_then(|word| def.value(word))
                .ok_or_else(|| problem(format!("not a value of {}", def.name)))?,
        ),
    }))
}

/// The word of an enum: a name in a query, a string in variables.
fn word(value: &Value) -> Option<&str> {
    match value {
        Value::Enum(name) => Some(name),
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn text(value: &Value) -> Read<&str> {
    match value {
        // No ERP keeps them in its fields, and many a protocol stumbles over them.
        Value::String(text) if text.chars().any(char::is_control) => Err(problem("control characters are not allowed")),
        Value::String(text) => Ok(text),
        _ => Err(problem("expected a text")),
    }
}

fn record(entity: EntityType, value: &Value) -> Read<model::RecordKey> {
    let Value::String(text) = value else { return Err(problem("expected an id")) };
    record_id(entity, text).map_err(problem)
}

/// The key of a record of an entity by its id, or what is wrong with the id.
pub(crate) fn record_id(entity: EntityType, text: &str) -> Result<model::RecordKey, String> {
    let wanted = entity.def().name;
    match id::decode(text) {
        Some(key) if key.entity == entity => Ok(key),
        Some(key) => {
            Err(format!("expected the id of a record of type {wanted}, found one of {}", key.entity.def().name))
        }
        None => Err(format!("not an id of a record of type {wanted}")),
    }
}

/// Reads an `orderBy`; the order of the entity if it is absent or empty.
pub(crate) fn order(def: &'static EntityDef, value: Option<&Value>) -> Result<Vec<Order>> {
    let mut order: Vec<Order> = Vec::new();
    let mut seen = HashSet::new();
    for (at, value) in value.into_iter().flat_map(elements) {
        let key = order_key(def, value).and_then(|key| match seen.insert(key.field) {
            true if seen.len() > MAX_ORDER_KEYS => Err(problem(format!("too many keys: at most {MAX_ORDER_KEYS}"))),
            true => Ok(key),
            false => Err(problem("the same field twice").under("field")),
        });
        order.push(key.map_err(|problem| problem.under(at).under("orderBy").error())?);
    }
    if order.is_empty() {
        let (name, direction) = def.order;
        order.extend(def.id_of(name).map(|field| Order { field, direction }));
    }
    Ok(order)
}

fn order_key(def: &'static EntityDef, value: &Value) -> Read<Order> {
    let fields = object(value)?;
    let named = fields.get("field").and_then(word);
    let field = named.and_then(|named| sortable(def).find(|(_, field)| order_word(field.name) == named));
    let (field, _) = field.ok_or_else(|| problem(format!("not a value of {}OrderField", def.name)).under("field"))?;
    let direction = match fields.get("direction") {
        None => Direction::Asc,
        Some(value) => match word(value) {
            Some("ASC") => Direction::Asc,
            Some("DESC") => Direction::Desc,
            _ => return Err(problem("expected ASC or DESC").under("direction")),
        },
    };
    Ok(Order { field, direction })
}
