//! Which pages of other sites may send requests.

use super::graphql::{PREFLIGHT_HEADERS, RATE_LIMIT, RATE_LIMIT_POLICY};
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The layer that lets these origins ask; none for none.
///
/// # Errors
/// One sentence that names what is no origin.
pub(super) fn layer(origins: &[String]) -> Result<Option<CorsLayer>, String> {
    if origins.is_empty() {
        return Ok(None);
    }
    let allowed = if origins == ["*"] {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().map(|text| origin(text)).collect::<Result<Vec<_>, _>>()?)
    };
    let headers = [header::CONTENT_TYPE, header::AUTHORIZATION, super::REQUEST_ID];
    let cors = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(headers.into_iter().chain(PREFLIGHT_HEADERS.map(HeaderName::from_static)).collect::<Vec<_>>())
        .expose_headers([super::REQUEST_ID, header::RETRY_AFTER, RATE_LIMIT, RATE_LIMIT_POLICY])
        .max_age(Duration::from_secs(600));
    Ok(Some(cors))
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || format!("server.cors_origins: {text:?} is no origin, as https://app.example.com is one");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
    // Browsers send neither a path nor a slash, and all in lower case.
    let origin = format!("{}://{authority}", uri.scheme_str().ok_or_else(wrong)?);
    if origin != text || origin != origin.to_lowercase() {
        return Err(wrong());
    }
    origin.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_checked() {
        let layer = |origins: &[&str]| layer(&origins.iter().map(|origin| (*origin).to_owned()).collect::<Vec<_>>());
        assert!(layer(&[]).expect("good").is_none());
        for good in [&["*"][..], &["https://a.example"], &["http://localhost:3000", "https://b.example:8443"]] {
            assert!(layer(good).expect("good").is_some());
        }
        for bad in
            ["", "a.example", "https://a.example/", "https://a.example/x", "https://A.example", "https://u@a", "*"]
        {
            assert!(layer(&["https://a.example", bad]).is_err_and(|error| error.contains("cors_origins")), "{bad}");
        }
    }
}
