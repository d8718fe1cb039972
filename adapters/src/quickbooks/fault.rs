//! What QuickBooks means by a refusal: its faults, in all the forms they come in, as errors of the right kind.

use crate::{
    error::{Error, ErrorKind, Result},
    http::{Request, Response, by_status, expect_json, retry_after},
    oauth::{self, CONSENT, RENEW, REVOKE},
};
use http::StatusCode;
use serde::Deserialize;
use std::fmt::Write as _;

/// A fault, as it comes alone, inside a query's answer, and for an item of a batch. The gateway before the service, which
/// tells of expired tokens, writes all names in lower case.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Fault {
    #[serde(rename = "Error", alias = "error", default)]
    errors: Vec<Entry>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Entry {
    #[serde(rename = "Message", alias = "message")]
    message: Option<String>,
    #[serde(rename = "Detail", alias = "detail")]
    detail: Option<String>,
    code: Option<Code>,
    element: Option<String>,
}

/// Written `"3001"`, `"003001"` or as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Code {
    Text(String),
    Number(u32),
}

impl Code {
    fn number(&self) -> Option<u32> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Number(number) => Some(*number),
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Fault", alias = "fault")]
    fault: Option<Fault>,
}

/// Tells refusals from answers; the [`Classify`](crate::http::Classify) of the stack.
pub(super) fn classify(request: &Request, response: &Response) -> Result<()> {
    if [RENEW, CONSENT, REVOKE].contains(&request.operation) {
        return oauth::refusal("QuickBooks", request, response).map_err(|error| with_tid(error, response));
    }
    let ok = response.status.is_success();
    if ok && !mentions_fault(&response.body) {
        return expect_json(response);
    }
    let fault =
        serde_json::from_slice(&response.body).ok().and_then(|e: Envelope| e.fault).or_else(|| in_xml(response));
    match fault {
        Some(fault) => Err(of_response(&fault, response)),
        None if ok => expect_json(response),
        None => Err(unknown(response)),
    }
}

/// A fault stands at the beginning; a quote inside a text would have a backslash before it.
fn mentions_fault(body: &[u8]) -> bool {
    let head = &body[..body.len().min(256)];
    head.windows(7).any(|w| w == b"\"Fault\"" || w == b"\"fault\"")
}

/// The fault of an answer that is XML although JSON was asked for, as throttling has been.
fn in_xml(response: &Response) -> Option<Fault> {
    let text = response.text();
    let between = |start: &str, end: &str| {
        let from = text.find(start)? + start.len();
        text[from..].find(end).map(|len| text[from..from + len].to_owned())
    };
    if !text.trim_start().starts_with("<?xml") {
        return None;
    }
    let entry = Entry {
        message: between("<Message>", "</Message>"),
        detail: between("<Detail>", "</Detail>"),
        code: between("code=\"", "\"").map(Code::Text),
        element: None,
    };
    Some(Fault { errors: vec![entry], kind: between("<Fault type=\"", "\"") })
}

/// A refusal in no known form. The body of a 401 may hold the token.
fn unknown(response: &Response) -> Error {
    let mut error =
        by_status(response).err().unwrap_or_else(|| Error::bad_response("QuickBooks gave an unknown answer."));
    if error.kind == ErrorKind::Unauthorized {
        error.detail = None;
    }
    with_tid(error, response)
}

fn of_response(fault: &Fault, response: &Response) -> Error {
    let mut error = with_tid(of(fault, Some(response.status)), response);
    if matches!(error.kind, ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout) {
        error.retry_after = retry_after(&response.headers);
    }
    error
}

/// The error that a fault stands for. The code decides before the status: a missing right comes with 401 as well.
pub(super) fn of(fault: &Fault, status: Option<StatusCode>) -> Error {
    let code = fault.errors.iter().find_map(|e| e.code.as_ref()?.number());
    let kind = kind(code, fault.kind.as_deref().unwrap_or_default(), status.map(|s| s.as_u16()));
    let message = match kind {
        ErrorKind::Unauthorized => "QuickBooks does not accept the access token.".to_owned(),
        ErrorKind::Forbidden if code == Some(3100) => {
            "QuickBooks does not let this app into the company: the connection was revoked, or the company id (realm) or the environment is wrong.".to_owned()
        }
        ErrorKind::Forbidden => "The QuickBooks user who connected the company lacks a right for this.".to_owned(),
        ErrorKind::NotFound => "QuickBooks does not have this, or it is inactive.".to_owned(),
        ErrorKind::Conflict => "Somebody else changed the record meanwhile.".to_owned(),
        ErrorKind::RateLimited => "QuickBooks asks to slow down.".to_owned(),
        ErrorKind::Timeout => "QuickBooks did not answer in time.".to_owned(),
        ErrorKind::Unavailable => "QuickBooks is out of order.".to_owned(),
        ErrorKind::Unsupported => "QuickBooks cannot evaluate this query.".to_owned(),
        _ => match fault.errors.iter().find_map(|e| sentence(e.detail.as_deref().or(e.message.as_deref())?)) {
            Some(sentence) => format!("QuickBooks rejected this: {sentence}"),
            None => "QuickBooks rejected this.".to_owned(),
        },
    };
    Error::new(kind, message).with_detail(words(fault, status, kind))
}

