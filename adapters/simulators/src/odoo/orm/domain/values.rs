//! The values of conditions as cells, and the complaints of Python and PostgreSQL about those that are none.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde_json::Value;

use crate::{
    decimal::Dec,
    odoo::{
        failure::{Failure, Fallible},
        models::Kind,
        python,
    },
    store::Cell,
};

/// Whether Odoo takes the value for "not set".
pub(super) fn is_unset(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
}

/// The value as PostgreSQL gets it; dates are for each release to read.
pub(super) fn column_value(kind: Kind, value: &Value) -> Fallible<Cell> {
    match kind {
        Kind::Integer => whole(value),
        Kind::Float | Kind::Monetary(_) => decimal(value),
        Kind::Boolean => Ok(python::truth(value).into()),
        _ if is_unset(value) => Ok(Cell::Null),
        Kind::Many2one(_) => reference(value),
        _ => {
            let text = text(value);
            without_nul(&text)?;
            Ok(text.into())
        }
    }
}

/// No text of PostgreSQL has a NUL in it.
pub(super) fn without_nul(text: &str) -> Fallible<()> {
    if text.contains('\0') {
        return Err(Failure::value("A string literal cannot contain NUL (0x00) characters."));
    }
    Ok(())
}

/// `str(value)`, and of an unset value the empty text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::String(text) => text.clone(),
        other => python::repr(other),
    }
}

fn whole(value: &Value) -> Fallible<Cell> {
    match value {
        Value::Number(number) => Ok(number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)).into()),
        Value::String(text) if text.is_empty() => Ok(Cell::Int(0)),
        Value::String(text) => {
            text.trim().parse::<i64>().map(Cell::Int).map_err(|_| {
                Failure::value(format!("invalid literal for int() with base 10: {}", python::repr_str(text)))
            })
        }
        other => Ok(Cell::Int(i64::from(python::truth(other)))),
    }
}

fn decimal(value: &Value) -> Fallible<Cell> {
    match value {
        Value::Number(number) => Ok(dec(&number.to_string(), number.as_f64()).into()),
        Value::String(text) if text.is_empty() => Ok(Dec::new(0, 0).into()),
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(float) => Ok(dec(text.trim(), Some(float)).into()),
            Err(_) => Err(Failure::value(format!("could not convert string to float: {}", python::repr_str(text)))),
        },
        other => Ok(Dec::new(i64::from(python::truth(other)), 0).into()),
    }
}

/// The exact decimal, or where there is none that fits, the nearest with six digits.
fn dec(text: &str, float: Option<f64>) -> Dec {
    Dec::parse(text).unwrap_or_else(|| Dec::new((float.unwrap_or_default() * 1e6) as i64, 6))
}

fn reference(value: &Value) -> Fallible<Cell> {
    match value {
        Value::Number(number) => Ok(number.as_i64().into()),
        Value::Bool(flag) => Ok(Cell::Int(i64::from(*flag))),
        Value::String(text) => text.parse::<i64>().map(Cell::Int).map_err(|_| not_an_integer(text)),
        other => Err(not_an_integer(&python::repr(other))),
    }
}

/// An id. PostgreSQL takes `'3'` for 3; before 19 it gets every number as a text too, and so refuses `3.0`.
pub(super) fn id(value: &Value, rewritten: bool) -> Fallible<Cell> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(id) if rewritten || i32::try_from(id).is_ok() => Ok(Cell::Int(id)),
            Some(id) => Err(Failure::postgres(
                "NumericValueOutOfRange",
                format!("value \"{id}\" is out of range for type integer\n"),
            )),
            None if rewritten => match number.as_f64() {
                Some(float) if float.fract() == 0.0 => Ok(Cell::Int(float as i64)),
                _ => decimal(value),
            },
            None => Err(not_an_integer(&number.to_string())),
        },
        Value::Bool(_) if rewritten => {
            Err(Failure::postgres("UndefinedFunction", "operator does not exist: integer = boolean\n"))
        }
        Value::String(text) => {
            without_nul(text)?;
            text.parse::<i64>().map(Cell::Int).map_err(|_| not_an_integer(text))
        }
        other => Err(not_an_integer(&python::repr(other))),
    }
}

/// What PostgreSQL says of a text that is no integer.
pub(in crate::odoo) fn not_an_integer(text: &str) -> Failure {
    Failure::postgres("InvalidTextRepresentation", format!("invalid input syntax for type integer: \"{text}\"\n"))
}

/// A moment as PostgreSQL reads it: to the microsecond, and without a look at the zone.
pub(super) fn postgres_stamp(text: &str) -> Fallible<DateTime<Utc>> {
    let (day, rest) = postgres_day(text, "timestamp")?;
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let clock = rest.split(['Z', 'z', '+', '-']).next().unwrap_or_default().trim();
    let time = ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|format| NaiveTime::parse_from_str(clock, format).ok());
    time.map(|time| day.and_time(time).and_utc()).ok_or_else(|| bad_date(text, "timestamp"))
}

/// A day as PostgreSQL reads it; a time behind it is of no account.
pub(super) fn postgres_date(text: &str) -> Fallible<NaiveDate> {
    postgres_day(text, "date").map(|(day, _)| day)
}

