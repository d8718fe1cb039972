//! ERPs: changed by one at a time, erased when disconnected, with what their last probes found.

use crate::support::{Beside, NOW, erp, message};
use chrono::Duration;
use futures_util::future::join_all;
use gateway::store::{ErpRow, HealthRow, Noted, Store};
use secrecy::ExposeSecret;
use serde_json::json;
use tests::{Base, master_key, on_both_stores};

on_both_stores!(
    are_kept_with_their_secrets,
    are_changed_by_one_at_a_time,
    are_changed_by_many_gateways,
    leave_a_tombstone_without_secrets,
    are_changed_as_a_whole_or_not_at_all,
    have_health,
    tell_one_gateway_of_a_change,
);

async fn one(store: &Store, id: &str) -> ErpRow {
    store.erps().await.expect("ERPs").into_iter().find(|row| row.id.as_str() == id).expect("the ERP")
}

async fn are_kept_with_their_secrets(base: Base) {
    let key = master_key();
    let store = base.store(&key).await;
    let added = ErpRow { of_file: true, paused: true, ..erp("odoo", "hunter2 ☃") };
    assert!(store.add_erp(&added).await.expect("added"));
    assert!(!store.add_erp(&erp("odoo", "other")).await.expect("refused"), "the id is taken");
    let none = ErpRow { secrets: [].into(), ..erp("bare", "") };
    assert!(store.add_erp(&none).await.expect("added"));
    // As another gateway finds it.
    let found = one(&base.store(&key).await, "odoo").await;
    assert_eq!(found.secrets["password"].expose_secret(), "hunter2 ☃");
    assert_eq!((found.name, found.system, found.settings), (added.name, added.system, added.settings));
    assert_eq!((found.of_file, found.paused, found.created_at), (true, true, NOW));
    assert_eq!((found.updated_at, found.disconnected_at, found.revision), (NOW, None, 1));
    assert!(one(&store, "bare").await.secrets.is_empty());
    let revisions = store.erp_revisions().await.expect("revisions");
    assert_eq!(revisions.into_iter().collect::<Vec<_>>(), [("bare".into(), 1), ("odoo".into(), 1)]);
    let shown = format!("{:?}", store.erps().await);
    assert!(!shown.contains("hunter2"), "{shown}");
}

async fn are_changed_by_one_at_a_time(base: Base) {
    let store = base.store(&master_key()).await;
    store.add_erp(&erp("odoo", "old")).await.expect("added");
    let read = one(&store, "odoo").await;
    let later = NOW + Duration::seconds(5);
    let changed = ErpRow { name: "New".into(), updated_at: later, secrets: erp("", "new").secrets, ..read.clone() };
    assert_eq!(store.change_erp(&changed).await.expect("changed"), Some(2));
    assert_eq!(store.change_erp(&ErpRow { name: "Lost".into(), ..read }).await.expect("refused"), None);
    let found = one(&store, "odoo").await;
    assert_eq!((found.name.as_str(), found.revision, found.updated_at), ("New", 2, later));
    assert_eq!(found.secrets["password"].expose_secret(), "new");
    assert_eq!(store.change_erp(&erp("nobody", "x")).await.expect("refused"), None);
}

