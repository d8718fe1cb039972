//! One connected ERP: its adapter, what is known of it, and when it is asked again whether it works.

use super::{schedule::Schedule, views::quota_view};
use adapters::{adapter::Adapter, http::BreakerState, model::ErpId};
use chrono::{DateTime, Utc};
use schema::ports::{ErpStatus, ErpView};
use std::sync::{Arc, PoisonError, RwLock};

/// An ERP with its adapter. What changes of an ERP makes another one of these; queries under way go on with theirs.
pub(crate) struct ConnectedErp {
    /// Its id.
    pub(crate) id: ErpId,
    /// The key of its system.
    pub(crate) system: &'static str,
    /// What speaks to it.
    pub(crate) adapter: Arc<dyn Adapter>,
    /// Another one for other settings: part of the key of everything that is kept of an ERP, so that nothing that was read with
    /// old settings is shown under new ones.
    pub(crate) generation: u64,
    /// Whether an operator paused it: then nobody asks it anything.
    pub(crate) paused: bool,
    /// The revision of its row in the store.
    pub(super) revision: i64,
    /// Equal for equal settings.
    pub(super) settings: SettingsPrint,
    /// When it is asked whether it works.
    pub(super) schedule: Schedule,
    view: RwLock<Arc<ErpView>>,
}

/// Equal for equal settings of one process; it tells nothing about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SettingsPrint(pub(super) u64);

/// What an ERP is connected by: the same while only its name changes, or whether it is paused.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) system: &'static str,
    pub(super) adapter: Arc<dyn Adapter>,
    pub(super) generation: u64,
    pub(super) settings: SettingsPrint,
}

impl ConnectedErp {
    pub(super) fn new(link: Link, revision: i64, paused: bool, schedule: Schedule, view: ErpView) -> Self {
        let Link { system, adapter, generation, settings } = link;
        let id = view.id.clone();
        let view = RwLock::new(Arc::new(view));
        Self { id, system, adapter, generation, paused, revision, settings, schedule, view }
    }

    pub(super) fn link(&self) -> Link {
        Link {
            system: self.system,
            adapter: Arc::clone(&self.adapter),
            generation: self.generation,
            settings: self.settings,
        }
    }

    /// What the last probe found.
    pub(super) fn probed(&self) -> Arc<ErpView> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what a probe found.
    pub(super) fn show(&self, view: ErpView) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    /// What the last probe found, and what has shown since.
    pub(crate) fn view(&self, now: DateTime<Utc>) -> Arc<ErpView> {
        let mut view = self.probed();
        if self.paused {
            let shown = Arc::make_mut(&mut view);
            shown.status = ErpStatus::Paused;
            shown.status_message = Some("It is paused: nothing is asked of it until somebody resumes it.".into());
            return view;
        }
        if let Some(host) = self.adapter.host() {
            let shown = Arc::make_mut(&mut view);
            shown.quota = Some(quota_view(host.quota(now)));
            if host.breaker() != BreakerState::Closed && matches!(shown.status, ErpStatus::Active | ErpStatus::Degraded)
            {
                shown.status = ErpStatus::Unreachable;
                shown.status_message = Some("It failed again and again, and is given time to recover.".into());
            }
        }
        view
    }

    /// A query was refused, or the breaker holds calls back: the ERP is asked whether it works before its time.
    pub(crate) fn suspect(&self) {
        if !self.paused {
            self.schedule.suspect();
        }
    }

    /// Whether calls are held back because it failed again and again.
    pub(crate) fn is_given_up(&self) -> bool {
        self.adapter.host().is_some_and(|host| host.breaker() != BreakerState::Closed)
    }
}
