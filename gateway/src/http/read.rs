//! Reads a GraphQL request from what came over HTTP: from a body of JSON, or from an address.

use super::{
    media,
    refusal::{BAD_INPUT, Refusal},
};
use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// A well-formed request of GraphQL over HTTP, except that its document may stand for itself by a hash.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) query: Option<String>,
    /// The id of a trusted document, as the draft of GraphQL over HTTP on persisted documents names it.
    pub(super) document_id: Option<String>,
    pub(super) operation_name: Option<String>,
    /// A JSON object; empty if there are none.
    pub(super) variables: String,
    pub(super) extensions: Map<String, Value>,
}

/// How much of a body is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

/// So much more than the limit is read and thrown away: a client that is still sending would not see the refusal.
const DISCARDED: usize = 8 << 20;
/// For so long.
const DISCARDING: Duration = Duration::from_secs(2);
/// A body of an announced length is given room for up to so many bytes before they are there.
const ROOM: usize = 64 << 10;

impl Parts {
    /// From a POST.
    pub(super) async fn of_body(headers: &HeaderMap, body: Body, limits: BodyLimits) -> Result<Self, Refusal> {
        // Only a script of the same origin, or one that CORS allows, can send JSON: a form of another site cannot.
        if !media::is_json(headers) {
            let message = "Send content-type application/json, in UTF-8.";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, BAD_INPUT, message));
        }
        let packed = |encoding: &str| !encoding.trim().eq_ignore_ascii_case("identity");
        if headers.get_all(header::CONTENT_ENCODING).iter().any(|value| value.to_str().map_or(true, packed)) {
            let message = "Send the request without content-encoding: packed bodies are not unpacked.";
            let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, BAD_INPUT, message);
            return Err(refusal.with(header::ACCEPT_ENCODING, "identity"));
        }
        Self::of_json(&bytes(headers, body, limits).await?)
    }

    /// From the text of a body.
    fn of_json(body: &[u8]) -> Result<Self, Refusal> {
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => {}
            Some(b'[') => return Err(Refusal::bad("Send one operation at a time: batches are not supported.")),
            None => return Err(Refusal::bad("The request has no body.")),
            Some(_) => return Err(Refusal::bad("The request is not a JSON object.")),
        }
        let wire: Wire =
            serde_json::from_slice(body).map_err(|error| Refusal::bad(format!("The request is not JSON: {error}.")))?;
        Ok(Self {
            query: text("query", wire.query)?,
            document_id: text("documentId", wire.document_id)?,
            operation_name: text("operationName", wire.operation_name)?,
            variables: variables(map("variables", wire.variables)?),
            extensions: map("extensions", wire.extensions)?,
        })
    }

    /// From the query of an address. An empty parameter is as good as none.
    pub(super) fn of_address(query: &str) -> Result<Self, Refusal> {
        let mut wire = Wire::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "query" => &mut wire.query,
                "documentId" => &mut wire.document_id,
                "operationName" => &mut wire.operation_name,
                "variables" => &mut wire.variables,
                "extensions" => &mut wire.extensions,
                _ => continue,
            };
            if place.is_some() {
                return Err(Refusal::bad(format!("`{name}` is given twice.")));
            }
            if value.is_empty() {
                continue;
            }
            *place = Some(match &*name {
                "variables" | "extensions" => serde_json::from_str(&value)
                    .map_err(|error| Refusal::bad(format!("`{name}` is not JSON: {error}.")))?,
                _ => Value::String(value.into_owned()),
            });
        }
        Ok(Self {
            query: text("query", wire.query)?,
            document_id: text("documentId", wire.document_id)?,
            operation_name: text("operationName", wire.operation_name)?,
            variables: variables(map("variables", wire.variables)?),
            extensions: map("extensions", wire.extensions)?,
        })
    }
}

/// The parameters, of whatever type they are. Others are ignored, as the specification says.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    query: Option<Value>,
    document_id: Option<Value>,
    operation_name: Option<Value>,
    variables: Option<Value>,
    extensions: Option<Value>,
}

fn text(name: &str, value: Option<Value>) -> Result<Option<String>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::bad(format!("`{name}` is not a string."))),
    }
}

fn map(name: &str, value: Option<Value>) -> Result<Map<String, Value>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(Refusal::bad(format!("`{name}` is not a JSON object."))),
    }
}

fn variables(map: Map<String, Value>) -> String {
    if map.is_empty() { String::new() } else { Value::Object(map).to_string() }
}

