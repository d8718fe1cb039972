//! Purchase quotations and orders, goods receipts, bills and vendor credits.

use std::collections::HashMap;

use super::{
    Books,
    documents::{Header, LineOf, Open, Partner},
    places::{Place, bill_target, document_set},
    sales::cancelled,
};
use crate::{
    dataset::{Bill, MoveState, PostState, PurchaseLine, PurchaseOrder, PurchaseState, Receipt, Source},
    store::{StoreError, Tables},
};

/// Writes them all.
pub(super) fn write(books: &Books<'_>, open: &mut Open, tables: &mut Tables) -> Result<(), StoreError> {
    for (position, order) in books.dataset.purchase_orders.iter().enumerate() {
        books.purchase_order(order, books.places.purchase_orders[position], open, tables)?;
    }
    let mut credited = vec![0; books.dataset.bills.len()];
    for credit in &books.dataset.bills {
        if let Some(corrected) = credit.corrects {
            credited[corrected] = credit.lines.len();
        }
    }
    let mut billed = HashMap::new();
    for (position, bill) in books.dataset.bills.iter().enumerate() {
        books.bill(bill, position, credited[position], &mut billed, open, tables)?;
    }
    for (position, receipt) in books.dataset.receipts.iter().enumerate() {
        books.receipt(receipt, position, &billed, open, tables)?;
    }
    Ok(())
}

/// How much of which line of which receipt is on a bill, in thousandths.
type Billed = HashMap<(i64, usize), i64>;

