//! Records by their ids, and what is in them.

use crate::support::{Case, key, records, reference, skipped};
use adapters::model::{EntityType, FieldSet, Kind, MoneyIn, Record, RemoteRef, Value};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use rust_decimal::Decimal;
use simulators::{
    System,
    dataset::{InvoiceKind, OrderState, PostState, Totals},
    decimal::Cents,
};
use std::{collections::HashMap, sync::Arc};

/// The entities whose records can be read by their ids.
fn known_by_id(target: &Case) -> Vec<EntityType> {
    let mut entities = target.entities();
    entities.retain(|entity| {
        let can = target.adapter.capability(*entity).get_many;
        if !can {
            skipped(target, &format!("{} are not found by their ids", entity.def().plural));
        }
        can
    });
    entities
}

/// An id that no simulator gives.
fn missing(like: &Record) -> RemoteRef {
    let id = if like.key.id.parse::<i64>().is_ok() { "98765432" } else { "NOBODY-98765432" };
    RemoteRef { set: like.key.set.clone(), id: id.into() }
}

pub(crate) async fn a_missing_record_is_none(target: Case) {
    for entity in known_by_id(&target) {
        let some = records(&target, entity).await;
        let ids = [missing(&some[0]), reference(&some[0]), missing(&some[0])];
        let fields = entity.def().every_field();
        let read = target.adapter.get_many(&target.ctx(), entity, &ids[..1], fields).await.expect("no error");
        assert_eq!(read, [None], "{entity:?}");
        let read = target.adapter.get_many(&target.ctx(), entity, &ids, fields).await.expect("no error");
        assert_eq!(read.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false], "{entity:?}");
    }
}

pub(crate) async fn order_and_length_are_kept(target: Case) {
    for entity in known_by_id(&target) {
        let all = records(&target, entity).await;
        let mut ids: Vec<_> = all.iter().step_by(3).map(|record| reference(record)).collect();
        ids.reverse();
        let read =
            target.adapter.get_many(&target.ctx(), entity, &ids, entity.def().every_field()).await.expect("records");
        let read: Vec<_> = read.into_iter().map(|record| record.expect("it is there")).collect();
        assert_eq!(read.iter().map(|record| reference(record)).collect::<Vec<_>>(), ids, "{entity:?}");
        let listed: HashMap<_, _> = all.iter().map(|record| (key(record), record)).collect();
        for record in &read {
            same_values(listed[&key(record)], record);
        }
        let none = target.adapter.get_many(&target.ctx(), entity, &[], FieldSet::EMPTY).await.expect("nothing");
        assert_eq!(none, []);
    }
}

/// A list and a look-up give the same record.
fn same_values(listed: &Record, read: &Record) {
    for (id, field) in listed.def().all_fields().filter(|(_, field)| field.name != "raw") {
        assert_eq!(listed.get(id), read.get(id), "{:?} {} {}", listed.key.entity, listed.key.id, field.name);
    }
}

pub(crate) async fn batches_take_few_requests(target: Case) {
    for entity in known_by_id(&target) {
        let all = records(&target, entity).await;
        let mut ids: Vec<_> = all.iter().map(|record| reference(record)).collect();
        let there = ids.len();
        let gone = missing(&all[0]);
        let gone = |n: usize| RemoteRef { set: gone.set.clone(), id: format!("{}{n}", gone.id).into() };
        ids.extend((ids.len()..500).map(gone));
        let per_call = target.adapter.capability(entity).max_ids_per_call.unwrap_or(500) as usize;
        let expected: usize = target
            .adapter
            .sets(entity)
            .iter()
            .map(|set| ids.iter().filter(|id| id.set == *set).count().div_ceil(per_call))
            .sum();
        let fields =
            [entity.def().order.0, "remoteUpdatedAt"].iter().filter_map(|name| entity.def().id_of(name)).collect();
        // What an ERP is told once, as the text of a query, is told the first time.
        for _ in 0..2 {
            target.reset();
            let read = target.adapter.get_many(&target.ctx(), entity, &ids, fields).await.expect("records");
            assert_eq!(read.iter().flatten().count(), there, "{entity:?}");
        }
        let requests = target.requests();
        println!("{}: {} {}: {requests} requests for 500 ids", target.spec.name, entity.word(), per_call);
        assert!(requests <= expected as u64, "{entity:?}: {requests} requests, {expected} would do");
    }
}

