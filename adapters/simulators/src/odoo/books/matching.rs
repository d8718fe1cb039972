//! What settles what: the journal items of documents, payments and exchange differences, matched with each other.
//!
//! As the measured servers have it, a part that settles a document in a foreign currency counts the lesser of both
//! worths; the difference is posted on its own, and matched with the side that is worth more by a part that counts
//! nothing in the foreign currency. Parts that hang together become a full reconciliation when nothing is left of any.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Books, ids, money, plan::Plan};
use crate::{
    dataset::{AccountRole, Currency, Dataset, Settlement, Settler, Source},
    decimal::Cents,
    store::{Cell, StoreError},
};

/// The reconciliation of a journal item.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Matched {
    /// The full one.
    pub(super) full: Option<i64>,
    /// The first of the parts that hang together.
    pub(super) part: Option<i64>,
}

/// All of them, of customers and of vendors.
pub(super) struct Matching {
    customers: Side,
    vendors: Side,
}

impl Matching {
    pub(super) fn new(dataset: &Dataset, plan: &Plan) -> Self {
        let invoices = dataset.invoices.iter().enumerate();
        let payments = dataset.payments.iter().zip(&plan.payments);
        let customers = Sources {
            owed: true,
            account: AccountRole::Receivable.position(),
            settlements: &dataset.settlements,
            entry: |source| match source {
                Source::Settlement(at) => Some(at),
                _ => None,
            },
            documents: invoices
                .map(|(at, invoice)| Item {
                    line: plan.receivable(dataset, at),
                    open: invoice.balance != 0,
                    date: invoice.date,
                    currency: invoice.currency,
                })
                .collect(),
            payments: payments
                .map(|(payment, ids)| Item {
                    line: ids.entry.first_line + 1,
                    open: payment.unallocated() != 0,
                    date: payment.date,
                    currency: payment.currency,
                })
                .collect(),
        };
        let bills = dataset.bills.iter().enumerate();
        let payments = dataset.vendor_payments.iter().zip(&plan.vendor_payments);
        let vendors = Sources {
            owed: false,
            account: AccountRole::Payable.position(),
            settlements: &dataset.bill_settlements,
            entry: |source| match source {
                Source::BillSettlement(at) => Some(at),
                _ => None,
            },
            documents: bills
                .map(|(at, bill)| Item {
                    line: plan.payable(dataset, at),
                    open: bill.balance != 0,
                    date: bill.date,
                    currency: bill.currency,
                })
                .collect(),
            payments: payments
                .map(|(payment, ids)| Item {
                    line: ids.entry.first_line + 1,
                    open: payment.unallocated() != 0,
                    date: payment.date,
                    currency: payment.currency,
                })
                .collect(),
        };
        let customers = customers.side(dataset, plan, 1, 1);
        let next = (1 + customers.parts.len() as i64, 1 + customers.fulls.len() as i64);
        Self { customers, vendors: vendors.side(dataset, plan, next.0, next.1) }
    }

    pub(super) fn invoice(&self, position: usize) -> Matched {
        self.customers.documents[position]
    }

    pub(super) fn bill(&self, position: usize) -> Matched {
        self.vendors.documents[position]
    }

    pub(super) fn payment(&self, position: usize) -> Matched {
        self.customers.payments[position]
    }

    pub(super) fn vendor_payment(&self, position: usize) -> Matched {
        self.vendors.payments[position]
    }

    /// Of the entry of an exchange difference.
    pub(super) fn exchange(&self, source: Source) -> Matched {
        let found = match source {
            Source::Settlement(at) => self.customers.exchanges.get(&at),
            Source::BillSettlement(at) => self.vendors.exchanges.get(&at),
            _ => None,
        };
        found.copied().unwrap_or_default()
    }

    pub(super) fn write(&self, books: &mut Books<'_>) -> Result<(), StoreError> {
        for side in [&self.customers, &self.vendors] {
            for full in &side.fulls {
                let values = [("name", format!("A{}", full.id).into()), ("exchange_move_id", full.exchange.into())];
                let stamp = super::noon(full.date);
                books.insert("account.full.reconcile", full.id, (stamp, stamp), values)?;
            }
            for part in &side.parts {
                let values = [
                    ("debit_move_id", part.debit.into()),
                    ("credit_move_id", part.credit.into()),
                    ("full_reconcile_id", part.full.into()),
                    ("exchange_move_id", part.exchange.into()),
                    ("amount", money(part.amount)),
                    ("debit_amount_currency", money(part.foreign)),
                    ("credit_amount_currency", money(part.foreign)),
                    ("debit_currency_id", ids::currency(part.currency).into()),
                    ("credit_currency_id", ids::currency(part.currency).into()),
                    ("max_date", Cell::from(part.date)),
                ];
                let stamp = super::noon(part.date);
                books.insert("account.partial.reconcile", part.id, (stamp, stamp), values)?;
            }
        }
        Ok(())
    }
}

/// A journal item that can be matched.
struct Item {
    line: i64,
    /// Whether something is left of it.
    open: bool,
    date: NaiveDate,
    currency: Currency,
}

/// What one side of the books settles.
struct Sources<'d> {
    /// Whether documents are debits.
    owed: bool,
    account: usize,
    settlements: &'d [Settlement],
    /// The settlement whose exchange difference an entry posts.
    entry: fn(Source) -> Option<usize>,
    documents: Vec<Item>,
    payments: Vec<Item>,
}

