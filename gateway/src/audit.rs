//! Who did what: each act is a row of the audit log and a line of the log.

use crate::store::{NewEntry, Store, StoreError};
use adapters::model::ErpId;
use chrono::{DateTime, Utc};
use schema::{Error, ports::Caller, ports::Refused};
use serde_json::{Map, Value};
use std::net::IpAddr;

/// Who did something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Actor<'a> {
    /// Somebody who sent a request.
    Caller(&'a Caller),
    /// Somebody who came back from a consent that this subject had asked for.
    Returned {
        /// Who asked.
        subject: &'a str,
        /// Where they came back from.
        address: Option<IpAddr>,
        /// The request by which they came back.
        request: &'a str,
    },
    /// Somebody who was not let in, from this address.
    Unknown(Option<IpAddr>),
    /// An operator at the command line.
    Operator,
    /// The gateway by itself: a health check, a schedule.
    Gateway,
}

/// Something that was done, or was to be done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Act {
    /// What: `erp.connect`.
    pub(crate) action: &'static str,
    /// To what: the id of an ERP or an API key.
    pub(crate) subject: Option<String>,
    /// About which ERP.
    pub(crate) erp: Option<ErpId>,
    /// What else is to be known; never a secret.
    pub(crate) detail: Map<String, Value>,
}

impl Act {
    /// Something done to an ERP.
    pub(crate) fn on_erp(action: &'static str, erp: &ErpId) -> Self {
        Self { action, subject: Some(erp.to_string()), erp: Some(erp.clone()), detail: Map::new() }
    }

    /// Adds what else is to be known.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }
}

/// Keeps the audit log.
#[derive(Clone)]
pub(crate) struct Audit {
    store: Store,
    clock: fn() -> DateTime<Utc>,
}

impl Audit {
    pub(crate) fn new(store: Store, clock: fn() -> DateTime<Utc>) -> Self {
        Self { store, clock }
    }

    /// Notes an act and how it ended. What was done is not undone where the store fails, which the log then tells.
    pub(crate) async fn note(&self, actor: Actor<'_>, act: Act, outcome: &str) {
        // It was logged.
        let _ = self.try_note(actor, act, outcome).await;
    }

    /// The same for an act that is not to be where it cannot be noted.
    ///
    /// # Errors
    /// Where the store fails, which was logged.
    pub(crate) async fn try_note(&self, actor: Actor<'_>, act: Act, outcome: &str) -> Result<(), StoreError> {
        let Act { action, subject, erp, mut detail } = act;
        let address = match actor {
            Actor::Caller(caller) => caller.address,
            Actor::Unknown(address) | Actor::Returned { address, .. } => address,
            Actor::Operator | Actor::Gateway => None,
        };
        if let Some(address) = address {
            detail.insert("address".into(), address.to_string().into());
        }
        let (actor, request) = match actor {
            Actor::Caller(caller) => {
                detail.insert("requestId".into(), (&*caller.request_id).into());
                (caller.who.subject.as_str(), &*caller.request_id)
            }
            Actor::Returned { subject, request, .. } => {
                detail.insert("requestId".into(), request.into());
                (subject, request)
            }
            Actor::Unknown(_) => ("unknown", ""),
            Actor::Operator => ("operator", ""),
            Actor::Gateway => ("gateway", ""),
        };
        tracing::info!(target: "audit", actor, action, subject, outcome, request.id = request, "{action}: {outcome}");
        let entry = NewEntry {
            at: (self.clock)(),
            actor: actor.to_owned(),
            action,
            subject,
            erp,
            outcome: outcome.to_owned(),
            detail: detail.into(),
        };
        self.store.add_audit(&entry).await.inspect_err(|error| {
            tracing::error!(%error, action, actor, "the audit log could not be written");
        })
    }
}

/// The outcome of a mutation as the audit log tells it.
pub(crate) fn outcome_of<T>(outcome: &Result<T, Refused>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(Refused::Input(errors)) => errors.first().map_or("BAD_USER_INPUT", |error| error.code.word()),
        Err(Refused::Error(Error { code, .. })) => code.word(),
    }
}
