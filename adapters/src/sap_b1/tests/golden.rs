//! The mapping on the samples of the Service Layer's bodies, and what its error bodies mean.

use super::*;
use crate::{
    ErrorKind,
    http::{Classify, Request, Response},
    mapping::{Env, Plan},
    model::{Kind, Money},
    sap_b1::{
        books::tests::books,
        fault::{Faults, ServiceVersion},
    },
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::collections::HashMap;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/golden/sap-b1/", $name))
    };
}

fn env() -> Env {
    Env {
        erp: "b1".into(),
        read_at: now(),
        base_currency: "EUR".parse().ok(),
        zone: chrono_tz::Europe::Berlin,
        currencies: HashMap::new(),
        base_url: "https://b1.example".into(),
        tables: Arc::default(),
    }
}

fn read_all(entity: EntityType, set: usize, json: &str) -> Vec<Record> {
    let plan = Plan::new(&books(&[]).sets(entity)[set], entity.def().every_field());
    let json: Json = serde_json::from_str(json).expect("JSON");
    let rows = json.get("value").and_then(Json::as_array).cloned().unwrap_or_else(|| vec![json]);
    rows.iter().map(|row| plan.read(&row.to_string(), &[], &env()).expect("a record")).collect()
}

fn read(entity: EntityType, set: usize, json: &str) -> Record {
    read_all(entity, set, json).remove(0)
}

fn money(amount: &str, currency: &str) -> Value {
    Value::Money(Money { amount: amount.parse().expect("a number"), currency: currency.parse().expect("a code") })
}

fn date(day: &str) -> Value {
    Value::Date(day.parse().expect("a date"))
}

fn moment(at: &str) -> Value {
    Value::DateTime(at.parse().expect("a moment"))
}

/// The fields of a record's lines, by name.
fn lines(record: &Record) -> Vec<HashMap<&'static str, Value>> {
    let def = record.def();
    let Kind::List(line) = def.field(def.id_of("lines").expect("lines")).kind else { panic!("a list") };
    let Value::List(lines) = record.named("lines") else { panic!("no lines") };
    let line = |value: &Value| match value {
        Value::Object(values) => line.fields.iter().map(|f| f.name).zip(values.iter().cloned()).collect(),
        other => panic!("{other:?}"),
    };
    lines.iter().map(line).collect()
}

#[test]
fn invoices_in_foreign_currency_show_the_foreign_amounts() {
    for sample in [sample!("invoice_foreign_v1.json"), sample!("invoice_foreign_v2.json")] {
        let invoice = read(EntityType::Invoice, 0, sample);
        assert_eq!(*invoice.named("number"), text("1043"));
        assert_eq!(*invoice.named("status"), Value::Enum("PARTIALLY_PAID"));
        assert_eq!(*invoice.named("statusSource"), text("bost_Open/csNo"));
        assert_eq!(*invoice.named("customer"), Value::Ref(reference("BusinessPartners", "C20044")));
        assert_eq!(*invoice.named("issueDate"), date("2026-02-20"));
        assert_eq!(*invoice.named("dueDate"), date("2026-03-22"));
        assert_eq!(*invoice.named("remoteUpdatedAt"), moment("2026-02-20T15:20:41Z"));
        assert_eq!(*invoice.named("total"), money("1307.81", "USD"));
        assert_eq!(*invoice.named("taxTotal"), money("208.81", "USD"));
        assert_eq!(*invoice.named("subtotal"), money("1099.00", "USD"));
        assert_eq!(*invoice.named("balanceDue"), money("807.81", "USD"));
        assert_eq!(*invoice.named("baseTotal"), money("1203.19", "EUR"));
        assert_eq!(*invoice.named("baseBalanceDue"), money("743.19", "EUR"));
        assert_eq!(*invoice.named("exchangeRate"), Value::Decimal("0.92".parse().expect("a number")));
        assert!(invoice.named("salesOrder").is_null(), "not copied from an order");
        let lines = lines(&invoice);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["unitPrice"], money("13.75", "USD"));
        assert_eq!(lines[1]["subtotal"], money("99", "USD"));
        assert_eq!(lines[1]["total"], money("117.81", "USD"));
        assert_eq!(lines[1]["product"], Value::Ref(reference("Items", "GS-040")));
        assert_eq!((&lines[1]["lineNumber"], &lines[1]["remoteId"]), (&Value::Int(2), &text("1")));
    }
}

#[test]
fn invoices_in_local_currency_show_the_local_amounts() {
    for sample in [sample!("invoice_domestic_v1.json"), sample!("invoice_domestic_v2.json")] {
        let invoice = read(EntityType::Invoice, 0, sample);
        assert_eq!(*invoice.named("total"), money("249.80", "EUR"));
        assert_eq!(*invoice.named("balanceDue"), money("149.80", "EUR"));
        assert_eq!(*invoice.named("salesOrder"), Value::Ref(reference("Orders", "301")));
    }
    let paid = read(EntityType::Invoice, 0, sample!("invoice_header_discount_freight_v2.json"));
    assert_eq!(*paid.named("status"), Value::Enum("PAID"));
    let service = read(EntityType::Invoice, 0, sample!("invoice_service_v2.json"));
    assert!(lines(&service)[0]["product"].is_null());
    assert_eq!(lines(&service)[0]["description"], text("Wartungspauschale März"));
}

