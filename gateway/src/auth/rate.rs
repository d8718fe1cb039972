//! How much a principal may ask for in a time: points in a bucket that fills up steadily. What an operation costs is taken out
//! once it is known, so that the balance may fall below zero; nobody is let in again before it has recovered.

use moka::{future::Cache, policy::EvictionPolicy};
use schema::{Error, ErrorCode};
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSettings {
    /// So many points a minute; 0 for no limit at all.
    pub points_per_minute: u64,
    /// No more points than this are saved up.
    pub burst: u64,
}

impl RateLimitSettings {
    /// How long it takes to gain so many points.
    fn time_for(self, points: f64) -> Duration {
        Duration::try_from_secs_f64(points * 60.0 / self.points_per_minute as f64).unwrap_or(Duration::MAX)
    }

    /// In how long an empty bucket is full.
    pub(crate) fn window(self) -> Duration {
        self.time_for(self.burst as f64)
    }
}

/// Buckets of so many principals are kept; those who have not asked for the longest time are forgotten.
const PRINCIPALS: u64 = 100_000;

/// The buckets of all principals.
pub(crate) struct RateLimit {
    settings: RateLimitSettings,
    buckets: Cache<String, Arc<Mutex<Bucket>>>,
}

struct Bucket {
    points: f64,
    at: Instant,
}

impl RateLimit {
    /// Full buckets for everybody; none where there is no limit.
    pub(crate) fn new(settings: RateLimitSettings) -> Option<Self> {
        // Whoever is new is always kept: else they would begin with a full bucket again and again.
        let buckets = Cache::builder().max_capacity(PRINCIPALS).eviction_policy(EvictionPolicy::lru()).build();
        (settings.points_per_minute > 0).then_some(Self { settings, buckets })
    }

    /// The account of a principal.
    pub(crate) async fn account(&self, subject: &str, now: Instant) -> Account {
        let full = async { Arc::new(Mutex::new(Bucket { points: self.settings.burst as f64, at: now })) };
        Account { settings: self.settings, bucket: self.buckets.get_with_by_ref(subject, full).await }
    }
}

/// A principal's bucket.
#[derive(Clone)]
pub(crate) struct Account {
    settings: RateLimitSettings,
    bucket: Arc<Mutex<Bucket>>,
}

/// How much is left of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) settings: RateLimitSettings,
    /// So many points.
    pub(crate) remaining: u64,
    /// The bucket is full after so long.
    pub(crate) full_in: Duration,
}

impl Account {
    fn filled(&self, now: Instant) -> MutexGuard<'_, Bucket> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let minutes = now.saturating_duration_since(bucket.at).as_secs_f64() / 60.0;
        let gained = minutes * self.settings.points_per_minute as f64;
        bucket.points = (bucket.points + gained).min(self.settings.burst as f64);
        bucket.at = bucket.at.max(now);
        bucket
    }

    /// Takes the point that each request costs at least.
    ///
    /// # Errors
    /// RATE_LIMITED where there is none, with the time until there is one.
    pub(crate) fn admit(&self, now: Instant) -> Result<(), Error> {
        let points = {
            let mut bucket = self.filled(now);
            if bucket.points >= 1.0 {
                bucket.points -= 1.0;
                return Ok(());
            }
            bucket.points
        };
        let wait = self.settings.time_for(1.0 - points);
        let message = format!(
            "Your queries have cost more than the {} points a minute that you have (rate_limit.points_per_minute): \
             `extensions.cost.complexity` tells what each costs.",
            self.settings.points_per_minute
        );
        let error = Error::new(ErrorCode::RateLimited, message);
        Err(Error { retryable: true, retry_after: Some(wait), ..error })
    }

    /// Takes what an operation has cost, beyond the point that was taken when it was let in.
    pub(crate) fn charge(&self, cost: u64, now: Instant) {
        self.filled(now).points -= cost.saturating_sub(1) as f64;
    }

    /// How much is left.
    pub(crate) fn standing(&self, now: Instant) -> Standing {
        let points = self.filled(now).points;
        let full_in = self.settings.time_for(self.settings.burst as f64 - points);
        Standing { settings: self.settings, remaining: points.max(0.0) as u64, full_in }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RateLimitSettings = RateLimitSettings { points_per_minute: 600, burst: 1000 };

    #[tokio::test]
    async fn a_bucket_empties_by_costs_and_fills_with_time() {
        let limit = RateLimit::new(POLICY).expect("a limit");
        let start = Instant::now();
        let second = |n: u64| start + Duration::from_secs(n);
        let ann = limit.account("ann", start).await;
        assert_eq!(ann.standing(start).remaining, 1000);
        for cost in [400, 0] {
            ann.admit(start).expect("let in");
            ann.charge(cost, start);
        }
        assert_eq!(ann.standing(start).remaining, 599);
        assert_eq!(ann.standing(second(10)).remaining, 699);
        ann.admit(second(10)).expect("let in");
        ann.charge(100_000, second(10));
        assert_eq!(ann.standing(second(10)).remaining, 0);
        let refused = ann.admit(second(10)).expect_err("refused");
        assert_eq!((refused.code, refused.retryable), (ErrorCode::RateLimited, true));
        let wait = refused.retry_after.expect("a time");
        assert_eq!(wait.as_secs_f64().round(), ((100_000 - 699 + 1) as f64 / 10.0).round());
        assert!(ann.admit(second(10) + wait - Duration::from_millis(200)).is_err());
        assert!(ann.admit(second(10) + wait + Duration::from_millis(1)).is_ok());
        // Another request of the same principal meets the same bucket, another principal a full one.
        assert!(limit.account("ann", second(11)).await.admit(second(11)).is_err());
        assert!(limit.account("bob", second(11)).await.admit(second(11)).is_ok());
        assert_eq!(ann.standing(second(1_000_000)).remaining, 1000, "it holds no more than a burst");
        assert_eq!(POLICY.window(), Duration::from_secs(100));
        assert!(RateLimit::new(RateLimitSettings { points_per_minute: 0, ..POLICY }).is_none());
    }
}
