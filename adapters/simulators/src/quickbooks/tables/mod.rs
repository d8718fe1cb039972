//! Writes the company's story into tables in Intuit's names.
//!
//! A table has a column for every property that can be asked for, under its name; for a text another one with the text in
//! small letters, since the service compares without regard to case; and columns for what is only shown. Dotted names are
//! nested in answers.

mod accounts;
mod ids;
mod journals;
mod ledger;
mod lists;
mod names;
mod payments;
mod purchases;
mod sales;

use chrono::{DateTime, SubsecRound, Utc};

use super::entities::{COMMON, Entity, Kind};
use crate::{
    dataset::Dataset,
    store::{Cell, Schema, Store, StoreError, Table},
};
pub(super) use accounts::{DISCOUNTS, id_of as account_id};
pub(super) use journals::moves;
pub(super) use ledger::{LEDGER, Posting, postings};
pub(super) use lists::{FIRST_TAX_RATE, TERMS};
pub(super) use payments::{Linked, links};
pub(super) use purchases::{LINK_TYPES, PURCHASE_LINE};

/// The lines of all sales documents, by the id of the document in `Txn`.
pub(super) const LINE: &str = "Line";

/// What a line is, in the column `Detail`.
pub(super) mod detail {
    /// Something sold.
    pub(in crate::quickbooks) const ITEM: &str = "SalesItemLineDetail";
    /// A bundle; the lines inside name its number in the column `Group`.
    pub(in crate::quickbooks) const GROUP: &str = "GroupLineDetail";
    /// A text between lines.
    pub(in crate::quickbooks) const DESCRIPTION: &str = "DescriptionOnly";
}

/// All tables.
pub(super) fn store(dataset: &Dataset) -> Result<Store, StoreError> {
    let ids = ids::Ids::new(dataset);
    let ledger = ledger::Ledger::new(dataset, &ids)?;
    let mut tables = sales::tables(dataset, &ids)?;
    tables.extend([names::customers(dataset)?, names::items(dataset)?, purchases::vendors(dataset)?]);
    tables.extend(purchases::documents(dataset, &ids)?);
    tables.extend([payments::incoming(dataset, &ids)?, payments::outgoing(dataset, &ids)?]);
    tables.extend(journals::tables(dataset, &ids)?);
    tables.extend(lists::lists(dataset)?);
    tables.extend([accounts::accounts(dataset, &ledger.held)?, ledger.table]);
    // The story gives customers their money back by credit memos only.
    tables.push(table("RefundReceipt", &[], &[]));
    for name in ["CompanyInfo", "Preferences"] {
        let mut table = table(name, &[], &[]);
        let mut row = Values::new(&table);
        row.common(dataset.customers[0].created, dataset.customers[0].created, 1);
        table.insert(1, row.0)?;
        tables.push(table);
    }
    Ok(Store::new(tables))
}

/// An empty table of an entity, with columns for what is only shown.
fn table(name: &'static str, shown: &[&'static str], indexes: &[&'static str]) -> Table {
    let mut columns = COMMON.to_vec();
    for property in Entity::named(name).into_iter().flat_map(|entity| entity.properties) {
        columns.extend((!columns.contains(&property.name)).then_some(property.name));
        columns.extend(matches!(property.kind, Kind::Text | Kind::Word).then_some(property.lower));
    }
    columns.extend_from_slice(shown);
    indexes.iter().fold(Schema::new(name, &columns).key("Id"), |schema, column| schema.index(column)).build()
}

/// The values of a row.
struct Values(Vec<(&'static str, Cell)>);

impl Values {
    fn new(table: &Table) -> Self {
        Self(Vec::with_capacity(table.columns().len()))
    }

    fn set(&mut self, column: &'static str, value: impl Into<Cell>) {
        self.0.push((column, value.into()));
    }

    /// A text that can be asked for.
    fn text(&mut self, entity: &Entity, name: &str, value: Option<&str>) {
        if let (Some(property), Some(text)) = (entity.property(name), value) {
            self.set(property.name, text);
            self.set(property.lower, text.to_lowercase());
        }
    }

    /// What every object has. Times have whole seconds.
    fn common(&mut self, created: DateTime<Utc>, updated: DateTime<Utc>, changes: usize) {
        self.set("SyncToken", i64::try_from(changes).unwrap_or_default());
        self.set("MetaData.CreateTime", created.trunc_subsecs(0));
        self.set("MetaData.LastUpdatedTime", updated.trunc_subsecs(0));
    }
}

fn number(row: &mut Values, entity: &str, number: Option<String>) {
    if let Some(entity) = Entity::named(entity) {
        row.text(entity, "DocNumber", number.as_deref());
    }
}

/// The name of something that was made inactive: its name is free again for others.
fn name_of(name: &str, active: bool) -> String {
    if active { name.to_owned() } else { format!("{name} (deleted)") }
}
