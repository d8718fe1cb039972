//! Purchases and payments: what settles what, in how many calls.

use super::*;
use crate::model::Kind;
use serde_json::{Value as Json, json};

fn document(id: usize, party: (&str, usize), total: f64, balance: f64, links: &[(&str, usize)]) -> Json {
    let links: Vec<_> = links.iter().map(|(kind, id)| json!({ "TxnId": id.to_string(), "TxnType": kind })).collect();
    json!({
        "Id": id.to_string(), "DocNumber": format!("N-{id}"), "TxnDate": format!("2026-01-{id:02}"), "DueDate": "2026-02-01",
        "TotalAmt": total, "Balance": balance, (party.0): { "value": party.1.to_string() },
        "CurrencyRef": { "value": "USD" }, "LinkedTxn": links,
    })
}

fn payment(id: usize, day: u32, party: (&str, usize), lines: &[(f64, &str, usize)]) -> Json {
    let lines: Vec<_> = lines
        .iter()
        .map(|(amount, kind, id)| {
            json!({ "Amount": amount, "LinkedTxn": [{ "TxnId": id.to_string(), "TxnType": kind }] })
        })
        .collect();
    json!({
        "Id": id.to_string(), "TxnDate": format!("2026-02-{day:02}"), "TotalAmt": 100, "Line": lines,
        (party.0): { "value": party.1.to_string() },
    })
}

fn company() -> Arc<Fake> {
    let fake = Fake::new();
    let (customer, vendor) = ("CustomerRef", "VendorRef");
    fake.put(
        "Invoice",
        vec![
            document(1, (customer, 1), 100.0, 0.0, &[("Payment", 31), ("Estimate", 9), ("Payment", 30)]),
            document(2, (customer, 1), 100.0, 60.0, &[("Payment", 31)]),
            document(3, (customer, 2), 50.0, 50.0, &[]),
        ],
    );
    fake.put("CreditMemo", vec![document(4, (customer, 1), 10.0, 0.0, &[])]);
    fake.put(
        "Payment",
        vec![
            payment(30, 1, (customer, 1), &[(70.0, "Invoice", 1)]),
            payment(31, 9, (customer, 1), &[(30.0, "Invoice", 1), (40.0, "Invoice", 2), (10.0, "CreditMemo", 4)]),
        ],
    );
    fake.put(
        "Bill",
        vec![
            document(1, (vendor, 5), 80.0, 0.0, &[("PurchaseOrder", 7), ("BillPaymentCheck", 40)]),
            document(2, (vendor, 5), 20.0, 20.0, &[("BillPaymentCreditCard", 41)]),
        ],
    );
    fake.put("VendorCredit", vec![document(3, (vendor, 6), 5.0, 5.0, &[])]);
    fake.put(
        "BillPayment",
        vec![
            payment(40, 3, (vendor, 5), &[(80.0, "Bill", 1)]),
            payment(41, 4, (vendor, 5), &[(0.0, "Bill", 2), (1.0, "Bill", 99)]),
        ],
    );
    fake.put("PurchaseOrder", vec![document(7, (vendor, 5), 80.0, 0.0, &[("Bill", 1)])]);
    fake
}

/// The parts of what settles a document, or of what a payment settles.
pub(super) fn parts(record: &Record, list: &str, names: &[&str]) -> Vec<Vec<Value>> {
    let Kind::List(of) = record.def().field(field(record.key.entity, list)).kind else { panic!("no list") };
    let Value::List(parts) = record.named(list) else {
        panic!("{list} of {}: {:?}", record.key.id, record.named(list))
    };
    let part = |part: &Value, name: &&str| match part {
        Value::Object(values) => values[of.position(name).expect("a field")].clone(),
        other => panic!("{other:?}"),
    };
    parts.iter().map(|one| names.iter().map(|name| part(one, name)).collect()).collect()
}

pub(super) fn to(set: &str, id: &str) -> Value {
    Value::Ref(refs(set, &[id]).remove(0))
}

pub(super) fn money(amount: &str) -> Value {
    Value::Money(crate::model::Money {
        amount: amount.parse().expect("a number"),
        currency: "USD".parse().expect("a code"),
    })
}

