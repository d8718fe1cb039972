//! Mutations: what they ask of the ports, how they fail, and what they never repeat.

use crate::fake::{Fake, ODOO, admin, analyst, ask, data_of, error_of, with_scopes};
use async_graphql::{Response, Variables};
use schema::{
    id::GlobalId,
    ports::{Principal, SCOPE_CALL},
};
use serde_json::{Value as Json, json};
use std::sync::Arc;

async fn run(fake: &Arc<Fake>, query: &str, variables: Json, who: Principal) -> Response {
    ask(&fake.api(), query, Variables::from_json(variables), who).await
}

/// The payload of the only mutation of an administrator with all scopes.
async fn payload(fake: &Arc<Fake>, mutation: &str) -> Json {
    let who = with_scopes(admin(), &[SCOPE_CALL]);
    let data = data_of(run(fake, &format!("mutation {{ it: {mutation} }}"), Json::Null, who).await);
    data["it"].clone()
}

const DONE: &str = "{ erp { id status } authorizationUrl userErrors { message } }";

#[tokio::test]
async fn each_mutation_reaches_its_port_with_its_input() {
    let fake = Fake::new();
    let key = GlobalId::ApiKey("k1".into()).encode();
    let made = "{ apiKey { name revokedAt } secret userErrors { message } }";
    let done =
        |status: &str| json!({"erp": {"id": ODOO, "status": status}, "authorizationUrl": null, "userErrors": []});
    let consent = json!({"erp": {"id": ODOO, "status": "PENDING"}, "authorizationUrl": "https://id.example.com/consent",
        "userErrors": []});
    for (mutation, asked, answer) in [
        (
            format!(
                "connectErp(input: {{name: \"Shop\", system: \"system\", settings: {{url: \"https://x\", port: 8069, \
                     rate: 1.5, strict: true, note: null}}}}) {DONE}"
            ),
            "connect system as Shop with note cleared, port=8069, rate=1.5, strict=true, url=https://x test true",
            consent.clone(),
        ),
        (
            format!("connectErp(input: {{name: \"S\", system: \"system\", settings: {{}}, test: false}}) {DONE}"),
            "connect system as S with  test false",
            consent.clone(),
        ),
        (
            format!("connectErp(input: {{name: \"S\", system: \"system\", settings: {{}}, test: null}}) {DONE}"),
            "connect system as S with  test true",
            consent,
        ),
        (
            format!("updateErp(input: {{id: \"{ODOO}\", settings: {{password: null}}}}) {DONE}"),
            "update odoo-1 name None settings Some(\"password cleared\")",
            done("ACTIVE"),
        ),
        (
            format!("updateErp(input: {{id: \"{ODOO}\", name: \"New\", settings: null}}) {DONE}"),
            "update odoo-1 name Some(\"New\") settings None",
            done("ACTIVE"),
        ),
        (format!("disconnectErp(input: {{id: \"{ODOO}\"}}) {DONE}"), "disconnect odoo-1", done("DISCONNECTED")),
        (format!("reconnectErp(input: {{id: \"{ODOO}\"}}) {DONE}"), "reconnect odoo-1", done("ACTIVE")),
        (format!("pauseErp(input: {{id: \"{ODOO}\"}}) {DONE}"), "pause odoo-1", done("PAUSED")),
        (format!("resumeErp(input: {{id: \"{ODOO}\"}}) {DONE}"), "resume odoo-1", done("ACTIVE")),
        (
            format!(
                "createApiKey(input: {{name: \"W\", role: SERVICE, scopes: [\"b\", \"a\"], erps: [\"{ODOO}\"], \
                     expiresAt: \"2026-04-01T00:00:00Z\"}}) {made}"
            ),
            "create W Service {\"a\", \"b\"} Some({odoo-1}) Some(2026-04-01T00:00:00Z)",
            json!({"apiKey": {"name": "Warehouse", "revokedAt": null}, "secret": "the-secret", "userErrors": []}),
        ),
        (
            format!("createApiKey(input: {{name: \"W\", role: ADMIN}}) {made}"),
            "create W Admin {} None None",
            json!({"apiKey": {"name": "Warehouse", "revokedAt": null}, "secret": "the-secret", "userErrors": []}),
        ),
        (
            format!("revokeApiKey(input: {{id: \"{key}\"}}) {{ apiKey {{ id revokedAt }} userErrors {{ message }} }}"),
            "revoke k1",
            json!({"apiKey": {"id": key, "revokedAt": "2026-03-01T12:00:00Z"}, "userErrors": []}),
        ),
    ] {
        assert_eq!(payload(&fake, &mutation).await, answer, "{mutation}");
        assert_eq!(fake.asked(), [asked], "{mutation}");
    }
}

