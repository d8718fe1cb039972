//! Where stock lies: warehouses, locations, kinds of transfers, lots, and what is on hand.

use super::{
    Display, Literal, Model,
    field::{
        Choices, Field, boolean, char, date, datetime, float, html, integer, many2one, monetary, one2many, selection,
    },
};
use crate::{
    decimal::Dec,
    odoo::{books::ids, orm::View},
    store::{Cell, Row},
};

pub(super) const USAGES: Choices = &[
    ("supplier", "Vendor"),
    ("view", "Virtual"),
    ("internal", "Internal"),
    ("customer", "Customer"),
    ("inventory", "Inventory Loss"),
    ("production", "Production"),
    ("transit", "Transit"),
];

pub(super) const OPERATIONS: Choices = &[
    ("incoming", "Receipt"),
    ("outgoing", "Delivery"),
    ("internal", "Internal Transfer"),
    ("mrp_operation", "Manufacturing"),
];

pub(super) const TRACKING: Choices =
    &[("serial", "By Unique Serial Number"), ("lot", "By Lots"), ("none", "By Quantity")];

pub(super) const WAREHOUSE: Model = Model {
    name: "stock.warehouse",
    label: "Warehouse",
    order: &[(0, "sequence, id")],
    fields: &[
        char("name", "Warehouse").required(),
        char("code", "Short Name").required(),
        boolean("active", "Active"),
        many2one("company_id", "Company", "res.company").required().readonly().always(Literal::Int(ids::COMPANY)),
        many2one("partner_id", "Address", "res.partner").always(Literal::Int(1)),
        many2one("view_location_id", "View Location", "stock.location").required(),
        many2one("lot_stock_id", "Location Stock", "stock.location").required(),
        many2one("in_type_id", "In Type", "stock.picking.type"),
        many2one("out_type_id", "Out Type", "stock.picking.type"),
        many2one("int_type_id", "Internal Type", "stock.picking.type"),
        many2one("manu_type_id", "Manufacturing Operation Type", "stock.picking.type"),
        selection(
            "reception_steps",
            "Incoming Shipments",
            &[
                ("one_step", "Receive and Store (1 step)"),
                ("two_steps", "Receive then Store (2 steps)"),
                ("three_steps", "Receive, Quality Control, then Store (3 steps)"),
            ],
        )
        .required()
        .always(Literal::Text("one_step")),
        selection(
            "delivery_steps",
            "Outgoing Shipments",
            &[
                ("ship_only", "Deliver (1 step)"),
                ("pick_ship", "Pick then Deliver (2 steps)"),
                ("pick_pack_ship", "Pick, Pack, then Deliver (3 steps)"),
            ],
        )
        .required()
        .always(Literal::Text("ship_only")),
        integer("sequence", "Sequence"),
    ],
    by_company: true,
    module: "stock",
    ..Model::PLAIN
};

pub(super) const LOCATION: Model = Model {
    name: "stock.location",
    label: "Inventory Locations",
    order: &[(0, "complete_name, id")],
    display: Display::Column("complete_name"),
    searched: &["complete_name", "barcode"],
    fields: &[
        char("name", "Location Name").required(),
        char("complete_name", "Full Location Name").readonly(),
        boolean("active", "Active"),
        selection("usage", "Location Type", USAGES).required(),
        many2one("location_id", "Parent Location", "stock.location"),
        one2many("child_ids", "Contains", "stock.location", "location_id"),
        char("parent_path", "Parent Path"),
        many2one("company_id", "Company", "res.company"),
        char("barcode", "Barcode"),
        many2one("warehouse_id", "Warehouse", "stock.warehouse").readonly(),
        one2many("quant_ids", "Quant", "stock.quant", "location_id"),
        boolean("scrap_location", "Is a Scrap Location?")
            .until(18)
            .by(|row, _| (row["name"].as_str() == Some("Scrap")).into()),
        boolean("return_location", "Is a Return Location?").until(18).always(Literal::Bool(false)),
        boolean("replenish_location", "Replenishments").since(16).always(Literal::Bool(false)),
        html("comment", "Additional Information").until(18).empty(),
    ],
    indexes: &["location_id"],
    by_company: true,
    module: "stock",
    ..Model::PLAIN
};

pub(super) const OPERATION: Model = Model {
    name: "stock.picking.type",
    label: "Picking Type",
    order: &[(0, "sequence, id")],
    display: Display::By(|row, view| {
        let warehouse = row["warehouse_id"].as_int().map(|id| view.label("stock.warehouse", id));
        match (warehouse, row["name"].as_str()) {
            (Some(warehouse), Some(name)) => format!("{}: {name}", &*warehouse).into(),
            _ => row["name"].clone(),
        }
    }),
    searched: &["name", "warehouse_id.name"],
    fields: &[
        char("name", "Operation Type").required(),
        selection("code", "Type of Operation", OPERATIONS).required(),
        integer("sequence", "Sequence"),
        char("sequence_code", "Sequence Prefix").required(),
        many2one("warehouse_id", "Warehouse", "stock.warehouse"),
        many2one("default_location_src_id", "Source Location", "stock.location").required(),
        many2one("default_location_dest_id", "Destination Location", "stock.location").required(),
        many2one("return_picking_type_id", "Operation Type for Returns", "stock.picking.type").empty(),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)),
        boolean("active", "Active"),
        char("barcode", "Barcode"),
        boolean("use_create_lots", "Create New Lots/Serial Numbers").always(Literal::Bool(true)),
        boolean("use_existing_lots", "Use Existing Lots/Serial Numbers").always(Literal::Bool(true)),
        integer("color", "Color"),
    ],
    by_company: true,
    module: "stock",
    ..Model::PLAIN
};

