//! Signing in, and how sessions end.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{ADMIN, API_KEY, DATABASE, LOGIN, PASSWORD},
    Client,
};
use crate::{Fault, FaultPlan};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn signing_in_sets_the_cookie_in_the_form_of_the_release() {
    for (version, length, times, code) in [(17, 40, 1, 200), (19, 84, 2, 0)] {
        let mut client = Client::anonymous(version, |_| {}).await;
        let answer = client.sign_in(LOGIN, PASSWORD).await;
        let info = &answer.json()["result"];
        assert_eq!((&info["uid"], &info["username"], &info["db"]), (&json!(6), &json!(LOGIN), &json!(DATABASE)));
        assert_eq!(info["server_version_info"], json!([version, 0, 0, "final", 0, ""]));
        assert_eq!(info["user_companies"]["allowed_companies"]["1"]["name"], "Nordlicht Maschinenbau GmbH");
        assert_eq!(info["user_companies"]["allowed_companies"]["1"].get("currency_id").is_some(), version == 19);
        assert_eq!(info.get("user_id").is_some(), version == 17);
        let ids = answer.session_ids();
        assert_eq!((ids.len(), ids[0].len()), (times, length));
        let cookie = answer.headers("set-cookie")[0];
        assert!(cookie.contains("; Expires=") && cookie.ends_with("; Max-Age=604800; HttpOnly; Path=/"), "{cookie}");
        assert_eq!(answer.headers("connection"), ["close"]);

        // 19 sends the cookie again with the first call, 17 does not.
        let first = client.call("res.partner", "search_count", json!([[]]), json!({})).await;
        assert_eq!(first.session_ids().len(), usize::from(version == 19));
        let second = client.call("res.partner", "search_count", json!([[]]), json!({})).await;
        assert!(second.session_ids().is_empty());

        client.cookie = None;
        for secret in ["nope", "", API_KEY] {
            let answer = client.sign_in(LOGIN, secret).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.error(), (code, "odoo.exceptions.AccessDenied".into(), "Access Denied".into()));
            assert!(answer.headers("set-cookie").is_empty());
            let debug = answer.json()["error"]["data"]["debug"].as_str().unwrap().to_owned();
            assert_eq!(debug.starts_with("Traceback"), version == 17, "{debug}");
        }
        let missing = client.rpc("/web/session/authenticate", json!({ "db": DATABASE, "login": LOGIN })).await;
        assert_eq!(missing.error().2, "Session.authenticate() missing 1 required positional argument: 'password'");
        assert_eq!(client.running.stats().operation("authenticate"), 5);
    }
}

#[tokio::test]
async fn a_session_that_is_gone_is_told_by_code_100_without_the_id_of_the_request() {
    for version in [17, 19] {
        let mut client = Client::of(version).await;
        let expired = (100, "odoo.http.SessionExpiredException".to_owned(), "Session expired".to_owned());
        let call = async |client: &Client| client.call("res.partner", "search_count", json!([[]]), json!({})).await;
        client.running.faults().set(FaultPlan::from(Fault::ExpireSessions).times(1));
        let answer = call(&client).await;
        assert_eq!((answer.status, answer.error()), (200, expired.clone()));
        assert_eq!(answer.json()["id"], Value::Null);

        client.sign_in(LOGIN, PASSWORD).await;
        client.running.simulator().clock().advance(HOUR * 24 * 6);
        let answer = call(&client).await;
        assert!(answer.json()["result"].is_i64());
        client.cookie = answer.session_ids().pop().or(client.cookie);
        client.running.simulator().clock().advance(HOUR * 24 * 7);
        assert_eq!(call(&client).await.error(), expired);

        client.sign_in(LOGIN, PASSWORD).await;
        let destroyed = client.rpc("/web/session/destroy", json!({})).await;
        assert_eq!(destroyed.json(), json!({ "jsonrpc": "2.0", "id": 7 }));
        assert!(destroyed.headers("set-cookie")[0].starts_with("cids=;"));
        assert_eq!(call(&client).await.error(), expired);
        assert_eq!(client.rpc("/web/session/destroy", json!({})).await.error(), expired);
        client.cookie = Some("short".to_owned());
        assert_eq!(client.rpc("/web/session/get_session_info", json!({})).await.error(), expired);
    }
}

