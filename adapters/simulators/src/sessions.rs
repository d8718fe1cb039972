//! Who is signed in: session cookies and access tokens alike.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

/// When a session ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// So long after its last use.
    Idle(Duration),
    /// So long after it was opened.
    Fixed(Duration),
}

#[derive(Debug)]
struct Session {
    subject: String,
    lifetime: Lifetime,
    since: DateTime<Utc>,
}

/// The open sessions by token.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// Opens a session under a token that the front made up, such as one of
    /// [`Simulator::token`](crate::Simulator::token). `subject` is what the front wants back at each use: a
    /// login, a company.
    pub fn open(&self, token: &str, subject: &str, lifetime: Lifetime, now: DateTime<Utc>) {
        let session = Session { subject: subject.to_owned(), lifetime, since: now };
        self.lock().insert(token.to_owned(), session);
    }

    /// The subject of an open session, which this counts as a use of; `None` when there is none or it has expired.
    pub fn enter(&self, token: &str, now: DateTime<Utc>) -> Option<String> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(token)?;
        let (Lifetime::Idle(longest) | Lifetime::Fixed(longest)) = session.lifetime;
        if now - session.since >= TimeDelta::from_std(longest).unwrap_or(TimeDelta::MAX) {
            sessions.remove(token);
            return None;
        }
        if matches!(session.lifetime, Lifetime::Idle(_)) {
            session.since = now;
        }
        Some(session.subject.clone())
    }

    /// Ends one session; false when there is none.
    pub fn close(&self, token: &str) -> bool {
        self.lock().remove(token).is_some()
    }

    /// Ends all sessions at once, as a restart of the ERP does. Refresh tokens and keys are not sessions and stay good.
    pub fn expire_all(&self) {
        self.lock().clear();
    }

    /// The number of sessions that were opened and not ended yet.
    pub fn open_count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_prolongs_an_idle_lifetime_and_not_a_fixed_one() {
        let sessions = Sessions::default();
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let half_an_hour = Duration::from_secs(1800);
        sessions.open("idle", "manager", Lifetime::Idle(half_an_hour), at(0));
        sessions.open("fixed", "realm", Lifetime::Fixed(half_an_hour), at(0));
        for minutes in [20, 40, 60] {
            assert_eq!(sessions.enter("idle", at(minutes)).as_deref(), Some("manager"));
        }
        assert_eq!(sessions.enter("fixed", at(20)).as_deref(), Some("realm"));
        assert_eq!(sessions.enter("fixed", at(30)), None);
        sessions.expire_all();
        assert_eq!(sessions.enter("idle", at(61)), None);
    }
}
