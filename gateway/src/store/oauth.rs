//! OAuth tokens and the consents under way.

use super::{Result, Store, StoreError, millis, on, time, transaction};
use adapters::{
    Error, ErrorKind,
    model::ErpId,
    tokens::{Lease, TokenStore, Tokens},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::Row;

const TOKENS: &str = "oauth_tokens";
const STATES: &str = "oauth_states";

/// A lease that nobody gives back ends so long after it was taken: a log-in, which lasts 30 s at most, is over by then.
pub const LEASE: TimeDelta = TimeDelta::seconds(40);

/// Tokens in the store, sealed.
#[derive(Clone)]
pub struct SealedTokens {
    store: Store,
    clock: fn() -> DateTime<Utc>,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed<A, R> {
    access: A,
    /// Milliseconds since 1970.
    access_expires_at: i64,
    refresh: R,
}

/// A consent under way.
#[derive(Debug)]
pub struct ConsentState {
    /// The ERP that it is for.
    pub erp: ErpId,
    /// The verifier of PKCE, where the system takes one.
    pub verifier: Option<SecretString>,
    /// Who asked for it.
    pub subject: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl SealedTokens {
    /// The tokens of a store.
    pub fn new(store: Store, clock: fn() -> DateTime<Utc>) -> Self {
        Self { store, clock }
    }
}

#[async_trait]
impl TokenStore for SealedTokens {
    async fn load(&self, erp: &ErpId) -> adapters::Result<Option<Tokens>> {
        self.store.tokens(erp).await.map_err(unavailable)
    }

    async fn save(&self, erp: &ErpId, tokens: &Tokens) -> adapters::Result<()> {
        self.store.save_tokens(erp, tokens).await.map_err(unavailable)
    }

    async fn lease(&self, erp: &ErpId) -> adapters::Result<Option<Lease>> {
        let owner = crate::sealing::random::<16>().map_err(|why| unavailable(StoreError::Unusable(why)))?;
        let owner: String = owner.iter().map(|byte| format!("{byte:02x}")).collect();
        let now = (self.clock)();
        if !self.store.lease_tokens(erp, &owner, now, now + LEASE).await.map_err(unavailable)? {
            return Ok(None);
        }
        let (store, erp, runtime) = (self.store.clone(), erp.clone(), tokio::runtime::Handle::current());
        Ok(Some(Lease::new(move || {
            runtime.spawn(async move {
                if let Err(error) = store.release_tokens(&erp, &owner).await {
                    tracing::warn!(%error, erp.id = %erp, "a lease could not be given back: it runs out by itself");
                }
            });
        })))
    }
}

/// What an adapter may tell of a store that fails: nothing of what is in it.
fn unavailable(error: StoreError) -> Error {
    Error::new(ErrorKind::Unavailable, "The gateway cannot reach the ERP's tokens in its store.")
        .with_detail(error.to_string())
}

impl Store {
    /// The newest tokens of an ERP.
    pub async fn tokens(&self, erp: &ErpId) -> Result<Option<Tokens>> {
        // From the writer: on SQLite a reader may still see what was before another process's last write.
        let sealed: Option<Vec<u8>> = on!(&self.write, pool => {
            let row = sqlx::query("SELECT sealed FROM oauth_tokens WHERE erp = $1").bind(erp.as_str()).fetch_optional(pool).await?;
            row.map(|row| row.try_get(0)).transpose()?.flatten()
        });
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.unseal(TOKENS, erp.as_str(), &sealed)?;
        let tokens: Sealed<SecretString, SecretString> = serde_json::from_slice(opened.expose_secret())
            .map_err(|_| StoreError::Unusable(format!("{TOKENS} {erp}: not what was stored")))?;
        Ok(Some(Tokens {
            access: tokens.access,
            access_expires_at: time(tokens.access_expires_at),
            refresh: tokens.refresh,
        }))
    }

    /// Replaces the tokens of an ERP.
    pub async fn save_tokens(&self, erp: &ErpId, tokens: &Tokens) -> Result<()> {
        let exposed = Sealed {
            access: tokens.access.expose_secret(),
            access_expires_at: millis(tokens.access_expires_at),
            refresh: tokens.refresh.expose_secret(),
        };
        let text = serde_json::to_vec(&exposed)
            .map_err(|_| StoreError::Unusable(format!("{TOKENS} {erp}: tokens that are no JSON")))?;
        let sealed = self.seal(TOKENS, erp.as_str(), &text)?;
        on!(&self.write, pool => {
            sqlx::query(
                "INSERT INTO oauth_tokens (erp, sealed) VALUES ($1, $2) ON CONFLICT (erp) DO UPDATE SET sealed = excluded.sealed",
            )
            .bind(erp.as_str())
            .bind(sealed)
            .execute(pool)
            .await?;
        });
        Ok(())
    }

    /// Takes the right to get new tokens, unless somebody else has it.
    async fn lease_tokens(&self, erp: &ErpId, owner: &str, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<bool> {
        let taken = on!(&self.write, pool => {
            sqlx::query(
                "INSERT INTO oauth_tokens (erp, lease, lease_until) VALUES ($1, $2, $3) \
                 ON CONFLICT (erp) DO UPDATE SET lease = excluded.lease, lease_until = excluded.lease_until \
                 WHERE oauth_tokens.lease IS NULL OR oauth_tokens.lease_until <= $4",
            )
            .bind(erp.as_str())
            .bind(owner)
            .bind(millis(until))
            .bind(millis(now))
            .execute(pool)
            .await?
            .rows_affected()
        });
        Ok(taken == 1)
    }

    /// Gives the right back, if it is still there.
    async fn release_tokens(&self, erp: &ErpId, owner: &str) -> Result<()> {
        on!(&self.write, pool => {
            sqlx::query("UPDATE oauth_tokens SET lease = NULL, lease_until = NULL WHERE erp = $1 AND lease = $2")
                .bind(erp.as_str())
                .bind(owner)
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// Notes a consent that was asked for, and forgets those that nobody gave in time. `id` is made of the state parameter,
    /// which is not stored.
    pub async fn add_consent(&self, id: &str, consent: &ConsentState, now: DateTime<Utc>) -> Result<()> {
        let verifier = consent.verifier.as_ref().map_or("", |verifier| verifier.expose_secret());
        let sealed = self.seal(STATES, id, verifier.as_bytes())?;
        transaction!(self, tx => {
            sqlx::query("DELETE FROM oauth_states WHERE expires_at <= $1").bind(millis(now)).execute(&mut *tx).await?;
            sqlx::query("INSERT INTO oauth_states (id, erp, sealed, subject, expires_at) VALUES ($1, $2, $3, $4, $5)")
                .bind(id)
                .bind(consent.erp.as_str())
                .bind(sealed)
                .bind(&consent.subject)
                .bind(millis(consent.expires_at))
                .execute(&mut *tx)
                .await?;
        });
        Ok(())
    }

    /// A consent that was asked for; it is not there a second time.
    pub async fn take_consent(&self, id: &str) -> Result<Option<ConsentState>> {
        let taken = on!(&self.write, pool => {
            let row = sqlx::query("DELETE FROM oauth_states WHERE id = $1 RETURNING erp, sealed, subject, expires_at")
                .bind(id)
                .fetch_optional(pool)
                .await?;
            row.map(|row| {
                let (erp, sealed): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
                Ok::<_, StoreError>((erp, sealed, row.try_get::<String, _>(2)?, row.try_get::<i64, _>(3)?))
            })
            .transpose()?
        });
        let Some((erp, sealed, subject, expires_at)) = taken else { return Ok(None) };
        let opened = self.unseal(STATES, id, &sealed)?;
        let verifier = std::str::from_utf8(opened.expose_secret())
            .map_err(|_| StoreError::Unusable(format!("{STATES}: not what was stored")))?;
        Ok(Some(ConsentState {
            erp: erp.as_str().into(),
            verifier: (!verifier.is_empty()).then(|| verifier.into()),
            subject,
            expires_at: time(expires_at),
        }))
    }
}