#[test]
fn credit_notes_are_positive_and_cancelled_invoices_void() {
    for sample in [sample!("creditnote_v1.json"), sample!("creditnote_v2.json"), sample!("creditnote_foreign_v2.json")]
    {
        let credit = read(EntityType::Invoice, 1, sample);
        assert_eq!(*credit.named("kind"), Value::Enum("CREDIT_NOTE"));
        assert!(credit.named("total").as_decimal().is_some_and(|total| total.is_sign_positive()));
    }
    let statuses = read_all(EntityType::Invoice, 0, sample!("invoices_cancelled_pair_v2.json"));
    assert!(statuses.iter().all(|invoice| *invoice.named("status") == Value::Enum("VOIDED")));
}

#[test]
fn orders_are_read() {
    for sample in [sample!("order_domestic_v1.json"), sample!("order_domestic_v2.json")] {
        let order = read(EntityType::SalesOrder, 0, sample);
        assert_eq!(*order.named("status"), Value::Enum("OPEN"));
        let delivered: Vec<_> = lines(&order).iter().map(|line| line["quantityFulfilled"].clone()).collect();
        assert!(delivered.contains(&Value::Decimal(10.into())), "2 of 12 are open: {delivered:?}");
    }
    assert_eq!(
        read(EntityType::SalesOrder, 0, sample!("order_foreign_v2.json")).named("currency"),
        &Value::Currency("USD".parse().expect("a code"))
    );
    let ended = read_all(EntityType::SalesOrder, 0, sample!("orders_closed_and_cancelled_v2.json"));
    assert_eq!(
        ended.iter().map(|order| order.named("status").clone()).collect::<Vec<_>>(),
        [Value::Enum("VOIDED"), Value::Enum("CLOSED")]
    );
}

#[test]
fn customers_are_read_with_their_default_addresses() {
    for sample in [sample!("businesspartner_v1.json"), sample!("businesspartner_v2.json")] {
        let customer = read(EntityType::Customer, 0, sample);
        assert_eq!(*customer.named("name"), text("Hafen & Söhne GmbH"));
        assert!(customer.named("currency").is_null(), "## stands for all currencies");
        assert_eq!(*customer.named("balanceDue"), Value::List([money("1331.8", "EUR")].into()));
        assert_eq!(*customer.named("website"), text("https://www.hafen.example/"));
        assert_eq!(*customer.named("taxNumber"), text("DE811234567"));
        assert_eq!(*customer.named("version"), text("2"));
        assert_eq!(*customer.named("remoteUpdatedAt"), moment("2026-03-10T15:42:07Z"));
        let Value::Object(billing) = customer.named("billingAddress") else { panic!("an address") };
        assert_eq!(billing[0], text("Hafenstr. 12"));
        let Value::Object(shipping) = customer.named("shippingAddress") else { panic!("an address") };
        assert_eq!((&shipping[0], &shipping[3]), (&text("Kaje 4"), &text("HB")));
    }
    let page = read_all(EntityType::Customer, 0, sample!("businesspartners_page_v2.json"));
    assert_eq!(*page[0].named("status"), Value::Enum("INACTIVE"));
    assert_eq!(*page[0].named("parent"), Value::Ref(reference("BusinessPartners", "C20000")));
    assert_eq!(*page[1].named("status"), Value::Enum("ACTIVE"));
    assert!(page[1].named("email").is_null() && page[1].named("billingAddress").is_null());
    assert_eq!(
        *page[1].named("balanceDue"),
        Value::List([money("0.0", "EUR")].into()),
        "in the company's currency, not the customer's"
    );
}

#[test]
fn products_are_read() {
    for sample in [sample!("item_v1.json"), sample!("item_v2.json")] {
        let item = read(EntityType::Product, 0, sample);
        assert_eq!(*item.named("sku"), text("GS-040"));
        assert_eq!(*item.named("kind"), Value::Enum("STOCKED"));
        assert_eq!(*item.named("salePrice"), money("12.5", "EUR"));
        assert_eq!(*item.named("isActive"), Value::Bool(true));
        assert_eq!(*item.named("quantityAvailable"), Value::Decimal(118.into()));
        let list = |number| {
            let books = books(&[("price_list", number)]);
            Plan::new(&books.sets(EntityType::Product)[0], EntityType::Product.def().every_field())
        };
        for (number, why) in [("2", "a price in dollars"), ("3", "no price"), ("9", "no such list")] {
            assert!(list(number).read(sample, &[], &env()).expect("a record").named("salePrice").is_null(), "{why}");
        }
    }
    let kinds: Vec<_> = read_all(EntityType::Product, 0, sample!("items_page_v2.json"))
        .iter()
        .map(|item| item.named("kind").clone())
        .collect();
    assert!(kinds.contains(&Value::Enum("SERVICE")), "{kinds:?}");
}