pub(crate) async fn unicode_and_missing_values(target: Case) {
    let dataset = target.dataset();
    let customers = records(&target, EntityType::Customer).await;
    let by_name: HashMap<_, _> =
        customers.iter().map(|record| (record.named("name").as_text().expect("a name"), record)).collect();
    for customer in &dataset.customers {
        let record = by_name.get(customer.name.as_str()).unwrap_or_else(|| panic!("no customer {:?}", customer.name));
        for (name, expected) in [("email", &customer.email), ("phone", &customer.phone)] {
            assert_eq!(record.named(name).as_text(), expected.as_deref(), "{} of {:?}", name, customer.name);
        }
        // QuickBooks has no tax numbers of customers that every company could use.
        if target.spec.system != System::QuickBooks {
            assert_eq!(record.named("taxNumber").as_text(), customer.tax_number.as_deref(), "{:?}", customer.name);
        }
        let status = if customer.active { "ACTIVE" } else { "INACTIVE" };
        assert_eq!(*record.named("status"), Value::Enum(status), "{:?}", customer.name);
        match record.named("billingAddress") {
            Value::Object(parts) => {
                assert_eq!(parts[2].as_text(), customer.city, "city of {:?}", customer.name);
                assert!(parts.iter().all(|part| part.as_text() != Some("")), "{parts:?}");
            }
            other => assert!(other.is_null() && customer.city.is_none(), "{other:?} of {:?}", customer.name),
        }
    }
    let products = records(&target, EntityType::Product).await;
    let by_sku: HashMap<_, _> =
        products.iter().map(|record| (record.named("sku").as_text().expect("a number"), record)).collect();
    for product in &dataset.products {
        let record = by_sku.get(product.sku.as_str()).unwrap_or_else(|| panic!("no product {}", product.sku));
        // QuickBooks writes "(deleted)" behind the names of inactive items.
        let name = record.named("name").as_text().expect("a name");
        let name = if product.active { name } else { name.trim_end_matches(" (deleted)") };
        assert_eq!(name, product.name);
        assert_eq!(record.named("description").as_text(), product.description);
        assert_eq!(*record.named("isActive"), Value::Bool(product.active), "{}", product.sku);
        assert_eq!(record.named("salePrice").as_decimal(), Some(cents(product.price)), "{}", product.sku);
    }
}

fn cents(amount: Cents) -> Decimal {
    Decimal::new(amount, 2)
}

