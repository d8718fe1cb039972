//! What was paid on documents: found by joins of payments with what they pay.

use super::{server::Answer, *};
use crate::model::{Kind, Money};
use EntityType::{Bill, Invoice};

/// The paid documents that a join asks for: by their types.
fn wanted(filter: &str) -> Vec<(String, i64)> {
    let mut wanted = Vec::new();
    for group in filter.split("InvoiceType eq '").skip(1) {
        let (kind, entries) = group.split_once('\'').expect("an end");
        for entry in entries.split("/DocEntry eq ").skip(1) {
            let digits: String = entry.chars().take_while(char::is_ascii_digit).collect();
            wanted.push((kind.to_owned(), digits.parse().expect("a number")));
        }
    }
    wanted
}

/// The join of payments with what they pay, for the one condition that the adapter knows.
pub(super) fn join(server: &Server, set: &str, body: &Json) -> Answer {
    if server.forbidden.contains(set) {
        return server.error(403, -1, "You are not permitted to perform this action");
    }
    let lines = format!("{set}/PaymentInvoices");
    assert_eq!(body["QueryPath"], format!("$crossjoin({set},{lines})"));
    if server.lacks.contains("PaymentInvoices.DocNum") {
        return server.error(400, -1000, &format!("Property '{lines}/DocNum' is invalid"));
    }
    let option = body["QueryOption"].as_str().expect("options");
    let head = format!(
        "$expand={set}($select=DocEntry,DocDate),{lines}($select=DocEntry,InvoiceType,SumApplied,AppliedFC,LinkDate)\
         &$filter={set}/DocEntry eq {lines}/DocNum and {set}/Cancelled eq 'tNO' and "
    );
    let tail = format!("&$orderby={set}/DocEntry,{lines}/LineNum");
    let (filter, skip) =
        option.strip_prefix(&head).and_then(|rest| rest.split_once(&tail)).unwrap_or_else(|| panic!("{option}"));
    assert_eq!(filter.matches('(').count(), filter.matches(')').count(), "{filter}");
    assert!(filter.starts_with('('), "alternatives in parentheses: {filter}");
    let skip: usize = skip.strip_prefix("&$skip=").map_or(0, |skip| skip.parse().expect("a number"));
    let wanted = wanted(filter);
    let mut rows = Vec::new();
    for payment in server.tables.get(set).into_iter().flatten().filter(|payment| payment["Cancelled"] == "tNO") {
        for line in payment["PaymentInvoices"].as_array().into_iter().flatten() {
            let of = |(kind, entry): &(String, i64)| line["InvoiceType"] == **kind && line["DocEntry"] == *entry;
            if wanted.iter().any(of) {
                let header = json!({"DocEntry": payment["DocEntry"], "DocDate": payment["DocDate"]});
                let mut line = line.clone();
                if server.lacks.contains("PaymentInvoices.InvoiceType") {
                    line["InvoiceType"] = json!("13");
                }
                rows.push(json!({set: header, lines.as_str(): line}));
            }
        }
    }
    let page: Vec<_> = rows.iter().skip(skip).take(server.page).cloned().collect();
    let mut answer = json!({ "value": page });
    if skip + page.len() < rows.len() {
        answer[if server.version == 1 { "odata.nextLink" } else { "@odata.nextLink" }] = json!("more");
    }
    (200, "text/plain".into(), answer.to_string())
}

