//! Who asks, API keys and the audit log; what a program without the scope to read gets.

use crate::fake::{
    B1, Call, Fake, ODOO, admin, analyst, ask, customer_id, data_of, error_of, invoice_id, limited_to, service,
    with_scopes,
};
use async_graphql::Variables;
use schema::{
    id::GlobalId,
    ports::{Principal, Role, SCOPE_AUDIT, SCOPE_READ},
};
use serde_json::{Value as Json, json};
use std::{collections::HashSet, sync::Arc};

async fn data(fake: &Arc<Fake>, query: &str, who: Principal) -> Json {
    data_of(ask(&fake.api(), query, Variables::default(), who).await)
}

async fn error(fake: &Arc<Fake>, query: &str, who: Principal) -> (String, String) {
    error_of(&ask(&fake.api(), query, Variables::default(), who).await)
}

#[tokio::test]
async fn the_viewer_is_who_asks() {
    let fake = Fake::new();
    let query = "{ viewer { subject role scopes erps { id } } }";
    assert_eq!(
        data(&fake, query, with_scopes(analyst(), &["records:raw", "audit:read"])).await["viewer"],
        json!({"subject": "ann", "role": "ANALYST", "scopes": ["audit:read", "records:raw"], "erps": [{"id": B1}, {"id": ODOO}]})
    );
    assert_eq!(data(&fake, query, limited_to(&[ODOO])).await["viewer"]["erps"], json!([{"id": ODOO}]));
    assert_eq!(data(&fake, query, service(&[])).await["viewer"]["role"], "SERVICE", "one without scopes learns that");
}

#[tokio::test]
async fn keys_are_for_administrators() {
    let fake = Fake::new();
    let query = "{ apiKeys { id name role scopes erps { id } createdAt lastUsedAt expiresAt revokedAt } erps { id } }";
    let answer = data(&fake, query, admin()).await;
    let id = GlobalId::ApiKey("k1".into()).encode();
    assert_eq!(
        answer["apiKeys"][0],
        json!({"id": id, "name": "Warehouse", "role": "SERVICE", "scopes": ["records:read"], "erps": [{"id": ODOO}],
            "createdAt": "2026-03-01T12:00:00Z", "lastUsedAt": null, "expiresAt": "2026-03-01T13:00:00Z", "revokedAt": null})
    );
    assert_eq!(answer["apiKeys"][1]["erps"], Json::Null);
    let response = ask(&fake.api(), query, Variables::default(), analyst()).await;
    assert_eq!(error_of(&response), ("FORBIDDEN".into(), "This needs the role ADMIN.".into()));
    let data = response.data.into_json().expect("JSON");
    assert_eq!((&data["apiKeys"], data["erps"].as_array().map(Vec::len)), (&Json::Null, Some(2)));
}

