//! What belongs to one caller: callers of equal rights share what is under way, but neither who they are nor what is noted
//! of them.

use schema::ports::{Role, SCOPE_RAW};
use serde_json::{Value, json};
use simulators::System;
use std::collections::BTreeSet;
use tests::{App, Setup};

/// The data of an answer to the bearer of a key.
async fn data(app: &App, key: &str, query: &str) -> Value {
    let answer = app.post_as(Some(key), &json!({ "query": query })).await;
    let answer: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn two_of_equal_rights_are_still_two() {
    let app = App::start(Setup { keyed: true, configure: |_| {}, ..Setup::default() }).await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        keys.push(app.make_key(Role::Analyst, &[SCOPE_RAW], Some(&["odoo"])).await);
    }
    let mine = "{ viewer { subject } invoices(first: 3) { nodes { raw } } }";
    let own: Vec<Value> =
        vec![data(&app, &keys[0], mine).await["viewer"].clone(), data(&app, &keys[1], mine).await["viewer"].clone()];
    assert_ne!(own[0], own[1]);
    let requests = (0..32).map(|n| data(&app, &keys[n % 2], mine));
    let answers = futures_util::future::join_all(requests).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer["viewer"], own[n % 2]);
        assert_eq!(answer["invoices"], answers[0]["invoices"]);
    }
    // Each of them is in the audit log, with who it was and what they saw.
    let log = data(&app, app.key(), "{ auditLog(first: 200) { nodes { actor action subject outcome detail } } }").await;
    let read: Vec<&Value> = log["auditLog"]["nodes"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["action"] == "records.raw")
        .collect();
    assert_eq!(read.len(), 34);
    assert!(
        read.iter().all(|entry| entry["subject"] == "odoo" && entry["detail"]["records"]["invoices"] == 3),
        "{log}"
    );
    for who in &own {
        assert_eq!(read.iter().filter(|entry| entry["actor"] == who["subject"]).count(), 17, "{log}");
    }
    let requests: BTreeSet<&str> = read.iter().filter_map(|entry| entry["detail"]["requestId"].as_str()).collect();
    assert_eq!(requests.len(), 34, "each request is named");

    // What is not personal is shared: one execution reads it for all.
    let reads = || app.erp(System::Odoo).stats().operation("search_read res.partner");
    let before = reads();
    let shared = "{ customers(first: 7) { nodes { name } } }";
    futures_util::future::join_all((0..32).map(|n| data(&app, &keys[n % 2], shared))).await;
    assert_eq!(reads() - before, 1);
}
