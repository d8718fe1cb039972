//! One error for everything that can go wrong between the gateway and an ERP; its kind says what the caller may do.

use std::{fmt, time::Duration};

/// A result of the adapter layer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as it matters to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system, or this ERP's version of it, cannot do what was asked.
    Unsupported,
    /// The settings of the ERP are wrong or incomplete.
    Config,
    /// The credentials are wrong, expired or revoked.
    Unauthorized,
    /// The credentials are good, but the ERP's user lacks a right.
    Forbidden,
    /// The record does not exist.
    NotFound,
    /// Somebody else changed the record meanwhile.
    Conflict,
    /// The caller's input is wrong, for example a cursor or an id.
    Invalid,
    /// The ERP understood the request and refused it by its own rules.
    Rejected,
    /// The ERP asks to slow down.
    RateLimited,
    /// The ERP did not answer in time.
    Timeout,
    /// The ERP cannot be reached, or answers that it is out of order.
    Unavailable,
    /// The answer is not what the protocol promises: HTML, truncated JSON, another shape.
    BadResponse,
}

/// An error with a message that may be shown to a client, and a detail that may only be logged.
///
/// `message` never holds a secret, an address with credentials, or an ERP's traceback. `detail` may hold the ERP's own words.
#[derive(Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What the caller may do about it.
    pub kind: ErrorKind,
    /// One sentence for a person.
    pub message: String,
    /// What helps a maintainer, for the log only.
    pub detail: Option<String>,
    /// How long the ERP asked to wait.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// An error of a kind with a sentence for a person.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), detail: None, retry_after: None }
    }

    /// Adds what only the log may show.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds how long the ERP asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The system cannot do what was asked.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// The answer is not what the protocol promises.
    pub fn bad_response(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadResponse, message)
    }

    /// The caller's input is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::RateLimited | ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::BadResponse
        )
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        if let Some(wait) = self.retry_after {
            write!(f, " [retry after {wait:?}]")?;
        }
        Ok(())
    }
}
