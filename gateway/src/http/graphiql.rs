//! GraphiQL, from the binary itself: it works with no internet. `gateway/graphiql` tells how it is built.

use super::RequestId;
use axum::{
    Extension,
    extract::{Path, RawQuery},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};

const PAGE: &str = include_str!("../../graphiql/dist/index.html");

/// What the page needs, packed with gzip: name, type, content.
const ASSETS: &[(&str, &str, &[u8])] = &[
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../graphiql/dist/app.js.gz")),
    ("app.css", "text/css; charset=utf-8", include_bytes!("../../graphiql/dist/app.css.gz")),
    ("worker.js", "text/javascript; charset=utf-8", include_bytes!("../../graphiql/dist/worker.js.gz")),
    ("licenses.txt", "text/plain; charset=utf-8", include_bytes!("../../graphiql/dist/licenses.txt.gz")),
];

/// The page talks to this server only. The editor sets styles of its own.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                   font-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
                   frame-ancestors 'none'";

/// The page.
pub(super) fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "accept"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, PAGE).into_response()
}

/// A part of the page. Its address holds a hash of its content, so that browsers may keep it.
pub(super) async fn asset(
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    id: Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    let Some((_, kind, content)) = ASSETS.iter().find(|asset| asset.0 == file) else {
        return super::graphql::not_found(id, headers).await;
    };
    let versioned = query.is_some_and(|q| q.starts_with("v="));
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, if versioned { "public, max-age=31536000, immutable" } else { "no-cache" }),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, *content).into_response()
}
