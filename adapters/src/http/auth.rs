//! Signs requests; where the ERP says that the session is over, logs in once for all callers and replays once.

use super::{BoxHttp, Http, Request, Response, session::Session};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderName, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// Whether a request carries credentials now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// It does.
    Yes,
    /// There is no session yet, or it is known to be over: log in first.
    NeedsLogIn,
}

/// How an ERP knows its callers. It holds the session itself (cookies, tokens) behind its own lock; when to log in, and that
/// only one does, is the stack's business.
///
/// One value serves all stacks of a [`HostState`](super::HostState).
#[async_trait]
pub trait Auth: Send + Sync + 'static {
    /// Puts the current credentials on a request. Must not wait: `ctx.now` tells whether a token is about to expire.
    fn sign(&self, ctx: &Ctx, request: &mut Request) -> Result<Signed>;

    /// Gets a new session and keeps it. Never runs twice at a time, and is not cancelled when its caller is: a rotating refresh
    /// token is not lost. `http` classifies and meters but neither signs nor waits for the quota; `ctx.deadline` is the
    /// log-in's own.
    ///
    /// A refusal (`Unauthorized`, `Rejected`, `Forbidden` and the like) becomes `Unauthorized` for all who wait and is remembered
    /// for a while, so that a wrong password does not lock the account; changed credentials must come as a new `HostState`.
    /// An ERP that does not answer is not remembered.
    async fn log_in(&self, ctx: &Ctx, http: &dyn Http) -> Result<()>;

    /// Takes what an answer says about the session, such as a rolled cookie. Called only for successful answers to requests
    /// that the current session signed.
    fn observe(&self, response: &Response) {
        let _ = response;
    }

    /// Whether there is a log-in at all. If not, a 401 is final.
    fn can_log_in(&self) -> bool {
        true
    }
}

/// No credentials, or credentials that the adapter puts into each body.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAuth;

#[async_trait]
impl Auth for NoAuth {
    fn sign(&self, _: &Ctx, _: &mut Request) -> Result<Signed> {
        Ok(Signed::Yes)
    }

    async fn log_in(&self, _: &Ctx, _: &dyn Http) -> Result<()> {
        Err(refused())
    }

    fn can_log_in(&self) -> bool {
        false
    }
}

/// One secret header for ever: an API key, a personal token, Basic.
pub struct StaticAuth {
    name: HeaderName,
    value: SecretString,
}

impl StaticAuth {
    /// A header of the ERP's own.
    pub fn header(name: HeaderName, value: SecretString) -> Self {
        Self { name, value }
    }

    /// `Authorization: Bearer`.
    pub fn bearer(token: &SecretString) -> Self {
        Self { name: AUTHORIZATION, value: format!("Bearer {}", token.expose_secret()).into() }
    }

    /// `Authorization: Basic`.
    pub fn basic(user: &str, password: &SecretString) -> Self {
        let pair = BASE64.encode(format!("{user}:{}", password.expose_secret()));
        Self { name: AUTHORIZATION, value: format!("Basic {pair}").into() }
    }
}

#[async_trait]
impl Auth for StaticAuth {
    fn sign(&self, _: &Ctx, request: &mut Request) -> Result<Signed> {
        request.set_secret(self.name.clone(), &self.value)?;
        Ok(Signed::Yes)
    }

    async fn log_in(&self, _: &Ctx, _: &dyn Http) -> Result<()> {
        Err(refused())
    }

    fn can_log_in(&self) -> bool {
        false
    }
}

fn refused() -> Error {
    Error::new(ErrorKind::Unauthorized, "the ERP refused the credentials")
}

/// The layer.
pub(super) struct Authenticate {
    inner: BoxHttp,
    /// The same, for a request that the quota above did not count.
    replay: BoxHttp,
    login: BoxHttp,
    session: Arc<Session>,
}

impl Authenticate {
    pub(super) fn new(inner: BoxHttp, replay: BoxHttp, login: BoxHttp, session: Arc<Session>) -> Self {
        Self { inner, replay, login, session }
    }

    /// Signs and sends once.
    async fn exchange(&self, ctx: &Ctx, http: &BoxHttp, signed: Request, generation: u64) -> Result<Response> {
        let response = http.send(ctx, signed).await?;
        self.session.observe(generation, &response);
        Ok(response)
    }

    /// Logs in unless another caller has done so since `seen`, and signs the request anew.
    async fn renew(&self, ctx: &Ctx, request: &Request, seen: u64) -> Result<(Request, u64)> {
        self.session.renew(ctx, seen, &self.login).await?;
        match self.session.sign(ctx, request)? {
            (Signed::Yes, signed, generation) => Ok((signed, generation)),
            (Signed::NeedsLogIn, ..) => Err(Error::new(
                ErrorKind::Unauthorized,
                "the ERP accepted the log-in but gave no session that can be used",
            )),
        }
    }
}

#[async_trait]
impl Http for Authenticate {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        let operation = request.operation;
        let (signed, generation) = match self.session.sign(ctx, &request)? {
            (Signed::Yes, signed, generation) => (signed, generation),
            (Signed::NeedsLogIn, _, seen) => {
                let (signed, generation) = self.renew(ctx, &request, seen).await?;
                // The session is new: if the ERP refuses now, another log-in will not change its mind.
                return self.exchange(ctx, &self.inner, signed, generation).await;
            }
        };
        let outcome = self.exchange(ctx, &self.inner, signed, generation).await;
        if !is_unauthorized(&outcome) || !self.session.may_renew(operation) {
            return outcome;
        }
        // The ERP refused before it did anything, so that also a request that is not idempotent may be sent again.
        let (signed, generation) = self.renew(ctx, &request, generation).await?;
        let outcome = self.exchange(ctx, &self.replay, signed, generation).await;
        if is_unauthorized(&outcome) {
            self.session.log_in_was_fruitless(operation);
        }
        outcome
    }
}

fn is_unauthorized(outcome: &Result<Response>) -> bool {
    matches!(outcome, Err(e) if e.kind == ErrorKind::Unauthorized)
}