const LOT_FIELDS: &[Field] = &[
    char("name", "Lot/Serial Number").required(),
    char("ref", "Internal Reference"),
    many2one("product_id", "Product", "product.product").required(),
    many2one("product_uom_id", "Unit", "uom.uom").related().readonly().through("product_id", "uom_id"),
    float("product_qty", "On Hand Quantity").searched(),
    html("note", "Description").empty(),
    many2one("company_id", "Company", "res.company").always(Literal::Int(ids::COMPANY)),
    one2many("quant_ids", "Quants", "stock.quant", "lot_id").readonly(),
    many2one("location_id", "Location", "stock.location").since(17),
];

pub(super) const LOT: Model = Model {
    name: "stock.lot",
    label: "Lot/Serial",
    order: &[(0, "name, id")],
    fields: LOT_FIELDS,
    indexes: &["product_id"],
    by_company: true,
    module: "stock",
    releases: (16, u16::MAX),
    ..Model::PLAIN
};

/// What lots were called until 15.
pub(super) const OLD_LOT: Model = Model { name: "stock.production.lot", releases: (0, 15), ..LOT };

pub(super) const QUANT: Model = Model {
    name: "stock.quant",
    label: "Quants",
    display: Display::By(|row, view| {
        let label = |field: &str, model| row[field].as_int().map(|id| view.label(model, id));
        let places = [label("location_id", "stock.location"), label("lot_id", "stock.lot")];
        let places: Vec<_> = places.iter().flatten().map(|place| place.to_string()).collect();
        if view.version().0 >= 17 { places.join(" - ").into() } else { label("product_id", "product.product").into() }
    }),
    searched: &["location_id", "lot_id"],
    fields: &[
        many2one("product_id", "Product", "product.product").required(),
        many2one("product_tmpl_id", "Product Template", "product.template")
            .related()
            .readonly()
            .through("product_id", "product_tmpl_id"),
        many2one("product_uom_id", "Unit", "uom.uom").related().readonly().through("product_id", "uom_id"),
        many2one("product_categ_id", "Product Category", "product.category")
            .related()
            .readonly()
            .through("product_id", "categ_id"),
        many2one("company_id", "Company", "res.company").readonly().through("location_id", "company_id"),
        many2one("location_id", "Location", "stock.location").required(),
        many2one("warehouse_id", "Warehouse", "stock.warehouse")
            .related()
            .readonly()
            .through("location_id", "warehouse_id")
            .since(16),
        many2one("lot_id", "Lot/Serial Number", "stock.production.lot").until(15),
        many2one("lot_id", "Lot/Serial Number", "stock.lot").since(16),
        many2one("package_id", "Package", "stock.quant.package").empty().until(18),
        many2one("package_id", "Package", "stock.package").empty().since(19),
        many2one("owner_id", "Owner", "res.partner").empty(),
        float("quantity", "Quantity").readonly(),
        float("reserved_quantity", "Reserved Quantity").required().readonly(),
        float("available_quantity", "Available Quantity").computed().by(|row, _| available(row)),
        datetime("in_date", "Incoming Date").required().readonly(),
        selection("tracking", "Tracking", TRACKING).related().readonly().through("product_id", "tracking"),
        boolean("on_hand", "On Hand").searched().by(on_hand),
        float("inventory_quantity", "Counted").empty().since(15),
        float("inventory_quantity", "Inventoried Quantity").computed().of("quantity").until(14),
        float("inventory_quantity_auto_apply", "Inventoried Quantity").computed().of("quantity").since(15),
        float("inventory_diff_quantity", "Difference").readonly().empty().since(15),
        boolean("inventory_quantity_set", "Inventory Quantity Set").since(15).always(Literal::Bool(false)),
        date("inventory_date", "Scheduled").empty().since(15),
        many2one("user_id", "Assigned To", "res.users").empty().since(15),
        monetary("value", "Value").computed(),
        many2one("currency_id", "Currency", "res.currency").related().readonly().always(Literal::Int(ids::EUR)),
        selection(
            "cost_method",
            "Cost Method",
            &[
                ("standard", "Standard Price"),
                ("fifo", "First In First Out (FIFO)"),
                ("average", "Average Cost (AVCO)"),
            ],
        )
        .computed()
        .since(17)
        .always(Literal::Text("standard")),
    ],
    indexes: &["product_id", "location_id"],
    by_company: true,
    module: "stock",
    ..Model::PLAIN
};

fn on_hand(row: &Row<'_>, view: &View<'_>) -> Cell {
    let location = row["location_id"].as_int().and_then(|id| view.row("stock.location", id));
    location.is_some_and(|location| location["usage"].as_str() == Some("internal")).into()
}

fn available(row: &Row<'_>) -> Cell {
    match (row["quantity"].as_dec(), row["reserved_quantity"].as_dec()) {
        (Some(quantity), reserved) => {
            let reserved = reserved.unwrap_or(Dec::new(0, 0));
            Dec::new(milli(quantity) - milli(reserved), 3).into()
        }
        _ => Cell::Null,
    }
}

fn milli(quantity: Dec) -> i64 {
    quantity.units * 10_i64.pow(3 - u32::from(quantity.scale.min(3)))
}
