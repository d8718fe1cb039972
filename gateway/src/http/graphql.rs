//! `POST /graphql`.

use super::{Gateway, RequestId};
use crate::answers::{Operation, Reply};
use axum::{
    Extension,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::time::Instant;

/// Answers one operation.
pub(super) async fn execute(
    State(gateway): State<Arc<Gateway>>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let started = Instant::now();
    let (response, outcome) = answer(&gateway, &id, &headers, body).await;
    metrics::counter!("erp_gateway_requests_total", "outcome" => outcome).increment(1);
    metrics::histogram!("erp_gateway_request_duration_seconds").record(started.elapsed());
    response
}

async fn answer(
    gateway: &Gateway,
    id: &RequestId,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> (Response, &'static str) {
    let refused = |status, code, message: &str| (refuse(status, code, message, Some(&id.0)), "refused");
    let Some(who) = gateway.access.principal(headers.get(header::AUTHORIZATION)) else {
        let message = "Send the gateway's key as `Authorization: Bearer <key>`.";
        let (mut response, outcome) = refused(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return (response, outcome);
    };
    // Only a script of the same origin can send JSON: a form of another site cannot.
    let json = headers.get(header::CONTENT_TYPE).and_then(|t| t.to_str().ok()).is_some_and(is_json);
    if !json {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT", "Send content-type application/json.");
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("The request has more than {} bytes.", gateway.body_bytes);
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "BAD_USER_INPUT", &message);
        }
        Err(_) => return refused(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", "The request broke off."),
    };
    let operation = match parse(&body) {
        Ok(operation) => operation,
        Err(message) => return refused(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", &message),
    };
    let reply = gateway.answers.answer(operation, who, &id.0).await;
    let outcome = match &reply {
        Reply { executed: false, .. } => "refused",
        Reply { faulty: true, .. } => "errors",
        _ => "ok",
    };
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    ((kind, reply.body).into_response(), outcome)
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn parse(body: &[u8]) -> Result<Operation, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| format!("The request is not JSON: {e}."))?;
    let mut fields = match value {
        Value::Array(_) => return Err("Send one operation at a time: batches are not supported.".into()),
        Value::Object(fields) => fields,
        _ => return Err("The request is not a JSON object.".into()),
    };
    let Some(Value::String(query)) = fields.remove("query") else { return Err("The request has no `query`.".into()) };
    let name = match fields.remove("operationName") {
        Some(Value::String(name)) => Some(name),
        None | Some(Value::Null) => None,
        Some(_) => return Err("`operationName` is not a text.".into()),
    };
    let variables = match fields.remove("variables") {
        Some(variables @ Value::Object(_)) => variables.to_string(),
        None | Some(Value::Null) => String::new(),
        Some(_) => return Err("`variables` is not an object.".into()),
    };
    Ok(Operation { query, name, variables })
}

/// A refusal in the form of a GraphQL answer.
pub(super) fn refuse(status: StatusCode, code: &str, message: &str, request_id: Option<&str>) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code, "requestId": request_id } }] });
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}
