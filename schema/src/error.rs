//! The errors of the API: codes that a client can act on, never internals.

use adapters::{ErrorKind, model::ErpId};
use async_graphql::{Enum, ErrorExtensionValues, Pos, ServerError, resolver_utils::EnumType};
use std::{fmt, sync::Arc, time::Duration};

/// A result of the API and of its ports.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a client can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum ErrorCode {
    /// The request carries no valid credentials.
    Unauthenticated,
    /// The caller lacks a right.
    Forbidden,
    /// An argument has a value that cannot be; the message says which and why.
    BadUserInput,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// Somebody else changed it meanwhile: read it again.
    Conflict,
    /// The idempotency key was used before with another input.
    IdempotencyConflict,
    /// The ERP cannot do what was asked; the message says what helps.
    UnsupportedBySource,
    /// The ERP cannot be reached or is out of order.
    SourceUnavailable,
    /// The ERP did not answer in time.
    SourceTimeout,
    /// The ERP's quota is used up for the moment.
    SourceRateLimited,
    /// The ERP refuses the gateway's credentials or rights: an operator has to act.
    SourceAuthFailed,
    /// The ERP understood the request and refused it by its own rules.
    SourceRejected,
    /// The ERP answered something that cannot be understood.
    SourceBadResponse,
    /// The caller sends too many requests.
    RateLimited,
    /// The query asks for too much at once.
    QueryTooComplex,
    /// A fault of the gateway; the request id helps to find it in the log.
    Internal,
}

impl ErrorCode {
    /// The word in answers.
    pub fn word(self) -> &'static str {
        // Every value is an item; the other word is never used.
        Self::items().iter().find(|item| item.value == self).map_or("INTERNAL", |item| item.name)
    }
}

impl From<ErrorKind> for ErrorCode {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unsupported => Self::UnsupportedBySource,
            ErrorKind::Unauthorized | ErrorKind::Forbidden => Self::SourceAuthFailed,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Invalid => Self::BadUserInput,
            ErrorKind::Rejected => Self::SourceRejected,
            ErrorKind::RateLimited => Self::SourceRateLimited,
            ErrorKind::Timeout => Self::SourceTimeout,
            ErrorKind::Config | ErrorKind::Unavailable => Self::SourceUnavailable,
            ErrorKind::BadResponse => Self::SourceBadResponse,
            _ => Self::Internal,
        }
    }
}

/// An error as a client may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What the client may do about it.
    pub code: ErrorCode,
    /// One sentence for a person: never a secret, never an ERP's own words that were not meant for clients.
    pub message: String,
    /// The ERP it comes from, with the key of its system.
    pub source: Option<(ErpId, Arc<str>)>,
    /// Whether the same request may succeed a little later.
    pub retryable: bool,
    /// How long to wait before that, where the ERP said so.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// An error that a repetition does not cure.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), source: None, retryable: false, retry_after: None }
    }

    /// The caller's input is wrong.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadUserInput, message)
    }

    /// A fault of the gateway; what exactly belongs into the log, not here.
    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, "The gateway failed; its log tells more under the request id.")
    }

    /// The failure of an ERP. What only the log may show is left out.
    pub fn of_source(error: &adapters::Error, erp: ErpId, system: impl Into<Arc<str>>) -> Self {
        Self { source: Some((erp, system.into())), ..Self::from(error) }
    }
}

