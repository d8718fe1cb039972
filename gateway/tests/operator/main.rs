//! A gateway in an operator's hands, from nothing to a repaired ERP: the binary and its commands, simulated ERPs, and nothing
//! but GraphQL, on both stores.
#![cfg(unix)]

mod alerts;
mod gateway;

use crate::gateway::{Machine, Served};
use serde_json::{Value, json};
use simulators::{Options, Running, System, odoo, sap_b1};
use std::net::SocketAddr;

/// Whatever happens in this run, none of these is ever shown or written in the clear.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn new() -> Self {
        Self(vec![
            ("Odoo's key", odoo::API_KEY.into()),
            ("B1's password", sap_b1::PASSWORD.into()),
            ("B1's new password", NEW_PASSWORD.into()),
            ("a wrong password", WRONG_PASSWORD.into()),
            ("the webhook's secret", alerts::SECRET.into()),
        ])
    }

    fn add(&mut self, what: &'static str, secret: &str) -> String {
        self.0.push((what, secret.to_owned()));
        secret.to_owned()
    }

    fn are_nowhere_in(&self, place: &str, bytes: &[u8]) {
        for (what, secret) in &self.0 {
            let found = bytes.windows(secret.len()).position(|part| part == secret.as_bytes());
            let around =
                found.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(200)..(at + 20).min(bytes.len())]));
            assert!(found.is_none(), "{what} is in {place}: …{}", around.unwrap_or_default());
        }
    }
}

const NEW_PASSWORD: &str = "after-the-change-77-edelweiss";
const WRONG_PASSWORD: &str = "never-was-the-password-31";

async fn odoo() -> Running {
    simulators::start(System::Odoo, Options { records: 120, ..Options::default() }).await.expect("a simulator")
}

async fn sap_b1(bind: SocketAddr, password: &str) -> Running {
    let sap_b1 = sap_b1::Options { password: password.into(), ..sap_b1::Options::default() };
    simulators::start(System::SapB1, Options { records: 120, bind, sap_b1, ..Options::default() })
        .await
        .expect("a simulator")
}

fn odoo_settings(odoo: &Running) -> Value {
    json!({ "url": odoo.url(), "database": odoo::DATABASE, "login": odoo::LOGIN, "api_key": odoo::API_KEY })
}

fn sap_b1_settings(sap_b1: &Running, password: &str) -> Value {
    json!({ "url": sap_b1.url(), "company_db": sap_b1::COMPANY_DB, "username": sap_b1::USERNAME, "password": password,
        "time_zone": sap_b1.simulator().company().time_zone })
}

const CONNECT: &str = "mutation($input: ConnectErpInput!) { connectErp(input: $input) { erp { id status } userErrors { field message code } } }";
const UPDATE: &str = "mutation($input: UpdateErpInput!) { updateErp(input: $input) { erp { id status } userErrors { field message code } } }";
const TEST: &str = "mutation($input: TestErpInput!) { testErp(input: $input) { ok companyName missingPermissions error { code message } userErrors { field message } } }";
const INVOICES: &str = "{ invoices(first: 10, read: { maxAgeMs: 0 }) { nodes { id number erp { id } } sources { erp { id } status error { code } } pageInfo { endCursor } totalCount { value } } }";

async fn connect(gateway: &Served, key: &str, name: &str, system: &str, settings: Value) -> String {
    let data =
        gateway.data(key, CONNECT, json!({ "input": { "name": name, "system": system, "settings": settings } })).await;
    assert_eq!(data["connectErp"]["userErrors"], json!([]), "{data}");
    assert_eq!(data["connectErp"]["erp"]["status"], "ACTIVE", "{data}");
    data["connectErp"]["erp"]["id"].as_str().expect("an id").to_owned()
}

async fn status(gateway: &Served, key: &str, erp: &str, wanted: &str) {
    let query = format!("{{ erp(id: \"{erp}\") {{ status statusMessage }} }}");
    gateway.until(key, &query, |data| data["erp"]["status"] == *wanted).await;
}

