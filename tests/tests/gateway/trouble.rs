//! ERPs in trouble: the others answer, and `sources` says what happened.

use crate::start;
use gateway::config::Config;
use serde_json::{Value, json};
use simulators::{Fault, FaultPlan, System};
use std::time::{Duration, Instant};
use tests::{App, Setup, uncached};

const QUERY: &str = "{ invoices(first: 60) { nodes { erp { id } }
    sources { erp { id } status servedFrom records error { code message retryable retryAfterMs } } } }";

fn hasty(config: &mut Config) {
    uncached(config);
    config.read.wait_ms = 5000;
    // Who asks what somebody else is asking waits for that answer: a call that hangs must end soon.
    config.read.call_ms = 5000;
    config.cache.stale_if_error_seconds = 0;
}

fn id(system: System) -> &'static str {
    match system {
        System::Odoo => "odoo",
        System::SapB1 => "sap-b1",
        System::QuickBooks => "quickbooks",
    }
}

fn source(list: &Value, system: System) -> &Value {
    let sources = list["sources"].as_array().expect("sources");
    sources.iter().find(|source| source["erp"]["id"] == id(system)).expect("a source")
}

/// Asks, and looks at the one that failed and at the others.
async fn check(app: &App, sick: System, code: &str) -> Value {
    let started = Instant::now();
    let data = app.data(QUERY).await;
    assert!(started.elapsed() < Duration::from_secs(10), "{code}: {:?}", started.elapsed());
    let list = &data["invoices"];
    let nodes = list["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 60, "the others fill the page");
    assert!(nodes.iter().all(|node| node["erp"]["id"] != id(sick)));
    for system in System::ALL.into_iter().filter(|system| *system != sick) {
        assert_eq!(source(list, system)["status"], "OK", "{code}: {}", list["sources"]);
    }
    let failed = source(list, sick);
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("FAILED"), &json!(code)), "{failed}");
    assert_eq!((&failed["records"], &failed["servedFrom"]), (&json!(0), &Value::Null), "{failed}");
    let message = failed["error"]["message"].as_str().expect("a message");
    assert!(!message.is_empty() && !message.contains('<') && !message.contains("http://"), "{message}");
    failed["error"].clone()
}

async fn sick_erps_do_not_hold_up_the_others(sick: System) {
    let (mut app, _clock) = start(Setup { configure: hasty, ..Setup::default() }).await;
    app.warm_up().await;
    for (fault, code) in [
        (Fault::status(500), "SOURCE_UNAVAILABLE"),
        (Fault::TruncatedJson, "SOURCE_BAD_RESPONSE"),
        (Fault::HtmlPage, "SOURCE_BAD_RESPONSE"),
        (Fault::Hang, "SOURCE_TIMEOUT"),
    ] {
        app.erp(sick).faults().set(fault);
        let error = check(&app, sick, code).await;
        assert_eq!(error["retryable"], true, "{error}");
        app.erp(sick).faults().clear();
        // Longer than a breaker stays open at first; then one request has to find out.
        tokio::time::sleep(Duration::from_secs(15)).await;
        app.data(QUERY).await;
        let data = app.data(QUERY).await;
        assert_eq!(source(&data["invoices"], sick)["status"], "OK", "{code}: {data}");
    }
    app.erp(sick).faults().set(FaultPlan::from(Fault::too_many_requests(30)).times(1));
    let error = check(&app, sick, "SOURCE_RATE_LIMITED").await;
    let wait = error["retryAfterMs"].as_i64().expect("a time to wait");
    assert!((20_000..=31_000).contains(&wait), "{error}");
    let other = System::ALL.into_iter().find(|system| *system != sick).expect("another");
    app.take_down(other).await;
    let data = app.data("{ invoices(first: 5) { nodes { id } sources { erp { id } status error { code } } } }").await;
    assert_eq!(source(&data["invoices"], other)["error"]["code"], "SOURCE_UNAVAILABLE", "{data}");
}

#[tokio::test]
async fn a_sick_odoo_does_not_hold_up_the_others() {
    sick_erps_do_not_hold_up_the_others(System::Odoo).await;
}

#[tokio::test]
async fn a_sick_business_one_does_not_hold_up_the_others() {
    sick_erps_do_not_hold_up_the_others(System::SapB1).await;
}

#[tokio::test]
async fn a_sick_quickbooks_does_not_hold_up_the_others() {
    sick_erps_do_not_hold_up_the_others(System::QuickBooks).await;
}

