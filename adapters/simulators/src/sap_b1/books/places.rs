//! Where each document of the story is kept: its set and its number there.

use std::collections::HashMap;

use crate::{
    dataset::{Bill, BillKind, Dataset, InvoiceKind, MoveLine, MoveState, OrderState, PostState, PurchaseState},
    sap_b1::catalogue::{DOCUMENT_SETS, DocumentSet},
};

/// The place of one document. Every set counts from 1, so that one entry names several documents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) set: &'static DocumentSet,
    pub(super) entry: i64,
}

impl Place {
    /// `DocNum`.
    pub(super) fn number(self) -> i64 {
        self.set.first_number + self.entry - 1
    }

    pub(super) fn is_draft(self) -> bool {
        self.set.set.name == "Drafts"
    }
}

/// The places of everything that has one, by position in the story.
pub(super) struct Places {
    pub(super) orders: Vec<Place>,
    pub(super) invoices: Vec<Place>,
    pub(super) shipments: Vec<Place>,
    pub(super) purchase_orders: Vec<Place>,
    pub(super) receipts: Vec<Place>,
    pub(super) bills: Vec<Place>,
    /// By position in `DOCUMENT_SETS`: how many documents there are.
    counts: [i64; DOCUMENT_SETS.len()],
    delivered: HashMap<usize, Vec<usize>>,
    received: HashMap<usize, Vec<usize>>,
}

impl Places {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let mut counts = [0; DOCUMENT_SETS.len()];
        let mut take = |name: &str, count: i64| {
            let position = position(name);
            counts[position] += count;
            Place { set: &DOCUMENT_SETS[position], entry: counts[position] - count + 1 }
        };
        let orders = dataset.orders.iter().map(|order| match order.state {
            OrderState::Draft => take("Quotations", 1),
            _ => take("Orders", 1),
        });
        let orders = orders.collect();
        let invoices = dataset.invoices.iter().map(|invoice| match (invoice.kind, invoice.state) {
            (_, PostState::Draft) => take("Drafts", 1),
            (InvoiceKind::CreditNote, _) => take("CreditNotes", 1),
            // The cancellation follows right after what it cancels.
            (InvoiceKind::Invoice, PostState::Void) => take("Invoices", 2),
            (InvoiceKind::Invoice, PostState::Posted) => take("Invoices", 1),
        });
        let invoices = invoices.collect();
        let shipments = dataset.shipments.iter().map(|shipment| moved("DeliveryNotes", shipment.state, &mut take));
        let shipments = shipments.collect();
        let purchase_orders = dataset.purchase_orders.iter().map(|order| match order.state {
            PurchaseState::Draft => take("PurchaseQuotations", 1),
            // What waits for its approval is kept as a draft until then.
            PurchaseState::Pending => take("Drafts", 1),
            _ => take("PurchaseOrders", 1),
        });
        let purchase_orders = purchase_orders.collect();
        let receipts = dataset.receipts.iter().map(|receipt| moved("PurchaseDeliveryNotes", receipt.state, &mut take));
        let receipts = receipts.collect();
        let bills = dataset.bills.iter().map(|bill| match (bill.kind, bill.state) {
            (_, PostState::Draft) => take("Drafts", 1),
            (kind, PostState::Void) => take(bill_set(kind), 2),
            (kind, PostState::Posted) => take(bill_set(kind), 1),
        });
        let bills = bills.collect();
        let delivered = by_order(dataset.shipments.iter().map(|shipment| (shipment.order, shipment.state)));
        let received = by_order(dataset.receipts.iter().map(|receipt| (receipt.order, receipt.state)));
        Self { orders, invoices, shipments, purchase_orders, receipts, bills, counts, delivered, received }
    }

    /// The number that the next document of a set would get, which is what a draft of one shows.
    pub(super) fn next_number(&self, set: &str) -> i64 {
        let position = position(set);
        DOCUMENT_SETS[position].first_number + self.counts[position]
    }

    /// The delivery line by which a line of an order was delivered, if there is just one, of just this quantity: the
    /// place, and the number of the line.
    pub(super) fn delivery(&self, dataset: &Dataset, order: usize, line: usize, milli: i64) -> Option<(Place, usize)> {
        let moves = self.delivered.get(&order)?.iter();
        only(moves.map(|at| (self.shipments[*at], &dataset.shipments[*at].lines)), line, milli)
    }

    /// The receipt line by which a line of a purchase order came in, as [`Places::delivery`].
    pub(super) fn receipt(&self, dataset: &Dataset, order: usize, line: usize, milli: i64) -> Option<(Place, usize)> {
        let moves = self.received.get(&order)?.iter();
        only(moves.map(|at| (self.receipts[*at], &dataset.receipts[*at].lines)), line, milli)
    }
}

/// The positions of what has moved, by the position of the order.
fn by_order(moves: impl Iterator<Item = (usize, MoveState)>) -> HashMap<usize, Vec<usize>> {
    let mut by_order: HashMap<usize, Vec<usize>> = HashMap::new();
    for (position, (order, _)) in moves.enumerate().filter(|(_, (_, state))| *state == MoveState::Done) {
        by_order.entry(order).or_default().push(position);
    }
    by_order
}

fn position(name: &str) -> usize {
    DOCUMENT_SETS.iter().position(|set| set.set.name == name).unwrap_or_default()
}

/// A set of documents by its name.
pub(super) fn document_set(name: &str) -> &'static DocumentSet {
    &DOCUMENT_SETS[position(name)]
}

/// The set of a posted bill or vendor credit.
pub(super) fn bill_set(kind: BillKind) -> &'static str {
    match kind {
        BillKind::Bill => "PurchaseInvoices",
        BillKind::VendorCredit => "PurchaseCreditNotes",
    }
}

/// What a draft of a bill will become.
pub(super) fn bill_target(bill: &Bill) -> &'static DocumentSet {
    document_set(bill_set(bill.kind))
}

/// B1 writes goods down when they move; until then there is a draft at most.
fn moved(set: &str, state: MoveState, take: &mut impl FnMut(&str, i64) -> Place) -> Place {
    match state {
        MoveState::Draft | MoveState::Ready => take("Drafts", 1),
        MoveState::Done => take(set, 1),
        MoveState::Cancelled => take(set, 2),
    }
}

fn only<'a>(
    moves: impl Iterator<Item = (Place, &'a Vec<MoveLine>)>,
    order_line: usize,
    milli_quantity: i64,
) -> Option<(Place, usize)> {
    let mut of_line = moves.flat_map(|(place, lines)| {
        let lines = lines.iter().enumerate().filter(move |(_, line)| line.order_line == order_line);
        lines.map(move |(at, line)| (place, at, line.milli_quantity))
    });
    match (of_line.next(), of_line.next()) {
        (Some((place, at, moved)), None) if moved == milli_quantity => Some((place, at)),
        _ => None,
    }
}
