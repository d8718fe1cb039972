//! The lists of names: customers, vendors and items.

use super::{Values, name_of, table};
use crate::{
    dataset::{Customer, Dataset, InvoiceKind, PostState, Product, ProductKind},
    decimal::{Cents, Dec},
    quickbooks::entities::Entity,
    store::{Cell, StoreError, Table},
};

/// Categories stand before all other items.
pub(in crate::quickbooks) const CATEGORIES: [&str; 3] = ["Gear", "Hardware", "Labor"];

/// Bundles stand behind all other items; each has two products in it.
pub(in crate::quickbooks) const BUNDLES: [&str; 3] = ["Start-up kit", "Weekend kit", "Repair kit"];

/// The id of the customer at a position of the story.
pub(super) fn customer_id(position: usize) -> i64 {
    id(position)
}

/// The id of the vendor at a position of the story. Names of all kinds have ids of one sequence.
pub(super) fn vendor_id(position: usize) -> i64 {
    100_000 + id(position)
}

/// The id of the class that is the cost centre at a position of the story.
pub(super) fn class_id(dimension: usize) -> i64 {
    100_000_000_000_128_000 + id(dimension)
}

/// The id of the department that is the project at a position of the story.
pub(super) fn department_id(dimension: usize) -> i64 {
    id(dimension)
}

/// The id of the item that is the product at a position of the story.
pub(super) fn item_id(position: usize) -> i64 {
    id(CATEGORIES.len() + position)
}

/// The id of a bundle.
pub(super) fn bundle_id(dataset: &Dataset, bundle: usize) -> i64 {
    id(CATEGORIES.len() + dataset.products.len() + bundle % BUNDLES.len())
}

fn id(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX - 1) + 1
}

/// The terms by days: what Intuit's own sample company has, with 14 days in the place of 15.
pub(super) fn term_id(payment_days: u16) -> i64 {
    match payment_days {
        0 => 1,
        1..=15 => 2,
        16..=30 => 3,
        _ => 4,
    }
}

/// One customer in seventeen is a sub-customer ("job") of the one before.
fn parent(dataset: &Dataset, position: usize) -> Option<usize> {
    (position % 17 == 16).then(|| position - 1).filter(|parent| dataset.customers[*parent].active)
}

pub(super) fn customers(dataset: &Dataset) -> Result<Table, StoreError> {
    let shown = [
        "CurrencyRef",
        "ParentRef",
        "Notes",
        "PrimaryPhone",
        "PrimaryTaxIdentifier",
        "SalesTermRef",
        "Taxable",
        "BillAddr.Line1",
        "BillAddr.City",
        "BillAddr.CountrySubDivisionCode",
        "BillAddr.PostalCode",
        "BillAddr.Country",
    ];
    let mut table = table("Customer", &shown, &["displayname", "primaryemailaddr"]);
    let Some(entity) = Entity::named("Customer") else { return Ok(table) };
    let balances = balances(dataset);
    for (position, customer) in dataset.customers.iter().enumerate() {
        let Customer { name, active, .. } = customer;
        let parent = parent(dataset, position);
        let display = name_of(name, *active);
        let full = match parent {
            Some(parent) => format!("{}:{display}", dataset.customers[parent].name),
            None => display.clone(),
        };
        let (given, family) = customer.contact.and_then(|contact| contact.rsplit_once(' ')).unzip();
        let child = (self::parent(dataset, position + 1) == Some(position) && position + 1 < balances.len())
            .then(|| balances[position + 1])
            .filter(|_| dataset.customers[position + 1].currency == customer.currency);
        let mut row = Values::new(&table);
        row.common(customer.created, customer.updated, usize::from(customer.updated > customer.created));
        row.text(entity, "DisplayName", Some(&display));
        row.text(entity, "FullyQualifiedName", Some(&full));
        row.text(entity, "CompanyName", Some(name));
        row.text(entity, "PrintOnCheckName", Some(name));
        row.text(entity, "GivenName", given);
        row.text(entity, "FamilyName", family);
        row.text(entity, "PrimaryEmailAddr", customer.email.as_deref());
        row.set("Active", *active);
        row.set("Balance", Dec::cents(balances[position]));
        row.set("BalanceWithJobs", Dec::cents(balances[position] + child.unwrap_or_default()));
        row.set("CurrencyRef", customer.currency.code());
        row.set("ParentRef", parent.map(customer_id));
        row.set("Notes", position.is_multiple_of(11).then(|| format!("Customer no. {}", customer.code)));
        row.set("PrimaryPhone", customer.phone.clone());
        row.set("PrimaryTaxIdentifier", customer.tax_number.as_deref().map(masked));
        row.set("SalesTermRef", term_id(customer.payment_days));
        row.set("Taxable", customer.country == dataset.company.country);
        row.set("BillAddr.Line1", customer.street.clone());
        row.set("BillAddr.City", customer.city);
        row.set("BillAddr.CountrySubDivisionCode", customer.city.and_then(state));
        row.set("BillAddr.PostalCode", customer.postcode);
        row.set("BillAddr.Country", country(customer.country));
        table.insert(customer_id(position), row.0)?;
    }
    Ok(table)
}