/// A body within its limits.
async fn bytes(headers: &HeaderMap, body: Body, limits: BodyLimits) -> Result<Vec<u8>, Refusal> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        let message = format!("The request has more than {} bytes, the limit (body_bytes).", limits.bytes);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, BAD_INPUT, message)
    };
    if length.is_some_and(|length| length > limits.bytes.saturating_add(DISCARDED)) {
        return Err(too_large().with(header::CONNECTION, "close"));
    }
    let mut stream = body.into_data_stream();
    let mut read = Vec::with_capacity(length.unwrap_or(0).min(limits.bytes).min(ROOM));
    let whole = tokio::time::timeout(limits.time, async {
        while let Some(part) = stream.next().await {
            let part = part.map_err(|_| Refusal::bad("The request broke off."))?;
            if read.len() + part.len() > limits.bytes {
                return Ok(false);
            }
            read.extend_from_slice(&part);
        }
        Ok(true)
    });
    match whole.await {
        Ok(Ok(true)) => Ok(read),
        Ok(Ok(false)) => {
            drop(read);
            let discard = async {
                let mut discarded = 0;
                while let Some(Ok(part)) = stream.next().await
                    && discarded < DISCARDED
                {
                    discarded += part.len();
                }
            };
            // Whether it came to its end does not matter.
            let _ = tokio::time::timeout(DISCARDING, discard).await;
            Err(too_large().with(header::CONNECTION, "close"))
        }
        Ok(Err(refusal)) => Err(refusal),
        Err(_) => {
            let message = format!("The request took more than {} s to arrive.", limits.time.as_secs());
            let refusal = Refusal::new(StatusCode::REQUEST_TIMEOUT, BAD_INPUT, message);
            Err(refusal.with(header::CONNECTION, "close"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(parts: Result<Parts, Refusal>) -> String {
        format!("{:?}", parts.expect_err("refused"))
    }

    #[test]
    fn a_body_is_read_or_refused_with_the_reason() {
        let body = json!({ "query": "{ a }", "operationName": "A", "variables": { "n": [1, {"b": null}] }, "extensions": { "x": 1 }, "more": 1 });
        let parts = Parts::of_json(body.to_string().as_bytes()).expect("good");
        assert_eq!((parts.query.as_deref(), parts.operation_name.as_deref()), (Some("{ a }"), Some("A")));
        assert_eq!(parts.variables, body["variables"].to_string());
        assert_eq!(parts.extensions["x"], 1);
        let nulls = json!({ "query": "{ a }", "operationName": null, "variables": null, "extensions": null });
        assert!(Parts::of_json(nulls.to_string().as_bytes()).expect("good").operation_name.is_none());
        for (body, says) in [
            ("", "no body"),
            (" \n", "no body"),
            ("17", "not a JSON object"),
            ("[{}]", "batches are not supported"),
            ("{", "not JSON"),
            (r#"{"query": "{ a }"} x"#, "not JSON"),
            (r#"{"query": 1}"#, "`query` is not a string"),
            (r#"{"operationName": {}}"#, "`operationName` is not a string"),
            (r#"{"variables": "x"}"#, "`variables` is not a JSON object"),
            (r#"{"extensions": []}"#, "`extensions` is not a JSON object"),
            (r#"{"query": "a", "query": "b"}"#, "duplicate field"),
            (&format!("{{\"variables\": {}", "[".repeat(100_000)), "recursion limit"),
        ] {
            let refused = refusal(Parts::of_json(body.as_bytes()));
            assert!(refused.contains(says) && refused.contains("400"), "{body:.40}: {refused}");
        }
        for invalid in [&b"{\"query\": \"\xff\"}"[..], b"{\"query\": \"a\0\"}", b"{\"query\": \"\\ud800\"}"] {
            assert!(refusal(Parts::of_json(invalid)).contains("not JSON"));
        }
    }

    #[test]
    fn an_address_is_read_or_refused_with_the_reason() {
        let parts = Parts::of_address("query=%7B+a%20%7D&variables=%7B%22n%22%3A1%7D&operationName=&extensions=&x=y");
        let parts = parts.expect("good");
        assert_eq!((parts.query.as_deref(), parts.operation_name), (Some("{ a }"), None));
        assert_eq!(parts.variables, r#"{"n":1}"#);
        assert_eq!(Parts::of_address("").expect("good").query, None);
        for (query, says) in [
            ("query=a&query=b", "`query` is given twice"),
            ("variables=x", "`variables` is not JSON"),
            ("variables=[1]", "`variables` is not a JSON object"),
            ("extensions=\"x\"", "`extensions` is not a JSON object"),
        ] {
            assert!(refusal(Parts::of_address(query)).contains(says), "{query}");
        }
    }
}
