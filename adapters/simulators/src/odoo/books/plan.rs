//! The ids of everything, worked out before anything is written, because documents refer to each other both ways.

use std::collections::HashMap;

use super::{bills, invoices, partners, purchases, sales};
use crate::dataset::{Dataset, Source};

/// Ids, by position in the story's lists. They have gaps and neighbours, as ids have.
pub(super) struct Plan {
    /// Of customers.
    pub(super) partners: Vec<i64>,
    pub(super) vendors: Vec<i64>,
    pub(super) users: Vec<User>,
    pub(super) products: Vec<i64>,
    pub(super) orders: Vec<i64>,
    /// Of each order, the id of its first line.
    pub(super) order_lines: Vec<i64>,
    pub(super) invoices: Vec<i64>,
    /// Of each invoice, the id of its first line.
    pub(super) invoice_lines: Vec<i64>,
    pub(super) purchase_orders: Vec<i64>,
    pub(super) purchase_lines: Vec<i64>,
    pub(super) bills: Vec<i64>,
    pub(super) bill_lines: Vec<i64>,
    /// The entries of posted bills in the ledger, by bill.
    pub(super) posted_bills: HashMap<usize, usize>,
    pub(super) payments: Vec<Payment>,
    pub(super) vendor_payments: Vec<Payment>,
    /// Of the entries that are posted for no document and no payment, by position in the ledger.
    pub(super) entries: HashMap<usize, Move>,
}

/// The ids of a user and of the contact that a user is.
#[derive(Clone, Copy)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) partner: i64,
}

/// A move and its first line.
#[derive(Clone, Copy)]
pub(super) struct Move {
    pub(super) id: i64,
    pub(super) first_line: i64,
}

/// A payment and its journal entry, whose first line is the money's and whose second is the partner's.
#[derive(Clone, Copy)]
pub(super) struct Payment {
    pub(super) id: i64,
    pub(super) entry: Move,
}

/// After so many invoices comes a bill.
const BILL_EVERY: i64 = 40;

impl Plan {
    pub(super) fn new(dataset: &Dataset) -> Self {
        let mut id = partners::FIRST;
        let partners = dataset.customers.iter().enumerate().map(|(position, customer)| {
            let own = id;
            id += 1 + partners::contacts(position, customer);
            own
        });
        let partners: Vec<i64> = partners.collect();
        let vendors: Vec<i64> = (0..dataset.vendors.len()).map(|at| id + at as i64).collect();
        id += vendors.len() as i64;
        let users = (0..dataset.users.len()).map(|at| User { id: 8 + at as i64, partner: id + at as i64 }).collect();
        let count = dataset.invoices.len() as i64;
        let mut moves = Moves {
            id: 12 + count + count / BILL_EVERY + 1,
            line: 100 + dataset.invoices.iter().map(invoices::lines).sum::<i64>(),
        };
        let gaps = (1..=count / BILL_EVERY).map(|number| 11 + number * BILL_EVERY + number);
        let mut gaps = gaps.chain(std::iter::repeat_with(|| {
            moves.id += 1;
            moves.id - 1
        }));
        let bills = dataset.bills.iter().filter_map(|_| gaps.next()).collect();
        drop(gaps);
        let posted_bills: HashMap<usize, usize> = dataset
            .entries
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| match entry.source {
                Source::Bill(bill) => Some((bill, at)),
                _ => None,
            })
            .collect();
        let bill_lines = dataset.bills.iter().enumerate().map(|(at, bill)| {
            let differences = bills::differences(dataset, posted_bills.get(&at).copied()).len();
            moves.lines(bills::lines(bill) + 2 * differences as i64)
        });
        let bill_lines = bill_lines.collect();
        let payments = (0..dataset.payments.len()).map(|at| moves.payment(1 + at as i64)).collect();
        let first = 1 + dataset.payments.len() as i64;
        let vendor_payments = (0..dataset.vendor_payments.len()).map(|at| moves.payment(first + at as i64)).collect();
        let others = dataset.entries.iter().enumerate().filter(|(_, entry)| !is_written_elsewhere(entry.source));
        let entries = others.map(|(at, entry)| (at, moves.next(entry.lines.len() as i64))).collect();
        Self {
            partners,
            vendors,
            users,
            products: (0..dataset.products.len()).map(|position| 5 + position as i64).collect(),
            orders: (0..dataset.orders.len()).map(|position| 3 + position as i64).collect(),
            order_lines: starts(40, dataset.orders.iter().map(sales::lines)),
            invoices: (0..dataset.invoices.len()).map(|at| 12 + at as i64 + at as i64 / BILL_EVERY).collect(),
            invoice_lines: starts(100, dataset.invoices.iter().map(invoices::lines)),
            purchase_orders: (0..dataset.purchase_orders.len()).map(|position| 4 + position as i64).collect(),
            purchase_lines: starts(20, dataset.purchase_orders.iter().map(purchases::lines)),
            bills,
            bill_lines,
            posted_bills,
            payments,
            vendor_payments,
            entries,
        }
    }

    /// The line of an invoice that says what is owed: its last.
    pub(super) fn receivable(&self, dataset: &Dataset, invoice: usize) -> i64 {
        self.invoice_lines[invoice] + invoices::lines(&dataset.invoices[invoice]) - 1
    }

    /// The line of a bill that says what is owed: its last, but for differences of price.
    pub(super) fn payable(&self, dataset: &Dataset, bill: usize) -> i64 {
        self.bill_lines[bill] + bills::lines(&dataset.bills[bill]) - 1
    }
}

/// Whether the moves of documents and payments are written with them, posted or not.
pub(super) fn is_written_elsewhere(source: Source) -> bool {
    matches!(source, Source::Invoice(_) | Source::Bill(_) | Source::Payment(_) | Source::VendorPayment(_))
}

/// The ids that are free.
struct Moves {
    id: i64,
    line: i64,
}

impl Moves {
    fn lines(&mut self, count: i64) -> i64 {
        self.line += count;
        self.line - count
    }

    fn next(&mut self, lines: i64) -> Move {
        self.id += 1;
        Move { id: self.id - 1, first_line: self.lines(lines) }
    }

    fn payment(&mut self, id: i64) -> Payment {
        Payment { id, entry: self.next(2) }
    }
}

/// Where each of some lists starts when they stand one after the other.
fn starts(first: i64, lengths: impl Iterator<Item = i64>) -> Vec<i64> {
    lengths
        .scan(first, |next, length| {
            let start = *next;
            *next += length;
            Some(start)
        })
        .collect()
}
