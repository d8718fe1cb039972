//! Errors: partial answers, codes, and limits.

use crate::fake::{B1, Fake, ODOO, analyst, caller, customer_id, data, error, error_of, invoice_id, respond};
use schema::Limits;
use serde_json::json;
use std::fmt::Write;

#[tokio::test]
async fn a_list_shows_what_the_healthy_erps_gave() {
    let fake = Fake::new();
    fake.down.lock().expect("not poisoned").insert(B1.into());
    let query = "{ invoices(first: 200) { nodes { id } totalCount { value precision } sources { erp { id } status servedFrom records
        error { code message retryable retryAfterMs } } } }";
    let answer = data(&fake.api(), query).await;
    assert_eq!(answer["invoices"]["nodes"].as_array().map(Vec::len), Some(60));
    assert_eq!(answer["invoices"]["totalCount"], json!({"value": 60, "precision": "AT_LEAST"}));
    assert_eq!(
        answer["invoices"]["sources"][0],
        json!({"erp": {"id": B1}, "status": "FAILED", "servedFrom": null, "records": 0,
            "error": {"code": "SOURCE_TIMEOUT", "message": "the ERP did not answer in time", "retryable": true, "retryAfterMs": 1500}})
    );
}

#[tokio::test]
async fn all_or_nothing_is_an_error_of_the_erp() {
    let fake = Fake::new();
    fake.down.lock().expect("not poisoned").insert(B1.into());
    let response = respond(
        &fake.api(),
        "{ a: invoices(read: {onSourceError: FAIL}) { nodes { id } } b: customers { nodes { id } } }",
    )
    .await;
    let shown = serde_json::to_value(&response.errors).expect("JSON");
    assert_eq!(
        shown,
        json!([{"message": "the ERP did not answer in time", "locations": [{"line": 1, "column": 3}], "path": ["a"], "extensions":
            {"code": "SOURCE_TIMEOUT", "erpId": B1, "system": "system", "retryable": true, "retryAfterMs": 1500, "requestId": "r-1"}}])
    );
    let data = response.data.into_json().expect("JSON");
    assert_eq!(data["a"], json!(null));
    assert_eq!(data["b"]["nodes"].as_array().map(Vec::len), Some(27), "the other list is not taken along");
}

#[tokio::test]
async fn a_single_record_of_a_failing_erp_is_null_with_an_error_at_its_path() {
    let fake = Fake::new();
    fake.down.lock().expect("not poisoned").insert(ODOO.into());
    let api = fake.api();
    let (id, other) = (invoice_id(1), customer_id(1));
    let response = respond(
        &api,
        &format!("{{ invoice(id: \"{id}\") {{ id }} node(id: \"{other}\") {{ id }} nodes(ids: [\"{id}\"]) {{ id }} }}"),
    )
    .await;
    let mut paths: Vec<_> =
        response.errors.iter().map(|error| serde_json::to_value(&error.path).expect("JSON").to_string()).collect();
    paths.sort();
    assert_eq!(paths, ["[\"invoice\"]", "[\"node\"]", "[\"nodes\",0]"]);
    assert!(!serde_json::to_string(&response).expect("JSON").contains("secret"));
    assert_eq!(response.data.into_json().expect("JSON"), json!({"invoice": null, "node": null, "nodes": [null]}));
}

