//! The company's wall clock. B1 stores dates and times of its server without a zone, and writes them with a `Z`.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc, Weekday};

/// The time that a clock in Switzerland shows: the European Union's rule, summer time between the last Sundays of March
/// and October at one o'clock UTC.
pub(super) fn local(moment: DateTime<Utc>) -> NaiveDateTime {
    let year = moment.year();
    let summer = last_sunday(year, 3)..last_sunday(year, 10);
    let hours = if summer.contains(&moment.naive_utc()) { 2 } else { 1 };
    moment.naive_utc() + TimeDelta::hours(hours)
}

/// Seconds since midnight.
pub(super) fn seconds(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight())
}

fn last_sunday(year: i32, month: u32) -> NaiveDateTime {
    let one_o_clock = TimeDelta::hours(1);
    let weeks = (1..=5).filter_map(|nth| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, nth));
    weeks.last().unwrap_or_default().and_time(NaiveTime::MIN) + one_o_clock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_time_begins_and_ends_on_its_sundays() {
        for (utc, expected) in [
            ("2026-03-29T00:59:59Z", "2026-03-29T01:59:59"),
            ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00"),
            ("2026-10-25T00:59:59Z", "2026-10-25T02:59:59"),
            ("2026-10-25T01:00:00Z", "2026-10-25T02:00:00"),
            ("2026-12-31T23:30:00Z", "2027-01-01T00:30:00"),
        ] {
            assert_eq!(local(utc.parse().unwrap()), expected.parse::<NaiveDateTime>().unwrap(), "{utc}");
        }
    }
}
