//! API keys: `egw_<id>_<secret>`. The id is public; of the whole text only a hash is stored.

use super::Denied;
use crate::{
    sealing::random,
    store::{KeyHash, Store, StoreError},
};
use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use schema::ports::{ApiKeyView, CreatedApiKey, NewApiKey, Principal};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use subtle::ConstantTimeEq;

/// What every key begins with: scanners of source code know keys by such a word.
pub(super) const PREFIX: &str = "egw_";
/// For so long a key is not looked up again. What another process revokes goes on working for no longer.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How many keys are remembered.
const KEYS: u64 = 10_000;
/// A key's last use is noted to the minute.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Makes a key and stores it. What its maker may give away is checked before.
///
/// # Errors
/// Where the store fails, or the operating system gives no random numbers.
pub async fn issue(store: &Store, key: NewApiKey, now: DateTime<Utc>) -> Result<CreatedApiKey, StoreError> {
    let (id, secret): ([u8; 8], [u8; 32]) =
        (random().map_err(StoreError::Unusable)?, random().map_err(StoreError::Unusable)?);
    let id = hex(&id);
    let text = format!("{PREFIX}{id}_{}", hex(&secret));
    let NewApiKey { name, role, scopes, erps, expires_at } = key;
    let (last_used_at, revoked_at) = (None, None);
    let key = ApiKeyView { id, name, role, scopes, erps, created_at: now, last_used_at, expires_at, revoked_at };
    store.add_api_key(&key, &hash(&text)).await?;
    Ok(CreatedApiKey { key: Arc::new(key), secret: SecretString::from(text) })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn hash(text: &str) -> KeyHash {
    Sha256::digest(text).into()
}

/// The id that a key's text names; none where it has not the form of a key.
fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let hexadecimal = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (id.len() == 16 && secret.len() == 64 && hexadecimal(id) && hexadecimal(secret)).then_some(id)
}

/// The subject of a key's bearer: no token can name the same.
pub(super) fn subject(id: &str) -> String {
    format!("{SUBJECT}{id}")
}

/// What the subjects of API keys begin with.
pub(super) const SUBJECT: &str = "apikey:";

/// A key as it was read from the store.
struct Known {
    hash: KeyHash,
    who: Arc<Principal>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    /// When its use was last noted, in milliseconds.
    noted: AtomicI64,
}

impl Known {
    fn new((key, hash): (ApiKeyView, KeyHash)) -> Self {
        let noted = key.last_used_at.map_or(i64::MIN, |at| at.timestamp_millis());
        let (expires_at, revoked_at) = (key.expires_at, key.revoked_at);
        let who = Principal { subject: subject(&key.id), role: key.role, scopes: key.scopes, erps: key.erps };
        Self { hash, who: Arc::new(who), expires_at, revoked_at, noted: AtomicI64::new(noted) }
    }
}

/// Why a key was not found.
enum Missing {
    NoSuchKey,
    Store(StoreError),
}

/// Knows keys by their texts. Clones share what they remember.
#[derive(Clone)]
pub(crate) struct ApiKeys {
    store: Store,
    known: Cache<String, Arc<Known>>,
}

impl ApiKeys {
    /// The keys of a store.
    pub(crate) fn new(store: Store) -> Self {
        Self { store, known: Cache::builder().max_capacity(KEYS).time_to_live(REMEMBERED).build() }
    }

    /// Whether there is a key that is good.
    ///
    /// # Errors
    /// Where the store fails.
    pub(super) async fn exist(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.store.has_api_key(now).await
    }

    /// Whose key this is. Only who knows the whole key learns that it has expired or was revoked.
    pub(super) async fn authenticate(&self, text: &str, now: DateTime<Utc>) -> Result<Arc<Principal>, Denied> {
        let id = id_of(text).ok_or_else(Denied::unknown)?;
        let read = async {
            let row = self.store.api_key(id).await.map_err(Missing::Store)?;
            Ok(Arc::new(Known::new(row.ok_or(Missing::NoSuchKey)?)))
        };
        let known = self.known.try_get_with_by_ref(id, read).await.map_err(|why| match &*why {
            Missing::NoSuchKey => Denied::unknown(),
            Missing::Store(error) => {
                tracing::error!(%error, "API keys cannot be looked up");
                Denied::unavailable("The gateway cannot look up API keys at the moment.")
            }
        })?;
        if !bool::from(hash(text).ct_eq(&known.hash)) {
            return Err(Denied::unknown());
        }
        if let Some(at) = known.revoked_at {
            let message = format!("This API key was revoked on {}.", day(at));
            return Err(Denied::unauthenticated("revoked", message).about(id));
        }
        if let Some(at) = known.expires_at.filter(|at| *at <= now) {
            let message = format!("This API key expired on {}: ask an administrator for a new one.", day(at));
            return Err(Denied::unauthenticated("expired", message).about(id));
        }
        self.note_use(id, &known, now);
        Ok(Arc::clone(&known.who))
    }

