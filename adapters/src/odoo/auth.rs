//! How Odoo knows its caller: by the cookie of a session, or by user and secret in each call of the external RPC.

use super::{
    settings::{Config, Credential, Transport},
    wire,
};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
    http::{Auth, Cookies, Http, Request, Response, Signed},
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The cookie of a log-in with the password.
pub(super) struct SessionAuth {
    config: Arc<Config>,
    cookies: Mutex<Cookies>,
}

impl SessionAuth {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self { config, cookies: Mutex::default() }
    }
}

#[async_trait]
impl Auth for SessionAuth {
    fn sign(&self, _: &Ctx, request: &mut Request) -> Result<Signed> {
        let cookies = lock(&self.cookies);
        if cookies.is_empty() {
            return Ok(Signed::NeedsLogIn);
        }
        cookies.put(request)?;
        Ok(Signed::Yes)
    }

    async fn log_in(&self, ctx: &Ctx, http: &dyn Http) -> Result<()> {
        let (database, login) = self.config.account()?;
        let params =
            json!({ "db": database, "login": login, "password": self.config.credential.secret().expose_secret() });
        // Without the header X-Odoo-Database: with it 19 takes the request for a stateless one and sends no cookie.
        let response =
            http.send(ctx, wire::route(&self.config, "/web/session/authenticate", "log_in", &params)?).await?;
        let answer: Value = wire::returned(wire::result(Transport::Session, &response)?)?;
        if answer["uid"].as_i64().is_none() {
            let message = "The Odoo user has two-factor authentication: use an API key.";
            return Err(Error::new(ErrorKind::Unauthorized, message));
        }
        let mut cookies = Cookies::default();
        cookies.take(&response);
        if cookies.is_empty() {
            return Err(Error::bad_response("Odoo accepted the log-in but set no cookie."));
        }
        *lock(&self.cookies) = cookies;
        Ok(())
    }

    /// 19 gives the session a new id every few hours, and accepts the old one for two minutes more.
    fn observe(&self, response: &Response) {
        lock(&self.cookies).take(response);
    }
}

/// The number of the user, who proves himself by password or API key in each call.
pub(super) struct RpcAuth {
    config: Arc<Config>,
    uid: Mutex<Option<i64>>,
}

impl RpcAuth {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self { config, uid: Mutex::default() }
    }

    fn secret(&self) -> &SecretString {
        self.config.credential.secret()
    }
}

#[async_trait]
impl Auth for RpcAuth {
    fn sign(&self, _: &Ctx, request: &mut Request) -> Result<Signed> {
        let Some(uid) = *lock(&self.uid) else { return Ok(Signed::NeedsLogIn) };
        let inner = request.body.take().unwrap_or_default();
        let (database, _) = self.config.account()?;
        request.body = Some(wire::execute_kw(&inner, database, uid, self.secret().expose_secret())?.into());
        Ok(Signed::Yes)
    }

    async fn log_in(&self, ctx: &Ctx, http: &dyn Http) -> Result<()> {
        let (database, login) = self.config.account()?;
        let request = wire::authenticate(&self.config, database, login, self.secret().expose_secret())?;
        let response = http.send(ctx, request).await?;
        let answer: Value = wire::returned(wire::result(Transport::JsonRpc, &response)?)?;
        // Wrong credentials are no error here but `false`.
        let Some(uid) = answer.as_i64() else {
            let what = match self.config.credential {
                Credential::ApiKey(_) => "Odoo does not know this login with this API key.",
                Credential::Password(_) => "Odoo does not know this login with this password.",
            };
            return Err(Error::new(ErrorKind::Unauthorized, what));
        };
        *lock(&self.uid) = Some(uid);
        Ok(())
    }
}
