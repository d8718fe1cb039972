//! The neutral story of a company: two years of customers, products, orders, invoices and payments, from a seed.
//!
//! A front turns it into tables in its ERP's own names. Amounts are whole cents, references are positions in the lists
//! (a front that needs ids adds one), and equal profiles give equal stories on every machine.

mod calendar;
mod company;
mod customers;
mod documents;
mod generate;
mod names;
mod products;

use chrono::{Datelike, NaiveDate};

use calendar::Calendar;
pub use company::{Company, Currency, Tax};
pub use customers::Customer;
pub use documents::{
    Allocation, Invoice, InvoiceKind, InvoiceStatus, Line, Order, OrderState, Payment, PaymentMethod, PostState, Rate,
    Totals,
};
pub use products::{Product, ProductKind};

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
}

impl Dataset {
    /// Tells the story.
    pub fn generate(profile: &Profile) -> Self {
        let calendar = Calendar::new(profile.today);
        let customers = customers::generate(profile, &calendar, (profile.invoices / 20).max(20));
        let products = products::generate(profile, &calendar, (profile.invoices / 40).max(20));
        let mut dataset = Self {
            company: profile.company,
            today: profile.today,
            customers,
            products,
            orders: Vec::with_capacity(profile.invoices * 3 / 5),
            invoices: Vec::with_capacity(profile.invoices),
            payments: Vec::with_capacity(profile.invoices),
        };
        generate::documents(&mut dataset, profile, &calendar);
        generate::payments(&mut dataset, profile, &calendar);
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
}

#[cfg(test)]
mod tests;
