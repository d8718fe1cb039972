//! `/graphql`: GraphQL over HTTP, by POST and, for queries, by GET.

use super::{
    Gateway, RequestId,
    finish::Finish,
    graphiql,
    media::{self, Media},
    read::Parts,
    refusal::{BAD_INPUT, Refusal},
};
use crate::{
    answers::{Operation, Reply},
    auth::Account,
};
use async_graphql::parser::types::OperationType;
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request},
    response::{IntoResponse, Response},
};
use schema::ports::Caller;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// A page of another site can make a browser send a GET, but not with one of these headers, unless CORS allows it. The
/// same that Apollo's clients and servers know, and the one that the specification mentions. `Accept` is none of them:
/// any page may set it. Programs, and pages of the gateway's own origin, need none.
pub(super) const PREFLIGHT_HEADERS: [&str; 3] =
    ["apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight"];

/// Beyond the time of a request, in which whatever is there is put together.
const GRACE: Duration = Duration::from_secs(2);

/// What came of a request.
enum Outcome {
    Refused(Refusal),
    Replied(Reply),
    Page,
}

/// Answers one operation, or shows the page.
pub(super) async fn execute(
    State(gateway): State<Arc<Gateway>>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let offers = if request.method() == Method::POST { Media::ANSWERS } else { Media::PAGES };
    let media = media::negotiate(request.headers(), offers);
    let mut account = None;
    let outcome = match media {
        Some(Media::Html) => Outcome::Page,
        Some(_) => answer(&gateway, &id, request, &mut account).await.map_or_else(Outcome::Refused, Outcome::Replied),
        None => {
            let message = "Accept application/graphql-response+json or application/json.";
            Outcome::Refused(Refusal::new(StatusCode::NOT_ACCEPTABLE, BAD_INPUT, message))
        }
    };
    let (outcome, code, mut response) = match outcome {
        Outcome::Page => return graphiql::page(),
        Outcome::Refused(refusal) => {
            ("refused", refusal.code.into(), refusal.respond(media.unwrap_or(Media::Json), &id))
        }
        Outcome::Replied(reply) => {
            let outcome = match (&reply.code, reply.executed) {
                (None, _) => "ok",
                (Some(_), true) => "partial",
                (Some(_), false) => "refused",
            };
            (outcome, reply.code.clone().unwrap_or_else(|| "OK".into()), respond(reply, media.unwrap_or(Media::Json)))
        }
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    if let Some(account) = account {
        tell(&account, response.headers_mut());
    }
    metrics::counter!("erp_gateway_requests_total", "outcome" => outcome, "code" => code).increment(1);
    metrics::histogram!("erp_gateway_request_duration_seconds").record(started.elapsed());
    response
}

async fn answer(
    gateway: &Gateway,
    id: &RequestId,
    request: Request,
    account: &mut Option<Account>,
) -> Result<Reply, Refusal> {
    let (head, body) = request.into_parts();
    let caller = gateway.caller(&head, id).await?;
    if let Some(rate) = &gateway.rate {
        let now = Instant::now();
        account.insert(rate.account(&caller.who.subject, now).await).admit(now)?;
    }
    let by_post = head.method == Method::POST;
    let parts = if by_post { Parts::of_body(&head.headers, body, gateway.body).await? } else { of_address(&head)? };
    let document = gateway.persisted.find(&parts, &caller.who).await?;
    if !by_post {
        let parsed = match gateway.answers.document(&document.text.as_str().into(), &id.0).await {
            Ok(parsed) => parsed,
            Err(refused) => return Ok(refused),
        };
        if parsed.operation(parts.operation_name.as_deref()) == Some(OperationType::Mutation) {
            let message = "Send mutations with POST.";
            let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, BAD_INPUT, message);
            return Err(refusal.with(header::ALLOW, "POST"));
        }
    }
    let keep = document.to_keep();
    let operation = Operation { query: document.text, name: parts.operation_name, variables: parts.variables };
    let reply = run(gateway, operation, caller, account.clone()).await?;
    if let Some((text, hash)) = keep.filter(|_| reply.executed) {
        gateway.persisted.keep(text, hash).await;
    }
    Ok(reply)
}

