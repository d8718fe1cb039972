//! Goods on the move: transfers, their moves, and what of which lot was moved.

use super::{
    Display, Literal, Model,
    field::{Choices, boolean, char, datetime, float, html, integer, many2many, many2one, one2many, selection, text},
    stock::{OPERATIONS, TRACKING, USAGES},
};
use crate::{
    odoo::{books::ids, orm::View},
    store::{Cell, Row},
};

const STATES: Choices = &[
    ("draft", "Draft"),
    ("waiting", "Waiting Another Operation"),
    ("confirmed", "Waiting"),
    ("assigned", "Ready"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
];

const MOVE_STATES: Choices = &[
    ("draft", "New"),
    ("waiting", "Waiting Another Move"),
    ("confirmed", "Waiting"),
    ("partially_available", "Partially Available"),
    ("assigned", "Available"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
];

const PRIORITIES: Choices = &[("0", "Normal"), ("1", "Urgent")];

pub(super) const PICKING: Model = Model {
    name: "stock.picking",
    label: "Transfer",
    order: &[(0, "priority desc, scheduled_date asc, id desc")],
    fields: &[
        char("name", "Reference").readonly(),
        char("origin", "Source Document"),
        selection("state", "Status", STATES).readonly(),
        many2one("partner_id", "Contact", "res.partner"),
        many2one("picking_type_id", "Operation Type", "stock.picking.type").required(),
        selection("picking_type_code", "Type of Operation", OPERATIONS)
            .related()
            .readonly()
            .through("picking_type_id", "code"),
        many2one("location_id", "Source Location", "stock.location").required(),
        many2one("location_dest_id", "Destination Location", "stock.location").required(),
        datetime("scheduled_date", "Scheduled Date"),
        datetime("date_deadline", "Deadline").readonly(),
        datetime("date", "Creation Date").until(18).of("create_date"),
        datetime("date_done", "Date of Transfer"),
        selection(
            "move_type",
            "Shipping Policy",
            &[("direct", "As soon as possible"), ("one", "When all products are ready")],
        )
        .required()
        .always(Literal::Text("direct")),
        selection("priority", "Priority", PRIORITIES).always(Literal::Text("0")),
        many2one("user_id", "Responsible", "res.users"),
        many2one("owner_id", "Assign Owner", "res.partner").empty(),
        many2one("company_id", "Company", "res.company").readonly().always(Literal::Int(ids::COMPANY)),
        many2one("backorder_id", "Back Order of", "stock.picking").readonly(),
        one2many("backorder_ids", "Back Orders", "stock.picking", "backorder_id"),
        many2one("return_id", "Return of", "stock.picking").readonly().empty().since(17),
        many2one("group_id", "Procurement Group", "procurement.group").readonly().until(18).empty(),
        many2one("sale_id", "Sales Order", "sale.order"),
        many2one("purchase_id", "Purchase Orders", "purchase.order").searched(),
        one2many("move_lines", "Stock Moves", "stock.move", "picking_id").until(15),
        one2many("move_ids", "Stock Moves", "stock.move", "picking_id").since(16),
        one2many("move_ids_without_package", "Stock move", "stock.move", "picking_id").until(18),
        one2many("move_line_ids", "Operations", "stock.move.line", "picking_id"),
        many2one("product_id", "Product", "product.product").searched(),
        many2one("lot_id", "Lot/Serial Number", "stock.production.lot").searched().empty().until(15),
        many2one("lot_id", "Lot/Serial Number", "stock.lot").searched().empty().since(16),
        html("note", "Notes"),
        boolean("printed", "Printed").always(Literal::Bool(false)),
        boolean("is_locked", "Is Locked").always(Literal::Bool(true)),
        boolean("immediate_transfer", "Immediate Transfer").always(Literal::Bool(false)).until(16),
        char("carrier_tracking_ref", "Tracking Reference").with("delivery"),
        boolean("has_tracking", "Has Tracking").computed(),
        boolean("show_check_availability", "Show Check Availability").computed().always(Literal::Bool(false)),
    ],
    indexes: &["partner_id", "sale_id", "purchase_id", "backorder_id", "write_date"],
    by_company: true,
    module: "stock",
    ..Model::PLAIN
};

pub(super) const MOVE: Model = Model {
    name: "stock.move",
    label: "Stock Move",
    order: &[(0, "sequence, id")],
    display: Display::By(move_label),
    searched: &["reference"],
    fields: &[
        char("name", "Description").required().of("description").until(18),
        integer("sequence", "Sequence"),
        selection("priority", "Priority", PRIORITIES).readonly().always(Literal::Text("0")),
        datetime("date", "Date Scheduled").required(),
        datetime("date_deadline", "Deadline").readonly(),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)),
        many2one("product_id", "Product", "product.product").required(),
        many2one("product_tmpl_id", "Product Template", "product.template")
            .related()
            .readonly()
            .through("product_id", "product_tmpl_id"),
        text("description_picking", "Description Of Picking").computed().of("description"),
        float("product_qty", "Real Quantity").of("product_uom_qty"),
        float("product_uom_qty", "Demand").required(),
        float("quantity", "Quantity").since(17),
        float("quantity_done", "Quantity Done")
            .computed()
            .by(|row, _| if is_done(row) { row["quantity"].clone() } else { Cell::Null })
            .until(16),
        float("reserved_availability", "Quantity Reserved")
            .computed()
            .by(|row, _| if is_done(row) { Cell::Null } else { row["quantity"].clone() })
            .until(16),
        boolean("picked", "Picked").since(17).by(|row, _| is_done(row).into()),
        many2one("product_uom", "Unit", "uom.uom").required(),
        many2one("location_id", "Source Location", "stock.location").required(),
        many2one("location_dest_id", "Intermediate Location", "stock.location").required(),
        selection("location_usage", "Source Location Type", USAGES)
            .related()
            .readonly()
            .since(17)
            .through("location_id", "usage"),
        selection("location_dest_usage", "Destination Location Type", USAGES)
            .related()
            .readonly()
            .since(17)
            .through("location_dest_id", "usage"),
        many2one("partner_id", "Destination Address ", "res.partner").through("picking_id", "partner_id"),
        many2one("picking_id", "Transfer", "stock.picking"),
        many2one("picking_type_id", "Operation Type", "stock.picking.type").through("picking_id", "picking_type_id"),
        selection("picking_code", "Type of Operation", OPERATIONS)
            .related()
            .readonly()
            .through("picking_id", "picking_type_code"),
        selection("state", "Status", MOVE_STATES).readonly(),
        float("price_unit", "Price Unit"),
        char("origin", "Source Document"),
        selection(
            "procure_method",
            "Supply Method",
            &[("make_to_stock", "Default: Take From Stock"), ("make_to_order", "Advanced: Apply Procurement Rules")],
        )
        .required()
        .always(Literal::Text("make_to_stock")),
        char("reference", "Reference").readonly(),
        boolean("scrapped", "Scrapped").readonly().until(18).always(Literal::Bool(false)),
        many2one("group_id", "Procurement Group", "procurement.group").until(18).empty(),
        many2one("warehouse_id", "Warehouse", "stock.warehouse"),
        selection("has_tracking", "Product with Tracking", TRACKING)
            .related()
            .readonly()
            .through("product_id", "tracking"),
        boolean("is_inventory", "Inventory"),
        many2many("lot_ids", "Serial Numbers", "stock.production.lot").computed().of("lot_ids").until(15),
        many2many("lot_ids", "Serial Numbers", "stock.lot").computed().since(16),
        one2many("move_line_ids", "Move Line", "stock.move.line", "move_id"),
        many2one("purchase_line_id", "Purchase Order Line", "purchase.order.line").readonly(),
        many2one("sale_line_id", "Sale Line", "sale.order.line"),
        many2one("production_id", "Production Order for finished products", "mrp.production"),
        many2one("raw_material_production_id", "Production Order for components", "mrp.production"),
        many2one("origin_returned_move_id", "Origin return move", "stock.move").empty(),
        boolean("to_refund", "Update quantities on SO/PO").always(Literal::Bool(false)),
    ],
    hidden: &["description", "quantity", "lot_ids"],
    indexes: &[
        "picking_id",
        "product_id",
        "purchase_line_id",
        "sale_line_id",
        "production_id",
        "raw_material_production_id",
    ],
    by_company: true,
    module: "stock",
    ..Model::PLAIN
};

