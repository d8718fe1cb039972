//! A limit of requests in a period, counted exactly: any period of that length, not only those that begin on the minute.

use super::Window;
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// The requests of the last period.
pub(super) struct SlidingWindow {
    limit: usize,
    per: Duration,
    sent: VecDeque<Instant>,
}

impl SlidingWindow {
    pub(super) fn new(window: Window) -> Self {
        Self { limit: window.limit.max(1) as usize, per: window.per, sent: VecDeque::new() }
    }

    /// Forgets what is older than a period.
    pub(super) fn advance(&mut self, now: Instant) {
        while self.sent.front().is_some_and(|sent| *sent + self.per <= now) {
            self.sent.pop_front();
        }
    }

    pub(super) fn record(&mut self, now: Instant) {
        self.sent.push_back(now);
    }

    /// A request that was recorded has ended. The ERP counted it when it came in, which was no later than now: counted
    /// from now on it is, no period of the ERP's own clock can hold more than the limit.
    pub(super) fn ended(&mut self, sent: Instant, now: Instant) {
        if let Ok(at) = self.sent.binary_search(&sent) {
            self.sent.remove(at);
        }
        self.sent.push_back(now);
    }

    /// The earliest time for a request that lets `ahead` others go first.
    pub(super) fn turn(&self, ahead: usize, now: Instant) -> Instant {
        // Each full limit of requests ahead takes a period; what remains waits for a request that was sent already.
        let periods = u32::try_from(ahead / self.limit).unwrap_or(u32::MAX);
        let ahead = ahead % self.limit;
        let first = match (self.sent.len() + ahead).checked_sub(self.limit) {
            Some(behind) => self.sent.get(behind).map_or(now, |sent| *sent + self.per),
            None => now,
        };
        first.max(now) + self.per.saturating_mul(periods)
    }

    pub(super) fn left(&self) -> usize {
        self.limit.saturating_sub(self.sent.len())
    }

    /// When the whole limit is free again, if it is not now.
    pub(super) fn resets_at(&self) -> Option<Instant> {
        self.sent.back().map(|sent| *sent + self.per)
    }

    /// The limit by the minute; none for longer periods, whose limit says nothing about a minute.
    pub(super) fn per_minute(&self) -> Option<u32> {
        let minute = Duration::from_secs(60);
        if self.per.is_zero() || self.per > minute {
            return None;
        }
        let limit = self.limit as u128 * minute.as_millis() / self.per.as_millis().max(1);
        Some(u32::try_from(limit).unwrap_or(u32::MAX))
    }
}
