//! Writes the company's story into tables of B1's own field names.

mod chart;
mod documents;
mod items;
mod ledger;
mod masters;
mod partners;
mod payments;
mod places;
mod purchases;
mod sales;
mod voided;
mod works;

use chrono::{DateTime, Utc};

use self::{ledger::Numbers, places::Places};
use super::{
    catalogue,
    edm::{Child, Set, Type},
    local_time::LocalTime,
};
use crate::{
    dataset::{AccountRole, Currency, Customer, Dataset, Dimensions, Vendor},
    store::{Cell, Schema, Store, StoreError, Table, Tables, Text},
};

/// The exchange rates, which are no entity set: they are read by a function and by SQL.
pub(super) const RATES: &str = "ORTT";

/// Writes the story.
///
/// # Errors
/// If the catalogue lacks a column that is filled here.
pub(super) fn write(dataset: &Dataset) -> Result<Store, StoreError> {
    let sets = catalogue::sets().flat_map(|set| {
        let children = set.children.iter().filter_map(|child| Some(child_table(set.row_type(child.property)?, child)));
        std::iter::once(table(set)).chain(children)
    });
    let rates = Schema::new(RATES, &["RateDate", "Currency", "Rate"]).index("RateDate").build();
    let store = Store::new(sets.chain([rates]));
    {
        let mut tables = store.write();
        let tables: &mut Tables = &mut tables;
        let names = Names::of(dataset);
        let places = Places::of(dataset);
        let numbers = Numbers::of(dataset);
        let books = Books { dataset, names: &names, places: &places, numbers: &numbers };
        let mut open = documents::Open::of(dataset);
        sales::write(&books, &mut open, tables)?;
        purchases::write(&books, &mut open, tables)?;
        payments::write(&books, tables)?;
        let balances = ledger::write(&books, tables)?;
        works::write(&books, tables)?;
        partners::write(&books, &open, &balances, tables)?;
        items::write(&books, tables)?;
        masters::write(&books, tables)?;
    }
    Ok(store)
}

/// What is written from.
struct Books<'a> {
    dataset: &'a Dataset,
    names: &'a Names,
    places: &'a Places,
    numbers: &'a Numbers,
}

/// The columns that clients filter by so often that a scan of all documents would show.
const INDEXED: &[&str] = &[
    "CardCode",
    "ItemCode",
    "BPCode",
    "Code",
    "DocEntry",
    "DocNum",
    "DocDate",
    "UpdateDate",
    "BaseEntry",
    "Payment",
    "JdtNum",
    "FactorCode",
    "ReferenceDate",
    "DocumentAbsoluteEntry",
];

/// The keys that are numbers, which the table keeps.
const NUMBERS: &[&str] =
    &["DocEntry", "Number", "JdtNum", "AbsoluteEntry", "InternalKey", "EmployeeID", "DimensionCode", "GroupNumber"];

/// Columns that no property of the entity shows, and SQL does.
const HIDDEN: &[(&str, &[&str])] = &[
    ("IncomingPayments", PAYMENT_HIDDEN),
    ("VendorPayments", PAYMENT_HIDDEN),
    ("PaymentDrafts", PAYMENT_HIDDEN),
    ("JournalEntries", &["CreateDate"]),
    ("ProductionOrders", &["UpdateDate"]),
];

const PAYMENT_HIDDEN: &[&str] = &["DocTotal", "DocTotalFC", "TransId", "CreateDate", "UpdateDate"];

fn table(set: &'static Set) -> Table {
    let mut columns = set.kind.columns();
    let hidden = HIDDEN.iter().filter(|(name, _)| *name == set.name).flat_map(|(_, hidden)| *hidden);
    columns.extend(hidden);
    let schema = Schema::new(set.name, &columns);
    // Rows of the other sets are numbered by the table, and found by their code.
    if NUMBERS.contains(&set.key) {
        return indexed(schema.key(set.key), &columns, Some(set.key));
    }
    indexed(schema, &columns, None)
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
    customers: Vec<Card>,
    vendors: Vec<Card>,
    items: Vec<(Text, Text)>,
    accounts: Vec<Text>,
    dimensions: Vec<Text>,
}

/// What documents copy from a partner.
struct Card {
    code: Text,
    name: Text,
    currency: Currency,
    payment_days: i64,
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

/// What the addresses of a partner are called.
const BILL_TO: &str = "Rechnung";
const SHIP_TO: &str = "Lieferung";

impl Names {
    fn of(dataset: &Dataset) -> Self {
        let item = |sku: &str, name: &str| (Text::from(sku), Text::from(name));
        Self {
            clock: LocalTime::of(dataset.company.time_zone),
            customers: dataset.customers.iter().map(Card::of_customer).collect(),
            vendors: dataset.vendors.iter().map(Card::of_vendor).collect(),
            items: dataset.products.iter().map(|product| item(&product.sku, &product.name)).collect(),
            accounts: dataset.accounts.iter().map(|account| account.code.into()).collect(),
            dimensions: dataset.dimensions.iter().map(|dimension| dimension.code.into()).collect(),
        }
    }

    /// The code of the account of a role.
    fn account(&self, role: AccountRole) -> Cell {
        self.accounts[role.position()].clone().into()
    }

    /// The codes of cost centre and project.
    fn costing(&self, dimensions: Dimensions) -> (Cell, Cell) {
        let code = |position: Option<usize>| Cell::from(position.map(|position| self.dimensions[position].clone()));
        (code(dimensions.cost_centre), code(dimensions.project))
    }
}

impl Card {
    fn of_customer(customer: &Customer) -> Self {
        let address = (customer.street.as_deref(), customer.postcode, customer.city, customer.country);
        Self {
            currency: customer.currency,
            payment_days: i64::from(customer.payment_days),
            ..Self::new(&customer.code, &customer.name, customer.tax_number.as_deref(), address)
        }
    }

    fn of_vendor(vendor: &Vendor) -> Self {
        let address = (vendor.street.as_deref(), vendor.postcode, vendor.city, vendor.country);
        Self {
            currency: vendor.currency,
            payment_days: i64::from(vendor.payment_days),
            ..Self::new(&vendor.code, &vendor.name, vendor.tax_number.as_deref(), address)
        }
    }

    fn new(
        code: &str,
        name: &str,
        tax_number: Option<&str>,
        (street, postcode, city, country): (Option<&str>, Option<&str>, Option<&str>, &str),
    ) -> Self {
        let text = |text: Option<&str>| Cell::from(text.map(Text::from));
        let address =
            street.map(|street| format!("{street}\r{} {}\r{country}", postcode.unwrap_or(""), city.unwrap_or("")));
        let named = |name: &str| text(street.map(|_| name));
        Self {
            code: code.into(),
            name: name.into(),
            currency: Currency::Chf,
            payment_days: 0,
            tax_number: text(tax_number),
            address: address.into(),
            street: text(street),
            postcode: text(postcode),
            city: text(city),
            country: text(street.map(|_| country)),
            bill_to: named(BILL_TO),
            ship_to: named(SHIP_TO),
        }
    }
}

/// 1, and 2 for what was changed after it was written down.
fn data_version(created: DateTime<Utc>, updated: DateTime<Utc>) -> i64 {
    if updated > created { 2 } else { 1 }
}

/// The code of a payment term: sets of B1 begin with cash at -1.
fn payment_group(days: i64) -> i64 {
    match days {
        0 => -1,
        1..=14 => 2,
        15..=30 => 3,
        _ => 4,
    }
}

fn yes_no(yes: bool) -> Cell {
    if yes { "tYES" } else { "tNO" }.into()
}
