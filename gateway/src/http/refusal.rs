//! Refusals: what is not executed is answered in the form of GraphQL all the same, with a code and a sentence.

use super::{RequestId, media::Media};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schema::{Error, ErrorCode};
use serde_json::json;
use std::{borrow::Cow, time::Duration};

/// Why a request is not executed.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    message: Cow<'static, str>,
    header: Option<(HeaderName, &'static str)>,
    /// Whether the same request may succeed later, and when.
    retryable: bool,
    retry_after: Option<Duration>,
    /// Whether it is GraphQL's answer to a well-formed request, which older clients expect under the status 200.
    of_graphql: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            header: None,
            retryable: false,
            retry_after: None,
            of_graphql: false,
        }
    }

    /// The client sent what cannot be understood.
    pub(super) fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, BAD_INPUT, message)
    }

    /// As GraphQL's answer to a well-formed request.
    pub(super) fn of_graphql(self) -> Self {
        Self { of_graphql: true, ..self }
    }

    /// With one more header.
    pub(super) fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// The answer.
    pub(super) fn respond(self, media: Media, id: &RequestId) -> Response {
        let mut extensions = json!({ "code": self.code, "requestId": &*id.0 });
        if self.retryable {
            extensions["retryable"] = true.into();
        }
        if let Some(wait) = self.retry_after {
            extensions["retryAfterMs"] = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).into();
        }
        let body = json!({ "errors": [{ "message": self.message, "extensions": extensions }] });
        let kind =
            [(header::CONTENT_TYPE, media.header()), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        let status = if self.of_graphql && media == Media::Json { StatusCode::OK } else { self.status };
        let mut response = (status, kind, body.to_string()).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Some(wait) = self.retry_after {
            // Whole seconds, and not one too early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// An error that concerns the whole request, with its status.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match error.code {
            ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Internal if error.retryable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let refusal = Self::new(status, error.code.word(), error.message);
        Self { retryable: error.retryable, retry_after: error.retry_after, ..refusal }
    }
}

/// The code of what the client has to correct.
pub(super) const BAD_INPUT: &str = "BAD_USER_INPUT";
