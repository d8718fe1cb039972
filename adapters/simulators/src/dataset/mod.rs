//! The neutral story of a company: two years of sales, purchases, stock, production and the books of it all, from a seed.
//!
//! A front turns it into tables in its ERP's own names. Amounts are whole cents, references are positions in the lists
//! (a front that needs ids adds one), and equal profiles give equal stories on every machine.

mod accounts;
mod billing;
mod bookkeeping;
mod buying;
mod calendar;
mod company;
mod customers;
mod dimensions;
mod documents;
mod generate;
mod ledger;
mod movements;
mod names;
mod paying;
mod posting;
mod production;
mod products;
mod purchases;
mod settling;
mod shipping;
mod stock;
mod users;
mod vendors;
mod workshop;

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};

pub use accounts::{Account, AccountClass, AccountKind, AccountRole};
use calendar::Calendar;
pub use company::{Company, Currency, Tax};
pub use customers::Customer;
pub use dimensions::{Dimension, DimensionKind, Dimensions};
pub use documents::{
    Allocation, Invoice, InvoiceKind, InvoiceStatus, Line, Order, OrderState, Payment, PaymentMethod, PostState, Rate,
    Totals,
};
pub use ledger::{Entry, EntryLine, Journal, Party, Settlement, Settler, Source};
pub use movements::{Location, LotLevel, MoveLine, MoveState, Receipt, Shipment, StockLevel};
pub use production::{Component, Ingredient, Recipe, WorkOrder, WorkState};
pub use products::{Product, ProductKind};
pub use purchases::{Bill, BillAllocation, BillKind, PurchaseLine, PurchaseOrder, PurchaseState, VendorPayment};
use stock::Needs;
pub use users::User;
pub use vendors::{Vendor, VendorTrade};

use crate::rng::Rng;

/// Which story to tell.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Whose books.
    pub company: Company,
    /// The seed; companies of one seed share customers.
    pub seed: u64,
    /// How many invoices, credit notes among them.
    pub invoices: usize,
    /// The last day of the story.
    pub today: NaiveDate,
    /// Whether the first customer owns 90 % of the invoices.
    pub big_customer: bool,
}

/// A company's books.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Whose books.
    pub company: Company,
    /// The last day of the story.
    pub today: NaiveDate,
    /// One for every twenty invoices, at least twenty.
    pub customers: Vec<Customer>,
    /// One for every forty invoices, at least twenty.
    pub products: Vec<Product>,
    /// Sales orders, about 60 for every hundred invoices, roughly by date.
    pub orders: Vec<Order>,
    /// Invoices and credit notes, roughly by date.
    pub invoices: Vec<Invoice>,
    /// Payments of customers, by date.
    pub payments: Vec<Payment>,
    /// One for every eighty invoices, at least twenty. The first five are not vendors of goods.
    pub vendors: Vec<Vendor>,
    /// The people who use the ERP.
    pub users: Vec<User>,
    /// The chart of accounts, in the order of [`AccountRole`].
    pub accounts: Vec<Account>,
    /// Cost centres and projects.
    pub dimensions: Vec<Dimension>,
    /// The warehouses, the main one first.
    pub locations: Vec<Location>,
    /// What the company makes itself, by product.
    pub recipes: Vec<Recipe>,
    /// Shipments for sales orders, by date.
    pub shipments: Vec<Shipment>,
    /// Work orders, by date.
    pub work_orders: Vec<WorkOrder>,
    /// Purchase orders, by date.
    pub purchase_orders: Vec<PurchaseOrder>,
    /// Receipts, by date.
    pub receipts: Vec<Receipt>,
    /// One for each of the goods and each place, by product, then place.
    pub stock: Vec<StockLevel>,
    /// What is left of each lot, by product, then place, then age.
    pub lots: Vec<LotLevel>,
    /// Bills and vendor credits, by date.
    pub bills: Vec<Bill>,
    /// Payments to vendors, by date.
    pub vendor_payments: Vec<VendorPayment>,
    /// What settles invoices, by date.
    pub settlements: Vec<Settlement>,
    /// What settles bills, by date.
    pub bill_settlements: Vec<Settlement>,
    /// The general ledger, by date.
    pub entries: Vec<Entry>,
}

/// What a currency was worth from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeRate {
    /// The foreign currency.
    pub currency: Currency,
    /// The first day.
    pub from: NaiveDate,
    /// Units of the books' currency for one of it.
    pub rate: Rate,
}

