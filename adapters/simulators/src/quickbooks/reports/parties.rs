//! What was earned from each customer, item, class or department, and spent with each vendor.

use std::collections::BTreeMap;

use super::{
    Body, Parameters, Reporter,
    books::{Books, Filters, Posting},
    columns::Columns,
    shape::{cell, cells, column, named, sum},
};
use crate::{
    decimal::Cents,
    quickbooks::{
        fault::Fault,
        wire::{Node, Object},
    },
};

/// Whose sums are wanted of a posting, and the list that they are of.
#[derive(Clone, Copy)]
struct Key {
    table: &'static str,
    of: fn(&Posting<'_>) -> Option<i64>,
}

const CUSTOMERS: Key = Key { table: "Customer", of: |posting| posting.customer };
const VENDORS: Key = Key { table: "Vendor", of: |posting| posting.vendor };

impl Reporter<'_> {
    /// Sales net of tax, by the thing that the report is named after.
    pub(super) fn sales(&self, parameters: &Parameters, report: &'static str) -> Result<Object, Fault> {
        let key = match report {
            "ItemSales" => Key { table: "Item", of: |posting| posting.item },
            "ClassSales" => Key { table: "Class", of: |posting| posting.class },
            "DepartmentSales" => Key { table: "Department", of: |posting| posting.department },
            _ => CUSTOMERS,
        };
        self.by_key(parameters, report, key, &["Income"])
    }

    pub(super) fn vendor_expenses(&self, parameters: &Parameters) -> Result<Object, Fault> {
        self.by_key(parameters, "VendorExpenses", VENDORS, &["Cost of Goods Sold", "Expense", "Other Expense"])
    }

    fn by_key(&self, parameters: &Parameters, report: &'static str, key: Key, kinds: &[&str]) -> Result<Object, Fault> {
        let period = self.period(parameters)?;
        let books = self.books();
        let filters = Filters::new(parameters);
        let postings = || {
            let of_kind = |posting: &Posting<'_>| {
                let account = books.accounts.get(&posting.account);
                posting.date >= period.start && account.is_some_and(|account| kinds.contains(&account.kind))
            };
            // What has no vendor was not spent with one.
            books
                .postings(period.end, &filters)
                .filter(of_kind)
                .filter(|posting| key.table != "Vendor" || (key.of)(posting).is_some())
        };
        let columns = Columns::new(parameters, &period, &books, postings())?;
        let mut sums: BTreeMap<Option<i64>, Vec<Option<Cents>>> = BTreeMap::new();
        for posting in postings() {
            let (Some(place), Some(account)) = (columns.place(&posting), books.accounts.get(&posting.account)) else {
                continue;
            };
            let row = sums.entry((key.of)(&posting)).or_insert_with(|| vec![None; columns.len()]);
            *row[place].get_or_insert(0) += account.natural(posting.amount);
        }
        let with_total = |amounts: Vec<Option<Cents>>| {
            let total = columns.has_total().then(|| amounts.iter().flatten().copied().reduce(|sum, one| sum + one));
            amounts.into_iter().chain(total).collect::<Vec<_>>()
        };
        let mut totals = vec![Some(0); columns.len()];
        for (total, amount) in sums.values().flat_map(|row| row.iter().enumerate()).map(|(at, amount)| (at, *amount)) {
            totals[total] = Some(totals[total].unwrap_or_default() + amount.unwrap_or_default());
        }
        let rows = in_order(&books, key, sums);
        let mut rows: Vec<Node> = rows
            .into_iter()
            .map(|(first, amounts)| Object::default().with("ColData", cells(first, with_total(amounts))).into())
            .collect();
        if !rows.is_empty() {
            rows.push(sum(cells(cell("TOTAL"), with_total(totals)), "GrandTotal").into());
        }
        let definitions = columns.definitions(key.table, &books, columns.has_total());
        let body = Body { columns: definitions, rows };
        Ok(self.document(report, parameters, &period, (true, Some(columns.word)), Vec::new(), body))
    }

    /// Expenses are negative here (Intuit's sample).
    pub(super) fn customer_income(&self, parameters: &Parameters) -> Result<Object, Fault> {
        let period = self.period(parameters)?;
        let books = self.books();
        let filters = Filters::new(parameters);
        let mut sums: BTreeMap<Option<i64>, Vec<Option<Cents>>> = BTreeMap::new();
        let mut totals = [0; 3];
        for posting in books.postings(period.end, &filters).filter(|posting| posting.date >= period.start) {
            let Some(account) = books.accounts.get(&posting.account).filter(|account| account.is_nominal()) else {
                continue;
            };
            let Some(customer) = posting.customer else { continue };
            let place = usize::from(account.classification == "Expense");
            let row = sums.entry(Some(customer)).or_insert_with(|| vec![Some(0); 3]);
            for place in [place, 2] {
                *row[place].get_or_insert(0) -= posting.amount;
                totals[place] -= posting.amount;
            }
        }
        let mut rows: Vec<Node> = in_order(&books, CUSTOMERS, sums)
            .into_iter()
            .map(|(first, amounts)| Object::default().with("ColData", cells(first, amounts)).into())
            .collect();
        if !rows.is_empty() {
            rows.push(sum(cells(cell("TOTAL"), totals.map(Some)), "GrandTotal").into());
        }
        let mut columns = vec![column("", "Customer", &[])];
        columns.extend(["Income", "Expenses", "Net Income"].map(|title| column(title, "Money", &[])));
        let body = Body { columns, rows };
        Ok(self.document("CustomerIncome", parameters, &period, (true, None), Vec::new(), body))
    }
}

/// By name, what has none at the end.
fn in_order(
    books: &Books<'_>,
    key: Key,
    sums: BTreeMap<Option<i64>, Vec<Option<Cents>>>,
) -> Vec<(Node, Vec<Option<Cents>>)> {
    let mut rows: Vec<_> =
        sums.into_iter().map(|(id, row)| (id.map(|id| books.name(key.table, id)), id, row)).collect();
    rows.sort_by_key(|(name, id, _)| (name.is_none(), name.map(str::to_lowercase), *id));
    let first = |name: Option<&str>, id: Option<i64>| match (name, id) {
        (Some(name), Some(id)) => named(name, id),
        _ => cell("Not Specified"),
    };
    rows.into_iter().map(|(name, id, row)| (first(name, id), row)).collect()
}