/// Payments for some of the documents of `company`: invoices 1 and 16 are closed, 2 is in dollars, 4 is open.
fn paid(version: u8) -> Server {
    let mut server = company(version);
    let day = |day: u32| if version == 1 { format!("2026-02-{day:02}") } else { format!("2026-02-{day:02}T00:00:00Z") };
    let line = |kind: &str, entry: i64, local: &str, foreign: &str| {
        let text = format!(
            r#"{{"DocEntry":{entry},"InvoiceType":"{kind}","SumApplied":{local},"AppliedFC":{foreign},"LinkDate":null}}"#
        );
        serde_json::from_str::<Json>(&text).expect("JSON")
    };
    let payment = |entry: i64, at: u32, cancelled: &str, lines: Vec<Json>| {
        row(json!({"DocEntry": entry, "DocDate": day(at), "Cancelled": cancelled, "PaymentInvoices": lines}))
    };
    let mut dated = line("it_Invoice", 16, "7.5", "0.0");
    dated["LinkDate"] = json!(day(20));
    let incoming = vec![
        payment(7, 9, "tNO", vec![line("it_Invoice", 1, "20.10", "0.0"), line("it_Invoice", 4, "1.0", "0.0")]),
        payment(8, 12, "tYES", vec![line("it_Invoice", 1, "999.0", "0.0")]),
        // A credit that is used up by the payment of an invoice; a posting and a down payment of the same number.
        payment(
            9,
            3,
            "tNO",
            vec![
                line("it_Invoice", 1, "30.40", "0.0"),
                line("it_CredItnote", 1, "-10.40", "0.0"),
                line("it_JournalEntry", 1, "77.0", "0.0"),
                line("it_DownPayment", 1, "78.0", "0.0"),
            ],
        ),
        payment(10, 15, "tNO", vec![line("it_Invoice", 2, "90.0", "100.0"), dated]),
    ];
    // A refund of a credit note, and bills whose numbers invoices have too.
    let outgoing = vec![
        payment(7, 14, "tNO", vec![line("it_CredItnote", 2, "4.5", "5.0")]),
        payment(
            8,
            16,
            "tNO",
            vec![line("it_PurchaseInvoice", 1, "11.0", "0.0"), line("it_PurchaseInvoice", 2, "8.1", "9.0")],
        ),
    ];
    server.tables.insert("IncomingPayments", incoming);
    server.tables.insert("VendorPayments", outgoing);
    let invoices = server.tables["Invoices"].clone();
    server.tables.insert("PurchaseInvoices", invoices);
    server.tables.insert("PurchaseCreditNotes", server.tables["CreditNotes"].clone());
    server
}

async fn ready(server: Server) -> (Arc<Server>, SapB1) {
    let server = Arc::new(server);
    let b1 = adapter(&server, &[]);
    b1.books(&ctx()).await.expect("the company");
    server.sent();
    (server, b1)
}

/// Payments of a record: amount with currency, day, payment, and the document.
fn parts(record: &Record) -> Option<Vec<String>> {
    let def = record.def();
    let Kind::List(of) = def.field(def.id_of("payments").expect("a field")).kind else { panic!("a list") };
    let Value::List(parts) = record.named("payments") else { return None };
    let shown = |part: &Value| {
        let Value::Object(values) = part else { panic!("an object") };
        let text = |name: &str| match &values[of.position(name).expect("a field")] {
            Value::Null => "-".to_owned(),
            Value::Money(Money { amount, currency }) => format!("{amount} {currency}"),
            Value::Date(day) => day.to_string(),
            Value::Ref(to) => format!("{} {}", to.set, to.id),
            other => panic!("{name}: {other:?}"),
        };
        ["amount", "date", "payment", "invoice", "bill"].map(text).join(" | ")
    };
    Some(parts.iter().map(shown).collect())
}

const READ: [&str; 2] = ["number", "payments"];

async fn invoices(b1: &SapB1, ctx: &Ctx, ids: &[(&str, &str)]) -> Vec<Arc<Record>> {
    let ids: Vec<_> = ids.iter().map(|(set, id)| reference(set, id)).collect();
    let wanted = fields(Invoice, &["number", "payments", "paidOn"]);
    let found = b1.get_many(ctx, Invoice, &ids, wanted).await.expect("invoices");
    found.into_iter().map(|record| record.expect("it is there")).collect()
}

#[tokio::test]
async fn documents_tell_what_was_paid_on_them() {
    for (version, page) in [(1, usize::MAX), (2, usize::MAX), (2, 1)] {
        let (_, b1) = ready(Server { page, ..paid(version) }).await;
        let ids = [
            ("Invoices", "1"),
            ("Invoices", "2"),
            ("Invoices", "3"),
            ("Invoices", "4"),
            ("Invoices", "16"),
            ("CreditNotes", "1"),
            ("CreditNotes", "2"),
        ];
        let found = invoices(&b1, &ctx(), &ids).await;
        let parts: Vec<_> = found.iter().map(|record| parts(record).expect("payments")).collect();
        let expected: [&[&str]; 7] = [
            &[
                "30.40 EUR | 2026-02-03 | IncomingPayments 9 | Invoices 1 | -",
                "20.10 EUR | 2026-02-09 | IncomingPayments 7 | Invoices 1 | -",
            ],
            &["100.00 USD | 2026-02-15 | IncomingPayments 10 | Invoices 2 | -"],
            &[],
            &["1.00 EUR | 2026-02-09 | IncomingPayments 7 | Invoices 4 | -"],
            &["7.50 EUR | 2026-02-20 | IncomingPayments 10 | Invoices 16 | -"],
            &["10.40 EUR | 2026-02-03 | IncomingPayments 9 | CreditNotes 1 | -"],
            &["5.00 USD | 2026-02-14 | VendorPayments 7 | CreditNotes 2 | -"],
        ];
        assert_eq!(parts, expected, "v{version}, {page} rows a page");
        let paid_on: Vec<_> = found.iter().map(|record| record.named("paidOn").as_date()).collect();
        let day = |day: &str| Some(day.parse().expect("a date"));
        let expected = [day("2026-02-09"), None, None, None, day("2026-02-15"), day("2026-02-03"), None];
        assert_eq!(paid_on, expected, "only of what is closed");

        let bills: Vec<_> = ["1", "2", "3"].map(|id| reference("PurchaseInvoices", id)).into();
        let bills = b1.get_many(&ctx(), Bill, &bills, fields(Bill, &READ)).await.expect("bills");
        let parts: Vec<_> = bills.iter().map(|bill| parts_of(bill.as_ref())).collect();
        let expected: [&[&str]; 3] = [
            &["11.00 EUR | 2026-02-16 | VendorPayments 8 | - | PurchaseInvoices 1"],
            &["9.00 USD | 2026-02-16 | VendorPayments 8 | - | PurchaseInvoices 2"],
            &[],
        ];
        assert_eq!(parts, expected);
    }
}

