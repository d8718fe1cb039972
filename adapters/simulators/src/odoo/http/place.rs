//! Which database a request means, and whose session it comes from.

use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Incoming, Odoo,
    outgoing::{self, Refusal},
};
use crate::{Lifetime, odoo::users::User};

/// How long an id that was replaced is still good, for requests on their way.
const GRACE: std::time::Duration = std::time::Duration::from_secs(120);

/// Where a request belongs.
pub(super) enum Place<'o> {
    /// Nowhere: several databases, and none named.
    Nowhere,
    /// The database, and who is signed in there.
    Database(Option<Entered<'o>>),
}

/// A session that is open.
pub(super) struct Entered<'o> {
    pub(super) user: &'o User,
    pub(super) id: String,
    /// The id that the answer is to set: a new one, or the same again.
    pub(super) set: Option<String>,
}

/// What a session remembers, as the subject that the core keeps.
struct Memory {
    user: i64,
    created: i64,
    /// Whether its first call is still to come.
    fresh: bool,
    /// The id that took its place.
    next: Option<String>,
}

impl Memory {
    fn subject(&self) -> String {
        let Self { user, created, fresh, next } = self;
        format!("{user} {created} {} {}", u8::from(*fresh), next.as_deref().unwrap_or_default())
    }

    fn of(subject: &str) -> Option<Self> {
        let mut parts = subject.splitn(4, ' ');
        Some(Self {
            user: parts.next()?.parse().ok()?,
            created: parts.next()?.parse().ok()?,
            fresh: parts.next()? == "1",
            next: parts.next().filter(|next| !next.is_empty()).map(str::to_owned),
        })
    }
}

impl Odoo {
    /// Looks at cookie and header. `Err` is a refusal of a cookie of one database with the header of another.
    pub(super) fn place(&self, incoming: &Incoming) -> Result<Place<'_>, Refusal> {
        let header = incoming.header("x-odoo-database").filter(|_| self.version().has_json2());
        if let Some(entered) = incoming.session_id().and_then(|id| self.enter(id)) {
            if header.is_some_and(|header| header != self.database()) {
                let text = "Cannot use both the session_id cookie and the x-odoo-database header.";
                return Err(outgoing::page(403, "Forbidden", text).into());
            }
            return Ok(Place::Database(Some(entered)));
        }
        Ok(match header {
            Some(header) if self.has_database(header) => Place::Database(None),
            Some(_) => Place::Nowhere,
            None if self.options().databases.len() == 1 => Place::Database(None),
            None => Place::Nowhere,
        })
    }

    fn enter(&self, id: &str) -> Option<Entered<'_>> {
        let (sessions, now) = (self.simulator.sessions(), self.simulator.now());
        let memory = Memory::of(&sessions.enter(id, now)?)?;
        let user = self.user(memory.user)?;
        let entered = |set| Some(Entered { user, id: id.to_owned(), set });
        if let Some(next) = memory.next {
            return entered(Some(next));
        }
        let age = now - DateTime::<Utc>::from_timestamp(memory.created, 0).unwrap_or(now);
        let rotation = TimeDelta::from_std(self.options().session_rotation).unwrap_or(TimeDelta::MAX);
        if self.version().rotates_sessions() && age >= rotation {
            let next = self.open(memory.user, false);
            let old = Memory { next: Some(next.clone()), ..memory };
            sessions.open(id, &old.subject(), Lifetime::Fixed(GRACE), now);
            return entered(Some(next));
        }
        if memory.fresh {
            let used = Memory { fresh: false, ..memory };
            sessions.open(id, &used.subject(), self.lifetime(), now);
            // 19 writes into the session at its first call, and so sends the cookie once more.
            return entered(self.version().rotates_sessions().then(|| id.to_owned()));
        }
        entered(None)
    }

    /// Opens a session and gives its id.
    pub(super) fn open(&self, user: i64, fresh: bool) -> String {
        let id = self.new_session_id();
        let now = self.simulator.now();
        let memory = Memory { user, created: now.timestamp(), fresh, next: None };
        self.simulator.sessions().open(&id, &memory.subject(), self.lifetime(), now);
        id
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::Idle(self.options().session_lifetime)
    }

    /// An id that nobody has: 84 characters of base64, or 40 digits.
    pub(super) fn new_session_id(&self) -> String {
        if !self.version().long_session_ids() {
            return self.simulator.token(40);
        }
        let digits = self.simulator.token(126);
        let bytes: Vec<u8> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).unwrap_or_default())
            .collect();
        URL_SAFE.encode(bytes)
    }

    /// Sets the cookie of an anonymous session on answers to those who brought none.
    pub(super) fn greet(&self, incoming: &Incoming, mut response: Response) -> Response {
        if incoming.session_id().is_none() {
            self.set_session(&mut response, &self.new_session_id());
        }
        response
    }

    pub(super) fn set_session(&self, response: &mut Response, id: &str) {
        outgoing::set_session(response, id, self.options().session_lifetime, self.simulator.now());
    }
}
