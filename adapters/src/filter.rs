//! Conditions on the records of one entity, and their evaluation in the gateway where an ERP cannot do it.

use crate::model::{EntityType, FieldId, FieldSet, Record, RecordKey, Value};
use chrono::NaiveDate;
use std::cmp::Ordering;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Equals the value, exactly.
    Eq,
    /// Differs from the value; a record without a value differs.
    Neq,
    /// Equals one of the values, exactly.
    In,
    /// Is greater or later.
    Gt,
    /// Is greater, later or equal.
    Gte,
    /// Is less or earlier.
    Lt,
    /// Is less, earlier or equal.
    Lte,
    /// Contains the text, without regard to case.
    Contains,
    /// Starts with the text, without regard to case.
    StartsWith,
    /// Has no value (`true`) or has one (`false`).
    IsNull,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The record's identity.
    Id,
    /// One of its fields.
    Field(FieldId),
}

/// A comparison of a field with values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition<V = Value> {
    /// What is compared.
    pub target: Target,
    /// How.
    pub op: Op,
    /// With what: one value, several for [`Op::In`].
    pub values: Vec<V>,
}

/// Which records are meant. An empty `And` means all, an empty `Or` none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter<V = Value> {
    /// All of these hold.
    And(Vec<Filter<V>>),
    /// At least one of these holds.
    Or(Vec<Filter<V>>),
    /// This does not hold.
    Not(Box<Filter<V>>),
    /// The comparison holds.
    Is(Condition<V>),
}

/// A value as a client gave it: ids name records of any ERP until the filter is narrowed to one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A plain value.
    Value(Value),
    /// A record.
    Record(RecordKey),
}

impl<V> Filter<V> {
    /// The filter that every record passes.
    pub const ALL: Self = Self::And(Vec::new());
    /// The filter that no record passes.
    pub const NONE: Self = Self::Or(Vec::new());

    /// Whether every record passes.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::And(parts) if parts.is_empty())
    }

    /// Whether no record passes.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Or(parts) if parts.is_empty())
    }

    /// Both filters, simplified.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(vec![self, other]).simplify()
    }

    /// The same filter without parts that are always or never true.
    #[must_use]
    pub fn simplify(self) -> Self {
        match self {
            Self::And(parts) => {
                let mut kept = Vec::with_capacity(parts.len());
                for part in parts {
                    match part.simplify() {
                        Self::And(inner) => kept.extend(inner),
                        none if none.is_none() => return Self::NONE,
                        other => kept.push(other),
                    }
                }
                if kept.len() == 1 { kept.remove(0) } else { Self::And(kept) }
            }
            Self::Or(parts) => {
                let mut kept = Vec::with_capacity(parts.len());
                for part in parts {
                    match part.simplify() {
                        Self::Or(inner) => kept.extend(inner),
                        all if all.is_all() => return Self::ALL,
                        other => kept.push(other),
                    }
                }
                if kept.len() == 1 { kept.remove(0) } else { Self::Or(kept) }
            }
            Self::Not(inner) => match inner.simplify() {
                all if all.is_all() => Self::NONE,
                none if none.is_none() => Self::ALL,
                Self::Not(twice) => *twice,
                other => Self::Not(Box::new(other)),
            },
            Self::Is(condition) => Self::Is(condition),
        }
    }

    /// Replaces every comparison.
    pub fn try_map<W, E>(self, f: &mut impl FnMut(Condition<V>) -> Result<Filter<W>, E>) -> Result<Filter<W>, E> {
        fn all<V, W, E>(
            parts: Vec<Filter<V>>,
            f: &mut impl FnMut(Condition<V>) -> Result<Filter<W>, E>,
        ) -> Result<Vec<Filter<W>>, E> {
            parts.into_iter().map(|part| part.try_map(f)).collect()
        }
        Ok(match self {
            Self::And(parts) => Filter::And(all(parts, f)?),
            Self::Or(parts) => Filter::Or(all(parts, f)?),
            Self::Not(inner) => Filter::Not(Box::new(inner.try_map(f)?)),
            Self::Is(condition) => f(condition)?,
        })
    }

    /// Calls a function for every comparison.
    pub fn each(&self, f: &mut impl FnMut(&Condition<V>)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each(f)),
            Self::Not(inner) => inner.each(f),
            Self::Is(condition) => f(condition),
        }
    }

    /// The fields it looks at.
    pub fn fields(&self) -> FieldSet {
        let mut fields = FieldSet::EMPTY;
        self.each(&mut |condition| {
            if let Target::Field(field) = condition.target {
                fields.insert(field);
            }
        });
        fields
    }
}

