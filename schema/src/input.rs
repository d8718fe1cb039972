//! The inputs of lists, derived from the catalogue: `where` and `orderBy` as types, and how they are read.

use crate::{
    error::{Error, Result},
    id,
    limits::{MAX_IN, MAX_ORDER_KEYS, MAX_WHERE_CONDITIONS, MAX_WHERE_DEPTH},
    object::{CATALOGUE, enum_type, input, inputs_by_name, name_of, register},
    scalars::{self, FromInput},
};
use adapters::{
    adapter::Order,
    filter::{Condition, Filter, Op, Operand, Target},
    model::{self, Direction, EntityDef, EntityType, EnumDef, FieldDef, FieldId, Kind},
};
use async_graphql::{
    Enum, ID, Value,
    indexmap::IndexMap,
    registry::{EnumBuilder, InputObjectBuilder, MetaEnumValue, Registry},
};
use std::{borrow::Cow, collections::HashSet, fmt::Display};

// ── types ────────────────────────────────────────────────────────────────────────────────────────

/// A direction of sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "Direction")]
enum DirectionWord {
    /// Smallest, oldest or first in the alphabet first; records without a value last.
    Asc,
    /// Largest, newest or last in the alphabet first; records without a value last.
    Desc,
}

/// How values of a kind are compared.
#[derive(Clone, Copy)]
enum Comparator {
    Id(EntityType),
    Text,
    Date,
    DateTime,
    Decimal,
    Int,
    Bool,
    Enum(&'static EnumDef),
}

impl Comparator {
    /// The comparator of a field; none for kinds that `where` cannot compare.
    fn of(field: &FieldDef) -> Option<Self> {
        Some(match field.kind {
            _ if !field.filter => return None,
            Kind::Text | Kind::Currency | Kind::Url => Self::Text,
            Kind::Int => Self::Int,
            Kind::Bool => Self::Bool,
            Kind::Decimal | Kind::Money(_) => Self::Decimal,
            Kind::Date => Self::Date,
            Kind::DateTime => Self::DateTime,
            Kind::Enum(def) => Self::Enum(def),
            Kind::Ref(to) => Self::Id(to),
            Kind::Json | Kind::MoneyList | Kind::Refs(_) | Kind::Object(_) | Kind::List(_) => return None,
        })
    }

    fn name(self) -> Cow<'static, str> {
        match self {
            Self::Id(_) => "IDFilter".into(),
            Self::Text => "StringFilter".into(),
            Self::Date => "DateFilter".into(),
            Self::DateTime => "DateTimeFilter".into(),
            Self::Decimal => "DecimalFilter".into(),
            Self::Int => "IntFilter".into(),
            Self::Bool => "BooleanFilter".into(),
            Self::Enum(def) => format!("{}Filter", def.name).into(),
        }
    }

    fn operators(self) -> &'static [Operator] {
        match self {
            Self::Id(_) => &[EQ, IN],
            Self::Text => &[EQ, NEQ, IN, CONTAINS, STARTS_WITH, IS_NULL],
            Self::Date | Self::DateTime => &[EQ, GT, GTE, LT, LTE, IS_NULL],
            Self::Decimal | Self::Int => &[EQ, GT, GTE, LT, LTE],
            Self::Bool => &[EQ],
            Self::Enum(_) => &[EQ, NEQ, IN],
        }
    }

    /// The type of the values, for a person and by its GraphQL name.
    fn scalar(self, registry: &mut Registry) -> (Cow<'static, str>, String) {
        match self {
            Self::Id(_) => ("an id".into(), name_of::<ID>(registry)),
            Self::Text => ("a text".into(), name_of::<String>(registry)),
            Self::Date => ("a date".into(), name_of::<scalars::Date>(registry)),
            Self::DateTime => ("a moment".into(), name_of::<scalars::DateTime>(registry)),
            Self::Decimal => ("a number or an amount".into(), name_of::<scalars::Decimal>(registry)),
            Self::Int => ("a whole number".into(), name_of::<i32>(registry)),
            Self::Bool => ("a yes or no".into(), name_of::<bool>(registry)),
            Self::Enum(def) => (format!("the enum `{}`", def.name).into(), enum_type(def, registry)),
        }
    }

    fn register(self, registry: &mut Registry) -> String {
        register(registry, &self.name(), |registry| {
            let (what, scalar) = self.scalar(registry);
            let fields = self.operators().iter().map(|operator| {
                let ty = match operator.op {
                    Op::In => format!("[{scalar}!]"),
                    Op::IsNull => "Boolean".to_owned(),
                    _ => scalar.clone(),
                };
                input(operator.name, ty, operator.doc)
            });
            InputObjectBuilder::new(self.name(), inputs_by_name(fields))
                .description(Some(format!("Conditions on {what}. All that are given must hold.")))
                .rust_typename(CATALOGUE)
                .build()
        })
    }
}

