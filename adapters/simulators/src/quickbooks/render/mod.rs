//! From rows to the objects of an answer, in the order of members that the live service has.

mod accounting;
mod lists;
mod names;
mod payments;
mod purchases;
mod sales;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

use super::wire::{Node, Object};
use crate::{
    dataset::{Company, Currency},
    decimal::Dec,
    store::{Cell, Row, Tables},
};

/// What rendering needs besides the row.
#[derive(Clone, Copy)]
pub(super) struct Renderer<'a> {
    pub(super) tables: &'a Tables,
    pub(super) company: &'a Company,
    pub(super) zone: Tz,
}

/// A moment as the service writes it, in the zone of the company.
pub(super) fn time(moment: DateTime<Utc>, zone: Tz, format: SecondsFormat) -> String {
    moment.with_timezone(&zone).to_rfc3339_opts(format, false)
}

impl Renderer<'_> {
    /// The object of a row of the entity's table.
    pub(super) fn object(&self, entity: &str, row: &Row<'_>) -> Object {
        match entity {
            "Customer" => self.customer(row),
            "Item" => self.item(row),
            "Invoice" => self.invoice(row),
            "SalesReceipt" => self.sales_receipt(row),
            "CreditMemo" => self.memo(row),
            "Estimate" => self.estimate(row),
            "Payment" => self.payment(row),
            "Vendor" => self.vendor(row),
            "Bill" => self.bill(row),
            "VendorCredit" => self.vendor_credit(row),
            "PurchaseOrder" => self.purchase_order(row),
            "BillPayment" => self.bill_payment(row),
            "Account" => self.account(row),
            "JournalEntry" => self.journal_entry(row),
            "InventoryAdjustment" => self.inventory_adjustment(row),
            "CompanyInfo" => self.company_info(row),
            "Preferences" => self.preferences(row),
            list => self.list_entry(list, row),
        }
    }

    fn entity(&self, row: &Row<'_>) -> Object {
        Object::default()
            .with("domain", "QBO")
            .with("sparse", false)
            .with("Id", row.id().to_string())
            .with("SyncToken", row["SyncToken"].as_int().unwrap_or_default().to_string())
            .with("MetaData", self.times(row))
    }

    fn times(&self, row: &Row<'_>) -> Object {
        Object::default()
            .with("CreateTime", self.stamp(row, "MetaData.CreateTime"))
            .with("LastUpdatedTime", self.stamp(row, "MetaData.LastUpdatedTime"))
    }

    fn stamp(&self, row: &Row<'_>, column: &str) -> String {
        row[column].as_stamp().map(|stamp| time(stamp, self.zone, SecondsFormat::Secs)).unwrap_or_default()
    }

    fn address(&self, customer: &Row<'_>, id: i64) -> Option<Object> {
        let street = text(customer, "BillAddr.Line1")?;
        Some(
            Object::default()
                .with("Id", id.to_string())
                .with("Line1", street)
                .maybe("City", text(customer, "BillAddr.City"))
                .maybe("Country", text(customer, "BillAddr.Country"))
                .maybe("CountrySubDivisionCode", text(customer, "BillAddr.CountrySubDivisionCode"))
                .maybe("PostalCode", text(customer, "BillAddr.PostalCode"))
                .with("Lat", "INVALID")
                .with("Long", "INVALID"),
        )
    }

    /// The address as a window envelope has it.
    fn free_address(&self, customer: &Row<'_>, id: i64) -> Option<Object> {
        let street = text(customer, "BillAddr.Line1")?;
        let place: Vec<_> = ["BillAddr.City", "BillAddr.CountrySubDivisionCode", "BillAddr.PostalCode"]
            .iter()
            .filter_map(|column| text(customer, column))
            .collect();
        Some(
            Object::default()
                .with("Id", id.to_string())
                .maybe("Line1", text(customer, "CompanyName"))
                .with("Line2", street)
                .with("Line3", place.join(" "))
                .maybe("Line4", text(customer, "BillAddr.Country"))
                .with("Lat", "INVALID")
                .with("Long", "INVALID"),
        )
    }

    fn name(&self, table: &str, id: i64, column: &str) -> Option<&str> {
        self.tables[table].get(id)?.get(column)?.as_str()
    }

    /// A reference with the name that things of its kind are known by.
    fn named(&self, table: &str, cell: &Cell) -> Option<Object> {
        let column = match table {
            "Customer" | "Vendor" => "DisplayName",
            "PaymentMethod" | "Term" => "Name",
            _ => "FullyQualifiedName",
        };
        cell.as_int().map(|id| reference(id, self.name(table, id, column)))
    }
}

fn reference(id: i64, name: Option<&str>) -> Object {
    Object::default().with("value", id.to_string()).maybe("name", name)
}

/// The currency with Intuit's name of it.
fn currency(row: &Row<'_>) -> Object {
    let code = row["CurrencyRef"].as_str().unwrap_or_default();
    Object::default().with("value", code).with("name", currency_name(code))
}

/// Intuit's name of a currency, which is not ISO's.
pub(super) fn currency_name(code: &str) -> &str {
    match code {
        "USD" => "United States Dollar",
        "GBP" => "British Pound Sterling",
        code => [Currency::Eur, Currency::Cad, Currency::Chf]
            .iter()
            .find(|currency| currency.code() == code)
            .map_or(code, |currency| currency.name()),
    }
}

fn mail(address: String) -> Object {
    Object::default().with("Address", address)
}

fn text(row: &Row<'_>, column: &str) -> Option<String> {
    row[column].as_str().map(str::to_owned)
}

fn day(row: &Row<'_>, column: &str) -> Option<String> {
    row[column].as_date().map(|date| date.to_string())
}

fn number(cell: &Cell) -> Option<Node> {
    cell.as_dec().map(Node::Number)
}

pub(super) fn cents(cell: &Cell) -> i64 {
    cell.as_dec().map_or(0, Dec::to_cents)
}

fn money(cell: &Cell) -> Option<Node> {
    cell.as_dec().map(|amount| Node::Money(amount.to_cents()))
}