async fn live(store: &str) {
    let mut secrets = Secrets::new();
    let mut machine = Machine::new(store);
    let mut listener = alerts::Listener::start().await;
    let odoo = odoo().await;
    let b1 = sap_b1(([127, 0, 0, 1], 0).into(), sap_b1::PASSWORD).await;
    machine.set("ERP_GATEWAY_ALERTS_WEBHOOK_URL", &listener.url);
    machine.set("ERP_GATEWAY_ALERTS_WEBHOOK_SECRET", alerts::SECRET);

    // Nothing works without a master key, and nothing without somebody who may ask.
    let complaint = machine.refuses(&["serve"]).await;
    assert!(complaint.contains("keys generate"), "{complaint}");
    let master = secrets.add("the master key", &machine.run(&["keys", "generate"]).await.expect("a key"));
    machine.set("ERP_GATEWAY_MASTER_KEY", &master);
    let complaint = machine.refuses(&["serve"]).await;
    assert!(complaint.contains("apikey create"), "{complaint}");
    let create =
        ["apikey", "create", "--name", "operator", "--role", "admin", "--scope", "erp:call", "--scope", "records:raw"];
    let admin = secrets.add("the operator's key", &machine.run(&create).await.expect("a key"));

    // Connect and test.
    let gateway = machine.serve(&[]).await;
    let viewer = gateway.data(&admin, "{ viewer { subject role scopes } }", Value::Null).await;
    let operator = format!("apikey:{}", admin.split('_').nth(1).expect("the id of the key"));
    assert_eq!(
        viewer["viewer"],
        json!({ "subject": operator, "role": "ADMIN", "scopes": ["erp:call", "records:raw"] })
    );
    let forms = gateway
        .data(&admin, "{ erpSystems { key settings { key label required secret pattern example } } }", Value::Null)
        .await;
    assert!(forms["erpSystems"].as_array().is_some_and(|systems| systems.len() >= 3), "{forms}");
    let wrong = json!({ "system": "sap_b1", "settings": sap_b1_settings(&b1, WRONG_PASSWORD) });
    let tested = gateway.data(&admin, TEST, json!({ "input": wrong })).await;
    assert_eq!(
        (&tested["testErp"]["ok"], &tested["testErp"]["error"]["code"]),
        (&json!(false), &json!("SOURCE_AUTH_FAILED"))
    );
    let refused = json!({ "name": "SAP", "system": "sap_b1", "settings": sap_b1_settings(&b1, WRONG_PASSWORD) });
    let refused = gateway.data(&admin, CONNECT, json!({ "input": refused })).await;
    assert_eq!(refused["connectErp"]["userErrors"][0]["code"], "SOURCE_AUTH_FAILED", "{refused}");
    assert_eq!(
        gateway.data(&admin, "{ erps { id } }", Value::Null).await["erps"],
        json!([]),
        "a failed test stores nothing"
    );
    let odoo_id = connect(&gateway, &admin, "Odoo Europe", "odoo", odoo_settings(&odoo)).await;
    let b1_id = connect(&gateway, &admin, "SAP Switzerland", "sap_b1", sap_b1_settings(&b1, sap_b1::PASSWORD)).await;
    assert_eq!((odoo_id.as_str(), b1_id.as_str()), ("odoo-europe", "sap-switzerland"));
    let all = gateway.data(&admin, INVOICES, Value::Null).await;
    assert_eq!(all["invoices"]["sources"].as_array().map(Vec::len), Some(2), "{all}");
    let called = json!({ "input": { "erp": odoo_id, "model": "res.partner", "method": "search_count", "kwargs": { "domain": [] } } });
    let called = gateway.data(&admin, "mutation($input: CallErpInput!) { callErp(input: $input) { result error { message } userErrors { message } } }", called).await;
    assert!(called["callErp"]["result"].as_i64().is_some_and(|count| count > 0), "{called}");

    // Somebody who may know of one ERP sees nothing of the other.
    let limited = json!({ "input": { "name": "europe", "role": "ANALYST", "erps": [odoo_id] } });
    let limited = gateway.data(&admin, "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } secret userErrors { message } } }", limited).await;
    // The one answer that holds a secret, once: this very test has seen it and forgets it.
    let limited_id = limited["createApiKey"]["apiKey"]["id"].clone();
    let limited = limited["createApiKey"]["secret"].as_str().expect("a secret").to_owned();
    sees_one_only(&gateway, &limited, &odoo_id, &b1_id, &all).await;

    // The password changes at the ERP; the operator is told, repairs it, and is told again.
    let address = b1.addr();
    b1.stop().await;
    let _b1 = sap_b1(address, NEW_PASSWORD).await;
    gateway.ask(&admin, INVOICES, Value::Null).await;
    status(&gateway, &admin, &b1_id, "NEEDS_AUTH").await;
    let alert = listener.next().await;
    assert_eq!(
        (&alert["erp"], &alert["from"], &alert["to"]),
        (&json!(b1_id), &json!("ACTIVE"), &json!("NEEDS_AUTH")),
        "{alert}"
    );
    let change = |password: &str| json!({ "input": { "id": b1_id, "settings": { "password": password } } });
    let refused = gateway.data(&admin, UPDATE, change(WRONG_PASSWORD)).await;
    assert_eq!(refused["updateErp"]["userErrors"][0]["code"], "SOURCE_AUTH_FAILED", "{refused}");
    let repaired = gateway.data(&admin, UPDATE, change(NEW_PASSWORD)).await;
    assert_eq!(repaired["updateErp"], json!({ "erp": { "id": b1_id, "status": "ACTIVE" }, "userErrors": [] }));
    let alert = listener.next().await;
    assert_eq!((&alert["erp"], &alert["to"]), (&json!(b1_id), &json!("ACTIVE")), "{alert}");
    let served = gateway.data(&admin, INVOICES, Value::Null).await;
    assert!(
        served["invoices"]["sources"].as_array().is_some_and(|all| all.iter().all(|one| one["status"] == "OK")),
        "{served}"
    );

    // A new master key; the old one is refused afterwards.
    gateway.stop().await;
    let fresh = secrets.add("the new master key", &machine.run(&["keys", "generate"]).await.expect("a key"));
    machine.set("ERP_GATEWAY_NEW_MASTER_KEY", &fresh);
    machine.run(&["keys", "rotate"]).await.expect("rotated");
    let complaint = machine.refuses(&["serve"]).await;
    assert!(complaint.contains("master key"), "{complaint}");
    machine.set("ERP_GATEWAY_MASTER_KEY", &fresh);
    machine.environment.remove("ERP_GATEWAY_NEW_MASTER_KEY");

    // After a restart everything is as it was.
    let gateway = machine.serve(&[]).await;
    status(&gateway, &admin, &b1_id, "ACTIVE").await;
    status(&gateway, &admin, &odoo_id, "ACTIVE").await;
    let again = gateway.data(&admin, INVOICES, Value::Null).await;
    assert_eq!(numbers(&again), numbers(&served));
    let after =
        format!("{{ invoices(first: 10, after: {}) {{ nodes {{ id }} }} }}", all["invoices"]["pageInfo"]["endCursor"]);
    gateway.data(&admin, &after, Value::Null).await;
    let revoke =
        "mutation($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { revokedAt } userErrors { message } } }";
    gateway.data(&admin, revoke, json!({ "id": limited_id })).await;
    assert_eq!(gateway.code(&limited, "{ viewer { subject } }", Value::Null).await, "UNAUTHENTICATED");
    let disconnect =
        "mutation($id: ID!) { disconnectErp(input: { id: $id }) { erp { name status } userErrors { message } } }";
    let gone = gateway.data(&admin, disconnect, json!({ "id": b1_id })).await;
    assert_eq!(gone["disconnectErp"]["erp"], json!({ "name": "SAP Switzerland", "status": "DISCONNECTED" }));

    // Who did what.
    let log = gateway
        .data(&admin, "{ auditLog(first: 200) { nodes { actor action subject outcome detail } } }", Value::Null)
        .await;
    let entries = log["auditLog"]["nodes"].as_array().expect("entries");
    for (actor, action, outcome) in [
        (&*operator, "erp.test", "SOURCE_AUTH_FAILED"),
        (&*operator, "erp.connect", "SOURCE_AUTH_FAILED"),
        (&*operator, "erp.connect", "ok"),
        (&*operator, "erp.call", "ok"),
        (&*operator, "apikey.create", "ok"),
        ("gateway", "erp.status", "ok"),
        (&*operator, "erp.update", "ok"),
        (&*operator, "apikey.revoke", "ok"),
        (&*operator, "erp.disconnect", "ok"),
    ] {
        let is_it =
            |entry: &Value| entry["actor"] == *actor && entry["action"] == *action && entry["outcome"] == *outcome;
        assert!(entries.iter().any(is_it), "{actor} {action} {outcome}: {log:#}");
    }
    gateway.stop().await;

    // No secret was shown or written; the key that was made through the API was in the answer that made it, and nowhere else.
    let shown = machine.shown.text();
    secrets.are_nowhere_in("what was shown", shown.as_bytes());
    assert_eq!(shown.matches(&limited).count(), 1, "the new key is shown once");
    secrets.add("the key of an analyst", &limited);
    let stored = machine.stored().await;
    assert!(
        stored.iter().any(|(_, bytes)| bytes.windows(15).any(|part| part == b"SAP Switzerland")),
        "this is what the gateway stored"
    );
    for (place, bytes) in stored {
        secrets.are_nowhere_in(&place.display().to_string(), &bytes);
    }
}

