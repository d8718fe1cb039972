//! The chart of accounts, with the ids that Intuit's sample company has for what it has, and the balances.

use std::collections::BTreeMap;

use super::{Values, name_of, table};
use crate::{
    dataset::{Account, AccountClass, AccountKind, AccountRole, Currency, Dataset},
    decimal::{Cents, Dec},
    quickbooks::entities::Entity,
    store::{StoreError, Table},
};

/// Discounts at the end of a sale, which the story has on the lines.
pub(in crate::quickbooks) const DISCOUNTS: i64 = 86;
/// Goods that are not counted.
pub(super) const BULK: i64 = 97;
/// Receivables and payables in a foreign currency have an account for each; from here on, by position of the currency.
const FOREIGN_RECEIVABLES: i64 = 101;
const FOREIGN_PAYABLES: i64 = 111;

/// The id of the account of a role.
pub(in crate::quickbooks) const fn id_of(role: AccountRole) -> i64 {
    match role {
        AccountRole::SalesServices => 1,
        AccountRole::RetainedEarnings => 2,
        AccountRole::Prepaid => 3,
        AccountRole::Marketing => 7,
        AccountRole::Payable => 33,
        AccountRole::Bank => 35,
        AccountRole::Cash => 36,
        AccountRole::Machines => 37,
        AccountRole::WrittenOff => 39,
        AccountRole::Depreciation => 40,
        AccountRole::CreditCard => 41,
        AccountRole::Loan => 44,
        AccountRole::OperatingExpenses => 55,
        AccountRole::Salaries => 56,
        AccountRole::Rent => 57,
        AccountRole::Energy => 58,
        AccountRole::Travel => 59,
        AccountRole::Software => 60,
        AccountRole::Interest => 61,
        AccountRole::Disused => 62,
        AccountRole::SalesGoods => 79,
        AccountRole::CostOfSales => 80,
        AccountRole::Inventory => 81,
        AccountRole::Receivable => 84,
        AccountRole::OutputTax => 89,
        AccountRole::InputTax => 90,
        AccountRole::Unbilled => 91,
        AccountRole::Capital => 92,
        AccountRole::SalesExport => 93,
        AccountRole::ExchangeGain => 94,
        AccountRole::PriceDifference => 95,
        AccountRole::ExchangeLoss => 96,
    }
}

/// The account of receivables in a currency.
pub(super) fn receivables(dataset: &Dataset, currency: Currency) -> i64 {
    by_currency(dataset, currency, id_of(AccountRole::Receivable), FOREIGN_RECEIVABLES)
}

/// The account of payables in a currency.
pub(super) fn payables(dataset: &Dataset, currency: Currency) -> i64 {
    by_currency(dataset, currency, id_of(AccountRole::Payable), FOREIGN_PAYABLES)
}

fn by_currency(dataset: &Dataset, currency: Currency, home: i64, foreign: i64) -> i64 {
    let position = dataset.company.foreign.iter().position(|other| *other == currency);
    position.map_or(home, |position| foreign + i64::try_from(position).unwrap_or_default())
}

/// The type and its part, in Intuit's words, which are pairs of its table.
fn kind(account: &Account) -> (&'static str, &'static str) {
    let part = match account.role {
        AccountRole::Prepaid => "PrepaidExpenses",
        AccountRole::Machines => "MachineryAndEquipment",
        AccountRole::WrittenOff => "AccumulatedDepreciation",
        AccountRole::Capital => "CommonStock",
        AccountRole::RetainedEarnings => "RetainedEarnings",
        AccountRole::SalesServices => "ServiceFeeIncome",
        AccountRole::SalesExport => "OtherPrimaryIncome",
        AccountRole::PriceDifference => "OtherCostsOfServiceCos",
        AccountRole::Salaries => "PayrollExpenses",
        AccountRole::Rent => "RentOrLeaseOfBuildings",
        AccountRole::Energy => "Utilities",
        AccountRole::Marketing => "AdvertisingPromotional",
        AccountRole::Travel => "Travel",
        AccountRole::Software => "OfficeGeneralAdministrativeExpenses",
        AccountRole::ExchangeLoss => "ExchangeGainOrLoss",
        _ => "",
    };
    let (kind, usual) = match account.kind {
        AccountKind::Bank => ("Bank", "Checking"),
        AccountKind::Cash => ("Bank", "CashOnHand"),
        AccountKind::Receivable => ("Accounts Receivable", "AccountsReceivable"),
        AccountKind::Inventory => ("Other Current Asset", "Inventory"),
        AccountKind::CurrentAsset => ("Other Current Asset", "OtherCurrentAssets"),
        AccountKind::FixedAsset => ("Fixed Asset", "OtherFixedAssets"),
        AccountKind::Payable => ("Accounts Payable", "AccountsPayable"),
        AccountKind::CreditCard => ("Credit Card", "CreditCard"),
        AccountKind::TaxPayable => ("Other Current Liability", "SalesTaxPayable"),
        AccountKind::CurrentLiability => ("Other Current Liability", "OtherCurrentLiabilities"),
        AccountKind::LongTermLiability => ("Long Term Liability", "NotesPayable"),
        AccountKind::Equity => ("Equity", "OpeningBalanceEquity"),
        AccountKind::Income => ("Income", "SalesOfProductIncome"),
        AccountKind::OtherIncome => ("Other Income", "OtherMiscellaneousIncome"),
        AccountKind::CostOfSales => ("Cost of Goods Sold", "SuppliesMaterialsCogs"),
        AccountKind::OperatingExpense => ("Expense", "OtherBusinessExpenses"),
        AccountKind::Depreciation => ("Other Expense", "Depreciation"),
        AccountKind::OtherExpense => ("Other Expense", "OtherMiscellaneousExpense"),
    };
    (kind, if part.is_empty() { usual } else { part })
}

