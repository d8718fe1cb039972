//! A value that all callers share: loaded once for all of them, kept for a while, then loaded again.

use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use tracing::Instrument as _;

type Flight<T> = watch::Receiver<Option<Result<T>>>;

/// How long a load may take with all its calls.
const LOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Clones share the value. A load runs in a task of its own: it goes on when the caller that began it gives up.
pub(super) struct Cached<T> {
    inner: Arc<Mutex<Inner<T>>>,
    keep: Duration,
}

struct Inner<T> {
    value: Option<(T, Instant)>,
    flight: Option<Flight<T>>,
}

impl<T: Clone + Send + Sync + 'static> Cached<T> {
    pub(super) fn new(keep: Duration) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { value: None, flight: None })), keep }
    }

    /// The value, if it was loaded, however old it is.
    pub(super) fn peek(&self) -> Option<T> {
        lock(&self.inner).value.as_ref().map(|v| v.0.clone())
    }

    /// Lets the next caller load it anew.
    pub(super) fn forget(&self) {
        let mut inner = lock(&self.inner);
        inner.value = None;
        // Who waits for a load that has begun gets its value; nobody else does.
        inner.flight = None;
    }

    /// The value. `load` is given a context with a deadline of its own, whose calls count for the caller that began it.
    ///
    /// # Errors
    /// Those of the load, which are not kept, and a timeout where the caller's deadline passes.
    pub(super) async fn get<F, L>(&self, ctx: &Ctx, load: F) -> Result<T>
    where
        F: FnOnce(Ctx) -> L,
        L: Future<Output = Result<T>> + Send + 'static,
    {
        let mut flight = match self.join(ctx, load) {
            Ok(value) => return Ok(value),
            Err(flight) => flight,
        };
        let outcome = tokio::time::timeout_at(ctx.deadline, flight.wait_for(Option::is_some)).await;
        match outcome {
            Ok(Ok(outcome)) => outcome.clone().unwrap_or_else(|| Err(interrupted())),
            Ok(Err(_)) => Err(interrupted()),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "Odoo did not describe itself in time.")),
        }
    }

    fn join<F, L>(&self, ctx: &Ctx, load: F) -> Result<T, Flight<T>>
    where
        F: FnOnce(Ctx) -> L,
        L: Future<Output = Result<T>> + Send + 'static,
    {
        let now = Instant::now();
        let mut inner = lock(&self.inner);
        if let Some((value, _)) = inner.value.as_ref().filter(|v| now < v.1) {
            return Ok(value.clone());
        }
        // A sender that is gone without an outcome belonged to a task that was aborted.
        if let Some(flight) = inner.flight.as_ref().filter(|f| f.has_changed().is_ok()) {
            return Err(flight.clone());
        }
        let (land, flight) = watch::channel(None);
        inner.flight = Some(flight.clone());
        let loading = load(Ctx { deadline: now + LOAD_TIMEOUT, ..ctx.clone() });
        let (this, keep, mine) = (Arc::clone(&self.inner), self.keep, flight.clone());
        tokio::spawn(
            async move {
                let outcome = tokio::time::timeout(LOAD_TIMEOUT, loading)
                    .await
                    .unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "Odoo did not describe itself in time.")));
                {
                    let mut inner = lock(&this);
                    if inner.flight.as_ref().is_some_and(|flight| flight.same_channel(&mine)) {
                        inner.flight = None;
                        if let Ok(value) = &outcome {
                            inner.value = Some((value.clone(), Instant::now() + keep));
                        }
                    }
                }
                land.send_replace(Some(outcome));
            }
            .in_current_span(),
        );
        Err(flight)
    }
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Unavailable, "Asking Odoo about itself was interrupted.")
}

/// Each critical section is a few assignments: the state is valid whatever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn ctx(millis: u64) -> Ctx {
        Ctx::interactive(chrono::DateTime::UNIX_EPOCH, Duration::from_millis(millis))
    }

    async fn slow(loads: Arc<AtomicU32>) -> Result<u32> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(loads.fetch_add(1, Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn one_load_serves_all_and_survives_the_caller_that_began_it() {
        let (cached, loads) = (Cached::new(Duration::from_secs(60)), Arc::new(AtomicU32::new(0)));
        let hasty = cached.get(&ctx(10), |_| slow(loads.clone())).await;
        assert_eq!(hasty.expect_err("too late").kind, ErrorKind::Timeout);
        let (ctx_a, ctx_b) = (ctx(1000), ctx(1000));
        let both =
            tokio::join!(cached.get(&ctx_a, |_| slow(loads.clone())), cached.get(&ctx_b, |_| slow(loads.clone())));
        assert_eq!((both.0.expect("a value"), both.1.expect("a value")), (0, 0));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(cached.get(&ctx(1000), |_| slow(loads.clone())).await.expect("a value"), 1, "it had expired");
        cached.forget();
        assert_eq!(cached.get(&ctx(1000), |_| slow(loads.clone())).await.expect("a value"), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn errors_are_not_kept() {
        let cached = Cached::new(Duration::from_secs(60));
        let failed = cached.get(&ctx(1000), |_| async { Err(interrupted()) }).await;
        assert_eq!(failed.expect_err("failed").kind, ErrorKind::Unavailable);
        assert_eq!(cached.get(&ctx(1000), |_| async { Ok(7) }).await.expect("a value"), 7);
    }
}
