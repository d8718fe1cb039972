//! What the Service Layer says when it refuses, and what the Apache in front of it says when it does.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::version::Version;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: i32,
    message: String,
    /// Whether v2 adds an empty `details`, as recorded of log-in and of bad requests.
    details: bool,
}

impl Refusal {
    fn new(status: StatusCode, code: i32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: status == StatusCode::BAD_REQUEST }
    }

    fn bad(code: i32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// No session, or one that has ended.
    pub(super) fn session() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 301, "Invalid session or session already timeout.")
    }

    /// Wrong user or password. An unknown company differs by its code alone.
    pub(super) fn login(company_known: bool) -> Self {
        let code = if company_known { -304 } else { -306 };
        Self { details: true, ..Self::new(StatusCode::UNAUTHORIZED, code, "Fail to NONE-SSO login from SLD.") }
    }

    /// Too many log-ins at once.
    pub(super) fn login_storm() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 299, "SAML Login Failed")
    }

    /// No record with this key.
    pub(super) fn no_record() -> Self {
        Self::new(StatusCode::NOT_FOUND, -2028, "No matching records found (ODBC -2028)")
    }

    /// An unknown property in `$filter` or `$orderby`.
    pub(super) fn property(name: &str) -> Self {
        Self::bad(201, format!("Property '{name}' is invalid"))
    }

    /// An unknown property in `$select`, or a function that is none, which the Service Layer takes for a property.
    pub(super) fn property_of(name: &str, kind: &str) -> Self {
        Self::bad(-1000, format!("Property '{name}' of '{kind}' is invalid"))
    }

    /// A `$filter` that does not parse, or uses what is not supported.
    pub(super) fn filter() -> Self {
        Self::query("Invalid filter condition")
    }

    /// A query option that does not parse.
    pub(super) fn query(what: &str) -> Self {
        Self::bad(201, format!("Query string error - {what}"))
    }

    /// `$expand` of what is no navigation property.
    pub(super) fn expand(name: &str, kind: &str) -> Self {
        Self::bad(201, format!("Cannot expand invalid navigation property '{name}' for entity type '{kind}'"))
    }

    /// No such entity set.
    pub(super) fn path() -> Self {
        Self::bad(200, "Unrecognized resource path.")
    }

    /// No such action or function.
    pub(super) fn service() -> Self {
        Self::bad(-1002, "Service Not Found")
    }

    /// A key that does not fit the set.
    pub(super) fn key() -> Self {
        Self::bad(200, "Invalid key in the resource path.")
    }

    /// A write.
    pub(super) fn action() -> Self {
        Self::bad(-5006, "The requested action is not supported for this object.")
    }

    /// A body that is no JSON, or lacks what the action needs.
    pub(super) fn body() -> Self {
        Self::bad(-1000, "Invalid JSON format in the request body.")
    }

    /// A saved query that cannot be run.
    pub(super) fn sql(code: i32, message: String) -> Self {
        Self::bad(code, message)
    }

    /// A key that is taken (the text from memory).
    pub(super) fn exists() -> Self {
        Self::bad(-2035, "This entry already exists in the following tables (ODBC -2035)")
    }

    /// No rate for a day. That the code says so is third-party knowledge; the text is assumed.
    pub(super) fn no_rate() -> Self {
        Self::bad(-4006, "Update the exchange rate")
    }

    /// A `$crossjoin` that cannot be run.
    pub(super) fn crossjoin() -> Self {
        Self::bad(-1000, "invalid $crossjoin query")
    }

    /// A `$batch` that does not parse.
    pub(super) fn batch() -> Self {
        Self { details: false, ..Self::bad(-1000, "Incomplete Batch Request Body!") }
    }

    /// What a broken server says.
    pub(super) fn broken(status: StatusCode) -> Self {
        Self { details: false, ..Self::new(status, -1, "Internal error (-1) occurred") }
    }

    /// The body. Inside a batch, v1 adds an `innererror`.
    pub(super) fn json(&self, version: Version, in_batch: bool) -> Value {
        let mut error = match version {
            Version::V1 => json!({ "code": self.code, "message": { "lang": "en-us", "value": self.message } }),
            Version::V2 => json!({ "code": self.code.to_string(), "message": self.message }),
        };
        match version {
            Version::V1 if in_batch => error["innererror"] = json!({ "context": null, "trace": null }),
            Version::V2 if self.details => error["details"] = json!([{ "code": "", "message": "" }]),
            _ => {}
        }
        json!({ "error": error })
    }
}

/// The page of the Apache that balances the load.
pub(super) fn apache(status: StatusCode) -> String {
    let (title, heading, text) = match status.as_u16() {
        404 => ("404 Not Found", "Not Found", "The requested URL was not found on this server."),
        414 => (
            "414 Request-URI Too Long",
            "Request-URI Too Long",
            "The requested URL's length exceeds the capacity\nlimit for this server.",
        ),
        502 => (
            "502 Proxy Error",
            "Proxy Error",
            "The proxy server received an invalid\nresponse from an upstream server.<br />",
        ),
        503 => (
            "503 Service Unavailable",
            "Service Unavailable",
            "The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\n\
             problems. Please try again later.",
        ),
        _ => {
            let reason = status.canonical_reason().unwrap_or("Error");
            (reason, reason, "The server was unable to complete your request.")
        }
    };
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{title}</title>\n</head><body>\n\
         <h1>{heading}</h1>\n<p>{text}\n</p>\n</body></html>\n"
    )
}
