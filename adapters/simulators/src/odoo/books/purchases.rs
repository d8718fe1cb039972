//! Purchase orders.

use std::collections::HashMap;

use super::{Books, at, bills, ids, money};
use crate::{
    dataset::{MoveState, ProductKind, PurchaseLine, PurchaseOrder, PurchaseState},
    decimal::Dec,
    odoo::books::base::rate_cell,
    store::{Cell, StoreError},
};

/// How many rows an order has.
pub(super) fn lines(order: &PurchaseOrder) -> i64 {
    order.lines.len() as i64
}

/// The number of an order.
pub(super) fn name(position: usize) -> String {
    format!("P{:05}", position + 1)
}

/// What hangs on an order.
#[derive(Default)]
struct Attached {
    bills: Vec<i64>,
    receipts: Vec<i64>,
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let mut attached: HashMap<usize, Attached> = HashMap::new();
    for (at, order) in dataset.bills.iter().enumerate().filter_map(|(at, bill)| Some((at, bill.order?))) {
        attached.entry(order).or_default().bills.push(books.plan.bills[at]);
    }
    for (at, receipt) in dataset.receipts.iter().enumerate() {
        attached.entry(receipt.order).or_default().receipts.push(super::transfers::receipt_id(at));
    }
    for (position, order) in dataset.purchase_orders.iter().enumerate() {
        let attached = attached.remove(&position).unwrap_or_default();
        write_order(books, position, order, attached)?;
    }
    Ok(())
}

fn is_confirmed(order: &PurchaseOrder) -> bool {
    !matches!(order.state, PurchaseState::Draft | PurchaseState::Pending | PurchaseState::Cancelled)
}

fn state(books: &Books<'_>, position: usize, order: &PurchaseOrder) -> &'static str {
    match order.state {
        PurchaseState::Draft if position.is_multiple_of(2) => "sent",
        PurchaseState::Draft => "draft",
        PurchaseState::Pending => "to approve",
        PurchaseState::Cancelled => "cancel",
        PurchaseState::Closed if !books.version.rewritten() => "done",
        _ => "purchase",
    }
}

/// Goods are to be billed when they came in, services when they were ordered.
fn to_bill(books: &Books<'_>, order: &PurchaseOrder, line: &PurchaseLine) -> i64 {
    let service = line.product.is_none_or(|product| books.dataset.products[product].kind == ProductKind::Service);
    let due = if service { line.milli_quantity } else { line.milli_received };
    if is_confirmed(order) { due - line.milli_billed } else { 0 }
}

fn write_order(
    books: &mut Books<'_>,
    position: usize,
    order: &PurchaseOrder,
    attached: Attached,
) -> Result<(), StoreError> {
    let id = books.plan.purchase_orders[position];
    let confirmed = is_confirmed(order);
    let settled = order.lines.iter().all(|line| to_bill(books, order, line) == 0);
    let status = match (confirmed, settled) {
        (true, true) if !attached.bills.is_empty() => "invoiced",
        (true, false) => "to invoice",
        _ => "no",
    };
    let receipts = || {
        let receipts = books.dataset.receipts.iter().filter(|receipt| receipt.order == position);
        receipts.filter(|receipt| receipt.state != MoveState::Cancelled)
    };
    let received = receipts().filter(|receipt| receipt.state == MoveState::Done).count();
    let receipt = match (received, receipts().count()) {
        _ if !confirmed => None,
        (0, 0) => None,
        (0, _) => Some("pending"),
        (done, all) if done == all => Some("full"),
        _ => Some("partial"),
    };
    let arrived = receipts().filter_map(|receipt| receipt.done).min();
    let expected = order.expected.map(|day| at(day, order.created));
    let vendor = &books.dataset.vendors[order.vendor];
    let first = order.lines.first().and_then(|line| line.product);
    let values = [
        ("name", name(position).into()),
        ("partner_id", books.plan.vendors[order.vendor].into()),
        ("partner_ref", order.reference.clone().into()),
        ("date_order", at(order.date, order.created).into()),
        ("date_approve", confirmed.then(|| at(order.date, order.created)).into()),
        ("date_planned", expected.into()),
        ("effective_date", arrived.into()),
        ("currency_id", ids::currency(order.currency).into()),
        ("currency_rate", rate_cell(order.rate)),
        ("state", state(books, position, order).into()),
        ("locked", (order.state == PurchaseState::Closed).into()),
        ("amount_untaxed", money(order.totals.net)),
        ("amount_tax", money(order.totals.tax)),
        ("amount_total", money(order.totals.total)),
        ("amount_total_cc", money(order.rate.to_base(order.totals.total))),
        ("invoice_status", status.into()),
        ("invoice_ids", attached.bills.into()),
        ("picking_ids", attached.receipts.into()),
        ("receipt_status", receipt.into()),
        ("picking_type_id", ids::operation(order.location, 0).into()),
        ("notes", order.note.map(super::html).into()),
        ("user_id", books.plan.users[order.buyer].id.into()),
        ("payment_term_id", ids::payment_term(vendor.payment_days).into()),
        ("product_id", first.map(|product| books.plan.products[product]).into()),
    ];
    books.insert("purchase.order", id, (order.created, order.updated), values)?;
    for (at, line) in order.lines.iter().enumerate() {
        write_line(books, position, order, at, line)?;
    }
    Ok(())
}

fn write_line(
    books: &mut Books<'_>,
    position: usize,
    order: &PurchaseOrder,
    at: usize,
    line: &PurchaseLine,
) -> Result<(), StoreError> {
    let product = line.product.map(|product| &books.dataset.products[product]);
    let service = product.is_none_or(|product| product.kind == ProductKind::Service);
    let values = [
        ("order_id", books.plan.purchase_orders[position].into()),
        ("sequence", (10 + at as i64).into()),
        ("name", bills::description(books, line).into()),
        ("product_id", line.product.map(|product| books.plan.products[product]).into()),
        ("product_qty", line.quantity().into()),
        ("product_uom_id", product.map(|product| ids::unit(product.unit)).into()),
        ("price_unit", money(line.unit_price)),
        ("discount", Dec::new(0, 2).into()),
        ("tax_ids", books.list(ids::purchase_tax(line.tax))),
        ("price_subtotal", money(line.net)),
        ("price_total", money(line.net + line.tax_amount)),
        ("price_tax", money(line.tax_amount)),
        ("date_planned", order.expected.map(|day| super::at(day, order.created)).into()),
        ("qty_received", Dec::new(line.milli_received, 3).into()),
        ("qty_received_method", if service { "manual" } else { "stock_moves" }.into()),
        ("qty_received_manual", if service { Dec::new(line.milli_received, 3).into() } else { Cell::Null }),
        ("qty_invoiced", Dec::new(line.milli_billed, 3).into()),
        ("qty_to_invoice", Dec::new(to_bill(books, order, line), 3).into()),
        ("analytic", books.analytic(line.dimensions)),
    ];
    let id = books.plan.purchase_lines[position] + at as i64;
    books.insert("purchase.order.line", id, (order.created, order.updated), values)
}
