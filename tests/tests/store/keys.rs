//! The master key: the only one that opens a store, and rotated as a whole.

use crate::support::{Beside, erp, message};
use gateway::{
    sealing::MasterKey,
    store::{SEALED, StoreError},
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use tests::{Base, master_key, on_both_stores};

on_both_stores!(
    another_key_is_refused,
    the_cursor_key_survives,
    what_was_changed_or_moved_does_not_open,
    every_sealed_column_is_rotated,
    a_rotation_is_done_as_a_whole,
    a_gateway_with_the_old_key_seals_nothing_more,
    writers_and_a_rotation_at_once,
    only_one_of_two_rotations_succeeds,
);

fn parsed(key: &SecretString) -> MasterKey {
    MasterKey::parse(key).expect("a key")
}

/// A store with something in every sealed column: each value is sealed for its place.
async fn filled(base: &Base, key: &SecretString) -> gateway::store::Store {
    let store = base.store(key).await;
    store.cursor_key().await.expect("a key");
    for id in ["odoo", "sap"] {
        store.add_erp(&erp(id, &format!("pass of {id}"))).await.expect("added");
    }
    let key = parsed(key);
    let mut beside = Beside::of(base).await;
    for id in ["odoo", "sap"] {
        let check = "FROM gateway_keys WHERE purpose = 'check'";
        for (table, insert) in [
            ("oauth_tokens", format!("INSERT INTO oauth_tokens (erp, sealed) SELECT '{id}', sealed {check}")),
            (
                "oauth_states",
                format!(
                    "INSERT INTO oauth_states (id, erp, sealed, subject, expires_at) SELECT '{id}', '{id}', sealed, 'me', 1 {check}"
                ),
            ),
        ] {
            beside.execute(&insert).await.expect("inserted");
            let place = gateway::sealing::Place { table, column: "sealed", row: id };
            let column = SEALED.iter().find(|(name, _)| *name == table).expect("a sealed table");
            beside.seal(*column, id, &key.seal(place, b"a token").expect("sealed")).await;
        }
    }
    store
}

/// The rows of a sealed table, in an order.
async fn rows(beside: &mut Beside, (table, key): (&str, &str)) -> Vec<String> {
    beside.texts(&format!("SELECT {key} FROM {table} WHERE sealed IS NOT NULL ORDER BY 1")).await
}

async fn another_key_is_refused(base: Base) {
    let (right, wrong) = (master_key(), master_key());
    base.store(&right).await;
    let message = message(base.open(&wrong).await.prepare().await);
    assert!(message.starts_with("the master key is not the one of this store"), "{message}");
    for id in [parsed(&right).id(), parsed(&wrong).id()] {
        assert!(message.contains(&id.to_string()), "{message}");
    }
    for key in [&right, &wrong] {
        assert!(!message.contains(key.expose_secret()), "{message}");
    }
}

async fn the_cursor_key_survives(base: Base) {
    let key = master_key();
    let cursor = base.store(&key).await.cursor_key().await.expect("a key");
    assert_eq!(base.store(&key).await.cursor_key().await.expect("a key"), cursor);
    let new = master_key();
    base.store(&key).await.rotate(&parsed(&new)).await.expect("rotated");
    assert_eq!(base.store(&new).await.cursor_key().await.expect("a key"), cursor, "cursors go on after a rotation");
}

async fn what_was_changed_or_moved_does_not_open(base: Base) {
    let key = master_key();
    drop(filled(&base, &key).await);
    let mut beside = Beside::of(&base).await;
    for &column in SEALED {
        let rows = rows(&mut beside, column).await;
        for (at, row) in rows.iter().enumerate() {
            let right = beside.sealed(column, row).await;
            let mut changed = right.clone();
            *changed.last_mut().expect("bytes") ^= 1;
            let moved = beside.sealed(column, &rows[(at + 1) % rows.len()]).await;
            for wrong in [changed, moved, right[..right.len() - 1].to_vec()] {
                beside.seal(column, row, &wrong).await;
                let why = match base.open(&key).await.prepare().await {
                    Err(error) => error,
                    Ok(()) => {
                        let new = parsed(&master_key());
                        base.store(&key).await.rotate(&new).await.expect_err("a value that does not open")
                    }
                };
                let StoreError::Sealed { table, row: of, .. } = &why else { panic!("{why}") };
                assert_eq!((*table, of), (column.0, row));
                assert!(why.to_string().contains("changed after it was stored, or moved"), "{why}");
                if column.0 == "erps" {
                    let erps = base.store(&key).await.erps().await.expect("the others are as they were");
                    let unreadable: Vec<_> =
                        erps.into_iter().filter_map(|erp| Some((erp.id, erp.unreadable?))).collect();
                    assert_eq!(unreadable, [(row.as_str().into(), why.to_string())]);
                }
                beside.seal(column, row, &right).await;
            }
        }
    }
    base.store(&key).await.rotate(&parsed(&master_key())).await.expect("all is as it was");
}

async fn every_sealed_column_is_rotated(base: Base) {
    let (old, new) = (master_key(), master_key());
    let store = filled(&base, &old).await;
    let mut beside = Beside::of(&base).await;
    let sealed: BTreeSet<_> =
        beside.columns().await.into_iter().filter_map(|name| name.strip_suffix(".sealed").map(str::to_owned)).collect();
    assert_eq!(sealed, SEALED.iter().map(|(table, _)| (*table).to_owned()).collect(), "the list of sealed tables");
    let mut before = Vec::new();
    for &column in SEALED {
        for row in rows(&mut beside, column).await {
            before.push((column, row.clone(), beside.sealed(column, &row).await));
        }
    }
    assert_eq!(before.len(), 8);
    let rotated = store.rotate(&parsed(&new)).await.expect("rotated");
    assert_eq!((rotated.values, rotated.old, rotated.new), (8, parsed(&old).id(), parsed(&new).id()));
    for (column, row, sealed) in before {
        let now = beside.sealed(column, &row).await;
        let place = gateway::sealing::Place { table: column.0, column: "sealed", row: &row };
        let (value, was) = (parsed(&new).open(place, &now), parsed(&old).open(place, &sealed));
        assert_eq!(value.expect("opens").expose_secret(), was.expect("opened").expose_secret(), "{column:?} {row}");
    }
    assert!(message(base.open(&old).await.prepare().await).starts_with("the master key is not the one of this store"));
    let erps = base.store(&new).await.erps().await.expect("ERPs");
    assert_eq!(erps[0].secrets["password"].expose_secret(), "pass of odoo");
    let same = message(base.store(&new).await.rotate(&parsed(&new)).await);
    assert!(same.contains("is the one that the store has"), "{same}");
    let wrong = message(base.open(&old).await.rotate(&parsed(&master_key())).await);
    assert!(wrong.starts_with("the master key is not the one of this store"), "{wrong}");
}

async fn a_rotation_is_done_as_a_whole(base: Base) {
    let key = master_key();
    let store = filled(&base, &key).await;
    let mut beside = Beside::of(&base).await;
    let last = *SEALED.last().expect("a table");
    let right = beside.sealed(last, "sap").await;
    beside.seal(last, "sap", &[&right[..20], b"changed"].concat()).await;
    let mut before = Vec::new();
    for &column in SEALED {
        for row in rows(&mut beside, column).await {
            before.push((column, row.clone(), beside.sealed(column, &row).await));
        }
    }
    message(store.rotate(&parsed(&master_key())).await);
    for (column, row, sealed) in before {
        assert_eq!(beside.sealed(column, &row).await, sealed, "{column:?} {row}");
    }
    base.store(&key).await.erps().await.expect("the old key is the store's");
}

async fn a_gateway_with_the_old_key_seals_nothing_more(base: Base) {
    let (old, new) = (master_key(), master_key());
    let running = filled(&base, &old).await;
    let known = running.erps().await.expect("ERPs").remove(0);
    base.store(&old).await.rotate(&parsed(&new)).await.expect("rotated");
    let refused = |outcome: Result<(), StoreError>| {
        assert!(matches!(outcome, Err(StoreError::Rotated)), "{outcome:?}");
        let message = message(outcome);
        assert!(message.contains("was rotated while the gateway ran") && message.contains("Start the gateway again"));
    };
    refused(running.add_erp(&erp("new", "secret")).await.map(drop));
    refused(running.change_erp(&known).await.map(drop));
    refused(running.erps().await.map(drop));
    refused(running.cursor_key().await.map(drop));
    refused(running.rotate(&parsed(&master_key())).await.map(drop).map_err(|error| match error {
        StoreError::Unusable(why) if why.starts_with("the master key is not the one of this store") => {
            StoreError::Rotated
        }
        other => other,
    }));
    // No table is forgotten.
    let mut beside = Beside::of(&base).await;
    for &(table, key) in SEALED {
        let other =
            parsed(&old).seal(gateway::sealing::Place { table, column: "sealed", row: "odoo" }, b"x").expect("sealed");
        let hex: String = other.iter().map(|byte| format!("{byte:02x}")).collect();
        let literal = if base.is_sqlite() { format!("x'{hex}'") } else { format!("'\\x{hex}'") };
        let purpose = if table == "gateway_keys" { "cursor" } else { "odoo" };
        let update = format!("UPDATE {table} SET sealed = {literal} WHERE {key} = '{purpose}'");
        let error = beside.execute(&update).await.expect_err("refused").to_string();
        assert!(error.contains("the master key was rotated"), "{table}: {error}");
    }
    let store = base.store(&new).await;
    assert_eq!(store.erps().await.expect("ERPs").len(), 2);
    assert!(store.add_erp(&erp("new", "secret")).await.expect("added"));
}

async fn writers_and_a_rotation_at_once(base: Base) {
    let (old, new) = (master_key(), master_key());
    let store = filled(&base, &old).await;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0.. {
                    match store.add_erp(&erp(&format!("erp-{writer}-{number}"), "pass")).await {
                        Ok(added) => assert!(added),
                        Err(StoreError::Rotated) => return number,
                        Err(other) => panic!("{other}"),
                    }
                }
                0
            })
        })
        .collect();
    // Once each has written something.
    while store.erp_revisions().await.expect("revisions").len() < 10 {
        tokio::task::yield_now().await;
    }
    base.store(&old).await.rotate(&parsed(&new)).await.expect("rotated");
    let mut written = 2;
    for writer in writers {
        written += writer.await.expect("a clear refusal");
    }
    let erps = base.store(&new).await.erps().await.expect("all open with the new key");
    assert_eq!(erps.len(), written);
}

async fn only_one_of_two_rotations_succeeds(base: Base) {
    let (old, one, other) = (master_key(), master_key(), master_key());
    drop(filled(&base, &old).await);
    let (first, second) = (base.store(&old).await, base.store(&old).await);
    let (one_key, other_key) = (parsed(&one), parsed(&other));
    let (first, second) = tokio::join!(first.rotate(&one_key), second.rotate(&other_key));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let winner = if first.is_ok() { one } else { other };
    assert_eq!(base.store(&winner).await.erps().await.expect("ERPs").len(), 2);
}
