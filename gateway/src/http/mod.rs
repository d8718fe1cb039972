//! The server: the GraphQL endpoint, the GraphiQL page, health and metrics.

pub(crate) mod connections;
mod cors;
mod finish;
mod graphiql;
mod graphql;
mod live;
mod media;
pub(crate) mod peer;
pub(crate) mod persisted;
pub(crate) mod read;
mod refusal;
mod stream;
pub(crate) mod trusted;

pub(crate) use live::Live;

use self::{
    media::Media,
    peer::{Peer, Proxies},
    persisted::PersistedQueries,
    read::BodyLimits,
    refusal::Refusal,
};
use crate::{
    answers::Answers,
    auth::{Authenticator, Credentials, RateLimit},
    erps::ErpRegistry,
    oauth::{CALLBACK, Consents},
    ready::Ready,
};
use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderName, HeaderValue, Request, StatusCode, header, request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use schema::{Error, ErrorCode, ports::Caller};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
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
    /// What waits for somebody's consent.
    pub(crate) consents: Arc<Consents>,
    /// Who may ask.
    pub(crate) authenticator: Arc<Authenticator>,
    /// Who may say where a request comes from.
    pub(crate) proxies: Proxies,
    /// Whether it can do its work.
    pub(crate) ready: Arc<Ready>,
    /// What is counted.
    pub(crate) metrics: Option<PrometheusHandle>,
    /// Whether everybody may see it.
    pub(crate) metrics_open: bool,
    /// The documents that clients name by their hashes.
    pub(crate) persisted: PersistedQueries,
    /// How much each principal may ask for.
    pub(crate) rate: Option<Arc<RateLimit>>,
    /// How much of a body is read.
    pub(crate) body: BodyLimits,
    /// How long a request may take.
    pub(crate) time: Duration,
}

impl Gateway {
    /// Where a request comes from.
    fn address(&self, head: &request::Parts) -> Option<IpAddr> {
        head.extensions.get::<Peer>().map(|peer| self.proxies.client(peer.0, &head.headers))
    }

    /// Who sent a request, and from where.
    async fn caller(&self, head: &request::Parts, id: &RequestId) -> Result<Caller, Refusal> {
        let address = self.address(head);
        // What is no text is no credential, but it is not nothing.
        let authorization = head.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        match self.authenticator.authenticate(Credentials { authorization, address }).await {
            Ok(who) => Ok(Caller { who, address, request_id: Arc::clone(&id.0) }),
            Err(denied) => {
                let refusal = Refusal::from(denied.error);
                // RFC 6750, section 3: the code tells a client whether it is its credentials.
                let challenge = if authorization.is_none() { "Bearer" } else { "Bearer error=\"invalid_token\"" };
                let asks = refusal.status == StatusCode::UNAUTHORIZED;
                Err(if asks { refusal.with(header::WWW_AUTHENTICATE, challenge) } else { refusal })
            }
        }
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
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route(CALLBACK, get(consented))
        .route("/", get(async || (StatusCode::SEE_OTHER, [(header::LOCATION, "/graphql")])))
        .method_not_allowed_fallback(graphql::method_not_allowed)
        .fallback(graphql::not_found)
        .layer(packing)
        .layer(middleware::from_fn(identify))
        .with_state(Arc::new(gateway));
    Ok(router)
}

async fn ready(State(gateway): State<Arc<Gateway>>) -> (StatusCode, &'static str) {
    if gateway.ready.is() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be used: the log tells why\n")
    }
}

/// Somebody comes back from a consent. They carry no credentials but what the gateway gave them along.
async fn consented(
    State(gateway): State<Arc<Gateway>>,
    Extension(id): Extension<RequestId>,
    request: Request<axum::body::Body>,
) -> Response {
    let (head, _) = request.into_parts();
    let address = gateway.address(&head);
    gateway.consents.returned(head.uri.query().unwrap_or_default(), address, &id.0).await
}

async fn metrics(
    State(gateway): State<Arc<Gateway>>,
    Extension(id): Extension<RequestId>,
    request: Request<axum::body::Body>,
) -> Response {
    let Some(metrics) = &gateway.metrics else { return StatusCode::NOT_FOUND.into_response() };
    if !gateway.metrics_open {
        let (head, _) = request.into_parts();
        let allowed = gateway.caller(&head, &id).await.and_then(|caller| match caller.who.erps {
            None => Ok(()),
            // They name all ERPs.
            Some(_) => Err(Error::new(ErrorCode::Forbidden, "Metrics are for those who may know of all ERPs.").into()),
        });
        if let Err(refusal) = allowed {
            return refusal.respond(Media::Json, &id);
        }
    }
    gateway.erps.measure();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
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
