//! When an ERP is asked whether it works.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// An ERP that failed is asked again after this time, then after twice as long, up to the regular schedule. However many
/// queries fail, they do not bring it forward below this.
const AGAIN: Duration = Duration::from_secs(15);

/// No schedule is longer than a year: what is further away cannot be counted everywhere.
const LONGEST: u64 = 365 * 24 * 60 * 60;

/// How often every ERP is asked, in seconds. It may change while they are asked.
pub(super) struct Every(AtomicU64);

impl Every {
    /// Every so many seconds, within a second and a year.
    pub(super) const fn seconds(seconds: u64) -> Self {
        Self(AtomicU64::new(seconds))
    }

    /// Changes it; whether it is another one now.
    pub(super) fn change(&self, seconds: u64) -> bool {
        self.0.swap(seconds, Ordering::Relaxed) != seconds
    }

    /// How long that is now.
    pub(super) fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed).clamp(1, LONGEST))
    }
}

/// When one ERP is asked.
pub(super) struct Schedule {
    inner: Mutex<Inner>,
    /// Told when something is due earlier than it was.
    earlier: Arc<Notify>,
}

struct Inner {
    next: Instant,
    /// When the last check ended.
    last: Option<Instant>,
    /// Checks in a row that failed.
    failures: u32,
    under_way: bool,
}

/// What is to be done now.
#[derive(Debug, PartialEq)]
pub(super) enum Due {
    /// Nothing before then.
    At(Instant),
    /// Nothing: a check is under way.
    UnderWay,
    /// A check, which counts as under way from now on.
    Now,
}

/// A check under way.
pub(super) struct Checking<'a> {
    schedule: &'a Schedule,
    every: &'a Every,
    ended: bool,
}

impl Schedule {
    /// The first check is due then.
    pub(super) fn new(first: Instant, earlier: Arc<Notify>) -> Self {
        Self { inner: Mutex::new(Inner { next: first, last: None, failures: 0, under_way: false }), earlier }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done now.
    pub(super) fn due(&self, now: Instant) -> Due {
        let mut inner = self.lock();
        if inner.under_way {
            Due::UnderWay
        } else if inner.next <= now {
            inner.under_way = true;
            Due::Now
        } else {
            Due::At(inner.next)
        }
    }

    /// Counts a check as under way that somebody is about to begin.
    pub(super) fn reserve(&self) {
        self.lock().under_way = true;
    }

    /// Begins a check, due or not. One that is dropped before it tells how it ended is repeated after `every`.
    pub(super) fn begin<'a>(&'a self, every: &'a Every) -> Checking<'a> {
        self.lock().under_way = true;
        Checking { schedule: self, every, ended: false }
    }

    /// Brings the next check forward.
    pub(super) fn suspect(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        let earliest = inner.last.map_or(now, |last| (last + AGAIN).max(now));
        if !inner.under_way && earliest < inner.next {
            inner.next = earliest;
            self.earlier.notify_one();
        }
    }

    /// Lets the next check not be later than after `every` from now: a shorter schedule begins with a whole round, and not with
    /// all ERPs at once. A longer one begins after the check that is due.
    pub(super) fn shorten(&self, every: Duration, random: f64) {
        let mut inner = self.lock();
        let latest = Instant::now() + spread(every, random);
        if latest < inner.next {
            inner.next = latest;
            self.earlier.notify_one();
        }
    }

    fn ended(&self, works: Option<bool>, every: &Every, random: f64) {
        let now = Instant::now();
        let mut inner = self.lock();
        // Read under the lock: who changes it shortens what was set before, and what is set after knows it.
        let every = every.now();
        inner.under_way = false;
        inner.last = Some(now);
        let wait = match works {
            Some(false) => {
                let wait = AGAIN.saturating_mul(1 << inner.failures.min(16)).min(every);
                inner.failures += 1;
                wait
            }
            Some(true) => {
                inner.failures = 0;
                every
            }
            None => every,
        };
        inner.next = now + spread(wait, random);
    }
}

impl Checking<'_> {
    /// Tells how it ended. `random` is from 0 to 1 and spreads ERPs that began together.
    pub(super) fn end(mut self, works: bool, random: f64) {
        self.ended = true;
        self.schedule.ended(Some(works), self.every, random);
    }
}

