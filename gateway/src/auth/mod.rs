//! Who may ask: one authenticator for every way into the gateway.

mod accounts;
mod attempts;
mod command;
mod jwks;
mod jws;
mod jwt;
mod keys;
mod rate;

pub(crate) use accounts::Accounts;
pub use command::ApiKeyCommand;
pub use jwt::JwtSettings;
pub(crate) use keys::ApiKeys;
pub use keys::issue;
pub use rate::RateLimitSettings;
pub(crate) use rate::{Account, RateLimit};

use crate::audit::Audit;
use attempts::Attempts;
use chrono::{DateTime, Utc};
use jwt::Tokens;
use schema::{
    Error, ErrorCode,
    ports::{Principal, Role, SCOPE_CALL, SCOPE_RAW},
};
use std::{net::IpAddr, sync::Arc};

/// Whom a gateway lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Everybody who reaches the address, with all rights: for the demo on loopback.
    Open,
    /// Who carries an API key or a token.
    Guarded,
}

/// What somebody shows to be let in, whichever way they come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials<'a> {
    /// What an `Authorization` header holds; a WebSocket's first message carries the same text.
    pub(crate) authorization: Option<&'a str>,
    /// Where they come from.
    pub(crate) address: Option<IpAddr>,
}

/// Finds out who asks. Other settings of tokens make another one of these; who asks under way was let in by theirs.
pub(crate) struct Authenticator {
    ways: Ways,
    attempts: Attempts,
    clock: fn() -> DateTime<Utc>,
}

enum Ways {
    Open(Arc<Principal>),
    Guarded { keys: ApiKeys, tokens: Option<Box<Tokens>> },
}

impl Authenticator {
    /// The authenticator of a gateway.
    ///
    /// # Errors
    /// One sentence, where nobody could be let in, or the store fails.
    pub(crate) async fn new(
        entry: Entry,
        jwt: &JwtSettings,
        keys: &ApiKeys,
        audit: &Audit,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Self, String> {
        let ways = match entry {
            Entry::Open => {
                let scopes = [SCOPE_RAW, SCOPE_CALL].map(str::to_owned).into();
                let who = Principal { subject: "demo".into(), role: Role::Admin, scopes, erps: None };
                Ways::Open(Arc::new(who))
            }
            Entry::Guarded => Ways::guarded(keys, Tokens::new(jwt, clock).await?, clock).await?,
        };
        Ok(Self { ways, attempts: Attempts::new(audit.clone()), clock })
    }

    /// The same with other settings of tokens. Keys that tokens are checked with are read before anybody depends on them.
    ///
    /// # Errors
    /// One sentence that names the setting, where nobody could be let in, or the store fails.
    pub(crate) async fn with_tokens(&self, jwt: &JwtSettings) -> Result<Self, String> {
        let ways = match &self.ways {
            Ways::Open(who) => Ways::Open(Arc::clone(who)),
            Ways::Guarded { keys, tokens } => {
                let tokens = Tokens::instead_of(tokens.as_deref(), jwt, self.clock).await?;
                Ways::guarded(keys, tokens, self.clock).await?
            }
        };
        Ok(Self { ways, attempts: self.attempts.clone(), clock: self.clock })
    }

    /// Who shows these credentials. Who shows wrong ones is noted in the audit log.
    pub(crate) async fn authenticate(&self, credentials: Credentials<'_>) -> Result<Arc<Principal>, Denied> {
        let (keys, tokens) = match &self.ways {
            Ways::Open(who) => return Ok(Arc::clone(who)),
            Ways::Guarded { keys, tokens } => (keys, tokens),
        };
        let Some(authorization) = credentials.authorization else { return Err(Denied::missing()) };
        let found = async {
            let (scheme, text) = authorization.split_once(' ').ok_or_else(Denied::unknown)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(Denied::unknown());
            }
            let (text, now) = (text.trim(), (self.clock)());
            match tokens {
                Some(tokens) if !text.starts_with(keys::PREFIX) => tokens.authenticate(text, now).await,
                _ => keys.authenticate(text, now).await,
            }
        };
        let found = found.await;
        if let Err(denied) = &found {
            metrics::counter!("erp_gateway_denied_total", "reason" => denied.reason).increment(1);
            // What the gateway itself cannot find out is nobody's attempt.
            if !denied.error.retryable {
                self.attempts.note(credentials.address, denied);
            }
        }
        found
    }

