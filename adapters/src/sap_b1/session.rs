//! The session with the Service Layer: a pair of cookies that a log-in gives and half an hour without use ends.

use super::config::Config;
use crate::{
    adapter::Ctx,
    error::{Error, Result},
    http::{Auth, Cookies, Http, Request, Response, Signed},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::Mutex as Turn;
use url::Url;

/// The label of log-in requests.
pub(super) const LOGIN: &str = "login";

const SESSION_COOKIE: &str = "B1SESSION";

/// What the service says where it does not say how long a session lasts without use.
const DEFAULT_MINUTES: i64 = 30;

pub(super) struct Login {
    url: Url,
    company_db: String,
    username: String,
    password: SecretString,
    turn: Arc<Turn<()>>,
    session: Mutex<Session>,
}

#[derive(Default)]
struct Session {
    /// `B1SESSION` is the session; `ROUTEID` leads to the node that holds it.
    cookies: Cookies,
    /// How long it lasts without use.
    lasts: TimeDelta,
    used: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials<'a> {
    #[serde(rename = "CompanyDB")]
    company_db: &'a str,
    user_name: &'a str,
    password: &'a str,
}

/// The answer to a log-in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LoggedIn {
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    session_timeout: Option<i64>,
}

impl Login {
    pub(super) fn new(config: &Config) -> Result<Self> {
        let url = config
            .root
            .join("Login")
            .map_err(|e| Error::invalid("the address of the log-in").with_detail(e.to_string()))?;
        Ok(Self {
            turn: turn(&url.origin().ascii_serialization()),
            url,
            company_db: config.company_db.clone(),
            username: config.username.clone(),
            password: config.password.clone(),
            session: Mutex::default(),
        })
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Auth for Login {
    fn sign(&self, ctx: &Ctx, request: &mut Request) -> Result<Signed> {
        let mut session = self.session();
        // A minute early: clocks differ, and an expired session costs an exchange to find out.
        let over = ctx.now.signed_duration_since(session.used) >= session.lasts - TimeDelta::minutes(1);
        if over || session.cookies.get(SESSION_COOKIE).is_none() {
            return Ok(Signed::NeedsLogIn);
        }
        session.used = session.used.max(ctx.now);
        session.cookies.put(request)?;
        Ok(Signed::Yes)
    }

    async fn log_in(&self, ctx: &Ctx, http: &dyn Http) -> Result<()> {
        let credentials = Credentials {
            company_db: &self.company_db,
            user_name: &self.username,
            password: self.password.expose_secret(),
        };
        let request = Request::post_json(self.url.clone(), LOGIN, &credentials)?;
        let _turn = self.turn.lock().await;
        let response = http.send(ctx, request).await?;
        let answer: LoggedIn = response.json()?;
        let mut cookies = Cookies::default();
        cookies.take(&response);
        if cookies.get(SESSION_COOKIE).is_none() {
            return Err(Error::bad_response("SAP Business One accepted the log-in but set no session cookie"));
        }
        let minutes = answer.session_timeout.filter(|minutes| *minutes > 1).unwrap_or(DEFAULT_MINUTES);
        *self.session() = Session { cookies, lasts: TimeDelta::minutes(minutes), used: ctx.now };
        Ok(())
    }

    fn observe(&self, response: &Response) {
        self.session().cookies.take(response);
    }
}

/// Log-ins to one server wait for each other, whatever company and user they are for: some of several at a time are refused
/// with HTTP 500, code 299 (seen with eight, Service Layer 1000340).
fn turn(server: &str) -> Arc<Turn<()>> {
    static TURNS: Mutex<Option<HashMap<String, Weak<Turn<()>>>>> = Mutex::new(None);
    let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    let turns = turns.get_or_insert_default();
    if let Some(turn) = turns.get(server).and_then(Weak::upgrade) {
        return turn;
    }
    turns.retain(|_, turn| turn.strong_count() > 0);
    let turn = Arc::default();
    turns.insert(server.to_owned(), Arc::downgrade(&turn));
    turn
}
