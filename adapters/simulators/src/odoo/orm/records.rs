//! Rows as `read` and `search_read` answer them.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;

use super::{View, no_field, reader::Reader};
use crate::{
    odoo::{
        failure::{Failure, Fallible},
        models::{Field, Kind, Known},
        python,
    },
    store::{Cell, Row},
};

/// Rows with the fields asked for, ready to be written.
pub(in crate::odoo) struct Records<'a, 'v> {
    view: &'v View<'a>,
    fields: Vec<(&'static Field, Reader<'a>)>,
    pub(in crate::odoo) rows: Vec<Row<'a>>,
    /// Whether references come as pairs of id and name.
    classic: bool,
}

impl<'a, 'v> Records<'a, 'v> {
    /// Checks the fields; the rows are filled in later, because a mistake in the fields comes before one in the domain.
    pub(in crate::odoo) fn new(view: &'v View<'a>, known: &'a Known, names: &Value, load: &Value) -> Fallible<Self> {
        let mut fields: Vec<&'static Field> = Vec::new();
        let mut wanted = |field: &'static Field| {
            if field.name != "id" && !fields.iter().any(|known| known.name == field.name) {
                fields.push(field);
            }
        };
        let invalid = |name: &str| {
            let message = format!("Invalid field {name} on '{}'", known.model.name);
            Failure::value(if view.version().rewritten() { message } else { message.replace(" on ", " on model ") })
        };
        match names {
            Value::Array(names) if !names.is_empty() => {
                for name in names {
                    let field = name.as_str().and_then(|name| known.field(name));
                    wanted(field.ok_or_else(|| invalid(&python::repr(name)))?);
                }
            }
            // Python goes through a text letter by letter.
            Value::String(names) if !names.is_empty() => {
                for name in names.chars().map(String::from) {
                    wanted(known.field(&name).ok_or_else(|| invalid(&python::repr_str(&name)))?);
                }
            }
            _ => known.fields.iter().for_each(|field| wanted(field)),
        }
        let fields = fields.into_iter().map(|field| (field, Reader::new(view, known, field))).collect();
        Ok(Self { view, fields, rows: Vec::new(), classic: load.as_str() == Some("_classic_read") })
    }
}

impl Serialize for Records<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut records = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in &self.rows {
            records.serialize_element(&Record { records: self, row })?;
        }
        records.end()
    }
}

struct Record<'a, 'v, 'r> {
    records: &'r Records<'a, 'v>,
    row: &'r Row<'a>,
}

impl Serialize for Record<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Records { view, fields, classic, .. } = self.records;
        let mut record = serializer.serialize_map(Some(fields.len() + 1))?;
        record.serialize_entry("id", &self.row.id())?;
        for (field, reader) in fields {
            let cell = reader.read(self.row, view);
            record.serialize_entry(field.name, &Written { view, kind: field.kind, cell: &cell, classic: *classic })?;
        }
        record.end()
    }
}

/// A value as the wire has it: no value is `false`, except of a number.
pub(super) struct Written<'a, 'v> {
    pub(super) view: &'v View<'a>,
    pub(super) kind: Kind,
    pub(super) cell: &'v Cell,
    pub(super) classic: bool,
}

impl Serialize for Written<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.kind, self.cell) {
            (Kind::Integer, Cell::Null) => serializer.serialize_i64(0),
            (Kind::Float | Kind::Monetary(_), Cell::Null) => serializer.serialize_f64(0.0),
            (Kind::Float | Kind::Monetary(_), Cell::Int(whole)) => serializer.serialize_f64(*whole as f64),
            (Kind::Many2many(_) | Kind::One2many(..), Cell::Null) => serializer.serialize_seq(Some(0))?.end(),
            (Kind::Many2one(relation), Cell::Int(id)) if self.classic => {
                (id, &*self.view.label(relation, *id)).serialize(serializer)
            }
            (_, Cell::Null) => serializer.serialize_bool(false),
            (_, Cell::Stamp(stamp)) => serializer.collect_str(&stamp.format("%Y-%m-%d %H:%M:%S")),
            (_, cell) => cell.serialize(serializer),
        }
    }
}

/// The field of a name that an order, a group or a sum asks for.
pub(super) fn field(known: &Known, name: &str) -> Fallible<&'static Field> {
    known.field(name).ok_or_else(|| no_field(known, name))
}