    /// Whether everybody is let in.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.ways, Ways::Open(_))
    }
}

impl Ways {
    async fn guarded(keys: &ApiKeys, tokens: Option<Tokens>, clock: fn() -> DateTime<Utc>) -> Result<Self, String> {
        if tokens.is_none() && !keys.exist(clock()).await.map_err(|e| e.to_string())? {
            return Err("nobody could ask anything: make an API key with `erp-gateway apikey create --name … --role \
                        admin`, or tell in [jwt] whose tokens are good"
                .into());
        }
        Ok(Self::Guarded { keys: keys.clone(), tokens: tokens.map(Box::new) })
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denied {
    /// What they are told.
    pub(crate) error: Error,
    /// The same in one word, for the audit log and the metrics.
    pub(crate) reason: &'static str,
    /// The id of the API key that it is about, where its bearer proved to have it.
    pub(crate) key: Option<String>,
}

impl Denied {
    fn unauthenticated(reason: &'static str, message: impl Into<String>) -> Self {
        Self { error: Error::new(ErrorCode::Unauthenticated, message), reason, key: None }
    }

    fn about(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// Without credentials.
    fn missing() -> Self {
        Self::unauthenticated("missing", "Send an API key or a token as `Authorization: Bearer <key>`.")
    }

    /// With credentials that nobody has. What exactly is wrong with them would help to guess.
    fn unknown() -> Self {
        Self::unauthenticated(
            "unknown",
            "These credentials are not known. Send a whole API key or token as `Authorization: Bearer <key>`.",
        )
    }

    /// It cannot be found out now.
    fn unavailable(message: &str) -> Self {
        let error = Error { retryable: true, ..Error::new(ErrorCode::Internal, message) };
        Self { error, reason: "unavailable", key: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, store::Store};
    use schema::ports::NewApiKey;
    use secrecy::ExposeSecret;

    fn clock() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    async fn authenticator(entry: Entry, jwt: &JwtSettings, store: &Store) -> Result<Authenticator, String> {
        Authenticator::new(entry, jwt, &ApiKeys::new(store.clone()), &Audit::new(store.clone(), clock), clock).await
    }

    #[tokio::test]
    async fn a_gateway_that_nobody_could_ask_does_not_start() {
        let (store, _folder) = Store::temporary().await.expect("a store");
        store.prepare().await.expect("ready");
        let none = Config::defaults().expect("defaults").jwt;
        let why = authenticator(Entry::Guarded, &none, &store).await.err().expect("refused");
        assert!(why.contains("erp-gateway apikey create") && why.contains("[jwt]"), "{why}");
        let tokens = JwtSettings { secret: "x".repeat(32).into(), audience: vec!["here".into()], ..none.clone() };
        let by_token = authenticator(Entry::Guarded, &tokens, &store).await.expect("tokens will do");
        let why = by_token.with_tokens(&none).await.err().expect("refused");
        assert!(why.contains("erp-gateway apikey create") && why.contains("[jwt]"), "{why}");
        let nobody = Credentials { authorization: None, address: None };
        let open = authenticator(Entry::Open, &none, &store).await.expect("open");
        assert_eq!(open.authenticate(nobody).await.expect("let in").role, Role::Admin);

        let key = NewApiKey { name: "x".into(), role: Role::Analyst, scopes: [].into(), erps: None, expires_at: None };
        let key = issue(&store, key, clock()).await.expect("a key").secret;
        assert!(by_token.with_tokens(&none).await.is_ok(), "a key will do");
        for jwt in [&none, &tokens] {
            let guarded = authenticator(Entry::Guarded, jwt, &store).await.expect("a key will do");
            let reason = async |text: &str| {
                let shown = Credentials { authorization: Some(text), address: None };
                guarded.authenticate(shown).await.err().map_or("", |denied| denied.reason)
            };
            assert_eq!(guarded.authenticate(nobody).await.expect_err("refused").reason, "missing");
            let key = key.expose_secret();
            for good in [format!("Bearer {key}"), format!("bearer  {key} ")] {
                assert_eq!(reason(&good).await, "");
            }
            for wrong in ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", key, &format!("Basic {key}")] {
                assert_eq!(reason(wrong).await, "unknown", "{wrong}");
            }
        }
    }
}
