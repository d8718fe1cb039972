//! The days that a report is about.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::Parameters;
use crate::quickbooks::fault::Fault;

/// From the first to the last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    /// The name of the days in small letters, if they were asked for by a name or not at all.
    pub(super) preset: Option<String>,
    /// The first month of the fiscal year.
    first_month: u32,
}

/// The name for the days that are meant when none are asked for.
const USUAL: &str = "this fiscal year-to-date";

impl Period {
    /// Reads `start_date`, `end_date` and `date_macro`.
    pub(super) fn new(parameters: &Parameters, today: NaiveDate, last_month: u32) -> Result<Self, Fault> {
        let first_month = last_month % 12 + 1;
        let day = |name: &'static str| match parameters.get(name).filter(|day| !day.is_empty()) {
            Some(day) => day.parse().map(Some).map_err(|_| Fault::invalid_date(name, day)),
            None => Ok(None),
        };
        let (start, end) = (day("start_date")?, day("end_date")?);
        if start.is_some() || end.is_some() {
            let end: NaiveDate = end.unwrap_or(today);
            let start = start.unwrap_or_else(|| fiscal_year(end, first_month));
            if start > end {
                return Err(Fault::invalid_date("start_date", &start.to_string()));
            }
            return Ok(Self { start, end, preset: None, first_month });
        }
        let preset = parameters.get("date_macro").map_or(USUAL, String::as_str).to_lowercase();
        let (start, end) =
            days(&preset, today, first_month).ok_or_else(|| Fault::invalid_date("date_macro", &preset))?;
        Ok(Self { start, end, preset: Some(preset), first_month })
    }

    /// One day, for reports of what is on a day.
    pub(super) fn of_day(day: NaiveDate, preset: Option<&str>) -> Self {
        Self { start: day, end: day, preset: preset.map(str::to_owned), first_month: 1 }
    }

    /// The first day of the fiscal year in which a day lies.
    pub(super) fn year_of(&self, day: NaiveDate) -> NaiveDate {
        fiscal_year(day, self.first_month)
    }
}

fn fiscal_year(day: NaiveDate, first_month: u32) -> NaiveDate {
    let year = if day.month() < first_month { day.year() - 1 } else { day.year() };
    NaiveDate::from_ymd_opt(year, first_month, 1).unwrap_or(day)
}

fn months(day: NaiveDate, months: i32) -> NaiveDate {
    let count = Months::new(months.unsigned_abs());
    let moved = if months < 0 { day.checked_sub_months(count) } else { day.checked_add_months(count) };
    moved.unwrap_or(day)
}

fn before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// The first and the last day of a name: `this`, `last` or `next`, a unit, and perhaps `-to-date`.
fn days(preset: &str, today: NaiveDate, first_month: u32) -> Option<(NaiveDate, NaiveDate)> {
    match preset {
        "today" => return Some((today, today)),
        "yesterday" => return Some((before(today), before(today))),
        "all" => return Some((NaiveDate::from_ymd_opt(1970, 1, 1)?, today)),
        "next 4 weeks" => {
            let start = later(today.week(Weekday::Sun).first_day(), 7);
            return Some((start, later(start, 27)));
        }
        _ => {}
    }
    let (preset, to_date) = preset.strip_suffix("-to-date").map_or((preset, false), |preset| (preset, true));
    let (which, unit) = preset.split_once(' ')?;
    let steps = match which {
        "this" => 0,
        "last" => -1,
        "next" => 1,
        _ => return None,
    };
    let quarter = |first_month: u32| {
        let year = fiscal_year(today, first_month);
        let passed = (today.month() + 12 - year.month()) % 12 / 3 * 3;
        months(year, i32::try_from(passed).unwrap_or_default())
    };
    let (start, length) = match unit {
        "week" => {
            let start = today.week(Weekday::Sun).first_day();
            let start = if steps < 0 { start.checked_sub_days(Days::new(7))? } else { later(start, 7 * steps as u64) };
            let whole = (start, later(start, 6));
            return Some(if to_date { (start, whole.1.min(moved_back(today, steps, 0))) } else { whole });
        }
        "month" => (today.with_day(1)?, 1),
        "quarter" | "calendar quarter" => (quarter(1), 3),
        "fiscal quarter" => (quarter(first_month), 3),
        "year" | "calendar year" => (fiscal_year(today, 1), 12),
        "fiscal year" => (fiscal_year(today, first_month), 12),
        _ => return None,
    };
    let start = months(start, steps * length);
    let end = if to_date { moved_back(today, steps, length) } else { before(months(start, length)) };
    Some((start, end))
}

/// The same day of the unit before, for `last … -to-date`.
fn moved_back(today: NaiveDate, steps: i32, length: i32) -> NaiveDate {
    match length {
        0 if steps < 0 => today.checked_sub_days(Days::new(7)).unwrap_or(today),
        _ => months(today, steps * length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_days_are_understood() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-21");
        for (preset, first_month, start, end) in [
            ("today", 1, "2026-11-21", "2026-11-21"),
            ("this month", 1, "2026-11-01", "2026-11-30"),
            ("this month-to-date", 1, "2026-11-01", "2026-11-21"),
            ("last month", 1, "2026-10-01", "2026-10-31"),
            ("last month-to-date", 1, "2026-10-01", "2026-10-21"),
            ("this fiscal year-to-date", 1, "2026-01-01", "2026-11-21"),
            ("this fiscal year", 7, "2026-07-01", "2027-06-30"),
            ("last fiscal year", 7, "2025-07-01", "2026-06-30"),
            ("this fiscal quarter", 7, "2026-10-01", "2026-12-31"),
            ("last fiscal quarter-to-date", 1, "2026-07-01", "2026-08-21"),
            ("this week", 1, "2026-11-15", "2026-11-21"),
            ("last week", 1, "2026-11-08", "2026-11-14"),
            ("last calendar year", 7, "2025-01-01", "2025-12-31"),
        ] {
            assert_eq!(days(preset, today, first_month), Some((day(start), day(end))), "{preset}");
        }
        assert_eq!(days("some day", today, 1), None);
    }
}
