//! OAuth 2 with refresh tokens that change: the newest one is stored before the access token that came with it is used.

use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
    http::{Auth, Http, Request, Signed},
    model::ErpId,
    tokens::{TokenStore, Tokens},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use url::Url;

/// The operation of requests to the token endpoint.
pub(super) const TOKEN: &str = "token";

/// An access token is renewed so long before its end.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// After these waits the store is read again before a refresh token counts as dead: another gateway may have been faster,
/// and its new token on the way to the store.
const READ_AGAIN: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500)];

/// The tokens of one company.
pub(super) struct RotatingTokens {
    pub(super) erp: ErpId,
    pub(super) token_url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    /// The refresh token that the operator entered: the first one, and the last resort.
    pub(super) entered: SecretString,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) held: Mutex<Held>,
}

/// What this process knows of the tokens.
#[derive(Default)]
pub(super) struct Held {
    /// What requests are signed with.
    current: Option<Tokens>,
    /// New tokens that the store has not taken yet: never used, never forgotten.
    unsaved: Option<Tokens>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: Option<u32>,
    x_refresh_token_hard_expires_in: Option<u64>,
}

impl RotatingTokens {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores tokens, and only then lets requests use them.
    async fn keep(&self, tokens: Tokens) -> Result<()> {
        self.held().unsaved = Some(tokens.clone());
        self.store.save(&self.erp, &tokens).await?;
        *self.held() = Held { current: Some(tokens), unsaved: None };
        Ok(())
    }

    /// Buys new tokens. `Unauthorized` means that the refresh token is not good any more.
    async fn buy(&self, ctx: &Ctx, http: &dyn Http, refresh: &SecretString) -> Result<Tokens> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let mut request = Request::post_form(self.token_url.clone(), TOKEN, &form);
        request.set_basic(&self.client_id, &self.client_secret)?;
        let response = http.send(ctx, request).await?;
        // The reason is left out: it may quote the answer.
        let granted: Granted = serde_json::from_slice(&response.body)
            .map_err(|_| Error::bad_response("The answer of Intuit's token service is not what OAuth promises."))?;
        if let Some(left) = granted.x_refresh_token_hard_expires_in.filter(|left| *left < 30 * 24 * 60 * 60) {
            let days = left / (24 * 60 * 60);
            tracing::warn!(erp.id = %self.erp, days, "the connection to QuickBooks ends soon: connect the company again");
        }
        let lifetime = TimeDelta::seconds(granted.expires_in.unwrap_or(3600).into());
        Ok(Tokens {
            access: granted.access_token.into(),
            access_expires_at: ctx.now + lifetime,
            refresh: granted.refresh_token.map_or_else(|| refresh.clone(), SecretString::from),
        })
    }
}

fn is_fresh(tokens: &Tokens, now: DateTime<Utc>) -> bool {
    now + MARGIN < tokens.access_expires_at
}

fn same(a: &SecretString, b: &SecretString) -> bool {
    a.expose_secret() == b.expose_secret()
}

#[async_trait]
impl Auth for RotatingTokens {
    fn sign(&self, ctx: &Ctx, request: &mut Request) -> Result<Signed> {
        match &self.held().current {
            Some(tokens) if is_fresh(tokens, ctx.now) => {
                request.set_bearer(&tokens.access)?;
                Ok(Signed::Yes)
            }
            _ => Ok(Signed::NeedsLogIn),
        }
    }

    async fn log_in(&self, ctx: &Ctx, http: &dyn Http) -> Result<()> {
        let (current, unsaved) = {
            let held = self.held();
            (held.current.clone(), held.unsaved.clone())
        };
        if let Some(tokens) = unsaved {
            let fresh = is_fresh(&tokens, ctx.now);
            self.keep(tokens).await?;
            if fresh {
                return Ok(());
            }
        }
        let mut tried: Vec<SecretString> = Vec::new();
        let mut dead = None;
        for wait in READ_AGAIN {
            tokio::time::sleep(wait).await;
            let Some(stored) = self.store.load(&self.erp).await? else { break };
            let is_news = current.as_ref().is_none_or(|current| !same(&current.access, &stored.access));
            if is_news && is_fresh(&stored, ctx.now) {
                *self.held() = Held { current: Some(stored), unsaved: None };
                return Ok(());
            }
            if tried.iter().any(|t| same(t, &stored.refresh)) {
                continue;
            }
            match self.buy(ctx, http, &stored.refresh).await {
                Ok(tokens) => return self.keep(tokens).await,
                Err(error) if error.kind == ErrorKind::Unauthorized => dead = Some(error),
                Err(error) => return Err(error),
            }
            tried.push(stored.refresh);
        }
        // The operator may have connected the company anew since the store was written.
        for refresh in current.into_iter().map(|c| c.refresh).chain([self.entered.clone()]) {
            if tried.iter().any(|t| same(t, &refresh)) {
                continue;
            }
            match self.buy(ctx, http, &refresh).await {
                Ok(tokens) => return self.keep(tokens).await,
                Err(error) if error.kind == ErrorKind::Unauthorized => dead = Some(error),
                Err(error) => return Err(error),
            }
            tried.push(refresh);
        }
        Err(dead
            .unwrap_or_else(|| Error::new(ErrorKind::Unauthorized, "There is no refresh token: connect the company.")))
    }
}
