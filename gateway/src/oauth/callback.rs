//! What is done when somebody comes back from a consent. They are known by the state that they bring, and by nothing else.

use super::{Asked, ConsentError, Consents, page, state_id};
use crate::{
    audit::{Act, Actor},
    store::{ConsentState, ErpRow},
};
use adapters::{
    Error, ErrorKind,
    adapter::{Ctx, Info},
    settings::check,
};
use axum::{http::StatusCode, response::Response};
use schema::{error::ErrorCode, ports::ErpStatus};
use secrecy::SecretString;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};
use tracing::Instrument;
use url::form_urlencoded;

/// How long buying the tokens may take.
const EXCHANGE: Duration = Duration::from_secs(30);

/// How often the settings are written anew where somebody else changes them at the same time.
const TRIES: usize = 5;

/// What came back.
struct Returned(Vec<(String, String)>);

/// How a consent ended, for the person in front of the browser.
#[derive(Debug)]
pub(super) enum Ended {
    /// The gateway is let in, and the ERP works.
    Connected { erp: String, company: Option<String> },
    /// The gateway is let in; what else is wrong.
    NotYet { erp: String, message: String },
    /// It is not, and why.
    Failed(Failure),
}

/// Why the gateway is not let in.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Failure {
    fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    fn input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, message)
    }
}

impl From<ConsentError> for Failure {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Store(error) => {
                tracing::error!(%error, "the store failed in a consent");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    ErrorCode::Internal,
                    "The gateway failed; its log tells more.",
                )
            }
            ConsentError::Erp(error) => {
                tracing::warn!(?error, "a consent did not lead to tokens");
                let status = if error.is_retryable() { StatusCode::BAD_GATEWAY } else { StatusCode::BAD_REQUEST };
                Self::new(status, error.kind.into(), error.message)
            }
        }
    }
}

impl Returned {
    fn of(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A parameter; none also where it is there several times.
    fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next().filter(|value| !value.is_empty());
        if values.next().is_some() { None } else { first }
    }
}

impl Consents {
    /// Answers somebody who comes back with this query. What follows from it is done whether or not they wait for it.
    pub(crate) async fn returned(
        self: &Arc<Self>,
        query: &str,
        address: Option<IpAddr>,
        request_id: &Arc<str>,
    ) -> Response {
        let (this, returned, id) = (Arc::clone(self), Returned::of(query), Arc::clone(request_id));
        let work = async move { this.take(&returned, address, &id).await };
        let ended = tokio::spawn(work.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a consent failed");
            Ended::Failed(ConsentError::Erp(Error::new(ErrorKind::Unavailable, "The gateway failed.")).into())
        });
        page::of(&ended)
    }

    async fn take(&self, returned: &Returned, address: Option<IpAddr>, request: &str) -> Ended {
        let Some(state) = returned.one("state") else {
            let message =
                "This address is opened by itself after a consent. Reconnect the ERP to get one where you can consent.";
            return Ended::Failed(Failure::input(message));
        };
        let consent = match self.store.take_consent(&state_id(state)).await {
            Ok(Some(consent)) => consent,
            Ok(None) => {
                let message =
                    "Nobody asked for this consent, or it was used already. Reconnect the ERP to start again.";
                return Ended::Failed(Failure::input(message));
            }
            Err(error) => return Ended::Failed(ConsentError::from(error).into()),
        };
        let ended = self.consented(&consent, returned).await.unwrap_or_else(Ended::Failed);
        let outcome = match &ended {
            Ended::Failed(failure) => failure.code.word(),
            Ended::Connected { .. } | Ended::NotYet { .. } => "ok",
        };
        let actor = Actor::Returned { subject: &consent.subject, address, request };
        self.audit.note(actor, Act::on_erp("erp.consent", &consent.erp), outcome).await;
        ended
    }

    async fn consented(&self, consent: &ConsentState, returned: &Returned) -> Result<Ended, Failure> {
        if consent.expires_at <= self.now() {
            let message = "This consent took longer than ten minutes. Reconnect the ERP to start again.";
            return Err(Failure::input(message));
        }
        if let Some(error) = returned.one("error") {
            return Err(refused(error));
        }
        let code = returned.one("code").map(SecretString::from);
        let code = code.ok_or_else(|| Failure::input("The address has no code. Reconnect the ERP to start again."))?;
        let gone = || {
            let message = "This ERP was disconnected, or changed to another system, since the consent was asked for.";
            Failure::new(StatusCode::GONE, ErrorCode::NotFound, message)
        };
        let asked = self.asked(&consent.erp).await?.ok_or_else(gone)?;
        let chosen = chosen(&asked, returned)?;
        let info = Info { erp: consent.erp.clone(), system: asked.system.key };
        let ctx = Ctx::interactive(self.now(), EXCHANGE);
        let redirect = self.redirect().map_err(ConsentError::from)?;
        let tokens = asked
            .app
            .exchange(&ctx, &info, self.allow_link_local, &code, &redirect, consent.verifier.as_ref())
            .await
            .map_err(ConsentError::from)?;
        self.store.save_tokens(&consent.erp, &tokens).await.map_err(ConsentError::from)?;
        self.keep(asked.row, chosen).await?;
        self.keeper.renew(&consent.erp).await.map_err(ConsentError::from)?;
        let erp = self.registry.get(&consent.erp).ok_or_else(gone)?;
        if !erp.paused {
            self.health.check(&erp).await;
        }
        let view = erp.view(self.now());
        let name = view.name.clone();
        Ok(match (view.status, &view.status_message) {
            (ErpStatus::Active, _) => Ended::Connected { erp: name, company: view.company_name.clone() },
            (_, Some(message)) => Ended::NotYet { erp: name, message: message.clone() },
            (status, None) => Ended::NotYet { erp: name, message: format!("Its status is {status:?}.") },
        })
    }

    /// Stores what came back as settings.
    async fn keep(&self, mut row: ErpRow, chosen: BTreeMap<String, String>) -> Result<(), Failure> {
        for _ in 0..TRIES {
            if row.of_file || chosen.iter().all(|(key, value)| row.settings.get(key) == Some(value)) {
                return Ok(());
            }
            let mut changed = row.clone();
            changed.settings.extend(chosen.clone());
            changed.updated_at = self.now();
            if self.keeper.change(changed, None).await.map_err(ConsentError::from)? {
                return Ok(());
            }
            match self.store.erp(&row.id).await.map_err(ConsentError::from)? {
                Some(newer) if newer.disconnected_at.is_none() => row = newer,
                _ => break,
            }
        }
        let message = "Somebody else changed this ERP at the same time. Reconnect the ERP to start again.";
        Err(Failure::new(StatusCode::CONFLICT, ErrorCode::Conflict, message))
    }
}

