//! A request, as far as Odoo looks at it.

use axum::{
    body::{Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, Method, header},
    response::Response,
};
use serde_json::Value;

use super::outgoing;

/// Method, path, headers and body.
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) path: String,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Incoming {
    pub(super) async fn read(request: Request) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await;
        let body = body.map_err(|_| {
            outgoing::page(
                400,
                "Bad Request",
                "The browser (or proxy) sent a request that this server could not understand.",
            )
        })?;
        Ok(Self { method: parts.method, path: parts.uri.path().to_owned(), headers: parts.headers, body })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The session id in the cookies.
    pub(super) fn session_id(&self) -> Option<&str> {
        let cookies = self.headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == "session_id" && !value.is_empty()).then_some(value)
        })
    }

    /// The content type without its parameters.
    pub(super) fn mimetype(&self) -> String {
        let kind = self.header("content-type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().to_lowercase()
    }

    pub(super) fn is_json(&self) -> bool {
        self.mimetype() == "application/json"
    }

    pub(super) fn is_jsonrpc(&self) -> bool {
        self.is_json() || self.mimetype() == "application/json-rpc"
    }

    /// The body, or where and why Python would give up reading it.
    pub(super) fn json(&self) -> Result<Value, String> {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).map_err(|error| {
            let past_the_end = usize::from(error.is_eof());
            let (line, column) = (error.line().max(1), (error.column() + past_the_end).max(1));
            let before: usize = text.split_inclusive('\n').take(line - 1).map(|line| line.chars().count()).sum();
            format!("Expecting value: line {line} column {column} (char {})", before + column - 1)
        })
    }
}