/// What is compared of a document: it has no number that the story and the ERP share.
type Sums = (&'static str, String, String, [Decimal; 3]);

fn sums(kind: &'static str, date: chrono::NaiveDate, currency: &str, totals: Totals) -> Sums {
    (kind, date.to_string(), currency.to_owned(), [totals.net, totals.tax, totals.total].map(cents))
}

fn sums_of(record: &Record, kind: &'static str, date: &str) -> Sums {
    let money = |name| record.named(name).as_decimal().unwrap_or_else(|| panic!("{:?} has no {name}", record.key));
    let date = record.named(date).as_date().expect("a date").to_string();
    let currency = record.named("currency").as_text().expect("a currency").to_owned();
    (kind, date, currency, [money("subtotal"), money("taxTotal"), money("total")])
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort();
    values
}

/// To the cent, every document, in the currency of the document and in the company's.
pub(crate) async fn money_is_exact(target: Case) {
    let dataset = target.dataset();
    let invoices = records(&target, EntityType::Invoice).await;
    let posted = |record: &&Arc<Record>| !matches!(record.named("status"), Value::Enum("DRAFT" | "VOIDED"));
    let kind_of = |record: &Record| match record.named("kind") {
        Value::Enum(kind) => *kind,
        other => panic!("{other:?}"),
    };
    let expected =
        sorted(dataset.invoices.iter().filter(|invoice| invoice.state == PostState::Posted).map(|invoice| {
            let kind = if invoice.kind == InvoiceKind::Invoice { "INVOICE" } else { "CREDIT_NOTE" };
            let base = cents(invoice.rate.to_base(invoice.totals.total));
            (sums(kind, invoice.date, invoice.currency.code(), invoice.totals), cents(invoice.balance), base)
        }));
    let found = sorted(invoices.iter().filter(posted).map(|record| {
        let money = |name| record.named(name).as_decimal().unwrap_or_else(|| panic!("{:?} has no {name}", record.key));
        (sums_of(record, kind_of(record), "issueDate"), money("balanceDue"), money("baseTotal"))
    }));
    assert_eq!(found.len(), expected.len(), "how many are posted");
    // An ERP that books each line in the company's currency may round another cent.
    let rounding = Decimal::new(10, 2);
    for ((found, balance, base), (expected, left, told)) in found.iter().zip(&expected) {
        assert_eq!((found, balance), (expected, left));
        assert!((base - told).abs() <= rounding, "{found:?}: {base} in the company's currency, {told} expected");
    }
    for record in &invoices {
        for (id, field) in record.def().all_fields().filter(|(_, field)| matches!(field.kind, Kind::Money(_))) {
            if let Value::Money(money) = record.get(id) {
                assert!(
                    !money.amount.is_sign_negative() || money.amount.is_zero(),
                    "{} of {:?}: {money:?}",
                    field.name,
                    record.key
                );
                let base = matches!(field.kind, Kind::Money(MoneyIn::Company));
                let expected = if base {
                    dataset.company.currency.code()
                } else {
                    record.named("currency").as_text().expect("one")
                };
                assert_eq!(money.currency.as_str(), expected, "{} of {:?}", field.name, record.key);
            }
        }
        lines_add_up(record);
    }
    let orders = records(&target, EntityType::SalesOrder).await;
    // Voided documents may have lost their amounts.
    let kept = |order: &&simulators::dataset::Order| order.state != OrderState::Draft || keeps_drafts(&target);
    let expected = dataset.orders.iter().filter(kept).filter(|order| order.state != OrderState::Cancelled);
    let expected = sorted(expected.map(|order| sums("ORDER", order.date, order.currency.code(), order.totals)));
    let open = orders.iter().filter(|record| *record.named("status") != Value::Enum("VOIDED"));
    assert_eq!(sorted(open.map(|record| sums_of(record, "ORDER", "orderDate"))), expected);
    orders.iter().for_each(|record| lines_add_up(record));
}

/// The lines without tax add up to the document without tax, unless the whole document has a discount.
fn lines_add_up(record: &Record) {
    if matches!(record.named("raw"), Value::Json(raw) if raw.get().contains("DiscountLineDetail")) {
        return;
    }
    let Value::List(lines) = record.named("lines") else { panic!("{:?} has no lines", record.key) };
    let def = record.def().all_fields().find_map(|(_, field)| match field.kind {
        Kind::List(of) if field.name == "lines" => Some(of),
        _ => None,
    });
    let at = |name| def.and_then(|def| def.position(name)).expect("a field");
    let mut sum = Decimal::ZERO;
    for (n, line) in lines.iter().enumerate() {
        let Value::Object(line) = line else { panic!("{line:?}") };
        assert_eq!(line[at("lineNumber")], Value::Int(n as i64 + 1));
        sum += line[at("subtotal")].as_decimal().unwrap_or_default();
    }
    if let Some(subtotal) = record.named("subtotal").as_decimal() {
        assert_eq!(sum, subtotal, "lines of {:?}", record.key);
    }
}

/// The day of a document is the company's day, wherever the gateway runs.
pub(crate) async fn dates_stay_dates(target: Case) {
    let dataset = target.dataset();
    let invoices = records(&target, EntityType::Invoice).await;
    let all = |name: &str, of: &'static str| {
        sorted(
            invoices
                .iter()
                .filter(|record| *record.named("kind") == Value::Enum(of))
                .map(|record| record.named(name).as_date()),
        )
    };
    let kept = |invoice: &&simulators::dataset::Invoice| {
        invoice.kind == InvoiceKind::Invoice && (invoice.state != PostState::Draft || keeps_drafts(&target))
    };
    let story: Vec<_> = dataset.invoices.iter().filter(kept).collect();
    assert_eq!(all("issueDate", "INVOICE"), sorted(story.iter().map(|invoice| Some(invoice.date))));
    let due: Vec<_> = all("dueDate", "INVOICE");
    // Where the story has none, an ERP that demands one takes the day of the document.
    let given = sorted(story.iter().map(|invoice| Some(invoice.due.unwrap_or(invoice.date))));
    let none = sorted(story.iter().map(|invoice| invoice.due));
    // What is paid when it is sold is due on no day in QuickBooks.
    let at_once = invoices.iter().filter(|record| record.key.set.as_str() == "SalesReceipt").count();
    let mut rest = given.clone();
    let told = |day: &Option<_>| rest.iter().position(|given| given == day).map(|at| rest.remove(at)).is_some();
    let all_told = due.iter().filter(|day| day.is_some()).all(told);
    assert!(due == none || (all_told && rest.len() == at_once), "{due:?}");
    let orders = records(&target, EntityType::SalesOrder).await;
    let kept = |order: &&simulators::dataset::Order| order.state != OrderState::Draft || keeps_drafts(&target);
    let expected = sorted(dataset.orders.iter().filter(kept).map(|order| Some(order.date)));
    assert_eq!(sorted(orders.iter().map(|record| record.named("orderDate").as_date())), expected);
}

