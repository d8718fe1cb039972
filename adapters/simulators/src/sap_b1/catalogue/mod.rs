//! The entity sets and their properties. Names and kinds are those of the Service Layer's own metadata; a property that
//! this company does not use is there too, because a real record is full of them.

mod documents;
mod masters;

pub(super) use documents::{DOCUMENT, DOCUMENT_SETS, DocumentSet};
pub(super) use masters::{BUSINESS_PARTNERS, CURRENCIES, ITEM_GROUPS, ITEMS, VAT_GROUPS};

use super::edm::{Child, Set, Type};

/// The set of a name.
pub(super) fn set(name: &str) -> Option<&'static Set> {
    sets().find(|set| set.name == name)
}

/// All sets.
pub(super) fn sets() -> impl Iterator<Item = &'static Set> {
    let masters = [&BUSINESS_PARTNERS, &ITEMS, &ITEM_GROUPS, &CURRENCIES, &VAT_GROUPS];
    DOCUMENT_SETS.iter().map(|documents| &documents.set).chain(masters)
}

/// The type and the child of a collection by the path that a `$crossjoin` names it by, such as `Orders/DocumentLines`.
pub(super) fn collection(path: &str) -> Option<(&'static Type, &'static Child)> {
    let (set_name, property) = path.split_once('/')?;
    let set = set(set_name)?;
    Some((set.row_type(property)?, set.child(property)?))
}