/// A part of a reconciliation.
struct Part {
    id: i64,
    debit: i64,
    credit: i64,
    amount: Cents,
    foreign: Cents,
    currency: Currency,
    date: NaiveDate,
    exchange: Option<i64>,
    full: Option<i64>,
}

struct Full {
    id: i64,
    exchange: Option<i64>,
    date: NaiveDate,
}

struct Side {
    documents: Vec<Matched>,
    payments: Vec<Matched>,
    /// By settlement.
    exchanges: HashMap<usize, Matched>,
    parts: Vec<Part>,
    fulls: Vec<Full>,
}

impl Sources<'_> {
    fn item(&self, node: usize) -> &Item {
        self.documents.get(node).unwrap_or_else(|| &self.payments[node - self.documents.len()])
    }

    /// Documents and payments are nodes, documents first.
    fn settler(&self, settlement: &Settlement) -> usize {
        match settlement.by {
            Settler::Payment(at) => self.documents.len() + at,
            Settler::Credit(at) => at,
        }
    }

    fn side(&self, dataset: &Dataset, plan: &Plan, first_part: i64, first_full: i64) -> Side {
        let exchanges = self.exchanges(dataset, plan);
        let count = self.documents.len() + self.payments.len();
        let mut groups = Groups::new(count);
        let mut parts = Vec::new();
        // Of each settlement, the first of its one or two parts.
        let mut first_parts = Vec::with_capacity(self.settlements.len());
        for (at, settlement) in self.settlements.iter().enumerate() {
            let (document, settler) = (settlement.document, self.settler(settlement));
            groups.join(document, settler);
            first_parts.push(parts.len());
            self.parts(settlement, exchanges.get(&at), &mut parts);
        }
        for (at, part) in parts.iter_mut().enumerate() {
            part.id = first_part + at as i64;
        }
        let mut open = vec![false; count];
        for node in 0..count {
            let root = groups.root(node);
            open[root] |= self.item(node).open;
        }
        let mut matched = vec![Matched::default(); count];
        let mut fulls: Vec<Full> = Vec::new();
        for (at, settlement) in self.settlements.iter().enumerate() {
            let root = groups.root(settlement.document);
            let end = first_parts.get(at + 1).copied().unwrap_or(parts.len());
            let group = &mut matched[root];
            if group.part.is_none() {
                group.part = Some(parts[first_parts[at]].id);
                if !open[root] {
                    let id = first_full + fulls.len() as i64;
                    group.full = Some(id);
                    fulls.push(Full { id, exchange: None, date: settlement.date });
                }
            }
            for part in &mut parts[first_parts[at]..end] {
                part.full = group.full;
            }
            if let Some(full) = group.full {
                let full = &mut fulls[(full - first_full) as usize];
                full.date = full.date.max(settlement.date);
                full.exchange = exchanges.get(&at).map(|exchange| exchange.entry).or(full.exchange);
            }
        }
        let mut of = |node: usize| matched[groups.root(node)];
        let exchanges = exchanges.into_keys().map(|at| (at, of(self.settlements[at].document))).collect();
        let all: Vec<Matched> = (0..count).map(of).collect();
        let (documents, payments) = all.split_at(self.documents.len());
        Side { documents: documents.to_vec(), payments: payments.to_vec(), exchanges, parts, fulls }
    }

    fn parts(&self, settlement: &Settlement, exchange: Option<&Exchange>, parts: &mut Vec<Part>) {
        let (document, settler) = (self.item(settlement.document), self.item(self.settler(settlement)));
        let mut part = |from: i64, to: i64, amount, foreign, exchange| {
            let (debit, credit) = if self.owed { (from, to) } else { (to, from) };
            parts.push(Part {
                id: 0,
                debit,
                credit,
                amount,
                foreign,
                currency: document.currency,
                date: document.date.max(settler.date),
                exchange,
                full: None,
            });
        };
        let (worth, paid) = (settlement.document_base, settlement.settler_base);
        part(document.line, settler.line, worth.min(paid), settlement.amount, exchange.map(|exchange| exchange.entry));
        match exchange {
            Some(exchange) if worth > paid => part(document.line, exchange.line, worth - paid, 0, None),
            Some(exchange) if worth < paid => part(exchange.line, settler.line, paid - worth, 0, None),
            _ => {}
        }
    }

    /// The entries of exchange differences, by settlement.
    fn exchanges(&self, dataset: &Dataset, plan: &Plan) -> HashMap<usize, Exchange> {
        let exchange = |(at, ids): (&usize, &super::plan::Move)| {
            let entry = &dataset.entries[*at];
            let settlement = (self.entry)(entry.source)?;
            let line = entry.lines.iter().position(|line| line.account == self.account)?;
            Some((settlement, Exchange { entry: ids.id, line: ids.first_line + line as i64 }))
        };
        plan.entries.iter().filter_map(exchange).collect()
    }
}

/// The entry of an exchange difference, and its line of the partner.
struct Exchange {
    entry: i64,
    line: i64,
}

/// Sets of nodes that hang together.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, node: usize) -> usize {
        let mut root = node;
        while self.0[root] != root {
            self.0[root] = self.0[self.0[root]];
            root = self.0[root];
        }
        root
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[other] = one;
    }
}
