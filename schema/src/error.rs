//! The errors of the API: codes that a client can act on, never internals.

use adapters::{
    ErrorKind,
    model::ErpId,
};
use async_graphql::Enum;
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
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::UnsupportedBySource => "UNSUPPORTED_BY_SOURCE",
            Self::SourceUnavailable => "SOURCE_UNAVAILABLE",
            Self::SourceTimeout => "SOURCE_TIMEOUT",
            Self::SourceRateLimited => "SOURCE_RATE_LIMITED",
            Self::SourceAuthFailed => "SOURCE_AUTH_FAILED",
            Self::SourceRejected => "SOURCE_REJECTED",
            Self::SourceBadResponse => "SOURCE_BAD_RESPONSE",
            Self::RateLimited => "RATE_LIMITED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::Internal => "INTERNAL",
        }
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
        Self::new(ErrorCode::Internal, "the gateway failed; its log tells more under the request id")
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
