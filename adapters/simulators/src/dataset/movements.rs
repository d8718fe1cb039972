//! Goods that come in and go out: places, receipts, shipments, stock levels.

use chrono::{DateTime, NaiveDate, Utc};

use super::Company;

/// A warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// A short code; unique.
    pub code: &'static str,
    /// The name; unique.
    pub name: &'static str,
    /// The city.
    pub city: &'static str,
}

/// How far a receipt or shipment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MoveState {
    /// Written down, nothing is ready.
    Draft,
    /// Ready, or on its way.
    Ready,
    /// Has happened; the only state that changes the stock.
    Done,
    /// Called off.
    Cancelled,
}

/// A quantity of one product that moves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MoveLine {
    /// Position of the product in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// In thousandths.
    pub milli_quantity: i64,
    /// The position of the order's line.
    pub order_line: usize,
    /// The lot, once done, for products that have lots. Goods of several lots are so many lines of one order line.
    pub lot: Option<String>,
}

/// Goods from a vendor, always for a purchase order.
#[derive(Clone, Debug, Hash)]
pub struct Receipt {
    /// How far it has come.
    pub state: MoveState,
    /// Counts the receipts of its year from 1.
    pub sequence: u32,
    /// Position of the vendor in [`Dataset::vendors`](super::Dataset::vendors).
    pub vendor: usize,
    /// Position of the order in [`Dataset::purchase_orders`](super::Dataset::purchase_orders).
    pub order: usize,
    /// Position of the place in [`Dataset::locations`](super::Dataset::locations).
    pub location: usize,
    /// The day it came in, or is awaited.
    pub date: NaiveDate,
    /// When it came in; only when done.
    pub done: Option<DateTime<Utc>>,
    /// The number of the vendor's delivery note.
    pub reference: Option<String>,
    /// At least one.
    pub lines: Vec<MoveLine>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// Goods to a customer, always for a sales order. Services on the order are delivered without one.
#[derive(Clone, Debug, Hash)]
pub struct Shipment {
    /// How far it has come.
    pub state: MoveState,
    /// Counts the shipments of its year from 1.
    pub sequence: u32,
    /// Position of the customer in [`Dataset::customers`](super::Dataset::customers).
    pub customer: usize,
    /// Position of the order in [`Dataset::orders`](super::Dataset::orders).
    pub order: usize,
    /// Position of the place in [`Dataset::locations`](super::Dataset::locations).
    pub location: usize,
    /// The day it left, or is to leave.
    pub date: NaiveDate,
    /// When it left; only when done.
    pub done: Option<DateTime<Utc>>,
    /// Who carries it.
    pub carrier: Option<&'static str>,
    /// The carrier's number; only when done.
    pub tracking: Option<String>,
    /// At least one.
    pub lines: Vec<MoveLine>,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// How much of a product lies in a place, and how it came to that, in thousandths.
///
/// `on_hand = opening + received - shipped + produced - consumed`, and never below zero on any day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StockLevel {
    /// Position of the product in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// Position of the place in [`Dataset::locations`](super::Dataset::locations).
    pub location: usize,
    /// What lay there when the story begins.
    pub opening: i64,
    /// By receipts.
    pub received: i64,
    /// By shipments.
    pub shipped: i64,
    /// By work orders that make the product.
    pub produced: i64,
    /// By work orders that need it.
    pub consumed: i64,
    /// What lies there now; over all places [`Product::in_stock`](super::Product::in_stock).
    pub on_hand: i64,
    /// How much of it is put aside for open orders; at most `on_hand`.
    pub reserved: i64,
    /// What open orders of customers and work orders still need, whether it is there or not.
    pub demanded: i64,
    /// What open purchase orders and work orders will still bring.
    pub awaited: i64,
}

impl StockLevel {
    /// What can still be promised.
    pub fn available(&self) -> i64 {
        self.on_hand - self.reserved
    }
}

/// What is left of a lot in a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LotLevel {
    /// Position of the product in [`Dataset::products`](super::Dataset::products).
    pub product: usize,
    /// Position of the place in [`Dataset::locations`](super::Dataset::locations).
    pub location: usize,
    /// The lot; unique for a product.
    pub lot: String,
    /// In thousandths, above 0.
    pub milli_on_hand: i64,
}

pub(super) fn locations(company: &Company) -> Vec<Location> {
    let (main, other) = match company.country {
        "DE" => (("HH", "Zentrallager Hamburg", "Hamburg"), ("ROS", "Außenlager Rostock", "Rostock")),
        "CH" => (("01", "Hauptlager Biel", "Biel/Bienne"), ("02", "Lager Genève", "Genève")),
        _ => (("SEA", "Seattle Warehouse", "Seattle"), ("RNO", "Reno Fulfillment", "Reno")),
    };
    [main, other].map(|(code, name, city)| Location { code, name, city }).to_vec()
}
