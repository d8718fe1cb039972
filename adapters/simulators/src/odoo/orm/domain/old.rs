//! What a condition means before 19 (`odoo/osv/expression.py`): close to the SQL that it becomes.

use serde_json::Value;

use super::{
    conditions::{Place, like},
    parse::{Leaf, Op},
    sql::Sql,
    values::{self, is_unset},
};
use crate::{
    odoo::{
        failure::{Failure, Fallible},
        models::Kind,
        python,
    },
    store::{self, Cell, Filter, Set},
};

/// A condition on a column.
pub(super) fn condition(place: &Place<'_>, leaf: &Leaf) -> Fallible<Sql> {
    let column = place.column;
    let value = &leaf.value;
    match (normalized(leaf.op, value), place.kind) {
        (Op::EqualIfSet, _) if is_unset(value) => Ok(Sql::Constant(true)),
        (Op::In | Op::NotIn, _) => membership(place, leaf),
        (op @ (Op::Eq | Op::Ne), Kind::Boolean) if value.is_boolean() => {
            let wanted = (value == &Value::Bool(true)) == (op == Op::Eq);
            let equal = Sql::Condition(Filter::eq(column, wanted), Some(column));
            Ok(if wanted { equal } else { equal.or_null(column) })
        }
        (Op::Eq, _) if is_unset(value) => Ok(Sql::Null(column)),
        (Op::Ne, _) if is_unset(value) => Ok(Sql::Null(column).negated()),
        (Op::Pattern(pattern), _) => {
            let truth = python::truth(value);
            let sql = like(place, pattern, &values::text(value))?.negated_if(pattern.negated);
            let or_null = (pattern.anywhere && !truth) || (truth && pattern.negated);
            Ok(if or_null { sql.or_null(column) } else { sql })
        }
        (op, _) => compare(place, op, value),
    }
}

/// `in` with a flag means `=`, and `=` with a list means `in`.
fn normalized(op: Op, value: &Value) -> Op {
    match (op, value) {
        (Op::In, Value::Bool(_)) => Op::Eq,
        (Op::NotIn, Value::Bool(_)) => Op::Ne,
        (Op::Eq, Value::Array(_)) => Op::In,
        (Op::Ne, Value::Array(_)) => Op::NotIn,
        (op, _) => op,
    }
}

fn membership(place: &Place<'_>, leaf: &Leaf) -> Fallible<Sql> {
    let Value::Array(items) = &leaf.value else {
        return Err(Failure::value(format!("Invalid domain term {}", leaf.repr())));
    };
    let negated = normalized(leaf.op, &leaf.value) == Op::NotIn;
    let column = place.column;
    let with_null = items.iter().any(is_unset);
    let present = items.iter().filter(|item| !is_unset(item) || matches!(place.kind, Kind::Boolean));
    let cells = present.map(|item| element(place, item)).collect::<Fallible<Vec<_>>>()?;
    let cells: Set = cells.into_iter().flatten().collect();
    let found =
        if cells.iter().next().is_none() { Sql::Constant(false) } else { Sql::one_of(place.table, column, cells) };
    Ok(match (negated, with_null) {
        (false, true) => found.or_null(column),
        (false, false) => found,
        (true, false) => found.negated().or_null(column),
        (true, true) => Sql::And(vec![found.negated(), Sql::Null(column).negated()]),
    })
}

/// A value of a list; none where no integer of PostgreSQL can equal it.
fn element(place: &Place<'_>, value: &Value) -> Fallible<Option<Cell>> {
    match (place.kind, place.column, value) {
        (Kind::Integer, 0, Value::Number(number)) => Ok(number.as_i64().map(Cell::Int)),
        (_, _, Value::Array(_)) => {
            Err(Failure::postgres("UndefinedFunction", "operator does not exist: integer = integer[]\n"))
        }
        _ => cell(place, Op::Eq, value).map(Some),
    }
}

fn compare(place: &Place<'_>, op: Op, value: &Value) -> Fallible<Sql> {
    let column = place.column;
    let cell = cell(place, op, value)?;
    if cell.is_null() {
        return Ok(Sql::Unknown);
    }
    let compared = |op| Sql::Condition(Filter::Compare(column, op, cell.clone()), Some(column));
    Ok(match op {
        Op::Ne if python::truth(value) => compared(store::Op::Eq).negated().or_null(column),
        Op::Ne => compared(store::Op::Eq).negated(),
        Op::Lt => compared(store::Op::Lt),
        Op::Le => compared(store::Op::Le),
        Op::Gt => compared(store::Op::Gt),
        Op::Ge => compared(store::Op::Ge),
        _ => compared(store::Op::Eq),
    })
}

fn cell(place: &Place<'_>, op: Op, value: &Value) -> Fallible<Cell> {
    match place.kind {
        Kind::Integer if place.column == 0 => values::id(value, false),
        Kind::Date if is_unset(value) => Ok(Cell::Null),
        Kind::Date => values::postgres_date(&values::text(value)).map(Cell::from),
        Kind::Datetime if is_unset(value) => Ok(Cell::Null),
        Kind::Datetime => {
            let mut text = values::text(value);
            // A day is its last second where that is what lies behind it, and its first otherwise.
            if text.len() == 10 {
                text.push_str(if matches!(op, Op::Gt | Op::Le) { " 23:59:59" } else { " 00:00:00" });
            }
            values::postgres_stamp(&text).map(Cell::from)
        }
        kind => values::column_value(kind, value),
    }
}
