//! Profit and loss, balance sheet and trial balance.

use std::collections::BTreeMap;

use super::{
    Body, Parameters, Reporter,
    books::{Account, Books, Filters, Posting},
    columns::Columns,
    shape::{cell, cells, column, data, named, option, section, sum},
};
use crate::{
    dataset::AccountRole,
    decimal::Cents,
    quickbooks::{
        fault::Fault,
        tables::account_id,
        wire::{Node, Object},
    },
};

/// An amount for each column; `None` where nothing is booked.
type Amounts = Vec<Option<Cents>>;

/// The accounts of a statement with what is on them, and the columns.
struct Statement<'a> {
    books: &'a Books<'a>,
    columns: &'a Columns,
    /// Whether the last column is the sum of the others.
    totals: bool,
    amounts: BTreeMap<i64, Amounts>,
}

impl Statement<'_> {
    /// The cells of a row, with the total where there is one.
    fn row(&self, first: Node, amounts: &[Option<Cents>]) -> Vec<Node> {
        let total = self.totals.then(|| amounts.iter().flatten().copied().reduce(|sum, amount| sum + amount));
        cells(first, amounts.iter().copied().chain(total))
    }

    fn blank(&self) -> Amounts {
        vec![None; self.columns.len()]
    }

    /// The rows of the accounts of some types, and their sums.
    fn accounts(&self, kinds: &[&str]) -> (Vec<Node>, Vec<Cents>) {
        let accounts = self.books.of_kinds(kinds);
        let tops = accounts.iter().filter(|account| account.parent.is_none());
        let mut sums = vec![0; self.columns.len()];
        let rows = tops.filter_map(|account| self.account(account, &accounts, &mut sums).map(Node::from)).collect();
        (rows, sums)
    }

    /// An account with those below it: a row, or where there are such a section, whose header has the own amount; nothing
    /// if nothing is booked.
    fn account(&self, account: &Account<'_>, all: &[&Account<'_>], sums: &mut [Cents]) -> Option<Object> {
        let own = self.amounts.get(&account.id);
        let mut below = vec![0; sums.len()];
        let children = all.iter().filter(|child| child.parent == Some(account.id));
        let children: Vec<Node> =
            children.filter_map(|child| self.account(child, all, &mut below).map(Node::from)).collect();
        for (place, amount) in own.into_iter().flatten().enumerate() {
            below[place] += amount.unwrap_or_default();
        }
        for (sum, below) in sums.iter_mut().zip(&below) {
            *sum += below;
        }
        let first = || named(account.name, account.id);
        match (own, children.is_empty()) {
            (None, true) => None,
            (Some(own), true) => Some(data(self.row(first(), own))),
            (own, false) => {
                let header = self.row(first(), own.unwrap_or(&self.blank()));
                let total = cell(&format!("Total {}", account.name));
                Some(section(header, children, self.row(total, &some(&below)), None))
            }
        }
    }

    fn section(&self, title: &str, rows: Vec<Node>, total: &str, sums: &[Cents], group: &'static str) -> Object {
        // A section without rows has no total either (Intuit's sample of ProfitAndLoss).
        let sums = if rows.is_empty() { self.blank() } else { some(sums) };
        section(self.row(cell(title), &self.blank()), rows, self.row(cell(total), &sums), Some(group))
    }
}

fn some(amounts: &[Cents]) -> Amounts {
    amounts.iter().copied().map(Some).collect()
}

fn plus(one: &[Cents], other: &[Cents], sign: Cents) -> Vec<Cents> {
    one.iter().zip(other).map(|(one, other)| one + sign * other).collect()
}

