//! Keeps all callers together within the ERP's limits; where there is a queue, the first in importance goes first.

use super::{BoxHttp, Http, Policy, QuotaPolicy, Request, Response, lock, window::SlidingWindow};
use crate::{
    adapter::{Ctx, Priority},
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// The quota of a host and login, shared by all callers.
///
/// Waiting callers are served by priority, and in the order of their coming within one. Only the first in the queue watches
/// the clock; who leaves the queue, served or cancelled, wakes the next.
pub struct Quota {
    policy: QuotaPolicy,
    fair_time: Duration,
    inner: Mutex<Inner>,
}

struct Inner {
    windows: Vec<SlidingWindow>,
    /// What the ERP itself said was left, and until when that holds.
    reported: Option<(u32, Instant)>,
    paused_until: Option<Instant>,
    in_flight: u32,
    queue: BTreeMap<Ticket, Arc<Notify>>,
    tickets: u64,
}

type Ticket = (Priority, u64);

/// A quota as the API shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaSnapshot {
    /// The strictest limit by the minute; none if there is none.
    pub limit_per_minute: Option<u32>,
    /// How many requests may be sent at once; none if there is no limit.
    pub remaining: Option<u32>,
    /// When all of the limit is free again, or the pause ends; none if all of it is free.
    pub resets_at: Option<DateTime<Utc>>,
    /// How many requests may be under way.
    pub concurrent: Option<u32>,
    /// How many are.
    pub in_flight: u32,
    /// How many callers wait for their turn.
    pub waiting: usize,
}

impl Quota {
    pub(super) fn new(policy: &Policy) -> Self {
        let inner = Inner {
            windows: policy.quota.windows.iter().map(|window| SlidingWindow::new(*window)).collect(),
            reported: None,
            paused_until: None,
            in_flight: 0,
            queue: BTreeMap::new(),
            tickets: 0,
        };
        Self { policy: policy.quota.clone(), fair_time: policy.fair_time, inner: Mutex::new(inner) }
    }

    /// The quota as it is now.
    pub fn snapshot(&self, now: DateTime<Utc>) -> QuotaSnapshot {
        let instant = Instant::now();
        let mut inner = lock(&self.inner);
        inner.advance(instant);
        let tightest = inner.windows.iter().min_by_key(|window| window.left());
        let mut remaining = tightest.map(|window| u32::try_from(window.left()).unwrap_or(u32::MAX));
        let mut resets_at = tightest.and_then(SlidingWindow::resets_at);
        if let Some((left, until)) = inner.reported
            && remaining.is_none_or(|known| left < known)
        {
            (remaining, resets_at) = (Some(left), Some(until));
        }
        if let Some(until) = inner.paused_until {
            (remaining, resets_at) = (Some(0), Some(until));
        }
        QuotaSnapshot {
            limit_per_minute: inner.windows.iter().filter_map(SlidingWindow::per_minute).min(),
            remaining,
            resets_at: resets_at.and_then(|at| now.checked_add_signed(TimeDelta::from_std(at - instant).ok()?)),
            concurrent: self.policy.concurrent,
            in_flight: inner.in_flight,
            waiting: inner.queue.len(),
        }
    }

    /// Waits for a turn. Refuses at once when the deadline leaves no time for it.
    async fn acquire(&self, ctx: &Ctx) -> Result<Permit<'_>> {
        let left = ctx.deadline.saturating_duration_since(Instant::now());
        let latest = ctx.deadline - self.fair_time.min(left / 2);
        let place = Place::take(self, ctx.priority);
        loop {
            let wake_at = match self.step(&place, latest)? {
                Step::Go(permit) => return Ok(permit),
                Step::WaitUntil(turn) => turn.min(latest),
                Step::Wait => latest,
            };
            tokio::select! {
                () = place.called.notified() => {}
                () = sleep_until(wake_at) => {}
            }
        }
    }

    fn step(&self, place: &Place<'_>, latest: Instant) -> Result<Step<'_>> {
        let now = Instant::now();
        let mut inner = lock(&self.inner);
        inner.advance(now);
        let ahead = inner.queue.range(..place.ticket).count();
        let turn = inner.turn(ahead, now);
        let has_room = self.policy.concurrent.is_none_or(|cap| inner.in_flight < cap.max(1));
        if ahead == 0 && turn <= now && has_room {
            inner.record(now);
            inner.in_flight += 1;
            return Ok(Step::Go(Permit { quota: self, sent: now }));
        }
        if turn > latest || now >= latest {
            let error = Error::new(ErrorKind::RateLimited, "the ERP's quota leaves no turn for this call in time");
            return Err(if turn > now { error.with_retry_after(turn - now) } else { error });
        }
        Ok(if ahead == 0 && turn > now { Step::WaitUntil(turn) } else { Step::Wait })
    }

    /// Counts a request that does not wait: a log-in or a replay, for a call that has its turn already.
    fn charge(&self) {
        let now = Instant::now();
        let mut inner = lock(&self.inner);
        inner.advance(now);
        inner.record(now);
    }

    /// Takes from an outcome what it says about the quota, and tells a 429 for how long everybody now waits.
    fn learn(&self, outcome: Result<Response>) -> Result<Response> {
        match outcome {
            Ok(response) => {
                if let Some(remaining) = self.policy.remaining.and_then(|read| read(&response)) {
                    let reset = remaining.resets_in.unwrap_or(Duration::from_secs(60)).min(self.policy.pause_cap);
                    let mut inner = lock(&self.inner);
                    // Of the other requests under way, the ERP may not have counted any yet.
                    let left = remaining.requests.saturating_sub(inner.in_flight.saturating_sub(1));
                    inner.reported = Some((left, Instant::now() + reset));
                }
                Ok(response)
            }
            Err(error) if error.kind == ErrorKind::RateLimited => {
                let wait = error.retry_after.unwrap_or(self.policy.pause);
                self.pause(wait.min(self.policy.pause_cap));
                Err(error.with_retry_after(wait))
            }
            Err(error) => Err(error),
        }
    }

    fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut inner = lock(&self.inner);
        inner.paused_until = Some(inner.paused_until.map_or(until, |earlier| earlier.max(until)));
        // Each looks anew whether its deadline leaves time for this.
        inner.queue.values().for_each(|called| called.notify_one());
    }
}

