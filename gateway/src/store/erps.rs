//! The connected ERPs and what their last probes found.

use super::{Result, Store, StoreError, millis, on, time, transaction};
use crate::sealing::OpenError;
use adapters::model::ErpId;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::Row;
use std::{collections::BTreeMap, fmt};

const TABLE: &str = "erps";

/// A connected ERP, or the tombstone of one.
#[derive(Clone)]
pub struct ErpRow {
    /// Its id.
    pub id: ErpId,
    /// The name that people see.
    pub name: String,
    /// The key of its system.
    pub system: String,
    /// Whether the configuration file defines it.
    pub of_file: bool,
    /// Its settings without secrets.
    pub settings: BTreeMap<String, String>,
    /// Its secrets.
    pub secrets: BTreeMap<String, SecretString>,
    /// Why its secrets cannot be read, where they cannot: one ERP's trouble is not the others'.
    pub unreadable: Option<String>,
    /// Whether an operator paused it.
    pub paused: bool,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
    /// When name or settings last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was disconnected.
    pub disconnected_at: Option<DateTime<Utc>>,
    /// Grows with each change.
    pub revision: i64,
}

impl ErpRow {
    /// An ERP without settings that is connected now.
    pub fn new(id: ErpId, name: &str, system: &str, now: DateTime<Utc>) -> Self {
        Self {
            id,
            name: name.to_owned(),
            system: system.to_owned(),
            of_file: false,
            settings: BTreeMap::new(),
            secrets: BTreeMap::new(),
            unreadable: None,
            paused: false,
            created_at: now,
            updated_at: now,
            disconnected_at: None,
            revision: 1,
        }
    }
}

impl fmt::Debug for ErpRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErpRow").field("id", &self.id).field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// What the last probe of an ERP found.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthRow {
    /// The word of its status.
    pub status: String,
    /// What else it found, as a JSON object.
    pub found: serde_json::Value,
    /// When.
    pub checked_at: DateTime<Utc>,
}

/// What came of noting what a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// The ERP has another status now.
    Changed {
        /// The one before; none if it had never been asked.
        from: Option<String>,
    },
    /// It has the status that it had.
    Same,
    /// Nothing was noted: the probe was of an ERP that has been changed or disconnected since.
    Outdated,
}

const COLUMNS: &str =
    "id, name, system, of_file, settings, sealed, paused, created_at, updated_at, disconnected_at, revision";

macro_rules! columns {
    ($store:expr, $row:expr) => {{
        let row = $row;
        let (id, settings): (String, String) = (row.try_get("id")?, row.try_get("settings")?);
        let sealed: Option<Vec<u8>> = row.try_get("sealed")?;
        let disconnected_at: Option<i64> = row.try_get("disconnected_at")?;
        let (secrets, unreadable) = match $store.secrets(&id, sealed.as_deref()) {
            Ok(secrets) => (secrets, None),
            Err(why @ StoreError::Sealed { why: OpenError::Tampered, .. }) => (BTreeMap::new(), Some(why.to_string())),
            Err(other) => return Err(other),
        };
        Ok::<_, StoreError>(ErpRow {
            secrets,
            unreadable,
            settings: serde_json::from_str(&settings).map_err(|_| broken(&id))?,
            id: id.as_str().into(),
            name: row.try_get("name")?,
            system: row.try_get("system")?,
            of_file: row.try_get("of_file")?,
            paused: row.try_get("paused")?,
            created_at: time(row.try_get("created_at")?),
            updated_at: time(row.try_get("updated_at")?),
            disconnected_at: disconnected_at.map(time),
            revision: row.try_get("revision")?,
        })
    }};
}

fn broken(id: &str) -> StoreError {
    StoreError::Unusable(format!("erps {id}: its settings are not what was stored"))
}

impl Store {
    fn secrets(&self, id: &str, sealed: Option<&[u8]>) -> Result<BTreeMap<String, SecretString>> {
        let Some(sealed) = sealed else { return Ok(BTreeMap::new()) };
        serde_json::from_slice(self.unseal(TABLE, id, sealed)?.expose_secret()).map_err(|_| broken(id))
    }

    fn sealed_secrets(&self, row: &ErpRow) -> Result<Option<Vec<u8>>> {
        if row.secrets.is_empty() {
            return Ok(None);
        }
        let exposed: BTreeMap<&str, &str> =
            row.secrets.iter().map(|(key, secret)| (key.as_str(), secret.expose_secret())).collect();
        let text = serde_json::to_vec(&exposed).map_err(|_| broken(row.id.as_str()))?;
        self.seal(TABLE, row.id.as_str(), &text).map(Some)
    }

    /// All ERPs, tombstones among them.
    pub async fn erps(&self) -> Result<Vec<ErpRow>> {
        on!(&self.read, pool => {
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM erps ORDER BY id"))).fetch_all(pool).await?;
            rows.iter().map(|row| columns!(self, row)).collect()
        })
    }

    /// An ERP, or its tombstone.
    pub async fn erp(&self, id: &ErpId) -> Result<Option<ErpRow>> {
        on!(&self.read, pool => {
            let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM erps WHERE id = $1")))
                .bind(id.as_str())
                .fetch_optional(pool)
                .await?;
            row.map(|row| columns!(self, row)).transpose()
        })
    }

    /// The revision of each ERP: what other gateways look at to learn of changes.
    pub async fn erp_revisions(&self) -> Result<BTreeMap<ErpId, i64>> {
        on!(&self.read, pool => {
            let rows = sqlx::query("SELECT id, revision FROM erps").fetch_all(pool).await?;
            rows.iter().map(|row| Ok((row.try_get::<String, _>(0)?.as_str().into(), row.try_get(1)?))).collect()
        })
    }

