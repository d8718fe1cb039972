//! ERPs that come, change, pause and go while the gateway serves, by its API alone.

use crate::start;
use gateway::config::Config;
use serde_json::{Value, json};
use simulators::{Fault, FaultPlan, Options, Running, System};
use std::time::Duration;
use tests::{App, Setup};

/// Settings as a client sends them.
pub(crate) fn settings(simulator: &Running) -> Value {
    let row = gateway::demo::definition(simulator).row(chrono::DateTime::UNIX_EPOCH).expect("a row");
    let plain = row.settings.into_iter().map(|(key, value)| (key, Value::from(value)));
    let secret =
        row.secrets.iter().map(|(key, value)| (key.clone(), Value::from(secrecy::ExposeSecret::expose_secret(value))));
    plain.chain(secret).collect::<serde_json::Map<_, _>>().into()
}

const ERP: &str =
    "erp { id name status statusMessage settings companyName missingPermissions } userErrors { field message code }";

/// What a mutation answers, which has to have no errors but `userErrors`.
async fn act(app: &App, mutation: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let kind = match mutation {
        "pauseErp" | "resumeErp" | "reconnectErp" => "ErpInput".to_owned(),
        _ => kind,
    };
    let query = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {ERP} }} }}");
    app.data_with(&query, json!({ "input": input })).await[mutation].take()
}

async fn another() -> (Running, Value) {
    let options = Options { records: 30, seed: 7, ..Options::default() };
    let simulator = simulators::start(System::Odoo, options).await.expect("a simulator");
    let settings = settings(&simulator);
    (simulator, settings)
}

/// How many records of each ERP are among the newest ones, and what the ERP's line says.
async fn source(app: &App, erp: &str) -> (usize, Value) {
    let data = app
        .data("{ invoices(first: 200) { nodes { erp { id } } sources { erp { id } status error { code message } } } }")
        .await;
    let list = &data["invoices"];
    let nodes = list["nodes"].as_array().expect("nodes").iter().filter(|node| node["erp"]["id"] == erp).count();
    let line = list["sources"].as_array().expect("sources").iter().find(|source| source["erp"]["id"] == erp);
    (nodes, line.cloned().unwrap_or_default())
}

/// As an operator would have it: with caches.
fn cached(config: &mut Config) {
    config.cache.fresh_seconds = 3600;
}