fn kind(code: Option<u32>, fault: &str, status: Option<u16>) -> ErrorKind {
    match (code, status) {
        (Some(3001), _) | (_, Some(429)) => ErrorKind::RateLimited,
        (Some(120 | 3100 | 5020), _) => ErrorKind::Forbidden,
        (Some(3200), _) | (_, Some(401)) => ErrorKind::Unauthorized,
        (_, Some(408 | 504)) => ErrorKind::Timeout,
        (Some(10000), _) | (_, Some(500..)) => ErrorKind::Unavailable,
        (Some(610), _) => ErrorKind::NotFound,
        (Some(5010), _) => ErrorKind::Conflict,
        (Some(500 | 5030 | 4000..=4002), _) => ErrorKind::Unsupported,
        (_, Some(403)) => ErrorKind::Forbidden,
        (_, Some(404)) => ErrorKind::NotFound,
        _ => match fault.to_ascii_lowercase().as_str() {
            "authentication" | "authenticationfault" => ErrorKind::Unauthorized,
            // The second is Intuit's own spelling.
            "authorization" | "authorizationfault" | "authorizatonfault" => ErrorKind::Forbidden,
            "systemfault" => ErrorKind::Unavailable,
            _ => ErrorKind::Rejected,
        },
    }
}

/// A text that a person may read: a sentence of the business, not of the machinery.
fn sentence(text: &str) -> Option<&str> {
    let text = text.trim();
    let of_machinery = ["Exception", "Error:", "com.", "java", "errorCode=", "http"];
    let readable =
        !text.is_empty() && text.len() <= 300 && !text.chars().any(|c| c.is_control() || matches!(c, '<' | '{'));
    (readable && !of_machinery.iter().any(|word| text.contains(word))).then_some(text)
}

/// QuickBooks' own words, for the log. What it says of a token begins with the token: that is left out.
fn words(fault: &Fault, status: Option<StatusCode>, kind: ErrorKind) -> String {
    let mut words = status.map_or_else(String::new, |s| format!("{} ", s.as_u16()));
    words.push_str(fault.kind.as_deref().unwrap_or("fault"));
    for entry in &fault.errors {
        let code = entry.code.as_ref().and_then(Code::number).unwrap_or_default();
        let _ = write!(words, "; {code} {}", entry.message.as_deref().unwrap_or_default());
        if kind != ErrorKind::Unauthorized {
            let _ = write!(words, ": {}", entry.detail.as_deref().unwrap_or_default());
        }
        if let Some(element) = entry.element.as_deref().filter(|e| !e.is_empty()) {
            let _ = write!(words, " ({element})");
        }
    }
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(600).collect()
}

