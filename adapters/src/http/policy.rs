//! How patient, how fast and how persistent a stack is. Values only; each system sets its own.

use super::Response;
use crate::adapter::Priority;
use std::time::Duration;

/// The settings of a stack. The defaults suit an ERP that publishes no limits.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How often an idempotent request is tried in all. Default: 3.
    pub attempts: u32,
    /// The first back-off before jitter; it doubles with each attempt. Default: 200 ms.
    pub backoff: Duration,
    /// The longest back-off before jitter. Default: 10 s.
    pub backoff_cap: Duration,
    /// The longest sleep before another attempt.
    pub patience: Patience,
    /// How long one attempt may take, a log-in for it included. Default: 30 s.
    pub timeout: Duration,
    /// The least time that an ERP can be expected to answer in. Waiting for the quota leaves a caller this much, and a
    /// timeout of a call that came with less is not held against the ERP. Default: 2 s.
    pub fair_time: Duration,
    /// How log-ins are made.
    pub login: LoginPolicy,
    /// When the ERP is given up for a while.
    pub breaker: BreakerPolicy,
    /// How fast the ERP may be called.
    pub quota: QuotaPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_millis(200),
            backoff_cap: Duration::from_secs(10),
            patience: Patience::default(),
            timeout: Duration::from_secs(30),
            fair_time: Duration::from_secs(2),
            login: LoginPolicy::default(),
            breaker: BreakerPolicy::default(),
            quota: QuotaPolicy::default(),
        }
    }
}

/// The longest sleep before another attempt, by who waits. A longer one is the caller's decision: it gets the error, with
/// the time to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Where a person waits. Default: 2 s.
    pub interactive: Duration,
    /// For a promised write. Default: 30 s.
    pub write: Duration,
    /// For syncs and backfills. Default: 90 s, longer than the minute that most limits are counted by.
    pub background: Duration,
}

impl Patience {
    /// The longest sleep for a priority.
    pub fn of(&self, priority: Priority) -> Duration {
        match priority {
            Priority::Interactive => self.interactive,
            Priority::Write => self.write,
            Priority::Sync | Priority::Backfill => self.background,
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            interactive: Duration::from_secs(2),
            write: Duration::from_secs(30),
            background: Duration::from_secs(90),
        }
    }
}

/// How log-ins are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginPolicy {
    /// How long a log-in may take with all its requests. Default: 30 s.
    pub timeout: Duration,
    /// How long a refused log-in is remembered and not tried again, so that a wrong password does not lock the account.
    /// It doubles with each further refusal. Default: 1 min.
    pub refused: Duration,
    /// The longest time that a refusal is remembered. Default: 15 min.
    pub refused_cap: Duration,
    /// How long an operation that was refused right after a log-in is no reason for another log-in. Default: 30 s.
    pub fruitless: Duration,
}

impl Default for LoginPolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            refused: Duration::from_secs(60),
            refused_cap: Duration::from_secs(15 * 60),
            fruitless: Duration::from_secs(30),
        }
    }
}

/// When an ERP is given up for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// After this many failures in a row. Default: 5.
    pub failures: u32,
    /// For how long at first; it doubles each time the probe fails. Default: 5 s.
    pub cool_down: Duration,
    /// For how long at most. Default: 2 min.
    pub cool_down_cap: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 5, cool_down: Duration::from_secs(5), cool_down_cap: Duration::from_secs(120) }
    }
}

/// How fast an ERP may be called.
#[derive(Debug, Clone)]
pub struct QuotaPolicy {
    /// The ERP's limits, all of them at once. The ERP counts arrivals, the gateway departures: set a little less than it
    /// allows. Default: none.
    pub windows: Vec<Window>,
    /// How many requests may be under way. Default: 8.
    pub concurrent: Option<u32>,
    /// How long everybody waits after a 429 that does not say for how long. Default: 10 s.
    pub pause: Duration,
    /// The longest pause, whatever the ERP asks for; after it one call finds out. Default: 15 min.
    pub pause_cap: Duration,
    /// Reads the ERP's own account of the quota from an answer.
    pub remaining: Option<fn(&Response) -> Option<Remaining>>,
}

impl Default for QuotaPolicy {
    fn default() -> Self {
        Self {
            windows: Vec::new(),
            concurrent: Some(8),
            pause: Duration::from_secs(10),
            pause_cap: Duration::from_secs(15 * 60),
            remaining: None,
        }
    }
}

/// At most this many requests in any period of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many requests.
    pub limit: u32,
    /// In how long a time.
    pub per: Duration,
}

impl Window {
    /// So many requests a second.
    pub const fn per_second(limit: u32) -> Self {
        Self { limit, per: Duration::from_secs(1) }
    }

    /// So many requests a minute.
    pub const fn per_minute(limit: u32) -> Self {
        Self { limit, per: Duration::from_secs(60) }
    }
}

/// What an ERP says is left of its quota. Where it counts several, the one that is nearest to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// How many requests are left.
    pub requests: u32,
    /// In how long the count starts anew; a minute if the ERP does not say.
    pub resets_in: Option<Duration>,
}
