//! Conditions on groups.

use serde_json::Value;

use super::aggregate::Aggregate;
use crate::{
    odoo::{
        failure::{Class, Failure, Fallible},
        models::Known,
        orm::View,
        python,
    },
    store::Row,
};

/// A comparison of what is worked out of a group with a number.
pub(super) struct Condition<'a> {
    aggregate: Aggregate<'a>,
    compare: fn(f64, f64) -> bool,
    value: f64,
}

impl Condition<'_> {
    pub(super) fn holds(&self, view: &View<'_>, rows: &[Row<'_>]) -> bool {
        let found = self.aggregate.of(view, rows);
        found.as_f64().is_some_and(|found| (self.compare)(found, self.value))
    }
}

/// Conditions that must all hold; `|` and `!` are not carried out here.
pub(super) fn conditions<'a>(view: &View<'a>, known: &'a Known, having: &Value) -> Fallible<Vec<Condition<'a>>> {
    let items = having.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter(|item| item.as_str() != Some("&")).map(|item| condition(view, known, item)).collect()
}

fn condition<'a>(view: &View<'a>, known: &'a Known, item: &Value) -> Fallible<Condition<'a>> {
    let unknown = || {
        let message = format!("the simulator does not carry out 'having' with {}", python::repr(item));
        Failure::new(Class::Builtin("NotImplementedError"), message)
    };
    let [Value::String(spec), Value::String(operator), value] = item.as_array().map(Vec::as_slice).unwrap_or_default()
    else {
        return Err(unknown());
    };
    let compare: fn(f64, f64) -> bool = match operator.as_str() {
        "=" => |found, value| found == value,
        "!=" => |found, value| found != value,
        "<" => |found, value| found < value,
        "<=" => |found, value| found <= value,
        ">" => |found, value| found > value,
        ">=" => |found, value| found >= value,
        _ => return Err(unknown()),
    };
    let value = value.as_f64().ok_or_else(unknown)?;
    Ok(Condition { aggregate: Aggregate::parse_new(view, known, spec)?, compare, value })
}
