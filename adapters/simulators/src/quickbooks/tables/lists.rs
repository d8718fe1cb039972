//! The short lists that documents refer to: taxes, classes, departments, terms, payment methods, currencies and their rates.

use chrono::{DateTime, Utc};

use super::{
    Values, name_of,
    names::{class_id, department_id, term_id},
    payments::method_id,
    table,
};
use crate::{
    dataset::{Currency, Dataset, DimensionKind, PaymentMethod},
    quickbooks::{entities::Entity, render::currency_name},
    store::{StoreError, Table},
};

/// Tax rates stand behind those that Intuit sets up itself.
pub(in crate::quickbooks) const FIRST_TAX_RATE: i64 = 3;

/// The terms with their days.
pub(in crate::quickbooks) const TERMS: [(u16, &str); 4] =
    [(0, "Due on receipt"), (14, "Net 14"), (30, "Net 30"), (60, "Net 60")];

const METHODS: [(PaymentMethod, &str); 4] = [
    (PaymentMethod::Cash, "Cash"),
    (PaymentMethod::Check, "Check"),
    (PaymentMethod::Transfer, "Bank Transfer"),
    (PaymentMethod::Card, "Visa"),
];

pub(super) fn lists(dataset: &Dataset) -> Result<Vec<Table>, StoreError> {
    Ok(vec![
        tax_rates(dataset)?,
        tax_codes(dataset)?,
        tax_agencies(dataset)?,
        classes(dataset)?,
        departments(dataset)?,
        terms(dataset)?,
        payment_methods(dataset)?,
        currencies(dataset)?,
        exchange_rates(dataset)?,
    ])
}

fn set_up(dataset: &Dataset) -> DateTime<Utc> {
    dataset.customers[0].created
}

/// A row of a list with a name, which the company set up at its start.
fn named(table: &Table, entity: &'static str, dataset: &Dataset, names: &[(&str, &str)]) -> Values {
    let mut row = Values::new(table);
    row.common(set_up(dataset), set_up(dataset), 0);
    if let Some(entity) = Entity::named(entity) {
        for (property, name) in names {
            row.text(entity, property, Some(name));
        }
    }
    row
}

/// Nothing is taxed at a rate of nothing: such lines have the code `NON`.
fn tax_rates(dataset: &Dataset) -> Result<Table, StoreError> {
    let mut table = table("TaxRate", &["RateValue"], &[]);
    let taxes = dataset.company.taxes.iter().filter(|tax| tax.basis_points > 0);
    for (id, tax) in (FIRST_TAX_RATE..).zip(taxes) {
        let mut row = named(&table, "TaxRate", dataset, &[("Name", tax.name), ("Description", "Sales Tax")]);
        row.set("AgencyRef", 1_i64);
        row.set("RateValue", tax.percent());
        row.set("Active", true);
        table.insert(id, row.0)?;
    }
    Ok(table)
}

/// Two codes that are words, for lines, and one for whole documents.
fn tax_codes(dataset: &Dataset) -> Result<Table, StoreError> {
    let mut table = table("TaxCode", &["Taxable", "TaxGroup"], &[]);
    let codes = [("TAX", "TAX", true, false), ("NON", "NON", false, false), ("2", "Washington", true, true)];
    for (at, (id, name, taxable, group)) in (0_i64..).zip(codes) {
        let mut row = named(&table, "TaxCode", dataset, &[("Name", name), ("Description", name)]);
        row.set("id", id.to_lowercase());
        row.set("Taxable", taxable);
        row.set("TaxGroup", group);
        row.set("Active", true);
        table.insert(at, row.0)?;
    }
    Ok(table)
}

fn tax_agencies(dataset: &Dataset) -> Result<Table, StoreError> {
    let mut table = table("TaxAgency", &[], &[]);
    let row = named(&table, "TaxAgency", dataset, &[("DisplayName", "Washington State Department of Revenue")]);
    table.insert(1, row.0)?;
    Ok(table)
}