pub(super) fn day(day: &str) -> Value {
    Value::Date(day.parse().expect("a date"))
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_comes_in_one_call_more_and_only_when_asked_for() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Invoice;
    let mut query = query(&adapter, entity, Filter::ALL, 10);
    adapter.list(&ctx(), entity, &query).await.expect("a page");
    assert_eq!(fake.asked().len(), 4);
    query.fields = fields(entity, &["number", "payments", "paidOn"]);
    let page = adapter.list(&ctx(), entity, &query).await.expect("a page");
    let asked = fake.asked();
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert!(asked[4].1[0].starts_with("select * from Payment where Id in ('31', '30')"), "{asked:?}");
    let [third, second, first] = page.sets[0].rows.as_slice() else { panic!("three invoices") };
    let names = ["amount", "date", "payment", "invoice", "bill"];
    assert_eq!(
        parts(&first.record, "payments", &names),
        [
            vec![money("70.0"), day("2026-02-01"), to("Payment", "30"), to("Invoice", "1"), Value::Null],
            vec![money("30.0"), day("2026-02-09"), to("Payment", "31"), to("Invoice", "1"), Value::Null],
        ]
    );
    assert_eq!(*first.record.named("paidOn"), day("2026-02-09"), "the last of it");
    assert_eq!(parts(&second.record, "payments", &["amount"]), [[money("40.0")]]);
    assert!(second.record.named("paidOn").is_null(), "not all of it is paid");
    assert!(parts(&third.record, "payments", &names).is_empty());
    let credit = &page.sets[1].rows[0].record;
    assert!(credit.named("payments").is_null(), "a credit memo does not say");
}

#[tokio::test(start_paused = true)]
async fn bills_and_orders_of_vendors_are_one_query_for_each_set() {
    let fake = company();
    let adapter = adapter(&fake);
    let children = |entity: EntityType, names: &[&str]| ChildrenQuery {
        via: field(entity, "vendor"),
        parents: refs("Vendor", &["5", "6"]),
        filter: Filter::ALL,
        order: order(entity, entity.def().order.0, entity.def().order.1),
        per_parent: 5,
        sets: adapter.sets(entity),
        fields: fields(entity, names),
    };
    let query = children(EntityType::Bill, &["number", "kind", "purchaseOrder", "payments"]);
    let found = adapter.list_children(&ctx(), EntityType::Bill, &query).await.expect("children");
    assert_eq!(fake.asked().len(), 3, "bills, credits, and the payments of all bills");
    assert_eq!((ids(&found.parents[0][0]), ids(&found.parents[1][1])), (vec!["2", "1"], vec!["3"]));
    let paid = &found.parents[0][0].rows[1].record;
    assert_eq!(*paid.named("purchaseOrder"), to("PurchaseOrder", "7"));
    assert_eq!(
        parts(paid, "payments", &["amount", "payment", "bill"]),
        [[money("80.0"), to("BillPayment", "40"), to("Bill", "1")]]
    );
    let orders = children(EntityType::PurchaseOrder, &["number"]);
    let found = adapter.list_children(&ctx(), EntityType::PurchaseOrder, &orders).await.expect("children");
    assert_eq!((ids(&found.parents[0][0]), found.parents[1][0].rows.len()), (vec!["7"], 0));
    assert_eq!(fake.asked().len(), 1);
    let ids = refs("Bill", &["2", "1"]);
    let bills = adapter.get_many(&ctx(), EntityType::Bill, &ids, fields(EntityType::Bill, &["payments"])).await;
    let bills = bills.expect("records");
    assert_eq!(parts(bills[1].as_ref().expect("a bill"), "payments", &["date"]), [[day("2026-02-03")]]);
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn payments_go_both_ways() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Payment;
    let list = async |filter: Filter| {
        let mut query = query(&adapter, entity, filter, 10);
        query.fields = fields(entity, &["direction", "status", "amount", "allocations", "customer", "vendor"]);
        adapter.list(&ctx(), entity, &query).await.expect("a page")
    };
    let page = list(Filter::ALL).await;
    assert_eq!(fake.asked().len(), 4, "one for each set");
    let record = &page.sets[0].rows[0].record;
    assert_eq!(
        parts(record, "allocations", &["amount", "payment", "invoice"]),
        [
            [money("30.0"), to("Payment", "31"), to("Invoice", "1")],
            [money("40.0"), to("Payment", "31"), to("Invoice", "2")],
            [money("10.0"), to("Payment", "31"), to("CreditMemo", "4")],
        ]
    );
    assert_eq!(*record.named("amount"), money("100"), "without a currency it is the company's");
    let out = list(is(entity, "direction", Op::Eq, vec![Value::Enum("INBOUND")])).await;
    assert_eq!((out.sets[0].rows.len(), out.sets[1].rows.len(), fake.asked().len()), (2, 0, 2));
    let posted = is(entity, "status", Op::Eq, vec![Value::Enum("POSTED")]);
    assert_eq!(list(posted.clone()).await.left, posted, "a query finds the voided ones too");
    fake.asked();
    let of_customer = ChildrenQuery {
        via: field(entity, "customer"),
        parents: refs("Customer", &["1", "2"]),
        filter: Filter::ALL,
        order: order(entity, "date", Direction::Desc),
        per_parent: 5,
        sets: adapter.sets(entity),
        fields: fields(entity, &["amount"]),
    };
    let found = adapter.list_children(&ctx(), entity, &of_customer).await.expect("children");
    assert_eq!(ids(&found.parents[0][0]), ["31", "30"]);
    assert!(found.parents[0][1].rows.is_empty(), "vendors are paid by another set");
    assert_eq!(fake.asked().len(), 3, "payments, sales receipts and refunds");
}
