//! Consent by OAuth: from an ERP without any token to its records, and whatever may go wrong in between.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use simulators::{Running, System, quickbooks};
use tests::{Answer, App, Base, Setup};

tests::on_both_stores!(somebody_consents_and_the_erp_is_read_until_it_is_disconnected);

const CONNECT: &str = "mutation Connect($settings: JSON!) {
    connectErp(input: { name: \"Books\", system: \"quickbooks\", settings: $settings }) {
        erp { id status statusMessage } authorizationUrl userErrors { field message code }
    }
}";

/// A company beside that of the configuration file: who is let in is let in alone.
async fn company() -> Running {
    simulators::start(System::QuickBooks, simulators::Options { records: 20, ..Default::default() })
        .await
        .expect("a simulator")
}

/// An ERP without tokens, with other settings over those of the app.
async fn connect(app: &App, more: Value) -> Value {
    let mut settings = json!({
        "url": app.erp(System::QuickBooks).url(),
        "client_id": quickbooks::CLIENT_ID,
        "client_secret": quickbooks::CLIENT_SECRET,
    });
    settings.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let mut data = app.data_with(CONNECT, json!({ "settings": settings })).await;
    let payload = data["connectErp"].take();
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
    payload
}

/// Consents as a person in a browser would; where the vendor sends them back to.
async fn consent(payload: &Value) -> String {
    let url = payload["authorizationUrl"].as_str().unwrap_or_else(|| panic!("no address: {payload}"));
    let client = tests::client();
    let answer = client.execute(client.get(url).build().expect("an address")).await.expect("an answer");
    let to = answer.headers().get("location").map(|to| to.to_str().expect("text").to_owned());
    to.unwrap_or_else(|| panic!("sent nowhere: {}", answer.status()))
}

/// Comes back to the gateway.
async fn come_back(app: &App, to: &str) -> Answer {
    let (_, path) = to.split_once("/oauth/callback?").unwrap_or_else(|| panic!("another address: {to}"));
    assert!(to.starts_with("http://localhost:"), "{to}");
    app.get(&format!("/oauth/callback?{path}"), &[("accept", "text/html")]).await
}

async fn status(app: &App, id: &str) -> Value {
    let query = "query One($id: ID!) { erp(id: $id) { status statusMessage companyName settings } }";
    app.data_with(query, json!({ "id": id })).await["erp"].take()
}

fn parameter<'a>(url: &'a str, name: &str) -> &'a str {
    let pair = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    pair.unwrap_or_else(|| panic!("no {name} in {url}"))
}

