//! Products, each with a template of its own, their units and categories.

use super::{Books, ids, money, quantity};
use crate::{
    dataset::{ProductKind, StockLevel},
    decimal::Dec,
    odoo::version::Version,
    store::{Cell, StoreError},
};

/// The id of a product's template, which is another than its own.
pub(super) fn template(product: i64) -> i64 {
    product - 2
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    for (id, name, category) in [(1, "Units", 1), (3, "Dozens", 1), (4, "h", 3), (9, "m", 4), (12, "kg", 2)] {
        let factor = if id == 3 { Dec::new(12, 0) } else { Dec::new(1, 0) };
        let values = [
            ("name", name.into()),
            ("category_id", Cell::Int(category)),
            ("uom_type", if id == 3 { "bigger" } else { "reference" }.into()),
            ("factor", factor.into()),
            ("rounding", Dec::new(1, 2).into()),
            ("active", (id != 3).into()),
        ];
        books.insert("uom.uom", id, installed, values)?;
    }
    for (id, name) in [(1, "Unit"), (2, "Weight"), (3, "Working Time"), (4, "Length / Distance")] {
        books.insert("uom.category", id, installed, [("name", name.into())])?;
    }
    for (id, name, complete, parent) in
        [(1, "Goods", "Goods", None), (2, "Machines", "Goods / Machines", Some(1)), (3, "Services", "Services", None)]
    {
        let path = parent.map_or(format!("{id}/"), |parent: i64| format!("{parent}/{id}/"));
        let values = [
            ("name", name.into()),
            ("complete_name", complete.into()),
            ("parent_id", parent.into()),
            ("parent_path", path.into()),
        ];
        books.insert("product.category", id, installed, values)?;
    }
    let stock = stock(books);
    for (position, product) in books.dataset.products.iter().enumerate() {
        let level = stock[position];
        let service = product.kind == ProductKind::Service;
        let id = books.plan.products[position];
        let category = if service { 3 } else { 1 + (position.is_multiple_of(3)) as i64 };
        let common = [
            ("name", product.name.as_str().into()),
            ("default_code", product.sku.as_str().into()),
            ("barcode", product.barcode.clone().into()),
            ("list_price", money(product.price)),
            ("standard_price", money(product.cost)),
            ("type", kind(service, books.version).into()),
            ("is_storable", (!service).into()),
            ("uom_id", ids::unit(product.unit).into()),
            ("categ_id", Cell::Int(category)),
            ("sale_ok", true.into()),
            ("purchase_ok", (!service).into()),
            ("description_sale", product.description.into()),
            ("active", product.active.into()),
        ];
        let stamps = (product.created, product.updated);
        books.insert("product.template", template(id), stamps, common.clone())?;
        let own = [
            ("product_tmpl_id", template(id).into()),
            ("taxes_id", vec![ids::tax(product.tax)].into()),
            ("weight", (!service).then(|| Dec::new(120 + position as i64, 3)).into()),
            ("supplier_taxes_id", vec![ids::purchase_tax(product.tax)].into()),
            ("tracking", if books.dataset.has_lots(position) { "lot" } else { "none" }.into()),
            ("qty_available", quantity(level.on_hand)),
            ("free_qty", quantity(level.available())),
            ("incoming_qty", quantity(level.awaited)),
            ("outgoing_qty", quantity(level.demanded)),
            ("virtual_available", quantity(level.on_hand + level.awaited - level.demanded)),
            ("create_date", product.created.into()),
            ("write_date", product.updated.into()),
        ];
        books.tables["product.product"].insert(id, common.into_iter().chain(own))?;
    }
    Ok(())
}

/// Until 17 what is kept in stock has a type of its own.
fn kind(service: bool, version: Version) -> &'static str {
    match (service, version.0) {
        (true, _) => "service",
        (false, ..=17) => "product",
        (false, _) => "consu",
    }
}

/// What there is of each product in all places together.
fn stock(books: &Books<'_>) -> Vec<StockLevel> {
    let mut stock = vec![StockLevel::default(); books.dataset.products.len()];
    for level in &books.dataset.stock {
        let all = &mut stock[level.product];
        all.on_hand += level.on_hand;
        all.reserved += level.reserved;
        all.awaited += level.awaited;
        all.demanded += level.demanded;
    }
    stock
}
