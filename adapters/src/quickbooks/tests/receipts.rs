//! Sales that are paid at once, and refunds: each is a document and the payment that settles it.

use super::{
    purchases::{day, money, parts, to},
    *,
};
use serde_json::{Value as Json, json};

fn receipt(id: usize, customer: usize, total: f64, note: &str) -> Json {
    json!({
        "Id": id.to_string(), "DocNumber": format!("R-{id}"), "TxnDate": format!("2026-01-{id:02}"), "TotalAmt": total, "Balance": 0,
        "CustomerRef": { "value": customer.to_string() }, "CurrencyRef": { "value": "USD" }, "PrivateNote": note,
        "DepositToAccountRef": { "value": "35" }, "PaymentRefNum": "10264", "TxnTaxDetail": { "TotalTax": 0 },
    })
}

fn company() -> Arc<Fake> {
    let fake = Fake::new();
    let mut invoice = receipt(7, 1, 50.0, "");
    (invoice["Balance"], invoice["DueDate"]) = (json!(50.0), json!("2026-02-01"));
    fake.put("Invoice", vec![invoice]);
    fake.put(
        "SalesReceipt",
        vec![receipt(7, 1, 80.0, ""), receipt(8, 2, 0.0, "Voided - twice"), receipt(9, 1, 0.0, "")],
    );
    fake.put("RefundReceipt", vec![receipt(7, 1, 15.0, "")]);
    fake
}

const WHOLE: [&str; 4] = ["amount", "date", "payment", "invoice"];

#[tokio::test(start_paused = true)]
async fn a_receipt_is_a_paid_document_and_the_payment_that_settles_it() {
    let fake = company();
    let adapter = adapter(&fake);
    for (set, kind, direction, amount) in
        [("SalesReceipt", "INVOICE", "INBOUND", "80.0"), ("RefundReceipt", "CREDIT_NOTE", "OUTBOUND", "15.0")]
    {
        let ids = refs(set, &["7"]);
        let every = |entity: EntityType| entity.def().every_field();
        let of = |found: Result<Vec<Option<Arc<Record>>>>| found.expect("records").remove(0).expect("a record");
        let invoice = of(adapter.get_many(&ctx(), EntityType::Invoice, &ids, every(EntityType::Invoice)).await);
        let payment = of(adapter.get_many(&ctx(), EntityType::Payment, &ids, every(EntityType::Payment)).await);
        assert_eq!(fake.asked().len(), 2, "no call more for what settles it");
        assert_eq!((invoice.named("kind"), invoice.named("status")), (&Value::Enum(kind), &Value::Enum("PAID")));
        assert_eq!((invoice.named("total"), invoice.named("balanceDue")), (&money(amount), &money("0")));
        assert_eq!((invoice.named("paidOn"), invoice.named("dueDate")), (&day("2026-01-07"), &Value::Null));
        let settles = [[money(amount), day("2026-01-07"), to(set, "7"), to(set, "7")]];
        assert_eq!(parts(&invoice, "payments", &WHOLE), settles);
        assert_eq!(parts(&payment, "allocations", &WHOLE), settles);
        assert_eq!((payment.named("direction"), payment.named("amount")), (&Value::Enum(direction), &money(amount)));
        assert_eq!((payment.named("customer"), payment.named("account")), (&to("Customer", "1"), &to("Account", "35")));
        assert_eq!(payment.named("reference"), &Value::Text("10264".into()));
    }
    // The same number in another set is another document.
    let ids = [refs("Invoice", &["7"]), refs("SalesReceipt", &["7"])].concat();
    let fields = fields(EntityType::Invoice, &["status"]);
    let found = adapter.get_many(&ctx(), EntityType::Invoice, &ids, fields).await.expect("records");
    let status = |at: usize| found[at].as_ref().expect("a record").named("status").clone();
    assert_eq!((status(0), status(1)), (Value::Enum("OPEN"), Value::Enum("PAID")));
}

