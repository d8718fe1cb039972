//! Bills, vendor credits and purchase orders.

use super::{
    Check, before_18,
    documents::{
        Aspect, Document, Fields, Kept, compare, compare_base, day, document, level, names, purchase_lines, settled,
    },
    shown,
};
use crate::support::{Case, records, reference};
use adapters::model::{EntityType as E, Value};
use simulators::{
    System,
    dataset::{Bill, BillKind, Dataset, PostState, PurchaseOrder, PurchaseState},
};
use std::collections::HashMap;

const BILL: Fields = Fields { party: ("vendor", E::Vendor), date: "issueDate", due: "dueDate", owes: true };
const ORDER: Fields = Fields { party: ("vendor", E::Vendor), date: "orderDate", due: "deliveryDate", owes: false };

const BILL_ASPECTS: &[Aspect] = &[
    ("amounts", |document| document.amounts.join(" ")),
    ("status", |document| document.status.to_owned()),
    ("dueDate", |document| document.due.clone()),
    ("exchangeRate", |document| document.rate.clone()),
    ("number", |document| document.reference.clone()),
    ("purchaseOrder", |document| document.order.clone()),
];

fn told_order(dataset: &Dataset, system: System, order: &PurchaseOrder) -> Document {
    let status = match (system, order.state) {
        (System::QuickBooks, PurchaseState::Billed | PurchaseState::Closed | PurchaseState::Cancelled) => "CLOSED",
        (System::QuickBooks, _) => "OPEN",
        (_, PurchaseState::Draft) => "DRAFT",
        (_, PurchaseState::Cancelled) => "VOIDED",
        (System::SapB1, PurchaseState::Received | PurchaseState::Billed | PurchaseState::Closed) => "CLOSED",
        (System::SapB1, _) => "OPEN",
        (System::Odoo, PurchaseState::Pending) => "PENDING_APPROVAL",
        (System::Odoo, PurchaseState::Open) => "OPEN",
        (System::Odoo, PurchaseState::PartlyReceived) => "PARTIALLY_RECEIVED",
        (System::Odoo, PurchaseState::Received) => "RECEIVED",
        (System::Odoo, PurchaseState::Billed | PurchaseState::Closed) => "BILLED",
    };
    let due = if system == System::SapB1 { Some(order.expected.unwrap_or(order.date)) } else { order.expected };
    let mut lines = purchase_lines(dataset, &order.lines);
    if system == System::QuickBooks {
        // Goods arrive with the bill.
        lines.iter_mut().for_each(|line| line.fulfilled.clone_from(&line.billed));
    }
    Document {
        kind: "ORDER",
        status,
        party: dataset.vendors[order.vendor].name.clone(),
        date: order.date.to_string(),
        due: day(due),
        currency: order.currency.code().to_owned(),
        reference: order.reference.clone().unwrap_or_default(),
        lines,
        ..Document::default()
    }
    .with_amounts(order.totals, 0, order.rate)
}

/// QuickBooks in the United States: no tax on purchases, and a line with an item does not name its account.
fn american(system: System, documents: &mut [Document]) {
    if system != System::QuickBooks {
        return;
    }
    for document in documents {
        if document.amounts[1].is_empty() {
            document.amounts[1] = "0".to_owned();
        }
        document.lines.iter_mut().filter(|line| !line.product.is_empty()).for_each(|line| line.account.clear());
    }
}