    /// Adds an ERP, unless its id is taken, be it by a tombstone.
    pub async fn add_erp(&self, row: &ErpRow) -> Result<bool> {
        let sealed = self.sealed_secrets(row)?;
        let settings = serde_json::to_string(&row.settings).map_err(|_| broken(row.id.as_str()))?;
        let added = on!(&self.write, pool => {
            sqlx::query(
                "INSERT INTO erps (id, name, system, of_file, settings, sealed, paused, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
            )
            .bind(row.id.as_str())
            .bind(&row.name)
            .bind(&row.system)
            .bind(row.of_file)
            .bind(settings)
            .bind(sealed)
            .bind(row.paused)
            .bind(millis(row.created_at))
            .bind(millis(row.updated_at))
            .execute(pool)
            .await?
            .rows_affected()
        });
        Ok(added == 1)
    }

    /// Replaces what changes of an ERP, if nobody else has changed it since it was read. The new revision, or none if
    /// somebody has. A row with `disconnected_at` becomes a tombstone: its secrets, tokens and health are erased. Secrets that
    /// could not be read stay as they are until others take their place.
    pub async fn change_erp(&self, row: &ErpRow) -> Result<Option<i64>> {
        let gone = row.disconnected_at.is_some();
        let keeps_sealed = row.unreadable.is_some() && row.secrets.is_empty() && !gone;
        let sealed = if gone { None } else { self.sealed_secrets(row)? };
        let settings = serde_json::to_string(&row.settings).map_err(|_| broken(row.id.as_str()))?;
        let changed = transaction!(self, tx => {
            let changed = sqlx::query(
                "UPDATE erps SET name = $2, system = $3, of_file = $4, settings = $5, \
                 sealed = CASE WHEN $11 THEN sealed ELSE $6 END, paused = $7, updated_at = $8, disconnected_at = $9, \
                 revision = revision + 1 WHERE id = $1 AND revision = $10",
            )
            .bind(row.id.as_str())
            .bind(&row.name)
            .bind(&row.system)
            .bind(row.of_file)
            .bind(settings)
            .bind(sealed)
            .bind(row.paused)
            .bind(millis(row.updated_at))
            .bind(row.disconnected_at.map(millis))
            .bind(row.revision)
            .bind(keeps_sealed)
            .execute(&mut *tx)
            .await?
            .rows_affected();
            if gone && changed == 1 {
                for erase in [
                    "DELETE FROM oauth_tokens WHERE erp = $1",
                    "DELETE FROM oauth_states WHERE erp = $1",
                    "DELETE FROM erp_health WHERE erp = $1",
                ] {
                    sqlx::query(erase).bind(row.id.as_str()).execute(&mut *tx).await?;
                }
            }
            changed
        });
        Ok((changed == 1).then_some(row.revision + 1))
    }

    /// What the last probes found.
    pub async fn health(&self) -> Result<BTreeMap<ErpId, HealthRow>> {
        on!(&self.read, pool => {
            let rows = sqlx::query("SELECT erp, status, found, checked_at FROM erp_health").fetch_all(pool).await?;
            rows.iter()
                .map(|row| {
                    let found: String = row.try_get("found")?;
                    let health = HealthRow {
                        status: row.try_get("status")?,
                        found: serde_json::from_str(&found).unwrap_or_default(),
                        checked_at: time(row.try_get("checked_at")?),
                    };
                    Ok((row.try_get::<String, _>("erp")?.as_str().into(), health))
                })
                .collect()
        })
    }

    /// Notes what a probe found, unless the ERP has been changed since this revision or was disconnected. Of several gateways that
    /// find the same change at once, one is told so.
    pub async fn note_health(&self, erp: &ErpId, revision: i64, health: &HealthRow) -> Result<Noted> {
        let found = health.found.to_string();
        Ok(transaction!(self, tx => {
            let current = sqlx::query("SELECT 1 FROM erps WHERE id = $1 AND revision = $2 AND disconnected_at IS NULL")
                .bind(erp.as_str())
                .bind(revision)
                .fetch_optional(&mut *tx)
                .await?;
            let from = sqlx::query("SELECT status FROM erp_health WHERE erp = $1").bind(erp.as_str()).fetch_optional(&mut *tx).await?;
            let from = from.map(|row| row.try_get::<String, _>(0)).transpose()?;
            if current.is_none() {
                Noted::Outdated
            } else {
                let changed = sqlx::query(
                    "INSERT INTO erp_health (erp, status, found, checked_at) VALUES ($1, $2, $3, $4) ON CONFLICT (erp) DO UPDATE \
                     SET status = excluded.status, found = excluded.found, checked_at = excluded.checked_at \
                     WHERE erp_health.status <> excluded.status",
                )
                .bind(erp.as_str())
                .bind(&health.status)
                .bind(&found)
                .bind(millis(health.checked_at))
                .execute(&mut *tx)
                .await?
                .rows_affected() == 1;
                if changed {
                    Noted::Changed { from }
                } else {
                    sqlx::query("UPDATE erp_health SET found = $2, checked_at = $3 WHERE erp = $1")
                        .bind(erp.as_str())
                        .bind(&found)
                        .bind(millis(health.checked_at))
                        .execute(&mut *tx)
                        .await?;
                    Noted::Same
                }
            }
        }))
    }
}
