//! What every door refuses, and rights.

use serde_json::{Value, json};

use super::{super::LIMITED, Client};
use crate::{Fault, FaultPlan};

#[tokio::test]
async fn the_content_type_decides_before_anything_else() {
    for (version, status) in [(17, 400), (19, 415)] {
        let client = Client::of(version).await;
        for path in ["/web/session/authenticate", "/web/dataset/call_kw", "/jsonrpc"] {
            let answer = client.ask("POST", path, &[("Content-Type", "text/plain")], "{}").await;
            assert_eq!(answer.status, status, "{path}");
            assert!(answer.headers("content-type")[0].starts_with("text/html"));
            assert!(answer.body.contains("Request inferred type is compatible with"), "{}", answer.body);
        }
        let params =
            json!({ "params": { "model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {} } });
        for kind in ["application/json; charset=utf-8", "application/json-rpc"] {
            let answer =
                client.ask("POST", "/web/dataset/call_kw", &[("Content-Type", kind)], &params.to_string()).await;
            assert_eq!((answer.status, &answer.json()["id"]), (200, &Value::Null));
        }
        let broken = client.ask("POST", "/jsonrpc", &[("Content-Type", "application/json")], "{\"a\":").await;
        assert_eq!((broken.status, &*broken.body), (400, "Invalid JSON data"));
        let list = client.ask("POST", "/jsonrpc", &[("Content-Type", "application/json")], "[1]").await;
        assert_eq!((list.status, &*list.body), (400, "Invalid JSON-RPC data"));
        let broken =
            client.ask("POST", "/web/dataset/call_kw", &[("Content-Type", "application/json")], "{\"a\":").await;
        // 19 looks at the model before it knows that the body is none.
        assert_eq!(broken.status, if version == 19 { 200 } else { 400 });
    }
}

#[tokio::test]
async fn what_cannot_be_called_is_refused_in_the_words_of_the_release() {
    let none = || json!({});
    for version in [17, 19] {
        let client = Client::of(version).await;
        let new = version == 19;
        let unknown = client.call("no.model", "search", json!([[]]), none()).await;
        if new {
            assert_eq!((unknown.error().0, &*unknown.error().1), (404, "werkzeug.exceptions.NotFound"));
            assert_eq!(
                (&unknown.json()["id"], &unknown.json()["error"]["message"]),
                (&Value::Null, &json!("404: Not Found"))
            );
        } else {
            assert_eq!(unknown.error(), (200, "builtins.KeyError".into(), "no.model".into()));
        }
        let refusal = async |method, args, kwargs| client.refusal("res.partner", method, args, kwargs).await;
        let private = if new { "'res.partner._search'" } else { "_search" };
        assert_eq!(
            refusal("_search", json!([[]]), none()).await,
            (
                "odoo.exceptions.AccessError".into(),
                format!("Private methods (such as {private}) cannot be called remotely.")
            )
        );
        let (class, message) = refusal("nope", json!([[]]), none()).await;
        assert_eq!(class, "builtins.AttributeError");
        assert_eq!(message.contains("'res.partner.nope'"), new);
        assert_eq!(refusal("exists", json!([[1]]), none()).await.0.is_empty(), !new);
        assert_eq!(refusal("name_get", json!([[1]]), none()).await.0.is_empty(), !new);
        assert_eq!(refusal("has_access", json!([[], "read"]), none()).await.0.is_empty(), new);
        for (method, args, kwargs, message) in [
            ("search", json!([]), none(), "BaseModel.search() missing 1 required positional argument: 'domain'"),
            (
                "search",
                json!([[]]),
                json!({ "count": true }),
                "BaseModel.search() got an unexpected keyword argument 'count'",
            ),
            (
                "search_read",
                json!([]),
                json!({ "foo": 1 }),
                "BaseModel._read_format() got an unexpected keyword argument 'foo'",
            ),
            (
                "search",
                json!([[]]),
                json!({ "domain": [] }),
                "BaseModel.search() got multiple values for argument 'domain'",
            ),
            ("read", json!([]), none(), "list index out of range"),
            ("create", json!([{}]), none(), "the simulator does not carry out res.partner.create"),
        ] {
            assert_eq!(refusal(method, args, kwargs).await.1, message);
        }
        let params = json!({ "model": "res.partner", "method": "search" });
        let missing = client.rpc("/web/dataset/call_kw", params).await.error().2;
        assert_eq!(missing, "DataSet.call_kw() missing 2 required positional arguments: 'args' and 'kwargs'");
    }
}

#[tokio::test]
async fn rights_and_companies_limit_what_is_seen() {
    let mut client = Client::of(19).await;
    let with = |companies: &[i64]| json!({ "context": { "allowed_company_ids": companies } });
    let foreign = ("odoo.exceptions.AccessError".to_owned(), "Access to unauthorized or invalid companies.".to_owned());
    assert_eq!(client.refusal("account.move", "search", json!([[]]), with(&[1, 2])).await, foreign);
    assert!(client.result("res.currency", "search", json!([[]]), with(&[2])).await.is_array());
    assert_eq!(client.ids("res.company", json!([])).await, [1]);

    client.sign_in("admin", "admin").await;
    assert_eq!(client.ids("res.company", json!([])).await, [1, 2]);
    assert_eq!(client.result("account.move", "search_count", json!([[]]), with(&[2])).await, 0);
    assert_ne!(client.result("account.move", "search_count", json!([[]]), with(&[1, 2])).await, 0);

    client.sign_in(LIMITED, LIMITED).await;
    assert_ne!(client.count("res.partner", json!([])).await, 0);
    let (class, message) = client.refusal("account.move", "search_read", json!([]), json!({})).await;
    assert_eq!(class, "odoo.exceptions.AccessError");
    assert!(message.starts_with("You are not allowed to access 'Journal Entry' (account.move) records."), "{message}");
    let quiet = json!({ "raise_exception": false });
    assert_eq!(client.result("account.move", "check_access_rights", json!(["read"]), quiet).await, false);
}

#[tokio::test]
async fn versions_and_health_need_no_session() {
    for version in [17, 19] {
        let client = Client::anonymous(version, |_| {}).await;
        let info = client.rpc("/web/webclient/version_info", json!({})).await;
        assert_eq!(info.json()["result"]["server_version_info"][0], version);
        assert_eq!(info.session_ids().len(), 1);
        let health = client.ask("GET", "/web/health", &[], "").await;
        assert_eq!((health.status, &*health.body), (200, r#"{"status": "pass"}"#));
        let short = client.ask("GET", "/web/version", &[], "").await;
        assert_eq!(short.status, if version == 19 { 200 } else { 404 });
        assert_eq!(client.ask("GET", "/nope", &[], "").await.status, 404);
    }
}

#[tokio::test]
async fn faults_look_like_those_of_odoo_and_its_proxy() {
    let client = Client::of(19).await;
    let call = async || client.call("res.partner", "search_count", json!([[]]), json!({})).await;
    client.running.faults().set(FaultPlan::from(Fault::unavailable(3)).times(1));
    let answer = call().await;
    assert_eq!((answer.status, answer.headers("retry-after")), (503, vec!["3"]));
    assert!(answer.body.contains("<center>nginx</center>"));
    client.running.faults().set(FaultPlan::from(Fault::status(500)).times(1));
    assert!(call().await.body.contains("Internal Server Error"));
    assert!(call().await.json()["result"].is_i64());
}