/// Posted bills and vendor credits.
pub(crate) async fn bills(target: Case) {
    let Some(mut check) = Check::of(&target, E::Bill) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = names(&check).await;
    let orders = records(&target, E::PurchaseOrder).await;
    let orders: HashMap<_, _> =
        orders.iter().map(|order| (reference(order), document(&dataset, &names, order, &ORDER).key())).collect();
    let found = records(&target, E::Bill).await;
    let posted = found.iter().filter(|record| !matches!(record.named("status"), Value::Enum("DRAFT" | "VOIDED")));
    let mut found: Vec<_> = posted
        .map(|record| {
            let order = match record.named("purchaseOrder") {
                Value::Ref(of) => orders.get(of).cloned().unwrap_or_else(|| format!("{of:?}")),
                other => shown(other),
            };
            Document { order, reference: shown(record.named("number")), ..document(&dataset, &names, record, &BILL) }
        })
        .collect();
    let told = |bill: &Bill| {
        let is_bill = bill.kind == BillKind::Bill;
        let due = if system == System::QuickBooks && !is_bill { None } else { Some(bill.due) };
        let order = bill.order.map(|at| told_order(&dataset, system, &dataset.purchase_orders[at]).key());
        Document {
            kind: if is_bill { "BILL" } else { "VENDOR_CREDIT" },
            status: settled(bill.totals.total, bill.balance),
            party: dataset.vendors[bill.vendor].name.clone(),
            date: bill.date.to_string(),
            due: day(due),
            currency: bill.currency.code().to_owned(),
            reference: bill.reference.clone().unwrap_or_default(),
            order: order.unwrap_or_default(),
            lines: purchase_lines(&dataset, &bill.lines),
            ..Document::default()
        }
        .with_amounts(bill.totals, bill.balance, bill.rate)
    };
    let story = dataset.bills.iter().filter(|bill| bill.state == PostState::Posted);
    let mut story: Vec<_> = story.map(told).collect();
    // Where the vendor gave none, the ERP's own number is shown.
    let named: std::collections::HashSet<_> = story.iter().map(|bill| bill.reference.clone()).collect();
    let cut: std::collections::HashSet<String> = named.iter().map(|name| name.chars().take(21).collect()).collect();
    let known = |name: &String| named.contains(name) || cut.contains(name);
    found.iter_mut().filter(|bill| !known(&bill.reference)).for_each(|bill| bill.reference.clear());
    if system == System::QuickBooks {
        // Twenty-one characters are all that a number may have there.
        story.iter_mut().for_each(|bill| bill.reference = bill.reference.chars().take(21).collect());
    }
    let kept = |aspect: &str| match (system, aspect) {
        (_, "lines.quantityFulfilled" | "lines.quantityBilled") => Kept::Otherwise("these are of orders"),
        (System::QuickBooks, "lines.taxTotal") => Kept::Nowhere("tax is kept for the whole document"),
        (System::QuickBooks, "lines.taxRates") => Kept::Nowhere("no tax is charged on purchases in the United States"),
        (System::Odoo, "exchangeRate") if before_18(&target) => Kept::Nowhere("bills keep it from 18 on"),
        (System::SapB1, "purchaseOrder") => Kept::Otherwise("a bill that was copied from a receipt names only that"),
        _ => Kept::AsTold,
    };
    level(&dataset, system, &mut story);
    level(&dataset, system, &mut found);
    american(system, &mut story);
    american(system, &mut found);
    if system == System::SapB1 {
        let told: std::collections::HashSet<_> = story.iter().map(|bill| (bill.key(), bill.order.clone())).collect();
        let named = found.iter().filter(|bill| !bill.order.is_empty());
        let wrong: Vec<_> = named.filter(|bill| !told.contains(&(bill.key(), bill.order.clone()))).collect();
        assert!(wrong.is_empty(), "orders that are not theirs: {wrong:?}");
    }
    compare(&mut check, BILL_ASPECTS, kept, &story, &found);
    compare_base(&mut check, &story, &found);
    check.end();
}

const ORDER_ASPECTS: &[Aspect] = &[
    ("amounts", |document| document.amounts[..3].join(" ")),
    ("status", |document| document.status.to_owned()),
    ("deliveryDate", |document| document.due.clone()),
    ("reference", |document| document.reference.clone()),
];

/// Purchase orders; Business One keeps requests for quotations, and what waits for approval, elsewhere.
pub(crate) async fn purchase_orders(target: Case) {
    let Some(mut check) = Check::of(&target, E::PurchaseOrder) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = names(&check).await;
    let found = records(&target, E::PurchaseOrder).await;
    let mut found: Vec<_> = found.iter().map(|record| document(&dataset, &names, record, &ORDER)).collect();
    let kept = |order: &&PurchaseOrder| {
        system != System::SapB1 || !matches!(order.state, PurchaseState::Draft | PurchaseState::Pending)
    };
    let story = dataset.purchase_orders.iter().filter(kept);
    let mut story: Vec<_> = story.map(|order| told_order(&dataset, system, order)).collect();
    let kept = |aspect: &str| match (system, aspect) {
        (System::QuickBooks, "reference") => Kept::Nowhere("the vendor's number is not kept"),
        (System::QuickBooks, "lines.taxTotal") => Kept::Nowhere("tax is kept for the whole document"),
        (System::QuickBooks, "lines.taxRates") => Kept::Nowhere("no tax is charged on purchases in the United States"),
        (System::QuickBooks | System::SapB1, "lines.quantityBilled") => Kept::Nowhere("it is not kept for each line"),
        (System::Odoo, "lines.account") => Kept::Nowhere("an order's line is on no account yet"),
        _ => Kept::AsTold,
    };
    level(&dataset, system, &mut story);
    level(&dataset, system, &mut found);
    american(system, &mut story);
    american(system, &mut found);
    compare(&mut check, ORDER_ASPECTS, kept, &story, &found);
    check.end();
}
