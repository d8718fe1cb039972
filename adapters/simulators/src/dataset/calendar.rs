//! The days of the story: 24 months that end today.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::rng::Rng;

pub(super) struct Calendar {
    pub(super) start: NaiveDate,
    pub(super) today: NaiveDate,
}

impl Calendar {
    pub(super) fn new(today: NaiveDate) -> Self {
        Self { start: today.checked_sub_months(Months::new(24)).unwrap_or(today), today }
    }

    /// The day of document `at` of `count`: spread evenly, the last ones today, some written down a few days late.
    pub(super) fn spread(&self, rng: &mut Rng, at: usize, count: usize) -> NaiveDate {
        let days = (self.today - self.start).num_days() as usize;
        let day = plus(self.start, (at * days / count.saturating_sub(1).max(1)) as i64);
        let late = if rng.percent(10) { rng.between(1, 6) } else { 0 };
        plus(day, -late).max(self.start)
    }

    /// Any day.
    pub(super) fn day(&self, rng: &mut Rng) -> NaiveDate {
        plus(self.start, rng.between(0, (self.today - self.start).num_days()))
    }

    /// A moment in the working hours of a day, yet never after the first second of today, so that whatever a simulator
    /// changes later is newer than all that it was born with.
    pub(super) fn stamp(&self, rng: &mut Rng, day: NaiveDate) -> DateTime<Utc> {
        let time = TimeDelta::microseconds(rng.between(6 * 3600, 18 * 3600) * 1_000_000 + rng.between(0, 999_999));
        let moment = day.and_time(NaiveTime::MIN).and_utc() + time;
        let limit = self.today.and_time(NaiveTime::MIN).and_utc();
        if moment <= limit { moment } else { limit - TimeDelta::microseconds(rng.between(0, 3_600_000_000)) }
    }
}

/// The day some days later, or earlier when negative.
pub(super) fn plus(day: NaiveDate, days: i64) -> NaiveDate {
    let moved = match u64::try_from(days) {
        Ok(days) => day.checked_add_days(Days::new(days)),
        Err(_) => day.checked_sub_days(Days::new(days.unsigned_abs())),
    };
    moved.unwrap_or(day)
}

/// Numbers documents from 1 in each year, in their order.
pub(super) fn number<'a, T: 'a>(
    documents: impl IntoIterator<Item = &'a mut T>,
    slot: impl Fn(&mut T) -> (NaiveDate, &mut u32),
) {
    let mut last: BTreeMap<i32, u32> = BTreeMap::new();
    for document in documents {
        let (date, sequence) = slot(document);
        let last = last.entry(date.year()).or_default();
        *last += 1;
        *sequence = *last;
    }
}