struct Operator {
    name: &'static str,
    op: Op,
    doc: &'static str,
}

const fn operator(name: &'static str, op: Op, doc: &'static str) -> Operator {
    Operator { name, op, doc }
}
const EQ: Operator = operator("eq", Op::Eq, "Equals this value exactly.");
const NEQ: Operator = operator("neq", Op::Neq, "Differs from this value; a record without a value differs.");
const IN: Operator = operator("in", Op::In, "Equals one of these values exactly; at most 1000. An empty list matches nothing.");
const GT: Operator = operator("gt", Op::Gt, "Is greater or later.");
const GTE: Operator = operator("gte", Op::Gte, "Is greater, later or equal.");
const LT: Operator = operator("lt", Op::Lt, "Is less or earlier.");
const LTE: Operator = operator("lte", Op::Lte, "Is less, earlier or equal.");
const CONTAINS: Operator = operator("contains", Op::Contains, "Contains this text; upper and lower case are alike.");
const STARTS_WITH: Operator =
    operator("startsWith", Op::StartsWith, "Starts with this text; upper and lower case are alike.");
const IS_NULL: Operator = operator("isNull", Op::IsNull, "Whether there is no value: true finds records without one.");

/// The words of a name in camel case: `salesOrders` is "sales orders".
pub(crate) fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// The word of the order enum for a field: `issueDate` is `ISSUE_DATE`.
fn order_word(field: &str) -> String {
    words(field).replace(' ', "_").to_uppercase()
}

/// The input object `XWhere` of an entity.
pub(crate) fn where_type(def: &'static EntityDef, registry: &mut Registry) -> String {
    let name = format!("{}Where", def.name);
    register(registry, &name.clone(), |registry| {
        let id = Comparator::Id(def.entity).register(registry);
        let mut fields = vec![
            input("and", format!("[{name}!]"), "All of these hold."),
            input("or", format!("[{name}!]"), "At least one of these holds. An empty list matches nothing."),
            input("not", name.as_str(), "This does not hold."),
            input("id", id, "By its id."),
        ];
        for (_, field) in def.all_fields() {
            if let Some(comparator) = Comparator::of(field) {
                let ty = comparator.register(registry);
                fields.push(input(field.name, ty, format!("By `{}`. {}", field.name, field.doc)));
            }
        }
        InputObjectBuilder::new(name, inputs_by_name(fields))
            .description(Some(format!("Which {}: all conditions that are given must hold.", words(def.plural))))
            .rust_typename(CATALOGUE)
            .build()
    })
}

/// The input object `XOrder` of an entity.
pub(crate) fn order_type(def: &'static EntityDef, registry: &mut Registry) -> String {
    let name = format!("{}Order", def.name);
    register(registry, &name.clone(), |registry| {
        let many = words(def.plural);
        let values = sortable(def).map(|(_, field)| {
            let word = order_word(field.name);
            let doc = format!("By `{}`. {}", field.name, field.doc);
            (word.clone(), MetaEnumValue { description: Some(doc), ..MetaEnumValue::new(word) })
        });
        let field_type = register(registry, &format!("{name}Field"), |_| {
            EnumBuilder::new(format!("{name}Field"), values.collect())
                .description(Some(format!("What {many} can be sorted by.")))
                .rust_typename(CATALOGUE)
                .build()
        });
        let direction = <DirectionWord as async_graphql::InputType>::create_type_info(registry);
        let mut direction = input("direction", direction, "Which way.");
        direction.default_value = Some("ASC".into());
        let fields = [input("field", format!("{field_type}!"), "By what."), direction];
        InputObjectBuilder::new(name, inputs_by_name(fields))
            .description(Some(format!("One key of an order of {many}.")))
            .rust_typename(CATALOGUE)
            .build()
    })
}

fn sortable(def: &'static EntityDef) -> impl Iterator<Item = (FieldId, &'static FieldDef)> {
    def.all_fields().filter(|(_, field)| field.sort)
}

// ── values ───────────────────────────────────────────────────────────────────────────────────────

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
            let operator = comparator.operators().iter().find(|operator| operator.name == name.as_str());
            let condition = match (operator, value) {
                (None, _) => Err(problem("there is no such operator")),
                (Some(Operator { op: Op::Eq | Op::Neq, .. }), Value::Null) => Err(no_null(comparator)),
                (Some(_), Value::Null) => continue,
                (Some(operator), value) => operands(comparator, operator.op, value),
            };
            let condition = condition.map(|values| (operator, values)).map_err(|problem| problem.under(name))?;
            if let (Some(operator), values) = condition {
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

fn object(value: &Value) -> Read<&IndexMap<async_graphql::Name, Value>> {
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
            word(value).and_then(|word| def.value(word)).ok_or_else(|| problem(format!("not a value of {}", def.name)))?,
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
        Some(key) => Err(format!("expected the id of a record of type {wanted}, found one of {}", key.entity.def().name)),
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
