//! Single flight: equal work that is under way is joined, not repeated.

use adapters::{Error, ErrorKind, Result};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tracing::Instrument;

/// The outcome of work that several callers wait for.
pub(crate) type Landing<V> = Shared<BoxFuture<'static, Result<V>>>;

/// Work under way, by what it does.
pub(crate) struct Flights<K, V> {
    running: Mutex<HashMap<K, Landing<V>>>,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self { running: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone + Send + 'static, V: Clone + Send + Sync + 'static> Flights<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Landing<V>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the work under way for the key, or starts it. The work goes on when its first caller is gone: the others
    /// wait for it, and its answer is worth caching.
    pub(crate) fn join(self: &Arc<Self>, key: K, work: impl Future<Output = Result<V>> + Send + 'static) -> Landing<V> {
        let mut running = self.lock();
        match running.get(&key) {
            Some(landing) => landing.clone(),
            None => self.launch(&mut running, vec![key], work),
        }
    }

    /// The same for many keys: those that nobody works for are worked for together. One landing for each key.
    pub(crate) fn join_all<W>(self: &Arc<Self>, keys: &[K], work: impl FnOnce(Vec<K>) -> W) -> Vec<Landing<V>>
    where
        W: Future<Output = Result<V>> + Send + 'static,
    {
        let mut running = self.lock();
        let new: Vec<K> = keys.iter().filter(|key| !running.contains_key(key)).cloned().collect();
        if !new.is_empty() {
            drop(self.launch(&mut running, new.clone(), work(new)));
        }
        keys.iter().filter_map(|key| running.get(key).cloned()).collect()
    }

    fn launch(
        self: &Arc<Self>,
        running: &mut HashMap<K, Landing<V>>,
        keys: Vec<K>,
        work: impl Future<Output = Result<V>> + Send + 'static,
    ) -> Landing<V> {
        let landed = Landed { flights: Arc::clone(self), keys: keys.clone() };
        let task = tokio::spawn(
            async move {
                let _landed = landed;
                work.await
            }
            .in_current_span(),
        );
        let landing = async move { task.await.unwrap_or_else(|e| Err(fault(&e))) }.boxed().shared();
        running.extend(keys.into_iter().map(|key| (key, landing.clone())));
        landing
    }
}

/// Forgets the work when it ends, also by a panic.
struct Landed<K: Eq + Hash + Clone + Send + 'static, V: Clone + Send + Sync + 'static> {
    flights: Arc<Flights<K, V>>,
    keys: Vec<K>,
}

impl<K: Eq + Hash + Clone + Send + 'static, V: Clone + Send + Sync + 'static> Drop for Landed<K, V> {
    fn drop(&mut self) {
        let mut running = self.flights.lock();
        for key in &self.keys {
            running.remove(key);
        }
    }
}

fn fault(error: &tokio::task::JoinError) -> Error {
    tracing::error!(%error, "a shared read failed inside the gateway");
    Error::new(ErrorKind::Unavailable, "The gateway failed while it read from this ERP.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn equal_work_runs_once_and_survives_its_first_caller() {
        let flights = Arc::new(Flights::<&str, u32>::default());
        let runs = Arc::new(AtomicU32::new(0));
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let counted = Arc::clone(&runs);
        let first = flights.join("k", async move {
            counted.fetch_add(1, Ordering::Relaxed);
            let _ = wait.await;
            Ok(7)
        });
        let second = flights.join("k", async { Ok(0) });
        drop(first);
        go.send(()).expect("the work is under way");
        assert_eq!(second.await.expect("an answer"), 7);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        tokio::task::yield_now().await;
        assert_eq!(flights.join("k", async { Ok(8) }).await.expect("an answer"), 8, "landed work is forgotten");
    }

    #[tokio::test]
    async fn keys_that_are_under_way_are_not_asked_for_again() {
        let flights = Arc::new(Flights::<u32, Vec<u32>>::default());
        let first = flights.join_all(&[1, 2], async |new| Ok(new));
        let second = flights.join_all(&[2, 3], async |new| Ok(new));
        let answers = futures_util::future::join_all(first.into_iter().chain(second)).await;
        let answers: Vec<_> = answers.into_iter().map(|a| a.expect("an answer")).collect();
        assert_eq!(answers, [vec![1, 2], vec![1, 2], vec![1, 2], vec![3]]);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_for_those_who_wait_and_blocks_nobody() {
        let flights = Arc::new(Flights::<&str, u32>::default());
        assert!(flights.join("k", async { panic!("a bug") }).await.is_err());
        assert_eq!(flights.join("k", async { Ok(1) }).await.expect("an answer"), 1);
    }
}
