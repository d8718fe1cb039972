//! The gateway's own keys, the proof that the master key is the store's, and its rotation.

use super::{Pool, Result, Store, StoreError, on, place, transaction};
use crate::sealing::{KeyId, MasterKey, OpenError, random};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Row};

const TABLE: &str = "gateway_keys";
/// The row that proves the master key.
const CHECK: &str = "check";
/// The key that seals cursors.
const CURSOR: &str = "cursor";

/// Every table with a column `sealed`, and its primary key.
pub const SEALED: &[(&str, &str)] =
    &[(TABLE, "purpose"), ("erps", "id"), ("oauth_tokens", "erp"), ("oauth_states", "id")];

/// What a rotation of the master key did.
#[derive(Debug, Clone, Copy)]
pub struct Rotated {
    /// The key that is refused from now on.
    pub old: KeyId,
    /// The key that opens the store from now on.
    pub new: KeyId,
    /// How many values were sealed anew.
    pub values: usize,
}

impl Store {
    /// Opens what the master key sealed when the store was made, or seals it now.
    pub(super) async fn check_key(&self) -> Result<()> {
        let sealed = self.own_key_sealed(CHECK).await?;
        self.opened_check(&sealed).map(drop)
    }

    /// Whether the store answers, and has the master key that it had when the gateway started.
    ///
    /// # Errors
    /// [`StoreError::Rotated`] where it has another one.
    pub async fn still_opens(&self) -> Result<()> {
        self.unseal(TABLE, CHECK, &self.own_key_sealed(CHECK).await?).map(drop)
    }

    /// What proves the master key.
    fn opened_check(&self, sealed: &[u8]) -> Result<secrecy::SecretBox<[u8]>> {
        self.key.open(place(TABLE, CHECK), sealed).map_err(|why| match why {
            OpenError::OtherKey { sealed_with, given } => StoreError::Unusable(format!(
                "the master key is not the one of this store: the store is sealed with the key {sealed_with}, and the gateway \
                 was given the key {given}. Set ERP_GATEWAY_MASTER_KEY or store.master_key_file to the key that the store was \
                 made with or, after `erp-gateway keys rotate`, to the new one"
            )),
            OpenError::Tampered => StoreError::Sealed { table: TABLE, row: CHECK.to_owned(), why },
        })
    }

    /// The key that cursors are sealed with: the same for all gateways of the store, and after a restart.
    pub async fn cursor_key(&self) -> Result<[u8; 32]> {
        let key = self.unseal(TABLE, CURSOR, &self.own_key_sealed(CURSOR).await?)?;
        key.expose_secret().try_into().map_err(|_| StoreError::Unusable(format!("{TABLE} {CURSOR}: not 32 bytes")))
    }

    /// A key of the gateway's own as it is stored; it is made where there is none.
    async fn own_key_sealed(&self, purpose: &'static str) -> Result<Vec<u8>> {
        const FIND: &str = "SELECT sealed FROM gateway_keys WHERE purpose = $1";
        let found = on!(&self.read, pool => {
            sqlx::query(FIND).bind(purpose).fetch_optional(pool).await?.map(|row| row.try_get(0)).transpose()?
        });
        if let Some(sealed) = found {
            return Ok(sealed);
        }
        let fresh: [u8; 32] = random().map_err(StoreError::Unusable)?;
        let fresh = self.seal(TABLE, purpose, &fresh)?;
        let sealed = transaction!(self, tx => {
            sqlx::query("INSERT INTO gateway_keys (purpose, sealed) VALUES ($1, $2) ON CONFLICT (purpose) DO NOTHING")
                .bind(purpose)
                .bind(&fresh)
                .execute(&mut *tx)
                .await?;
            sqlx::query(FIND).bind(purpose).fetch_one(&mut *tx).await?.try_get(0)?
        });
        Ok(sealed)
    }

    /// Seals everything with another master key, or nothing where anything fails. From then on this store, and every gateway
    /// that still has the old key, is refused what it seals: the triggers of the columns see to it.
    ///
    /// # Errors
    /// Where the new key is the old one, the old one is not the store's, or a sealed value does not open.
    pub async fn rotate(&self, new: &MasterKey) -> Result<Rotated> {
        let old = self.key.id();
        if new.id() == old {
            return Err(StoreError::Unusable("the new master key is the one that the store has".into()));
        }
        let sealed_anew = |table: &'static str, row: &str, value: &secrecy::SecretBox<[u8]>| {
            new.seal(place(table, row), value.expose_secret()).map_err(StoreError::Unusable)
        };
        let values = transaction!(self, tx => {
            // First this row: whoever seals something waits for it, and then finds that its key is the old one.
            let check: Vec<u8> = sqlx::query("SELECT sealed FROM gateway_keys WHERE purpose = $1")
                .bind(CHECK)
                .fetch_one(&mut *tx)
                .await?
                .try_get(0)?;
            let updated = sqlx::query("UPDATE gateway_keys SET sealed = $3 WHERE purpose = $1 AND sealed = $2")
                .bind(CHECK)
                .bind(&check)
                .bind(sealed_anew(TABLE, CHECK, &self.opened_check(&check)?)?)
                .execute(&mut *tx)
                .await?;
            if updated.rows_affected() != 1 {
                return Err(StoreError::Rotated);
            }
            let mut values = 1;
            for &(table, key) in SEALED {
                let find = format!("SELECT {key}, sealed FROM {table} WHERE sealed IS NOT NULL");
                let update = format!("UPDATE {table} SET sealed = $2 WHERE {key} = $1");
                for row in sqlx::query(AssertSqlSafe(find)).fetch_all(&mut *tx).await? {
                    let (row, sealed): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
                    if (table, row.as_str()) == (TABLE, CHECK) {
                        continue;
                    }
                    let sealed = sealed_anew(table, &row, &self.unseal(table, &row, &sealed)?)?;
                    sqlx::query(AssertSqlSafe(update.clone())).bind(&row).bind(sealed).execute(&mut *tx).await?;
                    values += 1;
                }
            }
            values
        });
        if let Pool::Sqlite(pool) = &self.write {
            // What the old key opens is gone from the log of the database, too, unless somebody reads from it right now.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await?;
        }
        Ok(Rotated { old, new: new.id(), values })
    }
}
