//! What a token service means by a refusal (RFC 6749, section 5.2).

use super::{CONSENT, RENEW, REVOKE};
use crate::{
    error::{Error, ErrorKind, Result},
    http::{Request, Response, by_status, one_line},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

/// Tells refusals from answers. Nothing of a good answer may get into an error.
pub(crate) fn refusal(name: &str, request: &Request, response: &Response) -> Result<()> {
    if response.status.is_success() {
        return Ok(());
    }
    let refusal: Option<Refusal> = serde_json::from_slice(&response.body).ok();
    let code = refusal.as_ref().map(|refusal| refusal.error.as_str());
    let (kind, message) = match (code, response.status.as_u16()) {
        (Some("invalid_grant"), _) if request.operation == RENEW => {
            (ErrorKind::Unauthorized, format!("{name} no longer accepts the refresh token: connect the company again."))
        }
        (Some("invalid_grant"), _) if request.operation == CONSENT => (
            ErrorKind::Unauthorized,
            format!("{name} does not accept the code of this consent: it is too old, was used, or is of another app."),
        ),
        (Some("invalid_client" | "unauthorized_client"), _) | (_, 401) => {
            (ErrorKind::Unauthorized, format!("{name} does not accept the client id and secret."))
        }
        // Intuit says nothing more of a token that was good no longer (intuit/oauth-jsclient#18, #71).
        (_, 400) if request.operation == REVOKE => {
            (ErrorKind::Rejected, format!("{name} did not take the token back: it may have been good no longer."))
        }
        (Some(_), 400..500) => (ErrorKind::Rejected, format!("{name} refused to give an access token.")),
        _ => {
            // The body may hold anything, a token among it.
            return by_status(response).map_err(|error| Error { detail: None, ..error });
        }
    };
    let words = refusal.map(|r| format!("{}: {}", r.error, r.error_description.unwrap_or_default()));
    Err(Error::new(kind, message).with_detail(one_line(&words.unwrap_or_default(), 300)))
}
