//! Brings a store up to this version of the gateway.

use super::{Pool, Result, StoreError, on, open};
use migrations::MIGRATIONS;
use secrecy::SecretString;
use sqlx::{
    SqlSafeStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};
use std::collections::BTreeSet;

/// The version of the stores that this gateway makes.
pub const VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].number;

/// Brings the store at an address up to this version of the gateway, without its master key: what was applied.
///
/// # Errors
/// Where the address leads nowhere, a newer gateway has been at work, or a migration fails.
pub async fn migrate(url: &SecretString) -> Result<Vec<&'static migrations::Migration>> {
    let (write, read) = open::pools(url).await?;
    let outcome = run(&write).await;
    on!(read, pool => pool.close().await);
    on!(write, pool => pool.close().await);
    outcome
}

/// Applies the migrations that are missing. Several gateways may do so at once: the first does it, the others wait.
pub(super) async fn run(pool: &Pool) -> Result<Vec<&'static migrations::Migration>> {
    let outcome = match pool {
        // There is no lock for it but a transaction around everything.
        Pool::Sqlite(pool) => {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            let outcome = match applied(&mut *transaction).await {
                Ok(before) => migrator(|m| m.sqlite).run(&mut *transaction).await.map(|()| before),
                Err(error) => Err(error),
            };
            if outcome.is_ok() {
                transaction.commit().await?;
            }
            outcome
        }
        // The lock is the connection's: closing it gives the lock back, whatever happened.
        Pool::Postgres(pool) => {
            let mut connection = pool.acquire().await?.detach();
            let outcome = match applied(&mut connection).await {
                Ok(before) => migrator(|m| m.postgres).run(&mut connection).await.map(|()| before),
                Err(error) => Err(error),
            };
            sqlx::Connection::close(connection).await?;
            outcome
        }
    };
    let before = outcome.map_err(explained)?;
    Ok(MIGRATIONS.iter().filter(|migration| !before.contains(&migration.number)).collect())
}

/// The numbers of the migrations that were applied. On PostgreSQL nobody else migrates until the connection is closed.
async fn applied(connection: &mut impl Migrate) -> Result<BTreeSet<i64>, MigrateError> {
    connection.lock().await?;
    connection.ensure_migrations_table(TABLE).await?;
    let known = connection.list_applied_migrations(TABLE).await?;
    Ok(known.into_iter().map(|migration| migration.version).collect())
}

/// Where sqlx notes what was applied.
const TABLE: &str = "_sqlx_migrations";

fn explained(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::Unusable(format!(
            "the store was migrated to version {version} by a newer gateway; this one knows versions up to {}: \
             start that gateway again, or restore a backup from before",
            VERSION
        )),
        MigrateError::VersionMismatch(version) => StoreError::Unusable(format!(
            "migration {version} of the store is not the one of this gateway: a released migration was changed, or the store \
             is of a gateway that was never released"
        )),
        MigrateError::Execute(error) => error.into(),
        MigrateError::ExecuteMigration(error, version) => {
            StoreError::Unusable(format!("migration {version} of the store failed, and changed nothing: {error}"))
        }
        other => StoreError::Unusable(format!("the store could not be migrated: {other}")),
    }
}

fn migrator(sql: impl Fn(&migrations::Migration) -> &'static str) -> Migrator {
    let migration = |m: &migrations::Migration| {
        Migration::new(m.number, m.name.into(), MigrationType::Simple, sql(m).into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}
