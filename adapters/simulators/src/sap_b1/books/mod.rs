//! Writes the company's story into tables of B1's own field names.

mod documents;
mod masters;

use chrono::{DateTime, Utc};

use super::{
    catalogue,
    edm::{Child, Set, Type},
    local_time::LocalTime,
};
use crate::{
    dataset::{Customer, Dataset},
    store::{Cell, Schema, Store, StoreError, Table, Tables, Text},
};

/// Writes the story.
///
/// # Errors
/// If the catalogue lacks a column that is filled here.
pub(super) fn write(dataset: &Dataset) -> Result<Store, StoreError> {
    let store = Store::new(catalogue::sets().flat_map(|set| {
        let children = set.children.iter().filter_map(|child| Some(child_table(set.row_type(child.property)?, child)));
        std::iter::once(table(set)).chain(children)
    }));
    {
        let mut tables = store.write();
        let tables: &mut Tables = &mut tables;
        let names = Names::of(dataset);
        let open = documents::write(dataset, &names, tables)?;
        masters::write(dataset, &names, &open, tables)?;
    }
    Ok(store)
}

/// The columns that clients filter by so often that a scan of all documents would show.
const INDEXED: &[&str] =
    &["CardCode", "ItemCode", "BPCode", "Code", "DocEntry", "DocNum", "DocDate", "UpdateDate", "BaseEntry"];

fn table(set: &'static Set) -> Table {
    let columns = set.kind.columns();
    let schema = Schema::new(set.name, &columns);
    // Rows of the other sets are numbered by the table, and found by their code.
    match set.key {
        "DocEntry" | "Number" => indexed(schema.key(set.key), &columns, Some(set.key)),
        _ => indexed(schema, &columns, None),
    }
}

fn child_table(rows: &'static Type, child: &'static Child) -> Table {
    let mut columns = rows.columns();
    if !columns.contains(&child.parent) {
        columns.push(child.parent);
    }
    indexed(Schema::new(child.table, &columns), &columns, None)
}

fn indexed(mut schema: Schema, columns: &[&'static str], key: Option<&str>) -> Table {
    for column in columns.iter().copied().filter(|column| INDEXED.contains(column) && key != Some(*column)) {
        schema = schema.index(column);
    }
    schema.build()
}

/// Texts that stand in many rows, each stored once, and the clock of all stamps.
struct Names {
    clock: LocalTime,
    cards: Vec<Card>,
    items: Vec<(Text, Text)>,
}

/// What documents copy from a customer.
struct Card {
    code: Text,
    name: Text,
    tax_number: Cell,
    address: Cell,
    street: Cell,
    postcode: Cell,
    city: Cell,
    country: Cell,
    /// The name of its address, if it has one.
    bill_to: Cell,
    ship_to: Cell,
}

/// What the addresses of a customer are called.
const BILL_TO: &str = "Rechnung";
const SHIP_TO: &str = "Lieferung";

impl Names {
    fn of(dataset: &Dataset) -> Self {
        let item = |sku: &str, name: &str| (Text::from(sku), Text::from(name));
        Self {
            clock: LocalTime::of(dataset.company.time_zone),
            cards: dataset.customers.iter().map(Card::of).collect(),
            items: dataset.products.iter().map(|product| item(&product.sku, &product.name)).collect(),
        }
    }
}

impl Card {
    fn of(customer: &Customer) -> Self {
        let text = |text: Option<&str>| Cell::from(text.map(Text::from));
        let address = customer.street.as_ref().map(|street| {
            format!(
                "{street}\r{} {}\r{}",
                customer.postcode.unwrap_or(""),
                customer.city.unwrap_or(""),
                customer.country
            )
        });
        let named = |name: &str| text(customer.street.as_ref().map(|_| name));
        Self {
            code: customer.code.as_str().into(),
            name: customer.name.as_str().into(),
            tax_number: text(customer.tax_number.as_deref()),
            address: address.into(),
            street: text(customer.street.as_deref()),
            postcode: text(customer.postcode),
            city: text(customer.city),
            country: text(customer.street.as_ref().map(|_| customer.country)),
            bill_to: named(BILL_TO),
            ship_to: named(SHIP_TO),
        }
    }
}

/// 1, and 2 for what was changed after it was written down.
fn data_version(created: DateTime<Utc>, updated: DateTime<Utc>) -> i64 {
    if updated > created { 2 } else { 1 }
}
