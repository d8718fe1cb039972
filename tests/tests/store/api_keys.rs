//! API keys in the store: what is read is what was made, and a key ends once.

use crate::support::NOW;
use chrono::TimeDelta;
use gateway::auth;
use schema::ports::{NewApiKey, Role};
use secrecy::ExposeSecret;
use tests::{Base, master_key, on_both_stores};

on_both_stores!(are_read_as_they_were_made, end_once, are_known_to_be_good);

fn key(name: &str) -> NewApiKey {
    NewApiKey {
        name: name.into(),
        role: Role::Manager,
        scopes: ["records:raw".into(), "a \"scope\"".into()].into(),
        erps: Some(["odoo".into(), "sap-b1".into()].into()),
        expires_at: Some(NOW + TimeDelta::days(1)),
    }
}

async fn are_read_as_they_were_made(base: Base) {
    let store = base.store(&master_key()).await;
    let limited = auth::issue(&store, key("☃ 'x'; --"), NOW).await.expect("a key");
    let free = NewApiKey { scopes: [].into(), erps: None, expires_at: None, role: Role::Service, ..key("free") };
    let free = auth::issue(&store, free, NOW + TimeDelta::seconds(1)).await.expect("a key");
    let listed = store.api_keys().await.expect("keys");
    assert_eq!(listed, [(*free.key).clone(), (*limited.key).clone()], "the newest first");
    for made in [&limited, &free] {
        let (read, hash) = store.api_key(&made.key.id).await.expect("a store").expect("a key");
        assert_eq!(read, *made.key);
        assert!(!made.secret.expose_secret().as_bytes().windows(hash.len()).any(|part| part == hash));
    }
    assert!(store.api_key("' OR '1'='1").await.expect("a store").is_none());
}

async fn end_once(base: Base) {
    let store = base.store(&master_key()).await;
    let made = auth::issue(&store, key("x"), NOW).await.expect("a key");
    let at = async || store.api_keys().await.expect("keys").remove(0);
    store.note_api_key_use(&made.key.id, NOW + TimeDelta::seconds(9)).await.expect("noted");
    store.note_api_key_use(&made.key.id, NOW + TimeDelta::seconds(5)).await.expect("noted");
    assert_eq!(at().await.last_used_at, Some(NOW + TimeDelta::seconds(9)), "the last use, whoever notes it last");
    store.revoke_api_key(&made.key.id, NOW).await.expect("revoked");
    store.revoke_api_key(&made.key.id, NOW + TimeDelta::days(1)).await.expect("revoked before");
    assert_eq!(at().await.revoked_at, Some(NOW));
}

async fn are_known_to_be_good(base: Base) {
    let store = base.store(&master_key()).await;
    let good = async |now| store.has_api_key(now).await.expect("a store");
    assert!(!good(NOW).await);
    let made = auth::issue(&store, key("x"), NOW).await.expect("a key");
    assert!(good(NOW).await);
    assert!(!good(NOW + TimeDelta::days(1)).await, "it has expired");
    store.revoke_api_key(&made.key.id, NOW).await.expect("revoked");
    assert!(!good(NOW).await);
}
