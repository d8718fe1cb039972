//! The consent of a person, by OAuth 2: where they are sent, and what is done when they come back.

pub(crate) mod callback;
mod page;
mod revocation;

use crate::{
    audit::Audit,
    erps::{ErpKeeper, ErpRegistry, health::Health},
    store::{ConsentState, ErpRow, Store, StoreError},
};
use adapters::{
    Error, ErrorKind,
    catalog::{self, System},
    model::ErpId,
    oauth::{App, OAuthDef},
    settings::Settings,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, TimeDelta, Utc};
use schema::ports::Caller;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// Where vendors send people back to, below the gateway's public address.
pub(crate) const CALLBACK: &str = "/oauth/callback";

/// How long somebody has for a consent.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// Lets people consent that the gateway reads an ERP.
pub(crate) struct Consents {
    pub(crate) registry: Arc<ErpRegistry>,
    pub(crate) keeper: Arc<ErpKeeper>,
    pub(crate) health: Arc<Health>,
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    /// Where people come back to; none until the gateway knows its own address.
    pub(crate) redirect: RwLock<Option<Url>>,
    pub(crate) allow_link_local: bool,
}

/// Why there is no consent to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsentError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings cannot be used, or the system's vendor refuses.
    #[error(transparent)]
    Erp(#[from] Error),
}

/// An ERP that a person may let the gateway into.
struct Asked {
    row: ErpRow,
    system: &'static System,
    oauth: &'static OAuthDef,
    settings: Settings,
    app: App,
}

impl Consents {
    /// Notes where people reach the gateway.
    pub(crate) fn reached_at(&self, public: &Url) {
        let mut redirect = public.clone();
        let path = format!("{}{CALLBACK}", public.path().trim_end_matches('/'));
        redirect.set_path(&path);
        *self.redirect.write().unwrap_or_else(PoisonError::into_inner) = Some(redirect);
    }

    fn redirect(&self) -> Result<Url, Error> {
        let redirect = self.redirect.read().unwrap_or_else(PoisonError::into_inner).clone();
        redirect.ok_or_else(|| Error::new(ErrorKind::Unavailable, "The gateway has not started yet."))
    }

    /// Where a person consents that the gateway reads an ERP; none where its system wants no consent. Good once, for ten
    /// minutes.
    ///
    /// # Errors
    /// Where the store fails, and where the settings are wrong.
    pub(crate) async fn authorization_url(&self, caller: &Caller, erp: &ErpId) -> Result<Option<Url>, ConsentError> {
        let Some(asked) = self.asked(erp).await? else { return Ok(None) };
        let (state, verifier) = (token()?, if asked.oauth.pkce { Some(token()?) } else { None });
        let challenge = verifier.as_deref().map(challenge);
        let url = asked.app.authorization_url(&asked.settings, &self.redirect()?, &state, challenge.as_deref())?;
        let now = (self.registry.clock)();
        let consent = ConsentState {
            erp: erp.clone(),
            verifier: verifier.map(SecretString::from),
            subject: caller.who.subject.clone(),
            expires_at: now + PATIENCE,
        };
        self.store.add_consent(&state_id(&state), &consent, now).await?;
        Ok(Some(url))
    }

    /// An ERP with its app, if its system wants a consent.
    async fn asked(&self, erp: &ErpId) -> Result<Option<Asked>, ConsentError> {
        let Some(row) = self.store.erp(erp).await?.filter(|row| row.disconnected_at.is_none()) else { return Ok(None) };
        let system = catalog::find(&row.system)?;
        let Some(oauth) = system.oauth else { return Ok(None) };
        let settings = Settings::new(system.settings, self.keeper.settings(&row))?;
        let app = App::new(oauth, &settings)?;
        Ok(Some(Asked { row, system, oauth, settings, app }))
    }

    fn now(&self) -> DateTime<Utc> {
        (self.registry.clock)()
    }
}

/// A text that nobody guesses: 256 bits.
fn token() -> Result<String, StoreError> {
    crate::sealing::random::<32>().map(|bytes| BASE64.encode(bytes)).map_err(StoreError::Unusable)
}

/// What a verifier is proven by (RFC 7636, S256).
fn challenge(verifier: &str) -> String {
    BASE64.encode(Sha256::digest(verifier))
}

/// What a state parameter is stored as: whoever reads the store cannot bring it.
fn state_id(state: &str) -> String {
    Sha256::digest(state).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let (one, other) = (token().expect("random"), token().expect("random"));
        assert!(one.len() == 43 && one != other);
        assert!(!state_id(&one).contains(&one) && state_id(&one) != state_id(&other));
    }
}
