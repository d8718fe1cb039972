//! Whether the gateway can do its work: its store answers, and has the master key that it had at the start.

use crate::store::Store;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// How often the store is asked.
const LOOK: Duration = Duration::from_secs(3);

/// Whether the gateway can do its work.
#[derive(Debug)]
pub(crate) struct Ready(AtomicBool);

impl Ready {
    /// It can: it has just started.
    pub(crate) fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    /// Whether it can.
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks the store for ever. The log tells when it stops or begins again to work.
    pub(crate) async fn watch(&self, store: Store) {
        loop {
            tokio::time::sleep(LOOK).await;
            let outcome = store.still_opens().await;
            let was = self.0.swap(outcome.is_ok(), Ordering::Relaxed);
            match outcome {
                Err(error) if was => tracing::error!("the gateway is not ready: {error}"),
                Ok(()) if !was => tracing::info!("the gateway is ready again"),
                _ => {}
            }
        }
    }
}
