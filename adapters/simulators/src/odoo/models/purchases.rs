//! `purchase.order` and its lines.

use super::{
    Display, Literal, Model,
    field::{
        Choices, boolean, char, datetime, float, html, integer, json, many2many, many2one, monetary, one2many,
        selection, text,
    },
};
use crate::{decimal::Dec, odoo::books::ids, store::Cell};

/// Until 18 a locked order had a state of its own.
const OLD_STATES: Choices = &[
    ("draft", "RFQ"),
    ("sent", "RFQ Sent"),
    ("to approve", "To Approve"),
    ("purchase", "Purchase Order"),
    ("done", "Locked"),
    ("cancel", "Cancelled"),
];

const STATES: Choices = &[
    ("draft", "RFQ"),
    ("sent", "RFQ Sent"),
    ("to approve", "To Approve"),
    ("purchase", "Purchase Order"),
    ("cancel", "Cancelled"),
];

const BILLING: Choices = &[("no", "Nothing to Bill"), ("to invoice", "Waiting Bills"), ("invoiced", "Fully Billed")];

pub(super) const ORDER: Model = Model {
    name: "purchase.order",
    label: "Purchase Order",
    order: &[(0, "priority desc, id desc")],
    display: Display::By(|row, _| match (row["name"].as_str(), row["partner_ref"].as_str()) {
        (Some(name), Some(reference)) => format!("{name} ({reference})").into(),
        _ => row["name"].clone(),
    }),
    searched: &["name", "partner_ref"],
    fields: &[
        char("name", "Order Reference").required(),
        selection("priority", "Priority", &[("0", "Normal"), ("1", "Urgent")]).always(Literal::Text("0")),
        char("origin", "Source"),
        char("partner_ref", "Vendor Reference"),
        datetime("date_order", "Order Deadline").required(),
        datetime("date_approve", "Confirmation Date").readonly(),
        datetime("date_planned", "Expected Arrival"),
        datetime("effective_date", "Arrival").readonly().with("stock"),
        many2one("partner_id", "Vendor", "res.partner").required(),
        many2one("dest_address_id", "Dropship Address", "res.partner").empty(),
        many2one("currency_id", "Currency", "res.currency").required(),
        float("currency_rate", "Currency Rate").readonly(),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)),
        selection("state", "Status", OLD_STATES).readonly().until(18),
        selection("state", "Status", STATES).readonly().since(19),
        boolean("locked", "Locked").since(19),
        boolean("acknowledged", "Acknowledged").since(19).empty(),
        one2many("order_line", "Order Lines", "purchase.order.line", "order_id"),
        monetary("amount_untaxed", "Untaxed Amount").readonly(),
        monetary("amount_tax", "Taxes").readonly(),
        monetary("amount_total", "Total").readonly(),
        monetary("amount_total_cc", "Total in currency").in_company_currency().readonly().since(18),
        many2one("company_currency_id", "Company Currency", "res.currency")
            .related()
            .readonly()
            .since(18)
            .always(Literal::Int(ids::EUR)),
        selection("invoice_status", "Billing Status", BILLING).readonly(),
        many2many("invoice_ids", "Bills", "account.move").readonly(),
        integer("invoice_count", "Bill Count").readonly().by(|row, _| count(&row["invoice_ids"])),
        many2many("picking_ids", "Receptions", "stock.picking").readonly(),
        integer("incoming_picking_count", "Incoming Shipment count")
            .computed()
            .with("stock")
            .by(|row, _| count(&row["picking_ids"])),
        selection(
            "receipt_status",
            "Receipt Status",
            &[("pending", "Not Received"), ("partial", "Partially Received"), ("full", "Fully Received")],
        )
        .readonly()
        .since(16)
        .with("stock"),
        boolean("is_shipped", "Is Shipped")
            .computed()
            .with("stock")
            .by(|row, _| (row["receipt_status"].as_str() == Some("full")).into()),
        many2one("picking_type_id", "Deliver To", "stock.picking.type").required(),
        html("notes", "Terms and Conditions").until(17),
        html("note", "Terms and Conditions").of("notes").since(18),
        many2one("user_id", "Buyer", "res.users"),
        many2one("payment_term_id", "Payment Terms", "account.payment.term"),
        many2one("fiscal_position_id", "Fiscal Position", "account.fiscal.position").empty(),
        many2one("incoterm_id", "Incoterm", "account.incoterms").empty(),
        many2one("product_id", "Product", "product.product").searched(),
        many2one("group_id", "Procurement Group", "procurement.group").empty().until(18).with("stock"),
        boolean("receipt_reminder_email", "Receipt Reminder Email").always(Literal::Bool(false)),
        char("country_code", "Country code").related().readonly().through("partner_id", "country_code"),
    ],
    hidden: &["receipt_status", "locked"],
    indexes: &["partner_id", "write_date"],
    by_company: true,
    module: "purchase",
    ..Model::PLAIN
};

