//! The mapping, by samples that follow Intuit's documents: see `tests/golden/quickbooks/SOURCES.md`.

use super::*;
use crate::{
    adapter::Quarantined,
    mapping::{Env, Plan},
    model::Money,
};
use serde_json::value::RawValue;
use std::collections::HashMap;

macro_rules! golden {
    ($file:literal) => {
        include_str!(concat!("../../../../tests/golden/quickbooks/", $file))
    };
}

fn env() -> Env {
    Env {
        erp: "books".into(),
        read_at: ctx().now,
        base_currency: "USD".parse().ok(),
        zone: chrono_tz::UTC,
        currencies: HashMap::new(),
        base_url: "https://app.qbo.intuit.com".into(),
        tables: Arc::default(),
    }
}

fn read(entity: EntityType, set: &str, record: &str) -> Result<Record, Quarantined> {
    let mapping = super::super::mapping(true).expect("a mapping");
    let set = mapping.set(entity, &set.into()).expect("a set");
    Plan::new(set, entity.def().every_field()).read(record, &[], &env())
}

/// The record in a sample of one entity.
fn one(entity: EntityType, set: &str, sample: &str) -> Record {
    let sample: HashMap<String, &RawValue> = serde_json::from_str(sample).expect("JSON");
    read(entity, set, sample[set].get()).expect("a record")
}

/// The records in a sample of a query's answer.
fn many(entity: EntityType, set: &str, sample: &str) -> Vec<Record> {
    let sample: HashMap<String, &RawValue> = serde_json::from_str(sample).expect("JSON");
    let answer: HashMap<String, &RawValue> = serde_json::from_str(sample["QueryResponse"].get()).expect("JSON");
    let rows: Vec<&RawValue> = serde_json::from_str(answer[set].get()).expect("rows");
    rows.into_iter().map(|row| read(entity, set, row.get()).expect("a record")).collect()
}

