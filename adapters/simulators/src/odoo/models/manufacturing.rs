//! `mrp.production` and bills of materials.

use super::{
    Display, Literal, Model,
    field::{boolean, char, datetime, float, integer, many2many, many2one, one2many, selection},
    stock::TRACKING,
};
use crate::odoo::books::ids;

pub(super) const PRODUCTION: Model = Model {
    name: "mrp.production",
    label: "Manufacturing Order",
    order: &[(17, "priority desc, date_start asc,id"), (0, "priority desc, date_planned_start asc,id")],
    fields: &[
        char("name", "Reference").readonly(),
        selection("priority", "Priority", &[("0", "Normal"), ("1", "Urgent")]),
        char("origin", "Source"),
        many2one("product_id", "Product", "product.product").required(),
        many2one("product_tmpl_id", "Product Template", "product.template")
            .related()
            .readonly()
            .through("product_id", "product_tmpl_id"),
        float("product_qty", "Quantity To Produce").required(),
        float("product_uom_qty", "Total Quantity").readonly().of("product_qty"),
        many2one("product_uom_id", "Unit", "uom.uom").required(),
        float("qty_producing", "Quantity Producing"),
        float("qty_produced", "Quantity Produced").computed(),
        many2one("lot_producing_id", "Lot/Serial Number", "stock.production.lot").empty().until(15),
        many2one("lot_producing_id", "Lot/Serial Number", "stock.lot").until(18).empty().since(16),
        many2many("lot_producing_ids", "Lot/Serial Number", "stock.lot").since(19).empty(),
        selection(
            "state",
            "State",
            &[
                ("draft", "Draft"),
                ("confirmed", "Confirmed"),
                ("progress", "In Progress"),
                ("to_close", "To Close"),
                ("done", "Done"),
                ("cancel", "Cancelled"),
            ],
        )
        .readonly(),
        selection(
            "reservation_state",
            "MO Readiness",
            &[("confirmed", "Waiting"), ("assigned", "Ready"), ("waiting", "Waiting Another Operation")],
        )
        .readonly(),
        datetime("date_planned_start", "Scheduled Date").required().of("planned_start").until(16),
        datetime("date_planned_finished", "Scheduled End Date").of("planned_finished").until(16),
        datetime("date_start", "Start Date").of("started").until(16),
        datetime("date_finished", "End Date").of("finished").until(16),
        datetime("date_start", "Start").required().since(17),
        datetime("date_finished", "End").readonly().since(17),
        datetime("date_deadline", "Deadline"),
        many2one("bom_id", "Bill of Material", "mrp.bom"),
        many2one("user_id", "Responsible", "res.users"),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)),
        many2one("picking_type_id", "Operation Type", "stock.picking.type").required(),
        many2one("location_src_id", "Components Location", "stock.location").required(),
        many2one("location_dest_id", "Finished Products Location", "stock.location").required(),
        many2one("production_location_id", "Production Location", "stock.location").readonly(),
        many2one("warehouse_id", "Warehouse", "stock.warehouse")
            .related()
            .readonly()
            .since(17)
            .through("picking_type_id", "warehouse_id"),
        one2many("move_raw_ids", "Components", "stock.move", "raw_material_production_id"),
        one2many("move_finished_ids", "Finished Products", "stock.move", "production_id"),
        selection(
            "consumption",
            "Consumption",
            &[("flexible", "Allowed"), ("warning", "Allowed with warning"), ("strict", "Blocked")],
        )
        .required()
        .readonly()
        .always(Literal::Text("warning")),
        boolean("is_locked", "Is Locked").always(Literal::Bool(true)),
        boolean("is_planned", "Its Operations are Planned").readonly().always(Literal::Bool(false)),
        many2one("procurement_group_id", "Procurement Group", "procurement.group").until(18).empty(),
        integer("backorder_sequence", "Backorder Sequence").empty(),
        selection("product_tracking", "Tracking", TRACKING).related().readonly().through("product_id", "tracking"),
        selection(
            "components_availability_state",
            "Components Availability State",
            &[("available", "Available"), ("expected", "Expected"), ("late", "Late"), ("unavailable", "Not Available")],
        )
        .searched()
        .empty(),
        boolean("propagate_cancel", "Propagate cancel and split").always(Literal::Bool(false)),
    ],
    hidden: &["planned_start", "planned_finished", "started", "finished", "date_start", "date_finished"],
    indexes: &["product_id", "write_date"],
    by_company: true,
    module: "mrp",
    ..Model::PLAIN
};

pub(super) const BOM: Model = Model {
    name: "mrp.bom",
    label: "Bill of Material",
    order: &[(0, "sequence, id")],
    display: Display::By(|row, view| {
        let product = row["product_tmpl_id"].as_int().map(|id| view.label("product.template", id).to_string());
        match (row["code"].as_str(), product) {
            (Some(code), Some(product)) => format!("{code}: {product}").into(),
            (_, product) => product.into(),
        }
    }),
    searched: &["product_tmpl_id", "code"],
    fields: &[
        char("code", "Reference"),
        boolean("active", "Active"),
        selection("type", "BoM Type", &[("normal", "Manufacture this product"), ("phantom", "Kit")])
            .required()
            .always(Literal::Text("normal")),
        many2one("product_tmpl_id", "Product", "product.template").required(),
        many2one("product_id", "Product Variant", "product.product").empty(),
        float("product_qty", "Quantity").required(),
        many2one("product_uom_id", "Unit", "uom.uom").required(),
        one2many("bom_line_ids", "BoM Lines", "mrp.bom.line", "bom_id"),
        selection(
            "ready_to_produce",
            "Manufacturing Readiness",
            &[
                ("all_available", " When all components are available"),
                ("asap", "When components for 1st operation are available"),
            ],
        )
        .required()
        .always(Literal::Text("asap")),
        many2one("company_id", "Company", "res.company").always(Literal::Int(ids::COMPANY)),
        selection(
            "consumption",
            "Flexible Consumption",
            &[("flexible", "Allowed"), ("warning", "Allowed with warning"), ("strict", "Blocked")],
        )
        .required()
        .always(Literal::Text("warning")),
        integer("sequence", "Sequence"),
    ],
    by_company: true,
    module: "mrp",
    ..Model::PLAIN
};

pub(super) const BOM_LINE: Model = Model {
    name: "mrp.bom.line",
    label: "Bill of Material Line",
    order: &[(0, "sequence, id")],
    display: Display::By(|row, view| match row["product_id"].as_int() {
        Some(id) => view.label("product.product", id).into(),
        None => crate::store::Cell::Null,
    }),
    searched: &["product_id"],
    fields: &[
        many2one("bom_id", "Parent BoM", "mrp.bom").required(),
        many2one("product_id", "Component", "product.product").required(),
        many2one("product_tmpl_id", "Product Template", "product.template")
            .readonly()
            .through("product_id", "product_tmpl_id"),
        float("product_qty", "Quantity").required(),
        many2one("product_uom_id", "Unit", "uom.uom").required(),
        integer("sequence", "Sequence"),
        many2one("parent_product_tmpl_id", "Parent Product Template", "product.template")
            .related()
            .readonly()
            .through("bom_id", "product_tmpl_id"),
        many2one("company_id", "Company", "res.company").readonly().always(Literal::Int(ids::COMPANY)),
    ],
    indexes: &["bom_id"],
    by_company: true,
    module: "mrp",
    ..Model::PLAIN
};
