//! The audit log, in pages, for those who see everything and for those who see some ERPs.

use crate::support::NOW;
use adapters::model::ErpId;
use futures_util::future::join_all;
use gateway::store::{NewEntry, Store};
use serde_json::json;
use std::collections::BTreeSet;
use tests::{Base, master_key, on_both_stores};

on_both_stores!(is_paged_from_the_newest, shows_the_erps_of_its_reader, is_written_by_many_at_once);

fn entry(action: &'static str, erp: Option<&str>) -> NewEntry {
    NewEntry {
        at: NOW,
        actor: "alice".into(),
        action,
        subject: erp.map(Into::into),
        erp: erp.map(Into::into),
        outcome: "ok".into(),
        detail: json!({ "address": "192.0.2.1", "words": ["\"quoted\"", "☃"] }),
    }
}

/// The numbers of all entries, read in pages of two.
async fn pages(store: &Store, erps: Option<&BTreeSet<ErpId>>) -> Vec<(i64, String)> {
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.audit_page(2, before, erps).await.expect("a page");
        assert!(page.entries.len() <= 2);
        before = page.entries.last().map(|entry| entry.number);
        seen.extend(page.entries.into_iter().map(|entry| (entry.number, entry.action)));
        if !page.has_more {
            return seen;
        }
    }
}

async fn is_paged_from_the_newest(base: Base) {
    let store = base.store(&master_key()).await;
    assert!(pages(&store, None).await.is_empty());
    for action in ["one", "two", "three", "four", "five"] {
        store.add_audit(&entry(action, Some("odoo"))).await.expect("added");
    }
    let seen = pages(&store, None).await;
    assert_eq!(
        seen.iter().map(|(_, action)| action.as_str()).collect::<Vec<_>>(),
        ["five", "four", "three", "two", "one"]
    );
    let exact = store.audit_page(5, None, None).await.expect("a page");
    assert!(!exact.has_more && store.audit_page(4, None, None).await.expect("a page").has_more);
    let found = store.audit_entry(seen[4].0).await.expect("read").expect("the entry");
    assert_eq!(found, exact.entries[4]);
    let wrote = entry("one", Some("odoo"));
    assert_eq!((found.at, found.actor, found.subject, found.erp), (wrote.at, wrote.actor, wrote.subject, wrote.erp));
    assert_eq!((found.outcome, found.detail), (wrote.outcome, wrote.detail));
    assert_eq!(store.audit_entry(seen[0].0 + 1).await.expect("read"), None);
}

async fn shows_the_erps_of_its_reader(base: Base) {
    let store = base.store(&master_key()).await;
    for (action, erp) in [("a", Some("odoo")), ("b", Some("sap")), ("c", None), ("d", Some("odoo")), ("e", Some("qb"))]
    {
        store.add_audit(&entry(action, erp)).await.expect("added");
    }
    let of = async |erps: &[&str]| {
        let erps = erps.iter().map(|erp| ErpId::from(*erp)).collect();
        pages(&store, Some(&erps)).await.into_iter().map(|(_, action)| action).collect::<String>()
    };
    assert_eq!(of(&["odoo"]).await, "da");
    assert_eq!(of(&["odoo", "sap", "qb"]).await, "edba", "what is about no ERP is not about these");
    assert_eq!(of(&["x' OR '1'='1"]).await, "");
    assert_eq!(of(&[]).await, "");
}

async fn is_written_by_many_at_once(base: Base) {
    let key = master_key();
    let stores = join_all((0..2).map(|_| base.store(&key))).await;
    let one = entry("at once", None);
    let writes = (0..40).map(|number: usize| stores[number % 2].add_audit(&one));
    assert!(join_all(writes).await.iter().all(Result::is_ok));
    let numbers: BTreeSet<_> = pages(&stores[0], None).await.into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers.len(), 40);
}
