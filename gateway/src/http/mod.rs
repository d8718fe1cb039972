//! The server: the GraphQL endpoint, the GraphiQL page, health and metrics.

pub(crate) mod connections;
mod cors;
mod graphiql;
mod graphql;
mod live;
mod media;
pub(crate) mod persisted;
pub(crate) mod read;
mod refusal;
mod stream;

pub(crate) use live::Live;

use self::{persisted::PersistedQueries, read::BodyLimits};
use crate::{answers::Answers, erps::ErpRegistry};
use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, Request, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use schema::ports::{Principal, Role, SCOPE_RAW};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use subtle::ConstantTimeEq;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
};

/// What the server serves.
pub(crate) struct Gateway {
    /// What answers operations.
    pub(crate) answers: Arc<Answers>,
    /// The connected ERPs.
    pub(crate) erps: Arc<ErpRegistry>,
    /// Who may ask.
    pub(crate) access: Arc<Access>,
    /// What is counted.
    pub(crate) metrics: Option<PrometheusHandle>,
    /// The documents that clients name by their hashes.
    pub(crate) persisted: PersistedQueries,
    /// How much of a body is read.
    pub(crate) body: BodyLimits,
    /// How long a request may take.
    pub(crate) time: Duration,
}

/// Who may ask.
pub enum Access {
    /// Everybody who reaches the address, with all rights: for the demo on loopback.
    Open,
    /// Who carries this key, with all rights.
    Key(SecretString),
}

impl Access {
    /// Who sent a request; none if it may not be answered.
    fn principal(&self, authorization: Option<&HeaderValue>) -> Option<Principal> {
        let subject = match self {
            Self::Open => "demo",
            Self::Key(key) => {
                let given = authorization?.to_str().ok()?;
                let (scheme, token) = given.split_once(' ')?;
                // Digests have one length: comparing them tells nothing about the key's.
                let same = Sha256::digest(token.trim()).ct_eq(&Sha256::digest(key.expose_secret()));
                if !scheme.eq_ignore_ascii_case("bearer") || !bool::from(same) {
                    return None;
                }
                "api-key"
            }
        };
        let scopes = BTreeSet::from([SCOPE_RAW.to_owned()]);
        Some(Principal { subject: subject.to_owned(), role: Role::Admin, scopes, erps: None })
    }
}

/// Answers of at least so many bytes are packed for clients that take it.
const PACKED_FROM: u16 = 1024;

/// All routes.
///
/// # Errors
/// One sentence that names an origin that is none.
pub(crate) fn router(gateway: Gateway, cors_origins: &[String]) -> Result<Router, String> {
    let mut graphql = Router::new()
        .route("/graphql", get(graphql::execute).post(graphql::execute))
        // Here too: what is set below is outside of the layer that answers OPTIONS.
        .method_not_allowed_fallback(graphql::method_not_allowed);
    if let Some(cors) = cors::layer(cors_origins)? {
        graphql = graphql.layer(cors);
    }
    let packing = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(PACKED_FROM).and(NotForContentType::IMAGES).and(NotForContentType::SSE));
    let router = Router::new()
        .merge(graphql)
        .route("/graphiql/{file}", get(graphiql::asset))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(async || "ok\n"))
        .route("/metrics", get(metrics))
        .route("/", get(async || (StatusCode::SEE_OTHER, [(header::LOCATION, "/graphql")])))
        .method_not_allowed_fallback(graphql::method_not_allowed)
        .fallback(graphql::not_found)
        .layer(packing)
        .layer(middleware::from_fn(identify))
        .with_state(Arc::new(gateway));
    Ok(router)
}

async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
    match &gateway.metrics {
        Some(metrics) => {
            gateway.erps.measure();
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The id of a request, in its answer, its errors and its log lines.
#[derive(Clone)]
struct RequestId(Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives every request an id: the one that a proxy in front gave it, or a new one.
async fn identify(mut request: Request<axum::body::Body>, next: Next) -> Response {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let given = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).filter(plain);
    let id: Arc<str> = match given {
        Some(id) => id.into(),
        None => {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
            format!("{since:x}-{:x}", COUNT.fetch_add(1, Ordering::Relaxed)).into()
        }
    };
    let header = HeaderValue::from_str(&id);
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    if let Ok(id) = header {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