impl Dataset {
    /// Tells the story.
    pub fn generate(profile: &Profile) -> Self {
        let calendar = Calendar::new(profile.today);
        let customers = customers::generate(profile, &calendar, (profile.invoices / 20).max(20));
        let products = products::generate(profile, &calendar, (profile.invoices / 40).max(20));
        let vendors = vendors::generate(profile, &calendar, &customers, (profile.invoices / 80).max(20));
        let recipes = production::recipes(profile, &products);
        let mut dataset = Self {
            company: profile.company,
            today: profile.today,
            customers,
            products,
            orders: Vec::with_capacity(profile.invoices * 3 / 5),
            invoices: Vec::with_capacity(profile.invoices),
            payments: Vec::with_capacity(profile.invoices),
            vendors,
            users: users::generate(&profile.company),
            accounts: accounts::generate(&profile.company),
            dimensions: dimensions::generate(),
            locations: movements::locations(&profile.company),
            recipes,
            shipments: Vec::new(),
            work_orders: Vec::new(),
            purchase_orders: Vec::new(),
            receipts: Vec::new(),
            stock: Vec::new(),
            lots: Vec::new(),
            bills: Vec::new(),
            vendor_payments: Vec::new(),
            settlements: Vec::new(),
            bill_settlements: Vec::new(),
            entries: Vec::new(),
        };
        generate::documents(&mut dataset, profile, &calendar);
        generate::payments(&mut dataset, profile, &calendar);
        shipping::generate(&mut dataset, profile, &calendar);
        let mut needs = Needs::of_shipments(&dataset);
        workshop::generate(&mut dataset, profile, &calendar, &mut needs);
        buying::generate(&mut dataset, profile, &calendar, &mut needs);
        stock::levels(&mut dataset);
        stock::lots(&mut dataset);
        billing::generate(&mut dataset, profile, &calendar);
        paying::generate(&mut dataset, profile, &calendar);
        settling::generate(&mut dataset);
        posting::generate(&mut dataset, &calendar);
        dataset
    }

    /// The rate of a currency on a day: moves once a month, up to 3 % about its usual value.
    pub fn rate(&self, currency: Currency, day: NaiveDate) -> Rate {
        if currency == self.company.currency {
            return Rate::ONE;
        }
        let month = u64::from(day.month0()) + 12 * u64::from(day.year().unsigned_abs());
        let wobble = Rng::keyed(month, "rate", currency as u64).between(-300, 300);
        let usual = currency.milli_euros() * 1_000_000 / self.company.currency.milli_euros();
        Rate(usual * (10_000 + wobble) / 10_000)
    }

    /// The rates of all foreign currencies from the first to the last month of the story, by currency, then month.
    pub fn exchange_rates(&self) -> impl Iterator<Item = ExchangeRate> + use<'_> {
        let first = |day: NaiveDate| day.with_day(1).unwrap_or(day);
        let start = first(Calendar::new(self.today).start);
        let months = (0..=24).map_while(move |months| start.checked_add_months(Months::new(months)));
        let currencies = self.company.foreign.iter();
        currencies.flat_map(move |currency| {
            let rate = |from| ExchangeRate { currency: *currency, from, rate: self.rate(*currency, from) };
            months.clone().map(rate)
        })
    }

    /// How much of a line of a sales order is on its invoice, in thousandths: 0 without one. A draft counts too.
    pub fn milli_invoiced(&self, order: &Order, line: usize) -> i64 {
        let lines = order.invoice.map_or(&[][..], |invoice| &self.invoices[invoice].lines);
        lines.iter().filter(|invoiced| invoiced.order_line == Some(line)).map(|invoiced| invoiced.milli_quantity).sum()
    }

    /// Sales over the counter: invoices without an order that were paid whole on their day, by a payment for nothing else.
    /// By invoice, the payment.
    pub fn counter_sales(&self) -> BTreeMap<usize, usize> {
        let posted = self.payments.iter().enumerate().filter(|(_, payment)| payment.state == PostState::Posted);
        let sales = posted.filter_map(|(position, payment)| {
            let [Allocation { invoice: sold, amount }] = *payment.allocations else { return None };
            let invoice = &self.invoices[sold];
            let whole = amount == invoice.totals.total && payment.amount == amount;
            (whole && payment.date == invoice.date && invoice.order.is_none()).then_some((sold, position))
        });
        sales.collect()
    }

    /// What a product is made of, if the company makes it.
    pub fn recipe(&self, product: usize) -> Option<&Recipe> {
        let position = self.recipes.binary_search_by_key(&product, |recipe| recipe.product).ok()?;
        self.recipes.get(position)
    }

    /// Whether a product is kept by lots. What the company makes, or makes it from, is not.
    pub fn has_lots(&self, product: usize) -> bool {
        let made_from = |recipe: &Recipe| recipe.components.iter().any(|component| component.product == product);
        product % 7 == 3
            && self.products[product].kind == ProductKind::Goods
            && self.recipe(product).is_none()
            && !self.recipes.iter().any(made_from)
    }
}

#[cfg(test)]
mod tests;