#[tokio::test]
async fn a_caller_may_want_all_or_nothing() {
    let (app, _clock) = start(Setup { configure: hasty, ..Setup::default() }).await;
    app.warm_up().await;
    app.erp(System::SapB1).faults().set(Fault::status(500));
    let answer = app.query("{ invoices(first: 5, read: {onSourceError: FAIL}) { nodes { id } } customers(first: 1, erps: [\"odoo\"]) { nodes { id } } }").await;
    assert_eq!(answer["data"]["invoices"], Value::Null);
    assert_eq!(answer["data"]["customers"]["nodes"].as_array().map(Vec::len), Some(1), "{answer}");
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(
        (&extensions["code"], &extensions["erpId"], &extensions["system"], &extensions["retryable"]),
        (&json!("SOURCE_UNAVAILABLE"), &json!("sap-b1"), &json!("sap_b1"), &json!(true)),
        "{answer}"
    );
    assert!(extensions["requestId"].as_str().is_some_and(|id| !id.is_empty()));
}

#[tokio::test]
async fn a_single_record_of_a_sick_erp_is_an_error() {
    let (app, _clock) = start(Setup { configure: hasty, ..Setup::default() }).await;
    let data = app.data("{ invoices(first: 1, erps: [\"odoo\"]) { nodes { id } } }").await;
    let invoice = data["invoices"]["nodes"][0]["id"].clone();
    app.erp(System::Odoo).faults().set(Fault::status(500));
    let answer = app.query_with("query($id: ID!) { invoice(id: $id) { number } customers(first: 1, erps: [\"sap-b1\"]) { nodes { name } } }", json!({ "id": invoice })).await;
    assert_eq!(answer["data"]["invoice"], Value::Null);
    assert_eq!(answer["data"]["customers"]["nodes"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    let error = &answer["errors"][0];
    assert_eq!(
        (&error["path"], &error["extensions"]["code"], &error["extensions"]["erpId"]),
        (&json!(["invoice"]), &json!("SOURCE_UNAVAILABLE"), &json!("odoo"))
    );
}

#[tokio::test]
async fn an_older_answer_stands_in_for_a_sick_erp() {
    let (app, _clock) = start(Setup::default()).await;
    let query = "{ invoices(first: 60) { nodes { id number customer { name } origin { servedFrom } } sources { erp { id } status servedFrom ageMs error { code } } } }";
    let before = app.data(query).await;
    for system in System::ALL {
        app.erp(system).faults().set(Fault::status(503));
    }
    let after = app.data(query).await;
    for system in System::ALL {
        let source = source(&after["invoices"], system);
        assert_eq!((&source["status"], &source["servedFrom"]), (&json!("STALE"), &json!("STALE_CACHE")), "{source}");
        assert_eq!(source["error"]["code"], "SOURCE_UNAVAILABLE");
    }
    let shown = |data: &Value| {
        let nodes = data["invoices"]["nodes"].as_array().expect("nodes");
        nodes
            .iter()
            .map(|node| (node["id"].clone(), node["number"].clone(), node["customer"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&after), shown(&before), "customers too");
    assert!(
        after["invoices"]["nodes"]
            .as_array()
            .expect("nodes")
            .iter()
            .all(|node| node["origin"]["servedFrom"] == "STALE_CACHE")
    );
}

/// A page that lacks an ERP goes on with all of them when it is well again.
#[tokio::test]
async fn a_list_goes_on_when_the_erp_is_well_again() {
    let (app, _clock) = start(Setup { configure: hasty, ..Setup::default() }).await;
    app.warm_up().await;
    let every = app.data("{ invoices { totalCount { value } } }").await["invoices"]["totalCount"]["value"]
        .as_u64()
        .expect("a number");
    let page = "query($after: String) { invoices(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    let mut seen = std::collections::HashSet::new();
    let mut after = Value::Null;
    for round in 0.. {
        let fault = if round == 1 { Fault::status(500) } else { Fault::None };
        app.erp(System::SapB1).faults().set(fault);
        let data = app.data_with(page, json!({ "after": after })).await;
        for node in data["invoices"]["nodes"].as_array().expect("nodes") {
            assert!(seen.insert(node["id"].to_string()), "a record twice");
        }
        if data["invoices"]["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = data["invoices"]["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen.len() as u64, every);
}

#[tokio::test]
async fn a_refused_log_in_is_told() {
    let (app, _clock) = start(Setup { configure: hasty, ..Setup::default() }).await;
    app.warm_up().await;
    app.erp(System::SapB1).simulator().sessions().expire_all();
    app.erp(System::SapB1).faults().set(FaultPlan::from(Fault::status(401)).all());
    check(&app, System::SapB1, "SOURCE_AUTH_FAILED").await;
}