/// What each customer owes, less what it is owed, in its own currency.
fn balances(dataset: &Dataset) -> Vec<Cents> {
    let mut balances = vec![0; dataset.customers.len()];
    let mut add = |customer: usize, currency, rate: crate::dataset::Rate, amount: Cents| {
        let own = dataset.customers[customer].currency;
        let converted =
            if own == currency { amount } else { dataset.rate(own, dataset.today).from_base(rate.to_base(amount)) };
        balances[customer] += converted;
    };
    for invoice in &dataset.invoices {
        let sign = if invoice.kind == InvoiceKind::CreditNote { -1 } else { 1 };
        add(invoice.customer, invoice.currency, invoice.rate, sign * invoice.balance);
    }
    for payment in dataset.payments.iter().filter(|payment| payment.state == PostState::Posted) {
        add(payment.customer, payment.currency, payment.rate, -payment.unallocated());
    }
    balances
}

/// Only the last five characters of a tax number are shown.
fn masked(number: &str) -> String {
    let shown = number.chars().count().saturating_sub(5);
    format!("XXXXXX{}", number.chars().skip(shown).collect::<String>())
}

fn state(city: &str) -> Option<&'static str> {
    match city {
        "Portland" => Some("OR"),
        "Austin" => Some("TX"),
        "Denver" | "Cañon City" => Some("CO"),
        _ => None,
    }
}

/// Free text, as people write it; nothing for the company's own country.
pub(super) fn country(code: &'static str) -> Option<&'static str> {
    match code {
        "US" => None,
        "DE" => Some("Germany"),
        "CH" => Some("Switzerland"),
        "CA" => Some("Canada"),
        "GB" => Some("United Kingdom"),
        "FR" => Some("France"),
        "DK" => Some("Denmark"),
        "AT" => Some("Austria"),
        "IT" => Some("Italy"),
        "PL" => Some("Poland"),
        "CN" => Some("China"),
        "JP" => Some("Japan"),
        "RU" => Some("Russia"),
        "AE" => Some("United Arab Emirates"),
        other => Some(other),
    }
}

/// Whether a product is kept in stock: what is sold by weight or length is not counted.
pub(super) fn is_counted(product: &Product) -> bool {
    product.kind == ProductKind::Goods && !matches!(product.unit, "kg" | "m")
}

pub(super) fn items(dataset: &Dataset) -> Result<Table, StoreError> {
    let shown = ["Description", "ParentRef", "Taxable", "PurchaseCost", "QtyOnHand", "InvStartDate", "ItemGroupDetail"];
    let mut table = table("Item", &shown, &["name", "sku"]);
    let Some(entity) = Entity::named("Item") else { return Ok(table) };
    let Some(first) = dataset.products.first() else { return Ok(table) };
    for (category, name) in CATEGORIES.iter().enumerate() {
        let mut row = Values::new(&table);
        row.common(first.created, first.created, 0);
        row.text(entity, "Name", Some(name));
        row.text(entity, "FullyQualifiedName", Some(name));
        row.text(entity, "Type", Some("Category"));
        row.set("Active", true);
        table.insert(id(category), row.0)?;
    }
    for (position, product) in dataset.products.iter().enumerate() {
        let name = name_of(&product.name, product.active);
        // Every fourth product stands outside of the categories.
        let category = match product.kind {
            _ if position % 4 == 3 => None,
            ProductKind::Service => Some(2),
            ProductKind::Goods => Some(position % 2),
        };
        let full = match category {
            Some(category) => format!("{}:{name}", CATEGORIES[category]),
            None => name.clone(),
        };
        let kind = match product.kind {
            ProductKind::Service => "Service",
            ProductKind::Goods if is_counted(product) => "Inventory",
            ProductKind::Goods => "NonInventory",
        };
        let mut row = Values::new(&table);
        row.common(product.created, product.updated, usize::from(product.updated > product.created));
        row.text(entity, "Name", Some(&name));
        row.text(entity, "FullyQualifiedName", Some(&full));
        row.text(entity, "Type", Some(kind));
        row.text(entity, "Sku", Some(&product.sku));
        row.set("Active", product.active);
        row.set("UnitPrice", Dec::cents(product.price));
        row.set("Description", product.description);
        row.set("ParentRef", category.map(id));
        row.set("Taxable", dataset.company.taxes[product.tax].basis_points > 0);
        row.set("PurchaseCost", Dec::cents(product.cost));
        if kind == "Inventory" {
            row.set("QtyOnHand", product.in_stock);
            row.set("InvStartDate", product.created.date_naive());
        }
        table.insert(item_id(position), row.0)?;
    }
    for (bundle, name) in BUNDLES.iter().enumerate() {
        let parts = [2 * bundle, 2 * bundle + 1].map(|part| item_id(part % dataset.products.len()));
        let mut row = Values::new(&table);
        row.common(first.created, first.created, 0);
        row.text(entity, "Name", Some(name));
        row.text(entity, "FullyQualifiedName", Some(name));
        row.text(entity, "Type", Some("Group"));
        row.text(entity, "Sku", Some(&format!("KIT-{}", bundle + 1)));
        row.set("Active", true);
        row.set("Taxable", false);
        row.set("ItemGroupDetail", Cell::from(parts.to_vec()));
        table.insert(bundle_id(dataset, bundle), row.0)?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_number_is_masked() {
        assert_eq!(masked("DE123456789"), "XXXXXX56789");
        assert_eq!(masked("12"), "XXXXXX12");
    }
}
