//! Requests and responses. Neither shows a secret in its `Debug`.

use crate::error::{Error, ErrorKind, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};
use url::{Url, form_urlencoded};

/// A request to an ERP.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to. Its query may hold business data and is never logged.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Bytes>,
    /// Whether sending it twice does no more than sending it once: only such a request is tried again.
    pub idempotent: bool,
    /// What it is for, as a label of metrics and logs: one of a few names, never an id.
    pub operation: &'static str,
}

impl Request {
    /// A request without a body. It counts as idempotent if its method is safe (`GET`, `HEAD`, `OPTIONS`).
    pub fn new(method: Method, url: Url, operation: &'static str) -> Self {
        let idempotent = method.is_safe();
        Self { method, url, headers: HeaderMap::new(), body: None, idempotent, operation }
    }

    /// A `GET`; idempotent.
    pub fn get(url: Url, operation: &'static str) -> Self {
        Self::new(Method::GET, url, operation)
    }

    /// A `POST` with a JSON body; not idempotent unless the caller says so.
    pub fn post_json(url: Url, operation: &'static str, body: &(impl Serialize + ?Sized)) -> Result<Self> {
        Self::new(Method::POST, url, operation).json(body)
    }

    /// A `POST` with a form; not idempotent unless the caller says so.
    pub fn post_form(url: Url, operation: &'static str, fields: &[(&str, &str)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::new(Method::POST, url, operation)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .body(form)
    }

    /// Sets a JSON body, and that JSON is expected back.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Result<Self> {
        let body = serde_json::to_vec(body)
            .map_err(|e| Error::invalid("the request cannot be written as JSON").with_detail(e.to_string()))?;
        Ok(self
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .body(body))
    }

    /// Sets a body as it is.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets a header that is no secret.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Declares that sending it twice does no harm: a search by `POST`, or a write with an idempotency key.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Sets a header whose value is a secret.
    pub fn set_secret(&mut self, name: HeaderName, value: &SecretString) -> Result<()> {
        self.headers.insert(name, secret_value(value.expose_secret())?);
        Ok(())
    }

    /// Sets `Authorization: Bearer`.
    pub fn set_bearer(&mut self, token: &SecretString) -> Result<()> {
        self.headers.insert(AUTHORIZATION, secret_value(&format!("Bearer {}", token.expose_secret()))?);
        Ok(())
    }

    /// Sets `Authorization: Basic`.
    pub fn set_basic(&mut self, user: &str, password: &SecretString) -> Result<()> {
        let pair = BASE64.encode(format!("{user}:{}", password.expose_secret()));
        self.headers.insert(AUTHORIZATION, secret_value(&format!("Basic {pair}"))?);
        Ok(())
    }

    /// Scheme, host and path: what may be shown.
    pub(super) fn shown_url(&self) -> String {
        shown(&self.url)
    }
}

/// A header value that `Debug` does not show and HTTP/2 does not compress.
fn secret_value(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::new(ErrorKind::Config, "a credential holds a character that no HTTP header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A URL without userinfo, query and fragment.
fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.shown_url(), self.operation)
    }
}

/// The answer to a request. Its body is complete.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, decompressed.
    pub body: Bytes,
}

impl Response {
    /// A header, if it is there and text.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text, with replacement characters where it is not UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Reads the body as JSON; the value may borrow from it.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|e| {
            super::expect_json(self).err().unwrap_or_else(|| {
                let what = if e.is_eof() { "is truncated JSON" } else { "is not JSON of the expected shape" };
                Error::bad_response(format!("the ERP's answer {what}")).with_detail(e.to_string())
            })
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}
