//! Lots, and what of which product lies where: in the warehouses, and as the other side of it with partners, in
//! production and in adjustments.

use std::collections::{BTreeMap, HashMap};

use super::{Books, ids, money, quantity};
use crate::{
    dataset::StockLevel,
    decimal::Dec,
    store::{Cell, StoreError},
};

/// The ids of lots, by product and name.
pub(super) type Lots = HashMap<(usize, String), i64>;

pub(super) fn write(books: &mut Books<'_>) -> Result<Lots, StoreError> {
    let lots = lots(books)?;
    let mut next = 1;
    for level in &books.dataset.stock {
        let in_lots = books.dataset.lots.iter().filter(|lot| {
            lot.product == level.product && lot.location == level.location && books.dataset.has_lots(level.product)
        });
        let mut rest = (level.on_hand, level.reserved);
        let mut parts = Vec::new();
        for lot in in_lots {
            let reserved = rest.1.min(lot.milli_on_hand);
            rest = (rest.0 - lot.milli_on_hand, rest.1 - reserved);
            parts.push((lots.get(&(lot.product, lot.lot.clone())).copied(), lot.milli_on_hand, reserved));
        }
        if rest.0 != 0 {
            parts.push((None, rest.0, rest.1));
        }
        for (lot, on_hand, reserved) in parts {
            quant(books, next, level.product, ids::stock(level.location), (lot, on_hand, reserved))?;
            next += 1;
        }
    }
    let mut outside: BTreeMap<(usize, i64), i64> = BTreeMap::new();
    for StockLevel { product, opening, received, shipped, produced, consumed, .. } in &books.dataset.stock {
        for (location, change) in [
            (ids::VENDORS, -received),
            (ids::CUSTOMERS, *shipped),
            (ids::ADJUSTMENT, -opening),
            (ids::PRODUCTION, consumed - produced),
        ] {
            *outside.entry((*product, location)).or_default() += change;
        }
    }
    for ((product, location), on_hand) in outside.into_iter().filter(|(_, on_hand)| *on_hand != 0) {
        quant(books, next, product, location, (None, on_hand, 0))?;
        next += 1;
    }
    Ok(lots)
}

fn quant(
    books: &mut Books<'_>,
    id: i64,
    product: usize,
    location: i64,
    (lot, on_hand, reserved): (Option<i64>, i64, i64),
) -> Result<(), StoreError> {
    let installed = books.installed();
    let cost = books.dataset.products[product].cost;
    let internal = !matches!(location, ids::VENDORS | ids::CUSTOMERS | ids::ADJUSTMENT | ids::PRODUCTION);
    let values = [
        ("product_id", books.plan.products[product].into()),
        ("location_id", location.into()),
        ("lot_id", lot.into()),
        ("quantity", quantity(on_hand)),
        ("reserved_quantity", quantity(reserved)),
        ("in_date", installed.0.into()),
        // Only what the company has is worth something.
        ("value", if internal { money(cost * on_hand / 1000) } else { Cell::Null }),
    ];
    books.insert("stock.quant", id, installed, values)
}

/// Every lot that ever came in, with what is left of it.
fn lots(books: &mut Books<'_>) -> Result<Lots, StoreError> {
    let dataset = books.dataset;
    let moved = dataset.receipts.iter().map(|receipt| &receipt.lines);
    let moved = moved.chain(dataset.shipments.iter().map(|shipment| &shipment.lines)).flatten();
    let mut known: BTreeMap<(usize, &str), (i64, Option<usize>)> = BTreeMap::new();
    for (product, lot) in moved.filter_map(|line| Some((line.product, line.lot.as_deref()?))) {
        known.entry((product, lot)).or_default();
    }
    for lot in &dataset.lots {
        let (left, location) = known.entry((lot.product, &lot.lot)).or_default();
        *left += lot.milli_on_hand;
        // In two places at once it is in none.
        *location = if *left == lot.milli_on_hand { Some(lot.location) } else { None };
    }
    let installed = books.installed();
    let table = if books.version.0 <= 15 { "stock.production.lot" } else { "stock.lot" };
    let mut lots = Lots::new();
    for (at, ((product, name), (left, location))) in known.into_iter().enumerate() {
        let id = at as i64 + 2;
        let values = [
            ("name", name.into()),
            ("product_id", books.plan.products[product].into()),
            ("product_qty", Dec::new(left, 3).into()),
            ("location_id", location.map(ids::stock).into()),
        ];
        books.insert(table, id, installed, values)?;
        lots.insert((product, name.to_owned()), id);
    }
    Ok(lots)
}