/// Whether drafts stand among the ERP's invoices: Business One has tables of their own for them.
fn keeps_drafts(target: &Case) -> bool {
    target.spec.system != System::SapB1
}

pub(crate) async fn datetimes_are_utc(target: Case) {
    let dataset = target.dataset();
    let customers = records(&target, EntityType::Customer).await;
    // Business One keeps minutes.
    let unit = if target.spec.system == System::SapB1 { TimeDelta::minutes(1) } else { TimeDelta::seconds(1) };
    let cut = |at: DateTime<Utc>| at.duration_trunc(unit).expect("a moment");
    for customer in &dataset.customers {
        let of_name = |record: &&Arc<Record>| record.named("name").as_text() == Some(&customer.name);
        let record = customers.iter().find(of_name).expect("a customer");
        for (name, expected) in [("remoteCreatedAt", customer.created), ("remoteUpdatedAt", customer.updated)] {
            match record.named(name) {
                Value::DateTime(at) => assert_eq!(cut(*at), cut(expected), "{name} of {:?}", customer.name),
                other => panic!("{name} of {:?}: {other:?}", customer.name),
            }
        }
    }
}

pub(crate) async fn only_wanted_fields_are_held(target: Case) {
    for entity in known_by_id(&target) {
        let def = entity.def();
        let fields: FieldSet = def.id_of("remoteUpdatedAt").into_iter().collect();
        let all = records(&target, entity).await;
        let ids = [reference(&all[0])];
        let read = target.adapter.get_many(&target.ctx(), entity, &ids, fields).await.expect("a record");
        let record = read[0].as_ref().expect("it is there");
        assert_eq!(record.held().iter().collect::<Vec<_>>(), fields.iter().collect::<Vec<_>>(), "{entity:?}");
        assert_eq!(record.named("remoteUpdatedAt"), all[0].named("remoteUpdatedAt"));
        assert!(record.named(def.order.0).is_null());
    }
}