/// Disconnects the ERP, and waits for what the audit log tells of its token: the outcome, and whether it was given back.
async fn disconnect(app: &App, id: &str) -> (Value, Value) {
    let disconnect =
        "mutation Gone($id: ID!) { disconnectErp(input: { id: $id }) { erp { status } userErrors { message } } }";
    let gone = app.data_with(disconnect, json!({ "id": id })).await["disconnectErp"].take();
    assert_eq!(gone, json!({ "erp": { "status": "DISCONNECTED" }, "userErrors": [] }));
    for _ in 0..2000 {
        let log = app.data("{ auditLog(first: 20) { nodes { action outcome actor detail erp { id } } } }").await;
        let entries = log["auditLog"]["nodes"].as_array().expect("entries");
        if let Some(entry) = entries.iter().find(|entry| entry["action"] == "erp.revoke") {
            assert_eq!(entry["actor"], "gateway", "{entry}");
            return (entry["outcome"].clone(), entry["detail"]["revoked"].clone());
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("nothing is told of the token")
}

/// Connects an ERP of this company by a consent.
async fn connected(app: &App, company: &Running) -> String {
    let payload = connect(app, json!({ "url": company.url() })).await;
    let page = come_back(app, &consent(&payload).await).await;
    assert!(page.text().contains("Books is connected."), "{}", page.text());
    payload["erp"]["id"].as_str().expect("an id").to_owned()
}

async fn somebody_consents_and_the_erp_is_read_until_it_is_disconnected(base: Base) {
    let store = base.store(&tests::master_key()).await;
    let app = App::start_on(Setup::default(), store.clone()).await;
    let company = company().await;
    let payload = connect(&app, json!({ "url": company.url() })).await;
    let id = payload["erp"]["id"].as_str().expect("an id").to_owned();
    assert_eq!((id.as_str(), &payload["erp"]["status"]), ("books", &json!("NEEDS_AUTH")), "{payload}");
    assert!(payload["erp"]["statusMessage"].as_str().is_some_and(|why| why.contains("consented")), "{payload}");

    let to = consent(&payload).await;
    let page = come_back(&app, &to).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Books is connected."), "{}", page.text());
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    for secret in ["code", "state"] {
        assert!(!page.text().contains(parameter(&to, secret)), "{secret}");
    }

    let erp = status(&app, &id).await;
    assert_eq!(
        (&erp["status"], &erp["settings"]["realm_id"]),
        (&json!("ACTIVE"), &json!(quickbooks::REALM_ID)),
        "{erp}"
    );
    let read = app.data("{ invoices(first: 3, erps: [\"books\"]) { nodes { number erp { id } } } }").await;
    let nodes = read["invoices"]["nodes"].as_array().expect("nodes");
    assert!(nodes.len() == 3 && nodes.iter().all(|node| node["erp"]["id"] == "books"), "{read}");

    let again = come_back(&app, &to).await;
    assert_eq!(again.status, 400, "a state is good once");
    assert!(again.text().contains("used already"), "{}", again.text());
    let log = app.data("{ auditLog(first: 20) { nodes { action outcome actor erp { id } } } }").await;
    let entries = log["auditLog"]["nodes"].as_array().expect("entries");
    let entry = entries.iter().find(|entry| entry["action"] == "erp.consent").expect("an entry");
    assert_eq!((&entry["outcome"], &entry["erp"]["id"]), (&json!("ok"), &json!("books")), "{entry}");

    let tokens = store.tokens(&"books".into()).await.expect("read").expect("tokens");
    assert_eq!(company.simulator().sessions().open_count(), 1);
    assert_eq!(disconnect(&app, &id).await, (json!("ok"), json!(true)));
    assert!(store.tokens(&"books".into()).await.expect("read").is_none(), "erased here");
    assert_eq!(company.simulator().sessions().open_count(), 0, "the access token ended with it");
    assert_eq!(company.stats().by_operation.get("revoke"), Some(&1));
    let client = tests::client();
    let renew = client
        .post(format!("{}/oauth2/v1/tokens/bearer", company.url()))
        .basic_auth(quickbooks::CLIENT_ID, Some(quickbooks::CLIENT_SECRET))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=refresh_token&refresh_token={}", tokens.refresh.expose_secret()));
    let refused = client.execute(renew.build().expect("a request")).await.expect("an answer");
    assert_eq!(refused.status(), 400, "nobody buys anything with it");
}

#[tokio::test]
async fn a_vendor_that_fails_keeps_nobody_connected() {
    let app = App::start(Setup::default()).await;
    let company = company().await;
    let id = connected(&app, &company).await;
    company.stop().await;
    let (outcome, revoked) = disconnect(&app, &id).await;
    assert!(outcome != "ok" && revoked == false, "{outcome}");
    assert!(status(&app, &id).await.is_null());
}

#[tokio::test]
async fn a_consent_that_another_erp_lives_by_is_kept() {
    let app = App::start(Setup::default()).await;
    let company = company().await;
    let (first, second) = (connected(&app, &company).await, connected(&app, &company).await);
    assert_eq!(disconnect(&app, &first).await, (json!("ok"), json!(false)));
    assert_eq!(company.stats().by_operation.get("revoke"), None);
    assert_eq!(status(&app, &second).await["status"], "ACTIVE");
}

#[tokio::test]
async fn what_goes_wrong_is_told_and_stores_nothing() {
    let app = App::start(Setup::default()).await;
    let payload = connect(&app, json!({})).await;
    let url = payload["authorizationUrl"].as_str().expect("an address");
    let state = parameter(url, "state");
    let page = async |query: String| app.get(&format!("/oauth/callback?{query}"), &[]).await;

    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E";
    for (query, says) in [
        (String::new(), "opened by itself"),
        (format!("state={hostile}&code=x&realmId=1"), "Nobody asked"),
        (format!("state={state}&state={state}&code=x"), "opened by itself"),
    ] {
        let answer = page(query.clone()).await;
        assert!(answer.status == 400 && answer.text().contains(says), "{query}: {}", answer.text());
        assert!(!answer.text().contains("<script"), "{query}");
    }
    // Each takes the state with it, so that a new one is asked for.
    let again = async || {
        let data = app
            .data("mutation { reconnectErp(input: { id: \"books\" }) { authorizationUrl erp { status } userErrors { message } } }")
            .await;
        let url = data["reconnectErp"]["authorizationUrl"].as_str().map(str::to_owned);
        url.unwrap_or_else(|| panic!("no address: {data}"))
    };
    for (query, says) in [
        ("error=access_denied".to_owned(), "was not given"),
        (format!("error={hostile}"), "There is no consent."),
        ("realmId=1".to_owned(), "no code"),
        ("code=x".to_owned(), "does not tell the Company ID"),
        (format!("code=x&realmId={hostile}"), "in the address is none"),
        ("code=forged&realmId=123".to_owned(), "does not accept the code"),
    ] {
        let url = again().await;
        let answer = page(format!("{query}&state={}", parameter(&url, "state"))).await;
        assert!(answer.status == 400 && answer.text().contains(says), "{query}: {}", answer.text());
        assert!(!answer.text().contains("<script"), "{query}");
        let twice = page(format!("{query}&state={}", parameter(&url, "state"))).await;
        assert!(twice.text().contains("used already"), "{query}: {}", twice.text());
    }
    let erp = status(&app, "books").await;
    assert_eq!((&erp["status"], &erp["settings"]["realm_id"]), (&json!("NEEDS_AUTH"), &Value::Null), "{erp}");
}

#[tokio::test]
async fn another_company_than_the_operator_named_is_not_connected() {
    let app = App::start(Setup::default()).await;
    let payload = connect(&app, json!({ "realm_id": "123" })).await;
    let page = come_back(&app, &consent(&payload).await).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("another company"), "{}", page.text());
    assert_eq!(app.erp(System::QuickBooks).stats().by_operation.get("exchange"), None, "its code is not even used");
    let erp = status(&app, "books").await;
    assert_eq!((&erp["status"], &erp["settings"]["realm_id"]), (&json!("NEEDS_AUTH"), &json!("123")), "{erp}");
}