#[tokio::test]
async fn a_test_tells_what_is_behind_the_settings() {
    let fake = Fake::new();
    let shown =
        "{ ok serverVersion companyName baseCurrency timeZone companies { remoteId name } latencyMs missingPermissions
        error { code message retryable } userErrors { message } }";
    assert_eq!(
        payload(&fake, &format!("testErp(input: {{system: \"system\", settings: {{url: \"u\"}}}}) {shown}")).await,
        json!({"ok": true, "serverVersion": "19.0", "companyName": "ACME", "baseCurrency": "EUR",
            "timeZone": "Europe/Vienna", "companies": [{"remoteId": "1", "name": "ACME"}], "latencyMs": 25,
            "missingPermissions": ["INVOICE:read", "STOCK_LEVEL:read"], "error": null, "userErrors": []})
    );
    let wrong = format!("testErp(input: {{id: \"{ODOO}\", settings: {{password: \"x\"}}}}) {shown}");
    assert_eq!(
        payload(&fake, &wrong).await,
        json!({"ok": false, "serverVersion": null, "companyName": null, "baseCurrency": null, "timeZone": null,
            "companies": [], "latencyMs": 25, "missingPermissions": [], "userErrors": [],
            "error": {"code": "SOURCE_AUTH_FAILED", "message": "the ERP refuses the password", "retryable": false}})
    );
    assert_eq!(fake.asked(), ["test None Some(\"system\") with url=u", "test Some(odoo-1) None with password=x"]);
}

#[tokio::test]
async fn a_call_has_one_target_and_its_failure_is_told() {
    let fake = Fake::new();
    let shown = "{ result error { code message } userErrors { field code } }";
    let call = |input: &str| format!("callErp(input: {{erp: \"{ODOO}\", {input}}}) {shown}");
    let answered = json!({"result": {"rows": [1, 2.5, null, {"a": "b"}]}, "error": null, "userErrors": []});
    for (input, asked) in [
        (
            "model: \"res.partner\", method: \"search_read\", args: [[[\"id\", \">\", 1]]], kwargs: {limit: 5}",
            "call odoo-1 res.partner search_read [[[\"id\",\">\",1]]] {\"limit\":5}",
        ),
        ("path: \"Orders\", method: \"GET\", args: {x: \"1\"}", "call odoo-1 Orders GET {\"x\":\"1\"} null"),
    ] {
        assert_eq!(payload(&fake, &call(input)).await, answered);
        assert_eq!(fake.asked(), [asked]);
    }
    let refused = payload(&fake, &call("model: \"res.partner\", method: \"unlink\"")).await;
    assert_eq!(
        refused,
        json!({"result": null, "error": {"code": "SOURCE_REJECTED", "message": "the ERP refuses that"}, "userErrors": []})
    );
    fake.asked();
    for input in ["method: \"GET\"", "model: \"a\", path: \"b\", method: \"GET\""] {
        let refused = json!({"result": null, "error": null, "userErrors": [{"field": null, "code": "BAD_USER_INPUT"}]});
        assert_eq!(payload(&fake, &call(input)).await, refused);
    }
    assert!(fake.asked().is_empty());
    // Administrators need the scope as well.
    let query = format!("mutation {{ {} }}", call("model: \"a\", method: \"b\""));
    let response = run(&fake, &query, Json::Null, admin()).await;
    assert_eq!(error_of(&response), ("FORBIDDEN".into(), "This needs the scope erp:call.".into()));
}