/// The limited principal gets of the other ERP what there is of an ERP that does not exist.
async fn sees_one_only(gateway: &Served, key: &str, seen: &str, hidden: &str, all: &Value) {
    let viewer = gateway.data(key, "{ viewer { role erps { id } } erps { id } }", Value::Null).await;
    assert_eq!(viewer, json!({ "viewer": { "role": "ANALYST", "erps": [{ "id": seen }] }, "erps": [{ "id": seen }] }));
    let list = gateway.data(key, INVOICES, Value::Null).await;
    let sources = list["invoices"]["sources"].as_array().expect("sources");
    assert!(sources.len() == 1 && sources[0]["erp"]["id"] == *seen, "{list}");
    assert!(list["invoices"]["totalCount"]["value"].as_i64() < all["invoices"]["totalCount"]["value"].as_i64());
    let nodes = all["invoices"]["nodes"].as_array().expect("nodes");
    let other = nodes.iter().find(|node| node["erp"]["id"] == *hidden).expect("a record of the other ERP");
    let query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } invoice(id: $id) { id } }";
    let found = gateway.data(key, query, json!({ "id": other["id"] })).await;
    assert_eq!(found, json!({ "node": null, "nodes": [null], "invoice": null }));
    let query = "query($id: ID!) { node(id: $id) { id } erp(id: $id) { id } }";
    assert_eq!(gateway.data(key, query, json!({ "id": hidden })).await, json!({ "node": null, "erp": null }));

    // A cursor of somebody who sees more, and the other ERP by its name: as if it were none.
    let query = "query($after: String) { invoices(first: 5, after: $after) { nodes { erp { id } } } }";
    let answer = gateway.ask(key, query, json!({ "after": all["invoices"]["pageInfo"]["endCursor"] })).await;
    assert!(!answer.to_string().contains(hidden), "{answer}");
    let query = "query($erps: [ID!]) { invoices(first: 5, erps: $erps) { nodes { id } } }";
    let of = async |erp: &str| {
        let mut answer = gateway.ask(key, query, json!({ "erps": [erp] })).await;
        answer["errors"][0]["extensions"]["requestId"].take();
        answer.to_string().replace(erp, "…")
    };
    assert_eq!(of(hidden).await, of("no-such-erp").await);
    for mutation in [
        "mutation { pauseErp(input: { id: \"sap-switzerland\" }) { erp { id } } }",
        "mutation { callErp(input: { erp: \"sap-switzerland\", path: \"Items\", method: \"GET\" }) { result } }",
        "mutation { createApiKey(input: { name: \"x\", role: ADMIN }) { secret } }",
        "{ auditLog { nodes { id } } }",
    ] {
        assert_eq!(gateway.code(key, mutation, Value::Null).await, "FORBIDDEN", "{mutation}");
    }
}

fn numbers(list: &Value) -> Vec<&str> {
    let nodes = list["invoices"]["nodes"].as_array().expect("nodes");
    nodes.iter().filter_map(|node| node["number"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    live("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql() {
    if let Some(url) = tests::postgres::database().await {
        live(&url).await;
    }
}