/// What the vendor says instead of a code.
fn refused(error: &str) -> Failure {
    let word = error.len() <= 40 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let message = match error {
        "access_denied" => "The consent was not given. Reconnect the ERP to start again.".to_owned(),
        known if word => {
            format!("There is no consent: {known}. Check the app's settings at the vendor, and reconnect the ERP.")
        }
        _ => "There is no consent. Reconnect the ERP to start again.".to_owned(),
    };
    Failure::new(StatusCode::BAD_REQUEST, ErrorCode::SourceAuthFailed, message)
}

/// The settings that came back with the code. What an operator has set is not changed by somebody else's choice.
fn chosen(asked: &Asked, returned: &Returned) -> Result<BTreeMap<String, String>, Failure> {
    let mut chosen = BTreeMap::new();
    for (parameter, key) in asked.oauth.callback {
        let Some(def) = asked.system.settings.iter().find(|def| def.key == *key) else { continue };
        let label = def.label;
        let Some(value) = returned.one(parameter) else {
            return Err(Failure::input(format!(
                "The address does not tell the {label}. Reconnect the ERP to start again."
            )));
        };
        if !check(std::slice::from_ref(def), [(*key, value)]).is_empty() {
            return Err(Failure::input(format!(
                "The {label} in the address is none. Reconnect the ERP to start again."
            )));
        }
        match asked.settings.get(key) {
            Some(set) if set != value => {
                let message = format!(
                    "The consent is for another company than the settings name: {label} {value} instead of {set}. Choose that \
                     company, or change the setting {key}, and reconnect the ERP."
                );
                return Err(Failure::new(StatusCode::CONFLICT, ErrorCode::Conflict, message));
            }
            None if asked.row.of_file => {
                let message = format!(
                    "The configuration file defines this ERP: write {key} = \"{value}\" into its settings there, and reconnect \
                     the ERP."
                );
                return Err(Failure::new(StatusCode::CONFLICT, ErrorCode::BadUserInput, message));
            }
            _ => {}
        }
        chosen.insert((*key).to_owned(), value.to_owned());
    }
    Ok(chosen)
}
