//! The accounts and the postings, as reports read them.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Parameters;
use crate::{
    decimal::Cents,
    quickbooks::tables::{LEDGER, postings},
    store::{Row, Tables},
};

/// An account.
#[derive(Clone, Debug)]
pub(super) struct Account<'a> {
    pub(super) id: i64,
    pub(super) name: &'a str,
    pub(super) full_name: &'a str,
    pub(super) number: Option<&'a str>,
    /// Its type, such as `Other Current Asset`.
    pub(super) kind: &'a str,
    pub(super) classification: &'a str,
    pub(super) parent: Option<i64>,
}

impl Account<'_> {
    /// An amount of which debits are positive, as it grows the account.
    pub(super) fn natural(&self, balance: Cents) -> Cents {
        if matches!(self.classification, "Asset" | "Expense") { balance } else { -balance }
    }

    /// Whether it starts from nothing in every year.
    pub(super) fn is_nominal(&self) -> bool {
        matches!(self.classification, "Revenue" | "Expense")
    }
}

/// One posting.
#[derive(Clone, Copy)]
pub(super) struct Posting<'a> {
    pub(super) date: NaiveDate,
    pub(super) txn: i64,
    pub(super) kind: &'a str,
    pub(super) account: i64,
    /// Debits positive.
    pub(super) amount: Cents,
    pub(super) foreign: Cents,
    pub(super) currency: &'a str,
    pub(super) customer: Option<i64>,
    pub(super) vendor: Option<i64>,
    pub(super) item: Option<i64>,
    pub(super) class: Option<i64>,
    pub(super) department: Option<i64>,
}

/// All that is booked.
pub(super) struct Books<'a> {
    pub(super) tables: &'a Tables,
    pub(super) accounts: BTreeMap<i64, Account<'a>>,
}

impl<'a> Books<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        let text = |row: &Row<'a>, column: &str| row.get(column).and_then(|cell| cell.as_str());
        let accounts = tables["Account"].rows().map(|row| {
            let account = Account {
                id: row.id(),
                name: text(&row, "Name").unwrap_or_default(),
                full_name: text(&row, "FullyQualifiedName").unwrap_or_default(),
                number: text(&row, "AcctNum"),
                kind: text(&row, "AccountType").unwrap_or_default(),
                classification: text(&row, "Classification").unwrap_or_default(),
                parent: row["ParentRef"].as_int(),
            };
            (row.id(), account)
        });
        Self { tables, accounts: accounts.collect() }
    }

    /// The postings up to a day that fulfil the filters of a request.
    pub(super) fn postings(&self, until: NaiveDate, filters: &Filters) -> impl Iterator<Item = Posting<'a>> {
        let txns = self.tables[LEDGER].rows().filter(move |row| row["Date"].as_date().is_some_and(|day| day <= until));
        txns.flat_map(of_txn).filter(|posting| filters.hold(posting))
    }

    /// The accounts of some types in the order of their numbers, those without one behind by name; children stand behind
    /// their parents.
    pub(super) fn of_kinds(&self, kinds: &[&str]) -> Vec<&Account<'a>> {
        let mut accounts: Vec<_> = self.accounts.values().filter(|account| kinds.contains(&account.kind)).collect();
        accounts.sort_by_key(|account| (account.number.is_none(), account.number, account.name));
        accounts
    }

    /// The name by which something of a list is known.
    pub(super) fn name(&self, table: &str, id: i64) -> &'a str {
        let column = if matches!(table, "Customer" | "Vendor") { "DisplayName" } else { "FullyQualifiedName" };
        let row = self.tables[table].get(id);
        row.and_then(|row| row.get(column)).and_then(|cell| cell.as_str()).unwrap_or_default()
    }
}

/// The postings of a transaction.
fn of_txn(row: Row<'_>) -> impl Iterator<Item = Posting<'_>> {
    let text = |column: &str| row.get(column).and_then(|cell| cell.as_str()).unwrap_or_default();
    let (txn, date, kind, currency) = (row.id(), row["Date"].as_date(), text("Type"), text("CurrencyRef"));
    let lines = row.get("Lines").map(postings).into_iter().flatten();
    let some = |id: i64| (id != 0).then_some(id);
    lines.map(move |line| Posting {
        date: date.unwrap_or_default(),
        txn,
        kind,
        account: line.account,
        amount: line.amount,
        foreign: line.foreign,
        currency,
        customer: some(line.name.max(0)),
        vendor: some((-line.name).max(0)),
        item: some(line.item),
        class: some(line.class),
        department: some(line.department),
    })
}

/// What a request wants to see only.
#[derive(Clone, Debug, Default)]
pub(super) struct Filters {
    customer: Option<Vec<i64>>,
    vendor: Option<Vec<i64>>,
    item: Option<Vec<i64>>,
    class: Option<Vec<i64>>,
    department: Option<Vec<i64>>,
}

impl Filters {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let ids = |name: &str| ids(parameters, name);
        Self {
            customer: ids("customer"),
            vendor: ids("vendor"),
            item: ids("item"),
            class: ids("class"),
            department: ids("department"),
        }
    }

    fn hold(&self, posting: &Posting<'_>) -> bool {
        let among = |wanted: &Option<Vec<i64>>, id: Option<i64>| {
            wanted.as_ref().is_none_or(|wanted| id.is_some_and(|id| wanted.contains(&id)))
        };
        among(&self.customer, posting.customer)
            && among(&self.vendor, posting.vendor)
            && among(&self.item, posting.item)
            && among(&self.class, posting.class)
            && among(&self.department, posting.department)
    }
}

/// Ids between commas; what is no id finds nothing.
pub(super) fn ids(parameters: &Parameters, name: &str) -> Option<Vec<i64>> {
    let ids = parameters.get(name).filter(|ids| !ids.is_empty())?;
    Some(ids.split(',').map(|id| id.trim().parse().unwrap_or(0)).collect())
}
