//! Lines, invoices, credit notes, sales orders and payments, and the arithmetic that ties them together.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Currency, Tax};
use crate::decimal::{Cents, Dec, div_round};

/// A line of an invoice or an order.
#[derive(Clone, Debug, Hash)]
pub struct Line {
    /// Position of the product in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// In thousandths: 1500 is one and a half.
    pub milli_quantity: i64,
    /// The price of one, in the document's currency.
    pub unit_price: Cents,
    /// In hundredths of a percent: 500 is 5 %.
    pub discount: i64,
    /// Position of the tax in [`Company::taxes`](super::Company::taxes).
    pub tax: usize,
    /// Quantity times price less discount, rounded once.
    pub net: Cents,
    /// The tax on `net`, rounded for each line.
    pub tax_amount: Cents,
    /// On an order: how much of the quantity is delivered, in thousandths. On an invoice: 0.
    pub milli_delivered: i64,
    /// On an invoice with an order: the position of the order's line.
    pub order_line: Option<usize>,
}

impl Line {
    pub(super) fn new(
        product: usize,
        milli_quantity: i64,
        unit_price: Cents,
        discount: i64,
        tax: usize,
        taxes: &[Tax],
    ) -> Self {
        let gross = i128::from(milli_quantity) * i128::from(unit_price) * i128::from(10_000 - discount);
        let net = div_round(gross, 1000 * 10_000);
        let tax_amount = div_round(i128::from(net) * i128::from(taxes[tax].basis_points), 10_000);
        Self {
            product,
            milli_quantity,
            unit_price,
            discount,
            tax,
            net,
            tax_amount,
            milli_delivered: 0,
            order_line: None,
        }
    }

    /// The quantity.
    pub fn quantity(&self) -> Dec {
        Dec::new(self.milli_quantity, 3)
    }

    /// The discount in percent.
    pub fn discount_percent(&self) -> Dec {
        Dec::new(self.discount, 2)
    }
}

/// What a document adds up to, in its own currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// The sum of the lines without tax.
    pub net: Cents,
    /// The sum of the lines' taxes.
    pub tax: Cents,
    /// Both.
    pub total: Cents,
}

impl Totals {
    pub(super) fn of(lines: &[Line]) -> Self {
        let net = lines.iter().map(|line| line.net).sum();
        let tax = lines.iter().map(|line| line.tax_amount).sum();
        Self { net, tax, total: net + tax }
    }
}

/// How many units of the books' currency one unit of the document's currency was worth, with six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate(
    /// Millionths.
    pub i64,
);

impl Rate {
    /// The books' currency itself.
    pub const ONE: Self = Self(1_000_000);

    /// An amount of the document's currency in the books' currency.
    pub fn to_base(self, amount: Cents) -> Cents {
        div_round(i128::from(amount) * i128::from(self.0), 1_000_000)
    }

    /// An amount of the books' currency in the document's currency.
    pub fn from_base(self, amount: Cents) -> Cents {
        div_round(i128::from(amount) * 1_000_000, i128::from(self.0))
    }

    /// The rate as a number.
    pub fn dec(self) -> Dec {
        Dec::new(self.0, 6)
    }
}

/// What an invoice document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvoiceKind {
    /// The customer owes.
    Invoice,
    /// The customer is owed; amounts are positive here too.
    CreditNote,
}

/// How far a document or payment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostState {
    /// Not in the books yet.
    Draft,
    /// In the books.
    Posted,
    /// Taken back; nothing is owed.
    Void,
}

/// What a reader wants to know of an invoice on a given day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InvoiceStatus {
    /// Not in the books yet.
    Draft,
    /// Nothing paid, not due yet.
    Open,
    /// Part paid, not due yet.
    PartlyPaid,
    /// Nothing left to pay, or of a credit note nothing left to use.
    Paid,
    /// Something left to pay after the due date.
    Overdue,
    /// Taken back.
    Void,
}

/// An amount that settles (part of) an invoice, in the invoice's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Allocation {
    /// Position of the invoice in [`Dataset::invoices`](super::Dataset::invoices).
    pub invoice: usize,
    /// How much of it.
    pub amount: Cents,
}

