//! The company's wall clock. B1 stores dates and times of its server without a zone, and writes them with a `Z`.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;

/// The clock of one company.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalTime(Tz);

impl LocalTime {
    /// The clock of an IANA time zone; UTC if there is no such zone.
    pub(super) fn of(zone: &str) -> Self {
        Self(zone.parse().unwrap_or(Tz::UTC))
    }

    /// The day and the second of it that the clock shows.
    pub(super) fn stamp(self, moment: DateTime<Utc>) -> (NaiveDate, i64) {
        let local = moment.with_timezone(&self.0).naive_local();
        (local.date(), seconds(local.time()))
    }
}

/// Seconds since midnight.
pub(super) fn seconds(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_the_one_of_the_zone() {
        let moment = "2026-06-30T22:30:05.9Z".parse().unwrap();
        let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
        assert_eq!(LocalTime::of("Europe/Zurich").stamp(moment), (day(7, 1), 30 * 60 + 5));
        assert_eq!(LocalTime::of("Nowhere").stamp(moment), (day(6, 30), 22 * 3600 + 30 * 60 + 5));
    }
}