fn postgres_day<'t>(text: &'t str, kind: &str) -> Fallible<(NaiveDate, &'t str)> {
    let looks_right = |bytes: &[u8]| {
        bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
    };
    if let Some((day, rest)) = text.split_at_checked(10)
        && looks_right(day.as_bytes())
    {
        let parsed = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| {
            Failure::postgres("DatetimeFieldOverflow", format!("date/time field value out of range: \"{text}\"\n"))
        })?;
        return Ok((parsed, rest));
    }
    match text.split_at_checked(8) {
        Some((day, rest)) if day.bytes().all(|byte| byte.is_ascii_digit()) => {
            let day = NaiveDate::parse_from_str(day, "%Y%m%d").map_err(|_| bad_date(text, kind))?;
            Ok((day, rest))
        }
        _ => Err(bad_date(text, kind)),
    }
}

fn bad_date(text: &str, kind: &str) -> Failure {
    Failure::postgres("InvalidDatetimeFormat", format!("invalid input syntax for type {kind}: \"{text}\"\n"))
}

/// A day or a moment as Python reads ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Iso {
    Day(NaiveDate),
    Moment(NaiveDateTime),
}

impl Iso {
    pub(super) fn day(self) -> NaiveDate {
        match self {
            Self::Day(day) => day,
            Self::Moment(moment) => moment.date(),
        }
    }
}

/// Reads what 19 accepts; relative dates such as `today -1d` are not simulated.
pub(super) fn iso(text: &str) -> Fallible<Iso> {
    if text.trim().is_empty() {
        return Err(Failure::value("Empty date value"));
    }
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits != 8 && (digits == 0 || bytes.get(digits) != Some(&b'-')) {
        let term = text.split_whitespace().next().unwrap_or_default();
        let message = format!("Invalid term {} in expression date: {}", python::repr_str(term), python::repr_str(text));
        return Err(Failure::value(message));
    }
    if text.len() <= 10 {
        return iso_day(text).map(Iso::Day);
    }
    let (day, clock) = text.split_at_checked(10).ok_or_else(|| not_iso(text))?;
    let day = iso_day(day)?;
    let clock = clock.get(1..).unwrap_or_default();
    if clock.contains(['Z', 'z', '+', '-']) {
        let message = format!("expecting only datetimes with no timezone: {}", python::repr_str(text));
        return Err(Failure::value(message));
    }
    let formats = ["%H:%M:%S%.f", "%H:%M"];
    let time = formats.iter().find_map(|format| NaiveTime::parse_from_str(clock, format).ok());
    time.map(|time| Iso::Moment(day.and_time(time))).ok_or_else(|| not_iso(text))
}

fn iso_day(text: &str) -> Fallible<NaiveDate> {
    let plain: String = text.chars().filter(|character| *character != '-').collect();
    let dashes = text.len() - plain.len();
    if plain.len() != 8 || !(dashes == 0 || (dashes == 2 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-")))
    {
        return Err(not_iso(text));
    }
    let part = |range: std::ops::Range<usize>| plain.get(range).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(4..6), part(6..8)) else {
        return Err(not_iso(text));
    };
    if !(1..=12).contains(&month) {
        return Err(Failure::value("month must be in 1..12"));
    }
    let date = NaiveDate::from_ymd_opt(year as i32, month, day);
    date.ok_or_else(|| Failure::value("day is out of range for month"))
}

fn not_iso(text: &str) -> Failure {
    Failure::value(format!("Invalid isoformat string: {}", python::repr_str(text)))
}

/// The text of a value that is no text, as a cast to `text` gives it.
pub(super) fn cast_to_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null | Cell::Ids(_) | Cell::Json(_) => None,
        Cell::Bool(flag) => Some(flag.to_string()),
        Cell::Int(whole) => Some(whole.to_string()),
        Cell::Dec(units, scale) => Some(Dec::new(*units, *scale).to_string()),
        Cell::Date(day) => Some(day.to_string()),
        Cell::Stamp(stamp) => Some(stamp.naive_utc().to_string()),
        Cell::Text(text) => Some(text.to_string()),
    }
}

/// One second, the grain in which 19 compares moments.
pub(super) const SECOND: TimeDelta = TimeDelta::seconds(1);

/// One day.
pub(super) const DAY: TimeDelta = TimeDelta::days(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_strictly_as_by_each_release() {
        let words = |text: &str| iso(text).unwrap_err().message;
        assert_eq!(words("garbage"), "Invalid term 'garbage' in expression date: 'garbage'");
        assert_eq!(words("2026-13-40"), "month must be in 1..12");
        assert_eq!(words("2026-02-30"), "day is out of range for month");
        assert_eq!(words("2026-11-21T05:43:00Z"), "expecting only datetimes with no timezone: '2026-11-21T05:43:00Z'");
        assert!(iso("2026-11-21 05:43:00.123").is_ok() && iso("20261121").is_ok());
        let stamp = |text: &str| postgres_stamp(text).unwrap().to_rfc3339();
        assert_eq!(stamp("2026-11-21T05:43:00+02:00"), "2026-11-21T05:43:00+00:00");
        assert_eq!(stamp("2026-11-21 05:43"), "2026-11-21T05:43:00+00:00");
        assert!(postgres_stamp("garbage").is_err() && postgres_date("2026-02-30").is_err());
    }
}
