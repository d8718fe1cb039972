//! Writes the company's story into the tables of Odoo.

mod base;
pub(super) mod ids;
mod invoices;
mod others;
mod partners;
mod products;
mod sales;

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};

use super::{Options, models, version::Version};
use crate::{
    dataset::Dataset,
    decimal::{Cents, Dec},
    store::{Cell, Store, StoreError, Tables},
};

/// The tables with the whole story in them.
pub(super) fn write(dataset: &Dataset, options: &Options) -> Result<Store, StoreError> {
    let store = Store::new(models::tables());
    let plan = Plan::new(dataset);
    {
        let mut books =
            Books { dataset, options, version: Version(options.version), plan: &plan, tables: &mut store.write() };
        base::write(&mut books)?;
        partners::write(&mut books)?;
        products::write(&mut books)?;
        sales::write(&mut books)?;
        invoices::write(&mut books)?;
        others::write(&mut books)?;
    }
    Ok(store)
}

/// What is being written, and from what.
struct Books<'d> {
    dataset: &'d Dataset,
    options: &'d Options,
    version: Version,
    plan: &'d Plan,
    tables: &'d mut Tables,
}

impl Books<'_> {
    fn insert<const N: usize>(
        &mut self,
        table: &str,
        id: i64,
        (created, updated): (DateTime<Utc>, DateTime<Utc>),
        values: [(&str, Cell); N],
    ) -> Result<(), StoreError> {
        let stamps = [("create_date", created.into()), ("write_date", updated.into())];
        self.tables[table].insert(id, values.into_iter().chain(stamps))
    }

    /// When Odoo was installed: the first day of the story.
    fn installed(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let first = self.dataset.customers.iter().map(|customer| customer.created).min();
        let first = first.unwrap_or_else(|| self.dataset.today.and_time(NaiveTime::MIN).and_utc());
        (first, first)
    }
}

/// The ids of everything, worked out before anything is written, because documents refer to each other both ways. They
/// have gaps and neighbours, as ids have.
struct Plan {
    partners: Vec<i64>,
    products: Vec<i64>,
    orders: Vec<i64>,
    /// Of each order, the id of its first line.
    order_lines: Vec<i64>,
    invoices: Vec<i64>,
    /// Of each invoice, the id of its first line.
    invoice_lines: Vec<i64>,
    /// Ids of moves and lines that are free after those of the invoices.
    next_move: i64,
    next_line: i64,
    payments: Vec<i64>,
}

impl Plan {
    fn new(dataset: &Dataset) -> Self {
        let mut id = partners::FIRST;
        let partners = dataset.customers.iter().enumerate().map(|(position, customer)| {
            let own = id;
            id += 1 + partners::contacts(position, customer);
            own
        });
        let partners = partners.collect();
        let products = (0..dataset.products.len()).map(|position| 5 + position as i64).collect();
        let orders = (0..dataset.orders.len()).map(|position| 3 + position as i64).collect();
        let order_lines = starts(40, dataset.orders.iter().map(sales::lines));
        let invoices = (0..dataset.invoices.len()).map(|at| 12 + at as i64 + at as i64 / others::BILL_EVERY).collect();
        let invoice_lines = starts(100, dataset.invoices.iter().map(invoices::lines));
        let lines: i64 = dataset.invoices.iter().map(invoices::lines).sum();
        let count = dataset.invoices.len() as i64;
        Self {
            partners,
            products,
            orders,
            order_lines,
            invoices,
            invoice_lines,
            next_move: 12 + count + count / others::BILL_EVERY + 1,
            next_line: 100 + lines,
            payments: (0..dataset.payments.len()).map(|position| 1 + position as i64).collect(),
        }
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

fn money(cents: Cents) -> Cell {
    Dec::cents(cents).into()
}

/// A moment on a day of the company, about at the time of day of another moment: late in the evening it is the next day
/// in Hamburg already.
fn at(day: NaiveDate, like: DateTime<Utc>) -> DateTime<Utc> {
    let time = like.time().min(NaiveTime::from_hms_opt(21, 30, 0).unwrap_or_default());
    day.and_time(time.with_nanosecond(0).unwrap_or(time)).and_utc()
}

/// Plain text as the HTML that Odoo's editor makes of it.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
    format!("<p>{escaped}</p>")
}
