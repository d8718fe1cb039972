//! The chart of accounts, with the titles above the accounts.

use std::collections::HashMap;

use super::Books;
use crate::{
    dataset::{Account, AccountClass, AccountKind, AccountRole, Currency},
    decimal::{Cents, Dec},
    store::{Cell, StoreError, Tables},
};

impl Books<'_> {
    /// Writes all accounts and titles, with balances given by position.
    pub(super) fn accounts(&self, balances: &[Cents], tables: &mut Tables) -> Result<(), StoreError> {
        let accounts = &self.dataset.accounts;
        let mut totals: HashMap<&str, Cents> = HashMap::new();
        for (account, balance) in accounts.iter().zip(balances) {
            let mut title = Some(self.title(account));
            while let Some(code) = title {
                *totals.entry(code).or_default() += balance;
                title = TITLES.iter().find(|title| title.0 == code).and_then(|title| title.2);
                if let Some(parent) = accounts.iter().find(|account| account.code == code) {
                    title = Some(self.title(parent));
                }
            }
        }
        let total = |code: &str| totals.get(code).copied().unwrap_or_default();
        let mut rows: Vec<(&str, [(&str, Cell); 11])> = Vec::new();
        let local = self.dataset.company.currency.code();
        for (code, name, father, kind) in TITLES {
            let values = [
                ("Code", (*code).into()),
                ("Name", (*name).into()),
                ("Balance", Dec::cents(total(code)).into()),
                ("CashAccount", "tNO".into()),
                ("ActiveAccount", "tNO".into()),
                ("AccountLevel", Cell::Int(if father.is_some() { 2 } else { 1 })),
                ("FatherAccountKey", (*father).into()),
                ("AccountType", (*kind).into()),
                ("AcctCurrency", local.into()),
                ("LockManualTransaction", "tNO".into()),
                ("ValidFor", "tNO".into()),
            ];
            rows.push((code, values));
        }
        for (account, balance) in accounts.iter().zip(balances) {
            let is_title = account.role == AccountRole::OperatingExpenses;
            let balance = if is_title { total(account.code) } else { *balance };
            let father = self.title(account);
            let deep = !TITLES.iter().any(|title| title.0 == father);
            let control = matches!(account.kind, AccountKind::Receivable | AccountKind::Payable);
            let cash = matches!(account.kind, AccountKind::Bank | AccountKind::Cash);
            let currency = account.currency.map_or("##", Currency::code);
            let values = [
                ("Code", account.code.into()),
                ("Name", account.name.into()),
                ("Balance", Dec::cents(balance).into()),
                ("CashAccount", super::yes_no(cash)),
                ("ActiveAccount", super::yes_no(!is_title)),
                ("AccountLevel", Cell::Int(if deep { 4 } else { 3 })),
                ("FatherAccountKey", father.into()),
                ("AccountType", account_type(account.kind).into()),
                ("AcctCurrency", currency.into()),
                ("LockManualTransaction", super::yes_no(control)),
                ("ValidFor", super::yes_no(account.active && account.role == AccountRole::Rent)),
            ];
            rows.push((account.code, values));
        }
        rows.sort_by_key(|(code, _)| *code);
        for (code, values) in rows {
            let frozen = accounts.iter().any(|account| account.code == code && !account.active);
            tables["ChartOfAccounts"].push(values.into_iter().chain([("FrozenFor", super::yes_no(frozen))]))?;
        }
        Ok(())
    }

    /// The title above an account. An account that is posted on cannot be one, so of the story's own parents only the
    /// one that is not counts.
    fn title(&self, account: &Account) -> &'static str {
        let parent = account.parent.map(|parent| &self.dataset.accounts[parent]);
        match parent {
            Some(parent) if parent.role == AccountRole::OperatingExpenses => parent.code,
            _ => title_of(account.kind),
        }
    }
}

/// Code, name, title above, and type. The codes of the first level, the "drawers", are those that B1 gives them in the
/// charts that it brings along (from memory: no document that says so was found).
type Title = (&'static str, &'static str, Option<&'static str>, &'static str);

const TITLES: &[Title] = &[
    ("100000000000000", "Aktiven", None, "at_Other"),
    ("10", "Umlaufvermögen", Some("100000000000000"), "at_Other"),
    ("14", "Anlagevermögen", Some("100000000000000"), "at_Other"),
    ("200000000000000", "Fremdkapital", None, "at_Other"),
    ("20", "Kurzfristiges Fremdkapital", Some("200000000000000"), "at_Other"),
    ("24", "Langfristiges Fremdkapital", Some("200000000000000"), "at_Other"),
    ("300000000000000", "Eigenkapital", None, "at_Other"),
    ("28", "Kapital und Reserven", Some("300000000000000"), "at_Other"),
    ("400000000000000", "Betriebsertrag", None, "at_Revenues"),
    ("30", "Erlöse aus Lieferungen und Leistungen", Some("400000000000000"), "at_Revenues"),
    ("500000000000000", "Waren- und Materialaufwand", None, "at_Expenses"),
    ("40", "Warenaufwand", Some("500000000000000"), "at_Expenses"),
    ("600000000000000", "Betriebsaufwand", None, "at_Expenses"),
    ("60", "Übriger Betriebsaufwand", Some("600000000000000"), "at_Expenses"),
    ("68", "Abschreibungen und Wertberichtigungen", Some("600000000000000"), "at_Expenses"),
    ("700000000000000", "Finanzerfolg", None, "at_Expenses"),
    ("69", "Finanzaufwand und Finanzertrag", Some("700000000000000"), "at_Expenses"),
    ("800000000000000", "Steuern", None, "at_Expenses"),
];

fn title_of(kind: AccountKind) -> &'static str {
    use AccountKind as Kind;
    match kind {
        Kind::Bank | Kind::Cash | Kind::Receivable | Kind::Inventory | Kind::CurrentAsset => "10",
        Kind::FixedAsset => "14",
        Kind::Payable | Kind::CreditCard | Kind::TaxPayable | Kind::CurrentLiability => "20",
        Kind::LongTermLiability => "24",
        Kind::Equity => "28",
        Kind::Income => "30",
        Kind::CostOfSales => "40",
        Kind::OperatingExpense => "60",
        Kind::Depreciation => "68",
        Kind::OtherIncome | Kind::OtherExpense => "69",
    }
}

fn account_type(kind: AccountKind) -> &'static str {
    match kind.class() {
        AccountClass::Revenue => "at_Revenues",
        AccountClass::Expense => "at_Expenses",
        AccountClass::Asset | AccountClass::Liability | AccountClass::Equity => "at_Other",
    }
}
