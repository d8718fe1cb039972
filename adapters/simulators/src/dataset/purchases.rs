//! Purchase orders, bills, vendor credits and outgoing payments.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Currency, Dimensions, PaymentMethod, PostState, Rate, Tax, Totals};
use crate::decimal::{Cents, Dec, div_round};

/// A line of a purchase order, a bill or a vendor credit.
#[derive(Clone, Debug, Hash)]
pub struct PurchaseLine {
    /// Position of the product in [`Dataset::products`](super::Dataset::products); `None` for an expense.
    pub product: Option<usize>,
    /// What an expense is for; of a product nothing but its name.
    pub text: Option<&'static str>,
    /// The account on which the bill posts it, a position in [`Dataset::accounts`](super::Dataset::accounts). For goods
    /// that were received [`AccountRole::Unbilled`](super::AccountRole::Unbilled).
    pub account: usize,
    /// Its cost centre and project.
    pub dimensions: Dimensions,
    /// In thousandths.
    pub milli_quantity: i64,
    /// The price of one, in the document's currency.
    pub unit_price: Cents,
    /// Position of the tax in [`Company::purchase_taxes`](super::Company::purchase_taxes).
    pub tax: usize,
    /// Quantity times price, rounded once.
    pub net: Cents,
    /// The tax on `net`, rounded for each line.
    pub tax_amount: Cents,
    /// On an order: how much came in, in thousandths. On a bill: 0.
    pub milli_received: i64,
    /// On an order: how much is on bills that are not void, in thousandths. On a bill: 0.
    pub milli_billed: i64,
    /// On a bill with an order: the position of the order's line.
    pub order_line: Option<usize>,
}

impl PurchaseLine {
    pub(super) fn new(account: usize, milli_quantity: i64, unit_price: Cents, tax: usize, taxes: &[Tax]) -> Self {
        let net = div_round(i128::from(milli_quantity) * i128::from(unit_price), 1000);
        let tax_amount = div_round(i128::from(net) * i128::from(taxes[tax].basis_points), 10_000);
        Self {
            product: None,
            text: None,
            account,
            dimensions: Dimensions::NONE,
            milli_quantity,
            unit_price,
            tax,
            net,
            tax_amount,
            milli_received: 0,
            milli_billed: 0,
            order_line: None,
        }
    }

    /// The quantity.
    pub fn quantity(&self) -> Dec {
        Dec::new(self.milli_quantity, 3)
    }
}

impl Totals {
    pub(super) fn of_purchase(lines: &[PurchaseLine]) -> Self {
        let net = lines.iter().map(|line| line.net).sum();
        let tax = lines.iter().map(|line| line.tax_amount).sum();
        Self { net, tax, total: net + tax }
    }
}

/// How far a purchase order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PurchaseState {
    /// A request for a quotation.
    Draft,
    /// Waits for somebody to approve it.
    Pending,
    /// Ordered, nothing came in.
    Open,
    /// Some of it came in.
    PartlyReceived,
    /// All of it came in, not all of it is billed.
    Received,
    /// All of it came in and is billed.
    Billed,
    /// Billed, or ended early with less than was ordered, and put away.
    Closed,
    /// Called off; nothing came in.
    Cancelled,
}

/// An order to a vendor.
#[derive(Clone, Debug, Hash)]
pub struct PurchaseOrder {
    /// How far it has come.
    pub state: PurchaseState,
    /// Counts the purchase orders of its year from 1.
    pub sequence: u32,
    /// Position of the vendor in [`Dataset::vendors`](super::Dataset::vendors).
    pub vendor: usize,
    /// The document's currency.
    pub currency: Currency,
    /// The rate of its day.
    pub rate: Rate,
    /// The day of the order.
    pub date: NaiveDate,
    /// The day it is awaited.
    pub expected: Option<NaiveDate>,
    /// Where it goes, a position in [`Dataset::locations`](super::Dataset::locations).
    pub location: usize,
    /// Who ordered, a position in [`Dataset::users`](super::Dataset::users).
    pub buyer: usize,
    /// The vendor's own number of it.
    pub reference: Option<String>,
    /// A remark.
    pub note: Option<&'static str>,
    /// At least one, each with a product.
    pub lines: Vec<PurchaseLine>,
    /// What the lines add up to.
    pub totals: Totals,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// What a document of a vendor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BillKind {
    /// The vendor is owed.
    Bill,
    /// The vendor owes; amounts are positive here too.
    VendorCredit,
}

/// An amount that settles (part of) a bill, in the bill's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BillAllocation {
    /// Position of the bill in [`Dataset::bills`](super::Dataset::bills).
    pub bill: usize,
    /// How much of it.
    pub amount: Cents,
}

/// A bill or a vendor credit.
#[derive(Clone, Debug, Hash)]
pub struct Bill {
    /// Bill or vendor credit.
    pub kind: BillKind,
    /// How far it has come.
    pub state: PostState,
    /// Counts the documents of its kind and year from 1.
    pub sequence: u32,
    /// Position of the vendor in [`Dataset::vendors`](super::Dataset::vendors).
    pub vendor: usize,
    /// The document's currency.
    pub currency: Currency,
    /// The rate of its day.
    pub rate: Rate,
    /// The day of the document.
    pub date: NaiveDate,
    /// The day it is due.
    pub due: NaiveDate,
    /// The vendor's own number of it.
    pub reference: Option<String>,
    /// A remark.
    pub note: Option<&'static str>,
    /// At least one.
    pub lines: Vec<PurchaseLine>,
    /// What the lines add up to.
    pub totals: Totals,
    /// What is settled: by payments and vendor credits; of a vendor credit, what is used.
    pub paid: Cents,
    /// What is left of the total; 0 when void.
    pub balance: Cents,
    /// Position of the order in [`Dataset::purchase_orders`](super::Dataset::purchase_orders).
    pub order: Option<usize>,
    /// Of a vendor credit: the bill that it corrects.
    pub corrects: Option<usize>,
    /// Of a vendor credit: the bills that it settles.
    pub allocations: Vec<BillAllocation>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it, or what is paid of it, was last changed.
    pub updated: DateTime<Utc>,
}

impl Bill {
    pub(super) fn settle(&mut self, amount: Cents, at: DateTime<Utc>) {
        self.paid += amount;
        self.balance -= amount;
        self.updated = self.updated.max(at);
    }
}

/// Money that went out to a vendor.
#[derive(Clone, Debug, Hash)]
pub struct VendorPayment {
    /// Posted or void.
    pub state: PostState,
    /// Counts the outgoing payments of its year from 1.
    pub sequence: u32,
    /// Position of the vendor in [`Dataset::vendors`](super::Dataset::vendors).
    pub vendor: usize,
    /// The currency of the payment and of the bills it pays.
    pub currency: Currency,
    /// The rate of its day.
    pub rate: Rate,
    /// The day it went out.
    pub date: NaiveDate,
    /// How it went out.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: Option<String>,
    /// All of it.
    pub amount: Cents,
    /// What it pays; together at most `amount`. Empty when void.
    pub allocations: Vec<BillAllocation>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

impl VendorPayment {
    /// What pays nothing yet.
    pub fn unallocated(&self) -> Cents {
        self.amount - self.allocations.iter().map(|allocation| allocation.amount).sum::<Cents>()
    }
}