#[tokio::test]
async fn a_failed_relation_is_null_and_the_record_stays() {
    // The list is served, and the ERP goes down before the relations are asked for.
    let fake = Fake::new();
    let api = fake.api();
    let query =
        "{ invoices(first: 2) { nodes { number customer { name } lines { product { name } taxRates { name } } } } }";
    let go_down = async {
        // The list is answered at once; the relations wait one turn of the batch.
        tokio::task::yield_now().await;
        fake.down.lock().expect("not poisoned").insert(ODOO.into());
    };
    let (response, ()) = futures_util::future::join(respond(&api, query), go_down).await;
    let mut paths: Vec<_> =
        response.errors.iter().map(|error| serde_json::to_value(&error.path).expect("JSON").to_string()).collect();
    paths.sort();
    assert_eq!(paths.len(), 2 + 4 + 4, "{paths:?}");
    assert_eq!(paths[0], r#"["invoices","nodes",0,"customer"]"#);
    assert_eq!(paths[1], r#"["invoices","nodes",0,"lines",0,"product"]"#);
    let data = response.data.into_json().expect("JSON");
    assert_eq!(
        data["invoices"]["nodes"][1],
        json!({"number": "INV/0001", "customer": null, "lines": [{"product": null, "taxRates": null}, {"product": null, "taxRates": null}]})
    );
}

#[tokio::test]
async fn a_relation_to_a_deleted_record_is_null_without_error() {
    let answer = data(
        &Fake::new().api(),
        &format!("{{ invoices(erps: [\"{B1}\"]) {{ nodes {{ customer {{ name }} total {{ amount }} }} }} }}"),
    )
    .await;
    assert_eq!(answer["invoices"]["nodes"], json!([{"customer": null, "total": {"amount": "3.00"}}]));
}

#[tokio::test]
async fn children_of_a_failing_erp_are_partial_or_fail() {
    let fake = Fake::new();
    let api = fake.api();
    let query = |read: &str| {
        format!(
            "{{ customer(id: \"{}\"{read}) {{ name invoices {{ nodes {{ id }} sources {{ status }} }} }} }}",
            customer_id(1)
        )
    };
    let go_down = async || {
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        fake.down.lock().expect("not poisoned").insert(ODOO.into());
    };
    let (partial, ()) = futures_util::future::join(data(&api, &query("")), go_down()).await;
    let sources = json!([{"status": "OK"}, {"status": "FAILED"}]);
    assert_eq!(partial["customer"], json!({"name": "Customer 01", "invoices": {"nodes": [], "sources": sources}}));
    fake.down.lock().expect("not poisoned").clear();
    let (failed, ()) =
        futures_util::future::join(respond(&api, &query(", read: {onSourceError: FAIL}")), go_down()).await;
    assert_eq!(error_of(&failed).0, "SOURCE_TIMEOUT");
    assert_eq!(failed.data.into_json().expect("JSON")["customer"], json!({"name": "Customer 01", "invoices": null}));
}

#[tokio::test]
async fn raw_needs_its_scope() {
    let fake = Fake::new();
    let response = respond(&fake.api(), &format!("{{ customer(id: \"{}\") {{ name raw }} }}", customer_id(1))).await;
    assert_eq!(error_of(&response), ("FORBIDDEN".into(), "This needs the scope records:raw.".into()));
    assert_eq!(serde_json::to_value(&response.errors[0].path).expect("JSON"), json!(["customer", "raw"]));
    assert_eq!(response.data.into_json().expect("JSON")["customer"], json!({"name": "Customer 01", "raw": null}));
    let calls = fake.calls();
    let [crate::fake::Call::GetMany(_, fields, _)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(crate::fake::names(adapters::model::EntityType::Customer, *fields), ["name"], "it is not even read");
}

/// The mapping never gives such a record: it is the port's fault, and must not look like an answer.
#[tokio::test]
async fn a_record_without_a_required_value_is_null_up_to_what_may_be_null() {
    let api = Fake::new().api();
    let response =
        respond(&api, "{ receipts { nodes { number vendor { email name } } } vendors { nodes { email } } }").await;
    let (code, message) = error_of(&response);
    assert_eq!(code, "INTERNAL");
    assert!(message.contains("its log tells more"), "{message}");
    let path = json!(["receipts", "nodes", 0, "vendor", "name"]);
    assert_eq!(serde_json::to_value(&response.errors[0].path).expect("JSON"), path);
    let data = response.data.into_json().expect("JSON");
    assert_eq!(data["receipts"]["nodes"], json!([{"number": "R-1", "vendor": null}]));
    assert_eq!(data["vendors"]["nodes"], json!([{"email": "v@example.com"}]));

    let response = respond(&api, "{ vendors { nodes { name } } customers { nodes { id } } }").await;
    assert_eq!(error_of(&response).0, "INTERNAL");
    let data = response.data.into_json().expect("JSON");
    assert_eq!(data["vendors"], json!(null), "a list without gaps is none if one record is broken");
    assert_eq!(data["customers"]["nodes"].as_array().map(Vec::len), Some(27));
}

#[tokio::test]
async fn requests_that_are_no_queries_have_the_codes_of_apollo() {
    let api = Fake::new().api();
    for broken in ["{ invoices", "", &format!("{{ invoices(after: {}) }}", "[".repeat(50))] {
        let (code, message) = error(&api, broken).await;
        assert_eq!(code, "GRAPHQL_PARSE_FAILED");
        assert!(message.starts_with("Syntax error: ") && message.len() < 200, "{message:.300}");
    }
    assert_eq!(error(&api, "{ nope }").await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(error(&api, "{ invoices }").await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(error(&api, "{ ...A } fragment A on Query { erps { id } ...A }").await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(error(&api, "query A { erps { id } } query B { erps { id } }").await.0, "GRAPHQL_VALIDATION_FAILED");
    let missing = "query($id: ID!) { customer(id: $id) { id } }";
    let message = "Variable \"$id\" of required type \"ID!\" was not provided.";
    assert_eq!(error(&api, missing).await, ("BAD_USER_INPUT".into(), message.into()));
    assert_eq!(error(&api, "query($id: ID!) { node(id: $id) { id } }").await.0, "BAD_USER_INPUT");
    let response = api
        .execute(api.parse("{ erps { id } }", "r-1").expect("a query").request().operation_name("X"), caller(analyst()))
        .await
        .response;
    assert_eq!(error_of(&response).0, "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn what_asks_for_too_much_is_refused_before_anything_is_read() {
    let fake = Fake::new();
    let api = fake.api_with(Limits {
        depth: 16,
        complexity: 5_000,
        aliases: 5,
        directives: 2,
        selections: 1_000,
        ..Limits::default()
    });
    let mut deep = String::from("name");
    for _ in 0..16 {
        deep = format!("parent {{ {deep} }}");
    }
    let mut aliases = String::new();
    for n in 0..6 {
        let _ = write!(aliases, "a{n}: number ");
    }
    let mut bomb = String::from("query { customers { nodes { ...F0 } } } fragment F40 on Customer { name }");
    for n in 0..40 {
        let _ = write!(bomb, " fragment F{n} on Customer {{ ...F{0} ...F{0} }}", n + 1);
    }
    for query in [
        format!("{{ customers {{ nodes {{ {deep} }} }} }}"),
        "{ customers(first: 200) { nodes { name invoices(first: 200) { nodes { number } } } } }".into(),
        "query($n: Int = 200) { customers(first: $n) { nodes { invoices(first: $n) { nodes { number } } } } }".into(),
        format!("{{ invoices {{ nodes {{ {aliases} }} }} }}"),
        "{ invoices { nodes { number @include(if: true) @include(if: true) @include(if: true) } } }".into(),
        bomb,
    ] {
        let (code, message) = error(&api, &query).await;
        assert_eq!(code, "QUERY_TOO_COMPLEX", "{query:.100}: {message}");
    }
    assert!(fake.calls().is_empty());
    data(&api, "{ customers(first: 20) { nodes { name invoices(first: 20) { nodes { number } } } } }").await;
}
