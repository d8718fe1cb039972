//! The page of consent, and the token endpoint: codes that are good once, refresh tokens that are replaced at each use.
//!
//! By Intuit's page "Set up OAuth 2.0": the page takes `client_id`, `scope`, `redirect_uri`, `response_type` and `state`, and
//! returns to the address with `code`, `state` and `realmId`; an app, an address or a scope that Intuit does not know is told
//! on the page itself, without returning. How long a code is good is not documented: ten minutes are assumed, which RFC 6749
//! recommends as the most.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, LOCATION},
    },
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;

use super::Options;
use crate::{Lifetime, Simulator};

/// What is good for tokens.
#[derive(Debug)]
pub(super) struct Grants(Mutex<Good>);

#[derive(Debug)]
struct Good {
    /// The refresh tokens.
    refresh: HashMap<String, Refresh>,
    /// The codes, with the address that they were sent to, and until when.
    codes: HashMap<String, (String, DateTime<Utc>)>,
}

#[derive(Debug)]
struct Refresh {
    /// How long it is good.
    until: DateTime<Utc>,
    /// The access token that came with it.
    access: Option<String>,
}

/// What somebody is asked to consent to.
#[derive(Deserialize)]
pub(super) struct Consent {
    client_id: Option<String>,
    response_type: Option<String>,
    scope: Option<String>,
    redirect_uri: Option<String>,
    state: Option<String>,
}

/// The scope of the accounting API.
const ACCOUNTING: &str = "com.intuit.quickbooks.accounting";

/// How long a code is good.
const CODE: Duration = Duration::from_secs(600);

/// The body of a request that gives a token back.
#[derive(Deserialize)]
pub(super) struct Revocation {
    token: String,
}

/// The body of a request.
#[derive(Deserialize)]
pub(super) struct Grant {
    grant_type: Option<String>,
    refresh_token: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
}

impl Grants {
    /// Only the refresh token that the options name.
    pub(super) fn new(options: &Options, now: DateTime<Utc>) -> Self {
        let first = Refresh { until: after(now, options.refresh_token_lifetime), access: None };
        let first = (options.refresh_token.clone(), first);
        Self(Mutex::new(Good { refresh: HashMap::from([first]), codes: HashMap::new() }))
    }

    fn good(&self) -> MutexGuard<'_, Good> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page on which an administrator of the company consents; this one does so at once.
    pub(super) fn consent(&self, simulator: &Simulator, asked: &Consent) -> Response {
        let options = &simulator.options().quickbooks;
        simulator.count("consent");
        let page = |why: &str| (StatusCode::BAD_REQUEST, Html(format!("<h1>Sorry</h1><p>{why}</p>"))).into_response();
        if asked.client_id.as_ref() != Some(&options.client_id) {
            return page("The app is not known.");
        }
        let Some(redirect) = asked.redirect_uri.as_deref().filter(|uri| options.redirects_to(uri)) else {
            return page(
                "The redirect_uri query parameter value is invalid. Make sure it is listed in the Redirect URIs.",
            );
        };
        if asked.response_type.as_deref() != Some("code") {
            return page("The response_type query parameter value is invalid.");
        }
        let scopes = asked.scope.as_deref().unwrap_or_default().split_whitespace();
        if scopes.clone().next().is_none() || scopes.into_iter().any(|scope| scope != ACCOUNTING) {
            return page("The scope query parameter value is invalid.");
        }
        let Some(state) = asked.state.as_deref().filter(|state| !state.is_empty()) else {
            return page("The state query parameter is missing.");
        };
        let code = format!("XAB1{}", simulator.token(46));
        self.good().codes.insert(code.clone(), (redirect.to_owned(), after(simulator.now(), CODE)));
        let separator = if redirect.contains('?') { '&' } else { '?' };
        let state: String = form_urlencoded(state);
        let to = format!("{redirect}{separator}code={code}&state={state}&realmId={}", options.realm);
        (StatusCode::FOUND, [(LOCATION, to)]).into_response()
    }

