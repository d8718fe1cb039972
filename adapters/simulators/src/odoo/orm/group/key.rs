//! What rows are grouped by: a field, of moments the span in which they lie, of lists of references each of them.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};

use super::groupable;
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
    /// The references that lead to the field, from 19 on: `account_id` of `account_id.account_type`.
    path: Vec<String>,
    reader: Reader<'a>,
    pub(super) grain: Option<Grain>,
}

/// The span of time that a group stands for.
pub(super) struct Span {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) label: String,
}

impl<'a> Key<'a> {
    pub(super) fn parse(view: &View<'a>, known: &'a Known, spec: &str, old: bool) -> Fallible<Self> {
        let (name, grain) = match spec.split_once(':') {
            Some((name, grain)) => (name, Some(grain)),
            None => (spec, None),
        };
        let mut path: Vec<&str> = name.split('.').collect();
        if let (true, [_, property, ..]) = (old, path.as_slice()) {
            return Err(Failure::value(format!("Property name '{property}' has to be used on a property field.")));
        }
        let (reader, field) = follow(view, known, &path)?;
        path.pop();
        let is_time = matches!(field.kind, Kind::Date | Kind::Datetime);
        let grain = match grain {
            Some(_) if !is_time => {
                let message = format!("Granularity set on a no-datetime field or property: '{spec}'");
                return Err(Failure::value(message));
            }
            Some(grain) => Some(Grain::parse(grain)?),
            None if is_time && !old => {
                return Err(Failure::value(format!("Granularity not set on a date(time) field: '{spec}'")));
            }
            None => is_time.then_some(Grain::Month),
        };
        let path = path.into_iter().map(str::to_owned).collect();
        Ok(Self { spec: spec.to_owned(), field, path, reader, grain })
    }

    /// The groups to which a row belongs.
    pub(super) fn cells(&self, view: &View<'_>, row: &Row<'_>) -> Vec<Cell> {
        let cell = self.reader.read(row, view);
        match (self.grain, &cell) {
            (Some(grain), Cell::Date(day)) => vec![grain.start(*day).into()],
            (Some(Grain::Hour), Cell::Stamp(stamp)) => {
                let hour = NaiveTime::from_hms_opt(stamp.hour(), 0, 0).unwrap_or_default();
                vec![stamp.date_naive().and_time(hour).and_utc().into()]
            }
            (Some(grain), Cell::Stamp(stamp)) => vec![grain.start(stamp.date_naive()).into()],
            (None, Cell::Ids(ids)) if ids.is_empty() => vec![Cell::Null],
            (None, Cell::Ids(ids)) => ids.iter().map(|id| Cell::Int(*id)).collect(),
            _ => vec![cell],
        }
    }

    pub(super) fn value(&self, view: &View<'_>, cell: &Cell) -> Value {
        let kind = match self.field.kind {
            Kind::Many2many(relation) => Kind::Many2one(relation),
            kind => kind,
        };
        serde_json::to_value(&Written { view, kind, cell, classic: true }).unwrap_or_default()
    }

    /// The domain of one group.
    pub(super) fn domain(&self, cell: &Cell) -> Vec<Value> {
        let name = self.field.name;
        let own = match (self.span(cell), cell) {
            (Some(Span { from, to, .. }), _) => vec![json!("&"), json!([name, ">=", from]), json!([name, "<", to])],
            (None, Cell::Null) => vec![json!([name, "=", false])],
            (None, _) => vec![json!([name, "=", cell])],
        };
        self.path.iter().rev().fold(own, |inner, link| vec![json!([link, "any", inner])])
    }

    /// The span of a group of moments, as this field writes it.
    pub(super) fn span(&self, cell: &Cell) -> Option<Span> {
        let grain = self.grain?;
        let written = |moment: NaiveDateTime| match self.field.kind {
            Kind::Datetime => moment.format("%Y-%m-%d %H:%M:%S").to_string(),
            _ => moment.date().to_string(),
        };
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN);
        let (from, to, label) = match cell {
            Cell::Date(day) => (midnight(*day), midnight(grain.end(*day)), grain.label(*day)),
            Cell::Stamp(stamp) => {
                let hour: DateTime<Utc> = *stamp;
                let label = hour.format("%H:00 %d %b").to_string();
                (hour.naive_utc(), hour.naive_utc() + TimeDelta::hours(1), label)
            }
            _ => return None,
        };
        Some(Span { from: written(from), to: written(to), label })
    }
}

/// The field at the end of a path of references, and how to get there.
fn follow<'a>(view: &View<'a>, known: &'a Known, path: &[&str]) -> Fallible<(Reader<'a>, &'static Field)> {
    let (name, rest) = path.split_first().unwrap_or((&"", &[]));
    let own = field(known, name)?;
    groupable(view, known, own)?;
    if rest.is_empty() {
        return Ok((Reader::new(view, known, own), own));
    }
    let relation = own.kind.relation().and_then(|relation| view.model(relation));
    let column = own.column().and_then(|column| view.table(known).column(column));
    let (Some(relation), Some(column)) = (relation, column) else {
        let message = format!("Property name '{}' has to be used on a property field.", rest.join("."));
        return Err(Failure::value(message));
    };
    let (inner, last) = follow(view, relation, rest)?;
    Ok((Reader::Through(column, view.table(relation), Box::new(inner)), last))
}

/// How long the spans are into which moments are grouped.
#[derive(Clone, Copy)]
pub(super) enum Grain {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    pub(super) fn parse(name: &str) -> Fallible<Self> {
        Ok(match name {
            "hour" => Self::Hour,
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
            Self::Hour | Self::Day => return day,
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
            Self::Hour | Self::Day => start + Days::new(1),
            Self::Week => start + Days::new(7),
            Self::Month => start + Months::new(1),
            Self::Quarter => start + Months::new(3),
            Self::Year => start + Months::new(12),
        }
    }

    pub(super) fn label(self, start: NaiveDate) -> String {
        match self {
            Self::Hour | Self::Day => start.format("%d %b %Y").to_string(),
            Self::Week => format!("W{} {}", (start + Days::new(1)).iso_week().week(), start.year()),
            Self::Month => start.format("%B %Y").to_string(),
            Self::Quarter => format!("Q{} {}", start.month0() / 3 + 1, start.year()),
            Self::Year => start.year().to_string(),
        }
    }
}