fn money(amount: &str, currency: &str) -> Value {
    Value::Money(Money { amount: amount.parse().expect("a number"), currency: currency.parse().expect("a code") })
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn lines(record: &Record, names: &[&str]) -> Vec<Vec<Value>> {
    let Value::List(lines) = record.named("lines") else { panic!("no lines") };
    let Some(crate::model::Kind::List(of)) = record.def().id_of("lines").map(|id| record.def().field(id).kind) else {
        panic!("no list")
    };
    let part = |line: &[Value], name: &str| line[of.position(name).expect("a field")].clone();
    lines
        .iter()
        .map(|line| match line {
            Value::Object(line) => names.iter().map(|name| part(line, name)).collect(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn invoice_with_every_kind_of_line() {
    let invoice = one(EntityType::Invoice, "Invoice", golden!("invoice_all_lines.json"));
    for (name, value) in [
        ("number", text("1042")),
        ("kind", Value::Enum("INVOICE")),
        ("status", Value::Enum("PARTIALLY_PAID")),
        ("statusSource", Value::Null),
        ("subtotal", money("270.00", "USD")),
        ("taxTotal", money("17.24", "USD")),
        ("total", money("287.24", "USD")),
        ("balanceDue", money("137.24", "USD")),
        ("baseSubtotal", money("270.00", "USD")),
        ("baseTotal", money("287.24", "USD")),
        ("baseBalanceDue", money("137.24", "USD")),
        ("memo", text("Thank you for your business.")),
        ("version", text("2")),
        ("remoteUrl", text("https://app.qbo.intuit.com/app/invoice?txnId=421")),
        ("customer", Value::Ref(refs("Customer", &["67"]).remove(0))),
        ("salesOrder", Value::Ref(refs("Estimate", &["412"]).remove(0))),
        ("remoteUpdatedAt", Value::DateTime("2026-03-11T15:14:59Z".parse().expect("a moment"))),
    ] {
        assert_eq!(*invoice.named(name), value, "{name}");
    }
    let Value::List(custom) = invoice.named("customFields") else { panic!("no custom fields") };
    assert_eq!(custom.len(), 1, "those with a value");
    let decimal = |s: &str| Value::Decimal(s.parse().expect("a number"));
    let line = |number, description: &str, quantity: Option<&str>, amount: Option<&str>| {
        let amount = amount.map_or(Value::Null, |a| money(a, "USD"));
        vec![Value::Int(number), text(description), quantity.map_or(Value::Null, decimal), amount]
    };
    assert_eq!(
        lines(&invoice, &["lineNumber", "description", "quantity", "subtotal"]),
        [
            line(1, "Repair of a circulation pump, per hour", Some("2"), Some("150.0")),
            line(2, "Gasket set, 40 mm, EPDM", Some("12"), Some("49.5")),
            line(3, "Parts below are sold as a kit", None, None),
            line(4, "Hose 2 m", Some("2"), Some("40.0")),
            line(5, "Fitting", Some("1"), Some("60.0")),
            line(6, "Small parts, flat", None, Some("0.5")),
        ]
    );
    assert_eq!(lines(&invoice, &["product"])[2], [Value::Null]);
    assert_eq!(lines(&invoice, &["product"])[3], [Value::Ref(refs("Item", &["33"]).remove(0))]);
}

#[test]
fn amounts_of_a_bundle_count_once() {
    let invoice = one(EntityType::Invoice, "Invoice", golden!("invoice_group_with_amount.json"));
    assert_eq!(lines(&invoice, &["subtotal"]), [[money("18.0", "USD")], [money("12.0", "USD")]]);
    assert_eq!(*invoice.named("status"), Value::Enum("PAID"));
}

#[test]
fn foreign_amounts_are_in_both_currencies() {
    let invoice = one(EntityType::Invoice, "Invoice", golden!("invoice_multicurrency.json"));
    for (name, value) in [
        ("total", money("1000.0", "EUR")),
        ("balanceDue", money("400.0", "EUR")),
        ("baseSubtotal", money("1087.50", "USD")),
        ("baseTotal", money("1087.5", "USD")),
        ("baseBalanceDue", money("435.0", "USD")),
        ("exchangeRate", Value::Decimal("1.0875".parse().expect("a number"))),
    ] {
        assert_eq!(*invoice.named(name), value, "{name}");
    }
}

#[test]
fn lines_are_without_tax_also_where_prices_include_it() {
    let invoice = one(EntityType::Invoice, "Invoice", golden!("invoice_tax_inclusive.json"));
    assert_eq!(lines(&invoice, &["subtotal"]), [[money("15.93", "CAD")], [money("5.31", "CAD")]]);
    assert_eq!(*invoice.named("subtotal"), money("16.99", "CAD"));
    assert_eq!(lines(&invoice, &["unitPrice"])[0], [money("0.5309735", "CAD")]);
}

#[test]
fn voided_is_known_by_its_note_and_its_zeros() {
    let status = |sample| one(EntityType::Invoice, "Invoice", sample).named("status").clone();
    assert_eq!(status(golden!("invoice_voided.json")), Value::Enum("VOIDED"));
    assert_eq!(status(golden!("invoice_void_response.json")), Value::Enum("VOIDED"));
    let status = |fields: &str| {
        let json = format!(r#"{{"Id":"1","TxnDate":"2026-01-01","CurrencyRef":{{"value":"USD"}},{fields}}}"#);
        read(EntityType::Invoice, "Invoice", &json).expect("a record").named("status").clone()
    };
    assert_eq!(status(r#""TotalAmt":0,"Balance":0"#), Value::Enum("PAID"), "an invoice over nothing");
    assert_eq!(status(r#""TotalAmt":10.00,"Balance":0,"PrivateNote":"Voided the old one""#), Value::Enum("PAID"));
    assert_eq!(status(r#""TotalAmt":10.00,"Balance":10.0"#), Value::Enum("OPEN"));
    assert_eq!(status(r#""TotalAmt":10.00,"Balance":9.99"#), Value::Enum("PARTIALLY_PAID"));
    assert_eq!(status(r#""TotalAmt":10.00"#), Value::Enum("UNKNOWN"));
    let answer = one(EntityType::Invoice, "Invoice", golden!("invoice_void_response.json"));
    assert_eq!(lines(&answer, &["quantity"]).len(), 1, "the other spelling of the kinds of lines");
}

#[test]
fn credit_memo_is_a_positive_invoice_of_another_kind() {
    let credit = one(EntityType::Invoice, "CreditMemo", golden!("creditmemo.json"));
    assert_eq!(*credit.named("kind"), Value::Enum("CREDIT_NOTE"));
    assert_eq!(*credit.named("total"), money("53.46", "USD"));
    assert_eq!(*credit.named("balanceDue"), money("30.0", "USD"));
    assert_eq!(*credit.named("status"), Value::Enum("PARTIALLY_PAID"));
    assert!(credit.named("dueDate").is_null());
    assert!(credit.named("salesOrder").is_null());
}

#[test]
fn customers_have_addresses_and_parents() {
    let customer = one(EntityType::Customer, "Customer", golden!("customer.json"));
    for (name, value) in [
        ("name", text("Harbor & Sons, Ltd.")),
        ("email", text("ap@harborsons.example")),
        ("phone", text("(503) 555-0134")),
        ("website", text("http://harborsons.example/")),
        ("taxNumber", Value::Null),
        ("status", Value::Enum("ACTIVE")),
        ("balanceDue", Value::List([money("1236.79", "USD")].into())),
        ("remoteUrl", text("https://app.qbo.intuit.com/app/customerdetail?nameId=67")),
    ] {
        assert_eq!(*customer.named(name), value, "{name}");
    }
    let Value::Object(address) = customer.named("shippingAddress") else { panic!("no address") };
    assert_eq!(
        **address,
        [text("Dock 4"), text("c/o Warehouse"), text("Portland"), text("OR"), text("97210"), Value::Null]
    );
    let sub = one(EntityType::Customer, "Customer", golden!("customer_subcustomer_inactive.json"));
    assert_eq!(*sub.named("parent"), Value::Ref(refs("Customer", &["67"]).remove(0)));
    assert_eq!(*sub.named("status"), Value::Enum("INACTIVE"));
    assert!(sub.named("email").is_null() && sub.named("billingAddress").is_null());
}

#[test]
fn items_have_kinds() {
    let items = many(EntityType::Product, "Item", golden!("query_response_items.json"));
    let kinds: Vec<_> = items.iter().map(|item| item.named("kind").clone()).collect();
    assert_eq!(kinds, ["UNKNOWN", "NON_STOCKED", "SERVICE", "STOCKED"].map(Value::Enum));
    let gasket = one(EntityType::Product, "Item", golden!("item_inventory.json"));
    for (name, value) in [
        ("sku", text("GS-040")),
        ("category", text("Seals")),
        ("salePrice", money("4.125", "USD")),
        ("cost", money("1.9", "USD")),
        ("isActive", Value::Bool(true)),
        ("quantityAvailable", Value::Decimal("118".parse().expect("a number"))),
    ] {
        assert_eq!(*gasket.named(name), value, "{name}");
    }
    assert!(one(EntityType::Product, "Item", golden!("item_service.json")).named("sku").is_null());
}

#[test]
fn estimates_have_the_statuses_of_orders() {
    let orders = many(EntityType::SalesOrder, "Estimate", golden!("query_response_estimates.json"));
    let statuses: Vec<_> =
        orders.iter().map(|o| (o.named("statusSource").clone(), o.named("status").clone())).collect();
    let pair = |source: &str, status| (text(source), Value::Enum(status));
    assert_eq!(
        statuses,
        [pair("Closed", "CLOSED"), pair("Converted", "CLOSED"), pair("Pending", "DRAFT"), pair("Rejected", "VOIDED")]
    );
    let accepted = one(EntityType::SalesOrder, "Estimate", golden!("estimate_accepted.json"));
    assert_eq!(*accepted.named("status"), Value::Enum("OPEN"));
    assert!(accepted.named("deliveryDate").is_null(), "the day on which an offer ends is another thing");
    assert_eq!(*orders[0].named("subtotal"), money("199.50", "USD"));
    let strange = r#"{"Id":"1","TxnDate":"2026-01-01","TxnStatus":"Expired","TotalAmt":1}"#;
    let strange = read(EntityType::SalesOrder, "Estimate", strange).expect("a record");
    assert_eq!((strange.named("status"), strange.named("statusSource")), (&Value::Enum("UNKNOWN"), &text("Expired")));
}
