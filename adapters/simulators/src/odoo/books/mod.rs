//! Writes the company's story into the tables of Odoo.

mod base;
mod bills;
mod charts;
mod documents;
pub(super) mod ids;
mod invoices;
mod ledger;
mod matching;
mod partners;
mod payments;
mod places;
mod plan;
mod production;
mod products;
mod purchases;
mod quants;
mod sales;
mod transfers;

use std::{cell::RefCell, collections::HashMap};

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};
use serde_json::json;

use super::{Options, models, version::Version};
use crate::{
    dataset::{Dataset, Dimensions},
    decimal::{Cents, Dec},
    store::{Cell, Store, StoreError, Tables, Text},
};
use matching::Matching;
use plan::Plan;

/// The tables with the whole story in them.
pub(super) fn write(dataset: &Dataset, options: &Options) -> Result<Store, StoreError> {
    let store = Store::new(models::tables());
    let plan = Plan::new(dataset);
    let matching = Matching::new(dataset, &plan);
    {
        let mut books = Books {
            dataset,
            options,
            version: Version(options.version),
            plan: &plan,
            matching: &matching,
            tables: &mut store.write(),
            analytic: RefCell::default(),
            lists: RefCell::default(),
            none: Vec::new().into(),
            texts: dataset.products.iter().map(|product| invoices::description(product).into()).collect(),
        };
        base::write(&mut books)?;
        charts::write(&mut books)?;
        partners::write(&mut books)?;
        products::write(&mut books)?;
        places::write(&mut books)?;
        sales::write(&mut books)?;
        purchases::write(&mut books)?;
        let lots = quants::write(&mut books)?;
        let moves = transfers::write(&mut books, &lots)?;
        production::write(&mut books, moves)?;
        invoices::write(&mut books)?;
        bills::write(&mut books)?;
        payments::write(&mut books)?;
        ledger::write(&mut books)?;
        matching.write(&mut books)?;
        charts::balances(&mut books)?;
    }
    Ok(store)
}

/// What is being written, and from what.
struct Books<'d> {
    dataset: &'d Dataset,
    options: &'d Options,
    version: Version,
    plan: &'d Plan,
    matching: &'d Matching,
    tables: &'d mut Tables,
    /// Cells that many rows share: of dimensions, of lists of one id, of no id, and what lines say of products.
    analytic: RefCell<HashMap<Dimensions, Cell>>,
    lists: RefCell<HashMap<i64, Cell>>,
    none: Cell,
    texts: Vec<Text>,
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

    /// The analytic distribution of a line, or the one account of the releases before there were distributions.
    fn analytic(&self, dimensions: Dimensions) -> Cell {
        let mut known = self.analytic.borrow_mut();
        known.entry(dimensions).or_insert_with(|| distribution(dimensions, self.version)).clone()
    }

    /// A list of one id.
    fn list(&self, id: i64) -> Cell {
        self.lists.borrow_mut().entry(id).or_insert_with(|| vec![id].into()).clone()
    }
}

/// Shares in percent by account: of several plans at once from 17 on, one beside the other in 16.
fn distribution(dimensions: Dimensions, version: Version) -> Cell {
    let accounts: Vec<i64> = dimensions.iter().map(ids::analytic).collect();
    let Some(first) = accounts.first() else { return Cell::Null };
    if version.0 <= 15 {
        return Cell::Int(*first);
    }
    let keys: Vec<String> = accounts.iter().map(i64::to_string).collect();
    let keys = if version.0 == 16 { keys } else { vec![keys.join(",")] };
    let shares: serde_json::Map<_, _> = keys.into_iter().map(|key| (key, json!(100.0))).collect();
    serde_json::Value::Object(shares).into()
}

fn money(cents: Cents) -> Cell {
    Dec::cents(cents).into()
}

/// A quantity in thousandths.
fn quantity(milli: i64) -> Cell {
    Dec::new(milli, 3).into()
}

/// A moment on a day of the company, about at the time of day of another moment: late in the evening it is the next day
/// in Hamburg already.
fn at(day: NaiveDate, like: DateTime<Utc>) -> DateTime<Utc> {
    let time = like.time().min(NaiveTime::from_hms_opt(21, 30, 0).unwrap_or_default());
    day.and_time(time.with_nanosecond(0).unwrap_or(time)).and_utc()
}

/// The middle of a day.
fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default()).and_utc()
}

/// Plain text as the HTML that Odoo's editor makes of it.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
    format!("<p>{escaped}</p>")
}