impl Reporter<'_> {
    pub(super) fn profit_and_loss(&self, parameters: &Parameters) -> Result<Object, Fault> {
        let period = self.period(parameters)?;
        let books = self.books();
        let filters = Filters::new(parameters);
        let postings = || {
            let nominal = |posting: &Posting<'_>| {
                posting.date >= period.start && books.accounts.get(&posting.account).is_some_and(Account::is_nominal)
            };
            books.postings(period.end, &filters).filter(nominal)
        };
        let columns = Columns::new(parameters, &period, &books, postings())?;
        let mut amounts: BTreeMap<i64, Amounts> = BTreeMap::new();
        for posting in postings() {
            let (Some(place), Some(account)) = (columns.place(&posting), books.accounts.get(&posting.account)) else {
                continue;
            };
            let row = amounts.entry(posting.account).or_insert_with(|| vec![None; columns.len()]);
            *row[place].get_or_insert(0) += account.natural(posting.amount);
        }
        let statement = Statement { books: &books, columns: &columns, totals: columns.has_total(), amounts };
        let rows = if statement.amounts.is_empty() { Vec::new() } else { results(&statement) };
        let options = vec![option("AccountingStandard", "GAAP")];
        let body = Body { columns: columns.definitions("Account", &books, columns.has_total()), rows };
        Ok(self.document("ProfitAndLoss", parameters, &period, (true, Some(columns.word)), options, body))
    }

    pub(super) fn balance_sheet(&self, parameters: &Parameters) -> Result<Object, Fault> {
        let period = self.period(parameters)?;
        let books = self.books();
        let filters = Filters::new(parameters);
        let postings = || books.postings(period.end, &filters);
        let columns = Columns::new(parameters, &period, &books, postings())?;
        let earlier = account_id(AccountRole::RetainedEarnings);
        let mut amounts: BTreeMap<i64, Amounts> = BTreeMap::new();
        let mut income = vec![0; columns.len()];
        for place in 0..columns.len() {
            let end = columns.end(place, &period);
            let year = period.year_of(end);
            for posting in postings().filter(|posting| posting.date <= end && columns.is_of(place, posting)) {
                let Some(account) = books.accounts.get(&posting.account) else { continue };
                let account = match account.is_nominal() {
                    true if posting.date >= year => {
                        income[place] -= posting.amount;
                        continue;
                    }
                    true => earlier,
                    false => account.id,
                };
                let natural = books.accounts.get(&account).map_or(0, |account| account.natural(posting.amount));
                let row = amounts.entry(account).or_insert_with(|| vec![None; columns.len()]);
                *row[place].get_or_insert(0) += natural;
            }
        }
        // Balances at the ends of months do not add up to anything.
        let totals = columns.has_total() && !columns.is_by_days();
        let statement = Statement { books: &books, columns: &columns, totals, amounts };
        let rows = if statement.amounts.is_empty() { Vec::new() } else { balances(&statement, &income) };
        let options = vec![option("AccountingStandard", "GAAP")];
        let body = Body { columns: columns.definitions("Account", &books, totals), rows };
        Ok(self.document("BalanceSheet", parameters, &period, (true, Some(columns.word)), options, body))
    }

    pub(super) fn trial_balance(&self, parameters: &Parameters) -> Result<Object, Fault> {
        let period = self.period(parameters)?;
        let books = self.books();
        let year = period.year_of(period.end);
        let earlier = account_id(AccountRole::RetainedEarnings);
        let mut balances: BTreeMap<i64, Cents> = BTreeMap::new();
        for posting in books.postings(period.end, &Filters::default()) {
            let nominal = books.accounts.get(&posting.account).is_some_and(Account::is_nominal);
            let account = if nominal && posting.date < year { earlier } else { posting.account };
            *balances.entry(account).or_default() += posting.amount;
        }
        let (mut debits, mut credits) = (0, 0);
        let mut rows: Vec<Node> = Vec::new();
        for account in books.of_kinds(&KINDS) {
            let balance = balances.get(&account.id).copied().unwrap_or_default();
            if balance == 0 {
                continue;
            }
            debits += balance.max(0);
            credits += (-balance).max(0);
            let debit = (balance > 0).then_some(balance);
            let credit = (balance < 0).then_some(-balance);
            let row = cells(named(account.full_name, account.id), [debit, credit]);
            rows.push(Object::default().with("ColData", row).into());
        }
        if !rows.is_empty() {
            rows.push(sum(cells(cell("TOTAL"), [Some(debits), Some(credits)]), "GrandTotal").into());
        }
        let columns = vec![column("", "Account", &[]), column("Debit", "Money", &[]), column("Credit", "Money", &[])];
        let body = Body { columns, rows };
        Ok(self.document("TrialBalance", parameters, &period, (true, None), Vec::new(), body))
    }
}

/// All types of accounts in the order of the statements.
pub(super) const KINDS: [&str; 15] = [
    "Bank",
    "Accounts Receivable",
    "Other Current Asset",
    "Fixed Asset",
    "Other Asset",
    "Accounts Payable",
    "Credit Card",
    "Other Current Liability",
    "Long Term Liability",
    "Equity",
    "Income",
    "Cost of Goods Sold",
    "Expense",
    "Other Income",
    "Other Expense",
];

