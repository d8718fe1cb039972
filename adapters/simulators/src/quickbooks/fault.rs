//! What the service says when it refuses: its own faults, and those of the gateway in front of it.

use axum::http::StatusCode;

use super::wire::{Node, Object};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// Whether the gateway says it, whose JSON has other names.
    pub(super) gateway: bool,
    kind: &'static str,
    code: &'static str,
    message: String,
    detail: String,
    element: Option<&'static str>,
}

impl Fault {
    fn validation(code: &'static str, message: &str, detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            gateway: false,
            kind: "ValidationFault",
            code,
            message: message.to_owned(),
            detail: detail.into(),
            element: None,
        }
    }

    fn gateway(status: StatusCode, kind: &'static str, code: &'static str, name: &str, detail: String) -> Self {
        let message = format!("message={name}; errorCode=00{code}; statusCode={}", status.as_u16());
        Self { status, gateway: true, kind, code, message, detail, element: None }
    }

    /// The text of a query is not of the language.
    pub(super) fn parser(detail: &str) -> Self {
        Self::validation("4000", "Error parsing query", format!("QueryParserError: {detail}"))
    }

    /// A query asks for something that there is not, or that may not be asked for.
    pub(super) fn query(detail: &str) -> Self {
        Self::validation("4001", "Invalid query", format!("QueryValidationError: {detail}"))
    }

    /// There is no object of this id; 400, not 404.
    pub(super) fn not_found() -> Self {
        let detail = "Object Not Found : Something you're trying to use has been made inactive. Check the fields with \
                      accounts, customers, items, vendors or employees.";
        Self { element: Some(""), ..Self::validation("610", "Object Not Found", detail) }
    }

    /// An id in a path is no id.
    pub(super) fn invalid_id(id: &str) -> Self {
        let detail = format!("Id should be a valid number. Supplied value:{id}");
        Self { element: Some("Id"), ..Self::validation("2030", "Invalid ID", detail) }
    }

    /// A date is none; the words are assumed.
    pub(super) fn invalid_date(parameter: &str, value: &str) -> Self {
        Self::validation(
            "2030",
            "Invalid date",
            format!("{parameter} should be of the form yyyy-MM-dd. Supplied value:{value}"),
        )
    }

    /// There is no such operation here; the texts are those of the framework below the service.
    pub(super) fn unsupported(operation: &str) -> Self {
        let detail = format!("Operation {operation} is not supported.");
        Self { element: Some(""), ..Self::validation("500", "Unsupported Operation", detail) }
    }

    /// The body is in a format that this resource does not read.
    pub(super) fn media_type() -> Self {
        let fault = Self::unsupported("Cannot consume content type");
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..fault }
    }

    /// A body is not the JSON that was expected.
    pub(super) fn unreadable() -> Self {
        let detail = "Property Name:failed to parse json object; a property specified is unsupported or invalid";
        Self::validation("2010", "Request has invalid or unsupported property", detail)
    }

    /// A member is missing.
    pub(super) fn missing(member: &'static str) -> Self {
        let message = "Required param missing, need to supply the required value for the API";
        let detail = format!("Required parameter {member} is missing in the request");
        Self { element: Some(member), ..Self::validation("2020", message, detail) }
    }

    /// A rule of the books or of the service forbids it.
    pub(super) fn business(detail: &str) -> Self {
        let message = "A business validation error has occurred while processing your request";
        Self { element: Some(""), ..Self::validation("6000", message, format!("Business Validation Error: {detail}")) }
    }

    /// The access token is missing, wrong or expired.
    pub(super) fn authentication(detail: String) -> Self {
        Self::gateway(StatusCode::UNAUTHORIZED, "AUTHENTICATION", "3200", "AuthenticationFailed", detail)
    }

    /// The access token is good, yet for another company.
    pub(super) fn authorization() -> Self {
        let detail = "You do not have permission to access this resource".to_owned();
        Self::gateway(StatusCode::FORBIDDEN, "SERVICE", "3100", "ApplicationAuthorizationFailed", detail)
    }

    /// Too many requests. Intuit documents no `Retry-After`.
    pub(super) fn throttled() -> Self {
        let detail = "The request limit was reached.  Try again later".to_owned();
        let fault = Self::gateway(StatusCode::TOO_MANY_REQUESTS, "SERVICE", "3001", "ThrottleExceeded", detail);
        // No JSON form was ever recorded; this is the one that clients of the service expect.
        Self { gateway: false, ..fault }
    }

    /// The service broke.
    pub(super) fn system() -> Self {
        let message = "An application error has occurred while processing your request";
        let fault = Self::validation("10000", message, "System Failure Error: unexpected");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, kind: "SystemFault", ..fault }
    }

    /// The member `Fault`, as it stands in an answer or in an item of a batch.
    pub(super) fn member(&self) -> Object {
        let error = Object::default()
            .with("Message", self.message.as_str())
            .with("Detail", self.detail.as_str())
            .with("code", self.code)
            .maybe("element", self.element);
        Object::default().with("Error", vec![error.into()]).with("type", self.kind)
    }

    /// The gateway's JSON: small letters, nulls, and the time in milliseconds.
    pub(super) fn gateway_body(&self, millis: i64) -> Object {
        let error = Object::default()
            .with("message", self.message.as_str())
            .with("detail", self.detail.as_str())
            .with("code", self.code)
            .with("element", Node::Null);
        Object::default()
            .with("warnings", Node::Null)
            .with("intuitObject", Node::Null)
            .with("fault", Object::default().with("error", vec![error.into()]).with("type", self.kind))
            .with("report", Node::Null)
            .with("queryResponse", Node::Null)
            .with("batchItemResponse", Vec::new())
            .with("attachableResponse", Vec::new())
            .with("syncErrorResponse", Node::Null)
            .with("requestId", Node::Null)
            .with("time", crate::decimal::Dec::new(millis, 0))
            .with("status", Node::Null)
            .with("cdcresponse", Vec::new())
    }
}
