//! Lists over all ERPs: what they cost, how they page, what they say of their sources.

use crate::start;
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulators::System;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use tests::{App, Setup};

pub(crate) const INVOICES: &str = "{ invoices(first: 50) { nodes { number total { amount } customer { name } } } }";
const CUSTOMERS: &str = "{ customers(first: 20) { nodes { name invoices(first: 5) { nodes { number } }
                           salesOrders(first: 5) { nodes { number } } } } }";

fn nodes(list: &Value) -> &Vec<Value> {
    list["nodes"].as_array().unwrap_or_else(|| panic!("no nodes: {list}"))
}

fn no_big_customer() -> Setup {
    Setup { options: |_, options| options.big_customer = Some(false), ..Setup::default() }
}

#[tokio::test]
async fn invoices_with_customers_cost_two_two_and_five_calls() {
    let (app, _clock) = start(no_big_customer()).await;
    app.warm_up().await;
    let data = app.data(INVOICES).await;
    let invoices = nodes(&data["invoices"]);
    assert_eq!(invoices.len(), 50);
    assert!(
        invoices
            .iter()
            .all(|invoice| invoice["customer"]["name"].is_string() && invoice["total"]["amount"].is_string())
    );
    assert_eq!(app.requests(), [2, 2, 5], "Odoo, Business One, QuickBooks");
}

#[tokio::test]
async fn customers_with_documents_cost_three_three_and_six_calls() {
    let (app, _clock) = start(no_big_customer()).await;
    app.warm_up().await;
    let data = app.data(CUSTOMERS).await;
    let customers = nodes(&data["customers"]);
    assert_eq!(customers.len(), 20);
    assert!(customers.iter().any(|customer| nodes(&customer["invoices"]).len() == 5));
    assert_eq!(app.requests(), [3, 3, 6], "Odoo, Business One, QuickBooks");
}

/// One customer owns nine invoices of ten: at most one more call for each relation, and the answer is exact.
#[tokio::test]
async fn a_big_customer_costs_one_call_more() {
    // So many that the big customer's invoices crowd out the others'.
    let options = |_, options: &mut simulators::Options| (options.records, options.big_customer) = (800, Some(true));
    let (app, _clock) = start(Setup { options, ..Setup::default() }).await;
    app.warm_up().await;
    let query = "{ customers(first: 200) { nodes { id name invoices(first: 5) { nodes { id } } } } }";
    let data = app.data(query).await;
    let calls = app.requests();
    println!("with big customers: {calls:?}");
    for (calls, most) in calls.into_iter().zip([2 + 1, 2 + 1, 5 + 1]) {
        assert!(calls <= most, "{calls} calls, {most} would do");
    }
    // What the whole list of invoices says of each customer.
    let mut expected: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for invoice in all(&app, "invoices", "", "id customer { id }", 200).await {
        if let Some(customer) = invoice["customer"]["id"].as_str() {
            expected.entry(customer.to_owned()).or_default().push(json!({ "id": invoice["id"] }));
        }
    }
    for customer in nodes(&data["customers"]) {
        let mut all = expected.remove(customer["id"].as_str().expect("an id")).unwrap_or_default();
        all.truncate(5);
        assert_eq!(nodes(&customer["invoices"]), &all, "{}", customer["name"]);
    }
}

/// Reads a list to its end.
async fn all(app: &App, list: &str, arguments: &str, fields: &str, first: usize) -> Vec<Value> {
    let query = format!(
        "query($after: String) {{ {list}(first: {first}, after: $after {arguments}) {{ nodes {{ {fields} }}
         pageInfo {{ hasNextPage endCursor }} sources {{ status }} }} }}"
    );
    let mut records = Vec::new();
    let mut after = Value::Null;
    loop {
        let data = app.data_with(&query, json!({ "after": after })).await;
        let page = &data[list];
        // An ERP is left out where a condition names records of another.
        let sources = page["sources"].as_array().expect("sources");
        assert!(sources.iter().all(|source| source["status"] == "OK" || source["status"] == "SKIPPED"), "{sources:?}");
        records.extend(nodes(page).iter().cloned());
        assert!(nodes(page).len() <= first);
        if page["pageInfo"]["hasNextPage"] != true {
            return records;
        }
        assert!(after != page["pageInfo"]["endCursor"], "a page that goes nowhere");
        after = page["pageInfo"]["endCursor"].clone();
        assert!(records.len() < 10_000);
    }
}

