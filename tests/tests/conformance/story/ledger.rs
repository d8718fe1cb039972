//! The chart of accounts and what is posted on it.

use super::{Check, Names, before_18, cents, dimensions, number, shown};
use crate::support::{Case, records, skipped};
use adapters::model::{EntityType as E, Record};
use rust_decimal::Decimal;
use simulators::{
    System,
    dataset::{AccountClass, AccountKind, Party},
};
use std::collections::{BTreeMap, HashMap};

fn class(class: AccountClass) -> &'static str {
    match class {
        AccountClass::Asset => "ASSET",
        AccountClass::Liability => "LIABILITY",
        AccountClass::Equity => "EQUITY",
        AccountClass::Revenue => "REVENUE",
        AccountClass::Expense => "EXPENSE",
    }
}

/// The kind of an account as far as a system knows it.
fn kind(system: System, kind: AccountKind) -> &'static str {
    match (system, kind) {
        (_, AccountKind::Bank | AccountKind::Cash) => "CASH",
        (_, AccountKind::Receivable) => "RECEIVABLE",
        (_, AccountKind::Inventory) => "INVENTORY",
        (_, AccountKind::Payable) => "PAYABLE",
        (_, AccountKind::Equity) => "EQUITY",
        (_, AccountKind::Income) => "INCOME",
        (_, AccountKind::OtherIncome) => "OTHER_INCOME",
        (_, AccountKind::CostOfSales) => "COST_OF_SALES",
        // Business One does not say whether an asset or debt is current, and knows depreciation as an expense only.
        (System::SapB1, AccountKind::OperatingExpense | AccountKind::Depreciation) => "OPERATING_EXPENSE",
        (System::SapB1, AccountKind::OtherExpense) => "OTHER_EXPENSE",
        (System::SapB1, _) => "UNKNOWN",
        (_, AccountKind::CurrentAsset) => "CURRENT_ASSET",
        (_, AccountKind::FixedAsset) => "FIXED_ASSET",
        (_, AccountKind::CreditCard) => "CREDIT_CARD",
        (_, AccountKind::TaxPayable | AccountKind::CurrentLiability) => "CURRENT_LIABILITY",
        (_, AccountKind::LongTermLiability) => "LONG_TERM_LIABILITY",
        (_, AccountKind::OperatingExpense) => "OPERATING_EXPENSE",
        (_, AccountKind::Depreciation) => "DEPRECIATION",
        (_, AccountKind::OtherExpense) => "OTHER_EXPENSE",
    }
}

/// The accounts of the story are all there; an ERP may have others, which nothing is posted on.
pub(crate) async fn accounts(target: Case) {
    let Some(mut check) = Check::of(&target, E::Account) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    // Other expenses came with 18.
    let kind_here = |of| match of {
        AccountKind::OtherExpense if before_18(&target) => "OPERATING_EXPENSE",
        of => kind(system, of),
    };
    let balances = dataset.balances();
    // In Business One an account that others belong to is a title: nothing is posted on it, and it sums up what is below.
    let has_parts = |at: usize| dataset.accounts.iter().any(|account| account.parent == Some(at));
    let is_posted_on = |at: usize| dataset.entries.iter().flat_map(|entry| &entry.lines).any(|line| line.account == at);
    let is_title = |at: usize| system == System::SapB1 && has_parts(at) && !is_posted_on(at);
    let codes = Names::of(&target, &[(E::Account, "code")]).await;
    let found = records(&target, E::Account).await;
    let is_told = |code: &str| dataset.accounts.iter().any(|account| account.code == code);
    let (told, more): (Vec<_>, Vec<_>) = found.iter().partition(|record| is_told(&shown(record.named("code"))));
    let aspect =
        |name: &'static str| told.iter().map(move |r| format!("{} {}", shown(r.named("code")), shown(r.named(name))));
    let story = |of: &dyn Fn(usize) -> String| -> Vec<String> {
        let accounts = dataset.accounts.iter().enumerate();
        accounts.map(|(at, account)| format!("{} {}", account.code, of(at))).collect()
    };
    check.same(
        "classification",
        story(&|at| class(dataset.accounts[at].kind.class()).into()),
        aspect("classification"),
    );
    check.same("kind", story(&|at| kind_here(dataset.accounts[at].kind).into()), aspect("kind"));
    let names = told
        .iter()
        .map(|record| format!("{} {}", shown(record.named("code")), super::plain(&shown(record.named("name")))));
    check.same("name", story(&|at| dataset.accounts[at].name.into()), names);
    let active =
        told.iter().map(|record| format!("{} {}", shown(record.named("code")), shown(record.named("isActive"))));
    check.same("isActive", story(&|at| (dataset.accounts[at].active && !is_title(at)).to_string()), active);
    let foreign = |at: usize| dataset.accounts[at].currency.is_some_and(|of| of != dataset.company.currency);
    let own = |at: &usize| !foreign(*at) && !is_title(*at);
    let local: Vec<_> = (0..dataset.accounts.len()).filter(own).collect();
    let story_balances = local.iter().map(|at| format!("{} {}", dataset.accounts[*at].code, cents(balances[*at])));
    let is_local = |code: &str| local.iter().any(|at| dataset.accounts[*at].code == code);
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for record in told.iter().filter(|record| is_local(&shown(record.named("code")))) {
        *sums.entry(shown(record.named("code"))).or_default() +=
            record.named("balance").as_decimal().unwrap_or_default();
    }
    if system == System::QuickBooks {
        skipped(
            &target,
            "balance: QuickBooks posts discounts and bulk goods elsewhere; the sums of its ledger are compared",
        );
    } else {
        check.same("balance", story_balances, sums.iter().map(|(code, sum)| format!("{code} {}", number(*sum))));
    }
    if system == System::SapB1 {
        skipped(&target, "the parent of an account is a title of the chart, which the story does not know");
    } else if target.adapter.capability(E::Account).fields.contains(&"parent") {
        let parent = |at: usize| dataset.accounts[at].parent.map_or("", |at| dataset.accounts[at].code).to_owned();
        let parents =
            told.iter().map(|r| format!("{} {}", shown(r.named("code")), codes.name(E::Account, r.named("parent"))));
        check.same("parent", story(&parent), parents);
    } else {
        check.lacks("parent", "groups are not accounts", super::all(&found, "parent"));
    }
    for record in more {
        let balance = record.named("balance").as_decimal().unwrap_or_default();
        if !balance.is_zero() && system == System::Odoo {
            check
                .wrong
                .push(format!("{} is not of the story and has a balance of {balance}", shown(record.named("name"))));
        }
    }
    check.end();
}