#[tokio::test(start_paused = true)]
async fn a_voided_receipt_settles_nothing_and_one_over_nothing_is_paid() {
    let fake = company();
    let adapter = adapter(&fake);
    for (entity, list, statuses) in [
        (EntityType::Invoice, "payments", ["VOIDED", "PAID"]),
        (EntityType::Payment, "allocations", ["VOIDED", "POSTED"]),
    ] {
        let names =
            if entity == EntityType::Invoice { &["status", "payments", "paidOn"][..] } else { &["status", list] };
        let ids = refs("SalesReceipt", &["8", "9"]);
        let found = adapter.get_many(&ctx(), entity, &ids, fields(entity, names)).await.expect("records");
        for (record, status) in found.iter().flatten().zip(statuses) {
            assert_eq!(*record.named("status"), Value::Enum(status));
            assert!(parts(record, list, &["amount"]).is_empty(), "{record:?}");
            assert!(entity != EntityType::Invoice || record.named("paidOn").is_null());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn filters_and_customers_find_receipts_like_the_other_documents() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Invoice;
    let asked_of = async |entity: EntityType, filter: Filter| {
        let query = query(&adapter, entity, filter, 10);
        let page = adapter.list(&ctx(), entity, &query).await.expect("a page");
        let asked = fake.asked().into_iter().flat_map(|(_, statements)| statements);
        let sets = asked.map(|statement| statement.split(' ').nth(3).expect("a set").to_owned()).collect::<Vec<_>>();
        (sets, page.sets.iter().map(|set| set.rows.len()).collect::<Vec<_>>())
    };
    let credit = is(entity, "kind", Op::Eq, vec![Value::Enum("CREDIT_NOTE")]);
    assert_eq!(asked_of(entity, credit).await, (vec!["CreditMemo".into(), "RefundReceipt".into()], vec![0, 0, 0, 1]));
    let open = is(entity, "status", Op::In, vec![Value::Enum("OPEN"), Value::Enum("PARTIALLY_PAID")]);
    assert_eq!(asked_of(entity, open).await, (vec!["Invoice".into(), "CreditMemo".into()], vec![1, 0, 0, 0]));
    let due = is(entity, "balanceDue", Op::Gt, vec![money("0")]);
    assert_eq!(asked_of(entity, due).await.1, [1, 0, 0, 0]);
    let number = is(entity, "number", Op::Eq, vec![Value::Text("R-7".into())]);
    assert_eq!(asked_of(entity, number).await.1, [1, 0, 1, 1]);
    let payments = EntityType::Payment;
    let inbound = is(payments, "direction", Op::Eq, vec![Value::Enum("INBOUND")]);
    assert_eq!(asked_of(payments, inbound).await.0, ["Payment", "SalesReceipt"]);
    for entity in [entity, payments] {
        let query = ChildrenQuery {
            via: field(entity, "customer"),
            parents: refs("Customer", &["1", "2"]),
            filter: Filter::ALL,
            order: order(entity, entity.def().order.0, entity.def().order.1),
            per_parent: 5,
            sets: adapter.sets(entity),
            fields: fields(entity, &["number"]),
        };
        let found = adapter.list_children(&ctx(), entity, &query).await.expect("children");
        let of = |parent: usize| found.parents[parent].iter().map(|set| set.rows.len()).collect::<Vec<_>>();
        let unpaid = usize::from(entity == EntityType::Invoice);
        assert_eq!((of(0), of(1)), (vec![unpaid, 0, 2, 1], vec![0, 0, 1, 0]), "{entity:?}");
    }
    let count = adapter.count(&ctx(), entity, &Filter::ALL).await.expect("a count");
    assert_eq!(count, crate::adapter::Count::Exact(5));
    assert_eq!(
        fake.asked().iter().filter(|(endpoint, _)| endpoint == "POST batch").count(),
        1,
        "one call for all sets"
    );
}