fn ids(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn paging_goes_through_everything_once_and_in_order() {
    let (app, _clock) = start(Setup::default()).await;
    let (both, books) = (["odoo", "sap-b1"].as_slice(), ["odoo", "quickbooks"].as_slice());
    let every = ["odoo", "sap-b1", "quickbooks"].as_slice();
    for (list, order, erps, field) in [
        ("invoices", "", every, "issueDate"),
        ("invoices", "orderBy: {field: TOTAL, direction: DESC}", both, "total { amount }"),
        ("invoices", "orderBy: {field: BALANCE_DUE, direction: DESC}", books, "balanceDue { amount }"),
        ("invoices", "orderBy: [{field: ISSUE_DATE}, {field: NUMBER, direction: DESC}]", every, "issueDate"),
        ("salesOrders", "", every, "orderDate"),
        ("customers", "", every, "name"),
        ("products", "orderBy: {field: SKU, direction: DESC}", both, "sku"),
    ] {
        let arguments = format!("erps: {erps:?} {order}");
        let expected = app.data(&format!("{{ {list}(erps: {erps:?}) {{ totalCount {{ value precision }} }} }}")).await;
        let count = &expected[list]["totalCount"];
        assert_eq!(count["precision"], "EXACT");
        let records = all(&app, list, &arguments, &format!("id {field} erp {{ id }}"), 37).await;
        let distinct: HashSet<_> = ids(&records).into_iter().collect();
        assert_eq!(distinct.len(), records.len(), "{list} {order}: a record twice");
        assert_eq!(count["value"], json!(records.len()), "{list} {order}");
        let seen: BTreeSet<_> = records.iter().map(|record| record["erp"]["id"].to_string()).collect();
        assert_eq!(seen.len(), erps.len(), "{list}");
        // Dates and amounts are in exact order over all ERPs; texts are each ERP's own to sort.
        let key = field.split(' ').next().expect("a field");
        let values: Vec<_> = records.iter().map(|record| &record[key]).collect();
        let amount =
            |value: &Value| value["amount"].as_str().and_then(|text| text.parse::<rust_decimal::Decimal>().ok());
        match key {
            "issueDate" if order.contains("ISSUE_DATE") => assert!(
                values.is_sorted_by(|a, b| b.is_null() || (!a.is_null() && a.as_str() <= b.as_str())),
                "{values:?}"
            ),
            "issueDate" | "orderDate" => {
                assert!(values.is_sorted_by(|a, b| b.is_null() || a.as_str() >= b.as_str()), "{values:?}");
            }
            "total" | "balanceDue" => {
                assert!(values.is_sorted_by(|a, b| b.is_null() || amount(a) >= amount(b)), "{values:?}")
            }
            _ => {}
        }
        // Other pages, the same list.
        let again = all(&app, list, &arguments, "id", 200).await;
        assert_eq!(ids(&again), ids(&records), "{list} {order}");
    }
}

/// QuickBooks does not sort by totals: it is left out and says so, and the others go on in order.
#[tokio::test]
async fn an_erp_that_cannot_sort_so_is_left_out() {
    let (app, _clock) = start(Setup::default()).await;
    let query = "{ invoices(first: 40, orderBy: {field: TOTAL, direction: DESC}) { nodes { erp { id } }
                   sources { erp { id } status error { code message retryable } } } }";
    let data = app.data(query).await;
    let of = |node: &Value| node["erp"]["id"].as_str().expect("an id").to_owned();
    let seen: BTreeSet<_> = nodes(&data["invoices"]).iter().map(of).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["odoo", "sap-b1"]);
    let sources = data["invoices"]["sources"].as_array().expect("sources");
    let refused = sources.iter().find(|source| of(source) == "quickbooks").expect("a source");
    assert_eq!((&refused["status"], &refused["error"]["code"]), (&json!("FAILED"), &json!("UNSUPPORTED_BY_SOURCE")));
    assert_eq!(refused["error"]["retryable"], false, "{refused}");
    assert_eq!(app.erp(System::QuickBooks).stats().requests, 0, "nobody is asked for what cannot be");
}

