//! What the Service Layer's refusals mean.

use super::session::{LOGIN, LoggedIn};
use crate::{
    error::{Error, ErrorKind, Result},
    http::{Classify, Request, Response, by_status, excerpt, expect_json, one_line},
    odata::{
        batch::{self, Part},
        body::Fault,
    },
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use std::sync::{Arc, Mutex, PoisonError};

/// The version of the Service Layer, which only the answer to a log-in tells.
#[derive(Debug, Clone, Default)]
pub(super) struct ServiceVersion(Arc<Mutex<Option<String>>>);

impl ServiceVersion {
    /// `1000340` is 10.00.340.
    pub(super) fn get(&self) -> Option<String> {
        let version = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(match (version.len(), version.bytes().all(|b| b.is_ascii_digit())) {
            (7, true) => format!("{}.{}.{}", &version[..2], &version[2..4], &version[4..]),
            _ => version,
        })
    }

    fn take(&self, response: &Response) {
        if let Ok(LoggedIn { version: Some(version), .. }) = response.json() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
        }
    }
}

/// Tells refusals from answers. In the answer to a batch it raises what concerns the whole batch: the end of the session,
/// and what may be over with the next attempt.
pub(super) struct Faults {
    pub(super) version: ServiceVersion,
}

impl Classify for Faults {
    fn classify(&self, request: &Request, response: &Response) -> Result<()> {
        let login = request.operation == LOGIN;
        check(response, login)?;
        if login {
            self.version.take(response);
        }
        match response.header(CONTENT_TYPE).map(str::trim_start) {
            Some(kind) if kind.starts_with("text/html") => expect_json(response),
            Some(kind) if kind.starts_with("multipart/") => {
                match batch::read(kind, &response.body)?.last().map(of_part) {
                    Some(Err(error)) if error.is_retryable() || error.kind == ErrorKind::Unauthorized => Err(error),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// The body of a part, or what its refusal means.
pub(super) fn of_part(part: &Part) -> Result<bytes::Bytes> {
    let status =
        StatusCode::from_u16(part.status).map_err(|_| Error::bad_response("a part of a batch has no HTTP status"))?;
    check(&Response { status, headers: HeaderMap::new(), body: part.body.clone() }, false)?;
    Ok(part.body.clone())
}

fn check(response: &Response, login: bool) -> Result<()> {
    let Err(by_status) = by_status(response) else { return Ok(()) };
    let Some(fault) = Fault::read(&response.body) else { return Err(by_status) };
    let (kind, message) = meaning(&fault, response.status, login).unwrap_or((by_status.kind, by_status.message));
    let mut error = Error::new(kind, message).with_detail(if fault.code.is_empty() {
        excerpt(response)
    } else {
        format!("{} {}: {}", response.status.as_u16(), fault.code, fault.message)
    });
    error.retry_after = by_status.retry_after;
    Err(error)
}

/// The kind of a code with a sentence; none where the status says it all.
fn meaning(fault: &Fault, status: StatusCode, login: bool) -> Option<(ErrorKind, String)> {
    let say = |kind, message: &str| Some((kind, message.to_owned()));
    match (fault.code.as_str(), login) {
        // Several log-ins at a time, and a node whose metadata is broken: another attempt may fare better.
        ("299", _) => say(ErrorKind::Unavailable, "SAP Business One is busy with other log-ins"),
        ("407", _) => say(ErrorKind::Unavailable, "a node of the Service Layer is out of order: restart it"),
        ("-304", true) => {
            say(ErrorKind::Unauthorized, "SAP Business One refused the log-in: check the user name and the password")
        }
        ("-306", true) => {
            say(ErrorKind::Config, "SAP Business One has no such company database: check the setting company_db")
        }
        (_, true) if status == StatusCode::UNAUTHORIZED => say(
            ErrorKind::Unauthorized,
            "SAP Business One refused the log-in: check user, password and company database",
        ),
        ("301", false) => say(ErrorKind::Unauthorized, "the session with SAP Business One is over"),
        // Whatever else comes with 401 is about rights: "No permission to access this view …".
        (code, false) if status == StatusCode::UNAUTHORIZED && !code.is_empty() => {
            say(ErrorKind::Forbidden, "the user of SAP Business One lacks a right for this")
        }
        ("804", false) => say(ErrorKind::Forbidden, "the user of SAP Business One lacks a right for this"),
        ("-2028", false) => say(ErrorKind::NotFound, "SAP Business One does not have this"),
        ("-2039", false) => say(ErrorKind::Conflict, "somebody else changed the record meanwhile"),
        ("-5006", false) => say(ErrorKind::Unsupported, "SAP Business One does not support this"),
        // The sentences of these are about the business, often with a number of the message before them.
        ("-10" | "-1116" | "-2035" | "-4002", false) => {
            let sentence =
                fault.message.split_once(" - ").filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
            let sentence = one_line(sentence.map_or(fault.message.as_str(), |(_, sentence)| sentence), 300);
            let silent = || "SAP Business One rejected this without saying why".to_owned();
            Some((ErrorKind::Rejected, if sentence.is_empty() { silent() } else { sentence }))
        }
        (code, false) if status == StatusCode::BAD_REQUEST => {
            let code = one_line(code, 20);
            Some((ErrorKind::Rejected, format!("SAP Business One does not accept the request ({code})")))
        }
        _ => None,
    }
}

/// A set and the property that the service says it does not have there: older patch levels lack some. An empty property
/// stands for the whole set, which a localization or a patch level may lack.
pub(super) fn unknown(error: &Error) -> Option<(&str, &str)> {
    let detail = error.detail.as_deref().filter(|_| error.kind == ErrorKind::Rejected)?;
    let (set, rest) = detail.split_once(": ")?;
    if ["Unrecognized resource path", "Invalid entityset", "Service Not Found"].iter().any(|what| rest.contains(what)) {
        return Some((set, ""));
    }
    let (name, rest) = rest.split_once(": Property '")?.1.split_once('\'')?;
    rest.trim_end().ends_with("is invalid").then_some((set, name))
}

/// Whether the service refused a join for good: an older patch level knows no joins of lines, or not all of their properties.
pub(super) fn cannot_join(error: &Error) -> bool {
    let detail = error.detail.as_deref().unwrap_or_default();
    let says = ["invalid $crossjoin query", "is invalid", "Unrecognized resource path", "Service Not Found"];
    error.kind == ErrorKind::Rejected && says.iter().any(|what| detail.contains(what))
}