/// A customer invoice or credit note.
#[derive(Clone, Debug, Hash)]
pub struct Invoice {
    /// Invoice or credit note.
    pub kind: InvoiceKind,
    /// How far it has come.
    pub state: PostState,
    /// Counts the documents of its kind and year from 1, for the number that the ERP gives it.
    pub sequence: u32,
    /// Position of the customer in [`Dataset::customers`](super::Dataset::customers).
    pub customer: usize,
    /// The document's currency.
    pub currency: Currency,
    /// The rate of its day.
    pub rate: Rate,
    /// The day of the document.
    pub date: NaiveDate,
    /// The day it is due.
    pub due: Option<NaiveDate>,
    /// The customer's own reference.
    pub reference: Option<String>,
    /// A remark.
    pub note: Option<&'static str>,
    /// At least one.
    pub lines: Vec<Line>,
    /// What the lines add up to.
    pub totals: Totals,
    /// What is settled: by payments and credit notes; of a credit note, what is used.
    pub paid: Cents,
    /// What is left of the total; 0 when void.
    pub balance: Cents,
    /// Position of the order in [`Dataset::orders`](super::Dataset::orders).
    pub order: Option<usize>,
    /// Of a credit note: the invoice that it corrects.
    pub corrects: Option<usize>,
    /// Of a credit note: the invoices that it settles.
    pub allocations: Vec<Allocation>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it, or what is paid of it, was last changed.
    pub updated: DateTime<Utc>,
}

impl Invoice {
    /// The status on a day.
    pub fn status(&self, today: NaiveDate) -> InvoiceStatus {
        match self.state {
            PostState::Draft => InvoiceStatus::Draft,
            PostState::Void => InvoiceStatus::Void,
            PostState::Posted if self.balance == 0 => InvoiceStatus::Paid,
            PostState::Posted if self.kind == InvoiceKind::Invoice && self.due.unwrap_or(self.date) < today => {
                InvoiceStatus::Overdue
            }
            PostState::Posted if self.paid > 0 => InvoiceStatus::PartlyPaid,
            PostState::Posted => InvoiceStatus::Open,
        }
    }

    pub(super) fn settle(&mut self, amount: Cents, at: DateTime<Utc>) {
        self.paid += amount;
        self.balance -= amount;
        self.updated = self.updated.max(at);
    }
}

/// How far a sales order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderState {
    /// A quotation.
    Draft,
    /// Accepted, nothing delivered.
    Confirmed,
    /// Some of it delivered.
    PartlyDelivered,
    /// All of it delivered.
    Delivered,
    /// Called off.
    Cancelled,
}

/// A sales order.
#[derive(Clone, Debug, Hash)]
pub struct Order {
    /// How far it has come.
    pub state: OrderState,
    /// Counts the orders of its year from 1.
    pub sequence: u32,
    /// Position of the customer in [`Dataset::customers`](super::Dataset::customers).
    pub customer: usize,
    /// The document's currency.
    pub currency: Currency,
    /// The rate of its day.
    pub rate: Rate,
    /// The day of the order.
    pub date: NaiveDate,
    /// The day it was promised for.
    pub delivery: Option<NaiveDate>,
    /// The customer's own reference.
    pub reference: Option<String>,
    /// At least one.
    pub lines: Vec<Line>,
    /// What the lines add up to.
    pub totals: Totals,
    /// The invoice written for it, a position in [`Dataset::invoices`](super::Dataset::invoices).
    pub invoice: Option<usize>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// How a customer paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentMethod {
    /// By bank transfer.
    Transfer,
    /// By card.
    Card,
    /// By cheque.
    Check,
    /// In cash.
    Cash,
}

/// Money that came in from a customer.
#[derive(Clone, Debug, Hash)]
pub struct Payment {
    /// Posted or void.
    pub state: PostState,
    /// Counts the payments of its year from 1.
    pub sequence: u32,
    /// Position of the customer in [`Dataset::customers`](super::Dataset::customers).
    pub customer: usize,
    /// The currency of the payment and of the invoices it pays.
    pub currency: Currency,
    /// The rate of its day.
    pub rate: Rate,
    /// The day it came in.
    pub date: NaiveDate,
    /// How it came in.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: Option<String>,
    /// All of it.
    pub amount: Cents,
    /// What it pays; together at most `amount`. Empty when void.
    pub allocations: Vec<Allocation>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

impl Payment {
    /// What pays nothing yet.
    pub fn unallocated(&self) -> Cents {
        self.amount - self.allocations.iter().map(|allocation| allocation.amount).sum::<Cents>()
    }
}