/// Whether a page of another origin made a browser send this: browsers say so themselves, and the older ones at least
/// where they come from. Who says neither is no browser, or was sent by nobody but its user.
fn is_of_another_origin(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(&SEC_FETCH_SITE), text(&header::ORIGIN)) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_none() || host != text(&header::HOST)
        }
        (None, None) => false,
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The parameters of a GET that no page of another site can have made a browser send.
fn of_address(head: &request::Parts) -> Result<Parts, Refusal> {
    let headers = &head.headers;
    // A browser adds passwords by itself, but never a key as a bearer.
    let bearer = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.to_lowercase().starts_with("bearer "));
    let safe = !is_of_another_origin(headers)
        || PREFLIGHT_HEADERS.iter().any(|name| headers.contains_key(*name))
        || media::is_json(headers)
        || headers.get(header::AUTHORIZATION).is_some_and(bearer);
    if !safe {
        let message = "A page of another site has sent this. Add the header `graphql-require-preflight: 1`, or send \
                       the query with POST and content-type application/json. A browser that accepts text/html gets GraphiQL here.";
        return Err(Refusal::bad(message));
    }
    Parts::of_address(head.uri.query().unwrap_or_default())
}

/// Has an operation executed and paid for. Each ERP is waited for no longer than the request may take: this is for what goes
/// wrong.
async fn run(
    gateway: &Gateway,
    operation: Operation,
    caller: Caller,
    account: Option<Account>,
) -> Result<Reply, Refusal> {
    let (id, answers) = (Arc::clone(&caller.request_id), Arc::clone(&gateway.answers));
    let work = Finish::new(async move {
        let reply = answers.answer(operation, caller).await;
        if let Some(account) = account {
            account.charge(reply.cost, Instant::now());
        }
        reply
    });
    let reply = timeout(gateway.time + GRACE, work);
    reply.await.map_err(|_| {
        tracing::error!(request.id = &*id, "a request took longer than its time");
        let message = format!("The request took more than {} ms, the limit (request_ms).", gateway.time.as_millis());
        Refusal::new(StatusCode::GATEWAY_TIMEOUT, "SOURCE_TIMEOUT", message)
    })
}

pub(super) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(super) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Tells what is left, as draft-ietf-httpapi-ratelimit-headers does. An answer's body may be shared, and holds nothing of it.
fn tell(account: &Account, headers: &mut HeaderMap) {
    let standing = account.standing(Instant::now());
    let seconds = |time: Duration| time.as_secs_f64().ceil();
    let (quota, window) = (standing.settings.burst, seconds(standing.settings.window()));
    let policy = format!("\"complexity\";q={quota};w={window};qu=\"complexity\"");
    let left = format!("\"complexity\";r={};t={}", standing.remaining, seconds(standing.full_in));
    for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

/// A reply with its status. Clients of the older type take any other status than 200 for no GraphQL answer at all.
fn respond(reply: Reply, media: Media) -> Response {
    let status = match (reply.executed, media) {
        (false, Media::GraphqlResponse) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let kind = [(header::CONTENT_TYPE, media.header()), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, kind, reply.body).into_response()
}

/// Any other method.
pub(super) async fn method_not_allowed(id: Extension<RequestId>, headers: HeaderMap) -> Response {
    let message = "Send queries with POST and content-type application/json, or with GET.";
    refuse(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, BAD_INPUT, message), &id, &headers)
}

/// Any other path.
pub(super) async fn not_found(id: Extension<RequestId>, headers: HeaderMap) -> Response {
    let message = "There is nothing here: GraphQL is at /graphql.";
    refuse(Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", message), &id, &headers)
}

fn refuse(refusal: Refusal, id: &RequestId, headers: &HeaderMap) -> Response {
    refusal.respond(media::negotiate(headers, Media::ANSWERS).unwrap_or(Media::Json), id)
}
