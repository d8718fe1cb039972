//! Opens the connections to a store.

use super::{Pool, Result, StoreError};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fs, io, path::Path, str::FromStr, time::Duration};

/// Readers of an SQLite store at once.
const READERS: u32 = 4;
/// Connections to a PostgreSQL store at once.
const CONNECTIONS: u32 = 10;
/// How long a connection may take, and how long a writer waits for another process's.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connections to write with, and those to read with.
pub(super) async fn pools(url: &SecretString) -> Result<(Pool, Pool)> {
    match url.expose_secret() {
        sqlite if sqlite.starts_with("sqlite:") => self::sqlite(sqlite).await,
        postgres if postgres.starts_with("postgres:") || postgres.starts_with("postgresql:") => {
            let pool = self::postgres(postgres).await?;
            Ok((pool.clone(), pool))
        }
        _ => Err(unusable("begins with neither sqlite: nor postgres:")),
    }
}

async fn sqlite(url: &str) -> Result<(Pool, Pool)> {
    let options = SqliteConnectOptions::from_str(url).map_err(|_| unusable("not the path of an SQLite file"))?;
    let path = options.get_filename().to_owned();
    if url.contains(":memory:") || url.contains("mode=") || path.as_os_str().is_empty() {
        // Each connection would have a store of its own, or could not write.
        return Err(unusable("the store is an SQLite file, opened to write: sqlite:path/to/file.db"));
    }
    let failed = |why: &dyn std::fmt::Display| unusable(&format!("{} cannot be opened: {why}", path.display()));
    make(&path).map_err(|error| failed(&error))?;
    let options = options
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // What was committed survives a power cut: a rotated token, later a write that was promised.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is erased is overwritten.
        .pragma("secure_delete", "ON")
        .busy_timeout(PATIENCE);
    let pool = |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
    let write = pool(1).connect_with(options.clone()).await.map_err(|error| failed(&error))?;
    let read = pool(READERS).connect_with(options.read_only(true)).await.map_err(|error| failed(&error))?;
    Ok((Pool::Sqlite(write), Pool::Sqlite(read)))
}

/// Makes the file where there is none, for nobody else to read. SQLite gives its `-wal` and `-shm` the same rights.
fn make(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if others_may_read(path) {
                tracing::warn!("store.url: others may read {}: take that right away with chmod 600", path.display());
            }
            Ok(())
        }
        made => made.map(drop),
    }
}

/// Whether others than the owner of a file may read it.
pub(crate) fn others_may_read(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).is_ok_and(|file| file.mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

async fn postgres(url: &str) -> Result<Pool> {
    let options = PgConnectOptions::from_str(url).map_err(|_| unusable("not the address of a PostgreSQL database"))?;
    let options = options.application_name("erp-gateway");
    let failed = |why: &dyn std::fmt::Display| unusable(&format!("the PostgreSQL database cannot be used: {why}"));
    // A pool would try again and again, and then tell only that it took too long.
    let first = tokio::time::timeout(PATIENCE, options.connect()).await.map_err(|error| failed(&error))?;
    first.map_err(|error| failed(&error))?.close().await.map_err(|error| failed(&error))?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    Ok(Pool::Postgres(pool.connect_lazy_with(options)))
}

fn unusable(why: &str) -> StoreError {
    StoreError::Unusable(format!("store.url: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Row;

    #[tokio::test]
    async fn every_sqlite_connection_is_set_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("gateway.db").display());
        let (Pool::Sqlite(write), Pool::Sqlite(read)) = pools(&url.into()).await.expect("a store") else {
            panic!("not SQLite");
        };
        for (pool, sql, expected) in [
            (&write, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1),
            (&write, "PRAGMA foreign_keys", 1),
            (&write, "PRAGMA synchronous", 2),
            (&write, "PRAGMA secure_delete", 1),
            (&write, "PRAGMA busy_timeout", 10_000),
            (&read, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1),
        ] {
            let row = sqlx::query(sql).fetch_one(pool).await.expect("a row");
            assert_eq!(row.get::<i64, _>(0), expected, "{sql}");
        }
        sqlx::query("CREATE TABLE t (x)").execute(&write).await.expect("the writer writes");
        sqlx::query("CREATE TABLE u (x)").execute(&read).await.expect_err("a reader does not");
    }
}