impl Drop for Checking<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.schedule.ended(None, self.every, 0.5);
        }
    }
}

/// A time by up to a tenth shorter or longer.
fn spread(wait: Duration, random: f64) -> Duration {
    wait.mul_f64(0.9 + 0.2 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    static EVERY: Every = Every::seconds(300);

    fn schedule() -> Schedule {
        Schedule::new(Instant::now(), Arc::default())
    }

    fn next(schedule: &Schedule) -> u64 {
        match schedule.due(Instant::now()) {
            Due::At(at) => at.duration_since(Instant::now()).as_secs(),
            due => panic!("{due:?}"),
        }
    }

    fn check(schedule: &Schedule, works: bool, random: f64) {
        assert_eq!(schedule.due(Instant::now()), Due::Now);
        schedule.begin(&EVERY).end(works, random);
    }

    #[tokio::test(start_paused = true)]
    async fn who_fails_is_asked_sooner_and_then_ever_later_up_to_the_schedule() {
        let schedule = schedule();
        for wait in [15, 30, 60, 120, 240, 300, 300] {
            check(&schedule, false, 0.5);
            assert_eq!(next(&schedule), wait);
            advance(Duration::from_secs(wait)).await;
        }
        check(&schedule, true, 0.5);
        assert_eq!(next(&schedule), 300);
        advance(EVERY.now()).await;
        check(&schedule, false, 0.5);
        assert_eq!(next(&schedule), 15, "one that works has a clean sheet");
    }

    #[tokio::test(start_paused = true)]
    async fn checks_that_began_together_drift_apart() {
        let (early, late) = (schedule(), schedule());
        check(&early, true, 0.0);
        check(&late, true, 1.0);
        assert_eq!((next(&early), next(&late)), (270, 330));
    }

    #[tokio::test(start_paused = true)]
    async fn a_suspicion_brings_the_check_forward_but_not_ever_closer() {
        let schedule = schedule();
        check(&schedule, true, 0.5);
        schedule.suspect();
        assert_eq!(next(&schedule), 15, "the last one has only just ended");
        advance(Duration::from_secs(100)).await;
        check(&schedule, true, 0.5);
        advance(Duration::from_secs(100)).await;
        schedule.suspect();
        check(&schedule, true, 0.5);
        tokio::time::timeout(Duration::ZERO, schedule.earlier.notified()).await.expect("somebody is told");
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_is_lost_is_repeated() {
        let schedule = schedule();
        assert_eq!(schedule.due(Instant::now()), Due::Now);
        assert_eq!(schedule.due(Instant::now()), Due::UnderWay);
        drop(schedule.begin(&EVERY));
        assert_eq!(next(&schedule), 300);
    }

    #[tokio::test(start_paused = true)]
    async fn another_interval_holds_from_the_next_round_on() {
        let (schedule, every) = (schedule(), Every::seconds(300));
        let check = || {
            assert_eq!(schedule.due(Instant::now()), Due::Now);
            schedule.begin(&every).end(true, 0.5);
        };
        check();
        assert!(!every.change(300) && every.change(60));
        schedule.shorten(every.now(), 0.5);
        tokio::time::timeout(Duration::ZERO, schedule.earlier.notified()).await.expect("somebody is told");
        assert_eq!(next(&schedule), 60, "a whole round, not at once");
        advance(Duration::from_secs(60)).await;
        check();
        assert!(every.change(1000));
        schedule.shorten(every.now(), 0.5);
        assert_eq!(next(&schedule), 60, "what is due stays");
        advance(Duration::from_secs(60)).await;
        let under_way = (schedule.due(Instant::now()), schedule.begin(&every));
        assert!(every.change(200));
        schedule.shorten(every.now(), 0.5);
        under_way.1.end(true, 0.5);
        assert_eq!(next(&schedule), 200, "a check under way ends under the new one");
        for (seconds, is) in [(0, 1), (u64::MAX, LONGEST)] {
            every.change(seconds);
            assert_eq!(every.now().as_secs(), is);
        }
    }
}
