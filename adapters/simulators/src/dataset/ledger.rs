//! The general ledger: a balanced entry for everything that is posted, in the books' currency.

use chrono::{DateTime, NaiveDate, Utc};

use super::{AccountRole, BillKind, Currency, Dataset, Dimensions, InvoiceKind, Payment, PaymentMethod, VendorPayment};
use crate::decimal::Cents;

/// The book of first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Journal {
    /// Invoices and credit notes.
    Sales,
    /// Bills and vendor credits.
    Purchases,
    /// Money through the bank.
    Bank,
    /// Money through the till.
    Cash,
    /// Purchases by the company's credit card.
    Card,
    /// Goods that move.
    Stock,
    /// Exchange differences.
    Exchange,
    /// Salaries, depreciation, tax, the opening.
    General,
}

impl Journal {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Sales, Self::Purchases, Self::Bank, Self::Cash, Self::Card, Self::Stock, Self::Exchange, Self::General];

    /// The book of a payment on or from an account.
    pub(super) fn of_account(account: usize) -> Self {
        match account {
            _ if account == AccountRole::Cash.position() => Self::Cash,
            _ if account == AccountRole::CreditCard.position() => Self::Card,
            _ => Self::Bank,
        }
    }
}

/// Whom a line of the ledger is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// Position in [`Dataset::customers`].
    Customer(usize),
    /// Position in [`Dataset::vendors`].
    Vendor(usize),
}

/// What an entry was posted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// What was there when the story begins.
    Opening,
    /// Position in [`Dataset::invoices`], credit notes too.
    Invoice(usize),
    /// Position in [`Dataset::payments`].
    Payment(usize),
    /// Position in [`Dataset::bills`], vendor credits too.
    Bill(usize),
    /// Position in [`Dataset::vendor_payments`].
    VendorPayment(usize),
    /// Position in [`Dataset::receipts`].
    Receipt(usize),
    /// Position in [`Dataset::shipments`].
    Shipment(usize),
    /// Position in [`Dataset::work_orders`].
    WorkOrder(usize),
    /// The exchange difference of a settlement, a position in [`Dataset::settlements`].
    Settlement(usize),
    /// The exchange difference of a settlement, a position in [`Dataset::bill_settlements`].
    BillSettlement(usize),
    /// Written by hand: salaries, depreciation, interest, tax.
    Manual,
}

/// One posting: its lines' debits equal their credits.
#[derive(Clone, Debug, Hash)]
pub struct Entry {
    /// What it was posted for.
    pub source: Source,
    /// The book of first entry.
    pub journal: Journal,
    /// Counts the entries of its journal and year from 1, by date.
    pub sequence: u32,
    /// The day it counts.
    pub date: NaiveDate,
    /// What it is, for an entry written by hand; others are told by their source.
    pub text: Option<&'static str>,
    /// At least two.
    pub lines: Vec<EntryLine>,
    /// When it was written.
    pub created: DateTime<Utc>,
}

/// A line of the ledger.
#[derive(Clone, Copy, Debug, Hash)]
pub struct EntryLine {
    /// Position of the account in [`Dataset::accounts`].
    pub account: usize,
    /// In the books' currency; one of debit and credit is 0, the other at least 0.
    pub debit: Cents,
    /// In the books' currency.
    pub credit: Cents,
    /// The currency of the document.
    pub currency: Currency,
    /// The amount in the document's currency, debits positive, credits negative; 0 for an exchange difference.
    pub foreign: Cents,
    /// Customer or vendor.
    pub party: Option<Party>,
    /// Cost centre and project.
    pub dimensions: Dimensions,
    /// The line of the document that it comes from; a tax, a total or a rounding has none.
    pub document_line: Option<usize>,
    /// The product.
    pub product: Option<usize>,
    /// Of a line of tax: its position in [`Company::taxes`](super::Company::taxes) or
    /// [`Company::purchase_taxes`](super::Company::purchase_taxes).
    pub tax: Option<usize>,
}

impl EntryLine {
    /// Debit less credit.
    pub fn balance(&self) -> Cents {
        self.debit - self.credit
    }
}

