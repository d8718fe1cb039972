//! Records that are elements of a collection inside a record of the source: ledger lines inside a posting, stock by warehouse
//! inside an item. Their ids are `parent:element`; the source filters, sorts and pages by parents.

use super::{Path, SetMapping};

/// A collection of which each element is a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Each {
    /// The collection's name in the parent. Paths that begin with it are the element's.
    pub elements: Path,
    /// What an element is known by within its parent.
    pub id: Path,
    /// How many elements a parent has at least: so many fewer parents fill a page.
    pub at_least: usize,
}

impl Each {
    /// The id of the parent, and that of the element within it. An empty element stands behind all of its parent's.
    pub fn split(id: &str) -> Option<(&str, &str)> {
        id.rsplit_once(':').filter(|(parent, _)| !parent.is_empty())
    }

    /// The id of an element.
    pub fn join(parent: &str, element: &str) -> String {
        format!("{parent}:{element}")
    }
}

impl SetMapping {
    /// Whether a path is one of the elements that are the set's records: the source can neither filter nor sort by it.
    pub fn is_inside(&self, path: &str) -> bool {
        let each = self.each.as_ref().map(|each| each.elements.as_str());
        each.is_some_and(|each| path.strip_prefix(each).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The id of the record of the source in which a record is: its own, or its parent's.
    pub fn source_id<'i>(&self, id: &'i str) -> Option<&'i str> {
        match self.each {
            Some(_) => Each::split(id).map(|(parent, _)| parent),
            None => Some(id),
        }
    }
}
