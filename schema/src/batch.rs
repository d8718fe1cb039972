//! Collects what one level of a query asks for: no timer, no task.

use adapters::model::{FieldSet, RecordKey};
use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// One value for each key that was asked for, in the order of the keys.
pub(crate) struct Answers<V> {
    /// The values of everybody who asked in the same batch.
    values: Arc<[V]>,
    /// The place of the value of each key.
    places: Vec<usize>,
}

impl<V> Answers<V> {
    /// The same value for so many keys.
    pub(crate) fn same(value: V, keys: usize) -> Self {
        Self { values: Arc::from([value]), places: vec![0; keys] }
    }

    /// The value of the key of a number; none if the load gave too few.
    pub(crate) fn get(&self, key: usize) -> Option<&V> {
        self.values.get(*self.places.get(key)?)
    }
}

struct Ask<V> {
    keys: Arc<[RecordKey]>,
    fields: FieldSet,
    answer: oneshot::Sender<Answers<V>>,
}

/// The first who asks lets the others of its level in, loads for all, and answers them.
pub(crate) struct Batcher<V> {
    waiting: Mutex<Vec<Ask<V>>>,
}

impl<V> Default for Batcher<V> {
    fn default() -> Self {
        Self { waiting: Mutex::default() }
    }
}

/// Hangs up on the waiting if the first is dropped before it took over their questions: they then ask again.
struct Lead<'a, V>(&'a Batcher<V>);

impl<V> Drop for Lead<'_, V> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

impl<V> Batcher<V> {
    fn lock(&self) -> MutexGuard<'_, Vec<Ask<V>>> {
        // Nothing that panics runs under this lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<Ask<V>> {
        mem::take(&mut self.lock())
    }

    /// The values of these keys, with at least these fields. `load` is called with each key once and gives one value for
    /// each, in the order of the keys.
    pub(crate) async fn ask<F>(
        &self,
        keys: Arc<[RecordKey]>,
        fields: FieldSet,
        load: impl Fn(Vec<RecordKey>, FieldSet) -> F,
    ) -> Answers<V>
    where
        F: Future<Output = Vec<V>>,
    {
        loop {
            let (answer, answered) = oneshot::channel();
            let first = {
                let mut waiting = self.lock();
                waiting.push(Ask { keys: Arc::clone(&keys), fields, answer });
                waiting.len() == 1
            };
            if first {
                let lead = Lead(self);
                tokio::task::yield_now().await;
                let batch = self.take();
                // From here on the questions are ours: who is dropped now drops their senders with itself.
                mem::forget(lead);
                Self::answer(batch, &load).await;
            }
            if let Ok(answers) = answered.await {
                return answers;
            }
        }
    }

    async fn answer<F>(batch: Vec<Ask<V>>, load: &impl Fn(Vec<RecordKey>, FieldSet) -> F)
    where
        F: Future<Output = Vec<V>>,
    {
        let fields = batch.iter().fold(FieldSet::EMPTY, |all, ask| all.union(ask.fields));
        let mut known: HashMap<&RecordKey, usize> = HashMap::new();
        let mut wanted = Vec::new();
        let places: Vec<Vec<usize>> = batch
            .iter()
            .map(|ask| {
                let place = |key| {
                    *known.entry(key).or_insert_with(|| {
                        wanted.push(RecordKey::clone(key));
                        wanted.len() - 1
                    })
                };
                ask.keys.iter().map(place).collect()
            })
            .collect();
        let values: Arc<[V]> = load(wanted, fields).await.into();
        for (ask, places) in batch.into_iter().zip(places) {
            // Who no longer waits was dropped.
            let _ = ask.answer.send(Answers { values: Arc::clone(&values), places });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters::model::{EntityType, FieldId};
    use futures_util::future::{FutureExt, join, join_all};
    use std::{
        future::{pending, ready},
        sync::atomic::{AtomicUsize, Ordering},
    };

    fn key(id: usize) -> RecordKey {
        RecordKey { entity: EntityType::Customer, erp: "a".into(), set: "s".into(), id: id.to_string().into() }
    }

    fn keys(ids: &[usize]) -> Arc<[RecordKey]> {
        ids.iter().map(|id| key(*id)).collect()
    }

    fn echo(keys: Vec<RecordKey>) -> Vec<String> {
        keys.iter().map(|key| key.id.to_string()).collect()
    }

    #[tokio::test]
    async fn a_level_is_one_load_and_everybody_gets_their_own() {
        let (batcher, loads) = (Batcher::<String>::default(), AtomicUsize::new(0));
        let field = |id| [FieldId(id)].into_iter().collect::<FieldSet>();
        let asked = join_all((0..50).map(|i| {
            batcher.ask(keys(&[i % 10, i]), field(i as u8 % 3), |keys, fields| {
                loads.fetch_add(1, Ordering::Relaxed);
                assert_eq!((keys.len(), fields.len()), (50, 3));
                ready(echo(keys))
            })
        }))
        .await;
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        for (i, answers) in asked.iter().enumerate() {
            assert_eq!(answers.get(0), Some(&(i % 10).to_string()));
            assert_eq!(answers.get(1), Some(&i.to_string()));
            assert_eq!(answers.get(2), None);
        }
    }

    #[tokio::test]
    async fn too_few_values_leave_keys_without_answer() {
        let batcher = Batcher::<String>::default();
        let answers = batcher.ask(keys(&[1, 2]), FieldSet::EMPTY, |_, _| ready(vec!["only".to_owned()])).await;
        assert_eq!((answers.get(0), answers.get(1)), (Some(&"only".to_owned()), None));
    }

    /// The first asker is dropped at each point at which it can wait: before it took the batch, and while it loads.
    #[tokio::test]
    async fn who_is_left_by_the_first_asks_again() {
        for polls in 1..=2 {
            let (batcher, loads) = (Batcher::<String>::default(), AtomicUsize::new(0));
            let load = |keys, _| {
                loads.fetch_add(1, Ordering::Relaxed);
                ready(echo(keys))
            };
            let mut first = Some(batcher.ask(keys(&[1]), FieldSet::EMPTY, |_, _| pending()).boxed());
            let mut polled = 0;
            let drop_first = std::future::poll_fn(move |cx| {
                if let Some(asking) = &mut first {
                    assert!(asking.poll_unpin(cx).is_pending());
                    polled += 1;
                    cx.waker().wake_by_ref();
                    if polled < polls {
                        return std::task::Poll::Pending;
                    }
                    first = None;
                }
                std::task::Poll::Ready(())
            });
            let others = join_all((2..5).map(|i| batcher.ask(keys(&[i]), FieldSet::EMPTY, load)));
            let (_, answers) = tokio::time::timeout(std::time::Duration::from_secs(5), join(drop_first, others))
                .await
                .unwrap_or_else(|_| panic!("dropped after {polls} polls: the others wait for ever"));
            assert_eq!(loads.load(Ordering::Relaxed), 1, "dropped after {polls} polls");
            assert_eq!(answers[2].get(0), Some(&"4".to_owned()));
        }
    }
}