#[tokio::test]
async fn a_cursor_goes_on_after_any_row() {
    let (app, _clock) = start(Setup::default()).await;
    let data =
        app.data("{ invoices(first: 40) { edges { cursor node { id } } pageInfo { startCursor endCursor } } }").await;
    let edges = data["invoices"]["edges"].as_array().expect("edges");
    assert_eq!(data["invoices"]["pageInfo"]["startCursor"], edges[0]["cursor"]);
    assert_eq!(data["invoices"]["pageInfo"]["endCursor"], edges[39]["cursor"]);
    for at in [0, 7, 22, 38] {
        let query =
            "query($after: String) { invoices(first: 1, after: $after) { nodes { id } pageInfo { hasPreviousPage } } }";
        let next = app.data_with(query, json!({ "after": edges[at]["cursor"] })).await;
        assert_eq!(next["invoices"]["nodes"][0]["id"], edges[at + 1]["node"]["id"], "after row {at}");
        assert_eq!(next["invoices"]["pageInfo"]["hasPreviousPage"], true);
    }
}

#[tokio::test]
async fn sources_and_origin_tell_where_everything_comes_from() {
    let (app, _clock) = start(Setup::default()).await;
    app.warm_up().await;
    let query = "{ invoices(first: 60, where: {total: {gte: 10}}) { nodes { erp { id system { key } } remoteType remoteId origin { servedFrom asOf ageMs } }
                   sources { erp { id } status servedFrom asOf ageMs records quarantined calls tookMs filtering error { code } } } }";
    let data = app.data(query).await;
    let list = &data["invoices"];
    let sources = list["sources"].as_array().expect("sources");
    assert_eq!(sources.len(), 3);
    for source in sources {
        assert_eq!((&source["status"], &source["servedFrom"]), (&json!("OK"), &json!("LIVE")), "{source}");
        assert_eq!((&source["quarantined"], &source["error"]), (&json!(0), &Value::Null), "{source}");
        assert!(source["ageMs"].as_i64().expect("an age") < 60_000 && source["asOf"].is_string());
        let own = nodes(list).iter().filter(|node| node["erp"]["id"] == source["erp"]["id"]).count();
        assert_eq!(source["records"], json!(own), "{source}");
    }
    let calls: Vec<_> = ["odoo", "sap-b1", "quickbooks"]
        .iter()
        .map(|id| {
            sources.iter().find(|source| source["erp"]["id"] == **id).expect("a source")["calls"]
                .as_u64()
                .expect("a number")
        })
        .collect();
    assert_eq!(calls, app.requests(), "the calls that a source reports are those that it received");
    for node in nodes(list) {
        assert_eq!(node["origin"]["servedFrom"], "LIVE");
        let remote = match node["erp"]["system"]["key"].as_str() {
            Some("odoo") => &["account.move"][..],
            Some("sap_b1") => &["Invoices", "CreditNotes"],
            _ => &["Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"],
        };
        assert!(remote.contains(&node["remoteType"].as_str().expect("a set")), "{node}");
    }
}