async fn are_changed_by_many_gateways(base: Base) {
    let key = master_key();
    let stores = join_all((0..2).map(|_| base.store(&key))).await;
    stores[0].add_erp(&erp("odoo", "")).await.expect("added");
    let writers = (0..16).map(|number: usize| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            loop {
                let mut row = one(&store, "odoo").await;
                row.settings.insert(format!("writer{number}"), "was here".into());
                if store.change_erp(&row).await.expect("changed").is_some() {
                    return;
                }
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("no panic");
    }
    let found = one(&stores[0], "odoo").await;
    assert_eq!((found.revision, found.settings.len()), (17, 17), "{:?}", found.settings);
}

async fn leave_a_tombstone_without_secrets(base: Base) {
    let store = base.store(&master_key()).await;
    for id in ["gone", "kept"] {
        store.add_erp(&erp(id, "hunter2")).await.expect("added");
        give_tokens_and_health(&base, &store, id).await;
    }
    let row = ErpRow { disconnected_at: Some(NOW + Duration::seconds(1)), ..one(&store, "gone").await };
    // Somebody changed it in between: nothing is erased.
    assert_eq!(store.change_erp(&ErpRow { revision: 7, ..row.clone() }).await.expect("refused"), None);
    let erps = async |table: &str, column: &str| {
        Beside::of(&base).await.texts(&format!("SELECT {column} FROM {table} ORDER BY 1")).await
    };
    assert_eq!(erps("oauth_tokens", "erp").await, ["gone", "kept"]);
    assert_eq!(store.change_erp(&row).await.expect("disconnected"), Some(2));
    let found = one(&store, "gone").await;
    assert_eq!((found.name.as_str(), found.disconnected_at), ("ERP gone", row.disconnected_at));
    assert!(found.secrets.is_empty());
    for table in ["oauth_tokens", "oauth_states", "erp_health"] {
        assert_eq!(erps(table, "erp").await, ["kept"], "{table}");
    }
    assert_eq!(erps("erps WHERE sealed IS NOT NULL", "id").await, ["kept"]);
    assert!(!store.add_erp(&erp("gone", "x")).await.expect("refused"), "an id is never used again");
}

async fn are_changed_as_a_whole_or_not_at_all(base: Base) {
    let store = base.store(&master_key()).await;
    store.add_erp(&erp("odoo", "hunter2")).await.expect("added");
    give_tokens_and_health(&base, &store, "odoo").await;
    Beside::of(&base).await.execute("ALTER TABLE erp_health RENAME TO elsewhere").await.expect("renamed");
    let row = ErpRow { disconnected_at: Some(NOW), ..one(&store, "odoo").await };
    message(store.change_erp(&row).await);
    let found = one(&store, "odoo").await;
    assert_eq!((found.disconnected_at, found.revision), (None, 1));
    assert_eq!(found.secrets["password"].expose_secret(), "hunter2");
    assert_eq!(Beside::of(&base).await.texts("SELECT erp FROM oauth_tokens").await, ["odoo"]);
    Beside::of(&base).await.execute("ALTER TABLE elsewhere RENAME TO erp_health").await.expect("renamed");
    assert_eq!(store.change_erp(&row).await.expect("the connection is well"), Some(2));
}

/// Something in every table that belongs to an ERP.
async fn give_tokens_and_health(base: &Base, store: &Store, id: &str) {
    let health = HealthRow { status: "ACTIVE".into(), found: json!({}), checked_at: NOW };
    store.note_health(&id.into(), 1, &health).await.expect("noted");
    let check = "FROM gateway_keys WHERE purpose = 'check'";
    let mut beside = Beside::of(base).await;
    for insert in [
        format!("INSERT INTO oauth_tokens (erp, sealed) SELECT '{id}', sealed {check}"),
        format!(
            "INSERT INTO oauth_states (id, erp, sealed, subject, expires_at) SELECT 's-{id}', '{id}', sealed, 'me', 1 {check}"
        ),
    ] {
        beside.execute(&insert).await.expect("inserted");
    }
}

async fn have_health(base: Base) {
    let store = base.store(&master_key()).await;
    store.add_erp(&erp("odoo", "x")).await.expect("added");
    assert!(store.health().await.expect("health").is_empty());
    let note = async |revision: i64, status: &str, millis: i64| {
        let checked_at = NOW + Duration::milliseconds(millis);
        let health = HealthRow { status: status.into(), found: json!({ "version": millis }), checked_at };
        let noted = store.note_health(&"odoo".into(), revision, &health).await.expect("noted");
        if noted != Noted::Outdated {
            assert_eq!(store.health().await.expect("health")[&"odoo".into()], health);
        }
        noted
    };
    let changed = |from: Option<&str>| Noted::Changed { from: from.map(Into::into) };
    assert_eq!(note(1, "UNREACHABLE", 1).await, changed(None));
    assert_eq!(note(1, "UNREACHABLE", 2).await, Noted::Same);
    assert_eq!(note(1, "ACTIVE", 3).await, changed(Some("UNREACHABLE")));
    assert_eq!(store.change_erp(&one(&store, "odoo").await).await.expect("changed"), Some(2));
    assert_eq!(note(1, "NEEDS_AUTH", 4).await, Noted::Outdated, "a probe of the ERP as it was");
    assert_eq!(note(2, "ACTIVE", 5).await, Noted::Same);
    let gone = ErpRow { disconnected_at: Some(NOW), ..one(&store, "odoo").await };
    assert_eq!(store.change_erp(&gone).await.expect("changed"), Some(3));
    assert_eq!(note(3, "ACTIVE", 6).await, Noted::Outdated, "a tombstone has no health");
    assert!(store.health().await.expect("health").is_empty());
}

async fn tell_one_gateway_of_a_change(base: Base) {
    let key = master_key();
    let stores = join_all((0..2).map(|_| base.store(&key))).await;
    stores[0].add_erp(&erp("odoo", "x")).await.expect("added");
    for status in ["ACTIVE", "UNREACHABLE", "ACTIVE"] {
        let health = HealthRow { status: status.into(), found: json!({}), checked_at: NOW };
        let notes = join_all((0..8).map(|n: usize| {
            let (store, health) = (stores[n % 2].clone(), health.clone());
            tokio::spawn(async move { store.note_health(&"odoo".into(), 1, &health).await.expect("noted") })
        }));
        let noted: Vec<_> = notes.await.into_iter().map(|noted| noted.expect("no panic")).collect();
        let told = noted.iter().filter(|noted| matches!(noted, Noted::Changed { .. })).count();
        assert_eq!(told, 1, "{status}: {noted:?}");
    }
}
