//! What rows are grouped by: a field, of moments the span in which they lie.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde_json::{Value, json};

use super::stored;
use crate::{
    odoo::{
        failure::{Failure, Fallible},
        models::{Field, Kind, Known},
        orm::{
            View,
            reader::Reader,
            records::{Written, field},
        },
    },
    store::{Cell, Row},
};

/// A field to group by.
pub(super) struct Key<'a> {
    pub(super) spec: String,
    pub(super) field: &'static Field,
    reader: Reader<'a>,
    pub(super) grain: Option<Grain>,
}

impl<'a> Key<'a> {
    pub(super) fn parse(view: &View<'a>, known: &'a Known, spec: &str, old: bool) -> Fallible<Self> {
        let (name, grain) = match spec.split_once(':') {
            Some((name, grain)) => (name, Some(grain)),
            None => (spec, None),
        };
        let field = field(known, name)?;
        stored(view, known, field)?;
        let is_time = matches!(field.kind, Kind::Date | Kind::Datetime);
        let grain = match grain {
            Some(grain) => Some(Grain::parse(grain)?),
            None if is_time && !old => {
                return Err(Failure::value(format!("Granularity not set on a date(time) field: '{spec}'")));
            }
            None => is_time.then_some(Grain::Month),
        };
        Ok(Self {
            spec: spec.to_owned(),
            field,
            reader: Reader::new(view, known, field),
            grain: grain.filter(|_| is_time),
        })
    }

    pub(super) fn cell(&self, view: &View<'_>, row: &Row<'_>) -> Cell {
        let cell = self.reader.read(row, view);
        match (self.grain, &cell) {
            (Some(grain), Cell::Date(day)) => grain.start(*day).into(),
            (Some(grain), Cell::Stamp(stamp)) => grain.start(stamp.date_naive()).into(),
            _ => cell,
        }
    }

    pub(super) fn value(&self, view: &View<'_>, cell: &Cell) -> Value {
        let written = Written { view, kind: self.field.kind, cell, classic: true };
        serde_json::to_value(&written).unwrap_or_default()
    }

    /// The domain of one group.
    pub(super) fn domain(&self, cell: &Cell) -> Vec<Value> {
        let name = self.field.name;
        match (self.grain, cell) {
            (Some(grain), Cell::Date(from)) => {
                let (from, to) = (self.day(*from), self.day(grain.end(*from)));
                vec![json!("&"), json!([name, ">=", from]), json!([name, "<", to])]
            }
            (_, Cell::Null) => vec![json!([name, "=", false])],
            _ => vec![json!([name, "=", cell])],
        }
    }

    /// The first moment of a day, as this field writes it.
    pub(super) fn day(&self, day: NaiveDate) -> String {
        if matches!(self.field.kind, Kind::Datetime) { format!("{day} 00:00:00") } else { day.to_string() }
    }
}

/// How long the spans are into which moments are grouped.
#[derive(Clone, Copy)]
pub(super) enum Grain {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    pub(super) fn parse(name: &str) -> Fallible<Self> {
        Ok(match name {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            other => {
                return Err(Failure::value(format!("Granularity specification isn't correct: '{other}'")));
            }
        })
    }

    fn start(self, day: NaiveDate) -> NaiveDate {
        let month = match self {
            Self::Day => return day,
            // In English a week starts on Sunday.
            Self::Week => return day - Days::new(u64::from(day.weekday().num_days_from_sunday())),
            Self::Month => day.month(),
            Self::Quarter => day.month0() / 3 * 3 + 1,
            Self::Year => 1,
        };
        NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day)
    }

    pub(super) fn end(self, start: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => start + Days::new(1),
            Self::Week => start + Days::new(7),
            Self::Month => start + Months::new(1),
            Self::Quarter => start + Months::new(3),
            Self::Year => start + Months::new(12),
        }
    }

    pub(super) fn label(self, start: NaiveDate) -> String {
        match self {
            Self::Day => start.format("%d %b %Y").to_string(),
            Self::Week => format!("W{} {}", (start + Days::new(1)).iso_week().week(), start.year()),
            Self::Month => start.format("%B %Y").to_string(),
            Self::Quarter => format!("Q{} {}", start.month0() / 3 + 1, start.year()),
            Self::Year => start.year().to_string(),
        }
    }
}