#[tokio::test]
async fn wrong_input_is_told_in_the_payload_and_asks_nothing() {
    let fake = Fake::new();
    let record = crate::fake::invoice_id(1);
    let errors = "userErrors { field code }";
    let bad = |field: Json| json!([{"field": field, "code": "BAD_USER_INPUT"}]);
    let none = |field: Json| json!([{"field": field, "code": "NOT_FOUND"}]);
    for (mutation, expected) in [
        ("connectErp(input: {name: \"a\", system: \"b\", settings: \"x\"})".into(), bad(json!(["settings"]))),
        ("connectErp(input: {name: \"a\", system: \"b\", settings: [{}]})".into(), bad(json!(["settings"]))),
        (
            "connectErp(input: {name: \"a\", system: \"b\", settings: {url: \"u\", a: [1], b: {}, c: bare}})".into(),
            json!(["a", "b", "c"].map(|key| json!({"field": ["settings", key], "code": "BAD_USER_INPUT"}))),
        ),
        ("updateErp(input: {id: \"Not an id\"})".into(), none(json!(["id"]))),
        (format!("pauseErp(input: {{id: \"{record}\"}})"), none(json!(["id"]))),
        ("testErp(input: {system: \"a\", settings: 1})".into(), bad(json!(["settings"]))),
        ("createApiKey(input: {name: \"a\", role: ADMIN, erps: [\"a\", \"B\"]})".into(), none(json!(["erps", "1"]))),
        (format!("revokeApiKey(input: {{id: \"{ODOO}\"}})"), none(json!(["id"]))),
        ("callErp(input: {erp: \"\", method: \"x\", path: \"y\"})".into(), none(json!(["erp"]))),
    ] {
        let mutation: String = mutation;
        assert_eq!(payload(&fake, &format!("{mutation} {{ {errors} }}")).await["userErrors"], expected, "{mutation}");
        assert_eq!(fake.asked(), [""; 0], "{mutation}");
    }
    // What a port finds is told in the same way.
    let unknown = payload(
        &fake,
        "connectErp(input: {name: \"a\", system: \"b\", settings: {}}) { erp { id } userErrors { field message } }",
    );
    let expected = json!({"erp": null, "userErrors": [{"field": ["system"], "message": "There is no such system."}]});
    assert_eq!(unknown.await, expected);
}

#[tokio::test]
async fn many_wrong_settings_are_told_in_part() {
    let settings: serde_json::Map<String, Json> = (0..1_000).map(|n| (format!("k{n}"), json!([]))).collect();
    let query = "mutation($s: JSON!) { connectErp(input: {name: \"a\", system: \"b\", settings: $s}) { userErrors { field } } }";
    let data = data_of(run(&Fake::new(), query, json!({ "s": settings }), admin()).await);
    assert_eq!(data["connectErp"]["userErrors"].as_array().map(Vec::len), Some(20));
}

