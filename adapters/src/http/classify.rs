//! Turns an ERP's refusal into an error of the right kind: by its status, or by what its body says.

use super::{BoxHttp, Http, Request, Response};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use chrono::DateTime;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER},
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// Tells an ERP's refusals from its answers. A plain function is one, and [`ByStatus`] the plainest.
///
/// It sees log-in requests too. `Unauthorized` means that the session is over: the stack logs in and replays once.
pub trait Classify: Send + Sync + 'static {
    /// An error if the answer is a refusal, also one that comes with status 200.
    fn classify(&self, request: &Request, response: &Response) -> Result<()>;
}

impl<F> Classify for F
where
    F: Fn(&Request, &Response) -> Result<()> + Send + Sync + 'static,
{
    fn classify(&self, request: &Request, response: &Response) -> Result<()> {
        self(request, response)
    }
}

/// Classifies by the status alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByStatus;

impl Classify for ByStatus {
    fn classify(&self, _: &Request, response: &Response) -> Result<()> {
        by_status(response)
    }
}

/// The usual meaning of a status. 2xx and 304 are answers; a redirect is never followed, so that it is an error of the
/// settings. The detail is the beginning of the body.
pub fn by_status(response: &Response) -> Result<()> {
    let status = response.status;
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(());
    }
    let (kind, message) = match status.as_u16() {
        300..=399 => (ErrorKind::Config, redirect(response)),
        401 => (ErrorKind::Unauthorized, "the ERP refused the credentials".to_owned()),
        402 | 403 => (ErrorKind::Forbidden, "the ERP's user lacks a right for this".to_owned()),
        404 | 410 => (ErrorKind::NotFound, "the ERP does not have this".to_owned()),
        405 | 501 => (ErrorKind::Unsupported, "the ERP does not support this".to_owned()),
        408 | 504 => (ErrorKind::Timeout, "the ERP did not answer in time".to_owned()),
        409 | 412 | 423 | 428 => (ErrorKind::Conflict, "somebody else changed the record meanwhile".to_owned()),
        500 | 502.. => (ErrorKind::Unavailable, format!("the ERP is out of order ({})", status.as_u16())),
        429 => (ErrorKind::RateLimited, "the ERP asks to slow down".to_owned()),
        _ => (ErrorKind::Rejected, format!("the ERP rejected the request ({})", status.as_u16())),
    };
    let mut error = Error::new(kind, message).with_detail(excerpt(response));
    if matches!(kind, ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout) {
        error.retry_after = retry_after(&response.headers);
    }
    Err(error)
}

fn redirect(response: &Response) -> String {
    // Only scheme and host: the rest of a location may carry a token.
    match response.header(LOCATION).and_then(|to| Url::parse(to).ok()) {
        Some(to) => format!("the ERP redirects to {}: correct its address", to.origin().ascii_serialization()),
        None => "the ERP redirects to another page: correct its address".to_owned(),
    }
}

/// The wait that an answer asks for, in either form. A date is compared with the answer's own `Date`, so that neither clock
/// need be right; without that it is ignored.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let now = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

/// `BadResponse` where a body cannot be JSON: an HTML page of a proxy or a log-in form, or a text that breaks off. Looks at
/// its ends only; an empty body passes.
pub fn expect_json(response: &Response) -> Result<()> {
    let body = response.body.trim_ascii();
    let is_html = response.header(CONTENT_TYPE).is_some_and(|t| t.trim_start().starts_with("text/html"));
    let what = match (body.first(), body.last()) {
        (None, _) if !is_html => return Ok(()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => return Ok(()),
        (Some(b'"'), Some(b'"')) if body.len() > 1 => return Ok(()),
        (Some(b'{' | b'[' | b'"'), _) => "is truncated JSON",
        (Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n'), _) if !is_html => return Ok(()),
        (Some(b'<'), _) | (None, _) => "is a page for a browser instead of data",
        _ if is_html => "is a page for a browser instead of data",
        _ => "is not JSON",
    };
    Err(Error::bad_response(format!("the ERP's answer {what}")).with_detail(excerpt(response)))
}

/// The beginning of a body on one line, for an error's detail.
pub fn excerpt(response: &Response) -> String {
    const CHARS: usize = 400;
    let start = &response.body[..response.body.len().min(4 * CHARS)];
    let text: String =
        String::from_utf8_lossy(start).chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS).collect();
    format!("{}: {}", response.status.as_u16(), text.trim())
}

/// An ERP's words for a person: on one line, without control characters, of at most so many characters.
pub fn one_line(text: &str, most: usize) -> String {
    let words: Vec<_> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(most).collect()
}

/// The layer.
pub(super) struct Classified {
    inner: BoxHttp,
    classify: Arc<dyn Classify>,
}

impl Classified {
    pub(super) fn new(inner: BoxHttp, classify: Arc<dyn Classify>) -> Self {
        Self { inner, classify }
    }
}

#[async_trait]
impl Http for Classified {
    async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        let response = self.inner.send(ctx, request.clone()).await?;
        self.classify.classify(&request, &response)?;
        Ok(response)
    }
}
