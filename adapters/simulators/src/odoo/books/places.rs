//! Warehouses, their locations and kinds of transfers.

use super::{Books, ids};
use crate::store::{Cell, StoreError};

/// A location.
struct Place {
    id: i64,
    name: &'static str,
    usage: &'static str,
    /// Until 18 the places outside of warehouses had parents too.
    parent: Option<(i64, &'static str)>,
    company: Option<i64>,
}

const PHYSICAL: Option<(i64, &str)> = Some((1, "Physical Locations"));
const PARTNERS: Option<(i64, &str)> = Some((2, "Partners"));
const VIRTUAL: Option<(i64, &str)> = Some((3, "Virtual Locations"));

const fn place(
    id: i64,
    name: &'static str,
    usage: &'static str,
    parent: Option<(i64, &'static str)>,
    company: Option<i64>,
) -> Place {
    Place { id, name, usage, parent, company }
}

const SHARED: &[Place] = &[
    place(ids::VENDORS, "Vendors", "supplier", PARTNERS, None),
    place(ids::CUSTOMERS, "Customers", "customer", PARTNERS, None),
    place(6, "Inter-warehouse transit", "transit", PHYSICAL, Some(ids::COMPANY)),
    place(ids::ADJUSTMENT, "Inventory adjustment", "inventory", VIRTUAL, Some(ids::COMPANY)),
    place(ids::PRODUCTION, "Production", "production", VIRTUAL, Some(ids::COMPANY)),
    place(16, "Scrap", "inventory", VIRTUAL, Some(ids::COMPANY)),
];

/// Id within a warehouse, what it is called, its code, the prefix of its numbers, and whether it takes goods from the
/// warehouse's stock and puts them there.
const OPERATIONS: &[(i64, &str, &str, &str, bool, bool)] = &[
    (0, "Receipts", "incoming", "IN", false, true),
    (1, "Delivery Orders", "outgoing", "OUT", true, false),
    (4, "Internal Transfers", "internal", "INT", true, true),
    (8, "Manufacturing", "mrp_operation", "MO", true, true),
];

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let nested = !books.version.rewritten();
    if nested {
        for (id, name) in [PHYSICAL, PARTNERS, VIRTUAL].into_iter().flatten() {
            let values = [
                ("name", name.into()),
                ("complete_name", name.into()),
                ("usage", "view".into()),
                ("parent_path", format!("{id}/").into()),
                ("active", true.into()),
            ];
            books.insert("stock.location", id, installed, values)?;
        }
    }
    for place in SHARED {
        let parent = place.parent.filter(|_| nested);
        let (complete, path) = match parent {
            Some((id, parent)) => (format!("{parent}/{}", place.name), format!("{id}/{}/", place.id)),
            None => (place.name.to_owned(), format!("{}/", place.id)),
        };
        let values = [
            ("name", place.name.into()),
            ("complete_name", complete.into()),
            ("usage", place.usage.into()),
            ("location_id", parent.map(|(id, _)| id).into()),
            ("parent_path", path.into()),
            ("company_id", place.company.into()),
            // Transit is archived as long as there are no routes between warehouses.
            ("active", (place.usage != "transit").into()),
        ];
        books.insert("stock.location", place.id, installed, values)?;
    }
    for position in 0..books.dataset.locations.len() {
        warehouse(books, position)?;
    }
    Ok(())
}

fn warehouse(books: &mut Books<'_>, position: usize) -> Result<(), StoreError> {
    let installed = books.installed();
    let location = &books.dataset.locations[position];
    let (id, stock) = (ids::warehouse(position), ids::stock(position));
    let view = stock - 1;
    for (id, name, complete, usage, parent) in [
        (view, location.code, location.code.to_owned(), "view", None),
        (stock, "Stock", format!("{}/Stock", location.code), "internal", Some(view)),
    ] {
        let path = parent.map_or(format!("{id}/"), |parent| format!("{parent}/{id}/"));
        let values = [
            ("name", name.into()),
            ("complete_name", complete.into()),
            ("usage", usage.into()),
            ("location_id", parent.into()),
            ("parent_path", path.into()),
            ("company_id", ids::COMPANY.into()),
            ("warehouse_id", ids::warehouse(position).into()),
            ("barcode", (usage == "internal").then(|| format!("{}-STOCK", location.code)).into()),
            ("active", true.into()),
        ];
        books.insert("stock.location", id, installed, values)?;
    }
    let operation = |kind| Cell::Int(ids::operation(position, kind));
    let values = [
        ("name", location.name.into()),
        ("code", location.code.into()),
        ("active", true.into()),
        ("view_location_id", view.into()),
        ("lot_stock_id", stock.into()),
        ("in_type_id", operation(0)),
        ("out_type_id", operation(1)),
        ("int_type_id", operation(4)),
        ("manu_type_id", operation(8)),
        ("sequence", (10 + position as i64).into()),
    ];
    books.insert("stock.warehouse", id, installed, values)?;
    for (kind, name, code, prefix, from, to) in OPERATIONS {
        let outside = if *from { ids::CUSTOMERS } else { ids::VENDORS };
        let values = [
            ("name", (*name).into()),
            ("code", (*code).into()),
            ("sequence_code", (*prefix).into()),
            ("sequence", (1 + kind).into()),
            ("warehouse_id", id.into()),
            ("default_location_src_id", if *from { stock } else { outside }.into()),
            ("default_location_dest_id", if *to { stock } else { outside }.into()),
            ("barcode", format!("{}-{prefix}", location.code).into()),
            ("active", true.into()),
        ];
        books.insert("stock.picking.type", ids::operation(position, *kind), installed, values)?;
    }
    Ok(())
}
