//! Asks every ERP whether it works, on a schedule and when a query finds that it may not, and tells what changed.

use super::{
    alerts::{Alert, Alerts},
    connected::ConnectedErp,
    registry::ErpRegistry,
    schedule::{Due, Every},
    views::{add_probe, capabilities, found, word},
};
use crate::{
    audit::{Act, Actor, Audit},
    store::{HealthRow, Noted, Store},
};
use adapters::{
    Error, ErrorKind,
    adapter::{Adapter, Ctx, ServerInfo},
};
use chrono::{DateTime, Utc};
use schema::ports::{CapabilityView, ErpStatus, ErpView};
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

/// How long an ERP may take to say whether it works.
const PROBE: Duration = Duration::from_secs(20);

/// What an ERP said of itself.
#[derive(Debug, Clone)]
pub(crate) struct Probed {
    /// What it said, or why it does not work.
    pub(super) outcome: Result<ServerInfo, Error>,
    /// How long it took.
    pub(super) latency: Duration,
    /// What it can do, as far as its answers tell.
    pub(super) capabilities: Arc<[CapabilityView]>,
}

/// Asks an ERP whether it works.
pub(super) async fn probe(adapter: &dyn Adapter, now: DateTime<Utc>) -> Probed {
    let started = Instant::now();
    let outcome = timeout(PROBE, adapter.probe(&Ctx::interactive(now, PROBE))).await.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Timeout,
            format!("The ERP did not say within {} s whether it works.", PROBE.as_secs()),
        ))
    });
    Probed { outcome, latency: started.elapsed(), capabilities: capabilities(adapter) }
}

/// Watches over the connected ERPs.
pub(crate) struct Health {
    pub(super) registry: Arc<ErpRegistry>,
    pub(super) store: Store,
    pub(super) audit: Audit,
    pub(super) alerts: Arc<Alerts>,
    /// How often every ERP is asked.
    pub(super) every: Every,
    /// A number from 0 to 1: no two ERPs are asked in step.
    pub(super) random: fn() -> f64,
}

impl Health {
    /// Asks every ERP when it is time, for ever.
    pub(crate) async fn watch(self: &Arc<Self>) {
        let wake = self.registry.wake();
        let mut under_way = JoinSet::new();
        loop {
            let now = Instant::now();
            let mut next = now + self.every.now();
            for erp in self.registry.snapshot().values().filter(|erp| !erp.paused) {
                match erp.schedule.due(now) {
                    Due::At(at) => next = next.min(at),
                    Due::UnderWay => {}
                    Due::Now => {
                        let (this, erp) = (Arc::clone(self), Arc::clone(erp));
                        under_way.spawn(async move { this.check(&erp).await });
                    }
                }
            }
            tokio::select! {
                () = sleep_until(next) => {}
                () = wake.notified() => {}
                Some(_) = under_way.join_next() => {}
            }
        }
    }

    /// Takes over how often every ERP is asked, in seconds.
    pub(crate) fn ask_every(&self, seconds: u64) {
        if self.every.change(seconds) {
            let every = self.every.now();
            self.registry.snapshot().values().for_each(|erp| erp.schedule.shorten(every, (self.random)()));
        }
    }

    /// Asks an ERP now, and notes what it says.
    pub(crate) async fn check(&self, erp: &Arc<ConnectedErp>) -> Probed {
        let checking = erp.schedule.begin(&self.every);
        let probed = probe(&*erp.adapter, (self.registry.clock)()).await;
        checking.end(probed.outcome.is_ok(), (self.random)());
        self.note(erp, &probed).await;
        probed
    }

    /// Notes what an ERP said, and tells who has to know if its status is another one now.
    pub(super) async fn note(&self, erp: &Arc<ConnectedErp>, probed: &Probed) {
        // Somebody may have changed or disconnected it meanwhile: what the old one said is no news.
        if !self.registry.get(&erp.id).is_some_and(|now| Arc::ptr_eq(&now, erp)) {
            return;
        }
        let now = (self.registry.clock)();
        let before = erp.probed();
        let mut view = (*before).clone();
        add_probe(&mut view, probed, now);
        let up = f64::from(u8::from(probed.outcome.is_ok()));
        metrics::gauge!("erp_gateway_erp_up", "erp" => erp.id.to_string()).set(up);
        erp.show(view.clone());
        if before.status != view.status {
            self.registry.touch();
        }
        let row = HealthRow { status: word(view.status).to_owned(), found: found(&view), checked_at: now };
        let from = match self.store.note_health(&erp.id, erp.revision, &row).await {
            // All gateways of the store ask; the one that finds the change tells it.
            Ok(Noted::Changed { from }) => from.unwrap_or_else(|| word(ErpStatus::Pending).to_owned()),
            Ok(Noted::Same | Noted::Outdated) => return,
            Err(error) => {
                tracing::error!(%error, erp.id = %erp.id, "the status of an ERP could not be stored");
                if before.status == view.status {
                    return;
                }
                word(before.status).to_owned()
            }
        };
        self.tell(&view, from, probed, now).await;
    }

    async fn tell(&self, view: &ErpView, from: String, probed: &Probed, at: DateTime<Utc>) {
        let to = word(view.status);
        let (erp, system) = (&view.id, &*view.system.key);
        match &probed.outcome {
            Err(error) => tracing::warn!(erp.id = %erp, erp.system = system, from, to, ?error, "the ERP does not work"),
            Ok(_) => tracing::info!(erp.id = %erp, erp.system = system, from, to, "the ERP's status has changed"),
        }
        let act = Act::on_erp("erp.status", erp).with("from", from.as_str()).with("to", to);
        let act = match &view.status_message {
            Some(message) => act.with("message", message.as_str()),
            None => act,
        };
        self.audit.note(Actor::Gateway, act, "ok").await;
        // That a new ERP works is no news for whoever has just connected it.
        if view.status != ErpStatus::Active || from != word(ErpStatus::Pending) {
            self.alerts.send(Alert {
                erp: erp.to_string(),
                name: view.name.clone(),
                system: system.to_owned(),
                from,
                to,
                message: view.status_message.clone(),
                at,
            });
        }
    }
}

/// A number from 0 to 1; 0.5 where the operating system gives no random numbers.
pub(super) fn random() -> f64 {
    crate::sealing::random().map_or(0.5, |bytes: [u8; 4]| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}
