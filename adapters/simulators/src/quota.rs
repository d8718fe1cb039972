//! A sliding-window quota, for ERPs that count requests by the minute or the second.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

/// At most so many requests within any window of this length.
#[derive(Debug)]
pub struct Quota {
    limit: usize,
    window: TimeDelta,
    taken: Mutex<VecDeque<DateTime<Utc>>>,
}

impl Quota {
    /// A quota of `limit` requests in any `window`.
    pub fn new(limit: usize, window: Duration) -> Self {
        Self { limit, window: TimeDelta::from_std(window).unwrap_or(TimeDelta::MAX), taken: Mutex::default() }
    }

    /// Takes one request out of the quota.
    ///
    /// # Errors
    /// When it is used up: how long until there is room again. Nothing is taken then.
    pub fn take(&self, now: DateTime<Utc>) -> Result<(), Duration> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.front().is_some_and(|first| now - first >= self.window) {
            taken.pop_front();
        }
        match taken.front() {
            Some(first) if taken.len() >= self.limit => Err((*first + self.window - now).to_std().unwrap_or_default()),
            _ => {
                taken.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let quota = Quota::new(2, Duration::from_secs(10));
        let start = DateTime::UNIX_EPOCH;
        assert_eq!(quota.take(start), Ok(()));
        assert_eq!(quota.take(start + TimeDelta::seconds(4)), Ok(()));
        assert_eq!(quota.take(start + TimeDelta::seconds(9)), Err(Duration::from_secs(1)));
        assert_eq!(quota.take(start + TimeDelta::seconds(10)), Ok(()));
        assert_eq!(quota.take(start + TimeDelta::seconds(11)), Err(Duration::from_secs(3)));
    }
}