pub(super) const MOVE_LINE: Model = Model {
    name: "stock.move.line",
    label: "Product Moves (Stock Move Line)",
    order: &[(0, "result_package_id desc, id")],
    display: Display::By(|row, view| match row["product_id"].as_int() {
        Some(id) => view.label("product.product", id).into(),
        None => Cell::Null,
    }),
    searched: &["product_id"],
    fields: &[
        many2one("picking_id", "Transfer", "stock.picking").of("picking_id"),
        many2one("move_id", "Stock Operation", "stock.move"),
        many2one("company_id", "Company", "res.company").required().readonly().always(Literal::Int(ids::COMPANY)),
        many2one("product_id", "Product", "product.product"),
        many2one("product_uom_id", "Unit", "uom.uom").required().through("product_id", "uom_id"),
        float("quantity", "Quantity").since(17),
        float("qty_done", "Done").of("done").until(16),
        float("reserved_uom_qty", "Reserved").of("reserved").required().since(16).until(16),
        float("product_uom_qty", "Reserved").of("reserved").required().until(15),
        float("quantity_product_uom", "Quantity in Product UoM").readonly().of("quantity").since(17),
        boolean("picked", "Picked").since(17).by(|row, _| (!row["done"].is_null()).into()),
        many2one("lot_id", "Lot/Serial Number", "stock.production.lot").until(15),
        many2one("lot_id", "Lot/Serial Number", "stock.lot").since(16),
        char("lot_name", "Lot/Serial Number Name"),
        many2one("package_id", "Source Package", "stock.quant.package").empty().until(18),
        many2one("package_id", "Source Package", "stock.package").empty().since(19),
        many2one("result_package_id", "Destination Package", "stock.quant.package").empty().until(18),
        many2one("result_package_id", "Destination Package", "stock.package").empty().since(19),
        many2one("owner_id", "From Owner", "res.partner").empty(),
        many2one("location_id", "From", "stock.location").required().through("move_id", "location_id"),
        many2one("location_dest_id", "To", "stock.location").required().through("move_id", "location_dest_id"),
        selection("location_usage", "Source Location Type", USAGES)
            .related()
            .readonly()
            .since(17)
            .through("move_id", "location_usage"),
        selection("location_dest_usage", "Destination Location Type", USAGES)
            .related()
            .readonly()
            .since(17)
            .through("move_id", "location_dest_usage"),
        datetime("date", "Date").required(),
        selection("state", "Status", MOVE_STATES).readonly().through("move_id", "state"),
        char("reference", "Reference").related().through("move_id", "reference"),
        char("origin", "Source").related().readonly().through("move_id", "origin"),
        selection("tracking", "Tracking", TRACKING).related().readonly().through("product_id", "tracking"),
        selection("picking_code", "Type of Operation", OPERATIONS).searched().through("move_id", "picking_code"),
        many2one("picking_type_id", "Operation type", "stock.picking.type")
            .searched()
            .since(16)
            .through("move_id", "picking_type_id"),
        many2one("picking_partner_id", "Contact", "res.partner")
            .related()
            .readonly()
            .since(16)
            .through("picking_id", "partner_id"),
        text("description_picking", "Description Of Picking").computed().through("move_id", "description_picking"),
        many2one("production_id", "Production Order", "mrp.production").through("move_id", "production_id"),
    ],
    hidden: &["quantity", "done", "reserved"],
    indexes: &["picking_id", "move_id", "product_id"],
    by_company: true,
    module: "stock",
    ..Model::PLAIN
};

fn is_done(row: &Row<'_>) -> bool {
    row["state"].as_str() == Some("done")
}

/// `P00018/GW-P015: Vendors>Stock`; from 19 on by the short names of the places too.
fn move_label(row: &Row<'_>, view: &View<'_>) -> Cell {
    let place = |column: &str| {
        let location = row[column].as_int().and_then(|id| view.row("stock.location", id));
        location.and_then(|location| location["name"].as_str().map(str::to_owned)).unwrap_or_default()
    };
    let product = row["product_id"].as_int().and_then(|id| view.row("product.product", id));
    let code = product.and_then(|product| product["default_code"].as_str().map(|code| format!("{code}: ")));
    let origin = row["origin"].as_str().map(|origin| format!("{origin}/")).unwrap_or_default();
    format!("{origin}{}{}>{}", code.unwrap_or_default(), place("location_id"), place("location_dest_id")).into()
}
