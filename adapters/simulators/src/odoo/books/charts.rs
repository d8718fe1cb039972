//! What documents are posted with: accounts, journals, taxes, terms and ways of payment, analytic accounts.

use std::collections::HashMap;

use super::{Books, ids, ledger, money};
use crate::{
    dataset::{AccountKind, AccountRole, DimensionKind, Journal, Tax},
    decimal::{Cents, Dec},
    odoo::models,
    store::{Cell, StoreError},
};

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    accounts(books)?;
    journals(books)?;
    taxes(books)?;
    terms(books)?;
    analytic(books)?;
    modules(books)
}

/// Type from 16 on, and until 15 the id of the record that was the type.
fn account_type(kind: AccountKind, role: AccountRole, newest: bool) -> (&'static str, i64) {
    match kind {
        AccountKind::Receivable => ("asset_receivable", 1),
        AccountKind::Payable => ("liability_payable", 2),
        AccountKind::Bank | AccountKind::Cash => ("asset_cash", 3),
        AccountKind::CreditCard => ("liability_credit_card", 4),
        AccountKind::CurrentAsset if role == AccountRole::Prepaid => ("asset_prepayments", 7),
        AccountKind::Inventory | AccountKind::CurrentAsset => ("asset_current", 5),
        AccountKind::FixedAsset => ("asset_fixed", 8),
        AccountKind::TaxPayable | AccountKind::CurrentLiability => ("liability_current", 9),
        AccountKind::LongTermLiability => ("liability_non_current", 10),
        AccountKind::Equity => ("equity", 11),
        AccountKind::Income => ("income", 13),
        AccountKind::OtherIncome => ("income_other", 14),
        AccountKind::OperatingExpense => ("expense", 15),
        AccountKind::OtherExpense if newest => ("expense_other", 15),
        AccountKind::OtherExpense => ("expense", 15),
        AccountKind::Depreciation => ("expense_depreciation", 16),
        AccountKind::CostOfSales => ("expense_direct_cost", 17),
    }
}

/// Id, name, what distinguishes accounts of partners and of money, the group.
const TYPES: &[(i64, &str, &str, &str)] = &[
    (1, "Receivable", "receivable", "asset"),
    (2, "Payable", "payable", "liability"),
    (3, "Bank and Cash", "liquidity", "asset"),
    (4, "Credit Card", "liquidity", "liability"),
    (5, "Current Assets", "other", "asset"),
    (6, "Non-current Assets", "other", "asset"),
    (7, "Prepayments", "other", "asset"),
    (8, "Fixed Assets", "other", "asset"),
    (9, "Current Liabilities", "other", "liability"),
    (10, "Non-current Liabilities", "other", "liability"),
    (11, "Equity", "other", "equity"),
    (12, "Current Year Earnings", "other", "equity"),
    (13, "Income", "other", "income"),
    (14, "Other Income", "other", "income"),
    (15, "Expenses", "other", "expense"),
    (16, "Depreciation", "other", "expense"),
    (17, "Cost of Revenue", "other", "expense"),
];

/// The classes of the chart by the first digits of their codes.
const GROUPS: &[(i64, &str, &str, Option<i64>)] = &[
    (1, "0", "Anlage- und Kapitalkonten", None),
    (2, "1", "Finanz- und Privatkonten", None),
    (3, "2", "Abgrenzungskonten", None),
    (4, "3", "Wareneingangs- und Bestandskonten", None),
    (5, "4", "Betriebliche Aufwendungen", None),
    (6, "41", "Personalkosten", Some(5)),
    (7, "8", "Erlöskonten", None),
];

fn accounts(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    for (id, name, kind, group) in TYPES {
        let values = [
            ("name", (*name).into()),
            ("type", (*kind).into()),
            ("internal_group", (*group).into()),
            ("include_initial_balance", (!matches!(*group, "income" | "expense")).into()),
        ];
        books.insert("account.account.type", *id, installed, values)?;
    }
    for (id, prefix, name, parent) in GROUPS {
        let values = [
            ("name", (*name).into()),
            ("code_prefix_start", (*prefix).into()),
            ("code_prefix_end", (*prefix).into()),
            ("parent_id", (*parent).into()),
        ];
        books.insert("account.group", *id, installed, values)?;
    }
    for (position, account) in books.dataset.accounts.iter().enumerate() {
        let (kind, old_type) = account_type(account.kind, account.role, books.version.rewritten());
        let of_group = |(_, prefix, ..): &&(i64, &str, &str, Option<i64>)| account.code.starts_with(prefix);
        let group = GROUPS.iter().filter(of_group).max_by_key(|(_, prefix, ..)| prefix.len());
        let internal = kind.split('_').next().unwrap_or(kind);
        let foreign = account.currency.filter(|currency| *currency != books.dataset.company.currency);
        let values = [
            ("name", account.name.into()),
            ("code", account.code.into()),
            ("account_type", kind.into()),
            ("user_type_id", old_type.into()),
            ("internal_group", internal.into()),
            ("group_id", group.map(|(id, ..)| *id).into()),
            ("currency_id", foreign.map(ids::currency).into()),
            ("reconcile", matches!(account.kind, AccountKind::Receivable | AccountKind::Payable).into()),
            ("company_ids", vec![ids::COMPANY].into()),
            ("active", account.active.into()),
        ];
        books.insert("account.account", ids::account(position), installed, values)?;
    }
    Ok(())
}

