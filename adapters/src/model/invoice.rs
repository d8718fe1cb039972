//! Invoices to customers and bills from vendors.

use super::{
    EntityType as E, Record, Value,
    catalogue::{
        Computed, Direction, EntityDef, EnumDef, base_money, boolean, currency, date, decimal, list, money, one_of,
        reference, text,
    },
    document::{DOCUMENT_LINE, INVOICE_STATUS, PAYMENT_ALLOCATION},
};
use crate::filter::{Filter, Op};
use chrono::NaiveDate;

static INVOICE_KIND: EnumDef = EnumDef {
    name: "InvoiceKind",
    doc: "Which way an invoice goes. Amounts of both are positive.",
    values: &[("INVOICE", "Asks the customer for money."), ("CREDIT_NOTE", "Gives the customer money back.")],
};

static BILL_KIND: EnumDef = EnumDef {
    name: "BillKind",
    doc: "Which way a bill goes. Amounts of both are positive.",
    values: &[("BILL", "The vendor asks for money."), ("VENDOR_CREDIT", "The vendor gives money back.")],
};

/// Overdue: due before today, not settled, and no credit.
macro_rules! overdue {
    ($entity:expr, $debit:literal) => {
        Computed {
            needs: &["kind", "status", "dueDate"],
            value: |record, today| overdue_value(record, $debit, today),
            filter: |wanted, today| overdue_filter($entity, $debit, wanted, today),
        }
    };
}
static INVOICE_OVERDUE: Computed = overdue!(E::Invoice, "INVOICE");
static BILL_OVERDUE: Computed = overdue!(E::Bill, "BILL");

const UNSETTLED: [&str; 2] = ["OPEN", "PARTIALLY_PAID"];

fn overdue_value(record: &Record, debit: &'static str, today: NaiveDate) -> Value {
    let due = record.named("dueDate").as_date().is_some_and(|due| due < today);
    let open = matches!(record.named("status"), Value::Enum(s) if UNSETTLED.contains(s));
    Value::Bool(due && open && *record.named("kind") == Value::Enum(debit))
}

fn overdue_filter(entity: E, debit: &'static str, wanted: bool, today: NaiveDate) -> Filter {
    let overdue = Filter::And(vec![
        Filter::of(entity, "dueDate", Op::Lt, vec![Value::Date(today)]),
        Filter::of(entity, "status", Op::In, UNSETTLED.map(Value::Enum).to_vec()),
        Filter::of(entity, "kind", Op::Eq, vec![Value::Enum(debit)]),
    ]);
    if wanted { overdue } else { Filter::Not(Box::new(overdue)) }
}

const EXCHANGE_RATE_DOC: &str = "Units of the company's currency for one unit of the document's currency.";

