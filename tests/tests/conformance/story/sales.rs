//! Invoices, credit notes and sales orders.

use super::{
    Check, before_18,
    documents::{
        Aspect, Document, Fields, Kept, american_sales, compare, compare_base, day, document, level, names,
        sales_lines, settled,
    },
    shown,
};
use crate::support::{Case, records};
use adapters::model::{EntityType as E, Value};
use simulators::{
    System,
    dataset::{Dataset, Invoice, InvoiceKind, Order, OrderState, PostState},
};

const INVOICE: Fields = Fields { party: ("customer", E::Customer), date: "issueDate", due: "dueDate", owes: true };
const ORDER: Fields = Fields { party: ("customer", E::Customer), date: "orderDate", due: "deliveryDate", owes: false };

const INVOICE_ASPECTS: &[Aspect] = &[
    ("amounts", |document| document.amounts.join(" ")),
    ("status", |document| document.status.to_owned()),
    ("dueDate", |document| document.due.clone()),
    ("exchangeRate", |document| document.rate.clone()),
    ("reference", |document| document.reference.clone()),
    ("salesOrder", |document| document.order.clone()),
];

fn order_key(dataset: &Dataset, order: &Order) -> String {
    let customer = &dataset.customers[order.customer].name;
    let empty = Document {
        kind: "ORDER",
        party: customer.clone(),
        date: order.date.to_string(),
        currency: order.currency.code().to_owned(),
        ..Document::default()
    };
    empty.with_amounts(order.totals, 0, order.rate).key()
}

/// Posted invoices and credit notes: drafts and what was taken back are elsewhere, or without amounts, in some systems.
pub(crate) async fn invoices(target: Case) {
    let Some(mut check) = Check::of(&target, E::Invoice) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = names(&check).await;
    let orders: std::collections::HashMap<_, _> = match target.adapter.capability(E::SalesOrder).list {
        true => {
            let orders = records(&target, E::SalesOrder).await;
            let key = |order: &std::sync::Arc<adapters::model::Record>| {
                (crate::support::reference(order), document(&dataset, &names, order, &ORDER).key())
            };
            orders.iter().map(key).collect()
        }
        false => Default::default(),
    };
    let found = records(&target, E::Invoice).await;
    let posted = found.iter().filter(|record| !matches!(record.named("status"), Value::Enum("DRAFT" | "VOIDED")));
    let mut found: Vec<_> = posted
        .map(|record| {
            let order = match record.named("salesOrder") {
                Value::Ref(of) => orders.get(of).cloned().unwrap_or_else(|| format!("{of:?}")),
                other => shown(other),
            };
            Document { order, ..document(&dataset, &names, record, &INVOICE) }
        })
        .collect();
    let counter = dataset.counter_sales();
    let told = |(at, invoice): (usize, &Invoice)| {
        let kind = if invoice.kind == InvoiceKind::Invoice { "INVOICE" } else { "CREDIT_NOTE" };
        // Credit notes name no order. QuickBooks gives them no day on which they are due, nor what is paid when it is sold.
        let is_invoice = invoice.kind == InvoiceKind::Invoice;
        let due = match system {
            System::QuickBooks if !is_invoice || counter.contains_key(&at) => None,
            // They demand one, and take the day of the document.
            _ => Some(invoice.due.unwrap_or(invoice.date)),
        };
        let order = invoice.order.filter(|_| is_invoice).map(|at| order_key(&dataset, &dataset.orders[at]));
        Document {
            kind,
            status: settled(invoice.totals.total, invoice.balance),
            party: dataset.customers[invoice.customer].name.clone(),
            date: invoice.date.to_string(),
            due: day(due),
            currency: invoice.currency.code().to_owned(),
            reference: invoice.reference.clone().unwrap_or_default(),
            order: order.unwrap_or_default(),
            lines: sales_lines(&dataset, invoice.customer, &invoice.lines, |_| 0),
            ..Document::default()
        }
        .with_amounts(invoice.totals, invoice.balance, invoice.rate)
    };
    let story = dataset.invoices.iter().enumerate().filter(|(_, invoice)| invoice.state == PostState::Posted);
    let mut story: Vec<_> = story.map(told).collect();
    let kept = |aspect: &str| match (system, aspect) {
        (_, "lines.quantityFulfilled") => Kept::Otherwise("these are of orders"),
        (_, "lines.quantityBilled") => Kept::Otherwise("these are of orders"),
        (System::QuickBooks, "reference") => Kept::Nowhere("the customer's number is not kept"),
        (System::QuickBooks, "lines.taxTotal") => Kept::Nowhere("tax is kept for the whole document"),
        (System::QuickBooks, "lines.unitPrice" | "lines.discountPercent" | "lines.subtotal") => {
            Kept::Otherwise("a discount is in the price, or a line of its own")
        }
        (System::Odoo, "exchangeRate") if before_18(&target) => Kept::Nowhere("invoices keep it from 18 on"),
        (System::SapB1, "salesOrder") => Kept::Otherwise("an invoice that was copied from a delivery names only that"),
        _ => Kept::AsTold,
    };
    level(&dataset, system, &mut story);
    if system == System::QuickBooks {
        american_sales(&dataset, &mut story);
    }
    level(&dataset, system, &mut found);
    if system == System::Odoo {
        // A credit note's reference also tells what it reverses, and why.
        let own = |document: &mut Document| {
            if document.kind == "CREDIT_NOTE" {
                document.reference.clear()
            }
        };
        story.iter_mut().chain(&mut found).for_each(own);
    }
    if system == System::SapB1 {
        let told: std::collections::HashSet<_> =
            story.iter().map(|invoice| (invoice.key(), invoice.order.clone())).collect();
        let named = found.iter().filter(|invoice| !invoice.order.is_empty());
        let wrong: Vec<_> = named.filter(|invoice| !told.contains(&(invoice.key(), invoice.order.clone()))).collect();
        assert!(wrong.is_empty(), "orders that are not theirs: {wrong:?}");
        assert!(found.iter().filter(|invoice| !invoice.order.is_empty()).count() > 20);
    }
    compare(&mut check, INVOICE_ASPECTS, kept, &story, &found);
    compare_base(&mut check, &story, &found);
    check.end();
}

