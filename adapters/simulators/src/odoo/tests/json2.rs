//! The interface with keys of release 19.

use serde_json::{Value, json};

use super::{
    super::{API_KEY, DATABASE},
    Answer, Client,
};

async fn ask(client: &Client, path: &str, key: Option<&str>, body: &str) -> Answer {
    let bearer = format!("Bearer {}", key.unwrap_or_default());
    let mut headers = vec![("Content-Type", "application/json"), ("X-Odoo-Database", DATABASE)];
    headers.extend(key.map(|_| ("Authorization", bearer.as_str())));
    client.ask("POST", &format!("/json/2/{path}"), &headers, body).await
}

#[tokio::test]
async fn answers_are_bare_values() {
    let client = Client::anonymous(19, |_| {}).await;
    let good = async |path, body: Value| {
        let answer = ask(&client, path, Some(API_KEY), &body.to_string()).await;
        assert_eq!((answer.status, answer.headers("set-cookie").len()), (200, 0), "{}", answer.body);
        answer.json()
    };
    assert_eq!(good("res.partner/search", json!({ "domain": [["id", "<", 4]], "order": "id" })).await, json!([1, 3]));
    let read = good("res.country/read", json!({ "ids": [57, 9999], "fields": ["code", "currency_id"] })).await;
    assert_eq!(read, json!([{ "id": 57, "code": "DE", "currency_id": [126, "EUR"] }]));
    assert_eq!(client.running.stats().operation("read missing res.country"), 1);
    assert_eq!(good("res.country/read", json!({ "fields": ["code"] })).await, json!([]));
    let context = json!({ "domain": [], "context": { "active_test": false } });
    assert_eq!(
        good("res.partner/search_count", context).await,
        client.running.simulator().store().read()["res.partner"].len()
    );
}

#[tokio::test]
async fn errors_have_a_status() {
    let client = Client::of(19).await;
    for (path, body, status, class, message) in [
        ("no.model/search", "{}", 404, "werkzeug.exceptions.NotFound", "the model 'no.model' does not exist"),
        ("res.partner/nope", "{}", 404, "werkzeug.exceptions.NotFound", "The method 'res.partner.nope' does not exist"),
        ("res.partner", "{}", 404, "werkzeug.exceptions.NotFound", "Did you mean POST /json/2/<model>/<method>?"),
        (
            "res.partner/search",
            "{}",
            422,
            "werkzeug.exceptions.UnprocessableEntity",
            "missing a required argument: 'domain'",
        ),
        (
            "res.partner/search",
            "[1]",
            422,
            "werkzeug.exceptions.UnprocessableEntity",
            "missing a required argument: 'domain'",
        ),
        (
            "res.partner/search",
            r#"{"domain": [], "foo": 1}"#,
            422,
            "werkzeug.exceptions.UnprocessableEntity",
            "got an unexpected keyword argument 'foo'",
        ),
        (
            "res.partner/search",
            r#"{"domain": [], "ids": [1]}"#,
            422,
            "werkzeug.exceptions.UnprocessableEntity",
            "cannot call res.partner.search with ids",
        ),
        (
            "res.partner/search_read",
            r#"{"foo": 1}"#,
            500,
            "builtins.TypeError",
            "BaseModel._read_format() got an unexpected keyword argument 'foo'",
        ),
        (
            "res.partner/search_read",
            r#"{"fields": ["x"]}"#,
            500,
            "builtins.ValueError",
            "Invalid field 'x' on 'res.partner'",
        ),
        (
            "res.partner/_search",
            "{}",
            403,
            "odoo.exceptions.AccessError",
            "Private methods (such as 'res.partner._search') cannot be called remotely.",
        ),
    ] {
        let answer = ask(&client, path, Some(API_KEY), body).await;
        let error = answer.json();
        assert_eq!((answer.status, &error["name"], &error["message"]), (status, &json!(class), &json!(message)));
        let keys: Vec<_> =
            ["name", "message", "arguments", "context", "debug"].map(|key| error.get(key).is_some()).into();
        assert!(keys.iter().all(|there| *there));
    }
    for key in [None, Some("nope")] {
        let answer = ask(&client, "res.partner/search", key, "{}").await;
        assert_eq!((answer.status, answer.headers("www-authenticate").len()), (401, 1));
    }
    assert_eq!(ask(&client, "res.partner/search", Some(API_KEY), "{").await.status, 400);
    let headers = [("Content-Type", "text/plain"), ("Authorization", "bearer x")];
    assert_eq!(client.ask("POST", "/json/2/res.partner/search", &headers, "{}").await.status, 415);
    assert_eq!(client.ask("GET", "/json/2/res.partner/search", &[], "").await.status, 404);
}

#[tokio::test]
async fn it_needs_19_and_of_several_databases_the_name() {
    let old = Client::anonymous(17, |_| {}).await;
    assert_eq!(ask(&old, "res.partner/search", Some(API_KEY), "{}").await.status, 404);
    let several = Client::anonymous(19, |options| options.databases.push("other".to_owned())).await;
    let bearer = format!("bearer {API_KEY}");
    let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    let body = r#"{"domain": []}"#;
    assert_eq!(several.ask("POST", "/json/2/res.partner/search", &headers, body).await.status, 404);
    assert_eq!(ask(&several, "res.partner/search", Some(API_KEY), body).await.status, 200);
    let elsewhere = [&headers[..], &[("X-Odoo-Database", "other")]].concat();
    assert_eq!(several.ask("POST", "/json/2/res.partner/search", &elsewhere, body).await.status, 401);
}
