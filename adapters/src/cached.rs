//! What an adapter learns of its ERP once and keeps for a while: version, currency, fields.

use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use tracing::Instrument as _;

/// How long a load may take, whatever the deadline of the caller that began it.
const LOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// A value that is loaded when it is first needed, once for all callers, and again when it is too old.
///
/// The load goes on when its caller gives up. A failure is not kept: the next caller tries again, and has the old value
/// where there is one.
pub(crate) struct Cached<T> {
    keep: Duration,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    value: Option<(T, Instant)>,
    flight: Option<Flight<T>>,
}

impl<T> Inner<T> {
    /// Whether a load is the one under way: it may have been forgotten.
    fn is_flight(&self, of: &watch::Sender<Option<Result<T>>>) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.same_channel(&of.subscribe()))
    }
}

/// The outcome of a load under way; none until it has ended.
type Flight<T> = watch::Receiver<Option<Result<T>>>;

impl<T: Clone + Send + Sync + 'static> Cached<T> {
    /// Nothing yet; what is loaded is kept for this long.
    pub(crate) fn new(keep: Duration) -> Arc<Self> {
        Arc::new(Self { keep, inner: Mutex::new(Inner { value: None, flight: None }) })
    }

    /// The value, loaded if need be. `load` gets a context with a deadline of its own.
    pub(crate) async fn get<F>(self: &Arc<Self>, ctx: &Ctx, load: impl FnOnce(Ctx) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut flight = match self.join() {
            Joined::Fresh(value) => return Ok(value),
            Joined::Flight(flight) => flight,
            Joined::Begin(landing, flight) => {
                let ctx = Ctx { deadline: Instant::now() + LOAD_TIMEOUT, ..ctx.clone() };
                tokio::spawn(landing.end_with(load(ctx)).in_current_span());
                flight
            }
        };
        let ended = timeout_at(ctx.deadline, flight.wait_for(Option::is_some)).await;
        match ended.map(|outcome| outcome.ok().and_then(|outcome| outcome.clone())) {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(Error::new(ErrorKind::Unavailable, "what is known of the ERP could not be read")),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "the ERP did not say in time what is known of it")),
        }
    }

    /// The value, if it was loaded, however old it is.
    pub(crate) fn peek(&self) -> Option<T> {
        self.lock().value.as_ref().map(|(value, _)| value.clone())
    }

    /// Lets the next caller load it anew. Who waits for a load under way gets its value; nobody else does.
    pub(crate) fn forget(&self) {
        let mut inner = self.lock();
        inner.value = None;
        inner.flight = None;
    }

    fn join(self: &Arc<Self>) -> Joined<T> {
        let mut inner = self.lock();
        if let Some((value, loaded)) = &inner.value
            && loaded.elapsed() < self.keep
        {
            return Joined::Fresh(value.clone());
        }
        if let Some(flight) = &inner.flight {
            return Joined::Flight(flight.clone());
        }
        let (outcome, flight) = watch::channel(None);
        inner.flight = Some(flight.clone());
        Joined::Begin(Landing { cached: Arc::clone(self), outcome }, flight)
    }

    fn landed(&self, outcome: Result<T>, of: &watch::Sender<Option<Result<T>>>) -> Result<T> {
        let mut inner = self.lock();
        match outcome {
            Ok(value) => {
                if inner.is_flight(of) {
                    inner.value = Some((value.clone(), Instant::now()));
                }
                Ok(value)
            }
            Err(error) => match &inner.value {
                Some((old, _)) => {
                    tracing::warn!("keeps to what was known of the ERP: {error}");
                    Ok(old.clone())
                }
                None => Err(error),
            },
        }
    }
}

impl<T> Cached<T> {
    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Joined<T> {
    Fresh(T),
    Flight(Flight<T>),
    Begin(Landing<T>, Flight<T>),
}

/// Ends the flight however the load ends: also by a panic, or with the runtime.
struct Landing<T> {
    cached: Arc<Cached<T>>,
    outcome: watch::Sender<Option<Result<T>>>,
}

impl<T: Clone + Send + Sync + 'static> Landing<T> {
    async fn end_with(self, load: impl Future<Output = Result<T>>) {
        let outcome = self.cached.landed(load.await, &self.outcome);
        self.outcome.send_replace(Some(outcome));
    }
}

impl<T> Drop for Landing<T> {
    fn drop(&mut self) {
        let mut inner = self.cached.lock();
        if inner.is_flight(&self.outcome) {
            inner.flight = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::time::{advance, sleep, timeout};

    fn ctx() -> Ctx {
        Ctx::interactive(DateTime::UNIX_EPOCH, Duration::from_secs(10))
    }

    async fn slow(loads: Arc<AtomicU32>, result: Result<u32>) -> Result<u32> {
        loads.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_secs(1)).await;
        result
    }

    #[tokio::test(start_paused = true)]
    async fn callers_share_one_load_that_survives_them() {
        let (cached, loads) = (Cached::new(Duration::from_secs(60)), Arc::<AtomicU32>::default());
        let get = || {
            let (cached, loads) = (Arc::clone(&cached), Arc::clone(&loads));
            async move { cached.get(&ctx(), |_| slow(loads, Ok(7))).await }
        };
        timeout(Duration::from_millis(10), get()).await.expect_err("the first caller gives up");
        let (one, other) = futures_util::future::join(get(), get()).await;
        assert_eq!((one.expect("a value"), other.expect("a value")), (7, 7));
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        advance(Duration::from_secs(61)).await;
        assert_eq!(get().await.expect("a value"), 7);
        assert_eq!(loads.load(Ordering::Relaxed), 2, "too old");
        cached.forget();
        assert_eq!(cached.peek(), None);
        assert_eq!(get().await.expect("a value"), 7);
        assert_eq!(loads.load(Ordering::Relaxed), 3, "forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_that_was_forgotten_is_not_kept() {
        let cached = Cached::new(Duration::from_secs(60));
        let context = ctx();
        let old = cached.get(&context, |_| slow(Arc::default(), Ok(1)));
        let forget = async {
            sleep(Duration::from_millis(500)).await;
            cached.forget();
            cached.get(&context, |_| slow(Arc::default(), Ok(2))).await
        };
        let (old, new) = futures_util::future::join(old, forget).await;
        assert_eq!((old.expect("a value"), new.expect("a value"), cached.peek()), (1, 2, Some(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn failure_is_not_kept_and_an_old_value_outlives_it() {
        let (cached, loads) = (Cached::new(Duration::from_secs(60)), Arc::<AtomicU32>::default());
        let get = |result: Result<u32>| {
            let (cached, loads) = (Arc::clone(&cached), Arc::clone(&loads));
            async move { cached.get(&ctx(), |_| slow(loads, result)).await }
        };
        let down = || Err(Error::new(ErrorKind::Unavailable, "down"));
        assert_eq!(get(down()).await.expect_err("no value yet").kind, ErrorKind::Unavailable);
        assert_eq!(get(Ok(1)).await.expect("tried again"), 1);
        advance(Duration::from_secs(61)).await;
        assert_eq!(get(down()).await.expect("the old value"), 1);
        assert_eq!(get(Ok(2)).await.expect("tried again"), 2);
    }
}
