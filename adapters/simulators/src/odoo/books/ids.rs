//! Ids that Odoo gives to what it brings along, and those of this company's own settings.

use crate::dataset::Currency;

/// The company whose books these are.
pub(crate) const COMPANY: i64 = 1;

/// Another company on the same server, whose books are empty.
pub(crate) const SECOND_COMPANY: i64 = 2;

pub(crate) const EUR: i64 = 126;

pub(crate) const GERMANY: i64 = 57;

pub(crate) const RECEIVABLE: i64 = 5;
pub(crate) const PAYABLE: i64 = 15;
pub(crate) const OUTPUT_TAX: i64 = 21;
pub(crate) const INCOME: i64 = 26;
pub(crate) const EXPENSES: i64 = 32;
pub(crate) const BANK: i64 = 44;

pub(crate) const SALES_JOURNAL: i64 = 1;
pub(crate) const PURCHASE_JOURNAL: i64 = 2;
pub(crate) const BANK_JOURNAL: i64 = 6;

pub(crate) const SALESPERSON: i64 = 5;

pub(super) fn currency(currency: Currency) -> i64 {
    match currency {
        Currency::Eur => EUR,
        Currency::Usd => 1,
        Currency::Chf => 4,
        Currency::Cad => 3,
        Currency::Gbp => 144,
    }
}

pub(super) fn country(code: &str) -> i64 {
    super::base::COUNTRIES.iter().find(|country| country.code == code).map_or(GERMANY, |country| country.id)
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

/// The tax at a position of the company's list.
pub(super) fn tax(position: usize) -> i64 {
    position as i64 + 1
}
