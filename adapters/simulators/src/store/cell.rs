//! One value of one row: sixteen bytes, whatever it holds.

use std::{cmp::Ordering, ops::Deref, sync::Arc};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::decimal::Dec;

/// A value in a table.
///
/// Cells compare by value, numbers across `Int` and `Dec`. Cells of different kinds have an order too, so that any
/// column can be sorted, and null comes first; what a *comparison* with null means is for [`Filter`](super::Filter) to
/// say.
///
/// `Serialize` gives the plain JSON of a value: null, `12.5`, `"2026-01-31"`, `"2026-01-31T10:00:00Z"`. A front whose
/// ERP writes something else (Odoo's `false`, B1's `tYES`) matches on the cell and writes that.
#[derive(Clone, Debug, Default)]
pub enum Cell {
    /// No value.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number; also a reference to a row of another table.
    Int(i64),
    /// An amount, quantity or rate: the units and the scale of a [`Dec`], which as a struct would make the cell larger.
    Dec(i64, u8),
    /// A day.
    Date(NaiveDate),
    /// A moment.
    Stamp(DateTime<Utc>),
    /// A text.
    Text(Text),
    /// References to rows of another table.
    Ids(Arc<Vec<i64>>),
    /// Anything nested that is never filtered by.
    Json(Arc<Value>),
}

impl Cell {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The number, whole or not.
    pub fn as_dec(&self) -> Option<Dec> {
        match self {
            Self::Int(int) => Some(Dec::new(*int, 0)),
            Self::Dec(units, scale) => Some(Dec::new(*units, *scale)),
            _ => None,
        }
    }

    /// The flag, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The day, if this is one.
    pub fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Self::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// The moment, if this is one.
    pub fn as_stamp(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Stamp(stamp) => Some(*stamp),
            _ => None,
        }
    }

    /// The plain JSON of the value.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Whether the two can not be compared in a meaningful way.
    pub(super) fn kind_differs(&self, other: &Self) -> bool {
        self.kind() != other.kind()
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) | Self::Dec(..) => 2,
            Self::Date(_) => 3,
            Self::Stamp(_) => 4,
            Self::Text(_) => 5,
            Self::Ids(_) => 6,
            Self::Json(_) => 7,
        }
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Int(_) | Self::Dec(..), Self::Int(_) | Self::Dec(..)) => self.as_dec().cmp(&other.as_dec()),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Stamp(a), Self::Stamp(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Ids(a), Self::Ids(b)) => a.cmp(b),
            (Self::Json(a), Self::Json(b)) => a.to_string().cmp(&b.to_string()),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::Dec(units, scale) => Dec::new(*units, *scale).serialize(serializer),
            Self::Date(date) => date.serialize(serializer),
            Self::Stamp(stamp) => serializer.serialize_str(&stamp.to_rfc3339_opts(SecondsFormat::Secs, true)),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Ids(ids) => ids.serialize(serializer),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

/// A text shared by all cells that were cloned from it.
// Behind a thin pointer: an `Arc<str>` would make every cell of every row half as large again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(Arc<Box<str>>);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Arc::new(text.into()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::new(text.into()))
    }
}

macro_rules! cell_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Cell {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

cell_from!(
    bool => Bool, i64 => Int, i32 => Int, u32 => Int, NaiveDate => Date, DateTime<Utc> => Stamp,
    Text => Text, &str => Text, String => Text, Vec<i64> => Ids, Value => Json,
);

impl From<Dec> for Cell {
    fn from(dec: Dec) -> Self {
        Self::Dec(dec.units, dec.scale)
    }
}

/// A missing value is null.
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_sixteen_bytes() {
        assert_eq!(size_of::<Cell>(), 16);
    }

    #[test]
    fn numbers_compare_by_value_and_null_comes_first() {
        assert_eq!(Cell::from(12_i64), Cell::from(Dec::new(1200, 2)));
        assert!(Cell::Null < Cell::from(false));
        assert!(Cell::from("a") < Cell::from("b"));
    }
}