fn journals(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let credit = if books.version.books_payments() { "bank" } else { "credit" };
    for (journal, name, kind, account) in [
        (Journal::Sales, "Sales", "sale", Some(ids::INCOME)),
        (Journal::Purchases, "Purchases", "purchase", Some(ids::EXPENSES)),
        (Journal::General, "Miscellaneous Operations", "general", None),
        (Journal::Exchange, "Exchange Difference", "general", None),
        (Journal::Bank, "Bank", "bank", Some(ids::BANK)),
        (Journal::Cash, "Cash", "cash", Some(ids::CASH)),
        (Journal::Card, "Credit Card", credit, Some(ids::CARD)),
        (Journal::Stock, "Inventory Valuation", "general", None),
    ] {
        let id = ids::journal(journal);
        let values = [
            ("name", name.into()),
            ("code", ledger::code(journal).into()),
            ("type", kind.into()),
            ("default_account_id", account.into()),
            ("active", true.into()),
            ("sequence", (4 + id).into()),
        ];
        books.insert("account.journal", id, installed, values)?;
    }
    for (id, kind) in [(ids::METHOD_IN, "inbound"), (ids::METHOD_OUT, "outbound")] {
        let values = [("name", "Manual".into()), ("code", "manual".into()), ("payment_type", kind.into())];
        books.insert("account.payment.method", id, installed, values)?;
    }
    for (first, journal, account) in
        [(1, Journal::Bank, ids::BANK), (3, Journal::Cash, ids::CASH), (5, Journal::Card, ids::CARD)]
    {
        for (id, method) in [(first, ids::METHOD_IN), (first + 1, ids::METHOD_OUT)] {
            let values = [
                ("name", "Manual".into()),
                ("payment_method_id", method.into()),
                ("payment_account_id", account.into()),
                ("journal_id", ids::journal(journal).into()),
            ];
            books.insert("account.payment.method.line", id, installed, values)?;
        }
    }
    Ok(())
}

fn taxes(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let company = books.dataset.company;
    let sales = company.taxes.iter().enumerate().map(|(at, tax)| (ids::tax(at), tax, "sale"));
    let bought = company.purchase_taxes.iter().enumerate().map(|(at, tax)| (ids::purchase_tax(at), tax, "purchase"));
    // A tax of the past that nobody charges any more.
    let past = Tax { name: "16% USt", code: "A16", basis_points: 1600 };
    let mut groups: Vec<i64> = Vec::new();
    for (id, tax, used) in sales.chain(bought).chain([(20, &past, "sale")]) {
        let percent = tax.basis_points / 100;
        let group = match groups.iter().position(|known| *known == percent) {
            Some(group) => group as i64 + 1,
            None => {
                groups.push(percent);
                let group = groups.len() as i64;
                books.insert("account.tax.group", group, installed, [("name", format!("Tax {percent}%").into())])?;
                group
            }
        };
        let values = [
            ("name", tax.name.into()),
            ("amount", tax.percent().into()),
            ("type_tax_use", used.into()),
            ("description", tax.code.into()),
            ("tax_group_id", group.into()),
            ("sequence", id.into()),
            ("active", (id != 20).into()),
        ];
        books.insert("account.tax", id, installed, values)?;
    }
    Ok(())
}

fn terms(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    for (id, name) in [(1, "Immediate Payment"), (2, "14 Days"), (4, "30 Days"), (6, "60 Days")] {
        let note = super::html(&format!("Payment terms: {name}"));
        let values = [("name", name.into()), ("note", note.into()), ("active", Cell::Bool(true))];
        books.insert("account.payment.term", id, installed, values)?;
    }
    Ok(())
}

fn analytic(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    for (id, name, kind) in [(1, "Cost Centres", DimensionKind::CostCentre), (2, "Projects", DimensionKind::Project)] {
        let count = books.dataset.dimensions.iter().filter(|dimension| dimension.kind == kind).count();
        let values = [
            ("name", name.into()),
            ("parent_path", format!("{id}/").into()),
            ("account_count", (count as i64).into()),
            ("sequence", (10 * id).into()),
            ("color", id.into()),
        ];
        books.insert("account.analytic.plan", id, installed, values)?;
    }
    for (position, dimension) in books.dataset.dimensions.iter().enumerate() {
        let plan = if dimension.kind == DimensionKind::CostCentre { 1 } else { 2 };
        let values = [
            ("name", dimension.name.into()),
            ("code", dimension.code.into()),
            ("plan_id", Cell::Int(plan)),
            ("active", dimension.active.into()),
        ];
        books.insert("account.analytic.account", ids::analytic(position), installed, values)?;
    }
    Ok(())
}

fn modules(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let version = format!("{}.1.0", books.version.series());
    for (at, name) in std::iter::once("base").chain(models::modules()).enumerate() {
        let has = models::is_installed(name, &books.options.modules);
        let values = [
            ("name", name.into()),
            ("shortdesc", name.into()),
            ("state", if has { "installed" } else { "uninstalled" }.into()),
            ("latest_version", has.then(|| version.clone()).into()),
            ("application", matches!(name, "account" | "sale" | "purchase" | "stock" | "mrp").into()),
        ];
        books.insert("ir.module.module", 1 + at as i64, installed, values)?;
    }
    Ok(())
}

/// The balances of accounts, from the lines that were written.
pub(super) fn balances(books: &mut Books<'_>) -> Result<(), StoreError> {
    let mut balances: HashMap<i64, Cents> = HashMap::new();
    let lines = &books.tables["account.move.line"];
    let posted = lines.rows().filter(|line| line["parent_state"].as_str() == Some("posted"));
    for (account, balance) in posted.filter_map(|line| Some((line["account_id"].as_int()?, line["balance"].as_dec()?)))
    {
        *balances.entry(account).or_default() += Dec::to_cents(balance);
    }
    for (account, balance) in balances {
        books.tables["account.account"].update(account, [("current_balance", money(balance))])?;
    }
    Ok(())
}