impl Filter {
    /// A comparison of a field by its name.
    ///
    /// # Panics
    /// When the entity has no such field: for names in code, not for input.
    pub fn of(entity: EntityType, field: &str, op: Op, values: Vec<Value>) -> Self {
        let field = entity.def().id_of(field).unwrap_or_else(|| panic!("{entity:?} has no field {field}"));
        Self::Is(Condition { target: Target::Field(field), op, values })
    }

    /// Replaces conditions on computed fields by conditions on the fields they follow from.
    #[must_use]
    pub fn without_computed(self, entity: EntityType, today: NaiveDate) -> Self {
        let replaced: Result<Self, std::convert::Infallible> = self.try_map(&mut |condition| {
            let computed = match condition.target {
                Target::Field(field) => entity.def().field(field).computed,
                Target::Id => None,
            };
            Ok(match (computed, condition.values.first()) {
                (Some(computed), Some(Value::Bool(wanted))) => (computed.filter)(*wanted, today),
                _ => Self::Is(condition),
            })
        });
        match replaced {
            Ok(filter) => filter,
        }
    }
}

/// Whether a record passes. Computed fields must have been replaced, see [`Filter::without_computed`].
pub fn matches(filter: &Filter, record: &Record) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| matches(part, record)),
        Filter::Or(parts) => parts.iter().any(|part| matches(part, record)),
        Filter::Not(inner) => !matches(inner, record),
        Filter::Is(condition) => match condition.target {
            Target::Id => condition
                .values
                .iter()
                .any(|v| matches!(v, Value::Ref(r) if r.set == record.key.set && r.id == record.key.id)),
            Target::Field(field) => holds(condition.op, record.get(field), &condition.values),
        },
    }
}

/// Whether a comparison of a value holds.
pub fn holds(op: Op, value: &Value, with: &[Value]) -> bool {
    let ordered =
        |accept: fn(Ordering) -> bool| !value.is_null() && with.first().is_some_and(|w| accept(value.compare(w)));
    let text = |accept: fn(&str, &str) -> bool| match (value.as_text(), with.first().and_then(Value::as_text)) {
        (Some(text), Some(part)) => accept(&text.to_lowercase(), &part.to_lowercase()),
        _ => false,
    };
    match op {
        Op::Eq | Op::In => with.iter().any(|w| same(value, w)),
        Op::Neq => !with.iter().any(|w| same(value, w)),
        Op::Gt => ordered(Ordering::is_gt),
        Op::Gte => ordered(Ordering::is_ge),
        Op::Lt => ordered(Ordering::is_lt),
        Op::Lte => ordered(Ordering::is_le),
        Op::Contains => text(|text, part| text.contains(part)),
        Op::StartsWith => text(|text, part| text.starts_with(part)),
        Op::IsNull => with.first() == Some(&Value::Bool(value.is_null())),
    }
}

/// Exact equality; an amount equals a number, a currency equals its code.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_decimal(), b.as_decimal()) {
        (Some(a), Some(b)) => a == b,
        _ => match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simplify_folds_constants() {
        let name = || Filter::of(EntityType::Customer, "name", Op::Eq, vec![Value::Text("x".into())]);
        assert_eq!(Filter::And(vec![name(), Filter::ALL]).simplify(), name());
        assert!(Filter::And(vec![name(), Filter::NONE]).simplify().is_none());
        assert!(Filter::Or(vec![name(), Filter::ALL]).simplify().is_all());
        assert_eq!(Filter::Or(vec![name(), Filter::NONE]).simplify(), name());
        assert_eq!(Filter::Not(Box::new(Filter::Not(Box::new(name())))).simplify(), name());
        assert!(Filter::<Value>::Not(Box::new(Filter::ALL)).simplify().is_none());
    }

    #[test]
    fn nulls_differ_from_everything_and_have_no_order() {
        let x = [Value::Text("x".into())];
        assert!(holds(Op::Neq, &Value::Null, &x));
        assert!(!holds(Op::Eq, &Value::Null, &x));
        assert!(!holds(Op::Lt, &Value::Null, &[Value::Decimal(1.into())]));
        assert!(holds(Op::IsNull, &Value::Null, &[Value::Bool(true)]));
        assert!(!holds(Op::IsNull, &Value::Null, &[Value::Bool(false)]));
    }

    #[test]
    fn text_parts_ignore_case_and_equality_does_not() {
        let value = Value::Text("Müller GmbH".into());
        assert!(holds(Op::Contains, &value, &[Value::Text("MÜLLER".into())]));
        assert!(holds(Op::StartsWith, &value, &[Value::Text("mül".into())]));
        assert!(!holds(Op::Eq, &value, &[Value::Text("müller gmbh".into())]));
    }
}
