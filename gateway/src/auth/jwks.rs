//! The public keys that tokens are checked with: a JWK set from a file or from an address, kept and renewed.

use super::jws::{Jws, PublicKey, public_keys};
use adapters::{
    adapter::Ctx,
    http::{Client, ClientSettings, Http, Request},
};
use axum::http::{StatusCode, header::CACHE_CONTROL};
use chrono::{DateTime, Utc};
use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};
use url::{Host, Url};

/// Fetching may take so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// However many tokens name unknown keys, the set is not fetched more often.
const PAUSE: Duration = Duration::from_secs(30);
/// A set is kept for the time that its server says, within these, or for the usual one.
const SHORTEST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const USUAL: Duration = Duration::from_secs(60 * 60);
/// A file is looked at again after so long.
const FILE: Duration = Duration::from_secs(60);
/// No larger set is read.
const MAX_BYTES: usize = 1 << 20;

enum Source {
    File(PathBuf),
    Address { url: Url, client: Client },
}

struct Set {
    keys: Vec<PublicKey>,
    until: Instant,
}

/// What the keys say of a token.
pub(super) enum Verdict<'t> {
    /// One of them signed this.
    Good(&'t [u8]),
    /// None of them did.
    Bad,
    /// There are no keys: they could not be read so far.
    NoKeys,
}

/// A set of keys.
pub(super) struct Jwks {
    source: Source,
    set: RwLock<Option<Arc<Set>>>,
    /// When it was last tried to read it. Who holds this is trying.
    tried: Mutex<Option<Instant>>,
    clock: fn() -> DateTime<Utc>,
}

impl Jwks {
    /// The set of a file or an address. A file is read at once, an address when the first token comes.
    ///
    /// # Errors
    /// Where the file cannot be read, or the address cannot be used.
    pub(super) async fn new(place: &str, clock: fn() -> DateTime<Utc>) -> Result<Self, String> {
        let source = match Url::parse(place) {
            Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
                let settings = ClientSettings { max_response_bytes: MAX_BYTES, ..ClientSettings::new(url.clone()) };
                Source::Address { url, client: Client::new(&settings).map_err(|error| error.message)? }
            }
            Ok(url) if url.scheme() == "http" => {
                return Err("who can change this answer on its way could sign tokens: use an https:// address".into());
            }
            _ => Source::File(place.into()),
        };
        let this = Self { source, set: RwLock::default(), tried: Mutex::default(), clock };
        match &this.source {
            Source::File(_) => this.filled().await,
            Source::Address { .. } => Ok(this),
        }
    }

    /// The same once its keys are read.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub(super) async fn filled(self) -> Result<Self, String> {
        if self.current().is_none() {
            self.put(self.read().await?);
        }
        Ok(self)
    }

    fn current(&self) -> Option<Arc<Set>> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, set: Set) -> Arc<Set> {
        let set = Arc::new(set);
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&set));
        set
    }

    /// What the keys say of a token.
    pub(super) async fn check<'t>(&self, token: &'t Jws<'_>) -> Verdict<'t> {
        let known = match self.current() {
            None => self.renewed(None).await,
            // One renews an old set; the others go on with it.
            Some(old) if Instant::now() >= old.until && self.tried.try_lock().is_ok() => self.renewed(Some(old)).await,
            known => known,
        };
        let Some(set) = known else { return Verdict::NoKeys };
        if let Some(said) = set.check(token) {
            return said;
        }
        // Its issuer may sign with a new key.
        match self.renewed(Some(set)).await.and_then(|set| set.check(token)) {
            Some(said) => said,
            None => Verdict::Bad,
        }
    }

    /// A newer set than this one, if there is one now. Of many who ask at once, one reads it.
    async fn renewed(&self, old: Option<Arc<Set>>) -> Option<Arc<Set>> {
        let mut tried = self.tried.lock().await;
        let current = self.current();
        let newer = match (&old, &current) {
            (Some(old), Some(current)) => !Arc::ptr_eq(old, current),
            (None, current) => current.is_some(),
            (Some(_), None) => false,
        };
        if newer || tried.is_some_and(|at| at.elapsed() < PAUSE) {
            return current;
        }
        *tried = Some(Instant::now());
        match self.read().await {
            Ok(set) => Some(self.put(set)),
            Err(why) => {
                tracing::warn!(%why, "the keys that tokens are checked with could not be read; the old ones stay");
                current
            }
        }
    }

    async fn read(&self) -> Result<Set, String> {
        let (json, keep) = match &self.source {
            Source::File(path) => {
                let json = tokio::fs::read(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
                (json, FILE)
            }
            Source::Address { url, client } => {
                let request = Request::get(url.clone(), "jwks");
                let ctx = Ctx::interactive((self.clock)(), PATIENCE);
                let answer = tokio::time::timeout(PATIENCE, client.send(&ctx, request));
                let answer = answer.await.map_err(|_| "the address did not answer in time")?;
                let answer = answer.map_err(|error| error.message)?;
                if answer.status != StatusCode::OK {
                    return Err(format!("the address answered with status {}", answer.status));
                }
                let control = answer.headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
                (answer.body.to_vec(), control.and_then(max_age).unwrap_or(USUAL).clamp(SHORTEST, LONGEST))
            }
        };
        Ok(Set { keys: public_keys(&json)?, until: Instant::now() + keep })
    }
}

