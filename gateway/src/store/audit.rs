//! The audit log.

use super::{Result, Store, millis, on, time};
use adapters::model::ErpId;
use chrono::{DateTime, Utc};
use schema::ports::{AuditPage, AuditView};
use sqlx::Row;
use std::collections::BTreeSet;

/// An entry to add.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What.
    pub action: &'static str,
    /// To what.
    pub subject: Option<String>,
    /// About which ERP.
    pub erp: Option<ErpId>,
    /// `ok`, or the code of an error.
    pub outcome: String,
    /// What else is to be known; never a secret.
    pub detail: serde_json::Value,
}

const COLUMNS: &str = "number, at, actor, action, subject, erp, outcome, detail";

macro_rules! view {
    ($row:expr) => {{
        let row = $row;
        let (erp, detail): (Option<String>, String) = (row.try_get("erp")?, row.try_get("detail")?);
        Ok::<_, super::StoreError>(AuditView {
            number: row.try_get("number")?,
            at: time(row.try_get("at")?),
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            erp: erp.map(|erp| erp.as_str().into()),
            outcome: row.try_get("outcome")?,
            detail: serde_json::from_str(&detail).unwrap_or_default(),
        })
    }};
}

impl Store {
    /// Adds an entry.
    pub async fn add_audit(&self, entry: &NewEntry) -> Result<()> {
        on!(&self.write, pool => {
            sqlx::query(
                "INSERT INTO audit_log (at, actor, action, subject, erp, outcome, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(millis(entry.at))
            .bind(&entry.actor)
            .bind(entry.action)
            .bind(entry.subject.as_deref())
            .bind(entry.erp.as_ref().map(ErpId::as_str))
            .bind(&entry.outcome)
            .bind(entry.detail.to_string())
            .execute(pool)
            .await?;
        });
        Ok(())
    }

    /// The newest entries below a number, of these ERPs where some are named.
    pub async fn audit_page(
        &self,
        first: usize,
        before: Option<i64>,
        erps: Option<&BTreeSet<ErpId>>,
    ) -> Result<AuditPage> {
        let list = erps.map(|erps| erps.iter().map(ErpId::as_str).collect::<Vec<_>>());
        let limit = i64::try_from(first).unwrap_or(i64::MAX).saturating_add(1);
        let mut entries = on!(&self.read, pool => {
            let mut query = sqlx::QueryBuilder::new(format!("SELECT {COLUMNS} FROM audit_log WHERE number < "));
            query.push_bind(before.unwrap_or(i64::MAX));
            if let Some(list) = &list {
                query.push(" AND erp IN (''");
                for erp in list {
                    query.push(", ").push_bind(*erp);
                }
                query.push(")");
            }
            query.push(" ORDER BY number DESC LIMIT ").push_bind(limit);
            query.build().fetch_all(pool).await?.iter().map(|row| view!(row)).collect::<Result<Vec<_>>>()?
        });
        let has_more = entries.len() > first;
        entries.truncate(first);
        Ok(AuditPage { entries, has_more })
    }

    /// An entry by its number.
    pub async fn audit_entry(&self, number: i64) -> Result<Option<AuditView>> {
        on!(&self.read, pool => {
            let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM audit_log WHERE number = $1")))
                .bind(number)
                .fetch_optional(pool)
                .await?;
            row.map(|row| view!(&row)).transpose()
        })
    }
}