const ORDER_ASPECTS: &[Aspect] = &[
    ("amounts", |document| document.amounts[..3].join(" ")),
    ("status", |document| document.status.to_owned()),
    ("deliveryDate", |document| document.due.clone()),
    ("reference", |document| document.reference.clone()),
];

/// Sales orders that were not called off; Business One keeps quotations elsewhere.
pub(crate) async fn sales_orders(target: Case) {
    let Some(mut check) = Check::of(&target, E::SalesOrder) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = names(&check).await;
    let found = records(&target, E::SalesOrder).await;
    let open = found.iter().filter(|record| *record.named("status") != Value::Enum("VOIDED"));
    let mut found: Vec<_> = open.map(|record| document(&dataset, &names, record, &ORDER)).collect();
    let kept = |order: &&Order| match order.state {
        OrderState::Cancelled => false,
        OrderState::Draft => system != System::SapB1,
        _ => true,
    };
    let told = |order: &Order| {
        let status = match (system, order.state) {
            (_, OrderState::Draft) => "DRAFT",
            (System::SapB1 | System::QuickBooks, OrderState::Delivered) => "CLOSED",
            (System::SapB1 | System::QuickBooks, _) => "OPEN",
            (_, OrderState::Delivered) => "FULFILLED",
            (_, OrderState::PartlyDelivered) => "PARTIALLY_FULFILLED",
            _ => "OPEN",
        };
        let due = if system == System::SapB1 { Some(order.delivery.unwrap_or(order.date)) } else { order.delivery };
        let billed = |line| dataset.milli_invoiced(order, line);
        Document {
            kind: "ORDER",
            status,
            party: dataset.customers[order.customer].name.clone(),
            date: order.date.to_string(),
            due: day(due),
            currency: order.currency.code().to_owned(),
            reference: order.reference.clone().unwrap_or_default(),
            lines: sales_lines(&dataset, order.customer, &order.lines, billed),
            ..Document::default()
        }
        .with_amounts(order.totals, 0, order.rate)
    };
    let mut story: Vec<_> = dataset.orders.iter().filter(kept).map(told).collect();
    let kept = |aspect: &str| match (system, aspect) {
        (System::QuickBooks, "deliveryDate") => Kept::Nowhere("an estimate has none"),
        (System::QuickBooks, "reference") => Kept::Nowhere("the customer's number is not kept"),
        (System::QuickBooks, "lines.taxTotal") => Kept::Nowhere("tax is kept for the whole document"),
        (System::QuickBooks, "lines.unitPrice" | "lines.discountPercent" | "lines.subtotal") => {
            Kept::Otherwise("a discount is in the price, or a line of its own")
        }
        (System::QuickBooks, "lines.quantityFulfilled") => Kept::Nowhere("deliveries are not kept"),
        (System::QuickBooks | System::SapB1, "lines.quantityBilled") => Kept::Nowhere("it is not kept for each line"),
        (System::Odoo, "lines.account") => Kept::Nowhere("an order's line is on no account yet"),
        _ => Kept::AsTold,
    };
    level(&dataset, system, &mut story);
    if system == System::QuickBooks {
        american_sales(&dataset, &mut story);
    }
    level(&dataset, system, &mut found);
    compare(&mut check, ORDER_ASPECTS, kept, &story, &found);
    check.end();
}
