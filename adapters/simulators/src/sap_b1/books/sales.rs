//! Quotations, orders, deliveries, invoices and credit notes.

use std::collections::HashMap;

use super::{
    Books,
    documents::{Header, LineOf, Open, Partner},
    places::{Place, document_set},
};
use crate::{
    dataset::{Invoice, InvoiceKind, Line, MoveState, Order, OrderState, PostState, Shipment, Source},
    store::{StoreError, Tables},
};

/// Writes them all.
pub(super) fn write(books: &Books<'_>, open: &mut Open, tables: &mut Tables) -> Result<(), StoreError> {
    for (position, order) in books.dataset.orders.iter().enumerate() {
        books.order(order, books.places.orders[position], open, tables)?;
    }
    let credited = credited_lines(books);
    let mut invoiced = HashMap::new();
    for (position, invoice) in books.dataset.invoices.iter().enumerate() {
        books.invoice(invoice, position, credited[position], &mut invoiced, open, tables)?;
    }
    for (position, shipment) in books.dataset.shipments.iter().enumerate() {
        books.shipment(shipment, position, &invoiced, open, tables)?;
    }
    Ok(())
}

/// How many lines of each invoice, from the first, are taken back by a credit note.
fn credited_lines(books: &Books<'_>) -> Vec<usize> {
    let mut credited = vec![0; books.dataset.invoices.len()];
    for credit in &books.dataset.invoices {
        if let Some(corrected) = credit.corrects {
            credited[corrected] = credit.lines.len();
        }
    }
    credited
}

/// How much of which line of which delivery is on an invoice, in thousandths.
type Invoiced = HashMap<(i64, usize), i64>;

