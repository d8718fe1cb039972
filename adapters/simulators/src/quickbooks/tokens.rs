//! The token endpoint: refresh tokens that are replaced at each use.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;

use super::Options;
use crate::{Lifetime, Simulator};

/// The refresh tokens that are good, and until when.
#[derive(Debug)]
pub(super) struct RefreshTokens(Mutex<HashMap<String, DateTime<Utc>>>);

/// The body of a request.
#[derive(Deserialize)]
pub(super) struct Grant {
    grant_type: Option<String>,
    refresh_token: Option<String>,
}

impl RefreshTokens {
    /// Only the one that the options name.
    pub(super) fn new(options: &Options, now: DateTime<Utc>) -> Self {
        let first = (options.refresh_token.clone(), after(now, options.refresh_token_lifetime));
        Self(Mutex::new(HashMap::from([first])))
    }

    /// Answers a request for tokens.
    pub(super) fn answer(&self, simulator: &Simulator, headers: &HeaderMap, grant: &Grant) -> Response {
        let options = &simulator.options().quickbooks;
        simulator.count("refresh");
        let basic = STANDARD.encode(format!("{}:{}", options.client_id, options.client_secret));
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_client = sent
            .split_once(' ')
            .is_some_and(|(scheme, credentials)| scheme.eq_ignore_ascii_case("basic") && credentials == basic);
        if !is_client {
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", None);
        }
        match grant.grant_type.as_deref() {
            Some("refresh_token") => {}
            Some(_) => return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", None),
            None => return refuse(StatusCode::BAD_REQUEST, "invalid_request", None),
        }
        let Some(old) = &grant.refresh_token else {
            return refuse(StatusCode::BAD_REQUEST, "invalid_request", None);
        };
        let now = simulator.now();
        let expires = after(now, options.refresh_token_lifetime);
        let refresh = format!("RT1-{}-H0-{}{}", simulator.token(2), expires.timestamp(), simulator.token(20));
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, until| *until > now);
        let Some(until) = tokens.get_mut(old) else {
            return refuse(StatusCode::BAD_REQUEST, "invalid_grant", Some("Incorrect Token type or clientID"));
        };
        *until = (*until).min(after(now, options.previous_refresh_token_grace));
        tokens.insert(refresh.clone(), expires);
        drop(tokens);
        let access = format!("eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0..{}", simulator.token(64));
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