#[tokio::test]
async fn who_may_not_gets_an_error_and_the_other_mutations_go_on_in_order() {
    let fake = Fake::new();
    let query = format!(
        "mutation {{ a: pauseErp(input: {{id: \"{ODOO}\"}}) {{ erp {{ id }} }} b: callErp(input: {{erp: \"{ODOO}\", model: \"m\", \
         method: \"n\"}}) {{ result }} c: resumeErp(input: {{id: \"nowhere\"}}) {{ userErrors {{ code }} }} }}"
    );
    let who = Principal { erps: Some([ODOO.into()].into()), ..admin() };
    let response = run(&fake, &query, Json::Null, who).await;
    assert_eq!(error_of(&response).0, "FORBIDDEN");
    assert_eq!(json!(response.errors[0].path), json!(["b"]));
    let expected = json!({"a": {"erp": {"id": ODOO}}, "b": null, "c": {"userErrors": [{"code": "NOT_FOUND"}]}});
    assert_eq!(response.data.into_json().expect("JSON"), expected);
    assert_eq!(fake.asked(), ["pause odoo-1", "call odoo-1 m n null null", "resume nowhere"]);

    let response = run(&fake, &query, Json::Null, analyst()).await;
    assert_eq!(response.errors.len(), 3);
    assert!(response.errors.iter().all(|error| {
        error.extensions.as_ref().and_then(|all| all.get("code")).is_some_and(|code| *code == "FORBIDDEN".into())
    }));
}