#[tokio::test]
async fn a_fresh_answer_comes_from_the_cache() {
    let (app, _clock) = start(Setup { configure: |_| {}, ..Setup::default() }).await;
    let query = "{ invoices(first: 30) { nodes { id number customer { name } origin { servedFrom } } sources { servedFrom calls } } }";
    let live = app.data(query).await;
    app.reset();
    let cached = app.data(query).await;
    assert_eq!(app.requests(), [0, 0, 0]);
    for source in cached["invoices"]["sources"].as_array().expect("sources") {
        assert_eq!(*source, json!({ "servedFrom": "CACHE", "calls": 0 }));
    }
    let without = |data: &Value| {
        nodes(&data["invoices"])
            .iter()
            .map(|n| (n["id"].clone(), n["number"].clone(), n["customer"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(without(&live), without(&cached));
    // What was read for the first page and not shown serves a smaller next one.
    let page = "query($first: Int!, $after: String) { invoices(first: $first, after: $after) { nodes { id } pageInfo { endCursor } } }";
    let first = app.data_with(page, json!({ "first": 30 })).await;
    app.reset();
    let after = &first["invoices"]["pageInfo"]["endCursor"];
    let next = app.data_with(page, json!({ "first": 5, "after": after })).await;
    assert_eq!(nodes(&next["invoices"]).len(), 5);
    assert_eq!(app.requests(), [0, 0, 0]);
    // A caller may ask for the ERP's own answer.
    app.reset();
    app.data("{ invoices(first: 30, read: {mode: LIVE}) { nodes { id } } }").await;
    assert!(app.requests().iter().all(|calls| *calls > 0), "{:?}", app.requests());
}

#[tokio::test]
async fn equal_queries_at_once_are_asked_once() {
    let (app, _clock) = start(no_big_customer()).await;
    app.warm_up().await;
    let answers = join_all((0..20).map(|_| app.data(INVOICES))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(app.requests(), [2, 2, 5], "Odoo, Business One, QuickBooks");
}

#[tokio::test]
async fn conditions_mean_the_same_over_all_erps() {
    let (app, _clock) = start(Setup::default()).await;
    let every = all(
        &app,
        "invoices",
        "",
        "id kind status isOverdue currency total { amount } dueDate number customer { id }",
        200,
    )
    .await;
    let some_customer = every[3]["customer"]["id"].as_str().expect("an id").to_owned();
    let of_customer = format!("{{customer: {{eq: \"{some_customer}\"}}}}");
    type Holds<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let cases: [(&str, Holds<'_>); 9] = [
        ("{isOverdue: {eq: true}}", Box::new(|invoice| invoice["isOverdue"] == true)),
        ("{isOverdue: {eq: false}}", Box::new(|invoice| invoice["isOverdue"] == false)),
        (
            "{status: {in: [OPEN, PARTIALLY_PAID]}}",
            Box::new(|invoice| invoice["status"] == "OPEN" || invoice["status"] == "PARTIALLY_PAID"),
        ),
        ("{not: {status: {eq: PAID}}}", Box::new(|invoice| invoice["status"] != "PAID")),
        (
            "{kind: {eq: CREDIT_NOTE}, status: {neq: VOIDED}}",
            Box::new(|invoice| invoice["kind"] == "CREDIT_NOTE" && invoice["status"] != "VOIDED"),
        ),
        ("{currency: {eq: \"EUR\"}}", Box::new(|invoice| invoice["currency"] == "EUR")),
        (
            "{or: [{number: {contains: \"7\"}}, {dueDate: {isNull: true}}]}",
            Box::new(|invoice| {
                invoice["number"].as_str().is_some_and(|number| number.contains('7')) || invoice["dueDate"].is_null()
            }),
        ),
        (&of_customer, Box::new(|invoice| invoice["customer"]["id"] == json!(some_customer))),
        ("{and: []}", Box::new(|_| true)),
    ];
    for (condition, holds) in &cases {
        let found = all(&app, "invoices", &format!("where: {condition}"), "id", 200).await;
        let expected: Vec<_> = every.iter().filter(|invoice| holds(invoice)).cloned().collect();
        assert_eq!(ids(&found), ids(&expected), "{condition}");
        let count =
            app.data(&format!("{{ invoices(where: {condition}) {{ totalCount {{ value precision }} }} }}")).await;
        let count = &count["invoices"]["totalCount"];
        if count["precision"] == "EXACT" {
            assert_eq!(count["value"], json!(expected.len()), "{condition}");
        } else {
            assert!(count["value"].as_u64().unwrap_or_default() <= expected.len() as u64, "{condition}: {count}");
        }
        println!("{condition}: {} records, counted {count}", expected.len());
    }
    assert!(
        every.iter().any(|invoice| invoice["isOverdue"] == true)
            && every.iter().any(|invoice| invoice["status"] == "VOIDED")
    );
}

#[tokio::test]
async fn inactive_records_are_hidden_unless_they_are_named() {
    let (app, _clock) = start(Setup::default()).await;
    let shown = all(&app, "customers", "", "id status", 200).await;
    assert!(shown.iter().all(|customer| customer["status"] == "ACTIVE"));
    let hidden = all(&app, "customers", "where: {status: {neq: ACTIVE}}", "id status", 200).await;
    assert!(!hidden.is_empty() && hidden.iter().all(|customer| customer["status"] == "INACTIVE"), "{hidden:?}");
    let both = all(&app, "customers", "where: {status: {in: [ACTIVE, INACTIVE, UNKNOWN]}}", "id", 200).await;
    assert_eq!(both.len(), shown.len() + hidden.len());
    assert!(all(&app, "products", "", "id isActive", 200).await.iter().all(|product| product["isActive"] == true));
}

#[tokio::test]
async fn only_the_named_erps_are_asked() {
    let (app, _clock) = start(Setup::default()).await;
    let data =
        app.data("{ invoices(first: 10, erps: [\"sap-b1\"]) { nodes { erp { id } } sources { erp { id } } } }").await;
    assert!(nodes(&data["invoices"]).iter().all(|invoice| invoice["erp"]["id"] == "sap-b1"));
    assert_eq!(data["invoices"]["sources"], json!([{ "erp": { "id": "sap-b1" } }]));
    assert_eq!((app.erp(System::Odoo).stats().requests, app.erp(System::QuickBooks).stats().requests), (0, 0));
}