/// Adds the number by which Intuit finds the exchange in its logs.
fn with_tid(mut error: Error, response: &Response) -> Error {
    let words = error.detail.take().unwrap_or_else(|| response.status.as_u16().to_string());
    error.with_detail(match response.header("intuit_tid") {
        Some(tid) => format!("{words}; intuit_tid {tid}"),
        None => words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn response(status: u16, body: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("intuit_tid", "1-abc".parse().expect("a header"));
        Response { status: StatusCode::from_u16(status).expect("a status"), headers, body: body.to_owned().into() }
    }

    fn refused(operation: &'static str, status: u16, body: &str) -> Error {
        let request = Request::get("https://quickbooks.example/".parse().expect("a URL"), operation);
        classify(&request, &response(status, body)).expect_err("a refusal")
    }

    macro_rules! golden {
        ($file:literal) => {
            include_str!(concat!("../../../tests/golden/quickbooks/", $file))
        };
    }

    #[test]
    fn faults_have_kinds_whatever_their_form() {
        for (status, body, kind) in [
            (401, golden!("fault_401_gateway.json"), ErrorKind::Unauthorized),
            (401, golden!("fault_401_documented.json"), ErrorKind::Unauthorized),
            (403, golden!("fault_403_scope_3100.json"), ErrorKind::Forbidden),
            (429, golden!("fault_429_throttle.json"), ErrorKind::RateLimited),
            (429, golden!("fault_429_throttle.xml.txt"), ErrorKind::RateLimited),
            (403, golden!("fault_429_throttle.xml.txt"), ErrorKind::RateLimited),
            (400, golden!("fault_400_not_found_610.json"), ErrorKind::NotFound),
            (400, golden!("fault_400_stale_5010.json"), ErrorKind::Conflict),
            (400, golden!("fault_400_validation_6240.json"), ErrorKind::Rejected),
            (400, golden!("fault_400_multiple_errors.json"), ErrorKind::Rejected),
            (400, golden!("fault_400_query_parse_4000.json"), ErrorKind::Unsupported),
            (400, golden!("fault_400_query_not_queryable_4001.json"), ErrorKind::Unsupported),
            (400, golden!("fault_400_query_processing_4002.json"), ErrorKind::Unsupported),
            (500, golden!("fault_500_system_10000.json"), ErrorKind::Unavailable),
            (
                401,
                r#"{"Fault":{"Error":[{"Message":"Authorization Failure","Detail":": -11014-You do not have access","code":"120"}],"type":"AUTHORIZATION"}}"#,
                ErrorKind::Forbidden,
            ),
            (
                429,
                r#"{"fault":{"error":[{"message":"message=ThrottleExceeded; errorCode=003001","code":"003001"}],"type":"THROTTLE"}}"#,
                ErrorKind::RateLimited,
            ),
            (200, r#"{"Fault":{"Error":[{"Message":"m","code":10000}],"type":"SystemFault"}}"#, ErrorKind::Unavailable),
            (503, "<html>busy</html>", ErrorKind::Unavailable),
            (504, "", ErrorKind::Timeout),
            (200, "<html>log in</html>", ErrorKind::BadResponse),
            (200, r#"{"QueryResponse":{"Invoice":["#, ErrorKind::BadResponse),
            (302, "", ErrorKind::Config),
        ] {
            let error = refused("query", status, body);
            assert_eq!(error.kind, kind, "{body}");
            if kind != ErrorKind::BadResponse {
                assert!(error.detail.as_deref().unwrap_or_default().contains("1-abc"), "{error:?}");
            }
        }
    }

    #[test]
    fn only_sentences_of_the_business_are_shown() {
        let message = |status, body| refused("query", status, body).message;
        assert_eq!(
            message(400, golden!("fault_400_validation_6240.json")),
            "QuickBooks rejected this: The name supplied already exists. : Another customer is already using this name. Please use a different name."
        );
        let traceback = r#"{"Fault":{"Error":[{"Message":"x","Detail":"com.intuit.qbo.FooException: at line 3","code":"6000"}],"type":"ValidationFault"}}"#;
        assert_eq!(message(400, traceback), "QuickBooks rejected this.");
        assert_eq!(message(400, golden!("fault_400_query_parse_4000.json")), "QuickBooks cannot evaluate this query.");
    }

    #[test]
    fn tokens_stay_out_of_errors() {
        for body in [
            golden!("fault_401_gateway.json"),
            golden!("fault_401_documented.json"),
            "<p>Token expired: AB01178900000xyz</p>",
        ] {
            let error = refused("query", 401, body);
            assert!(!format!("{error:?}").contains("AB01178900000xyz"), "{error:?}");
        }
        let error = refused(RENEW, 500, r#"{"refresh_token":"RT1-secret"}"#);
        assert!(!format!("{error:?}").contains("RT1-secret"), "{error:?}");
    }

    #[test]
    fn refusals_of_the_token_endpoint_tell_who_has_to_act() {
        let kind = |status, body| refused(RENEW, status, body).kind;
        assert_eq!(kind(400, golden!("token_invalid_grant.json")), ErrorKind::Unauthorized);
        assert_eq!(kind(401, r#"{"error":"invalid_client"}"#), ErrorKind::Unauthorized);
        assert_eq!(kind(503, "busy"), ErrorKind::Unavailable);
        assert_eq!(kind(429, ""), ErrorKind::RateLimited);
        let consent = refused(CONSENT, 400, golden!("token_invalid_grant.json"));
        assert!(consent.kind == ErrorKind::Unauthorized && consent.message.contains("this consent"), "{consent:?}");
    }

    #[test]
    fn fault_in_a_text_is_none() {
        let body = r#"{"QueryResponse":{"Invoice":[{"PrivateNote":"a \"Fault\" here"}]},"time":"x"}"#;
        let request = Request::get("https://quickbooks.example/".parse().expect("a URL"), "query");
        classify(&request, &response(200, body)).expect("an answer");
    }
}