#[tokio::test]
async fn what_would_fail_half_way_is_refused_before_the_first() {
    let fake = Fake::new();
    let pause = format!("a: pauseErp(input: {{id: \"{ODOO}\"}}) {{ erp {{ id }} }}");
    let payload = "{ userErrors { code } }";
    for (query, variable) in [
        (format!("mutation {{ {pause} b: pauseErp(input: 7) {payload} }}"), Json::Null),
        (format!("mutation {{ {pause} b: pauseErp(input: [{{id: \"x\"}}]) {payload} }}"), Json::Null),
        (format!("mutation($v: ErpInput!) {{ {pause} b: pauseErp(input: $v) {payload} }}"), json!("x")),
        (
            format!(
                "mutation($v: ErpInput!) {{ {pause} ...F }} fragment F on Mutation {{ b: pauseErp(input: $v) {payload} }}"
            ),
            json!([1]),
        ),
        (format!("mutation($v: ErpInput = 3) {{ {pause} ... {{ b: pauseErp(input: $v) {payload} }} }}"), Json::Null),
    ] {
        let variables = if variable.is_null() { json!({}) } else { json!({ "v": variable }) };
        let response = run(&fake, &query, variables, admin()).await;
        assert_eq!(error_of(&response), ("BAD_USER_INPUT".into(), "input: expected an object".into()), "{query}");
        assert!(response.errors[0].path.is_empty() && fake.asked().is_empty(), "{query}");
    }
    let query = format!(
        "mutation {{ {pause} b: createApiKey(input: {{name: \"x\", role: ADMIN, expiresAt: \"tomorrow\"}}) {payload} }}"
    );
    let response = run(&fake, &query, Json::Null, admin()).await;
    let says = "input.expiresAt: not a moment: write it with its zone, like \"2026-01-31T09:30:00Z\"";
    assert_eq!(error_of(&response), ("BAD_USER_INPUT".into(), says.into()));
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn nothing_that_is_refused_repeats_a_setting() {
    const SECRET: &str = "hunter2-correct-horse";
    let s = json!(SECRET);
    let of = |settings: &str| {
        let query = "connectErp(input: {name: \"a\", system: \"b\", settings: SETTINGS}) { erp { id } userErrors { field message } }";
        format!("mutation {{ {} }}", query.replace("SETTINGS", settings))
    };
    let settings = "mutation($v: JSON!) { connectErp(input: {name: \"a\", system: \"b\", settings: $v}) { userErrors { message } } }";
    let input = "mutation($v: ConnectErpInput!) { connectErp(input: $v) { erp { id } userErrors { field message } } }";
    let mistyped = settings.replace("JSON!", "Int!");
    let unknown = settings.replace("JSON!", "Settings!");
    let good = json!({"name": "a", "system": "b", "settings": {"password": SECRET}});
    let with = |key: &str, value: Json| {
        let mut input = good.clone();
        input[key] = value;
        input
    };
    let default =
        format!("mutation($v: ConnectErpInput = \"{SECRET}\") {{ connectErp(input: $v) {{ erp {{ id }} }} }}");
    for (query, variable) in [
        // Inline: of a wrong type, and next to what is no GraphQL.
        (of(&format!("\"{SECRET}\"")), Json::Null),
        (of(&format!("[\"{SECRET}\"]")), Json::Null),
        (of(&format!("{{password: [\"{SECRET}\"]}}")), Json::Null),
        (of(&format!("{{password: {{is: \"{SECRET}\"}}}}")), Json::Null),
        (of(&format!("{{password: \"{SECRET}\"")), Json::Null),
        (of(&format!("{{password: \"{SECRET}}}")), Json::Null),
        (of(&format!("{{password: = \"{SECRET}\"}}")), Json::Null),
        (of(&format!("{{password: \"{SECRET}\"}}, nope: 1")), Json::Null),
        (of(&format!("{{password: \"{SECRET}\"}}")).replace("name: \"a\", ", ""), Json::Null),
        (format!("mutation {{ connectErp(input: \"{SECRET}\") {{ erp {{ id }} }} }}"), Json::Null),
        (format!("mutation {{ connectErp(input: [{{settings: \"{SECRET}\"}}]) {{ erp {{ id }} }} }}"), Json::Null),
        (
            format!(
                "mutation {{ updateErp(input: {{id: \"{ODOO}\", settings: [\"{SECRET}\"]}}) {{ userErrors {{ message }} }} }}"
            ),
            Json::Null,
        ),
        (
            format!(
                "mutation {{ testErp(input: {{system: \"b\", settings: {{password: {{a: \"{SECRET}\"}}}}}}) {{ userErrors {{ message }} }} }}"
            ),
            Json::Null,
        ),
        (default, Json::Null),
        // In variables.
        (settings.into(), s.clone()),
        (settings.into(), json!([SECRET])),
        (settings.into(), json!({"password": [SECRET]})),
        (settings.into(), json!({"password": {"is": SECRET}})),
        (mistyped, s.clone()),
        (unknown, json!({"password": SECRET})),
        (input.into(), s.clone()),
        (input.into(), json!([SECRET])),
        (input.into(), json!([good])),
        (input.into(), with("name", json!([SECRET]))),
        (input.into(), with("name", json!({"password": SECRET}))),
        (input.into(), with("test", s.clone())),
        (input.into(), with("settings", s.clone())),
        (input.into(), with("settings", Json::Null)),
        (input.into(), with("nope", s)),
    ] {
        let fake = Fake::new();
        let response = run(&fake, &query, json!({ "v": variable }), admin()).await;
        let shown = serde_json::to_string(&response).expect("JSON");
        assert!(!shown.contains("hunter2"), "{query} {variable}: {shown}");
        assert!(!shown.contains("INTERNAL"), "the log would tell it: {query} {variable}: {shown}");
        let refused = !response.errors.is_empty() || shown.contains("\"message\"");
        assert!(refused && fake.asked().is_empty(), "{query} {variable}: {shown}");
    }
    let fake = Fake::new();
    let document = fake.api().parse(&of(&format!("{{password: \"{SECRET}\"}}")), "r").expect("a document");
    assert!(!format!("{document:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_call_to_an_erp_costs_as_much_as_a_page() {
    let fake = Fake::new();
    let cost = async |query: &str| {
        let response = run(&fake, query, Json::Null, admin()).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        serde_json::to_value(&response.extensions["cost"]).expect("JSON")["complexity"].as_u64().unwrap_or_default()
    };
    let id = format!("(input: {{id: \"{ODOO}\"}}) {{ userErrors {{ code }} }}");
    assert_eq!(cost(&format!("mutation {{ pauseErp{id} }}")).await, 3);
    assert_eq!(cost(&format!("mutation {{ testErp{id} }}")).await, 52);
    assert_eq!(cost("{ auditLog(first: 200) { nodes { at } } }").await, 401);
    assert_eq!(cost("query($n: Int) { auditLog(first: $n) { nodes { at } } }").await, 101);
}
