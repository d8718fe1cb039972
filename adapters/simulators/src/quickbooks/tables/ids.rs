//! The ids of all transactions: one sequence for all kinds.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::dataset::{Dataset, InvoiceKind, PostState, Source};

/// The ids of all transactions by their positions in the story. Sales come first, then all else, each in the order in which
/// they were written down; 0 where QuickBooks has no such transaction.
pub(super) struct Ids {
    /// By invoice, credit notes too.
    pub(super) invoices: Vec<i64>,
    /// By invoice: what is sold and paid in one is a sales receipt, with the payment unless it was voided.
    pub(super) receipts: HashMap<usize, Option<usize>>,
    /// The payments that are in sales receipts.
    pub(super) in_receipts: HashSet<usize>,
    /// By sales order.
    pub(super) orders: Vec<i64>,
    /// By incoming payment; a sales receipt's own.
    pub(super) payments: Vec<i64>,
    /// By invoice: the payments that settle it.
    pub(super) settled_by: Vec<Vec<i64>>,
    /// By credit note: the payment of nothing that uses it.
    pub(super) uses: HashMap<usize, i64>,
    /// By purchase order.
    pub(super) purchase_orders: Vec<i64>,
    /// By bill, vendor credits too. Bills cannot be voided: a void one was deleted.
    pub(super) bills: Vec<i64>,
    /// By outgoing payment. There are no drafts.
    pub(super) vendor_payments: Vec<i64>,
    /// By vendor credit: the payment of nothing that uses it.
    pub(super) vendor_uses: HashMap<usize, i64>,
    /// By ledger entry, for those that are transactions of their own: adjustments of the stock and journal entries.
    pub(super) entries: Vec<i64>,
}

#[derive(Clone, Copy)]
enum Doc {
    Order(usize),
    Invoice(usize),
    Payment(usize),
    PurchaseOrder(usize),
    Bill(usize),
    VendorPayment(usize),
    Entry(usize),
}

fn written<'d, T: 'd>(
    docs: &'d [T],
    created: impl Fn(&T) -> DateTime<Utc> + 'd,
    doc: impl Fn(usize) -> Doc + 'd,
) -> impl Iterator<Item = (DateTime<Utc>, Doc)> + 'd {
    docs.iter().enumerate().map(move |(at, item)| (created(item), doc(at)))
}

/// Whether a ledger entry is a transaction of its own; the others belong to the document that they were posted for.
pub(super) fn is_transaction(source: Source) -> bool {
    match source {
        Source::Opening | Source::Receipt(_) | Source::Shipment(_) | Source::WorkOrder(_) | Source::Manual => true,
        Source::Invoice(_)
        | Source::Payment(_)
        | Source::Bill(_)
        | Source::VendorPayment(_)
        | Source::Settlement(_)
        | Source::BillSettlement(_) => false,
    }
}

/// Sales over the counter, and some of those that were voided.
fn receipts(dataset: &Dataset) -> HashMap<usize, Option<usize>> {
    let invoices = dataset.invoices.iter().enumerate();
    let voided = invoices.filter(|(at, invoice)| {
        at % 6 == 0 && invoice.kind == InvoiceKind::Invoice && invoice.state == PostState::Void
    });
    let sales = dataset.counter_sales().into_iter().map(|(sold, payment)| (sold, Some(payment)));
    sales.chain(voided.map(|(at, _)| (at, None))).collect()
}

impl Ids {
    pub(super) fn new(dataset: &Dataset) -> Self {
        let mut sales: Vec<_> = written(&dataset.orders, |doc| doc.created, Doc::Order)
            .chain(written(&dataset.invoices, |doc| doc.created, Doc::Invoice))
            .chain(written(&dataset.payments, |doc| doc.created, Doc::Payment))
            .collect();
        sales.sort_by_key(|(created, _)| *created);
        let mut others: Vec<_> = written(&dataset.purchase_orders, |doc| doc.created, Doc::PurchaseOrder)
            .chain(written(&dataset.bills, |doc| doc.created, Doc::Bill))
            .chain(written(&dataset.vendor_payments, |doc| doc.created, Doc::VendorPayment))
            .chain(written(&dataset.entries, |entry| entry.created, Doc::Entry))
            .collect();
        others.sort_by_key(|(created, _)| *created);
        let mut ids = Self {
            invoices: vec![0; dataset.invoices.len()],
            receipts: receipts(dataset),
            in_receipts: HashSet::new(),
            orders: vec![0; dataset.orders.len()],
            payments: vec![0; dataset.payments.len()],
            settled_by: vec![Vec::new(); dataset.invoices.len()],
            uses: HashMap::new(),
            purchase_orders: vec![0; dataset.purchase_orders.len()],
            bills: vec![0; dataset.bills.len()],
            vendor_payments: vec![0; dataset.vendor_payments.len()],
            vendor_uses: HashMap::new(),
            entries: vec![0; dataset.entries.len()],
        };
        let mut last = 0;
        ids.in_receipts = ids.receipts.values().copied().flatten().collect();
        for (_, doc) in sales.into_iter().chain(others) {
            ids.give(dataset, doc, &mut last);
        }
        for (sold, payment) in &ids.receipts {
            if let Some(payment) = *payment {
                ids.payments[payment] = ids.invoices[*sold];
            }
        }
        ids
    }

    fn give(&mut self, dataset: &Dataset, doc: Doc, last: &mut i64) {
        let mut next = || {
            *last += 1;
            *last
        };
        match doc {
            Doc::Order(at) => self.orders[at] = next(),
            Doc::Payment(at) if self.in_receipts.contains(&at) => {}
            Doc::Payment(at) => {
                let id = next();
                self.payments[at] = id;
                for allocation in &dataset.payments[at].allocations {
                    self.settled_by[allocation.invoice].push(id);
                }
            }
            Doc::Invoice(at) => {
                self.invoices[at] = next();
                let allocations = &dataset.invoices[at].allocations;
                if !allocations.is_empty() {
                    let payment = next();
                    self.uses.insert(at, payment);
                    for allocation in allocations {
                        self.settled_by[allocation.invoice].push(payment);
                    }
                }
            }
            Doc::PurchaseOrder(at) => self.purchase_orders[at] = next(),
            Doc::Bill(at) => {
                let bill = &dataset.bills[at];
                if bill.state == PostState::Posted {
                    self.bills[at] = next();
                    if !bill.allocations.is_empty() {
                        self.vendor_uses.insert(at, next());
                    }
                }
            }
            Doc::VendorPayment(at) => {
                if dataset.vendor_payments[at].state != PostState::Draft {
                    self.vendor_payments[at] = next();
                }
            }
            Doc::Entry(at) => {
                if is_transaction(dataset.entries[at].source) {
                    self.entries[at] = next();
                }
            }
        }
    }
}