fn results(statement: &Statement<'_>) -> Vec<Node> {
    let mut rows: Vec<Node> = Vec::new();
    let result = |title: &str, amounts: &[Cents], group| sum(statement.row(cell(title), &some(amounts)), group).into();
    let (income_rows, income) = statement.accounts(&["Income"]);
    rows.push(statement.section("Income", income_rows, "Total Income", &income, "Income").into());
    let (cost_rows, cost) = statement.accounts(&["Cost of Goods Sold"]);
    if !cost_rows.is_empty() {
        let section = statement.section("Cost of Goods Sold", cost_rows, "Total Cost of Goods Sold", &cost, "COGS");
        rows.push(section.into());
    }
    let gross = plus(&income, &cost, -1);
    rows.push(result("Gross Profit", &gross, "GrossProfit"));
    let (expense_rows, expenses) = statement.accounts(&["Expense"]);
    rows.push(statement.section("Expenses", expense_rows, "Total Expenses", &expenses, "Expenses").into());
    let operating = plus(&gross, &expenses, -1);
    rows.push(result("Net Operating Income", &operating, "NetOperatingIncome"));
    let (other_rows, other) = statement.accounts(&["Other Income"]);
    let (loss_rows, losses) = statement.accounts(&["Other Expense"]);
    let beside = plus(&other, &losses, -1);
    let has_others = !other_rows.is_empty() || !loss_rows.is_empty();
    if !other_rows.is_empty() {
        let section = statement.section("Other Income", other_rows, "Total Other Income", &other, "OtherIncome");
        rows.push(section.into());
    }
    if !loss_rows.is_empty() {
        let section = statement.section("Other Expenses", loss_rows, "Total Other Expenses", &losses, "OtherExpenses");
        rows.push(section.into());
    }
    if has_others {
        rows.push(result("Net Other Income", &beside, "NetOtherIncome"));
    }
    rows.push(result("Net Income", &plus(&operating, &beside, 1), "NetIncome"));
    rows
}

/// Title, total, group, and the types of accounts in it.
type Part = (&'static str, &'static str, &'static str, &'static [&'static str]);

const CURRENT_ASSETS: [Part; 3] = [
    ("Bank Accounts", "Total Bank Accounts", "BankAccounts", &["Bank"]),
    ("Accounts Receivable", "Total Accounts Receivable", "AR", &["Accounts Receivable"]),
    ("Other Current Assets", "Total Other Current Assets", "OtherCurrentAssets", &["Other Current Asset"]),
];
const OTHER_ASSETS: [Part; 2] = [
    ("Fixed Assets", "Total Fixed Assets", "FixedAssets", &["Fixed Asset"]),
    ("Other Assets", "Total Other Assets", "OtherAssets", &["Other Asset"]),
];
const CURRENT_LIABILITIES: [Part; 3] = [
    ("Accounts Payable", "Total Accounts Payable", "AP", &["Accounts Payable"]),
    ("Credit Cards", "Total Credit Cards", "CreditCards", &["Credit Card"]),
    (
        "Other Current Liabilities",
        "Total Other Current Liabilities",
        "OtherCurrentLiabilities",
        &["Other Current Liability"],
    ),
];
const LONG_TERM: [Part; 1] =
    [("Long-Term Liabilities", "Total Long-Term Liabilities", "LongTermLiabilities", &["Long Term Liability"])];

fn balances(statement: &Statement<'_>, income: &[Cents]) -> Vec<Node> {
    let parts = |parts: &[Part]| {
        let mut rows: Vec<Node> = Vec::new();
        let mut sums = vec![0; income.len()];
        for (title, total, group, kinds) in parts {
            let (accounts, sum) = statement.accounts(kinds);
            sums = plus(&sums, &sum, 1);
            if !accounts.is_empty() {
                rows.push(statement.section(title, accounts, total, &sum, group).into());
            }
        }
        (rows, sums)
    };
    let within = |title, rows: Vec<Node>, total, sums: &[Cents], group| -> Option<Node> {
        (!rows.is_empty()).then(|| statement.section(title, rows, total, sums, group).into())
    };
    let (rows, current) = parts(&CURRENT_ASSETS);
    let mut assets: Vec<Node> =
        within("Current Assets", rows, "Total Current Assets", &current, "CurrentAssets").into_iter().collect();
    let (rows, other) = parts(&OTHER_ASSETS);
    assets.extend(rows);
    let all_assets = plus(&current, &other, 1);

    let (rows, current) = parts(&CURRENT_LIABILITIES);
    let mut liabilities: Vec<Node> =
        within("Current Liabilities", rows, "Total Current Liabilities", &current, "CurrentLiabilities")
            .into_iter()
            .collect();
    let (rows, long) = parts(&LONG_TERM);
    liabilities.extend(rows);
    let owed = plus(&current, &long, 1);
    let (mut equity_rows, equity) = statement.accounts(&["Equity"]);
    equity_rows.push(data(statement.row(cell("Net Income"), &some(income))).with("group", "NetIncome").into());
    let equity = plus(&equity, income, 1);
    let mut sources: Vec<Node> =
        within("Liabilities", liabilities, "Total Liabilities", &owed, "Liabilities").into_iter().collect();
    sources.push(statement.section("Equity", equity_rows, "Total Equity", &equity, "Equity").into());
    let all_sources = plus(&owed, &equity, 1);
    vec![
        statement.section("ASSETS", assets, "TOTAL ASSETS", &all_assets, "TotalAssets").into(),
        statement
            .section(
                "LIABILITIES AND EQUITY",
                sources,
                "TOTAL LIABILITIES AND EQUITY",
                &all_sources,
                "TotalLiabilitiesAndEquity",
            )
            .into(),
    ]
}
