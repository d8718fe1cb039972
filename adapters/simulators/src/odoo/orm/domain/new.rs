//! What a condition means from 19 on (`odoo/orm/domains.py`): no value equals an empty text and zero, and moments are
//! compared by the second.

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::Value;

use super::{
    conditions::{Place, like},
    parse::{Leaf, Op, Pattern},
    sql::Sql,
    values::{self, DAY, Iso, SECOND, is_unset},
};
use crate::{
    odoo::{
        failure::{Failure, Fallible},
        models::Kind,
        python,
    },
    store::{self, Cell, Filter, Set},
};

/// What no value counts as in comparisons.
fn zero(kind: Kind) -> Option<Cell> {
    match kind {
        Kind::Char | Kind::Text | Kind::Html => Some("".into()),
        kind if kind.is_number() => Some(Cell::Int(0)),
        Kind::Boolean => Some(false.into()),
        _ => None,
    }
}

/// A condition on a column.
pub(super) fn condition(place: &Place<'_>, leaf: &Leaf) -> Fallible<Sql> {
    match leaf.op {
        Op::EqualIfSet if !python::truth(&leaf.value) => Ok(Sql::Constant(true)),
        Op::Pattern(pattern) => matching(place, leaf, pattern),
        op if op.is_inequality() => inequality(place, leaf),
        _ => membership(place, leaf),
    }
}

fn matching(place: &Place<'_>, leaf: &Leaf, pattern: Pattern) -> Fallible<Sql> {
    let text = match &leaf.value {
        value if !python::truth(value) && pattern.anywhere => return Ok(Sql::Constant(!pattern.negated)),
        value if !python::truth(value) => {
            let op = if pattern.negated { Op::Ne } else { Op::Eq };
            return membership(place, &Leaf::new(&leaf.path, op, Value::Bool(false)));
        }
        Value::String(text) => text.clone(),
        _ if !pattern.anywhere => {
            let message = format!("The pattern to match must be a string in condition {}", leaf.repr());
            return Err(Failure::type_error(message));
        }
        value => values::text(value),
    };
    let sql = like(place, pattern, &text)?.negated_if(pattern.negated);
    Ok(if pattern.negated && !place.required { sql.or_null(place.column) } else { sql })
}

fn membership(place: &Place<'_>, leaf: &Leaf) -> Fallible<Sql> {
    let negated = leaf.op.is_negative();
    let items = match (&leaf.value, leaf.op) {
        (Value::Array(items), Op::In | Op::NotIn) if items.is_empty() => return Ok(Sql::Constant(negated)),
        (Value::Array(items), _) if items.is_empty() => vec![Value::Bool(false)],
        (Value::Array(items), _) => items.clone(),
        (value, Op::In | Op::NotIn) if !python::truth(value) => return Ok(Sql::Constant(negated)),
        (value, _) => vec![value.clone()],
    };
    if let Some(item) = items.iter().find(|item| item.is_array() || item.is_object()) {
        return Err(Failure::type_error(format!("unhashable type: '{}'", python::type_name(item))));
    }
    let items: Vec<Value> = items.into_iter().filter(|item| !(place.required && unset_for(place.kind, item))).collect();
    match place.kind {
        Kind::Boolean => Ok(flags(place, &items, negated)),
        Kind::Datetime => moments(place, &items, negated),
        _ => values_in(place, &items, negated),
    }
}

/// Whether a required field cannot have this value: not of a number or a text, which have their zero.
fn unset_for(kind: Kind, value: &Value) -> bool {
    is_unset(value) && zero(kind).is_none()
}

fn flags(place: &Place<'_>, items: &[Value], negated: bool) -> Sql {
    let flag = |item: &Value| match item {
        Value::String(text) => matches!(&*text.to_lowercase(), "true" | "1" | "t" | "y" | "yes"),
        other => python::truth(other),
    };
    let (yes, no) = (items.iter().any(flag), items.iter().any(|item| !flag(item)));
    let is_true = Sql::Condition(Filter::eq(place.column, true), None);
    match (yes, no) {
        (true, true) => Sql::Constant(!negated),
        (true, false) => is_true.negated_if(negated),
        (false, true) => is_true.negated_if(!negated),
        (false, false) => Sql::Constant(negated),
    }
}

