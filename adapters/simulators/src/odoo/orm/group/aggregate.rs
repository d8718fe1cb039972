//! What is worked out of a group: sums, counts and the like.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stored;
use crate::{
    decimal::Dec,
    odoo::{
        failure::{Failure, Fallible},
        models::{Field, Kind, Known},
        orm::{View, reader::Reader, records::Written},
    },
    store::{Cell, Row},
};

/// Something worked out of a group.
pub(super) struct Aggregate<'a> {
    pub(super) name: String,
    pub(super) field: Option<&'static Field>,
    reader: Reader<'a>,
    function: Function,
}

#[derive(Clone, Copy)]
pub(super) enum Function {
    Sum,
    Average,
    Least,
    Greatest,
    Count,
    CountDistinct,
    All,
    Any,
    List,
}

impl<'a> Aggregate<'a> {
    /// `amount_total:sum`, `total:sum(amount_total)`, or the name of a number, which is summed.
    pub(super) fn parse_old(view: &View<'a>, known: &'a Known, spec: &str) -> Fallible<Option<Self>> {
        let (name, function) = match spec.split_once(':') {
            Some((name, function)) => (name, Some(function)),
            None => (spec, None),
        };
        let (target, function) = match function.and_then(|function| function.strip_suffix(')')?.split_once('(')) {
            Some((function, target)) => (target, Some(function)),
            None => (name, function),
        };
        let field = Self::target(known, target, spec)?;
        let Some(function) = function else {
            if !field.kind.is_number() || !field.sortable(view.version()) || field.name == "id" {
                return Ok(None);
            }
            return Self::new(view, known, name, field, "sum", spec).map(Some);
        };
        Self::new(view, known, name, field, function, spec).map(Some)
    }

    /// `amount_total:sum` or `__count`.
    pub(super) fn parse_new(view: &View<'a>, known: &'a Known, spec: &str) -> Fallible<Self> {
        if spec == "__count" {
            let reader = Reader::Value(Cell::Null);
            return Ok(Self { name: spec.to_owned(), field: None, reader, function: Function::Count });
        }
        let Some((target, function)) = spec.split_once(':') else {
            return Err(Failure::value(format!("Aggregate method is mandatory for '{spec}'")));
        };
        Self::new(view, known, spec, Self::target(known, target, spec)?, function, spec)
    }

    fn target(known: &Known, target: &str, spec: &str) -> Fallible<&'static Field> {
        let model = known.model.name;
        let invalid = || Failure::value(format!("Invalid field '{target}' on model '{model}' for '{spec}'."));
        known.field(target).ok_or_else(invalid)
    }

    fn new(
        view: &View<'a>,
        known: &'a Known,
        name: &str,
        field: &'static Field,
        function: &str,
        spec: &str,
    ) -> Fallible<Self> {
        let function = match function {
            "sum" => Function::Sum,
            "avg" => Function::Average,
            "min" => Function::Least,
            "max" => Function::Greatest,
            "count" => Function::Count,
            "count_distinct" => Function::CountDistinct,
            "bool_and" => Function::All,
            "bool_or" => Function::Any,
            "array_agg" => Function::List,
            other => return Err(Failure::value(format!("Invalid aggregate method '{other}' for '{spec}'."))),
        };
        stored(view, known, field)?;
        if let (Function::Sum | Function::Average, Some(kind)) = (function, no_number(field.kind)) {
            let name = if matches!(function, Function::Sum) { "sum" } else { "avg" };
            let message = format!("function {name}({kind}) does not exist\n");
            return Err(Failure::postgres("UndefinedFunction", message));
        }
        Ok(Self { name: name.to_owned(), field: Some(field), reader: Reader::new(view, known, field), function })
    }

    pub(super) fn of(&self, view: &View<'_>, rows: &[Row<'_>]) -> Value {
        let Some(field) = self.field else { return json!(rows.len()) };
        let cells: Vec<_> = rows.iter().map(|row| self.reader.read(row, view)).filter(|cell| !cell.is_null()).collect();
        let written = |cell: Option<&Cell>| match cell {
            Some(cell) => {
                serde_json::to_value(&Written { view, kind: field.kind, cell, classic: false }).unwrap_or_default()
            }
            None => json!(false),
        };
        match self.function {
            Function::Count => json!(cells.len()),
            Function::CountDistinct => json!(cells.iter().collect::<BTreeSet<_>>().len()),
            Function::Least => written(cells.iter().min()),
            Function::Greatest => written(cells.iter().max()),
            Function::All | Function::Any if cells.is_empty() => json!(false),
            Function::All => json!(cells.iter().all(|cell| cell.as_bool() == Some(true))),
            Function::Any => json!(cells.iter().any(|cell| cell.as_bool() == Some(true))),
            Function::List => cells.iter().map(|cell| written(Some(cell))).collect(),
            Function::Sum | Function::Average if rows.is_empty() => json!(false),
            Function::Sum if matches!(field.kind, Kind::Integer) => {
                json!(cells.iter().filter_map(Cell::as_int).sum::<i64>())
            }
            Function::Sum => json!(sum(&cells)),
            Function::Average => json!(sum(&cells) / cells.len().max(1) as f64),
        }
    }
}

/// The type of PostgreSQL of a column that holds no numbers.
fn no_number(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Char | Kind::Selection(_) => Some("character varying"),
        Kind::Text | Kind::Html => Some("text"),
        Kind::Boolean => Some("boolean"),
        Kind::Date => Some("date"),
        Kind::Datetime => Some("timestamp without time zone"),
        Kind::Json => Some("jsonb"),
        _ => None,
    }
}

/// An exact sum, as `numeric` columns have it.
fn sum(cells: &[Cell]) -> f64 {
    let units = cells
        .iter()
        .filter_map(Cell::as_dec)
        .map(|Dec { units, scale }| i128::from(units) * 10_i128.pow(u32::from(18_u8.saturating_sub(scale))));
    let exact = units.sum::<i128>() as f64 / 1e18;
    // Through text, so that no digit is there that the summands had not.
    format!("{exact:.6}").parse().unwrap_or(exact)
}