/// Posted lines: each posting is balanced, each account's lines are its balance, and the lines are those of the story.
pub(crate) async fn transactions(target: Case) {
    let Some(mut check) = Check::of(&target, E::Transaction) else { return };
    let dataset = target.dataset();
    let names = Names::of(&target, &[(E::Account, "code"), (E::Customer, "name"), (E::Vendor, "name")]).await;
    let found = records(&target, E::Transaction).await;
    let mut postings: HashMap<String, Decimal> = HashMap::new();
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for record in &found {
        *postings.entry(shown(record.named("number"))).or_default() += balance(record);
        *sums.entry(names.name(E::Account, record.named("account"))).or_default() += balance(record);
    }
    for (posting, balance) in postings.iter().filter(|(_, balance)| !balance.is_zero()) {
        check.wrong.push(format!("posting {posting} is out of balance by {balance}"));
    }
    let told = dataset.accounts.iter().zip(dataset.balances());
    let told = told.map(|(account, balance)| (account.code.to_owned(), Decimal::new(balance, 2))).collect();
    check.same("balance of accounts", lines(told), lines(sums));
    // An ERP may split a line or take a posting back by another: what a day moves on an account is the same.
    let mut told: BTreeMap<String, Decimal> = BTreeMap::new();
    for entry in &dataset.entries {
        for of in &entry.lines {
            let codes = super::sorted(of.dimensions.iter().map(|at| dataset.dimensions[at].code.to_owned()));
            let key = format!("{} {} [{}]", entry.date, dataset.accounts[of.account].code, codes.join(" "));
            *told.entry(key).or_default() += Decimal::new(of.balance(), 2);
        }
    }
    let mut read: BTreeMap<String, Decimal> = BTreeMap::new();
    for record in &found {
        let account = names.name(E::Account, record.named("account"));
        let codes = dimensions(&dataset, record.named("dimensions")).join(" ");
        let key = format!("{} {account} [{codes}]", shown(record.named("date")));
        *read.entry(key).or_default() += balance(record);
    }
    check.same("movements of accounts", lines(told), lines(read));
    // The customer or vendor of what is owed.
    let mut told: BTreeMap<String, Decimal> = BTreeMap::new();
    for of in dataset.entries.iter().flat_map(|entry| &entry.lines) {
        let owed = matches!(dataset.accounts[of.account].kind, AccountKind::Receivable | AccountKind::Payable);
        let party = match of.party.filter(|_| owed) {
            Some(Party::Customer(at)) => &dataset.customers[at].name,
            Some(Party::Vendor(at)) => &dataset.vendors[at].name,
            None => continue,
        };
        *told.entry(party.clone()).or_default() += Decimal::new(of.balance(), 2);
    }
    let mut read: BTreeMap<String, Decimal> = BTreeMap::new();
    for record in &found {
        let party = names.name(E::Customer, record.named("customer")) + &names.name(E::Vendor, record.named("vendor"));
        if !party.is_empty() {
            *read.entry(party).or_default() += balance(record);
        }
    }
    check.same("customers and vendors", lines(told), lines(read));
    check.end();
}

/// Debit less credit.
fn balance(record: &Record) -> Decimal {
    let money = |name: &str| record.named(name).as_decimal().unwrap_or_default();
    money("debit") - money("credit")
}

/// What is not nothing.
fn lines(sums: BTreeMap<String, Decimal>) -> Vec<String> {
    let moved = sums.into_iter().filter(|(_, sum)| !sum.is_zero());
    moved.map(|(key, sum)| format!("{key} {}", number(sum))).collect()
}
