//! Settings that change while requests are under way.

use serde_json::{Value, json};
use simulators::{Fault, System};
use std::sync::Arc;
use tests::{App, Setup};

const LIST: &str =
    r#"{ invoices(first: 3, erps: ["odoo"]) { nodes { number customer { name } } sources { status } } }"#;

/// The statuses of the sources of [`LIST`].
fn statuses(answer: &Value) -> &Value {
    &answer["data"]["invoices"]["sources"][0]["status"]
}

#[tokio::test]
async fn a_request_under_way_ends_as_it_began() {
    let app = Arc::new(App::start(Setup::default()).await);
    app.warm_up().await;
    app.erp(System::Odoo).faults().set(Fault::DelayAnswer { ms: 300 });
    let slow = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.query(LIST).await }
    });
    while app.erp(System::Odoo).stats().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    // Cut off, the caches that it fills are new ones, and another ERP is gone from the file.
    let changed = app.reload(|config| {
        config.limits.depth = 2;
        config.cache.max_bytes /= 2;
        config.erps.remove("sap-b1");
    });
    assert_eq!(changed.await, Ok(vec![]));
    assert!(!slow.is_finished());
    let (code, message) = app.error(LIST).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX");
    assert!(message.contains("limits.depth") || message.contains("depth"), "{message}");
    assert_eq!(app.data("{ erps { id } }").await["erps"].as_array().map(Vec::len), Some(2));
    let answer = slow.await.expect("no panic");
    assert_eq!((statuses(&answer), answer["errors"].is_null()), (&json!("OK"), true), "{answer}");
    assert!(answer["data"]["invoices"]["nodes"][2]["customer"]["name"].is_string(), "{answer}");

    app.erp(System::Odoo).faults().clear();
    assert_eq!(app.reload(|_| {}).await, Ok(vec![]));
    assert_eq!(statuses(&app.query(LIST).await), "OK");
    assert_eq!(app.data("{ erps { id } }").await["erps"].as_array().map(Vec::len), Some(3), "it is connected again");
}

#[tokio::test]
async fn what_a_change_does_not_concern_stays_in_memory() {
    let app = App::start(Setup { configure: |_| {}, ..Setup::default() }).await;
    let reads = || app.erp(System::Odoo).stats().operation("search_read account.move");
    app.data(LIST).await;
    assert_eq!(reads(), 1, "{:?}", app.erp(System::Odoo).stats());
    assert_eq!(app.reload(|config| config.limits.depth = 14).await, Ok(vec![]));
    app.data(LIST).await;
    assert_eq!(reads(), 1, "records are kept over a change of limits");
    assert_eq!(app.reload(|config| config.cache.fresh_seconds = 0).await, Ok(vec![]));
    app.data(LIST).await;
    assert!(reads() > 1, "but not over one of the cache");
}

#[tokio::test]
async fn wrong_settings_change_nothing() {
    let app = App::start(Setup::default()).await;
    type Change = fn(&mut gateway::config::Config);
    let wrong: [(&str, Change); 4] = [
        ("cors_origins", |config| config.server.cors_origins = vec!["nowhere".into()]),
        ("alerts.webhook_url", |config| config.alerts.webhook_url = "nowhere".into()),
        ("erps.odoo", |config| {
            config.erps.get_mut("odoo").expect("an ERP").settings = gateway::config::SettingValues::new([]);
        }),
        ("erps.Wrong", |config| {
            let odoo = config.erps["odoo"].clone();
            config.erps.insert("Wrong".into(), odoo);
        }),
    ];
    for (named, change) in wrong {
        let refused = app.reload(|config| {
            config.limits.depth = 2;
            change(config);
        });
        let why = refused.await.expect_err("refused");
        assert!(why.contains(named), "{named}: {why}");
        assert_eq!(statuses(&app.query(LIST).await), "OK", "{named}");
    }
}

#[tokio::test]
async fn other_origins_may_ask_once_they_are_named() {
    let app = App::start(Setup::default()).await;
    let allowed = async || {
        let headers = [("content-type", "application/json"), ("origin", "https://app.example")];
        let query = json!({ "query": "{ __typename }" }).to_string().into_bytes();
        let answer = app.send("POST", "/graphql", &headers, query).await;
        answer.header("access-control-allow-origin").to_owned()
    };
    assert_eq!(allowed().await, "");
    assert_eq!(app.reload(|config| config.server.cors_origins = vec!["https://app.example".into()]).await, Ok(vec![]));
    assert_eq!(allowed().await, "https://app.example");
}

#[tokio::test]
async fn what_only_a_new_start_takes_over_is_told() {
    let app = App::start(Setup::default()).await;
    let changed = app.reload(|config| {
        config.server.listen = ([127, 0, 0, 1], 1).into();
        config.store.url = "sqlite:elsewhere.db".into();
        config.limits.depth = 14;
    });
    assert_eq!(changed.await, Ok(vec!["server.listen", "store.url"]));
}
