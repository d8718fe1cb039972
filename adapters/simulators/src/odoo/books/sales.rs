//! Sales orders.

use super::{Books, at, ids, money};
use crate::{
    dataset::{Line, Order, OrderState, PostState, ProductKind},
    decimal::Dec,
    odoo::books::base::rate_cell,
    store::{Cell, StoreError},
};

/// How many rows an order has: its lines, and of longer ones a note.
pub(super) fn lines(order: &Order) -> i64 {
    order.lines.len() as i64 + i64::from(has_note(order))
}

fn has_note(order: &Order) -> bool {
    order.lines.len() > 3
}

/// The number of an order.
pub(super) fn name(position: usize) -> String {
    format!("S{:05}", position + 1)
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    for (position, order) in books.dataset.orders.iter().enumerate() {
        write_order(books, position, order)?;
    }
    Ok(())
}

/// How much of a line is on an invoice that was not taken back.
fn invoiced(books: &Books<'_>, order: &Order, line: usize) -> i64 {
    let invoice = order.invoice.map(|invoice| &books.dataset.invoices[invoice]);
    let lines = invoice.filter(|invoice| invoice.state != PostState::Void).map(|invoice| &invoice.lines);
    let lines = lines.into_iter().flatten().filter(|invoice_line| invoice_line.order_line == Some(line));
    lines.map(|line| line.milli_quantity).sum()
}

fn is_confirmed(order: &Order) -> bool {
    matches!(order.state, OrderState::Confirmed | OrderState::PartlyDelivered | OrderState::Delivered)
}

/// What is to be invoiced is what was ordered, delivered or not.
fn invoice_status(order: &Order, invoiced: i64, ordered: i64) -> &'static str {
    match is_confirmed(order) {
        true if invoiced >= ordered => "invoiced",
        true => "to invoice",
        false => "no",
    }
}

fn state(books: &Books<'_>, position: usize, order: &Order) -> &'static str {
    match order.state {
        OrderState::Draft if position.is_multiple_of(2) => "sent",
        OrderState::Draft => "draft",
        OrderState::Cancelled => "cancel",
        _ if is_locked(position, order) && books.version.0 <= 16 => "done",
        _ => "sale",
    }
}

fn is_locked(position: usize, order: &Order) -> bool {
    order.state == OrderState::Delivered && order.invoice.is_some() && position.is_multiple_of(5)
}

fn write_order(books: &mut Books<'_>, position: usize, order: &Order) -> Result<(), StoreError> {
    let id = books.plan.orders[position];
    let state = state(books, position, order);
    let statuses: Vec<_> = (0..order.lines.len())
        .map(|line| invoice_status(order, invoiced(books, order, line), order.lines[line].milli_quantity))
        .collect();
    let status = statuses.iter().copied().find(|status| *status != "invoiced").unwrap_or("invoiced");
    let delivery = match order.state {
        OrderState::Confirmed => Some("pending"),
        OrderState::PartlyDelivered => Some("partial"),
        OrderState::Delivered => Some("full"),
        OrderState::Draft | OrderState::Cancelled => None,
    };
    let customer = &books.dataset.customers[order.customer];
    let delivered = order.lines.iter().any(|line| line.milli_delivered > 0);
    let invoices: Vec<i64> = order.invoice.iter().map(|invoice| books.plan.invoices[*invoice]).collect();
    let shipment = books.dataset.shipments.iter().find(|shipment| shipment.order == position);
    let place = shipment.map_or(0, |shipment| shipment.location);
    let promised = order.delivery.map(|day| at(day, order.created));
    let values = [
        ("name", name(position).into()),
        ("state", state.into()),
        ("locked", is_locked(position, order).into()),
        ("partner_id", books.plan.partners[order.customer].into()),
        ("client_order_ref", order.reference.clone().into()),
        ("date_order", at(order.date, order.created).into()),
        ("validity_date", (!position.is_multiple_of(3)).then(|| order.date + chrono::Days::new(30)).into()),
        ("commitment_date", promised.into()),
        ("effective_date", delivered.then_some(order.updated).into()),
        ("currency_id", ids::currency(order.currency).into()),
        ("currency_rate", rate_cell(order.rate)),
        ("amount_untaxed", money(order.totals.net)),
        ("amount_tax", money(order.totals.tax)),
        ("amount_total", money(order.totals.total)),
        ("invoice_status", status.into()),
        ("invoice_ids", invoices.into()),
        ("delivery_status", delivery.into()),
        ("warehouse_id", ids::warehouse(place).into()),
        ("user_id", (if position.is_multiple_of(3) { ids::SALESPERSON } else { 2 }).into()),
        ("payment_term_id", ids::payment_term(customer.payment_days).into()),
    ];
    books.insert("sale.order", id, (order.created, order.updated), values)?;
    for (at, line) in order.lines.iter().enumerate() {
        write_line(books, position, order, at, line, (state, statuses[at]))?;
    }
    if has_note(order) {
        let values = [
            ("order_id", id.into()),
            ("sequence", (10 + order.lines.len() as i64).into()),
            ("display_type", "line_note".into()),
            ("name", "Anlieferung nur über Tor 2".into()),
            ("tax_ids", Vec::new().into()),
            ("invoice_lines", Vec::new().into()),
            ("invoice_status", "no".into()),
            ("state", state.into()),
        ];
        let note = books.plan.order_lines[position] + order.lines.len() as i64;
        books.insert("sale.order.line", note, (order.created, order.updated), values)?;
    }
    Ok(())
}

fn write_line(
    books: &mut Books<'_>,
    position: usize,
    order: &Order,
    at: usize,
    line: &Line,
    (state, status): (&'static str, &'static str),
) -> Result<(), StoreError> {
    let product = &books.dataset.products[line.product];
    let invoiced = invoiced(books, order, at);
    let invoice_lines: Vec<i64> = match order.invoice {
        Some(invoice) => super::invoices::product_lines(books, invoice)
            .filter(|(_, line)| line.order_line == Some(at))
            .map(|(id, _)| id)
            .collect(),
        None => Vec::new(),
    };
    let open = if is_confirmed(order) { line.milli_quantity - invoiced } else { 0 };
    let values = [
        ("order_id", books.plan.orders[position].into()),
        ("sequence", (10 + at as i64).into()),
        ("name", books.texts[line.product].clone().into()),
        ("product_id", books.plan.products[line.product].into()),
        ("product_uom_qty", line.quantity().into()),
        ("qty_delivered", Dec::new(line.milli_delivered, 3).into()),
        ("qty_delivered_method", if product.kind == ProductKind::Service { "manual" } else { "stock_move" }.into()),
        ("qty_invoiced", Dec::new(invoiced, 3).into()),
        ("qty_to_invoice", Dec::new(open, 3).into()),
        ("product_uom_id", ids::unit(product.unit).into()),
        ("tax_ids", books.list(ids::tax(line.tax))),
        ("price_unit", money(line.unit_price)),
        ("discount", line.discount_percent().into()),
        ("price_subtotal", money(line.net)),
        ("price_total", money(line.net + line.tax_amount)),
        ("invoice_status", status.into()),
        ("invoice_lines", invoice_lines.into()),
        ("state", Cell::from(state)),
        ("analytic", books.analytic(books.dataset.line_dimensions(order.customer, line))),
    ];
    let id = books.plan.order_lines[position] + at as i64;
    books.insert("sale.order.line", id, (order.created, order.updated), values)
}
