//! Odoo's refusals: exceptions of Python, by their class, in answers that mostly have status 200.

use crate::{
    error::{Error, ErrorKind, Result},
    http::{Request, Response, by_status, excerpt, expect_json, one_line},
};
use serde::Deserialize;

/// An exception as Odoo tells it. `debug`, a traceback with paths of the server, is never read.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Fault {
    /// The Python class: the only thing to go by, as the codes differ between versions.
    name: String,
    message: String,
}

#[derive(Deserialize)]
struct RpcError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    data: Fault,
    #[serde(default)]
    message: String,
}

/// The code of a session that is over, in all versions.
const SESSION_EXPIRED: i64 = 100;

/// Tells Odoo's refusals from its answers.
pub(super) fn classify(request: &Request, response: &Response) -> Result<()> {
    let path = request.url.path();
    if response.status.is_success() {
        expect_json(response)?;
        return if path.starts_with("/json/2/") { Ok(()) } else { rpc_fault(response) };
    }
    if let Ok(fault) = response.json::<Fault>()
        && !fault.name.is_empty()
    {
        return Err(error(&fault));
    }
    match response.status.as_u16() {
        // A server with several databases has no page for who has no session (any more).
        404 if path.starts_with("/web/dataset/") => Err(session_over().with_detail(excerpt(response))),
        404 => Err(not_odoo(path).with_detail(excerpt(response))),
        _ => by_status(response),
    }
}

fn session_over() -> Error {
    Error::new(ErrorKind::Unauthorized, "The session with Odoo is over.")
}

fn not_odoo(path: &str) -> Error {
    let message = if path.starts_with("/json/2/") {
        "Odoo does not serve /json/2 for this database: check the name of the database, and whether the version is 19 or later."
    } else {
        "There is no Odoo at this address: check the setting url."
    };
    Error::new(ErrorKind::Config, message)
}

/// The fault in an answer of JSON-RPC.
fn rpc_fault(response: &Response) -> Result<()> {
    #[derive(Deserialize)]
    struct Envelope {
        error: Option<RpcError>,
    }
    match response.json::<Envelope>()?.error {
        None => Ok(()),
        Some(error) if error.code == SESSION_EXPIRED => Err(session_over()),
        Some(RpcError { data, message, .. }) if data.name.is_empty() => {
            Err(Error::bad_response("Odoo failed without saying why.").with_detail(message))
        }
        Some(fault) => Err(error(&fault.data)),
    }
}

fn error(fault: &Fault) -> Error {
    use ErrorKind as K;
    let class = fault.name.rsplit('.').next().unwrap_or_default();
    let said = |what: &str| fault.message.contains(what);
    let (kind, message) = match class {
        "SessionExpiredException" => return session_over(),
        "AccessDenied" | "Unauthorized" => (K::Unauthorized, "Odoo refused the credentials."),
        "AccessError" if said("unauthorized or invalid companies") => {
            (K::Config, "The Odoo user has no access to this company.")
        }
        "AccessError" if said("Database not found") => (K::Config, "Odoo has no database of this name."),
        "AccessError" | "Forbidden" => (K::Forbidden, "The Odoo user lacks a right for this."),
        "MissingError" => (K::NotFound, "Odoo has no such record (any more)."),
        // The external RPC's way to say that a model does not exist.
        "UserError" if said("Object ") && said("doesn't exist") => {
            (K::Unsupported, "This Odoo has no such model: a module is not installed.")
        }
        "UserError" | "ValidationError" | "RedirectWarning" => {
            return Error::new(K::Rejected, sentence(&fault.message));
        }
        "OperationalError" if said("database") && said("does not exist") => {
            (K::Config, "Odoo has no database of this name.")
        }
        "OperationalError" | "InterfaceError" | "PoolError" => (K::Unavailable, "Odoo has lost its database."),
        "SerializationFailure" | "LockNotAvailable" | "DeadlockDetected" | "ConcurrencyError" | "LockError" => {
            (K::Unavailable, "Odoo is busy with the same records.")
        }
        "QueryCanceled" => (K::Timeout, "Odoo gave up a query that took too long."),
        "TooManyRequests" => (K::RateLimited, "Odoo asks to slow down."),
        // What was asked for is not in this version: a model, a method, a field, an argument. Asking again does not help.
        "KeyError"
        | "NotFound"
        | "ValueError"
        | "TypeError"
        | "AttributeError"
        | "UnprocessableEntity"
        | "BadRequest" => (K::Unsupported, "This Odoo does not know a model, field or method that was asked for."),
        _ => (K::BadResponse, "Odoo failed by an error of its own."),
    };
    Error::new(kind, message).with_detail(format!("{}: {}", fault.name, one_line(&fault.message, 400)))
}

