//! API keys: what they may do, and the hashes of their texts; never the texts.

use super::{Result, Store, StoreError, millis, on, time};
use adapters::model::ErpId;
use chrono::{DateTime, Utc};
use schema::ports::{ApiKeyView, Role};
use sqlx::Row;
use std::collections::BTreeSet;

/// The SHA-256 hash of a key.
pub type KeyHash = [u8; 32];

const COLUMNS: &str = "id, name, role, scopes, erps, hash, created_at, last_used_at, expires_at, revoked_at";

macro_rules! columns {
    ($row:expr) => {{
        let row = $row;
        let (id, role): (String, String) = (row.try_get("id")?, row.try_get("role")?);
        let (scopes, erps): (String, Option<String>) = (row.try_get("scopes")?, row.try_get("erps")?);
        let hash: Vec<u8> = row.try_get("hash")?;
        let moment = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(time));
        let erps: Option<BTreeSet<String>> =
            erps.map(|erps| serde_json::from_str(&erps)).transpose().map_err(|_| broken(&id))?;
        let view = ApiKeyView {
            name: row.try_get("name")?,
            role: Role::parse(&role).ok_or_else(|| broken(&id))?,
            scopes: serde_json::from_str(&scopes).map_err(|_| broken(&id))?,
            erps: erps.map(|erps| erps.iter().map(|erp| erp.as_str().into()).collect()),
            created_at: time(row.try_get("created_at")?),
            last_used_at: moment("last_used_at")?,
            expires_at: moment("expires_at")?,
            revoked_at: moment("revoked_at")?,
            id,
        };
        let hash = KeyHash::try_from(hash).map_err(|_| broken(&view.id))?;
        Ok::<_, StoreError>((view, hash))
    }};
}

fn broken(id: &str) -> StoreError {
    StoreError::Unusable(format!("api_keys {id}: not what this version of the gateway stores"))
}

impl Store {
    /// A key and its hash, whether or not it is still good.
    pub async fn api_key(&self, id: &str) -> Result<Option<(ApiKeyView, KeyHash)>> {
        on!(&self.read, pool => {
            let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1")))
                .bind(id)
                .fetch_optional(pool)
                .await?;
            row.map(|row| columns!(&row)).transpose()
        })
    }

    /// All keys, the newest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyView>> {
        on!(&self.read, pool => {
            let sql = format!("SELECT {COLUMNS} FROM api_keys ORDER BY created_at DESC, id");
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(pool).await?;
            rows.iter().map(|row| columns!(row).map(|(view, _)| view)).collect()
        })
    }

    /// Whether there is a key that is good now.
    pub async fn has_api_key(&self, now: DateTime<Utc>) -> Result<bool> {
        on!(&self.read, pool => {
            let row = sqlx::query("SELECT id FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1) LIMIT 1")
                .bind(millis(now))
                .fetch_optional(pool)
                .await?;
            Ok(row.is_some())
        })
    }

    /// Adds a key.
    pub async fn add_api_key(&self, key: &ApiKeyView, hash: &KeyHash) -> Result<()> {
        let list = |words: Vec<&str>| serde_json::Value::from(words).to_string();
        let scopes = list(key.scopes.iter().map(String::as_str).collect());
        let erps = key.erps.as_ref().map(|erps| list(erps.iter().map(ErpId::as_str).collect()));
        on!(&self.write, pool => {
            sqlx::query(
                "INSERT INTO api_keys (id, name, role, scopes, erps, hash, created_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(&key.id)
            .bind(&key.name)
            .bind(key.role.word())
            .bind(&scopes)
            .bind(erps.as_deref())
            .bind(&hash[..])
            .bind(millis(key.created_at))
            .bind(key.expires_at.map(millis))
            .execute(pool)
            .await?;
        });
        Ok(())
    }

    /// Ends a key, unless it was ended before.
    pub async fn revoke_api_key(&self, id: &str, at: DateTime<Utc>) -> Result<()> {
        on!(&self.write, pool => {
            sqlx::query("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
                .bind(id)
                .bind(millis(at))
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// Notes that a key was used.
    pub async fn note_api_key_use(&self, id: &str, at: DateTime<Utc>) -> Result<()> {
        on!(&self.write, pool => {
            sqlx::query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)")
                .bind(id)
                .bind(millis(at))
                .execute(pool)
                .await?;
        });
        Ok(())
    }
}
