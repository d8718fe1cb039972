//! The adapter against a small QuickBooks in memory, and the mapping against the vendor's samples.

mod auth;
mod children;
mod fake;
mod ledger;
mod mapping;
mod purchases;
mod read;
mod receipts;
mod short_lists;
mod statement;

use super::*;
use crate::{
    adapter::{Order, SetStart},
    filter::Op,
    http::{BoxHttp, HostState, NoAuth, stack},
    model::{Direction, Value},
};
use chrono::DateTime;
use fake::Fake;
use std::time::Duration;

fn ctx() -> Ctx {
    let now = DateTime::parse_from_rfc3339("2026-03-11T12:00:00Z").expect("a moment").to_utc();
    Ctx::interactive(now, Duration::from_secs(60))
}

/// An adapter over a fake, with the whole stack between them.
fn adapter(fake: &Arc<Fake>) -> QuickBooks {
    adapter_with(fake, true)
}

fn adapter_with(fake: &Arc<Fake>, estimates: bool) -> QuickBooks {
    let info = Info { erp: "books".into(), system: "quickbooks" };
    let host = Arc::new(HostState::new("test", settings::policy(), Arc::new(NoAuth)).with_seed(1));
    let wire: BoxHttp = fake.clone();
    let http = stack(wire, &info, &host, Arc::new(fault::classify));
    let base = "https://quickbooks.example/v3/company/123".parse().expect("a URL");
    QuickBooks {
        info,
        host,
        mapping: super::mapping(estimates).expect("a mapping"),
        api: Arc::new(Api::new(http, base, 75)),
        books: Cached::new(Duration::from_secs(3600)),
        base_currency: None,
        time_zone: None,
        app: "https://app.qbo.intuit.com".into(),
    }
}

fn field(entity: EntityType, name: &str) -> FieldId {
    entity.def().id_of(name).expect("a field")
}

fn fields(entity: EntityType, names: &[&str]) -> FieldSet {
    names.iter().map(|name| field(entity, name)).collect()
}

fn order(entity: EntityType, name: &str, direction: Direction) -> Vec<Order> {
    vec![Order { field: field(entity, name), direction }]
}

fn refs(set: &str, ids: &[&str]) -> Vec<RemoteRef> {
    ids.iter().map(|id| RemoteRef { set: set.into(), id: (*id).into() }).collect()
}

fn customers(ids: &[&str]) -> Vec<Value> {
    refs("Customer", ids).into_iter().map(Value::Ref).collect()
}

/// A list of all sets from the beginning, newest first.
fn query(adapter: &QuickBooks, entity: EntityType, filter: Filter, limit: usize) -> ListQuery {
    let def = entity.def();
    ListQuery {
        sets: adapter.sets(entity).into_iter().map(|set| SetStart { set, after: None }).collect(),
        filter,
        order: order(entity, def.order.0, def.order.1),
        limit,
        fields: ["number", "name", "customer"].iter().filter_map(|name| def.id_of(name)).collect(),
    }
}

fn ids(page: &crate::adapter::SetPage) -> Vec<&str> {
    page.rows.iter().map(|row| &*row.record.key.id).collect()
}