#[tokio::test]
async fn an_erp_comes_changes_pauses_and_goes_while_the_gateway_serves() {
    let (app, _clock) = start(Setup { configure: cached, ..Setup::default() }).await;
    let (simulator, settings) = another().await;
    assert_eq!(source(&app, "second-odoo").await, (0, Value::Null));

    let mut wrong = settings.clone();
    wrong["api_key"] = "wr0ng".into();
    let input = json!({ "name": "Second Odoo", "system": "odoo", "settings": wrong });
    let refused = act(&app, "connectErp", input).await;
    let error = &refused["userErrors"][0];
    assert_eq!((&refused["erp"], &error["code"]), (&Value::Null, &json!("SOURCE_AUTH_FAILED")), "{refused}");
    assert_eq!(error["field"], json!(["settings"]));

    let input = json!({ "name": "Second Odoo", "system": "odoo", "settings": settings });
    let connected = act(&app, "connectErp", input).await;
    assert_eq!(connected["userErrors"], json!([]));
    let erp = &connected["erp"];
    assert_eq!((&erp["id"], &erp["status"]), (&json!("second-odoo"), &json!("ACTIVE")), "{erp}");
    assert!(erp["settings"].get("api_key").is_none() && erp["settings"]["url"].is_string(), "{erp}");

    // Asked twice, so that the second answer is one that is kept.
    for _ in 0..2 {
        let (nodes, line) = source(&app, "second-odoo").await;
        assert!(nodes > 0 && line["status"] == "OK", "{nodes} {line}");
    }
    let data = app.data(r#"{ invoices(first: 1, erps: ["second-odoo"]) { nodes { id } } }"#).await;
    let invoice = data["invoices"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
    let node = format!("{{ node(id: \"{invoice}\") {{ id }} }}");
    assert_eq!(app.data(&node).await["node"]["id"], *invoice);

    let paused = act(&app, "pauseErp", json!({ "id": "second-odoo" })).await;
    assert_eq!(paused["erp"]["status"], "PAUSED", "{paused}");
    simulator.simulator().reset_stats();
    let (nodes, line) = source(&app, "second-odoo").await;
    assert_eq!((nodes, &line["status"]), (0, &json!("SKIPPED")), "{line}");
    assert!(line["error"]["message"].as_str().is_some_and(|message| message.contains("paused")), "{line}");
    let (code, message) = app.error(&node).await;
    assert!(code == "SOURCE_UNAVAILABLE" && message.contains("paused"), "{code} {message}");
    tokio::time::sleep(Duration::from_secs(700)).await;
    assert_eq!(simulator.stats().requests, 0, "nobody asks a paused ERP, health checks neither");
    let resumed = act(&app, "resumeErp", json!({ "id": "second-odoo" })).await;
    assert_eq!(resumed["erp"]["status"], "ACTIVE", "{resumed}");
    assert!(source(&app, "second-odoo").await.0 > 0);

    // Other books under the same name: nothing of the old ones is shown.
    let (other, settings) = another().await;
    let before = app.data(&node).await;
    let changed = act(&app, "updateErp", json!({ "id": "second-odoo", "settings": { "url": settings["url"] } })).await;
    assert_eq!(
        changed["userErrors"][0]["field"],
        json!(["settings", "api_key"]),
        "a key goes to no other host: {changed}"
    );
    let changed = act(&app, "updateErp", json!({ "id": "second-odoo", "settings": settings })).await;
    assert_eq!((&changed["userErrors"], &changed["erp"]["status"]), (&json!([]), &json!("ACTIVE")), "{changed}");
    simulator.stop().await;
    assert!(source(&app, "second-odoo").await.0 > 0 && other.stats().requests > 0);
    assert_eq!(app.data(&node).await, before, "the same id in the other books");

    let gone = act(&app, "disconnectErp", json!({ "id": "second-odoo" })).await;
    assert_eq!(gone["erp"]["status"], "DISCONNECTED", "{gone}");
    assert_eq!(source(&app, "second-odoo").await, (0, Value::Null));
    assert_eq!(app.data(&node).await["node"], Value::Null);
    assert_eq!(app.data(r#"{ erp(id: "second-odoo") { id } }"#).await["erp"], Value::Null);
    let again = act(&app, "disconnectErp", json!({ "id": "second-odoo" })).await;
    assert_eq!(again["userErrors"][0]["code"], "NOT_FOUND", "{again}");
    other.stop().await;
}

#[tokio::test]
async fn a_refused_login_shows_at_once_and_heals_by_itself() {
    let (app, _clock) = start(Setup::default()).await;
    let status = async || app.data(r#"{ erp(id: "odoo") { status } }"#).await["erp"]["status"].take();
    let until = async |wanted: &str| {
        for _ in 0..400 {
            if status().await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("it is {} and not {wanted}", status().await);
    };
    assert_eq!(status().await, "ACTIVE");
    app.erp(System::Odoo).faults().set(FaultPlan::from(Fault::status(401)).all());
    app.query("{ invoices(first: 1) { nodes { id } } }").await;
    until("NEEDS_AUTH").await;
    app.erp(System::Odoo).faults().clear();
    until("ACTIVE").await;
    let change = |from: &str, to: &str| (json!("gateway"), json!(from), json!(to));
    let newest_first = [change("NEEDS_AUTH", "ACTIVE"), change("ACTIVE", "NEEDS_AUTH"), change("PENDING", "ACTIVE")];
    // A status shows before it is written down.
    for wait in (0..100).rev() {
        let data = app.data("{ auditLog(first: 20) { nodes { actor action subject detail } } }").await;
        let entries = data["auditLog"]["nodes"].as_array().expect("entries");
        let told: Vec<_> = entries
            .iter()
            .filter(|entry| entry["action"] == "erp.status" && entry["subject"] == "odoo")
            .map(|entry| (entry["actor"].clone(), entry["detail"]["from"].clone(), entry["detail"]["to"].clone()))
            .collect();
        if told == newest_first {
            break;
        }
        assert!(wait > 0, "{told:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
