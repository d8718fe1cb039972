//! Calls that bring their own secret.

use serde_json::{Value, json};

use super::{
    super::{ADMIN, API_KEY, DATABASE, LOGIN, PASSWORD},
    Answer, Client,
};

async fn ask(client: &Client, service: &str, method: &str, args: Value) -> Answer {
    client.rpc("/jsonrpc", json!({ "service": service, "method": method, "args": args })).await
}

#[tokio::test]
async fn authenticating_answers_false_and_no_error() {
    for version in [14, 17, 19] {
        let client = Client::anonymous(version, |options| options.databases.push("other".to_owned())).await;
        let result = async |method, args| ask(&client, "common", method, args).await.json()["result"].clone();
        assert_eq!(result("version", json!([])).await["server_serie"], format!("{version}.0"));
        for secret in [PASSWORD, API_KEY] {
            assert_eq!(result("authenticate", json!([DATABASE, LOGIN, secret, {}])).await, 6);
        }
        assert_eq!(result("login", json!([DATABASE, ADMIN, ADMIN])).await, 2);
        assert_eq!(result("authenticate", json!([DATABASE, LOGIN, "nope", {}])).await, false);
        assert_eq!(result("authenticate", json!(["other", LOGIN, PASSWORD, {}])).await, false);
        let nowhere = ask(&client, "common", "authenticate", json!(["nope", LOGIN, PASSWORD, {}])).await;
        assert_eq!(nowhere.error().1, "psycopg2.OperationalError");
        assert!(nowhere.headers("set-cookie").is_empty());
        let short = ask(&client, "common", "authenticate", json!([DATABASE, LOGIN, PASSWORD])).await;
        assert_eq!(short.error().2, "exp_authenticate() missing 1 required positional argument: 'user_agent_env'");
        assert_eq!(ask(&client, "db", "list", json!([])).await.json()["result"], json!([DATABASE, "other"]));
        assert_eq!(ask(&client, "common", "nope", json!([])).await.error().2, "Method not found: nope");
    }
    let client = Client::anonymous(19, |options| options.list_databases = false).await;
    assert_eq!(ask(&client, "db", "list", json!([])).await.error().1, "odoo.exceptions.AccessDenied");
}

#[tokio::test]
async fn every_call_brings_its_own_secret() {
    for version in [17, 19] {
        let client = Client::anonymous(version, |_| {}).await;
        let execute = async |uid: Value, secret: &str, model: &str, method: &str| {
            ask(&client, "object", "execute_kw", json!([DATABASE, uid, secret, model, method, [[]], { "limit": 3 }]))
                .await
        };
        for secret in [PASSWORD, API_KEY] {
            assert_eq!(execute(json!(6), secret, "res.partner", "search_count").await.json()["result"], 3);
        }
        let denied = "odoo.exceptions.AccessDenied";
        for (uid, secret) in [(json!(6), "nope"), (json!(2), API_KEY), (json!(false), PASSWORD), (json!(6), "")] {
            assert_eq!(execute(uid, secret, "res.partner", "search_count").await.error().1, denied);
        }
        assert_eq!(execute(json!(null), PASSWORD, "res.partner", "search").await.error().1, "builtins.TypeError");
        let unknown = execute(json!(6), PASSWORD, "no.model", "search").await.error();
        assert_eq!((&*unknown.1, &*unknown.2), ("odoo.exceptions.UserError", "Object no.model doesn't exist"));
        let private = execute(json!(6), PASSWORD, "res.partner", "_search").await.error().1;
        assert_eq!(private, "odoo.exceptions.AccessError");
        let positional = json!([DATABASE, 6, PASSWORD, "res.partner", "search", [], 0, 2, "id"]);
        assert_eq!(ask(&client, "object", "execute", positional).await.json()["result"], json!([1, 3]));
        assert_eq!(client.running.stats().operation("search_count res.partner"), 2);
    }
}
