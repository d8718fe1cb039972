//! Companies, users, currencies with their rates, countries.

use super::{Books, ids};
use crate::{
    dataset::{Currency, Rate},
    decimal::{Dec, div_round},
    odoo::users,
    store::{Cell, StoreError},
};

/// A country that Odoo brings along.
pub(super) struct Country {
    pub(super) id: i64,
    pub(super) code: &'static str,
    name: &'static str,
    phone: i64,
    currency: i64,
}

const fn country(id: i64, code: &'static str, name: &'static str, phone: i64, currency: i64) -> Country {
    Country { id, code, name, phone, currency }
}

pub(super) const COUNTRIES: &[Country] = &[
    country(2, "AE", "United Arab Emirates", 971, 129),
    country(12, "AT", "Austria", 43, 126),
    country(31, "BR", "Brazil", 55, 5),
    country(38, "CA", "Canada", 1, 3),
    country(43, "CH", "Switzerland", 41, 4),
    country(48, "CN", "China", 86, 7),
    country(57, "DE", "Germany", 49, 126),
    country(59, "DK", "Denmark", 45, 10),
    country(68, "ES", "Spain", 34, 126),
    country(75, "FR", "France", 33, 126),
    country(109, "IT", "Italy", 39, 126),
    country(113, "JP", "Japan", 81, 25),
    country(165, "NL", "Netherlands", 31, 126),
    country(178, "PL", "Poland", 48, 17),
    country(190, "RU", "Russian Federation", 7, 30),
    country(196, "SE", "Sweden", 46, 18),
    country(231, "GB", "United Kingdom", 44, 144),
    country(233, "US", "United States", 1, 1),
];

/// Id, code, name, symbol, number of ISO 4217, whether the symbol comes first, decimal places.
type CurrencyRow = (i64, &'static str, &'static str, &'static str, i64, bool, u8);

const CURRENCIES: &[CurrencyRow] = &[
    (1, "USD", "United States dollar", "$", 840, true, 2),
    (3, "CAD", "Canadian dollar", "$", 124, false, 2),
    (4, "CHF", "Swiss franc", "CHF", 756, true, 2),
    (10, "DKK", "Danish krone", "kr", 208, true, 2),
    (25, "JPY", "Japanese yen", "¥", 392, true, 0),
    (126, "EUR", "Euro", "€", 978, false, 2),
    (129, "AED", "United Arab Emirates dirham", "AED", 784, false, 2),
    (144, "GBP", "Pound sterling", "£", 826, true, 2),
];

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    currencies(books)?;
    places(books)?;
    companies(books)
}

fn currencies(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let dataset = books.dataset;
    let used: Vec<Currency> = dataset.company.currencies().collect();
    for &(id, code, name, symbol, number, before, places) in CURRENCIES {
        let currency = used.iter().find(|currency| currency.code() == code);
        let rate = currency.map(|currency| dataset.rate(*currency, dataset.today));
        let values = [
            ("name", code.into()),
            ("full_name", name.into()),
            ("symbol", symbol.into()),
            ("position", if before { "before" } else { "after" }.into()),
            ("rounding", Dec::new(1, places).into()),
            ("decimal_places", i64::from(places).into()),
            ("rate", rate_cell(rate.unwrap_or(Rate::ONE))),
            ("inverse_rate", rate.unwrap_or(Rate::ONE).dec().into()),
            ("date", dataset.today.into()),
            ("active", currency.is_some().into()),
            ("iso_numeric", number.into()),
        ];
        books.insert("res.currency", id, installed, values)?;
    }
    for (at, rate) in dataset.exchange_rates().enumerate() {
        let values = [
            ("name", rate.from.into()),
            ("rate", rate_cell(rate.rate)),
            ("inverse_company_rate", rate.rate.dec().into()),
            ("currency_id", ids::currency(rate.currency).into()),
        ];
        books.insert("res.currency.rate", 1 + at as i64, installed, values)?;
    }
    Ok(())
}

/// A rate as Odoo has it: how much of the currency one unit of the company's is worth.
pub(super) fn rate_cell(rate: Rate) -> Cell {
    let worth = div_round(1_000_000 * 1_000_000_000_000, i128::from(rate.0.max(1)));
    Dec::new(worth, 12).into()
}

fn places(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    for country in COUNTRIES {
        let values = [
            ("name", country.name.into()),
            ("code", country.code.into()),
            ("currency_id", country.currency.into()),
            ("phone_code", country.phone.into()),
            ("vat_label", "VAT".into()),
        ];
        books.insert("res.country", country.id, installed, values)?;
    }
    for (id, name, code, country) in
        [(13, "California", "CA", "US"), (53, "Washington", "WA", "US"), (1362, "Bremen", "HB", "DE")]
    {
        let values = [("name", name.into()), ("code", code.into()), ("country_id", ids::country(country).into())];
        books.insert("res.country.state", id, installed, values)?;
    }
    Ok(())
}

fn companies(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let company = books.dataset.company;
    for (id, name, partner) in [(ids::COMPANY, company.name, 1), (ids::SECOND_COMPANY, "Nordlicht Service GmbH", 5)] {
        let values = [
            ("name", name.into()),
            ("partner_id", Cell::Int(partner)),
            ("currency_id", ids::currency(company.currency).into()),
            ("email", format!("info@{}.example", company.key).into()),
            ("phone", "+49 40 5550100".into()),
            ("vat", company.tax_number.into()),
            ("street", company.street.into()),
            ("zip", company.postcode.into()),
            ("city", company.city.into()),
            ("country_id", ids::country(company.country).into()),
            ("fiscalyear_last_day", company.fiscal_year_end.1.into()),
            ("fiscalyear_last_month", company.fiscal_year_end.0.to_string().into()),
            ("sequence", id.into()),
            ("active", true.into()),
        ];
        books.insert("res.company", id, installed, values)?;
    }
    for user in users::all(books.options) {
        let values = [
            ("name", user.name.into()),
            ("login", user.login.into()),
            ("email", user.email.into()),
            ("partner_id", user.partner.into()),
            ("company_ids", user.companies.into()),
            ("active", user.active.into()),
            ("share", false.into()),
        ];
        books.insert("res.users", user.id, installed, values)?;
    }
    for (user, known) in books.dataset.users.iter().zip(&books.plan.users) {
        let values = [
            ("name", user.name.into()),
            ("login", user.login.into()),
            ("email", user.email.clone().into()),
            ("partner_id", known.partner.into()),
            ("company_ids", vec![ids::COMPANY].into()),
            ("active", user.active.into()),
            ("share", false.into()),
        ];
        books.insert("res.users", known.id, installed, values)?;
    }
    let values =
        [("name", "Sales".into()), ("user_id", Cell::Int(2)), ("active", true.into()), ("sequence", Cell::Int(0))];
    books.insert("crm.team", 1, installed, values)
}
