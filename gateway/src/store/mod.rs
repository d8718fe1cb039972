//! What the gateway keeps: SQLite by default, PostgreSQL where it grows to several machines.
//!
//! One SQL text serves both. Each table has a file here with everything that is asked of it.

mod audit;
mod erps;
mod keys;

pub use self::{
    audit::NewEntry,
    erps::{ErpRow, HealthRow, Noted},
};

use crate::sealing::{MasterKey, OpenError, Place};
use chrono::{DateTime, Utc};
use migrations::MIGRATIONS;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    PgPool, SqlSafeStr, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{str::FromStr, sync::Arc, time::Duration};

/// What went wrong with the store. The message is for an operator: it names no secret, but may name tables and columns.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed, or cannot be reached.
    #[error("the store failed: {0}")]
    Database(#[from] sqlx::Error),
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
    /// Something else that an operator can act on.
    #[error("{0}")]
    Unusable(String),
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

/// Readers of an SQLite store at once.
const READERS: u32 = 4;
/// Connections to a PostgreSQL store at once.
const CONNECTIONS: u32 = 10;
/// How long a connection may take, and how long a writer waits for another process's.
const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Opens a store, without looking into it: `sqlite:path/to/file.db`, or `postgres://…`.
    ///
    /// # Errors
    /// Where the address is none or leads nowhere. A password in it is not repeated.
    pub async fn open(url: &SecretString, key: MasterKey) -> Result<Self> {
        let key = Arc::new(key);
        match url.expose_secret() {
            sqlite if sqlite.starts_with("sqlite:") => {
                let options = SqliteConnectOptions::from_str(sqlite)
                    .map_err(|_| StoreError::Unusable("store.url: not the path of an SQLite file".into()))?
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE);
                let pool =
                    |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
                let write = pool(1).connect_with(options.clone()).await?;
                let read = pool(READERS).connect_with(options.read_only(true)).await?;
                Ok(Self { read: Pool::Sqlite(read), write: Pool::Sqlite(write), key })
            }
            postgres if postgres.starts_with("postgres:") || postgres.starts_with("postgresql:") => {
                let options = PgConnectOptions::from_str(postgres)
                    .map_err(|_| StoreError::Unusable("store.url: not the address of a PostgreSQL database".into()))?;
                let options =
                    PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE).connect_with(options);
                let pool = Pool::Postgres(options.await?);
                Ok(Self { read: pool.clone(), write: pool, key })
            }
            _ => Err(StoreError::Unusable("store.url: begins with neither sqlite: nor postgres:".into())),
        }
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
        self.migrate().await?;
        self.check_key().await
    }

    /// Applies the migrations that are missing.
    async fn migrate(&self) -> Result<()> {
        let outcome = match &self.write {
            Pool::Sqlite(pool) => migrator(|m| m.sqlite).run(pool).await,
            Pool::Postgres(pool) => migrator(|m| m.postgres).run(pool).await,
        };
        outcome.map_err(|error| match error {
            MigrateError::VersionMissing(version) => StoreError::Unusable(format!(
                "the store was migrated to version {version} by a newer gateway; this one knows versions up to {}: \
                 start that version again, or restore a backup from before",
                MIGRATIONS.len()
            )),
            MigrateError::VersionMismatch(version) => StoreError::Unusable(format!(
                "the store's version {version} is not the one of this gateway: a released migration was changed"
            )),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => StoreError::Unusable(format!("the store could not be migrated: {other}")),
        })
    }

    fn seal(&self, table: &'static str, row: &str, value: &[u8]) -> Result<Vec<u8>> {
        self.key.seal(place(table, row), value).map_err(StoreError::Unusable)
    }

    fn unseal(&self, table: &'static str, row: &str, sealed: &[u8]) -> Result<secrecy::SecretBox<[u8]>> {
        self.key.open(place(table, row), sealed).map_err(|why| StoreError::Sealed { table, row: row.to_owned(), why })
    }
}

/// The place of the sealed value of a row; its column has the same name everywhere.
fn place<'a>(table: &'a str, row: &'a str) -> Place<'a> {
    Place { table, column: "sealed", row }
}

fn migrator(sql: impl Fn(&migrations::Migration) -> &'static str) -> Migrator {
    let migration = |m: &migrations::Migration| {
        Migration::new(m.number, m.name.into(), MigrationType::Simple, sql(m).into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// A moment as it is stored.
fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// A stored moment.
fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}
