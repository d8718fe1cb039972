//! One request for data and its answer, whether it came by itself or in a batch.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE},
    response::Response,
};
use serde::Serialize;

use super::{refusal::Refusal, version::Version};

/// A request after sign-in.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) version: Version,
    pub(super) method: Method,
    /// The decoded path under the service root.
    pub(super) path: String,
    /// The query string as sent.
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    pub(super) preferences: &'a Preferences,
}

/// What the headers of a request ask for. In a batch, those of the batch count; its parts' own are not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preferences {
    /// The page size, and whether it came by `Prefer`.
    pub(super) page_size: Option<usize>,
    /// The `Prefer` to confirm.
    pub(super) applied: Option<String>,
    pub(super) ignore_case: bool,
    /// Where the client thinks it is.
    pub(super) host: String,
}

impl Preferences {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let preferred = headers.get_all("Prefer").iter().filter_map(|value| value.to_str().ok());
        let preferred = preferred.flat_map(|value| value.split([',', ';'])).find_map(|preference| {
            let (name, size) = preference.split_once('=')?;
            let wanted = name.trim().eq_ignore_ascii_case("odata.maxpagesize");
            wanted.then(|| size.trim().trim_matches('"').parse().ok())?
        });
        Self {
            page_size: preferred.or_else(|| text("B1S-PageSize")?.trim().parse().ok()),
            applied: preferred.map(|size| format!("odata.maxpagesize={size}")),
            ignore_case: text("B1S-CaseInsensitive").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            host: text("Host").unwrap_or("localhost").to_owned(),
        }
    }
}

/// What goes back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) media: String,
    pub(super) body: Vec<u8>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Answer {
    /// 200 with JSON.
    pub(super) fn json(version: Version, body: &impl Serialize) -> Self {
        Self {
            status: StatusCode::OK,
            media: version.json().to_owned(),
            body: version.write(body),
            headers: vec![(version.header().0, version.header().1.to_owned())],
        }
    }

    /// 200 with text.
    pub(super) fn text(body: Vec<u8>) -> Self {
        let media = "text/plain;charset=utf-8".to_owned();
        Self { status: StatusCode::OK, media, body, headers: Vec::new() }
    }

    /// 204.
    pub(super) fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::text(Vec::new()) }
    }

    /// A refusal.
    pub(super) fn refusal(version: Version, refusal: &Refusal, in_batch: bool) -> Self {
        Self { status: refusal.status, ..Self::json(version, &refusal.json(version, in_batch)) }
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Confirms the page size that was asked for by `Prefer`.
    pub(super) fn confirming(self, preferences: &Preferences) -> Self {
        match &preferences.applied {
            Some(applied) => self.with("Preference-Applied", applied),
            None => self,
        }
    }

    /// The answer to a request that came by itself.
    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = self.headers.into_iter().map(|(name, value)| (HeaderName::try_from(name), value));
        let headers = headers.chain([(Ok(CONTENT_TYPE), self.media)]);
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                // Both cookies of a log-in have the same name.
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
