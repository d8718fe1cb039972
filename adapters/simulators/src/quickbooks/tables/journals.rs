//! Journal entries and adjustments of the stock: the postings that no document stands behind.

use super::{
    Values,
    accounts::id_of,
    ids::Ids,
    names::{is_counted, item_id},
    number, table,
};
use crate::{
    dataset::{AccountRole, Dataset, Source},
    decimal::Dec,
    store::{Cell, StoreError, Table},
};

pub(super) fn tables(dataset: &Dataset, ids: &Ids) -> Result<Vec<Table>, StoreError> {
    let updated = "MetaData.LastUpdatedTime";
    let mut journals = table("JournalEntry", &["PrivateNote"], &["docnumber", "TxnDate", updated]);
    let mut adjustments =
        table("InventoryAdjustment", &["TxnDate", "DocNumber", "AdjustAccountRef", "Lines"], &[updated]);
    for (position, entry) in dataset.entries.iter().enumerate().filter(|(at, _)| ids.entries[*at] > 0) {
        let id = ids.entries[position];
        let moved = moved(dataset, entry.source);
        let table = if moved.is_none() { &mut journals } else { &mut adjustments };
        let mut row = Values::new(table);
        row.common(entry.created, entry.created, 0);
        row.set("TxnDate", entry.date);
        match moved {
            None => {
                let own = format!("JE-{}-{}", entry.date.format("%y"), entry.sequence);
                number(&mut row, "JournalEntry", Some(own));
                row.set("PrivateNote", entry.text);
            }
            Some(lines) => {
                row.set("DocNumber", format!("{}", entry.sequence));
                row.set("AdjustAccountRef", id_of(counterpart(entry.source)));
                row.set("Lines", Cell::from(lines));
            }
        }
        table.insert(id, row.0)?;
    }
    Ok(vec![journals, adjustments])
}

/// What an entry moved, as pairs of an item and of thousandths, where only goods that are counted stand; `None` for what was
/// written by hand.
fn moved(dataset: &Dataset, source: Source) -> Option<Vec<i64>> {
    let moves: Vec<(usize, i64)> = match source {
        Source::Receipt(at) => {
            dataset.receipts[at].lines.iter().map(|line| (line.product, line.milli_quantity)).collect()
        }
        Source::Shipment(at) => {
            dataset.shipments[at].lines.iter().map(|line| (line.product, -line.milli_quantity)).collect()
        }
        Source::WorkOrder(at) => {
            let order = &dataset.work_orders[at];
            let taken = order.components.iter().map(|component| (component.product, -component.milli_consumed));
            std::iter::once((order.product, order.milli_produced)).chain(taken).collect()
        }
        _ => return None,
    };
    let counted = moves.iter().filter(|(product, _)| is_counted(&dataset.products[*product]));
    Some(counted.flat_map(|(product, moved)| [item_id(*product), *moved]).collect())
}

/// The account that pays for what an adjustment puts on the shelf.
fn counterpart(source: Source) -> AccountRole {
    match source {
        Source::Receipt(_) => AccountRole::Unbilled,
        Source::Shipment(_) => AccountRole::CostOfSales,
        _ => AccountRole::PriceDifference,
    }
}

/// The lines of an adjustment: the item and how many more of it there are.
pub(in crate::quickbooks) fn moves(cell: &Cell) -> impl Iterator<Item = (i64, Dec)> {
    let moves = match cell {
        Cell::Ids(moves) => moves.as_slice(),
        _ => &[],
    };
    moves.chunks_exact(2).map(|line| (line[0], Dec::new(line[1], 3)))
}