impl Set {
    /// What these keys say; nothing where the token names one that is not among them.
    fn check<'t>(&self, token: &'t Jws<'_>) -> Option<Verdict<'t>> {
        let mut meant = self
            .keys
            .iter()
            .filter(|known| {
                let named = token.key_id.is_none() || known.id.is_none() || known.id == token.key_id;
                named && known.key.algorithm() == token.algorithm
            })
            .peekable();
        meant.peek()?;
        Some(meant.find_map(|known| token.verified(&known.key)).map_or(Verdict::Bad, Verdict::Good))
    }
}

fn max_age(control: &str) -> Option<Duration> {
    let seconds =
        control.split(',').find_map(|part| part.trim().to_ascii_lowercase().strip_prefix("max-age=")?.parse().ok());
    seconds.map(Duration::from_secs)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, extract::State, http::header, routing::get};
    use serde_json::{Value, json};
    use std::sync::Mutex as Lock;

    /// What an identity provider answers, and how often it was asked.
    #[derive(Default)]
    struct Provider {
        answer: Lock<(u16, Value)>,
        asked: Lock<u32>,
    }

    impl Provider {
        async fn start() -> (Arc<Self>, String) {
            let this = Arc::new(Self::default());
            let answer = async |State(this): State<Arc<Self>>| {
                *this.asked.lock().expect("unbroken") += 1;
                let (status, keys) = this.answer.lock().expect("unbroken").clone();
                let status = StatusCode::from_u16(status).expect("a status");
                (status, [(header::CACHE_CONTROL, "public, max-age=600")], keys.to_string())
            };
            let router = Router::new().route("/keys", get(answer)).with_state(Arc::clone(&this));
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
            tokio::spawn(async move { axum::serve(listener, router).await });
            (this, url)
        }

        fn says(&self, status: u16, keys: Value) {
            *self.answer.lock().expect("unbroken") = (status, keys);
        }

        fn asked(&self) -> u32 {
            *self.asked.lock().expect("unbroken")
        }
    }

    async fn said(keys: &Jwks, token: &str) -> &'static str {
        let Ok(token) = Jws::read(token) else { panic!("no token") };
        match keys.check(&token).await {
            Verdict::Good(_) => "good",
            Verdict::Bad => "bad",
            Verdict::NoKeys => "no keys",
        }
    }

    async fn later(seconds: u64) {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    }

    #[tokio::test]
    async fn keys_are_renewed_when_their_issuer_changes_them_and_kept_when_it_fails() {
        let made: Value = serde_json::from_str(include_str!("testdata/tokens.json")).expect("JSON");
        let (all, token) = (&made["jwks"]["keys"], |name: &str| made["tokens"][name].as_str().expect("a token"));
        let (rsa, ec) = (json!({ "keys": [all[0]] }), json!({ "keys": [all[1]] }));
        let (provider, url) = Provider::start().await;
        let keys = Jwks::new(&url, || DateTime::UNIX_EPOCH).await.expect("an address");

        provider.says(503, json!("out of order"));
        assert_eq!((said(&keys, token("rs256")).await, provider.asked()), ("no keys", 1));
        assert_eq!((said(&keys, token("rs256")).await, provider.asked()), ("no keys", 1), "not again so soon");
        provider.says(200, rsa);
        later(31).await;
        // However many come at once, one asks.
        let at_once = futures_util::future::join_all((0..64).map(|_| said(&keys, token("rs256")))).await;
        assert_eq!((at_once, provider.asked()), (vec!["good"; 64], 2));
        assert_eq!((said(&keys, token("rs256")).await, provider.asked()), ("good", 2));

        provider.says(200, ec.clone());
        for _ in 0..10 {
            assert_eq!((said(&keys, token("es256")).await, provider.asked()), ("bad", 2), "not again so soon");
        }
        later(31).await;
        assert_eq!((said(&keys, token("es256")).await, provider.asked()), ("good", 3));
        assert_eq!((said(&keys, token("rs256")).await, provider.asked()), ("bad", 3), "its key is gone");

        // A signature that is not good is no reason to ask.
        later(31).await;
        assert_eq!((said(&keys, token("es256 of a stranger")).await, provider.asked()), ("bad", 3));

        provider.says(500, json!(null));
        later(601).await;
        assert_eq!((said(&keys, token("es256")).await, provider.asked()), ("good", 4), "asked in vain");
        provider.says(200, ec);
        later(31).await;
        assert_eq!((said(&keys, token("es256")).await, provider.asked()), ("good", 5));
        assert_eq!((said(&keys, token("es256")).await, provider.asked()), ("good", 5));
    }

    #[test]
    fn the_time_that_a_server_says_is_read() {
        assert_eq!(max_age("public, Max-Age=60"), Some(Duration::from_secs(60)));
        assert_eq!(max_age("no-store"), None);
        assert_eq!(max_age("max-age=-1"), None);
    }
}
