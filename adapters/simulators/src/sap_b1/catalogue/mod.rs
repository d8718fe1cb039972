//! The entity sets and their properties. Names and kinds are those of the Service Layer's own metadata; a property that
//! this company does not use is there too, because a real record is full of them.

mod documents;
mod ledger;
mod masters;
mod payments;
mod works;

pub(super) use documents::{DOCUMENT, DOCUMENT_SETS, DocumentSet};
pub(super) use masters::BUSINESS_PARTNERS;

use self::{
    ledger::{
        CHART_OF_ACCOUNTS, DIMENSIONS, DISTRIBUTION_RULES, JOURNAL_ENTRIES, PROFIT_CENTERS, PROJECTS, SALES_TAX_CODES,
    },
    masters::{CURRENCIES, ITEM_GROUPS, ITEMS, PAYMENT_TERMS, VAT_GROUPS},
    payments::{INCOMING_PAYMENTS, PAYMENT_DRAFTS, VENDOR_PAYMENTS},
    works::{EMPLOYEES, PRODUCTION_ORDERS, SQL_QUERIES, USERS, WAREHOUSES},
};
use super::edm::{Child, Set, Type};

/// The sets beside the documents.
static OTHER_SETS: [&Set; 21] = [
    &BUSINESS_PARTNERS,
    &ITEMS,
    &ITEM_GROUPS,
    &CURRENCIES,
    &VAT_GROUPS,
    &SALES_TAX_CODES,
    &INCOMING_PAYMENTS,
    &VENDOR_PAYMENTS,
    &PAYMENT_DRAFTS,
    &CHART_OF_ACCOUNTS,
    &JOURNAL_ENTRIES,
    &DISTRIBUTION_RULES,
    &PROFIT_CENTERS,
    &DIMENSIONS,
    &PROJECTS,
    &WAREHOUSES,
    &PRODUCTION_ORDERS,
    &USERS,
    &EMPLOYEES,
    &SQL_QUERIES,
    &PAYMENT_TERMS,
];

/// The set of a name.
pub(super) fn set(name: &str) -> Option<&'static Set> {
    sets().find(|set| set.name == name)
}

/// All sets.
pub(super) fn sets() -> impl Iterator<Item = &'static Set> {
    DOCUMENT_SETS.iter().map(|documents| &documents.set).chain(OTHER_SETS)
}

/// The type and the child of a collection by the path that a `$crossjoin` names it by, such as `Orders/DocumentLines`.
pub(super) fn collection(path: &str) -> Option<(&'static Type, &'static Child)> {
    let (set_name, property) = path.split_once('/')?;
    let set = set(set_name)?;
    Some((set.row_type(property)?, set.child(property)?))
}
