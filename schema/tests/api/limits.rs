//! How much one request may ask for, and how long it may take.

use crate::fake::{Call, Fake, analyst, ask, data, error, respond};
use async_graphql::Variables;
use schema::Limits;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// What GraphiQL and code generators send: `getIntrospectionQuery` of graphql-js 16, with all its options.
const INTROSPECTION: &str = include_str!("introspection.graphql");

#[tokio::test]
async fn tools_can_read_the_schema_and_circles_are_refused() {
    let api = Fake::new().api();
    let schema = data(&api, INTROSPECTION).await;
    assert!(schema["__schema"]["types"].as_array().is_some_and(|types| types.len() > 100));
    let one = data(&api, "{ __type(name: \"Invoice\") { fields { name type { name fields { name } } } } }").await;
    assert!(one["__type"]["fields"].as_array().is_some_and(|fields| fields.len() > 10));
    let circle = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    let (code, message) = error(&api, circle).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX");
    assert!(message.contains("3 lists") && message.contains("introspection_depth) is 2"), "{message}");
}

#[tokio::test]
async fn the_schema_and_its_names_can_be_kept_secret() {
    let open = Fake::new().api();
    assert!(error(&open, "{ invoices { nodes { numbr } } }").await.1.contains("\"number\""));
    let closed = Fake::new().api_with(Limits { introspection: false, suggestions: false, ..Limits::default() });
    let (code, message) = error(&closed, "{ invoices { nodes { numbr } } }").await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    assert!(message.contains("numbr") && !message.contains("number"), "{message}");
    for query in
        ["{ __schema { types { name } } }", "{ ...F } fragment F on Query { a: __type(name: \"Invoice\") { name } }"]
    {
        let (code, message) = error(&closed, query).await;
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        assert!(message.contains("switched off"), "{message}");
    }
    assert_eq!(data(&closed, "{ __typename }").await, json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn refusals_name_the_limit_and_the_value() {
    let fake = Fake::new();
    let api = fake.api_with(Limits { complexity: 5_000, depth: 5, variables: 10, ..Limits::default() });
    let page = |n: usize| {
        format!("{{ customers(first: {n}) {{ nodes {{ invoices(first: 50) {{ nodes {{ number }} }} }} }} }}")
    };
    assert_eq!(error(&api, &page(200)).await.1, "The answer may hold 20401 values; the limit (complexity) is 5000.");
    let response = respond(&api, &page(200)).await;
    assert_eq!(
        serde_json::to_value(&response.extensions["cost"]).expect("JSON"),
        json!({"complexity": 20401, "limit": 5000})
    );
    let deep = "{ customers { nodes { parent { parent { parent { name } } } } } }";
    assert_eq!(error(&api, deep).await.1, "The query is 6 levels deep; the limit (depth) is 5.");
    let ids = Variables::from_json(json!({ "ids": vec!["x"; 10] }));
    let response = ask(&api, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids, analyst()).await;
    assert_eq!(response.errors[0].message, "The variables hold 11 values; the limit (variables) is 10.");
    // A page of nothing costs something: its number of records is asked for each parent.
    let counts = "{ customers(first: 200) { nodes { invoices(first: 0) { totalCount { value precision } sources { calls } } } } }";
    let response = respond(&fake.api(), counts).await;
    assert!(serde_json::to_value(&response.extensions["cost"]).expect("JSON")["complexity"].as_u64() > Some(1_000));
    assert!(fake.calls().iter().all(|call| !matches!(call, Call::GetMany(..))));
}

#[tokio::test]
async fn an_answer_does_not_repeat_a_bad_request_at_length() {
    let api = Fake::new().api();
    let flood: String = (0..2_000).map(|n| format!("x{n} ")).collect();
    let response = respond(&api, &format!("{{ {flood} }}")).await;
    assert_eq!(response.errors.len(), 21);
    assert_eq!(response.errors[20].message, "There are 1980 more errors.");
    let long = format!(
        "{{ invoices(after: \"{}\") {{ nodes {{ id }} }} customer(id: \"{0}\") {{ id }} }}",
        "é".repeat(50_000)
    );
    let response = respond(&api, &long).await;
    assert!(
        response.errors.iter().all(|error| error.message.chars().count() <= 501),
        "{:.1000}",
        response.errors[0].message
    );
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_request_bounds_every_read() {
    let fake = Fake::new();
    let api = fake.api_with(Limits { time: Duration::from_secs(7), ..Limits::default() });
    let started = Instant::now();
    data(&api, "{ invoices(read: {timeoutMs: 60000}) { nodes { customer { name } } } customers { nodes { invoices { nodes { id } } } } }").await;
    let calls = fake.calls();
    assert_eq!(calls.len(), 4);
    for call in calls {
        let options = match call {
            Call::List(list) | Call::Count(list) => list.options,
            Call::GetMany(_, _, options) => options,
            Call::Children(_, children) => children.options,
        };
        assert_eq!(options.deadline, Some(started + Duration::from_secs(7)));
    }
    let usual = Duration::from_secs(3);
    let options = schema::ports::ReadOptions { deadline: Some(started + Duration::from_secs(7)), ..Default::default() };
    assert_eq!(options.wait(usual), usual);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(options.wait(usual), Duration::from_secs(2));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(options.wait(usual), Duration::ZERO);
}
