//! Takes over a changed configuration file while the gateway runs.

use crate::{
    app::Running,
    config::Config,
    telemetry::{self, Logging},
};
use std::{path::PathBuf, time::Duration};
use tokio::time::{Interval, interval};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Tells when the configuration is to be loaded again: on SIGHUP, or when the file has changed and then stayed the same from
/// one look to the next: nobody is writing it any more.
pub struct Changes {
    file: Option<PathBuf>,
    /// What was in the file when it was last loaded.
    loaded: Option<Vec<u8>>,
    looks: Interval,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Changes {
    /// Changes from now on: to be called before the file is loaded for the first time.
    ///
    /// # Errors
    /// Where the operating system does not let signals be handled.
    pub async fn of(file: Option<PathBuf>) -> Result<Self, String> {
        #[cfg(unix)]
        let hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
            .map_err(|e| format!("SIGHUP cannot be handled: {e}"))?;
        let mut changes = Self {
            file,
            loaded: None,
            looks: interval(LOOK),
            #[cfg(unix)]
            hangup,
        };
        changes.loaded = changes.contents().await;
        Ok(changes)
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        tokio::fs::read(self.file.as_ref()?).await.ok()
    }

    /// Waits for the next change.
    async fn next(&mut self) {
        let mut changed = None;
        loop {
            #[cfg(unix)]
            let asked = tokio::select! {
                Some(()) = self.hangup.recv() => true,
                _ = self.looks.tick() => false,
            };
            #[cfg(not(unix))]
            let asked = {
                self.looks.tick().await;
                false
            };
            let now = self.contents().await;
            if asked || (now != self.loaded && changed.as_ref() == Some(&now)) {
                self.loaded = now;
                return;
            }
            changed = (now != self.loaded).then_some(now);
        }
    }

    /// Lets a running gateway take over each change. What cannot be taken over changes nothing, and is logged. It never ends.
    pub async fn follow(mut self, load: impl Fn() -> Result<Config, String>, running: &Running, logging: &Logging) {
        loop {
            self.next().await;
            match take_over(&load, running, logging).await {
                Ok(()) => tracing::info!("the configuration was loaded again"),
                Err(why) => tracing::error!("the configuration stays as it was: {why}"),
            }
        }
    }
}

async fn take_over(
    load: impl Fn() -> Result<Config, String>,
    running: &Running,
    logging: &Logging,
) -> Result<(), String> {
    let config = load()?;
    let filter = telemetry::filter(&config.log)?;
    let only_at_start = running.reload(&config).await?;
    logging.set_filter(filter)?;
    if !only_at_start.is_empty() {
        tracing::warn!(
            "these settings have changed, and only a new start takes them over: {}",
            only_at_start.join(", ")
        );
    }
    Ok(())
}
