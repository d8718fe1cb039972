//! Every migration on both databases, again, after a newer gateway, and by several at once.

use crate::support::{Beside, message};
use futures_util::future::join_all;
use gateway::store::migrate;
use tests::{Base, master_key, on_both_stores};

on_both_stores!(
    are_applied_once,
    of_a_newer_gateway_are_refused,
    that_were_changed_are_refused,
    are_applied_by_one_of_many_at_once,
    that_fail_block_nobody,
);

async fn are_applied_once(base: Base) {
    let url = base.url.as_str().into();
    let numbers = async || migrate(&url).await.expect("migrated").iter().map(|m| m.number).collect::<Vec<_>>();
    let all: Vec<_> = migrations::MIGRATIONS.iter().map(|m| m.number).collect();
    assert_eq!(all, (1..=all.len() as i64).collect::<Vec<_>>(), "numbered without a gap");
    assert_eq!(numbers().await, all);
    let before = Beside::of(&base).await.columns().await;
    assert!(before.contains(&"erps.sealed".to_owned()), "{before:?}");
    assert_eq!(numbers().await, [] as [i64; 0]);
    base.store(&master_key()).await;
    assert_eq!(Beside::of(&base).await.columns().await, before);
}

#[tokio::test]
async fn make_the_same_tables_on_both() {
    let Some(postgres) = Base::postgres().await else { return };
    let sqlite = Base::sqlite();
    let mut columns = Vec::new();
    for base in [&sqlite, &postgres] {
        migrate(&base.url.as_str().into()).await.expect("migrated");
        columns.push(Beside::of(base).await.columns().await);
    }
    assert_eq!(columns[0], columns[1]);
}

async fn of_a_newer_gateway_are_refused(base: Base) {
    let key = master_key();
    base.store(&key).await;
    Beside::of(&base)
        .await
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 4711, 'later', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        )
        .await
        .expect("inserted");
    let message = message(base.open(&key).await.prepare().await);
    assert!(message.contains("version 4711 by a newer gateway") && message.contains("restore a backup"), "{message}");
}

async fn that_were_changed_are_refused(base: Base) {
    let key = master_key();
    base.store(&key).await;
    let sql = "UPDATE _sqlx_migrations SET checksum = (SELECT hash FROM api_keys) WHERE version = 1";
    let mut beside = Beside::of(&base).await;
    let insert = "INSERT INTO api_keys (id, name, role, scopes, hash, created_at) SELECT 'a', 'a', 'ADMIN', '[]', sealed, 0 \
                  FROM gateway_keys WHERE purpose = 'check'";
    beside.execute(insert).await.expect("inserted");
    beside.execute(sql).await.expect("updated");
    let message = message(base.open(&key).await.prepare().await);
    assert!(message.contains("migration 1 of the store is not the one of this gateway"), "{message}");
}

async fn are_applied_by_one_of_many_at_once(base: Base) {
    let key = master_key();
    let starts = (0..8).map(|_| async {
        let store = base.store(&key).await;
        store.cursor_key().await.expect("a key")
    });
    let keys = join_all(starts).await;
    assert!(keys.iter().all(|key| *key == keys[0]), "they share one store");
}

async fn that_fail_block_nobody(base: Base) {
    // A table in the way of the first migration.
    Beside::of(&base).await.execute("CREATE TABLE audit_log (number INT)").await.expect("created");
    let key = master_key();
    let (one, other) = (base.open(&key).await, base.open(&key).await);
    for store in [&one, &other, &one] {
        let message = message(store.prepare().await);
        assert!(message.contains("migration 1 of the store failed, and changed nothing"), "{message}");
    }
    let left = Beside::of(&base).await.columns().await;
    assert_eq!(left, ["audit_log.number"], "rolled back");
    Beside::of(&base).await.execute("DROP TABLE audit_log").await.expect("dropped");
    other.prepare().await.expect("migrated");
}