#[tokio::test]
async fn the_audit_log_is_read_page_by_page() {
    let fake = Fake::new();
    let mut after = Json::Null;
    let mut seen = Vec::new();
    for page in 0.. {
        let query = "query($after: String) { auditLog(first: 3, after: $after) { nodes { id at actor action subject outcome detail
            erp { name } } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let variables = Variables::from_json(json!({ "after": after }));
        let answer = data_of(ask(&fake.api(), query, variables, admin()).await)["auditLog"].clone();
        let (nodes, edges) = (answer["nodes"].as_array().expect("nodes"), answer["edges"].as_array().expect("edges"));
        seen.extend(nodes.iter().map(|node| node["detail"]["number"].as_i64().expect("a number")));
        assert!(nodes.iter().zip(edges).all(|(node, edge)| node["id"] == edge["node"]["id"]));
        let info = &answer["pageInfo"];
        assert_eq!(info["hasPreviousPage"], json!(page > 0));
        assert_eq!(
            (&info["startCursor"], &info["endCursor"]),
            (&edges[0]["cursor"], &edges[edges.len() - 1]["cursor"])
        );
        after = info["endCursor"].clone();
        if page == 0 {
            let mut first = nodes[0].clone();
            first.as_object_mut().map(|first| first.remove("id"));
            assert_eq!(
                first,
                json!({"at": "2026-03-01T12:00:00Z", "actor": "ann", "action": "erp.pause", "subject": ODOO, "outcome": "ok",
                    "detail": {"address": "127.0.0.1", "number": 7}, "erp": {"name": "Shop"}})
            );
        }
        if info["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(fake.asked(), ["audit log 3 before None", "audit log 3 before Some(5)", "audit log 3 before Some(2)"]);
    let empty =
        data(&fake, "{ auditLog(first: 0) { nodes { id } pageInfo { hasNextPage startCursor endCursor } } }", admin());
    let expected = json!({"nodes": [], "pageInfo": {"hasNextPage": true, "startCursor": null, "endCursor": null}});
    assert_eq!(empty.await["auditLog"], expected);
    data(&fake, "{ auditLog(first: null) { nodes { id } } }", with_scopes(analyst(), &[SCOPE_AUDIT])).await;
    assert_eq!(fake.asked(), ["audit log 0 before None", "audit log 50 before None"]);
}

#[tokio::test]
async fn bad_pages_of_the_audit_log_are_refused() {
    let fake = Fake::new();
    let key = GlobalId::ApiKey("k1".into()).encode();
    for (arguments, says) in [
        ("first: 201".to_owned(), "first: at most 200"),
        ("first: -1".into(), "first: must not be negative"),
        ("after: \"x\"".into(), "after: not a cursor of this list"),
        (format!("after: \"{key}\""), "after: not a cursor of this list"),
    ] {
        let refused = error(&fake, &format!("{{ auditLog({arguments}) {{ nodes {{ id }} }} }}"), admin()).await;
        assert_eq!(refused, ("BAD_USER_INPUT".into(), says.into()));
    }
    assert_eq!(error(&fake, "{ auditLog { nodes { id } } }", analyst()).await.0, "FORBIDDEN");
}

#[tokio::test]
async fn an_id_leads_to_keys_and_entries_for_who_may_see_them() {
    let fake = Fake::new();
    let [key, entry] = [GlobalId::ApiKey("k2".into()), GlobalId::AuditEntry(3)].map(|id| id.encode());
    let [no_key, no_entry] = [GlobalId::ApiKey("none".into()), GlobalId::AuditEntry(99)].map(|id| id.encode());
    let query = format!(
        "{{ nodes(ids: [\"{key}\", \"{entry}\", \"{no_key}\", \"{no_entry}\"]) {{ __typename id ... on ApiKey {{ name }}
            ... on AuditEntry {{ actor }} }} }}"
    );
    let (of_key, of_entry) = (
        json!({"__typename": "ApiKey", "id": key, "name": "Ann"}),
        json!({"__typename": "AuditEntry", "id": entry, "actor": "ann"}),
    );
    for (who, expected) in [
        (admin(), json!([of_key, of_entry, null, null])),
        (with_scopes(analyst(), &[SCOPE_AUDIT]), json!([null, of_entry, null, null])),
        (analyst(), json!([null, null, null, null])),
    ] {
        assert_eq!(data(&fake, &query, who).await["nodes"], expected);
    }
}

#[tokio::test]
async fn a_program_reads_records_only_with_its_scope() {
    let fake = Fake::new();
    let entities = "query($of: [_Any!]!) { _entities(representations: $of) { __typename } }";
    for query in [
        "{ it: invoices { nodes { id } } }".to_owned(),
        "{ it: invoices { totalCount { value } } }".into(),
        format!("{{ it: customer(id: \"{}\") {{ name }} }}", customer_id(1)),
        format!("{{ it: node(id: \"{}\") {{ id }} }}", invoice_id(1)),
    ] {
        let response = ask(&fake.api(), &query, Variables::default(), service(&["audit:read"])).await;
        assert_eq!(
            error_of(&response),
            ("FORBIDDEN".into(), "A key or token with the role SERVICE needs the scope records:read for this.".into()),
            "{query}"
        );
        let refused = response.data.into_json().expect("JSON");
        assert!(refused["it"].is_null() || refused["it"]["totalCount"].is_null(), "{query}: {refused}");
        data(&fake, &query, service(&[SCOPE_READ])).await;
    }
    let of = Variables::from_json(json!({"of": [{"__typename": "Customer", "id": customer_id(1)}]}));
    let response = ask(&fake.api(), entities, of.clone(), service(&[])).await;
    assert_eq!(error_of(&response).0, "FORBIDDEN");
    data_of(ask(&fake.api(), entities, of, service(&[SCOPE_READ])).await);
    let erp = format!("{{ node(id: \"{ODOO}\") {{ id }} erps {{ id }} erpSystems {{ key }} }}");
    data(&fake, &erp, service(&[])).await;
    let calls = fake.calls();
    assert_eq!(calls.len(), 5, "only what may be read is asked for: {calls:?}");
    assert!(calls.iter().any(|call| matches!(call, Call::Count(_))));
}

#[test]
fn rights_are_equal_only_if_all_that_decides_is_equal() {
    let mut keys = HashSet::new();
    let texts: [&[&str]; 8] = [&[], &["a"], &["a", "b"], &["a+1:b"], &["a@1:b"], &["ab"], &["*"], &[""]];
    for role in [Role::Admin, Role::Manager, Role::Analyst, Role::Service] {
        for scopes in texts {
            for erps in texts.map(Some).into_iter().chain([None]) {
                let erps = erps.map(|erps| erps.iter().map(|erp| (*erp).into()).collect());
                let who = Principal { role, erps, ..with_scopes(analyst(), scopes) };
                assert!(keys.insert(who.rights_key()), "{who:?}");
                let other = Principal { subject: "bob".into(), ..who };
                assert!(!keys.insert(other.rights_key()), "a name is no right");
            }
        }
    }
}