#[tokio::test]
async fn with_several_databases_a_dead_session_leads_nowhere() {
    for version in [17, 19] {
        let several = |options: &mut super::Options| options.databases.push("other".to_owned());
        let mut client = Client::anonymous(version, several).await;
        let call = async |client: &Client, headers: &[(&str, &str)]| {
            let body =
                json!({ "params": { "model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {} } });
            let headers = [&[("Content-Type", "application/json")], headers].concat();
            client.ask("POST", "/web/dataset/call_kw", &headers, &body.to_string()).await
        };
        let page = call(&client, &[]).await;
        assert_eq!(page.status, 404);
        assert!(page.headers("content-type")[0].starts_with("text/html"));
        assert_eq!(page.body.contains("No database is selected"), version == 19);
        // From 19 the header makes it code 100, as with one database; 17 does not know it.
        let named = call(&client, &[("X-Odoo-Database", DATABASE)]).await;
        assert_eq!(named.status, if version == 19 { 200 } else { 404 });
        assert_eq!(call(&client, &[("X-Odoo-Database", "nope")]).await.status, 404);

        client.sign_in(LOGIN, PASSWORD).await;
        assert_eq!(call(&client, &[]).await.status, 200);
        assert_eq!(call(&client, &[("X-Odoo-Database", DATABASE)]).await.status, 200);
        let mixed = call(&client, &[("X-Odoo-Database", "other")]).await;
        assert_eq!(mixed.status, if version == 19 { 403 } else { 200 });

        let elsewhere = |db: &str| json!({ "db": db, "login": LOGIN, "password": PASSWORD });
        let answer = client.rpc("/web/session/authenticate", elsewhere("other")).await;
        assert_eq!(answer.error().1, "odoo.exceptions.AccessDenied");
        let answer = client.rpc("/web/session/authenticate", elsewhere("nope")).await;
        assert_eq!(answer.error().1, "psycopg2.OperationalError");
        assert!(answer.error().2.contains("database \"nope\" does not exist"));
        let listed = client.rpc("/web/database/list", json!({})).await;
        assert_eq!(listed.json()["result"], json!([DATABASE, "other"]));
    }
    let client = Client::anonymous(19, |_| {}).await;
    let params = json!({ "db": "nope", "login": LOGIN, "password": PASSWORD });
    let answer = client.rpc("/web/session/authenticate", params).await;
    assert_eq!(
        (answer.error().1, answer.error().2),
        ("odoo.exceptions.AccessError".into(), "Database not found.".into())
    );
}

#[tokio::test]
async fn from_19_a_session_changes_its_id_and_the_old_one_is_good_for_two_minutes() {
    let mut client = Client::of(19).await;
    let call = async |client: &Client| client.call("res.partner", "search_count", json!([[]]), json!({})).await;
    call(&client).await;
    client.running.simulator().clock().advance(HOUR * 3);
    let new = call(&client).await.session_ids().pop().unwrap();
    assert_ne!(Some(&new), client.cookie.as_ref());
    // Requests that were on their way are told the same new id.
    assert_eq!(call(&client).await.session_ids(), std::slice::from_ref(&new));
    client.running.simulator().clock().advance(Duration::from_secs(120));
    assert_eq!(call(&client).await.error().0, 100);
    client.cookie = Some(new);
    assert!(call(&client).await.session_ids().is_empty());

    let client = Client::of(17).await;
    client.running.simulator().clock().advance(HOUR * 30);
    assert!(call(&client).await.session_ids().is_empty());
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    let mut client = Client::of(19).await;
    let before = client.cookie.clone();
    client.sign_in(ADMIN, ADMIN).await;
    let after = std::mem::replace(&mut client.cookie, before);
    assert_eq!(client.rpc("/web/session/check", json!({})).await.error().0, 100);
    client.cookie = after;
    assert_eq!(client.rpc("/web/session/check", json!({})).await.json(), json!({ "jsonrpc": "2.0", "id": 7 }));
    let info = client.rpc("/web/session/get_session_info", json!({})).await;
    assert_eq!(info.session_ids(), [client.cookie.clone().unwrap()]);
    assert_eq!(info.json()["result"]["is_admin"], true);
}

#[tokio::test]
async fn a_header_for_the_database_or_a_second_factor_leave_no_session() {
    let client = Client::anonymous(19, |_| {}).await;
    let body = json!({ "params": { "db": DATABASE, "login": LOGIN, "password": PASSWORD } }).to_string();
    let headers = [("Content-Type", "application/json"), ("X-Odoo-Database", DATABASE)];
    let answer = client.ask("POST", "/web/session/authenticate", &headers, &body).await;
    assert_eq!(answer.json()["result"]["uid"], 6);
    assert!(answer.session_ids().is_empty());

    let mut client = Client::anonymous(19, |options| options.two_factor = true).await;
    let answer = client.sign_in(LOGIN, PASSWORD).await;
    assert_eq!((answer.json()["result"].clone(), client.cookie), (json!({ "uid": null }), None));
}