    /// Takes a token back, of either kind, and its other half with it. The answers have no body: not that of success
    /// (intuit/QuickBooks-V3-Java-SDK#35), nor the 400 for a token that is good no longer (intuit/oauth-jsclient#18, #71).
    pub(super) fn revoke(&self, simulator: &Simulator, headers: &HeaderMap, revocation: &Revocation) -> Response {
        simulator.count("revoke");
        if !is_app(&simulator.options().quickbooks, headers) {
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", None);
        }
        let (token, now) = (&revocation.token, simulator.now());
        let mut good = self.good();
        good.refresh.retain(|_, refresh| refresh.until > now);
        let is_it = |(refresh, of): (&String, &Refresh)| {
            (refresh == token || of.access.as_ref() == Some(token)).then(|| refresh.clone())
        };
        let Some(Refresh { access, .. }) = good.refresh.iter().find_map(is_it).and_then(|it| good.refresh.remove(&it))
        else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        access.iter().for_each(|access| {
            simulator.sessions().close(access);
        });
        StatusCode::OK.into_response()
    }

    /// Answers a request for tokens.
    pub(super) fn answer(&self, simulator: &Simulator, headers: &HeaderMap, grant: &Grant) -> Response {
        let options = &simulator.options().quickbooks;
        let by_code = grant.grant_type.as_deref() == Some("authorization_code");
        simulator.count(if by_code { "exchange" } else { "refresh" });
        if !is_app(options, headers) {
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", None);
        }
        let now = simulator.now();
        let mut good = self.good();
        good.refresh.retain(|_, refresh| refresh.until > now);
        good.codes.retain(|_, (_, until)| *until > now);
        let missing = || refuse(StatusCode::BAD_REQUEST, "invalid_request", None);
        match grant.grant_type.as_deref() {
            Some("refresh_token") => {
                let Some(old) = &grant.refresh_token else { return missing() };
                let Some(Refresh { until, .. }) = good.refresh.get_mut(old) else {
                    return refuse(StatusCode::BAD_REQUEST, "invalid_grant", Some("Incorrect Token type or clientID"));
                };
                *until = (*until).min(after(now, options.previous_refresh_token_grace));
            }
            Some("authorization_code") => {
                let (Some(code), Some(redirect)) = (&grant.code, &grant.redirect_uri) else { return missing() };
                match good.codes.remove(code) {
                    Some((sent_to, _)) if sent_to == *redirect => {}
                    _ => return refuse(StatusCode::BAD_REQUEST, "invalid_grant", Some("Invalid authorization code")),
                }
            }
            Some(_) => return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", None),
            None => return missing(),
        }
        let expires = after(now, options.refresh_token_lifetime);
        let refresh = format!("RT1-{}-H0-{}{}", simulator.token(2), expires.timestamp(), simulator.token(20));
        let access = format!("eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0..{}", simulator.token(64));
        good.refresh.insert(refresh.clone(), Refresh { until: expires, access: Some(access.clone()) });
        drop(good);
        simulator.sessions().open(&access, &options.realm, Lifetime::Fixed(options.access_token_lifetime), now);
        let body = json!({
            "token_type": "bearer",
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": options.access_token_lifetime.as_secs(),
            "x_refresh_token_expires_in": options.refresh_token_lifetime.as_secs(),
        });
        Json(body).into_response()
    }
}

/// Whether a request carries the app's id and secret.
fn is_app(options: &Options, headers: &HeaderMap) -> bool {
    let basic = STANDARD.encode(format!("{}:{}", options.client_id, options.client_secret));
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    sent.split_once(' ')
        .is_some_and(|(scheme, credentials)| scheme.eq_ignore_ascii_case("basic") && credentials == basic)
}

/// A text as it stands in a query: whatever is not a letter or a digit is escaped.
fn form_urlencoded(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    escaped.collect()
}

fn after(now: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX / 4)
}

fn refuse(status: StatusCode, error: &str, description: Option<&str>) -> Response {
    let mut body = json!({ "error": error });
    if let Some(description) = description {
        body["error_description"] = description.into();
    }
    (status, Json(body)).into_response()
}