fn values_in(place: &Place<'_>, items: &[Value], negated: bool) -> Fallible<Sql> {
    let column = place.column;
    let mut cells = Vec::with_capacity(items.len());
    let mut with_null = false;
    for item in items {
        if is_unset(item) {
            with_null = true;
        } else {
            cells.push(cell(place, item)?);
        }
    }
    if let Some(zero) = zero(place.kind) {
        if cells.contains(&zero) {
            with_null = true;
        } else if with_null {
            cells.push(zero);
        }
    }
    let found = (!cells.is_empty()).then(|| Sql::one_of(place.table, column, Set::from_iter(cells)));
    // A row without an id cannot be, and neither can one without another required value.
    let nullable = !place.required;
    Ok(match (found, negated, with_null) {
        (Some(found), false, true) if nullable => found.or_null(column),
        (Some(found), true, false) if nullable => found.negated().or_null(column),
        (Some(found), negated, _) => found.negated_if(negated),
        (None, false, true) if nullable => Sql::Null(column),
        (None, true, true) if nullable => Sql::Null(column).negated(),
        (None, negated, _) => Sql::Constant(negated),
    })
}

/// Equality of moments: within the same second.
fn moments(place: &Place<'_>, items: &[Value], negated: bool) -> Fallible<Sql> {
    let column = place.column;
    let mut parts = Vec::new();
    for item in items {
        if is_unset(item) {
            parts.push(Sql::Null(column));
            continue;
        }
        let (from, _) = moment(item)?;
        parts.push(Sql::And(vec![at(place, store::Op::Ge, from), at(place, store::Op::Lt, from + SECOND)]));
    }
    let with_null = items.iter().any(is_unset);
    let sql = Sql::Or(parts).negated_if(negated);
    Ok(if negated && !with_null { sql.or_null(column) } else { sql })
}

fn inequality(place: &Place<'_>, leaf: &Leaf) -> Fallible<Sql> {
    let (column, value) = (place.column, &leaf.value);
    let op = match leaf.op {
        Op::Lt => store::Op::Lt,
        Op::Le => store::Op::Le,
        Op::Gt => store::Op::Gt,
        _ => store::Op::Ge,
    };
    match place.kind {
        Kind::Boolean => {
            let message = format!(
                "Cannot compare {} to <class '{}'> which is not a collection of length 1 in condition {}",
                python::repr_str(&leaf.path),
                python::type_name(value),
                leaf.repr()
            );
            return Err(Failure::value(message));
        }
        Kind::Date | Kind::Datetime if is_unset(value) => return Ok(Sql::Constant(false)),
        Kind::Datetime => {
            let (moment, is_day) = moment(value)?;
            let grain = if is_day { DAY } else { SECOND };
            return Ok(match op {
                store::Op::Gt => at(place, store::Op::Ge, moment + grain),
                store::Op::Le => at(place, store::Op::Lt, moment + grain),
                op => at(place, op, moment),
            });
        }
        _ => {}
    }
    let zero = zero(place.kind);
    let cell = match &zero {
        Some(zero) if is_unset(value) => zero.clone(),
        _ => cell(place, value)?,
    };
    if cell.is_null() {
        return Ok(Sql::Unknown);
    }
    let sql = Sql::Condition(Filter::Compare(column, op, cell.clone()), Some(column));
    let zero_fits = zero.is_some_and(|zero| match op {
        store::Op::Lt => zero < cell,
        store::Op::Le => zero <= cell,
        store::Op::Gt => zero > cell,
        store::Op::Ge | store::Op::Eq => zero >= cell,
    });
    Ok(if zero_fits && !place.required { sql.or_null(column) } else { sql })
}

fn at(place: &Place<'_>, op: store::Op, moment: DateTime<Utc>) -> Sql {
    Sql::Condition(Filter::Compare(place.column, op, moment.into()), Some(place.column))
}

/// A moment, rounded down to its second, and whether only a day was named.
fn moment(value: &Value) -> Fallible<(DateTime<Utc>, bool)> {
    let Value::String(text) = value else {
        return Err(Failure::value(format!("Failed to cast {} into a datetime", python::repr(value))));
    };
    Ok(match values::iso(text)? {
        Iso::Day(day) => (day.and_time(NaiveTime::MIN).and_utc(), true),
        Iso::Moment(moment) => {
            let moment = moment.and_utc();
            (DateTime::from_timestamp(moment.timestamp(), 0).unwrap_or(moment), false)
        }
    })
}

fn cell(place: &Place<'_>, value: &Value) -> Fallible<Cell> {
    match (place.kind, value) {
        (Kind::Integer, value) if place.column == 0 => values::id(value, true),
        (Kind::Date, Value::String(text)) => values::iso(text).map(|iso| iso.day().into()),
        (Kind::Date, value) => Err(Failure::value(format!("Failed to cast {} into a date", python::repr(value)))),
        (kind, value) => values::column_value(kind, value),
    }
}
