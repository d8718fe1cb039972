//! Ids that Odoo gives to what it brings along, and those of this company's own settings.

use crate::dataset::{AccountRole, Currency, Journal};

/// The company whose books these are.
pub(crate) const COMPANY: i64 = 1;

/// Another company on the same server, whose books are empty.
pub(crate) const SECOND_COMPANY: i64 = 2;

pub(crate) const EUR: i64 = 126;

pub(crate) const GERMANY: i64 = 57;

pub(crate) const RECEIVABLE: i64 = account(AccountRole::Receivable.position());
pub(crate) const PAYABLE: i64 = account(AccountRole::Payable.position());
pub(crate) const OUTPUT_TAX: i64 = account(AccountRole::OutputTax.position());
pub(crate) const INPUT_TAX: i64 = account(AccountRole::InputTax.position());
pub(crate) const INCOME: i64 = account(AccountRole::SalesGoods.position());
pub(crate) const EXPENSES: i64 = account(AccountRole::CostOfSales.position());
pub(crate) const INVENTORY: i64 = account(AccountRole::Inventory.position());
pub(crate) const PRICE_DIFFERENCE: i64 = account(AccountRole::PriceDifference.position());
pub(crate) const BANK: i64 = account(AccountRole::Bank.position());
pub(crate) const CASH: i64 = account(AccountRole::Cash.position());
pub(crate) const CARD: i64 = account(AccountRole::CreditCard.position());

pub(crate) const SALES_JOURNAL: i64 = journal(Journal::Sales);
pub(crate) const PURCHASE_JOURNAL: i64 = journal(Journal::Purchases);

pub(crate) const METHOD_IN: i64 = 1;
pub(crate) const METHOD_OUT: i64 = 2;

pub(crate) const SALESPERSON: i64 = 5;

/// The places that every warehouse shares.
pub(crate) const VENDORS: i64 = 4;
pub(crate) const CUSTOMERS: i64 = 5;
pub(crate) const ADJUSTMENT: i64 = 14;
pub(crate) const PRODUCTION: i64 = 15;

pub(super) fn currency(currency: Currency) -> i64 {
    match currency {
        Currency::Eur => EUR,
        Currency::Usd => 1,
        Currency::Chf => 4,
        Currency::Cad => 3,
        Currency::Gbp => 144,
    }
}

pub(super) fn country(code: &str) -> Option<i64> {
    super::base::COUNTRIES.iter().find(|country| country.code == code).map(|country| country.id)
}

pub(super) fn unit(name: &str) -> i64 {
    match name {
        "h" => 4,
        "m" => 9,
        "kg" => 12,
        _ => 1,
    }
}

/// The terms of payment within so many days.
pub(super) fn payment_term(days: u16) -> i64 {
    match days {
        0 => 1,
        14 => 2,
        30 => 4,
        _ => 6,
    }
}

/// The tax at a position of the company's list of taxes on sales.
pub(super) fn tax(position: usize) -> i64 {
    position as i64 + 1
}

/// The tax at a position of the company's list of taxes on purchases.
pub(super) fn purchase_tax(position: usize) -> i64 {
    position as i64 + 11
}

/// The account at a position of the chart. Some ids are those of a chart that Odoo brings along.
pub(crate) const fn account(position: usize) -> i64 {
    const RECEIVABLE: usize = AccountRole::Receivable.position();
    const PAYABLE: usize = AccountRole::Payable.position();
    const OUTPUT_TAX: usize = AccountRole::OutputTax.position();
    const SALES: usize = AccountRole::SalesGoods.position();
    const COST_OF_SALES: usize = AccountRole::CostOfSales.position();
    const BANK: usize = AccountRole::Bank.position();
    match position {
        RECEIVABLE => 5,
        PAYABLE => 15,
        OUTPUT_TAX => 21,
        SALES => 26,
        COST_OF_SALES => 32,
        BANK => 44,
        position => 50 + position as i64,
    }
}

pub(super) const fn journal(journal: Journal) -> i64 {
    match journal {
        Journal::Sales => 1,
        Journal::Purchases => 2,
        Journal::General => 3,
        Journal::Exchange => 4,
        Journal::Bank => 6,
        Journal::Cash => 7,
        Journal::Card => 8,
        Journal::Stock => 9,
    }
}

pub(super) fn analytic(position: usize) -> i64 {
    position as i64 + 3
}

/// The warehouse at a position of the company's places.
pub(super) fn warehouse(position: usize) -> i64 {
    position as i64 + 1
}

/// Where a warehouse keeps its goods.
pub(crate) fn stock(position: usize) -> i64 {
    8 + 10 * position as i64
}

/// The operation of a warehouse of a kind: 0 receipts, 1 deliveries, 4 internal transfers, 8 manufacturing.
pub(super) fn operation(position: usize, kind: i64) -> i64 {
    1 + kind + 10 * position as i64
}
