//! Access tokens that are renewed with refresh tokens that change: the newest one is stored before the access token that came
//! with it is used, and of all gateways that keep tokens in one place only one renews at a time.

use super::App;
use crate::{
    adapter::{Ctx, Info},
    error::{Error, ErrorKind, Result},
    http::{Auth, Http, Request, Signed},
    tokens::{Lease, TokenStore, Tokens},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// An access token is renewed so long before its end.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// How often whoever waits for another gateway's new tokens looks for them.
const LOOK: Duration = Duration::from_millis(100);

/// After these waits the store is read again before a refresh token counts as dead: a gateway whose lease ran out may have been
/// faster, and its new token on the way to the store.
const READ_AGAIN: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500)];

/// The tokens of one ERP.
pub(crate) struct RotatingTokens {
    info: Info,
    app: App,
    /// The refresh token that the operator entered, if there is one: the first one, and the last resort.
    entered: Option<SecretString>,
    store: Arc<dyn TokenStore>,
    held: Mutex<Held>,
}

/// What this process knows of the tokens.
#[derive(Default)]
struct Held {
    /// What requests are signed with.
    current: Option<Tokens>,
    /// New tokens that the store has not taken yet: never used, never forgotten.
    unsaved: Option<Tokens>,
}

impl RotatingTokens {
    pub(crate) fn new(info: Info, app: App, entered: Option<SecretString>, store: Arc<dyn TokenStore>) -> Self {
        Self { info, app, entered, store, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores tokens, and only then lets requests use them.
    async fn keep(&self, tokens: Tokens) -> Result<()> {
        self.held().unsaved = Some(tokens.clone());
        self.store.save(&self.info.erp, &tokens).await?;
        self.hold(tokens);
        Ok(())
    }

    fn hold(&self, tokens: Tokens) {
        *self.held() = Held { current: Some(tokens), unsaved: None };
    }

    /// Takes tokens from the store that are good and not those that this process had already.
    async fn take_stored(&self, ctx: &Ctx, current: Option<&Tokens>) -> Result<Stored> {
        let Some(stored) = self.store.load(&self.info.erp).await? else { return Ok(Stored::None) };
        let is_news = current.is_none_or(|current| !same(&current.access, &stored.access));
        if is_news && is_fresh(&stored, ctx.now) {
            self.hold(stored);
            return Ok(Stored::Taken);
        }
        Ok(Stored::Spent(stored.refresh))
    }

    /// The right to renew; none if somebody else has renewed meanwhile, and this process has taken their tokens.
    async fn lease(&self, ctx: &Ctx, current: Option<&Tokens>) -> Result<Option<Lease>> {
        loop {
            if let Some(lease) = self.store.lease(&self.info.erp).await? {
                return Ok(Some(lease));
            }
            // Ends with the log-in's own deadline.
            tokio::time::sleep(LOOK).await;
            if matches!(self.take_stored(ctx, current).await?, Stored::Taken) {
                return Ok(None);
            }
        }
    }

    /// Whether a refresh token, unless it is known to be dead, has bought new tokens. One that is refused is dead.
    async fn renewed_by(
        &self,
        ctx: &Ctx,
        http: &dyn Http,
        refresh: SecretString,
        dead: &mut Vec<(SecretString, Error)>,
    ) -> Result<bool> {
        if dead.iter().any(|(one, _)| same(one, &refresh)) {
            return Ok(false);
        }
        match self.app.renew(ctx, &self.info, http, &refresh).await {
            Ok(tokens) => self.keep(tokens).await.map(|()| true),
            Err(error) if error.kind == ErrorKind::Unauthorized => {
                dead.push((refresh, error));
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

enum Stored {
    None,
    Taken,
    /// The refresh token beside an access token that is no use.
    Spent(SecretString),
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
        if matches!(self.take_stored(ctx, current.as_ref()).await?, Stored::Taken) {
            return Ok(());
        }
        let Some(_lease) = self.lease(ctx, current.as_ref()).await? else { return Ok(()) };
        let mut dead = Vec::new();
        for wait in READ_AGAIN {
            tokio::time::sleep(wait).await;
            let refresh = match self.take_stored(ctx, current.as_ref()).await? {
                Stored::None => break,
                Stored::Taken => return Ok(()),
                Stored::Spent(refresh) => refresh,
            };
            if self.renewed_by(ctx, http, refresh, &mut dead).await? {
                return Ok(());
            }
        }
        // The operator may have connected the company anew since the store was written.
        for refresh in current.into_iter().map(|c| c.refresh).chain(self.entered.clone()) {
            if self.renewed_by(ctx, http, refresh, &mut dead).await? {
                return Ok(());
            }
        }
        Err(dead.pop().map_or_else(no_consent, |(_, why)| why))
    }
}

/// Nobody has let the gateway in yet.
pub(crate) fn no_consent() -> Error {
    Error::new(
        ErrorKind::Unauthorized,
        "Nobody has consented yet that the gateway reads this company: connect or reconnect the ERP, and open the address that this returns.",
    )
}