/// What Odoo tells its users, written for them.
fn sentence(text: &str) -> String {
    match one_line(text, 300) {
        text if text.is_empty() => "Odoo rejected this without saying why.".to_owned(),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};

    macro_rules! sample {
        ($name:literal) => {
            include_str!(concat!("../../../tests/golden/odoo/", $name))
        };
    }

    fn answer(path: &str, status: u16, kind: &'static str, body: &'static str) -> Result<()> {
        let url = format!("https://erp.example{path}").parse().expect("a URL");
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let status = StatusCode::from_u16(status).expect("a status");
        let response = Response { status, headers, body: Bytes::from_static(body.as_bytes()) };
        classify(&Request::new(Method::POST, url, "list"), &response)
    }

    fn call_kw(body: &'static str) -> Result<()> {
        answer("/web/dataset/call_kw/account.move/search_read", 200, "application/json", body)
    }

    fn json2(status: u16, body: &'static str) -> Result<()> {
        answer("/json/2/account.move/search_read", status, "application/json", body)
    }

    fn kind(outcome: Result<()>) -> ErrorKind {
        let error = outcome.expect_err("a refusal");
        for text in [&error.message, error.detail.as_ref().unwrap_or(&error.message)] {
            assert!(!text.contains("Traceback") && !text.contains("/opt/odoo"), "{text}");
        }
        error.kind
    }

    #[test]
    fn answers_pass() {
        for body in [
            sample!("move_search_read_19.json"),
            sample!("search_read_empty.json"),
            sample!("call_kw_no_result.json"),
            sample!("call_kw_result_false.json"),
        ] {
            call_kw(body).expect("an answer");
        }
        json2(200, sample!("json2_search_read_19.json")).expect("an answer");
        json2(200, sample!("json2_write_19.json")).expect("an answer");
    }

    #[test]
    fn faults_are_told_by_their_class_in_both_versions() {
        use ErrorKind as K;
        for (body, expected) in [
            (sample!("error_session_expired_17.json"), K::Unauthorized),
            (sample!("error_session_expired_19.json"), K::Unauthorized),
            (sample!("error_access_denied_17.json"), K::Unauthorized),
            (sample!("error_access_denied_19.json"), K::Unauthorized),
            (sample!("error_access_19.json"), K::Forbidden),
            (sample!("error_missing_19.json"), K::NotFound),
            (sample!("error_user_17.json"), K::Rejected),
            (sample!("error_validation_19.json"), K::Rejected),
            (sample!("error_invalid_field_17.json"), K::Unsupported),
            (sample!("error_unknown_model_17.json"), K::Unsupported),
            (sample!("error_unknown_model_19.json"), K::Unsupported),
            (sample!("error_wrong_db_19.json"), K::Config),
        ] {
            assert_eq!(kind(call_kw(body)), expected, "{body}");
        }
    }

    #[test]
    fn json2_faults_have_a_status_and_the_same_classes() {
        use ErrorKind as K;
        for (status, body, expected) in [
            (400, sample!("json2_error_400.json"), K::Unsupported),
            (401, sample!("json2_error_401.json"), K::Unauthorized),
            (403, sample!("json2_error_403.json"), K::Forbidden),
            (404, sample!("json2_error_404_model.json"), K::Unsupported),
            (404, sample!("json2_error_404_record.json"), K::NotFound),
            (422, sample!("json2_error_422_args.json"), K::Unsupported),
            (422, sample!("json2_error_422_user.json"), K::Rejected),
            (500, sample!("json2_error_500_field.json"), K::Unsupported),
            (401, sample!("json2_error_string.json"), K::Unauthorized),
        ] {
            assert_eq!(kind(json2(status, body)), expected, "{body}");
        }
    }

    #[test]
    fn what_users_are_told_is_passed_on_and_nothing_else() {
        let rejected = call_kw(sample!("error_user_17.json")).expect_err("a refusal");
        assert!(rejected.message.starts_with("The entry "), "{}", rejected.message);
        let odd = call_kw(
            r#"{"error":{"code":0,"data":{"name":"odoo.exceptions.UserError","message":"a\u001b\n\u0000 b"}}}"#,
        );
        assert_eq!(odd.expect_err("a refusal").message, "a b");
        let body = r#"{"error":{"code":0,"data":{"name":"psycopg2.errors.SerializationFailure","message":"could not serialize access"}}}"#;
        let busy = call_kw(body).expect_err("a refusal");
        assert_eq!((busy.kind, busy.message.as_str()), (ErrorKind::Unavailable, "Odoo is busy with the same records."));
        let odd = call_kw(
            r#"{"error":{"code":200,"data":{"name":"builtins.ZeroDivisionError","message":"division by zero"}}}"#,
        );
        assert_eq!(kind(odd), ErrorKind::BadResponse);
        assert_eq!(kind(call_kw(r#"{"error":{"code":0}}"#)), ErrorKind::BadResponse);
    }

    #[test]
    fn pages_for_browsers_tell_by_their_place() {
        let page = sample!("error_session_404_html.txt");
        let html = |path, status| answer(path, status, "text/html; charset=utf-8", page);
        assert_eq!(kind(html("/web/dataset/call_kw/res.partner/search_read", 404)), ErrorKind::Unauthorized);
        assert_eq!(kind(html("/json/2/res.partner/search_read", 404)), ErrorKind::Config);
        assert_eq!(kind(html("/web/webclient/version_info", 404)), ErrorKind::Config);
        assert_eq!(kind(html("/jsonrpc", 200)), ErrorKind::BadResponse);
        assert_eq!(kind(html("/jsonrpc", 502)), ErrorKind::Unavailable);
    }
}