    fn note_use(&self, id: &str, known: &Known, now: DateTime<Utc>) {
        let (noted, at) = (known.noted.load(Ordering::Relaxed), now.timestamp_millis());
        let due = at.saturating_sub(noted) >= NOTED_EVERY.num_milliseconds();
        // Of many requests at once, one notes it.
        if due && known.noted.compare_exchange(noted, at, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let (store, id) = (self.store.clone(), id.to_owned());
            tokio::spawn(async move {
                if let Err(error) = store.note_api_key_use(&id, now).await {
                    tracing::warn!(%error, "the use of an API key could not be noted");
                }
            });
        }
    }

    /// Looks a key up again before it is let in the next time.
    pub(super) async fn forget(&self, id: &str) {
        self.known.invalidate(id).await;
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d at %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::ports::Role;
    use secrecy::ExposeSecret;

    fn new(expires_at: Option<DateTime<Utc>>) -> NewApiKey {
        let erps = Some(["odoo".into()].into());
        NewApiKey { name: "till".into(), role: Role::Service, scopes: ["records:read".into()].into(), erps, expires_at }
    }

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    #[tokio::test]
    async fn a_key_is_known_by_its_whole_text_until_it_ends() {
        let (store, _folder) = Store::temporary().await.expect("a store");
        store.prepare().await.expect("ready");
        let end = START + TimeDelta::hours(1);
        let made = issue(&store, new(Some(end)), START).await.expect("a key");
        let other = issue(&store, new(None), START).await.expect("another key");
        let (text, keys) = (made.secret.expose_secret(), ApiKeys::new(store.clone()));
        assert!(!format!("{made:?}").contains(text));
        let stored = store.api_keys().await.expect("keys");
        assert!(!format!("{stored:?}").contains(&text[25..]));
        let who = keys.authenticate(text, START).await.expect("let in");
        assert_eq!((who.role, who.subject.as_str()), (Role::Service, &*format!("apikey:{}", made.key.id)));
        assert_eq!((&who.scopes, &who.erps), (&made.key.scopes, &made.key.erps));

        let reason = async |text: &str, now| keys.authenticate(text, now).await.map_err(|denied| denied.reason);
        let flipped = format!("{}{}", &text[..text.len() - 1], if text.ends_with('0') { '1' } else { '0' });
        let swapped = format!("{}{}", &text[..21], &other.secret.expose_secret()[21..]);
        let nobody = format!("egw_{}_{}", "0".repeat(16), "0".repeat(64));
        for wrong in
            [&*flipped, &swapped, &nobody, &text[..text.len() - 1], "egw_", "egw__", "egw_ü_ü", &text.to_uppercase()]
        {
            assert_eq!(reason(wrong, START).await.err(), Some("unknown"), "{wrong}");
            // Even after its end a guess learns nothing.
            assert_eq!(reason(wrong, end).await.err(), Some("unknown"), "{wrong}");
        }
        assert!(reason(text, end - TimeDelta::milliseconds(1)).await.is_ok());
        assert_eq!(reason(text, end).await.err(), Some("expired"));

        store.revoke_api_key(&made.key.id, START).await.expect("revoked");
        keys.forget(&made.key.id).await;
        assert_eq!(reason(text, START).await.err(), Some("revoked"));
        assert!(reason(other.secret.expose_secret(), START).await.is_ok());
    }

    #[tokio::test]
    async fn a_use_is_noted_to_the_minute() {
        let (store, _folder) = Store::temporary().await.expect("a store");
        store.prepare().await.expect("ready");
        let made = issue(&store, new(None), START).await.expect("a key");
        let keys = ApiKeys::new(store.clone());
        let used = async |second: i64, noted: i64| {
            let text = made.secret.expose_secret();
            keys.authenticate(text, START + TimeDelta::seconds(second)).await.expect("let in");
            let is = async || store.api_keys().await.expect("keys")[0].last_used_at;
            let wanted = Some(START + TimeDelta::seconds(noted));
            while is().await != wanted {
                tokio::task::yield_now().await;
            }
        };
        for (second, noted) in [(100, 100), (130, 100), (159, 100), (160, 160), (161, 160)] {
            used(second, noted).await;
        }
    }
}
