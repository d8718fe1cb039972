//! Answers: JSON, pages of Werkzeug and of a proxy, cookies.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONNECTION, CONTENT_TYPE, SERVER, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Days, Utc};
use serde_json::Value;

use crate::odoo::{
    failure::{Class, Failure, Fallible},
    python,
    version::Version,
};

/// An answer that ends the work on a request early.
pub(super) type Refusal = Box<Response>;

/// Every answer ends its connection: Odoo without a proxy keeps none alive.
pub(super) async fn close(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(SERVER, HeaderValue::from_static("Werkzeug/3.0.1 Python/3.12.3"));
    response
}

/// An answer with a body of JSON.
pub(super) fn json(status: u16, body: String) -> Response {
    answer(status, "application/json; charset=utf-8", body)
}

fn answer(status: u16, kind: &'static str, body: impl Into<Body>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, kind)], body.into()).into_response()
}

/// A result in the envelope of JSON-RPC; without one there is no such key.
pub(super) fn result(id: &Value, result: Option<&str>) -> Response {
    let id = python::json(id);
    let body = match result {
        Some(result) => format!(r#"{{"jsonrpc": "2.0", "id": {id}, "result": {result}}}"#),
        None => format!(r#"{{"jsonrpc": "2.0", "id": {id}}}"#),
    };
    no_sniffing(json(200, body))
}

/// An error in the envelope of JSON-RPC: with status 200.
pub(super) fn error(version: Version, id: &Value, failure: &Failure) -> Response {
    let (id, error) = (python::json(id), failure.envelope(version));
    json(200, format!(r#"{{"jsonrpc": "2.0", "id": {id}, "error": {error}}}"#))
}

/// Either.
pub(super) fn outcome(version: Version, id: &Value, outcome: Fallible<String>) -> Response {
    match outcome {
        Ok(value) => result(id, Some(&value)),
        Err(failure) => error(version, id, &failure),
    }
}

/// The answer of `/json/2`: a bare value, or an error with a status of its own.
pub(super) fn plain(version: Version, outcome: Fallible<String>) -> Response {
    let failure = match outcome {
        Ok(value) => return no_sniffing(json(200, value)),
        Err(failure) => failure,
    };
    let (status, body) = failure.plain(version);
    let mut response = json(status, body);
    if matches!(failure.class, Class::Http(401, ..)) {
        response.headers_mut().insert("www-authenticate", HeaderValue::from_static("Bearer "));
    }
    response
}

pub(super) fn no_sniffing(mut response: Response) -> Response {
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// A page as Werkzeug words it.
pub(super) fn page(status: u16, title: &str, text: &str) -> Response {
    let body =
        format!("<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n");
    answer(status, "text/html; charset=utf-8", body)
}

/// What both releases say to a body that is no JSON, as text that calls itself HTML.
pub(super) fn bad_request(text: &'static str) -> Response {
    no_sniffing(answer(400, "text/html; charset=utf-8", text))
}

/// There is no such address, or no database to look for it in.
pub(super) fn no_database(version: Version) -> Response {
    if !version.has_json2() {
        return page(
            404,
            "Not Found",
            "The requested URL was not found on the server. If you entered the URL manually please check your spelling \
             and try again.",
        );
    }
    let body = "<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>No database is selected and the \
                requested URL was not found in the server-wide controllers.</p>\n<p>Please verify the hostname, <a \
                href=/web/login>login</a> and try again.</p>\n\n<!-- Alternatively, use the X-Odoo-Database header. \
                -->\n";
    answer(404, "text/html; charset=utf-8", body)
}

/// The content type does not fit the route.
pub(super) fn wrong_type(version: Version, route: &str, kind: &str, inferred: &str, accept: &'static str) -> Response {
    let route = route.replace('<', "&lt;").replace('>', "&gt;");
    let text = format!(
        "Request inferred type is compatible with [{inferred}] but &#39;{route}&#39; is type=&#39;{kind}&#39;."
    );
    if !version.has_json2() {
        return page(400, "Bad Request", &text);
    }
    let text = format!("{text}<br><br>Please verify the Content-Type request header and try again.");
    let mut response = page(415, "Unsupported Media Type", &text);
    response.headers_mut().insert(HeaderName::from_static("accept"), HeaderValue::from_static(accept));
    response
}

/// Sets the session cookie. `Expires` says a year; what counts is `Max-Age`.
pub(super) fn set_session(response: &mut Response, id: &str, lifetime: std::time::Duration, now: DateTime<Utc>) {
    let expires = (now + Days::new(365)).format("%a, %d %b %Y %H:%M:%S GMT");
    let cookie = format!("session_id={id}; Expires={expires}; Max-Age={}; HttpOnly; Path=/", lifetime.as_secs());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// What the proxy in front of Odoo says when there is nobody behind it, and Odoo itself when it has a fault.
pub(super) fn proxy_error(status: StatusCode) -> Response {
    let code = status.as_u16();
    if code == 500 {
        let text = "The server encountered an internal error and was unable to complete your request. Either the server \
                    is overloaded or there is an error in the application.";
        return page(code, "Internal Server Error", text);
    }
    let title = match code {
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => status.canonical_reason().unwrap_or("Error"),
    };
    let body = format!(
        "<html>\r\n<head><title>{code} {title}</title></head>\r\n<body>\r\n<center><h1>{code} \
         {title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    answer(code, "text/html", body)
}