fn meaning(operation: &'static str, status: u16, body: &'static str) -> (ErrorKind, String) {
    let faults = Faults { version: ServiceVersion::default() };
    let request = Request::get("https://b1.example/b1s/v2/Orders".parse().expect("a URL"), operation);
    let mut headers = HeaderMap::new();
    if body.starts_with('<') {
        headers.insert("content-type", "text/html".parse().expect("a header"));
    }
    let response = Response {
        status: StatusCode::from_u16(status).expect("a status"),
        headers,
        body: Bytes::from_static(body.as_bytes()),
    };
    let error = faults.classify(&request, &response).expect_err("a refusal");
    assert!(!error.message.contains("ODBC") && !error.message.contains('<'), "{}", error.message);
    (error.kind, error.message)
}

#[test]
fn refusals_are_understood() {
    let kind = |operation, status, body| meaning(operation, status, body).0;
    assert_eq!(kind("read", 401, sample!("error_401_session_v1.json")), ErrorKind::Unauthorized);
    assert_eq!(kind("batch", 401, sample!("error_401_session_v2.json")), ErrorKind::Unauthorized);
    for body in [
        sample!("error_401_login_v1.json"),
        sample!("error_401_login_v2.json"),
        sample!("error_401_login_string_code_v1.json"),
    ] {
        let (kind, message) = meaning("login", 401, body);
        assert_eq!(
            (kind, message.as_str()),
            (ErrorKind::Unauthorized, "SAP Business One refused the log-in: check the user name and the password")
        );
    }
    let (company, message) = meaning("login", 401, r#"{"error":{"code":"-306","message":"x"}}"#);
    assert_eq!(
        (company, message.as_str()),
        (ErrorKind::Config, "SAP Business One has no such company database: check the setting company_db")
    );
    assert_eq!(kind("login", 500, sample!("error_500_login_storm_v2.json")), ErrorKind::Unavailable);
    assert_eq!(kind("read", 500, sample!("error_500_node_407_v2.json")), ErrorKind::Unavailable);
    assert_eq!(kind("read", 404, sample!("error_404_v1.json")), ErrorKind::NotFound);
    assert_eq!(kind("read", 404, sample!("error_404_v2.json")), ErrorKind::NotFound);
    assert_eq!(kind("call", 412, sample!("error_412_v2.json")), ErrorKind::Conflict);
    assert_eq!(kind("read", 400, sample!("error_400_expand_v2.json")), ErrorKind::Rejected);
    assert_eq!(kind("batch", 400, sample!("batch_error_incomplete_v1.json")), ErrorKind::Rejected);
    assert_eq!(kind("batch", 400, sample!("batch_error_incomplete_v2.json")), ErrorKind::Rejected);
    assert_eq!(kind("call", 400, sample!("error_400_write_action_v2.json")), ErrorKind::Unsupported);
    assert_eq!(kind("read", 502, sample!("error_502.txt")), ErrorKind::Unavailable);
    assert_eq!(kind("read", 200, "<html>log in</html>"), ErrorKind::BadResponse);
    assert_eq!(
        kind("read", 401, r#"{"error":{"code":-1,"message":{"value":"No permission to access this view"}}}"#),
        ErrorKind::Forbidden
    );
    assert_eq!(
        kind("read", 403, r#"{"error":{"code":804,"message":{"value":"No permission"}}}"#),
        ErrorKind::Forbidden
    );
    let (_, sentence) = meaning("call", 400, sample!("error_400_write_duplicate_v2.json"));
    assert_eq!(
        sentence,
        "Business partner code 'C20000' already assigned to a business partner; enter a unique business partner code"
    );
}

#[test]
fn what_a_refusal_says_is_one_short_line() {
    let long =
        serde_json::json!({ "error": { "code": -10, "message": format!("10000 - a\n\u{1b}b {}", "c".repeat(5000)) } });
    let (_, sentence) = meaning("call", 400, long.to_string().leak());
    assert!(sentence.starts_with("a b ccc") && sentence.len() == 300, "{sentence}");
    let (kind, silence) = meaning("call", 400, r#"{"error":{"code":-10}}"#);
    assert_eq!((kind, silence.is_empty()), (ErrorKind::Rejected, false));
    let odd = serde_json::json!({ "error": { "code": "x\n".repeat(1000), "message": "" } }).to_string();
    assert!(meaning("call", 400, odd.leak()).1.len() < 100);
}

#[test]
fn a_date_is_a_date_in_every_time_zone() {
    for zone in [chrono_tz::America::Los_Angeles, chrono_tz::Pacific::Auckland] {
        let plan = Plan::new(
            &books(&[]).sets(EntityType::Invoice)[0],
            fields(EntityType::Invoice, &["issueDate", "remoteUpdatedAt"]),
        );
        for sample in [sample!("invoice_foreign_v1.json"), sample!("invoice_foreign_v2.json")] {
            let invoice = plan.read(sample, &[], &Env { zone, ..env() }).expect("a record");
            assert_eq!(*invoice.named("issueDate"), date("2026-02-20"), "written with Z, and meant without");
        }
    }
}
