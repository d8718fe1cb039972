//! What is bought, made and sold, with prices and stock.

use super::{Books, data_version, partners::in_use, yes_no};
use crate::{
    dataset::{Product, ProductKind, StockLevel},
    decimal::Dec,
    store::{Cell, StoreError, Tables},
};

/// The groups of items: goods and work.
pub(super) const GOODS: i64 = 100;
pub(super) const SERVICES: i64 = 101;

/// Writes them all.
pub(super) fn write(books: &Books<'_>, tables: &mut Tables) -> Result<(), StoreError> {
    let products = &books.dataset.products;
    let mut levels: Vec<Vec<&StockLevel>> = vec![Vec::new(); products.len()];
    for level in &books.dataset.stock {
        levels[level.product].push(level);
    }
    let mut positions: Vec<usize> = (0..products.len()).collect();
    positions.sort_by(|left, right| products[*left].sku.cmp(&products[*right].sku));
    for position in positions {
        books.item(position, &levels[position], tables)?;
    }
    Ok(())
}

impl Books<'_> {
    fn item(&self, position: usize, levels: &[&StockLevel], tables: &mut Tables) -> Result<(), StoreError> {
        let dataset = self.dataset;
        let Product { description, kind, unit, price, cost, tax, barcode, in_stock, active, created, updated, .. } =
            &dataset.products[position];
        let (code, name) = &self.names.items[position];
        let goods = *kind == ProductKind::Goods;
        let (valid, frozen, _) = in_use(*active, position);
        let (create_date, create_time) = self.names.clock.stamp(*created);
        let (update_date, update_time) = self.names.clock.stamp(*updated);
        let sum = |of: fn(&StockLevel) -> i64| Dec::new(levels.iter().map(|level| of(level)).sum(), 3);
        let cost = Dec::cents(if goods { *cost } else { 0 });
        let made = dataset.recipe(position).is_some();
        let values = [
            ("ItemCode", code.clone().into()),
            ("ItemName", name.clone().into()),
            ("ItemsGroupCode", Cell::Int(if goods { GOODS } else { SERVICES })),
            ("SalesVATGroup", dataset.company.taxes[*tax].code.into()),
            ("PurchaseVATGroup", dataset.company.purchase_taxes.first().map(|tax| tax.code).into()),
            ("BarCode", barcode.as_deref().into()),
            ("PurchaseItem", yes_no(goods)),
            ("InventoryItem", yes_no(goods)),
            ("TreeType", if made { "iProductionTree" } else { "iNotATree" }.into()),
            ("ManageBatchNumbers", yes_no(dataset.has_lots(position))),
            ("User_Text", (*description).into()),
            ("QuantityOnStock", Dec::new(*in_stock, 0).into()),
            ("QuantityOrderedByCustomers", sum(|level| level.demanded).into()),
            ("QuantityOrderedFromVendors", sum(|level| level.awaited).into()),
            ("Valid", valid.into()),
            ("Frozen", frozen.into()),
            ("SalesUnit", (*unit).into()),
            ("PurchaseUnit", goods.then_some(*unit).into()),
            ("MovingAveragePrice", cost.into()),
            (
                "DefaultWarehouse",
                goods.then(|| dataset.locations.first().map(|location| location.code)).flatten().into(),
            ),
            ("InventoryUOM", goods.then_some(*unit).into()),
            ("ItemType", if goods { "itItems" } else { "itLabor" }.into()),
            ("UpdateDate", update_date.into()),
            ("UpdateTime", update_time.into()),
            ("CreateDate", create_date.into()),
            ("CreateTime", create_time.into()),
            ("DataVersion", data_version(*created, *updated).into()),
        ];
        tables["Items"].push(values)?;
        // A list without a price for an item has a row all the same: 0, in no currency.
        let euro = dataset.company.foreign.first().filter(|_| position.is_multiple_of(3));
        let in_euro = euro.map(|euro| (dataset.rate(*euro, dataset.today).from_base(*price), euro.code()));
        let prices = [(*price, dataset.company.currency.code()), in_euro.unwrap_or((0, "")), (0, "")];
        for (list, (price, currency)) in prices.into_iter().enumerate() {
            let values = [
                ("ItemCode", code.clone().into()),
                ("PriceList", Cell::Int(list as i64 + 1)),
                ("Price", Dec::cents(price).into()),
                ("Currency", currency.into()),
            ];
            tables["Items/ItemPrices"].push(values)?;
        }
        for level in levels {
            let values = [
                ("ItemCode", code.clone().into()),
                ("WarehouseCode", dataset.locations[level.location].code.into()),
                ("InStock", Dec::new(level.on_hand, 3).into()),
                ("Committed", Dec::new(level.demanded, 3).into()),
                ("Ordered", Dec::new(level.awaited, 3).into()),
                ("StandardAveragePrice", cost.into()),
            ];
            tables["Items/ItemWarehouseInfoCollection"].push(values)?;
        }
        Ok(())
    }
}