fn parts_of(record: Option<&Arc<Record>>) -> Vec<String> {
    parts(record.expect("a bill")).expect("payments")
}

#[tokio::test]
async fn the_payments_of_a_whole_page_take_two_joins() {
    let (server, b1) = ready(paid(2)).await;
    for (limit, documents) in [(1, 4), (50, 76), (200, 145)] {
        let ctx = ctx();
        let wanted = ListQuery {
            order: order(Invoice, &[("number", Direction::Asc)]),
            limit,
            ..query(&b1, Invoice, &["number", "payments", "paidOn"])
        };
        b1.list(&ctx, Invoice, &wanted).await.expect("a page");
        let sent = server.sent();
        let joins = sent.iter().filter(|line| line.ends_with("/QueryService_PostQuery")).count();
        assert_eq!((joins, ctx.calls_made()), (2, 3), "{documents} documents: {sent:?}");
    }
    // Who does not ask for payments does not pay for them.
    let ctx = ctx();
    b1.list(&ctx, Invoice, &query(&b1, Invoice, &["number", "total"])).await.expect("a page");
    assert_eq!(ctx.calls_made(), 1);
}

#[tokio::test]
async fn who_may_not_read_payments_sees_the_documents_all_the_same() {
    let mut server = paid(2);
    server.forbidden.insert("VendorPayments");
    let (server, b1) = ready(server).await;
    for _ in 0..2 {
        let found = invoices(&b1, &ctx(), &[("Invoices", "1")]).await;
        assert_eq!(*found[0].named("number"), text("1000"));
        assert!(parts(&found[0]).is_none() && found[0].named("paidOn").is_null(), "null: not known");
        let asked = server.sent().iter().any(|line| line.ends_with("/QueryService_PostQuery"));
        assert!(asked, "a right may be given at any time");
    }
    assert!(b1.capability(Invoice).fields.contains(&"payments"));
}

#[tokio::test]
async fn a_service_that_cannot_join_payments_is_asked_once() {
    let mut server = paid(2);
    server.lacks.insert("PaymentInvoices.DocNum");
    let (server, b1) = ready(server).await;
    assert!(b1.capability(Invoice).fields.contains(&"paidOn"));
    let found = invoices(&b1, &ctx(), &[("Invoices", "1"), ("CreditNotes", "1")]).await;
    assert!(found.iter().all(|record| parts(record).is_none()));
    server.sent();
    let found = invoices(&b1, &ctx(), &[("Invoices", "1")]).await;
    assert!(parts(&found[0]).is_none() && *found[0].named("number") == text("1000"));
    let sent = server.sent();
    assert!(!sent.iter().any(|line| line.contains("QueryService")), "{sent:?}");
    let lacks = |name: &str| !b1.capability(Invoice).fields.contains(&name);
    assert!(lacks("payments") && lacks("paidOn") && !lacks("lines"));
}

#[tokio::test]
async fn payments_of_other_documents_are_not_taken_for_these() {
    let mut server = paid(2);
    server.lacks.insert("PaymentInvoices.InvoiceType");
    let (_, b1) = ready(server).await;
    let wanted = fields(Invoice, &READ);
    let error = b1.get_many(&ctx(), Invoice, &[reference("Invoices", "1")], wanted).await.expect_err("another type");
    assert_eq!(error.kind, crate::ErrorKind::BadResponse);
    assert_eq!(error.message, "the ERP tells of payments for another document");
}
