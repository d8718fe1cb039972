//! One log-in at a time for everybody who shares a session, and the memory of refused ones.

use super::{Auth, BoxHttp, LoginPolicy, Request, Response, Signed, lock};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::{sync::watch, time::Instant};
use tracing::Instrument as _;

/// The outcome of a log-in under way; none until it has ended.
type Flight = watch::Receiver<Option<Result<()>>>;

/// A session with an ERP.
pub(super) struct Session {
    auth: Arc<dyn Auth>,
    policy: LoginPolicy,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// How many log-ins succeeded: who saw an older number than this need not log in.
    generation: u64,
    flight: Option<Flight>,
    refusal: Option<Refusal>,
    /// Operations that were refused right after a log-in, and until when they are no reason for another.
    fruitless: HashMap<&'static str, Instant>,
}

struct Refusal {
    error: Error,
    until: Instant,
    times: u32,
}

impl Session {
    pub(super) fn new(auth: Arc<dyn Auth>, policy: LoginPolicy) -> Self {
        Self { auth, policy, inner: Mutex::default() }
    }

    /// A signed copy of a request, and the generation of the session that signed it.
    pub(super) fn sign(&self, ctx: &Ctx, request: &Request) -> Result<(Signed, Request, u64)> {
        // Read before signing: if a log-in comes in between, the worst is a replay without a log-in.
        let generation = lock(&self.inner).generation;
        let mut request = request.clone();
        let signed = self.auth.sign(ctx, &mut request)?;
        Ok((signed, request, generation))
    }

    /// Shows an answer to the session that signed its request, unless that session is over: a late answer must not put an old
    /// cookie over a new one.
    pub(super) fn observe(&self, generation: u64, response: &Response) {
        let inner = lock(&self.inner);
        if inner.generation == generation && inner.flight.is_none() {
            self.auth.observe(response);
        }
    }

    /// Whether a 401 of this operation is a reason to log in.
    pub(super) fn may_renew(&self, operation: &'static str) -> bool {
        let now = Instant::now();
        self.auth.can_log_in() && lock(&self.inner).fruitless.get(operation).is_none_or(|until| *until <= now)
    }

    /// Remembers that this operation was refused right after a log-in: the ERP says 401 where it means 403, and each log-in
    /// may cost a licence.
    pub(super) fn log_in_was_fruitless(&self, operation: &'static str) {
        lock(&self.inner).fruitless.insert(operation, Instant::now() + self.policy.fruitless);
    }

    /// Returns when there is a session newer than `seen`. Of all callers one starts a log-in, and the others wait for it; it
    /// runs in a task of its own and goes on when they give up.
    pub(super) async fn renew(self: &Arc<Self>, ctx: &Ctx, seen: u64, login: &BoxHttp) -> Result<()> {
        let Some(mut flight) = self.join(ctx, seen, login)? else { return Ok(()) };
        match flight.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Ok(())),
            Err(_) => Err(Error::new(ErrorKind::Unavailable, "the log-in was interrupted")),
        }
    }

    fn join(self: &Arc<Self>, ctx: &Ctx, seen: u64, login: &BoxHttp) -> Result<Option<Flight>> {
        let now = Instant::now();
        let mut inner = lock(&self.inner);
        if inner.generation != seen {
            return Ok(None);
        }
        if let Some(flight) = &inner.flight {
            return Ok(Some(flight.clone()));
        }
        if let Some(refusal) = inner.refusal.as_ref().filter(|refusal| now < refusal.until) {
            return Err(refusal.error.clone().with_retry_after(refusal.until - now));
        }
        let (landing, flight) = Landing::prepare(self);
        inner.flight = Some(flight.clone());
        // A runtime that shuts down drops the task at once, and with it the landing, which takes the lock.
        drop(inner);
        let ctx = Ctx { deadline: now + self.policy.timeout, ..ctx.clone() };
        let login = Arc::clone(login);
        tokio::spawn(landing.log_in(ctx, login).in_current_span());
        Ok(Some(flight))
    }

    fn landed(&self, outcome: &Result<()>) {
        let mut inner = lock(&self.inner);
        inner.flight = None;
        match outcome {
            Ok(()) => {
                inner.generation += 1;
                inner.refusal = None;
            }
            Err(error) if matches!(error.kind, ErrorKind::Unauthorized | ErrorKind::Config) => {
                let times = inner.refusal.as_ref().map_or(0, |refusal| refusal.times + 1);
                let wait = self.policy.refused.saturating_mul(1 << times.min(16)).min(self.policy.refused_cap);
                tracing::warn!(kind = ?error.kind, wait_s = wait.as_secs(), "the ERP refused the log-in: {error}");
                inner.refusal = Some(Refusal { error: error.clone(), until: Instant::now() + wait, times });
            }
            // The ERP did not answer or was busy: the next caller may try, and the breaker holds back the crowd.
            Err(_) => {}
        }
    }
}

/// A log-in that is refused, in whatever words (OAuth says 400 `invalid_grant`), is `Unauthorized` for the call that needs it:
/// the caller's own request was neither rejected nor forbidden.
fn as_refusal(error: Error) -> Error {
    match error.kind {
        ErrorKind::Rejected | ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Invalid => {
            Error {
                kind: ErrorKind::Unauthorized,
                message: format!("the ERP refused the log-in: {}", error.message),
                ..error
            }
        }
        _ => error,
    }
}

/// Ends the flight however the log-in ends: also by a panic, or with the runtime.
struct Landing {
    session: Arc<Session>,
    outcome: watch::Sender<Option<Result<()>>>,
    landed: bool,
}

impl Landing {
    fn prepare(session: &Arc<Session>) -> (Self, Flight) {
        let (outcome, flight) = watch::channel(None);
        (Self { session: Arc::clone(session), outcome, landed: false }, flight)
    }

    async fn log_in(mut self, ctx: Ctx, login: BoxHttp) {
        let outcome = tokio::time::timeout_at(ctx.deadline, self.session.auth.log_in(&ctx, &*login))
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "the ERP did not complete the log-in in time")))
            .map_err(as_refusal);
        self.session.landed(&outcome);
        self.landed = true;
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.landed {
            lock(&self.session.inner).flight = None;
        }
    }
}