/// Without the ERP's name; [`Error::of_source`] adds it.
impl From<&adapters::Error> for Error {
    fn from(error: &adapters::Error) -> Self {
        Self {
            code: error.kind.into(),
            message: error.message.clone(),
            source: None,
            retryable: error.is_retryable(),
            retry_after: error.retry_after,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The code of a request that is not GraphQL.
const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The code of a request that does not fit the schema.
pub(crate) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
const CODE: &str = "code";

impl Error {
    /// The same as an error of the field at a position.
    pub(crate) fn at(self, pos: Pos) -> ServerError {
        ServerError { locations: vec![pos], ..self.into() }
    }
}

impl From<Error> for ServerError {
    fn from(error: Error) -> Self {
        let message = error.message.clone();
        Self { source: Some(Arc::new(error)), ..Self::new(message, None) }
    }
}

/// The error of a request that is not GraphQL. The parser's own text repeats the line, which may be the whole query.
pub(crate) fn of_syntax(mut error: ServerError) -> ServerError {
    if let Some((_, expected)) = error.message.rsplit_once(" = ") {
        error.message = format!("Syntax error: {expected}");
    }
    with_code(error, PARSE_FAILED)
}

/// Gives an error a code that is not for clients to choose from.
pub(crate) fn with_code(mut error: ServerError, code: &str) -> ServerError {
    error.extensions.get_or_insert_default().set(CODE, code);
    error
}

/// The most errors of one refused request: each unknown field is one.
const MAX_ERRORS: usize = 20;
/// The longest message: it may repeat what the request holds.
const MAX_MESSAGE: usize = 500;

/// Cuts off what only repeats a bad request.
pub(crate) fn shorten(errors: &mut Vec<ServerError>) {
    let all = errors.len();
    let mut refusals = 0;
    // Errors of fields are as many as there are broken fields, within the limits of the query.
    errors.retain(|error| {
        refusals += usize::from(error.path.is_empty());
        !error.path.is_empty() || refusals <= MAX_ERRORS
    });
    if errors.len() < all {
        let message = format!("There are {} more errors.", all - errors.len());
        errors.push(with_code(ServerError::new(message, None), VALIDATION_FAILED));
    }
    for error in errors {
        if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE) {
            error.message.truncate(end);
            error.message.push('…');
        }
    }
}

/// Writes what a client needs into the extensions of an error of an answer.
pub(crate) fn annotate(error: &mut ServerError, request_id: &str) {
    let mut extensions = error.extensions.take().unwrap_or_default();
    if let Some(cause) = error.source::<Error>() {
        describe(cause, &mut extensions);
    } else if let Some(expected) = of_wrong_type(&error.message) {
        error.message = expected;
        extensions.set(CODE, ErrorCode::BadUserInput.word());
    } else if extensions.get(CODE).is_none() {
        let code = request_code(error).unwrap_or_else(|| {
            // An error of a field that nobody foresaw: its text may tell what is nobody's business.
            tracing::error!(request.id = request_id, error = %error.message, "a resolver failed");
            error.message = Error::internal().message;
            ErrorCode::Internal.word()
        });
        extensions.set(CODE, code);
    }
    extensions.set("requestId", request_id);
    error.extensions = Some(extensions);
}

fn describe(cause: &Error, extensions: &mut ErrorExtensionValues) {
    extensions.set(CODE, cause.code.word());
    if let Some((erp, system)) = &cause.source {
        extensions.set("erpId", erp.as_str());
        extensions.set("system", &**system);
        extensions.set("retryable", cause.retryable);
    } else if cause.retryable {
        extensions.set("retryable", true);
    }
    if let Some(wait) = cause.retry_after {
        extensions.set("retryAfterMs", millis(wait));
    }
}

/// What async-graphql says of a value of a wrong type, without the value, which it repeats: it may hold a password.
fn of_wrong_type(message: &str) -> Option<String> {
    let (expected, _) = message.strip_prefix("Expected input type ")?.split_once(", found ")?;
    Some(format!("Expected input type {expected}."))
}

/// The code of an error that async-graphql found: a bad value, or, where there is no path, a bad request. The texts are
/// async-graphql's: the tests of this crate notice when they change.
fn request_code(error: &ServerError) -> Option<&'static str> {
    const VALUES: [&str; 2] = ["Invalid value for argument", "Failed to parse"];
    if VALUES.iter().any(|start| error.message.starts_with(start)) {
        Some(ErrorCode::BadUserInput.word())
    } else if error.path.is_empty() {
        Some(VALIDATION_FAILED)
    } else {
        None
    }
}

/// A duration in milliseconds as GraphQL's `Int` can hold them.
pub(crate) fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Value;

    #[test]
    fn a_failed_erp_is_described_and_its_detail_is_not_shown() {
        let failure = adapters::Error::new(ErrorKind::RateLimited, "the ERP asks to slow down")
            .with_detail("secret")
            .with_retry_after(Duration::from_secs(2));
        let mut error = Error::of_source(&failure, "odoo-1".into(), "odoo").at(Pos::default());
        annotate(&mut error, "r1");
        let shown = serde_json::to_value(&error).expect("JSON").to_string();
        assert!(!shown.contains("secret"));
        let extensions = error.extensions.expect("extensions");
        for (key, value) in [
            ("code", Value::from("SOURCE_RATE_LIMITED")),
            ("erpId", "odoo-1".into()),
            ("system", "odoo".into()),
            ("retryable", true.into()),
            ("retryAfterMs", 2000.into()),
            ("requestId", "r1".into()),
        ] {
            assert_eq!(extensions.get(key), Some(&value), "{key}");
        }
    }

    #[test]
    fn a_value_of_a_wrong_type_is_not_repeated() {
        let expected = async_graphql::InputValueError::<String>::expected_type("a password".into());
        let mut error = expected.propagate::<bool>().into_server_error(Pos::default());
        error.path.push(async_graphql::PathSegment::Field("connectErp".into()));
        annotate(&mut error, "r1");
        assert_eq!(error.message, "Expected input type \"String\".");
        assert_eq!(error.extensions.and_then(|e| e.get("code").cloned()), Some("BAD_USER_INPUT".into()));
    }

    #[test]
    fn an_unforeseen_error_is_masked() {
        let mut error = ServerError::new("Data `secrets::Key` does not exist.", None);
        error.path.push(async_graphql::PathSegment::Field("erps".into()));
        annotate(&mut error, "r1");
        assert!(!error.message.contains("secrets"));
        assert_eq!(error.extensions.and_then(|e| e.get("code").cloned()), Some("INTERNAL".into()));
    }
}
