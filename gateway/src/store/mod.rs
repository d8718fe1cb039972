//! What the gateway keeps: SQLite by default, PostgreSQL where it grows to several machines.
//!
//! One SQL text serves both. Each table has a file here with everything that is asked of it.

mod api_keys;
mod audit;
mod erps;
mod keys;
mod migrate;
mod oauth;
mod open;

pub use self::{
    api_keys::KeyHash,
    audit::NewEntry,
    erps::{ErpRow, HealthRow, Noted},
    keys::{Rotated, SEALED},
    migrate::{VERSION, migrate},
    oauth::{ConsentState, LEASE, SealedTokens},
};
pub(crate) use open::others_may_read;

use crate::sealing::{MasterKey, OpenError, Place};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::{PgPool, SqlitePool};
use std::sync::Arc;

/// What went wrong with the store. The message is for an operator: it names no secret, but may name tables and columns.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed, or cannot be reached.
    #[error("the store failed: {0}")]
    Database(sqlx::Error),
    /// A sealed value does not open.
    #[error("{table} {row}: {why}")]
    Sealed {
        /// Where it is.
        table: &'static str,
        /// The primary key of its row.
        row: String,
        /// Why.
        why: OpenError,
    },
    /// The store has another master key than it had when the gateway started.
    #[error(
        "the master key of the store was rotated while the gateway ran: nothing more is sealed or opened with the old one. \
         Start the gateway again with the new one"
    )]
    Rotated,
    /// Something else that an operator can act on.
    #[error("{0}")]
    Unusable(String),
}

/// What the triggers of the columns `sealed` say.
const ROTATED: &str = "the master key was rotated";

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(of_trigger) if of_trigger.message() == ROTATED => Self::Rotated,
            _ => Self::Database(error),
        }
    }
}

/// A result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Connections of one kind.
#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs the same code on whichever database there is: `$pool` is then a `&SqlitePool` or a `&PgPool`.
macro_rules! on {
    ($at:expr, $pool:ident => $body:expr) => {
        match $at {
            $crate::store::Pool::Sqlite($pool) => $body,
            $crate::store::Pool::Postgres($pool) => $body,
        }
    };
}

/// Runs the same code in a transaction, which is rolled back where it fails: `$tx` is then a `&mut` connection. On SQLite the
/// transaction takes the write lock at once, so that what it has read still holds when it writes.
macro_rules! transaction {
    ($store:expr, $tx:ident => $body:expr) => {
        match &$store.write {
            $crate::store::Pool::Sqlite(pool) => {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                let $tx = &mut *transaction;
                let outcome = $body;
                transaction.commit().await?;
                outcome
            }
            $crate::store::Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let $tx = &mut *transaction;
                let outcome = $body;
                transaction.commit().await?;
                outcome
            }
        }
    };
}

use {on, transaction};

/// The store, open. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    read: Pool,
    write: Pool,
    key: Arc<MasterKey>,
}

impl Store {
    /// Opens a store, without looking into it: `sqlite:path/to/file.db`, or `postgres://…`.
    ///
    /// # Errors
    /// Where the address is none or leads nowhere. A password in it is not repeated.
    pub async fn open(url: &SecretString, key: MasterKey) -> Result<Self> {
        let (write, read) = open::pools(url).await?;
        Ok(Self { read, write, key: Arc::new(key) })
    }

    /// A new store in a folder that is removed with the second value, under a key that nobody keeps.
    ///
    /// # Errors
    /// Where there is no place for temporary files.
    pub async fn temporary() -> Result<(Self, tempfile::TempDir)> {
        let unusable = |why: String| StoreError::Unusable(why);
        let folder = tempfile::tempdir().map_err(|error| unusable(format!("a folder for the store: {error}")))?;
        let url = format!("sqlite:{}", folder.path().join("gateway.db").display());
        let key = MasterKey::generate().map_err(unusable)?;
        Ok((Self::open(&url.into(), key).await?, folder))
    }

    /// Brings the store up to this version of the gateway, and proves that the master key is its own.
    ///
    /// # Errors
    /// Where a newer gateway has been at work, a migration fails, or another master key has sealed the store.
    pub async fn prepare(&self) -> Result<()> {
        migrate::run(&self.write).await?;
        self.check_key().await
    }

    /// Ends all connections. An SQLite store is then its file alone, which can be copied.
    pub async fn close(&self) {
        // The last connection puts what is in the log into the file: one that can write.
        on!(&self.read, pool => pool.close().await);
        on!(&self.write, pool => pool.close().await);
    }

    fn seal(&self, table: &'static str, row: &str, value: &[u8]) -> Result<Vec<u8>> {
        self.key.seal(place(table, row), value).map_err(StoreError::Unusable)
    }

    fn unseal(&self, table: &'static str, row: &str, sealed: &[u8]) -> Result<secrecy::SecretBox<[u8]>> {
        self.key.open(place(table, row), sealed).map_err(|why| match why {
            // The key was the store's when the gateway started.
            OpenError::OtherKey { .. } => StoreError::Rotated,
            OpenError::Tampered => StoreError::Sealed { table, row: row.to_owned(), why },
        })
    }
}

/// The place of the sealed value of a row; its column has the same name everywhere.
fn place<'a>(table: &'a str, row: &'a str) -> Place<'a> {
    Place { table, column: "sealed", row }
}

/// A moment as it is stored.
fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// A stored moment.
fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}
