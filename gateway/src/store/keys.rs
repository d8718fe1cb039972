//! The gateway's own keys, and the proof that the master key is the store's.

use super::{Result, Store, StoreError, transaction};
use crate::sealing::random;
use secrecy::ExposeSecret;
use sqlx::Row;

const TABLE: &str = "gateway_keys";
/// The row that proves the master key.
const CHECK: &str = "check";
/// The key that seals cursors.
const CURSOR: &str = "cursor";

impl Store {
    /// Opens what the master key sealed when the store was made, or seals it now.
    pub(super) async fn check_key(&self) -> Result<()> {
        self.own_key(CHECK).await.map(drop).map_err(|error| match error {
            StoreError::Sealed { why, .. } => StoreError::Unusable(format!(
                "the master key is not the one of this store: {why}. Set ERP_GATEWAY_MASTER_KEY or \
                 security.master_key_file to the key that the store was made with"
            )),
            other => other,
        })
    }

    /// The key that cursors are sealed with: the same for all gateways of the store, and after a restart.
    pub async fn cursor_key(&self) -> Result<[u8; 32]> {
        self.own_key(CURSOR).await
    }

    async fn own_key(&self, purpose: &'static str) -> Result<[u8; 32]> {
        let fresh: [u8; 32] = random().map_err(StoreError::Unusable)?;
        let fresh = self.seal(TABLE, purpose, &fresh)?;
        let sealed: Vec<u8> = transaction!(self, tx => {
            sqlx::query("INSERT INTO gateway_keys (purpose, sealed) VALUES ($1, $2) ON CONFLICT (purpose) DO NOTHING")
                .bind(purpose)
                .bind(&fresh)
                .execute(&mut *tx)
                .await?;
            sqlx::query("SELECT sealed FROM gateway_keys WHERE purpose = $1").bind(purpose).fetch_one(&mut *tx).await?.try_get(0)?
        });
        let key = self.unseal(TABLE, purpose, &sealed)?;
        key.expose_secret().try_into().map_err(|_| StoreError::Unusable(format!("{TABLE} {purpose}: not 32 bytes")))
    }
}
