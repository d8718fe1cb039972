//! Why an exchange failed, in words for a person: from the error of the client below, without its URL.

use super::address::Refused;
use crate::error::{Error, ErrorKind};
use rustls::CertificateError;
use std::{error::Error as StdError, io};

/// The failure of sending a request to a host, or of reading the head of its answer. `trust_advice` tells what helps where its
/// certificate is not trusted.
pub(super) fn of_sending(error: reqwest::Error, host: &str, trust_advice: Option<&str>) -> Error {
    let error = error.without_url();
    let (kind, message) = if find::<Refused>(&error).is_some() {
        (ErrorKind::Config, format!("{host} is at a link-local or metadata address, where the gateway does not go"))
    } else if let Some(tls) = find::<rustls::Error>(&error) {
        (ErrorKind::Unavailable, of_tls(tls, host, trust_advice))
    } else if error.is_dns() {
        (ErrorKind::Unavailable, format!("cannot connect to {host}: the name cannot be resolved"))
    } else if error.is_connect() {
        let reason = if error.is_timeout() { "timed out" } else { reason(&error) };
        (ErrorKind::Unavailable, format!("cannot connect to {host}: {reason}"))
    } else if error.is_timeout() {
        (ErrorKind::Timeout, format!("{host} did not answer in time"))
    } else if error.is_builder() {
        (ErrorKind::Config, format!("a request to {host} cannot be made"))
    } else {
        (ErrorKind::Unavailable, format!("{host} broke off the exchange: {}", reason(&error)))
    };
    Error::new(kind, message).with_detail(chain(&error))
}

/// The failure of reading the body of an answer.
pub(super) fn of_reading(error: reqwest::Error, host: &str) -> Error {
    let error = error.without_url();
    let lost = find::<io::Error>(&error).is_some_and(|e| {
        matches!(
            e.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
        )
    });
    let (kind, message) = if error.is_timeout() {
        (ErrorKind::Timeout, format!("{host} did not complete its answer in time"))
    } else if lost {
        (ErrorKind::Unavailable, format!("the connection to {host} was lost in the middle of an answer"))
    } else {
        (ErrorKind::BadResponse, format!("the answer of {host} is damaged or breaks off"))
    };
    Error::new(kind, message).with_detail(chain(&error))
}

fn of_tls(error: &rustls::Error, host: &str, trust_advice: Option<&str>) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            format!("the certificate of {host} has expired: the server needs a new one")
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!("the certificate of {host} was issued for another name: check the address"),
        // What `openssl req -x509` makes unless told otherwise; no root certificate helps (webpki has no type of it to match).
        rustls::Error::InvalidCertificate(CertificateError::Other(why))
            if format!("{why:?}").contains("CaUsedAsEndEntity") =>
        {
            format!(
                "the certificate of {host} is one of an authority (CA:TRUE), which may sign others but not serve: make \
                 the server one with CA:FALSE"
            )
        }
        rustls::Error::InvalidCertificate(_) => match trust_advice {
            Some(advice) => format!("the certificate of {host} is not trusted: {advice}"),
            None => format!("the certificate of {host} is not trusted"),
        },
        rustls::Error::InvalidMessage(_) => {
            format!("cannot connect to {host}: it does not speak TLS, its address may have to begin with http://")
        }
        _ => format!("cannot connect to {host}: TLS failed"),
    }
}

/// What the operating system said, in plain words.
fn reason(error: &(dyn StdError + 'static)) -> &'static str {
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused",
        Some(io::ErrorKind::TimedOut) => "timed out",
        Some(io::ErrorKind::HostUnreachable) => "host unreachable",
        Some(io::ErrorKind::NetworkUnreachable) => "network unreachable",
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
            "connection closed"
        }
        _ => "connection failed",
    }
}

/// The first error of a type among the causes. An `io::Error` shows what it wraps only through `get_ref`.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    None
}

/// All causes on one line, for the log.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_signed_a_certificate_themselves_is_told_what_helps() {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let said = of_tls(&unknown, "b1.local", Some("enter it in the setting root_certificate"));
        assert_eq!(said, "the certificate of b1.local is not trusted: enter it in the setting root_certificate");
        assert_eq!(of_tls(&unknown, "b1.local", None), "the certificate of b1.local is not trusted");
        let why = rustls::OtherError(std::sync::Arc::new(io::Error::other("CaUsedAsEndEntity")));
        let authority = rustls::Error::InvalidCertificate(CertificateError::Other(why));
        assert!(of_tls(&authority, "b1.local", Some("enter it")).contains("CA:FALSE"));
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(of_tls(&plain, "b1.local", None).contains("begin with http://"));
    }
}