#[test]
fn capability_says_what_can_be_done() {
    let capability = (SYSTEM.capability)(EntityType::Invoice);
    assert_eq!(
        capability.filter,
        ["remoteUpdatedAt", "number", "kind", "status", "customer", "issueDate", "dueDate", "total", "balanceDue"]
    );
    assert_eq!(capability.order_by, ["remoteUpdatedAt", "number", "issueDate", "dueDate", "balanceDue"]);
    assert_eq!((capability.paging, capability.max_ids_per_call), (Paging::Offset, Some(500)));
    let customer = (SYSTEM.capability)(EntityType::Customer);
    assert_eq!(customer.filter, ["remoteUpdatedAt", "name", "email", "status"]);
    assert_eq!(customer.order_by, ["remoteUpdatedAt", "name"]);
    let product = (SYSTEM.capability)(EntityType::Product);
    assert_eq!(product.filter, ["remoteUpdatedAt", "name", "sku", "kind", "isActive"]);
    assert_eq!(product.order_by, ["remoteUpdatedAt", "name"], "the article number is not sortable");
    let order = (SYSTEM.capability)(EntityType::SalesOrder);
    assert_eq!(order.filter, ["remoteUpdatedAt", "number", "customer", "orderDate"], "the status is not");
    assert!(!(SYSTEM.capability)(EntityType::WorkOrder).list);
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_there_are_no_sales_orders() {
    let fake = Fake::new();
    let adapter = adapter_with(&fake, false);
    assert_eq!(adapter.capability(EntityType::SalesOrder), Capability::none(EntityType::SalesOrder));
    let none = ListQuery { sets: vec![], filter: Filter::ALL, order: vec![], limit: 1, fields: FieldSet::EMPTY };
    assert!(adapter.list(&ctx(), EntityType::SalesOrder, &none).await.expect("no set").sets.is_empty());
    let some = ListQuery { sets: vec![SetStart { set: "Estimate".into(), after: None }], ..none };
    let error = adapter.list(&ctx(), EntityType::SalesOrder, &some).await.expect_err("unsupported");
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert_eq!(
        adapter.count(&ctx(), EntityType::SalesOrder, &Filter::ALL).await.expect_err("unsupported").kind,
        ErrorKind::Unsupported
    );
    let invoice = adapter.set(EntityType::Invoice, &"Invoice".into()).expect("a set");
    assert!(invoice.named("salesOrder").is_none(), "no reference to what cannot be read");
    assert_eq!(fake.calls(), 0);
}

fn settings(values: &[(&str, &str)]) -> Result<crate::settings::Settings> {
    let required =
        [("realm_id", "123"), ("client_id", "AB1"), ("client_secret", "hush"), ("refresh_token", "RT1-first")];
    let values = required.iter().chain(values).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    crate::settings::Settings::new(SYSTEM.settings, values)
}

fn services() -> crate::catalog::Services {
    crate::catalog::Services {
        hosts: Arc::default(),
        tokens: Arc::new(crate::tokens::MemoryTokens::default()),
        allow_link_local: false,
    }
}

#[test]
fn settings_make_an_adapter_or_say_why_not() {
    let build = |values: &[(&str, &str)]| (SYSTEM.build)(&"books".into(), settings(values)?, &services()).map(|_| ());
    build(&[]).expect("production");
    build(&[
        ("environment", "sandbox"),
        ("sales_orders", "estimates"),
        ("base_currency", "USD"),
        ("time_zone", "America/Chicago"),
    ])
    .expect("sandbox");
    build(&[("url", "http://127.0.0.1:8075"), ("minor_version", "80")]).expect("a simulator");
    for wrong in [
        ("environment", "test"),
        ("sales_orders", "yes"),
        ("realm_id", "12/3"),
        ("base_currency", "usd"),
        ("time_zone", "Mars"),
        ("url", "mailto:a"),
    ] {
        assert_eq!(build(&[wrong]).expect_err("refused").kind, ErrorKind::Config, "{wrong:?}");
    }
}

#[test]
fn form_tells_everything_about_each_setting() {
    for setting in SYSTEM.settings {
        assert!(
            !setting.label.is_empty() && setting.help.ends_with('.') && setting.example.is_some(),
            "{}",
            setting.key
        );
        assert!(setting.secret || setting.pattern.is_some(), "{}", setting.key);
        assert!(include_str!("../README.md").contains(&format!("`{}`", setting.key)), "{} in the README", setting.key);
    }
}

#[tokio::test(start_paused = true)]
async fn probe_takes_one_call_and_finds_missing_rights() {
    let fake = Fake::new();
    fake.refuse("Item", "5020");
    let adapter = adapter(&fake);
    let info = adapter.probe(&ctx()).await.expect("an answer");
    assert_eq!(info.company.as_deref(), Some("Cascade Ridge Outfitters"));
    assert_eq!(info.base_currency, "USD".parse().ok());
    assert_eq!(info.version.as_deref(), Some("QuickBooks Online Plus, API v3 minor version 75"));
    assert_eq!(info.missing_rights, [EntityType::Product, EntityType::StockLevel]);
    assert_eq!(fake.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn raw_calls_stay_below_the_company() {
    let fake = Fake::new();
    let adapter = adapter(&fake);
    let call = |target: &str, method: &str, args: serde_json::Value, body: serde_json::Value| RawCall {
        target: target.to_owned(),
        method: method.to_owned(),
        args,
        kwargs: body,
    };
    let statement = "select count(*) from Invoice";
    let args = serde_json::json!({ "query": statement });
    let answer = adapter.call(&ctx(), &call("query", "GET", args, serde_json::Value::Null)).await.expect("an answer");
    assert_eq!(answer["QueryResponse"]["totalCount"], 0);
    let posted = call("query", "POST", serde_json::Value::Null, statement.into());
    assert_eq!(adapter.call(&ctx(), &posted).await.expect("an answer"), answer);
    for target in ["../456/query", "query?x=1", "", "a//b", "%2e%2e/456", "https://elsewhere.example/x"] {
        let error = adapter.call(&ctx(), &call(target, "GET", serde_json::Value::Null, serde_json::Value::Null)).await;
        assert_eq!(error.expect_err("refused").kind, ErrorKind::Invalid, "{target}");
    }
    assert_eq!(fake.calls(), 2);
}

/// A condition on a field by its name.
fn is(entity: EntityType, name: &str, op: Op, values: Vec<Value>) -> Filter {
    Filter::of(entity, name, op, values)
}

#[tokio::test(start_paused = true)]
async fn relations_of_a_page_take_as_few_calls_as_promised() {
    use serde_json::json;
    let fake = Fake::new();
    fake.put(
        "Customer",
        (1..=30).map(|n| json!({ "Id": n.to_string(), "DisplayName": format!("C {n:02}"), "Active": true })).collect(),
    );
    let document = |n: usize| {
        json!({ "Id": n.to_string(), "DocNumber": n.to_string(), "TxnDate": "2026-01-01", "TotalAmt": 1, "Balance": 1,
            "CustomerRef": { "value": if n.is_multiple_of(10) { n / 10 % 30 + 1 } else { 3 }.to_string() }, "CurrencyRef": { "value": "USD" } })
    };
    fake.put("Invoice", (1..=600).map(document).collect());
    fake.put("CreditMemo", (1..=9).map(document).collect());
    fake.put("Estimate", (1..=60).map(document).collect());
    let adapter = adapter(&fake);

    let invoices = query(&adapter, EntityType::Invoice, Filter::ALL, 50);
    let page = adapter.list(&ctx(), EntityType::Invoice, &invoices).await.expect("a page");
    let rows = page.sets.iter().flat_map(|set| &set.rows);
    let parents: Vec<_> = rows
        .filter_map(|row| match row.record.named("customer") {
            Value::Ref(customer) => Some(customer.clone()),
            _ => None,
        })
        .collect();
    adapter
        .get_many(&ctx(), EntityType::Customer, &parents, fields(EntityType::Customer, &["name"]))
        .await
        .expect("records");
    assert_eq!(fake.asked().len(), 5, "invoices, credit memos, both kinds of receipts, customers");

    let customers = query(&adapter, EntityType::Customer, Filter::ALL, 20);
    let page = adapter.list(&ctx(), EntityType::Customer, &customers).await.expect("a page").sets.remove(0);
    let parents: Vec<_> =
        page.rows.iter().map(|row| RemoteRef { set: page.set.clone(), id: row.record.key.id.clone() }).collect();
    let children = |entity: EntityType| ChildrenQuery {
        via: field(entity, "customer"),
        parents: parents.clone(),
        filter: Filter::ALL,
        order: order(entity, entity.def().order.0, entity.def().order.1),
        per_parent: 5,
        sets: adapter.sets(entity),
        fields: fields(entity, &["number"]),
    };
    let invoices =
        adapter.list_children(&ctx(), EntityType::Invoice, &children(EntityType::Invoice)).await.expect("children");
    let asked = fake.asked();
    assert_eq!(
        asked.len(),
        6,
        "customers, the four sets of invoices, and one batch because customer 3 has nine in ten"
    );
    assert_eq!(asked[5].0, "POST batch");
    let big = parents.iter().position(|p| &*p.id == "3").expect("on the page");
    assert!(invoices.parents[big][0].next.is_some());
    assert!(invoices.parents.iter().enumerate().all(|(at, sets)| at == big || sets[0].next.is_none()));
    adapter.list_children(&ctx(), EntityType::SalesOrder, &children(EntityType::SalesOrder)).await.expect("children");
    assert_eq!(fake.asked().len(), 1);
}
