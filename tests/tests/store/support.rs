//! Looks into a database past the store.

use chrono::{DateTime, Utc};
use gateway::store::{ErpRow, StoreError};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row, SqliteConnection};
use std::collections::BTreeMap;
use tests::Base;

/// A moment.
pub(crate) const NOW: DateTime<Utc> = DateTime::from_timestamp_millis(1_773_742_623_456).expect("a moment");

/// A connection beside the store's.
pub(crate) enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

macro_rules! on {
    ($beside:expr, $connection:ident => $body:expr) => {
        match $beside {
            Beside::Sqlite($connection) => $body,
            Beside::Postgres($connection) => $body,
        }
    };
}

impl Beside {
    pub(crate) async fn of(base: &Base) -> Self {
        if base.is_sqlite() {
            let options = base.url.parse::<sqlx::sqlite::SqliteConnectOptions>().expect("an address");
            Self::Sqlite(options.create_if_missing(true).connect().await.expect("a database"))
        } else {
            let options = base.url.parse::<sqlx::postgres::PgConnectOptions>().expect("an address");
            Self::Postgres(options.connect().await.expect("a database"))
        }
    }

    /// Executes a statement.
    pub(crate) async fn execute(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        on!(self, to => sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(to).await.map(drop))
    }

    /// The texts of a query with one column.
    pub(crate) async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        on!(self, to => {
            let rows = sqlx::query(sql).fetch_all(to).await.expect("rows");
            rows.iter().map(|row| row.get(0)).collect()
        })
    }

    /// What is sealed in a row.
    pub(crate) async fn sealed(&mut self, (table, key): (&str, &str), row: &str) -> Vec<u8> {
        let sql = AssertSqlSafe(format!("SELECT sealed FROM {table} WHERE {key} = $1"));
        on!(self, to => sqlx::query(sql).bind(row).fetch_one(to).await.expect("a row").get(0))
    }

    /// Puts something else there.
    pub(crate) async fn seal(&mut self, (table, key): (&str, &str), row: &str, sealed: &[u8]) {
        let sql = AssertSqlSafe(format!("UPDATE {table} SET sealed = $2 WHERE {key} = $1"));
        on!(self, to => sqlx::query(sql).bind(row).bind(sealed).execute(to).await.map(drop)).expect("updated");
    }

    /// Tables and columns as `table.column`, sqlx's own left out.
    pub(crate) async fn columns(&mut self) -> Vec<String> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c \
                 WHERE t.type = 'table' AND t.name NOT LIKE '%sql%' ORDER BY 1"
            }
            Self::Postgres(_) => {
                "SELECT (table_name || '.' || column_name)::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name NOT LIKE '%sql%' ORDER BY 1"
            }
        };
        self.texts(sql).await
    }
}

/// An ERP with a password.
pub(crate) fn erp(id: &str, password: &str) -> ErpRow {
    ErpRow {
        settings: BTreeMap::from([("url".into(), "https://erp.example".into())]),
        secrets: BTreeMap::from([("password".into(), SecretString::from(password))]),
        ..ErpRow::new(id.into(), &format!("ERP {id}"), "odoo", NOW)
    }
}

/// The message of an error.
pub(crate) fn message<T>(outcome: Result<T, StoreError>) -> String {
    outcome.err().expect("an error").to_string()
}