fn classification(class: AccountClass) -> &'static str {
    match class {
        AccountClass::Asset => "Asset",
        AccountClass::Liability => "Liability",
        AccountClass::Equity => "Equity",
        AccountClass::Revenue => "Revenue",
        AccountClass::Expense => "Expense",
    }
}

/// What an account holds, debits positive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// In the books' currency.
    pub(super) home: Cents,
    /// In the currencies of the documents.
    pub(super) foreign: Cents,
}

/// What is written of an account.
struct Sheet<'a> {
    id: i64,
    name: String,
    code: Option<&'a str>,
    kind: (&'static str, &'static str),
    class: AccountClass,
    currency: Currency,
    parent: Option<&'a Account>,
    active: bool,
}

pub(super) fn accounts(dataset: &Dataset, held: &BTreeMap<i64, Held>) -> Result<Table, StoreError> {
    let mut table = table("Account", &["AcctNum", "CurrencyRef"], &[]);
    let home = dataset.company.currency;
    let mut sheets = Vec::with_capacity(dataset.accounts.len() + 8);
    for account in &dataset.accounts {
        let sheet = Sheet {
            id: id_of(account.role),
            name: name_of(account.name, account.active),
            code: Some(account.code),
            kind: kind(account),
            class: account.kind.class(),
            currency: account.currency.unwrap_or(home),
            parent: account.parent.map(|parent| &dataset.accounts[parent]),
            active: account.active,
        };
        let foreign = match account.role {
            AccountRole::Receivable => FOREIGN_RECEIVABLES,
            AccountRole::Payable => FOREIGN_PAYABLES,
            _ => 0,
        };
        let currencies = dataset.company.foreign.iter().filter(|_| foreign > 0).zip(foreign..);
        sheets.extend(currencies.map(|(currency, id)| Sheet {
            id,
            name: format!("{} - {}", account.name, currency.code()),
            code: None,
            currency: *currency,
            ..sheet
        }));
        sheets.push(sheet);
    }
    sheets.push(Sheet {
        id: DISCOUNTS,
        name: "Discounts given".to_owned(),
        code: Some("4900"),
        kind: ("Income", "DiscountsRefundsGiven"),
        class: AccountClass::Revenue,
        currency: home,
        parent: None,
        active: true,
    });
    sheets.push(Sheet {
        id: BULK,
        name: "Bulk Materials on Hand".to_owned(),
        code: Some("1310"),
        kind: ("Other Current Asset", "OtherCurrentAssets"),
        class: AccountClass::Asset,
        currency: home,
        parent: None,
        active: true,
    });
    for sheet in &sheets {
        write(&mut table, dataset, held, sheet)?;
    }
    Ok(table)
}

fn write(
    table: &mut Table,
    dataset: &Dataset,
    held: &BTreeMap<i64, Held>,
    sheet: &Sheet<'_>,
) -> Result<(), StoreError> {
    let Some(entity) = Entity::named("Account") else { return Ok(()) };
    let balance = |id: i64| {
        let held = held.get(&id).copied().unwrap_or_default();
        let nominal = matches!(sheet.class, AccountClass::Revenue | AccountClass::Expense);
        match sheet.currency == dataset.company.currency {
            _ if nominal => 0,
            true => held.home,
            false => held.foreign,
        }
    };
    let own = balance(sheet.id);
    let children = dataset
        .accounts
        .iter()
        .filter(|child| child.parent.is_some_and(|parent| id_of(dataset.accounts[parent].role) == sheet.id));
    let below: Cents = children.map(|child| balance(id_of(child.role))).sum();
    let created = dataset.customers[0].created;
    let full = match sheet.parent {
        Some(parent) => format!("{}:{}", parent.name, sheet.name),
        None => sheet.name.clone(),
    };
    let mut row = Values::new(table);
    row.common(created, created, 0);
    row.text(entity, "Name", Some(&sheet.name));
    row.text(entity, "FullyQualifiedName", Some(&full));
    row.text(entity, "Classification", Some(classification(sheet.class)));
    row.text(entity, "AccountType", Some(sheet.kind.0));
    row.text(entity, "AccountSubType", Some(sheet.kind.1));
    row.set("SubAccount", sheet.parent.is_some());
    row.set("ParentRef", sheet.parent.map(|parent| id_of(parent.role)));
    row.set("CurrentBalance", Dec::cents(own));
    row.set("CurrentBalanceWithSubAccounts", Dec::cents(own + below));
    row.set("Active", sheet.active);
    row.set("AcctNum", sheet.code);
    row.set("CurrencyRef", sheet.currency.code());
    table.insert(sheet.id, row.0)
}
