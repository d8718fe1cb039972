//! Bad input: each a clear error with a code.

use crate::start;
use serde_json::json;
use tests::{Setup, uncached};

#[tokio::test]
async fn bad_input_is_named() {
    let (app, _clock) = start(Setup::default()).await;
    let invoice = app.data("{ invoices(first: 1) { nodes { id } } }").await["invoices"]["nodes"][0]["id"].clone();
    let invoice = invoice.as_str().expect("an id");
    app.reset();
    let nested =
        |n: usize| format!("{{ customers {{ nodes {{ {} name {} }} }} }}", "parent { ".repeat(n), "} ".repeat(n));
    let aliases: String = (0..150).map(|n| format!("a{n}: __typename ")).collect();
    let page =
        "customers(first: 200) { nodes { invoices(first: 200) { nodes { lines { description quantity } number } } } }";
    for (query, code, says) in [
        ("{ invoices { nodes { numbr } } }".to_owned(), "GRAPHQL_VALIDATION_FAILED", "numbr"),
        ("{ invoices { nodes { number }".to_owned(), "GRAPHQL_PARSE_FAILED", ""),
        ("{ invoices(first: 100000) { nodes { id } } }".to_owned(), "BAD_USER_INPUT", "first: at most 200"),
        ("{ invoices(first: -1) { nodes { id } } }".to_owned(), "BAD_USER_INPUT", "first"),
        ("{ invoices(after: \"nonsense\") { nodes { id } } }".to_owned(), "BAD_USER_INPUT", "after"),
        (format!("{{ customer(id: \"{invoice}\") {{ id }} }}"), "BAD_USER_INPUT", "Customer"),
        ("{ customer(id: \"12\") { id } }".to_owned(), "BAD_USER_INPUT", "id"),
        (
            format!("{{ invoices(where: {{customer: {{eq: \"{invoice}\"}}}}) {{ nodes {{ id }} }} }}"),
            "BAD_USER_INPUT",
            "customer",
        ),
        ("{ invoices(erps: [\"nowhere\"]) { nodes { id } } }".to_owned(), "BAD_USER_INPUT", "erps[0]"),
        ("{ invoices(where: {nmber: {eq: \"1\"}}) { nodes { id } } }".to_owned(), "", "nmber"),
        ("{ invoices(where: {total: {eq: \"much\"}}) { nodes { id } } }".to_owned(), "", "total"),
        ("{ invoices(where: {issueDate: {gte: \"31.12.2025\"}}) { nodes { id } } }".to_owned(), "", "issueDate"),
        ("{ invoices(orderBy: {field: COLOUR}) { nodes { id } } }".to_owned(), "", "COLOUR"),
        (nested(40), "QUERY_TOO_COMPLEX", ""),
        (format!("{{ {aliases} }}"), "QUERY_TOO_COMPLEX", ""),
        (format!("{{ {page} b: {page} }}"), "QUERY_TOO_COMPLEX", ""),
    ] {
        let (found, message) = app.error(&query).await;
        println!("{found}: {message}");
        assert!(
            code.is_empty() && matches!(found.as_str(), "BAD_USER_INPUT" | "GRAPHQL_VALIDATION_FAILED")
                || found == code,
            "{query:.80}: {found} {message}"
        );
        assert!(message.contains(says), "{query:.80}: {message}");
        assert!(message.len() < 600, "{message}");
    }
    assert_eq!(app.requests(), [0, 0, 0], "nobody is asked");
}

#[tokio::test]
async fn a_cursor_of_another_query_is_refused() {
    let (app, _clock) = start(Setup::default()).await;
    let data = app
        .data("{ invoices(first: 5) { pageInfo { endCursor } } salesOrders(first: 5) { pageInfo { endCursor } } }")
        .await;
    let cursor = |list: &str| data[list]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned();
    let (invoices, orders) = (cursor("invoices"), cursor("salesOrders"));
    let mut bent = invoices.clone();
    bent.replace_range(30..31, if &bent[30..31] == "A" { "B" } else { "A" });
    for arguments in [
        format!("after: \"{orders}\""),
        format!("after: \"{invoices}\", where: {{status: {{eq: PAID}}}}"),
        format!("after: \"{invoices}\", orderBy: {{field: TOTAL}}"),
        format!("after: \"{invoices}\", erps: [\"odoo\"]"),
        format!("after: \"{bent}\""),
        format!("after: \"{}\"", &invoices[..invoices.len() - 4]),
        format!("after: \"{}\"", "A".repeat(100_000)),
        "after: \"\"".to_owned(),
    ] {
        let (code, message) = app.error(&format!("{{ invoices(first: 5, {arguments}) {{ nodes {{ id }} }} }}")).await;
        assert_eq!(code, "BAD_USER_INPUT", "{arguments:.60}");
        assert!(message.starts_with("after: not a cursor of this list"), "{message}");
    }
    // Another number of records is no other query.
    app.data(&format!("{{ invoices(first: 9, after: \"{invoices}\") {{ nodes {{ id }} }} }}")).await;
}

/// A filter that an ERP cannot evaluate is evaluated here, up to a number of records; beyond it the source says what helps.
#[tokio::test]
async fn a_filter_beyond_the_budget_names_the_cure() {
    let configure = |config: &mut gateway::config::Config| {
        uncached(config);
        config.read.scan_records = 40;
    };
    let (app, _clock) = start(Setup { configure, ..Setup::default() }).await;
    // QuickBooks does not ask by currency.
    let list = "invoices(first: 50, where: {currency: {eq: \"XXX\"}}";
    let data = app.data(&format!("{{ {list}) {{ nodes {{ id }} sources {{ erp {{ id }} status filtering error {{ code message retryable }} }} }} }}")).await;
    assert_eq!(data["invoices"]["nodes"], json!([]));
    let sources = data["invoices"]["sources"].as_array().expect("sources");
    let of = |id: &str| sources.iter().find(|source| source["erp"]["id"] == id).expect("a source");
    assert_eq!((&of("odoo")["status"], &of("sap-b1")["status"]), (&json!("OK"), &json!("OK")), "{data}");
    let refused = of("quickbooks");
    assert_eq!(
        (&refused["status"], &refused["error"]["code"]),
        (&json!("FAILED"), &json!("UNSUPPORTED_BY_SOURCE")),
        "{refused}"
    );
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(message.contains("Narrow the filter") && !message.contains("  "), "{message:?}");
    let (code, _) = app.error(&format!("{{ {list}, read: {{onSourceError: FAIL}}) {{ nodes {{ id }} }} }}")).await;
    assert_eq!(code, "UNSUPPORTED_BY_SOURCE");
    // With a condition that narrows it enough, it works.
    let narrow = "{ invoices(first: 5, erps: [\"quickbooks\"], where: {currency: {eq: \"USD\"}, number: {isNull: false}}) { nodes { currency } sources { status filtering } } }";
    let data = app.data(narrow).await;
    assert_eq!(data["invoices"]["sources"][0]["status"], "OK", "{data}");
}