pub(super) const LINE: Model = Model {
    name: "purchase.order.line",
    label: "Purchase Order Line",
    order: &[(0, "order_id, sequence, id")],
    display: Display::Column("name"),
    searched: &["name"],
    fields: &[
        many2one("order_id", "Order Reference", "purchase.order").required(),
        integer("sequence", "Sequence"),
        selection(
            "display_type",
            "Display Type",
            &[("line_section", "Section"), ("line_subsection", "Subsection"), ("line_note", "Note")],
        ),
        text("name", "Description").required(),
        many2one("product_id", "Product", "product.product"),
        float("product_qty", "Quantity").required(),
        float("product_uom_qty", "Total Quantity").readonly().of("product_qty"),
        many2one("product_uom", "Unit of Measure", "uom.uom").of("product_uom_id").until(18),
        many2one("product_uom_id", "Unit", "uom.uom").since(19),
        float("price_unit", "Unit Price").required(),
        float("discount", "Discount (%)").since(17),
        float("price_unit_discounted", "Unit Price (Discounted)").computed().since(17).by(|row, _| discounted(row)),
        many2many("taxes_id", "Taxes", "account.tax").of("tax_ids").until(18),
        many2many("tax_ids", "Taxes", "account.tax").since(19),
        monetary("price_subtotal", "Subtotal").readonly(),
        monetary("price_total", "Total").readonly(),
        float("price_tax", "Tax").readonly(),
        datetime("date_planned", "Expected Arrival"),
        float("qty_received", "Received Qty"),
        selection(
            "qty_received_method",
            "Received Qty Method",
            &[("manual", "Manual"), ("stock_moves", "Stock Moves")],
        )
        .readonly(),
        float("qty_received_manual", "Manual Received Qty"),
        float("qty_invoiced", "Billed Qty").readonly(),
        float("qty_to_invoice", "To Invoice Quantity").readonly(),
        one2many("invoice_lines", "Bill Lines", "account.move.line", "purchase_line_id").readonly(),
        one2many("move_ids", "Reservation", "stock.move", "purchase_line_id").readonly(),
        selection("state", "Status", OLD_STATES).readonly().until(18).through("order_id", "state"),
        selection("state", "Status", STATES).related().readonly().since(19).through("order_id", "state"),
        many2one("partner_id", "Partner", "res.partner").readonly().through("order_id", "partner_id"),
        many2one("currency_id", "Currency", "res.currency")
            .related_since(18)
            .readonly()
            .through("order_id", "currency_id"),
        many2one("company_id", "Company", "res.company").readonly().always(Literal::Int(ids::COMPANY)),
        datetime("date_order", "Order Date").related().readonly().through("order_id", "date_order"),
        datetime("date_approve", "Confirmation Date").related().readonly().through("order_id", "date_approve"),
        selection("product_type", "Product Type", &[("consu", "Goods"), ("service", "Service"), ("combo", "Combo")])
            .related()
            .readonly()
            .through("product_id", "type"),
        json("analytic_distribution", "Analytic Distribution").of("analytic").since(16),
        super::analytic::OLD_ACCOUNT,
        super::analytic::OLD_TAGS,
        many2one("product_packaging_id", "Packaging", "product.packaging").empty().until(18),
        boolean("is_downpayment", "Is Downpayment").empty().since(18),
        many2one("orderpoint_id", "Orderpoint", "stock.warehouse.orderpoint").empty(),
        many2one("sale_line_id", "Origin Sale Item", "sale.order.line").empty(),
    ],
    hidden: &["tax_ids", "product_uom_id", "analytic", "discount"],
    indexes: &["order_id", "product_id"],
    by_company: true,
    module: "purchase",
    ..Model::PLAIN
};

/// How many references there are.
fn count(ids: &Cell) -> Cell {
    match ids {
        Cell::Ids(ids) => (ids.len() as i64).into(),
        _ => Cell::Null,
    }
}

fn discounted(row: &crate::store::Row<'_>) -> Cell {
    let (Some(price), discount) = (row["price_unit"].as_dec(), row["discount"].as_dec()) else { return Cell::Null };
    let discount = discount.unwrap_or(Dec::new(0, 0)).to_f64();
    serde_json::json!(price.to_f64() * (1.0 - discount / 100.0)).into()
}