fn classes(dataset: &Dataset) -> Result<Table, StoreError> {
    dimensions(dataset, "Class", DimensionKind::CostCentre, class_id)
}

fn departments(dataset: &Dataset) -> Result<Table, StoreError> {
    dimensions(dataset, "Department", DimensionKind::Project, department_id)
}

fn dimensions(
    dataset: &Dataset,
    entity: &'static str,
    kind: DimensionKind,
    id: fn(usize) -> i64,
) -> Result<Table, StoreError> {
    let mut table = table(entity, &["Name"], &[]);
    for (position, dimension) in dataset.dimensions.iter().enumerate().filter(|(_, other)| other.kind == kind) {
        // A colon stands between the names of parent and child.
        let name = name_of(&dimension.name.replace(':', " -"), dimension.active);
        let mut row = named(&table, entity, dataset, &[("FullyQualifiedName", &name)]);
        row.set("Name", name);
        row.set("Active", dimension.active);
        if kind == DimensionKind::Project {
            row.set("SubDepartment", false);
        }
        table.insert(id(position), row.0)?;
    }
    Ok(table)
}

fn terms(dataset: &Dataset) -> Result<Table, StoreError> {
    let mut table = table("Term", &["DueDays"], &[]);
    for (days, name) in TERMS {
        let mut row = named(&table, "Term", dataset, &[("Name", name)]);
        row.set("DueDays", i64::from(days));
        row.set("Active", true);
        table.insert(term_id(days), row.0)?;
    }
    Ok(table)
}

fn payment_methods(dataset: &Dataset) -> Result<Table, StoreError> {
    let mut table = table("PaymentMethod", &["Type"], &[]);
    for (method, name) in METHODS {
        let mut row = named(&table, "PaymentMethod", dataset, &[("Name", name)]);
        row.set("Type", if method == PaymentMethod::Card { "CREDIT_CARD" } else { "NON_CREDIT_CARD" });
        row.set("Active", true);
        table.insert(method_id(method), row.0)?;
    }
    Ok(table)
}

fn currencies(dataset: &Dataset) -> Result<Table, StoreError> {
    let mut table = table("CompanyCurrency", &["Code", "Name"], &[]);
    for (id, currency) in (1_i64..).zip(dataset.company.foreign) {
        let mut row = named(&table, "CompanyCurrency", dataset, &[]);
        row.set("Code", currency.code());
        row.set("Name", currency_name(currency.code()));
        row.set("Active", true);
        table.insert(id, row.0)?;
    }
    Ok(table)
}

fn exchange_rates(dataset: &Dataset) -> Result<Table, StoreError> {
    let mut table = table("ExchangeRate", &["Rate", "Until"], &[]);
    let mut rates: Vec<_> = dataset.exchange_rates().collect();
    rates.sort_by_key(|rate| (rate.currency, rate.from));
    for (at, rate) in rates.iter().enumerate() {
        let next = rates.get(at + 1).filter(|next| next.currency == rate.currency);
        let mut row = named(&table, "ExchangeRate", dataset, &[("SourceCurrencyCode", rate.currency.code())]);
        let set = rate.from.and_hms_opt(9, 0, 0).map_or(set_up(dataset), |time| time.and_utc());
        row.set("MetaData.LastUpdatedTime", set);
        row.set("AsOfDate", rate.from);
        row.set("Until", next.map(|next| next.from));
        row.set("Rate", rate.rate.dec());
        table.push(row.0)?;
    }
    // A currency is always worth itself.
    let home: Currency = dataset.company.currency;
    let mut row = named(&table, "ExchangeRate", dataset, &[("SourceCurrencyCode", home.code())]);
    row.set("AsOfDate", set_up(dataset).date_naive());
    row.set("Rate", 1_i64);
    table.push(row.0)?;
    Ok(table)
}
