//! Log-in and log-out, and the cookies between them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, header::COOKIE};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use super::{Options, VERSION, call::Answer, refusal::Refusal, version::Version};
use crate::{Lifetime, Simulator};

/// The body of a log-in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    #[serde(rename = "CompanyDB", default)]
    company: String,
    #[serde(default)]
    user_name: String,
    #[serde(default)]
    password: String,
}

/// How many are logging in.
#[derive(Debug, Default)]
pub(super) struct LogIns(AtomicUsize);

/// One log-in under way; dropped when it is done or its client has gone.
struct LoggingIn<'a>(&'a AtomicUsize);

impl Drop for LoggingIn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl LogIns {
    fn begin(&self) -> (LoggingIn<'_>, usize) {
        let others = self.0.fetch_add(1, Ordering::Relaxed);
        (LoggingIn(&self.0), others)
    }
}

/// Opens a session.
///
/// # Errors
/// If the credentials are wrong, or too many log in at once.
pub(super) async fn log_in(
    simulator: &Simulator,
    under_way: &LogIns,
    version: Version,
    host: &str,
    body: &[u8],
) -> Result<Answer, Refusal> {
    let options: &Options = &simulator.options().sap_b1;
    let (_under_way, others) = under_way.begin();
    if !options.login_time.is_zero() {
        sleep(options.login_time).await;
    }
    if others >= options.parallel_logins {
        return Err(Refusal::login_storm());
    }
    let credentials: Credentials = serde_json::from_slice(body).map_err(|_| Refusal::body())?;
    if credentials.company != options.company_db {
        return Err(Refusal::login(false));
    }
    if credentials.user_name != options.username || credentials.password != options.password {
        return Err(Refusal::login(true));
    }
    let id = session_id(&simulator.token(32));
    let minutes = u64::from(options.session_minutes);
    let lifetime = Lifetime::Idle(Duration::from_secs(minutes * 60));
    simulator.sessions().open(&id, &credentials.user_name, lifetime, simulator.now());
    let element = match version {
        Version::V1 => "@Element",
        Version::V2 => "$entity",
    };
    let context = format!("http://{host}/b1s/{}/$metadata#B1Sessions/{element}", version.path());
    let session = json!({
        version.annotation("odata.metadata"): context,
        "SessionId": id,
        "Version": VERSION,
        "SessionTimeout": minutes,
    });
    // No path and a semicolon with nothing after it, as the guide prints it: strict cookie jars trip over both.
    Ok(Answer::json(version, &session)
        .with("Set-Cookie", format!("B1SESSION={id};HttpOnly;"))
        .with("Set-Cookie", "ROUTEID=.node1; path=/b1s"))
}

/// Ends the session of a request.
///
/// # Errors
/// If there is none.
pub(super) fn log_out(simulator: &Simulator, headers: &HeaderMap) -> Result<Answer, Refusal> {
    let closed = cookie(headers).is_some_and(|id| simulator.sessions().close(id));
    if closed { Ok(Answer::empty()) } else { Err(Refusal::session()) }
}

/// Makes sure that a request has a session, and prolongs it. `ROUTEID` is wanted by the balancer only.
///
/// # Errors
/// If there is none, or it has ended.
pub(super) fn enter(simulator: &Simulator, headers: &HeaderMap) -> Result<(), Refusal> {
    let entered = cookie(headers).and_then(|id| simulator.sessions().enter(id, simulator.now()));
    entered.map(|_| ()).ok_or_else(Refusal::session)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|cookie| cookie.trim().strip_prefix("B1SESSION="))
}

/// Written like a GUID.
fn session_id(token: &str) -> String {
    let mut id = String::with_capacity(36);
    for (at, digit) in token.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}