impl Books<'_> {
    fn purchase_line<'l>(&self, line: &'l PurchaseLine) -> LineOf<'l> {
        LineOf {
            product: line.product,
            text: line.text,
            account: line.account,
            dimensions: line.dimensions,
            milli_quantity: line.milli_quantity,
            unit_price: line.unit_price,
            discount: 0,
            tax: self.dataset.company.purchase_taxes[line.tax],
            net: line.net,
            tax_amount: line.tax_amount,
            base: None,
            milli_open: 0,
            open: false,
            location: 0,
            lot: None,
        }
    }

    fn purchase_order(
        &self,
        order: &PurchaseOrder,
        place: Place,
        open: &mut Open,
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        use PurchaseState::{Billed, Cancelled, Closed, Draft, Pending, Received};
        // An order is closed by receiving all of it, whether that is billed or not.
        let closed = matches!(order.state, Received | Billed | Closed | Cancelled);
        let money = (order.currency, order.rate);
        let target = if order.state == Draft { "PurchaseQuotations" } else { "PurchaseOrders" };
        let header = Header {
            target: document_set(target),
            due: order.expected.unwrap_or(order.date),
            reference: order.reference.as_deref(),
            comments: order.note.unwrap_or_default().into(),
            closed,
            cancelled: order.state == Cancelled,
            pending: order.state == Pending,
            owner: Some(order.buyer as i64 + 1),
            created: order.created,
            updated: order.updated,
            is_order: true,
            ..Header::new(place, Partner::Vendor(order.vendor), money, order.date)
        };
        let lines: Vec<_> = order
            .lines
            .iter()
            .map(|line| {
                let milli_open = line.milli_quantity - line.milli_received;
                let open = !closed && milli_open > 0;
                LineOf { milli_open, open, location: order.location, ..self.purchase_line(line) }
            })
            .collect();
        if !closed && !matches!(order.state, Draft | Pending) {
            open.purchase_orders[order.vendor] +=
                lines.iter().map(|line| self.to_base(line.share(line.milli_open), money)).sum::<i64>();
        }
        self.document(&header, &lines, open, tables)
    }

    /// The line that a line of a bill was copied from: of a receipt, where one brought just what is billed; else of the
    /// order.
    fn bill_base(&self, bill: &Bill, at: usize, line: &PurchaseLine) -> Option<(Place, i64, Option<i64>)> {
        match (bill.order, bill.corrects) {
            (Some(order), _) => {
                let ordered = line.order_line?;
                let receipt = match bill.state {
                    PostState::Posted => self.places.receipt(self.dataset, order, ordered, line.milli_quantity),
                    PostState::Draft | PostState::Void => None,
                };
                Some(match receipt {
                    Some((place, number)) => (place, number as i64, Some(line.milli_quantity)),
                    None => (self.places.purchase_orders[order], ordered as i64, None),
                })
            }
            (None, Some(corrected)) => Some((self.places.bills[corrected], at as i64, None)),
            (None, None) => None,
        }
    }

    fn bill(
        &self,
        bill: &Bill,
        position: usize,
        credited: usize,
        billed: &mut Billed,
        open: &mut Open,
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        let place = self.places.bills[position];
        let void = bill.state == PostState::Void;
        let bases: Vec<_> = bill.lines.iter().enumerate().map(|(at, line)| self.bill_base(bill, at, line)).collect();
        let copied = bases.iter().flatten().next().map(|(base, ..)| *base);
        let copied = copied.map(|base| format!("Based On {} {}.", base.set.title, base.number()));
        let header = Header {
            target: bill_target(bill),
            due: bill.due,
            reference: bill.reference.as_deref(),
            comments: bill.note.map(str::to_owned).or(copied).into(),
            paid: bill.paid,
            closed: void || (bill.state == PostState::Posted && bill.balance == 0),
            cancelled: void,
            cancel_status: if void { "csYes" } else { "csNo" },
            created: bill.created,
            updated: bill.updated,
            transaction: self.numbers.of_source(Source::Bill(position)),
            ..Header::new(place, Partner::Vendor(bill.vendor), (bill.currency, bill.rate), bill.date)
        };
        let lines: Vec<_> = bill
            .lines
            .iter()
            .enumerate()
            .map(|(at, line)| {
                let base = bases[at].map(|(base, line, _)| (base.set.base_type, base.entry, line));
                let open = !header.closed && at >= credited;
                let milli_open = if open { line.milli_quantity } else { 0 };
                LineOf { base, milli_open, open, ..self.purchase_line(line) }
            })
            .collect();
        for (base, line, milli) in bases.into_iter().flatten() {
            if let Some(milli) = milli {
                *billed.entry((base.entry, line as usize)).or_default() += milli;
            }
        }
        self.document(&header, &lines, open, tables)?;
        if !void {
            return Ok(());
        }
        let cancellation = self.cancellation(&header, place, bill.updated);
        let transaction = self.numbers.of_reversal(Source::Bill(position));
        self.document(&Header { transaction, ..cancellation }, &cancelled(lines, place), open, tables)
    }

    fn receipt(
        &self,
        receipt: &Receipt,
        position: usize,
        billed: &Billed,
        open: &mut Open,
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        let place = self.places.receipts[position];
        let order = &self.dataset.purchase_orders[receipt.order];
        let ordered = self.places.purchase_orders[receipt.order];
        let void = receipt.state == MoveState::Cancelled;
        let done = receipt.state == MoveState::Done;
        let lines: Vec<_> = receipt
            .lines
            .iter()
            .enumerate()
            .map(|(at, moved)| {
                let line = &order.lines[moved.order_line];
                let milli_billed = billed.get(&(place.entry, at)).copied().unwrap_or_default();
                let milli_open = if done { moved.milli_quantity - milli_billed } else { 0 };
                LineOf {
                    base: Some((ordered.set.base_type, ordered.entry, moved.order_line as i64)),
                    milli_open,
                    open: milli_open > 0,
                    location: receipt.location,
                    lot: moved.lot.as_deref(),
                    ..self.purchase_line(line).part(moved.milli_quantity)
                }
            })
            .collect();
        let money = (order.currency, order.rate);
        if done {
            open.receipts[receipt.vendor] +=
                lines.iter().map(|line| self.to_base(line.share(line.milli_open), money)).sum::<i64>();
        }
        let header = Header {
            target: document_set("PurchaseDeliveryNotes"),
            reference: receipt.reference.as_deref(),
            comments: format!("Based On {} {}.", ordered.set.title, ordered.number()).into(),
            closed: !place.is_draft() && !lines.iter().any(|line| line.open),
            cancelled: void,
            cancel_status: if void { "csYes" } else { "csNo" },
            created: receipt.created,
            updated: receipt.updated,
            transaction: self.numbers.of_source(Source::Receipt(position)),
            ..Header::new(place, Partner::Vendor(receipt.vendor), money, receipt.date)
        };
        self.document(&header, &lines, open, tables)?;
        if !void {
            return Ok(());
        }
        let cancellation = self.cancellation(&header, place, receipt.updated);
        self.document(&cancellation, &cancelled(lines, place), open, tables)
    }
}