impl Inner {
    fn advance(&mut self, now: Instant) {
        self.windows.iter_mut().for_each(|window| window.advance(now));
        self.paused_until.take_if(|until| *until <= now);
        self.reported.take_if(|(_, until)| *until <= now);
    }

    fn record(&mut self, now: Instant) {
        self.windows.iter_mut().for_each(|window| window.record(now));
        if let Some((left, _)) = &mut self.reported {
            *left = left.saturating_sub(1);
        }
    }

    /// The earliest time for a request that lets `ahead` others go first. Later ones of higher priority may delay it.
    fn turn(&self, ahead: usize, now: Instant) -> Instant {
        let reported = self.reported.filter(|(left, _)| ahead >= *left as usize).map(|(_, until)| until);
        let windows = self.windows.iter().map(|window| window.turn(ahead, now));
        windows.chain(reported).chain(self.paused_until).fold(now, Instant::max)
    }

    fn call_next(&self) {
        if let Some((_, called)) = self.queue.first_key_value() {
            called.notify_one();
        }
    }
}

enum Step<'a> {
    Go(Permit<'a>),
    /// First in the queue: its turn comes then.
    WaitUntil(Instant),
    /// Somebody else has to leave first.
    Wait,
}

/// A place in the queue.
struct Place<'a> {
    quota: &'a Quota,
    ticket: Ticket,
    called: Arc<Notify>,
}

impl<'a> Place<'a> {
    fn take(quota: &'a Quota, priority: Priority) -> Self {
        let mut inner = lock(&quota.inner);
        inner.tickets += 1;
        let (ticket, called) = ((priority, inner.tickets), Arc::new(Notify::new()));
        inner.queue.insert(ticket, Arc::clone(&called));
        Self { quota, ticket, called }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut inner = lock(&self.quota.inner);
        inner.queue.remove(&self.ticket);
        inner.call_next();
    }
}

/// A request under way.
struct Permit<'a> {
    quota: &'a Quota,
    sent: Instant,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut inner = lock(&self.quota.inner);
        let now = Instant::now();
        inner.advance(now);
        inner.windows.iter_mut().for_each(|window| window.ended(self.sent, now));
        inner.in_flight -= 1;
        inner.call_next();
    }
}

/// The layer.
pub(super) struct Queue {
    inner: BoxHttp,
    quota: Arc<Quota>,
}

impl Queue {
    pub(super) fn new(inner: BoxHttp, quota: Arc<Quota>) -> Self {
        Self { inner, quota }
    }
}

#[async_trait]
impl Http for Queue {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        let _permit = self.quota.acquire(ctx).await?;
        let outcome = self.inner.send(ctx, request).await;
        self.quota.learn(outcome)
    }
}

/// Counts what goes out below the queue, without waiting: its caller already has a turn, and waiting for another could be for
/// ever.
pub(super) struct Charge {
    inner: BoxHttp,
    quota: Arc<Quota>,
}

impl Charge {
    pub(super) fn new(inner: BoxHttp, quota: Arc<Quota>) -> Self {
        Self { inner, quota }
    }
}

#[async_trait]
impl Http for Charge {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        self.quota.charge();
        let outcome = self.inner.send(ctx, request).await;
        self.quota.learn(outcome)
    }
}
