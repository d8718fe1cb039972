//! The pieces of which all reports are made.

use crate::{
    decimal::{Cents, Dec},
    quickbooks::wire::{Node, Object},
};

/// A cell with a text.
pub(super) fn cell(value: &str) -> Node {
    Object::default().with("value", value).into()
}

/// A cell that names something with an id.
pub(super) fn named(value: &str, id: i64) -> Node {
    Object::default().with("value", value).with("id", id.to_string()).into()
}

/// A cell with an amount, empty without one.
pub(super) fn amount(amount: Option<Cents>) -> Node {
    amount.map_or_else(|| cell(""), |amount| cell(&Dec::cents(amount).to_string()))
}

/// Cells behind a first one.
pub(super) fn cells(first: Node, rest: impl IntoIterator<Item = Option<Cents>>) -> Vec<Node> {
    std::iter::once(first).chain(rest.into_iter().map(amount)).collect()
}

/// A row of cells as it stands inside of a section.
pub(super) fn data(cells: Vec<Node>) -> Object {
    Object::default().with("ColData", cells).with("type", "Data")
}

/// A section: a header, the rows in it and a summary.
pub(super) fn section(header: Vec<Node>, rows: Vec<Node>, summary: Vec<Node>, group: Option<&'static str>) -> Object {
    let rows = (!rows.is_empty()).then(|| Object::default().with("Row", rows));
    Object::default()
        .with("Header", Object::default().with("ColData", header))
        .maybe("Rows", rows)
        .with("Summary", Object::default().with("ColData", summary))
        .with("type", "Section")
        .maybe("group", group)
}

/// A section that is a sum only.
pub(super) fn sum(cells: Vec<Node>, group: &'static str) -> Object {
    Object::default()
        .with("Summary", Object::default().with("ColData", cells))
        .with("type", "Section")
        .with("group", group)
}

/// The definition of a column with what it says of itself.
pub(super) fn column(title: &str, kind: &str, about: &[(&str, String)]) -> Node {
    let about: Vec<Node> = about
        .iter()
        .map(|(name, value)| Object::default().with("Name", *name).with("Value", value.as_str()).into())
        .collect();
    Object::default()
        .with("ColTitle", title)
        .with("ColType", kind)
        .maybe("MetaData", (!about.is_empty()).then_some(about))
        .into()
}

/// An option of the header.
pub(super) fn option(name: &str, value: &str) -> Node {
    Object::default().with("Name", name).with("Value", value).into()
}