impl Books<'_> {
    fn sales_line<'l>(&self, customer: usize, line: &'l Line) -> LineOf<'l> {
        LineOf {
            product: Some(line.product),
            text: None,
            account: self.dataset.line_account(line),
            dimensions: self.dataset.line_dimensions(customer, line),
            milli_quantity: line.milli_quantity,
            unit_price: line.unit_price,
            discount: line.discount,
            tax: self.dataset.company.taxes[line.tax],
            net: line.net,
            tax_amount: line.tax_amount,
            base: None,
            milli_open: 0,
            open: false,
            location: 0,
            lot: None,
        }
    }

    fn order(&self, order: &Order, place: Place, open: &mut Open, tables: &mut Tables) -> Result<(), StoreError> {
        let closed = matches!(order.state, OrderState::Delivered | OrderState::Cancelled);
        let money = (order.currency, order.rate);
        let header = Header {
            due: order.delivery.unwrap_or(order.date),
            reference: order.reference.as_deref(),
            // Recorded orders have an empty text here, not null.
            comments: "".into(),
            closed,
            cancelled: order.state == OrderState::Cancelled,
            created: order.created,
            updated: order.updated,
            is_order: true,
            ..Header::new(place, Partner::Customer(order.customer), money, order.date)
        };
        let lines: Vec<_> = order
            .lines
            .iter()
            .map(|line| {
                let milli_open =
                    if order.state == OrderState::Delivered { 0 } else { line.milli_quantity - line.milli_delivered };
                let open = !closed && milli_open > 0;
                LineOf { milli_open, open, ..self.sales_line(order.customer, line) }
            })
            .collect();
        if !closed && order.state != OrderState::Draft {
            open.orders[order.customer] +=
                lines.iter().map(|line| self.to_base(line.share(line.milli_open), money)).sum::<i64>();
        }
        self.document(&header, &lines, open, tables)
    }

    /// The line that a line of an invoice was copied from. What was delivered is billed from the delivery in one half
    /// of the orders, and from the order itself in the other; so are services, which have no delivery.
    fn base_of(&self, invoice: &Invoice, at: usize, line: &Line) -> Option<(Place, i64, Option<i64>)> {
        match (invoice.order, invoice.corrects) {
            (Some(order), _) => {
                let ordered = line.order_line.unwrap_or(at);
                let from_delivery = invoice.state == PostState::Posted && order % 2 == 0;
                let delivery = if from_delivery {
                    self.places.delivery(self.dataset, order, ordered, line.milli_quantity)
                } else {
                    None
                };
                Some(match delivery {
                    Some((place, number)) => (place, number as i64, Some(line.milli_quantity)),
                    None => (self.places.orders[order], ordered as i64, None),
                })
            }
            (None, Some(corrected)) => Some((self.places.invoices[corrected], at as i64, None)),
            (None, None) => None,
        }
    }

    fn invoice(
        &self,
        invoice: &Invoice,
        position: usize,
        credited: usize,
        invoiced: &mut Invoiced,
        open: &mut Open,
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        let place = self.places.invoices[position];
        let void = invoice.state == PostState::Void;
        let posted = self.numbers.of_source(Source::Invoice(position));
        let target = match invoice.kind {
            InvoiceKind::Invoice => "Invoices",
            InvoiceKind::CreditNote => "CreditNotes",
        };
        let closed = void || (invoice.state == PostState::Posted && invoice.balance == 0);
        let bases: Vec<_> =
            invoice.lines.iter().enumerate().map(|(at, line)| self.base_of(invoice, at, line)).collect();
        let copied = bases.iter().flatten().next().map(|(base, ..)| *base);
        let copied = copied.map(|base| format!("Based On {} {}.", base.set.title, base.number()));
        let header = Header {
            target: document_set(target),
            due: invoice.due.unwrap_or(invoice.date),
            reference: invoice.reference.as_deref(),
            comments: invoice.note.map(str::to_owned).or(copied).into(),
            paid: invoice.paid,
            closed,
            cancelled: void,
            cancel_status: if void { "csYes" } else { "csNo" },
            created: invoice.created,
            updated: invoice.updated,
            transaction: posted,
            ..Header::new(place, Partner::Customer(invoice.customer), (invoice.currency, invoice.rate), invoice.date)
        };
        let lines: Vec<_> = invoice
            .lines
            .iter()
            .enumerate()
            .map(|(at, line)| {
                let base = bases[at].map(|(base, line, _)| (base.set.base_type, base.entry, line));
                let open = !header.closed && at >= credited;
                let milli_open = if open { line.milli_quantity } else { 0 };
                LineOf { base, milli_open, open, ..self.sales_line(invoice.customer, line) }
            })
            .collect();
        for (base, line, milli) in bases.into_iter().flatten() {
            if let Some(milli) = milli {
                *invoiced.entry((base.entry, line as usize)).or_default() += milli;
            }
        }
        self.document(&header, &lines, open, tables)?;
        if !void {
            return Ok(());
        }
        let cancellation = self.cancellation(&header, place, invoice.updated);
        let transaction = self.numbers.of_reversal(Source::Invoice(position));
        self.document(&Header { transaction, ..cancellation }, &cancelled(lines, place), open, tables)
    }

    fn shipment(
        &self,
        shipment: &Shipment,
        position: usize,
        invoiced: &Invoiced,
        open: &mut Open,
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        let place = self.places.shipments[position];
        let order = &self.dataset.orders[shipment.order];
        let ordered = self.places.orders[shipment.order];
        let void = shipment.state == MoveState::Cancelled;
        let done = shipment.state == MoveState::Done;
        let lines: Vec<_> = shipment
            .lines
            .iter()
            .enumerate()
            .map(|(at, moved)| {
                let line = &order.lines[moved.order_line];
                let milli_invoiced = invoiced.get(&(place.entry, at)).copied().unwrap_or_default();
                let milli_open = if done { moved.milli_quantity - milli_invoiced } else { 0 };
                LineOf {
                    base: Some((ordered.set.base_type, ordered.entry, moved.order_line as i64)),
                    milli_open,
                    open: milli_open > 0,
                    location: shipment.location,
                    lot: moved.lot.as_deref(),
                    ..self.sales_line(shipment.customer, line).part(moved.milli_quantity)
                }
            })
            .collect();
        let money = (order.currency, order.rate);
        if done {
            open.deliveries[shipment.customer] +=
                lines.iter().map(|line| self.to_base(line.share(line.milli_open), money)).sum::<i64>();
        }
        let header = Header {
            target: document_set("DeliveryNotes"),
            reference: order.reference.as_deref(),
            comments: format!("Based On {} {}.", ordered.set.title, ordered.number()).into(),
            closed: !place.is_draft() && !lines.iter().any(|line| line.open),
            cancelled: void,
            cancel_status: if void { "csYes" } else { "csNo" },
            tracking: shipment.tracking.as_deref(),
            created: shipment.created,
            updated: shipment.updated,
            transaction: self.numbers.of_source(Source::Shipment(position)),
            ..Header::new(place, Partner::Customer(shipment.customer), money, shipment.date)
        };
        self.document(&header, &lines, open, tables)?;
        if !void {
            return Ok(());
        }
        let cancellation = self.cancellation(&header, place, shipment.updated);
        self.document(&cancellation, &cancelled(lines, place), open, tables)
    }

    /// The document that cancels another, right after it. Its amounts are those of the original, without a sign.
    pub(super) fn cancellation<'h>(
        &self,
        header: &Header<'h>,
        place: Place,
        when: chrono::DateTime<chrono::Utc>,
    ) -> Header<'h> {
        let day = self.names.clock.stamp(when).0;
        Header {
            place: Place { entry: place.entry + 1, ..place },
            target: header.target,
            due: day,
            comments: format!("Cancellation of {} {}.", place.set.title, place.number()).into(),
            paid: header.paid,
            closed: true,
            cancel_status: "csCancellation",
            created: when,
            updated: header.updated,
            ..Header::new(place, header.partner, (header.currency, header.rate), day)
        }
    }
}

/// The lines of the document that cancels another.
pub(super) fn cancelled<'l>(lines: Vec<LineOf<'l>>, place: Place) -> Vec<LineOf<'l>> {
    let line = |(at, line)| LineOf { base: Some((place.set.base_type, place.entry, at as i64)), ..line };
    lines.into_iter().enumerate().map(line).collect()
}
