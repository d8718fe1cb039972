//! The time of a simulator: the real time, moved by as much as a test asks for.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The present moment: a simulator runs in real time unless its clock is moved.
#[expect(clippy::disallowed_methods, reason = "the clock of the simulators is the one place that asks for it")]
pub(crate) fn present() -> DateTime<Utc> {
    Utc::now()
}

/// Tells sessions, quotas and write stamps what time it is.
#[derive(Debug, Default)]
pub struct Clock {
    ahead_micros: AtomicI64,
}

impl Clock {
    /// Runs from the present moment on a real day, from noon UTC on any other.
    pub fn starting(today: NaiveDate) -> Self {
        let now = present();
        let ahead = if now.date_naive() == today {
            TimeDelta::zero()
        } else {
            today.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(12) - now
        };
        Self { ahead_micros: AtomicI64::new(ahead.num_microseconds().unwrap_or_default()) }
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        present() + TimeDelta::microseconds(self.ahead_micros.load(Ordering::Relaxed))
    }

    /// Moves the time forward, so that sessions expire and quotas recover without waiting.
    pub fn advance(&self, by: Duration) {
        self.ahead_micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX / 2), Ordering::Relaxed);
    }
}
