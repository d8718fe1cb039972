//! Tries settings before they are stored.

use super::{
    connected::SettingsPrint,
    health::{Probed, probe},
};
use adapters::{
    Error, ErrorKind,
    catalog::{self, Services, System},
    http::Hosts,
    model::ErpId,
    tokens::{MemoryTokens, TokenStore, Tokens},
};
use chrono::{DateTime, Utc};
use moka::future::Cache;
use schema::ports::UserError;
use std::{sync::Arc, time::Duration};

/// What settings that are tried are called in the log: they have no id yet.
const TRIAL: &str = "trial";
/// How long tokens that a trial bought wait for the settings to be stored.
const TOKENS: Duration = Duration::from_secs(10 * 60);

/// Tries settings. Nothing that a trial finds out or breaks touches the connected ERPs: it has sessions and breakers of its own.
pub(super) struct Trials {
    services: Services,
    /// Refresh tokens may be good for one use: what a trial bought with one is kept for whoever tries or stores the same settings
    /// next.
    bought: Cache<SettingsPrint, Arc<MemoryTokens>>,
}

/// Where the tokens of a trial are.
pub(super) enum TokensOf<'a> {
    /// With those of the connected ERP: its secrets are the same.
    Connected(&'a ErpId),
    /// Nowhere but here, by a fingerprint of the settings: they have secrets of their own.
    Settings(SettingsPrint),
}

/// What came of a trial.
pub(super) struct Tried {
    pub(super) probed: Probed,
    /// The tokens that it bought with the entered secrets.
    pub(super) tokens: Option<Tokens>,
}

impl Trials {
    pub(super) fn new(services: Services) -> Self {
        Self { services, bought: Cache::builder().max_capacity(100).time_to_live(TOKENS).build() }
    }

    /// Connects with settings and asks whether they work.
    ///
    /// # Errors
    /// Where no adapter can be made of them.
    pub(super) async fn run(
        &self,
        system: &'static System,
        settings: Vec<(String, String)>,
        tokens: TokensOf<'_>,
        now: DateTime<Utc>,
    ) -> Result<Tried, UserError> {
        let (id, bought) = match tokens {
            TokensOf::Connected(id) => (id.clone(), None),
            TokensOf::Settings(print) => {
                (TRIAL.into(), Some(self.bought.get_with(print, async { Arc::default() }).await))
            }
        };
        let tokens = bought.clone().map_or_else(|| Arc::clone(&self.services.tokens), |bought| bought as _);
        let services = Services { hosts: Arc::new(Hosts::default()), tokens, ..self.services.clone() };
        let adapter = catalog::build(system.key, &id, settings, &services)
            .map_err(|error| UserError::bad_input(["settings"], sentence(&error.message)))?;
        let probed = probe(&*adapter, now).await;
        let tokens = match bought {
            Some(bought) => bought.load(&id).await.unwrap_or_default(),
            None => None,
        };
        Ok(Tried { probed, tokens })
    }
}

/// Why an ERP does not work, and what helps.
pub(super) fn advice(error: &Error) -> String {
    let what = sentence(&error.message);
    // Who knows better what helps has said so, and whose certificate is wrong can be reached.
    if ["check ", "certificate"].iter().any(|said| what.to_lowercase().contains(said)) {
        return what;
    }
    let help = match error.kind {
        ErrorKind::Unauthorized => "Check the user and the password or key in the settings.",
        ErrorKind::Forbidden => "Give the ERP's user this right, or connect with another user.",
        ErrorKind::Timeout | ErrorKind::Unavailable => {
            "Check the address in the settings, and that it can be reached from where the gateway runs."
        }
        ErrorKind::BadResponse => "Check the address in the settings: something else may answer there.",
        ErrorKind::RateLimited => "Try again a little later.",
        _ => return what,
    };
    format!("{what} {help}")
}

/// A message as a sentence of its own. A name or an address that it begins with stays as it is.
fn sentence(message: &str) -> String {
    let message = message.trim();
    let end = if message.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    let mut chars = message.chars();
    match (message.split(' ').next(), chars.next()) {
        (Some(word), Some(first)) if !word.contains(['.', ':']) => {
            format!("{}{}{end}", first.to_uppercase(), chars.as_str())
        }
        _ => format!("{message}{end}"),
    }
}