/// What settles (part of) a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Settler {
    /// Position in [`Dataset::payments`] or [`Dataset::vendor_payments`].
    Payment(usize),
    /// Position of the credit note in [`Dataset::invoices`], or of the vendor credit in [`Dataset::bills`].
    Credit(usize),
}

/// One allocation of a posted payment or credit, with its worth in the books' currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settlement {
    /// Position of the invoice or the bill.
    pub document: usize,
    /// What settles it.
    pub by: Settler,
    /// The day, that of the payment or the credit.
    pub date: NaiveDate,
    /// In the currency of both.
    pub amount: Cents,
    /// The amount at the document's rate, so rounded that what is left of the document is its balance at its rate.
    pub document_base: Cents,
    /// The amount at the settler's rate, so rounded that what is left of the settler is its rest at its rate.
    pub settler_base: Cents,
}

impl Settlement {
    /// How much more the settler is worth than what it settles: gained on an invoice, lost on a bill.
    pub fn exchange_difference(&self) -> Cents {
        self.settler_base - self.document_base
    }
}

impl Payment {
    /// The account on which the money came in, a position in [`Dataset::accounts`].
    pub fn account(&self) -> usize {
        match self.method {
            PaymentMethod::Cash => AccountRole::Cash.position(),
            PaymentMethod::Transfer | PaymentMethod::Card | PaymentMethod::Check => AccountRole::Bank.position(),
        }
    }
}

impl VendorPayment {
    /// The account from which the money went out, a position in [`Dataset::accounts`].
    pub fn account(&self) -> usize {
        match self.method {
            PaymentMethod::Cash => AccountRole::Cash.position(),
            PaymentMethod::Card => AccountRole::CreditCard.position(),
            PaymentMethod::Transfer | PaymentMethod::Check => AccountRole::Bank.position(),
        }
    }
}

impl Dataset {
    /// What a line of the ledger is for: the tax, the product, the text of the document's line or of the entry; and if
    /// there is none of them the kind of the source.
    pub fn line_text<'a>(&'a self, entry: &'a Entry, line: &EntryLine) -> &'a str {
        let of_bill = || match (entry.source, line.document_line) {
            (Source::Bill(bill), Some(at)) => self.bills[bill].lines.get(at).and_then(|line| line.text),
            _ => None,
        };
        let tax = line.tax.and_then(|tax| match entry.source {
            Source::Bill(_) => self.company.purchase_taxes.get(tax),
            _ => self.company.taxes.get(tax),
        });
        let product = line.product.map(|product| &*self.products[product].name);
        tax.map(|tax| tax.name).or(product).or_else(of_bill).or(entry.text).unwrap_or(match entry.source {
            Source::Opening => "Opening balance",
            Source::Invoice(invoice) if self.invoices[invoice].kind == InvoiceKind::CreditNote => "Credit note",
            Source::Invoice(_) => "Invoice",
            Source::Payment(_) => "Customer payment",
            Source::Bill(bill) if self.bills[bill].kind == BillKind::VendorCredit => "Vendor credit",
            Source::Bill(_) => "Bill",
            Source::VendorPayment(_) => "Vendor payment",
            Source::Receipt(_) => "Goods received",
            Source::Shipment(_) => "Goods shipped",
            Source::WorkOrder(_) => "Goods made",
            Source::Settlement(_) | Source::BillSettlement(_) => "Exchange difference",
            Source::Manual => "Entry",
        })
    }

    /// The balance of an account at the end of the story, debits positive.
    pub fn balance(&self, account: usize) -> Cents {
        let lines = self.entries.iter().flat_map(|entry| &entry.lines);
        lines.filter(|line| line.account == account).map(EntryLine::balance).sum()
    }

    /// The balances of all accounts at the end of the story, debits positive, in the order of [`Dataset::accounts`].
    pub fn balances(&self) -> Vec<Cents> {
        let mut balances = vec![0; self.accounts.len()];
        for line in self.entries.iter().flat_map(|entry| &entry.lines) {
            balances[line.account] += line.balance();
        }
        balances
    }
}