pub(super) static INVOICE: EntityDef = EntityDef {
    entity: E::Invoice,
    name: "Invoice",
    plural: "invoices",
    doc: "A document that asks a customer for money, or a credit note that gives some back. Amounts are positive for both: `kind` tells the direction.",
    fields: &[
        text("number", "The number on the document; a draft may have none.").filter().sort(),
        one_of("kind", &INVOICE_KIND, "Invoice or credit note.").required().filter(),
        one_of("status", &INVOICE_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        reference("customer", E::Customer, "Who is asked to pay.").filter(),
        date("issueDate", "The date on the document.").filter().sort(),
        date("postingDate", "The date in the ledger, where it differs from the date on the document.").filter(),
        date("dueDate", "When it has to be paid.").filter().sort(),
        date("paidOn", "When the last of it was paid, where the ERP keeps that."),
        boolean(
            "isOverdue",
            "Whether it should have been paid before today and is not. Credit notes are never overdue.",
        )
        .required()
        .filter()
        .computed(&INVOICE_OVERDUE),
        currency("currency", "The currency of the document.").filter(),
        decimal("exchangeRate", EXCHANGE_RATE_DOC),
        money("subtotal", "The sum without tax."),
        money("taxTotal", "The tax."),
        money("total", "The sum with tax.").filter().sort(),
        money("balanceDue", "What is still to be paid.").filter().sort(),
        base_money("baseSubtotal", "The sum without tax, in the company's currency."),
        base_money("baseTotal", "The sum with tax, in the company's currency."),
        base_money("baseBalanceDue", "What is still to be paid, in the company's currency."),
        text("reference", "The customer's reference, for example the number of their order.").filter(),
        text("memo", "A note on the document."),
        reference("salesOrder", E::SalesOrder, "The order that is invoiced; the first one where there are several."),
        list("lines", &DOCUMENT_LINE, "The lines, without the ERP's own lines for tax, rounding and sections."),
        list("payments", &PAYMENT_ALLOCATION, "What was paid on it."),
    ],
    children: &[],
    order: ("issueDate", Direction::Desc),
    hidden_unless: None,
};

pub(super) static BILL: EntityDef = EntityDef {
    entity: E::Bill,
    name: "Bill",
    plural: "bills",
    doc: "A vendor's invoice, or the vendor's credit. Amounts are positive for both: `kind` tells the direction.",
    fields: &[
        text("number", "The vendor's number on the document, or the ERP's where it keeps only that.").filter().sort(),
        one_of("kind", &BILL_KIND, "Bill or vendor credit.").required().filter(),
        one_of("status", &INVOICE_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        reference("vendor", E::Vendor, "Who is to be paid.").filter(),
        date("issueDate", "The date on the document.").filter().sort(),
        date("postingDate", "The date in the ledger, where it differs from the date on the document.").filter(),
        date("dueDate", "When it has to be paid.").filter().sort(),
        boolean(
            "isOverdue",
            "Whether it should have been paid before today and is not. Vendor credits are never overdue.",
        )
        .required()
        .filter()
        .computed(&BILL_OVERDUE),
        currency("currency", "The currency of the document.").filter(),
        decimal("exchangeRate", EXCHANGE_RATE_DOC),
        money("subtotal", "The sum without tax."),
        money("taxTotal", "The tax."),
        money("total", "The sum with tax.").filter().sort(),
        money("balanceDue", "What is still to be paid.").filter().sort(),
        base_money("baseSubtotal", "The sum without tax, in the company's currency."),
        base_money("baseTotal", "The sum with tax, in the company's currency."),
        base_money("baseBalanceDue", "What is still to be paid, in the company's currency."),
        text("reference", "The company's own reference.").filter(),
        text("memo", "A note on the document."),
        reference(
            "purchaseOrder",
            E::PurchaseOrder,
            "The order that is billed; the first one where there are several.",
        ),
        list("lines", &DOCUMENT_LINE, "The lines, without the ERP's own lines for tax, rounding and sections."),
        list("payments", &PAYMENT_ALLOCATION, "What was paid on it."),
    ],
    children: &[],
    order: ("issueDate", Direction::Desc),
    hidden_unless: None,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        filter::matches,
        model::{FieldSet, RecordKey},
    };

    fn invoice(status: &'static str, kind: &'static str, due: &str) -> Record {
        let def = E::Invoice.def();
        let values = [
            ("kind", Value::Enum(kind)),
            ("status", Value::Enum(status)),
            ("dueDate", Value::Date(due.parse().expect("a date"))),
        ];
        let held: FieldSet = values.iter().filter_map(|v| def.id_of(v.0)).collect();
        let key = RecordKey { entity: E::Invoice, erp: "a".into(), set: "s".into(), id: "1".into() };
        Record::new(key, chrono::DateTime::UNIX_EPOCH, held, values.into_iter().map(|v| v.1).collect())
    }

    #[test]
    fn overdue_value_and_filter_agree() {
        let today = "2026-03-01".parse().expect("a date");
        let field = E::Invoice.def().id_of("isOverdue").expect("a field");
        for (status, kind, due, expected) in [
            ("OPEN", "INVOICE", "2026-02-28", true),
            ("OPEN", "INVOICE", "2026-03-01", false),
            ("PARTIALLY_PAID", "INVOICE", "2025-01-01", true),
            ("PAID", "INVOICE", "2025-01-01", false),
            ("OPEN", "CREDIT_NOTE", "2025-01-01", false),
        ] {
            let record = invoice(status, kind, due);
            assert_eq!(*record.read(field, today), Value::Bool(expected), "{status} {kind} {due}");
            assert_eq!(matches(&overdue_filter(E::Invoice, "INVOICE", true, today), &record), expected);
            assert_eq!(matches(&overdue_filter(E::Invoice, "INVOICE", false, today), &record), !expected);
        }
    }
}
