//! `sale.order` and its lines.

use serde_json::json;

use super::{
    Display, Literal, Model,
    field::{
        Choices, boolean, char, date, datetime, float, html, integer, json, many2many, many2one, monetary, one2many,
        selection, text,
    },
};
use crate::{
    odoo::books::ids,
    store::{Cell, Row},
};

const STATES: Choices =
    &[("draft", "Quotation"), ("sent", "Quotation Sent"), ("sale", "Sales Order"), ("cancel", "Cancelled")];

/// Until 16 a locked order had a state of its own.
const OLD_STATES: Choices = &[
    ("draft", "Quotation"),
    ("sent", "Quotation Sent"),
    ("sale", "Sales Order"),
    ("done", "Locked"),
    ("cancel", "Cancelled"),
];

const INVOICE_STATES: Choices = &[
    ("upselling", "Upselling Opportunity"),
    ("invoiced", "Fully Invoiced"),
    ("to invoice", "To Invoice"),
    ("no", "Nothing to Invoice"),
];

pub(super) const ORDER: Model = Model {
    name: "sale.order",
    label: "Sales Order",
    order: &[(0, "date_order desc, id desc")],
    fields: &[
        char("name", "Order Reference").required(),
        selection("state", "Status", OLD_STATES).readonly().until(16),
        selection("state", "Status", STATES).readonly().since(17),
        boolean("locked", "Locked").since(17),
        many2one("partner_id", "Customer", "res.partner").required(),
        many2one("partner_invoice_id", "Invoice Address", "res.partner").required().of("partner_id"),
        many2one("partner_shipping_id", "Delivery Address", "res.partner").required().of("partner_id"),
        char("client_order_ref", "Customer Reference"),
        char("origin", "Source Document").empty(),
        char("reference", "Payment Ref.").empty(),
        datetime("date_order", "Order Date").required(),
        date("validity_date", "Expiration"),
        datetime("commitment_date", "Delivery Date"),
        datetime("expected_date", "Expected Date").computed().of("commitment_date"),
        datetime("effective_date", "Effective Date").readonly().with("stock"),
        many2one("currency_id", "Currency", "res.currency").readonly(),
        float("currency_rate", "Currency Rate").readonly(),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)),
        monetary("amount_untaxed", "Untaxed Amount").readonly(),
        monetary("amount_tax", "Taxes").readonly(),
        monetary("amount_total", "Total").readonly(),
        selection("invoice_status", "Invoice Status", INVOICE_STATES).readonly(),
        many2many("invoice_ids", "Invoices", "account.move").searched(),
        integer("invoice_count", "Invoice Count").computed().by(|row, _| match &row["invoice_ids"] {
            Cell::Ids(ids) => (ids.len() as i64).into(),
            _ => Cell::Null,
        }),
        selection(
            "delivery_status",
            "Delivery Status",
            &[
                ("pending", "Not Delivered"),
                ("started", "Started"),
                ("partial", "Partially Delivered"),
                ("full", "Fully Delivered"),
            ],
        )
        .readonly()
        .since(16)
        .with("stock"),
        one2many("order_line", "Order Lines", "sale.order.line", "order_id"),
        html("note", "Terms and conditions").empty(),
        many2one("user_id", "Salesperson", "res.users"),
        many2one("team_id", "Sales Team", "crm.team").always(Literal::Int(1)),
        many2one("payment_term_id", "Payment Terms", "account.payment.term"),
        many2one("pricelist_id", "Pricelist", "product.pricelist").empty(),
        many2one("fiscal_position_id", "Fiscal Position", "account.fiscal.position").empty(),
        boolean("require_signature", "Online signature").always(Literal::Bool(true)),
        boolean("require_payment", "Online payment").always(Literal::Bool(false)),
        char("signed_by", "Signed By").empty(),
        many2one("warehouse_id", "Warehouse", "stock.warehouse"),
        one2many("picking_ids", "Transfers", "stock.picking", "sale_id"),
        selection("picking_policy", "Shipping Policy", &[("direct", "As soon as possible"), ("one", "Together")])
            .required()
            .always(Literal::Text("direct"))
            .with("stock"),
        char("type_name", "Type Name").computed().by(|row, _| match row["state"].as_str() {
            Some("draft" | "sent" | "cancel") => "Quotation".into(),
            _ => "Sales Order".into(),
        }),
    ],
    indexes: &["partner_id", "write_date"],
    by_company: true,
    module: "sale",
    ..Model::PLAIN
};

pub(super) const LINE: Model = Model {
    name: "sale.order.line",
    label: "Sales Order Line",
    order: &[(0, "order_id, sequence, id")],
    display: Display::By(|row, view| {
        let order = row["order_id"].as_int().and_then(|id| view.row("sale.order", id));
        let partner = order.and_then(|order| view.row("res.partner", order["partner_id"].as_int()?));
        let first = row["name"].as_str().and_then(|name| name.lines().next()).unwrap_or_default();
        let order = order.and_then(|order| order.get("name")?.as_str()).unwrap_or_default();
        match partner.and_then(|partner| partner.get("ref")?.as_str()) {
            Some(reference) => format!("{order} - {first} ({reference})").into(),
            None => format!("{order} - {first}").into(),
        }
    }),
    searched: &["name", "order_id.name"],
    fields: &[
        many2one("order_id", "Order Reference", "sale.order").required(),
        integer("sequence", "Sequence"),
        selection("display_type", "Display Type", &[("line_section", "Section"), ("line_note", "Note")]),
        text("name", "Description").required(),
        many2one("product_id", "Product", "product.product"),
        many2one("product_template_id", "Product Template", "product.template")
            .searched()
            .through("product_id", "product_tmpl_id"),
        float("product_uom_qty", "Quantity").required(),
        float("qty_delivered", "Delivery Quantity"),
        selection(
            "qty_delivered_method",
            "Method to update delivered qty",
            &[("manual", "Manual"), ("analytic", "Analytic From Expenses"), ("stock_move", "Stock Moves")],
        )
        .readonly(),
        one2many("move_ids", "Stock Moves", "stock.move", "sale_line_id"),
        float("qty_invoiced", "Invoiced Quantity").readonly(),
        float("qty_to_invoice", "Quantity To Invoice").readonly(),
        many2one("product_uom", "Unit of Measure", "uom.uom").of("product_uom_id").until(18),
        many2one("product_uom_id", "Unit", "uom.uom").since(19),
        many2one("product_packaging_id", "Packaging", "product.packaging").empty().until(18),
        many2many("tax_id", "Taxes", "account.tax").of("tax_ids").until(18),
        many2many("tax_ids", "Taxes", "account.tax").since(19),
        float("price_unit", "Unit Price").required(),
        float("discount", "Discount (%)"),
        monetary("price_subtotal", "Subtotal").readonly(),
        float("price_tax", "Total Tax").readonly().by(|row, view| tax(row, view.version().rewritten())),
        monetary("price_total", "Total").readonly(),
        selection("invoice_status", "Invoice Status", INVOICE_STATES).readonly(),
        many2many("invoice_lines", "Invoice Lines", "account.move.line"),
        boolean("is_downpayment", "Is a down payment").empty(),
        many2one("currency_id", "Currency", "res.currency").readonly().through("order_id", "currency_id"),
        many2one("company_id", "Company", "res.company").readonly().always(Literal::Int(ids::COMPANY)),
        selection("state", "Order Status", OLD_STATES).readonly().until(16),
        selection("state", "Order Status", STATES).readonly().since(17),
        many2one("order_partner_id", "Customer", "res.partner").readonly().through("order_id", "partner_id"),
        many2one("salesman_id", "Salesperson", "res.users").readonly().through("order_id", "user_id"),
        float("customer_lead", "Lead Time").required().empty(),
        json("analytic_distribution", "Analytic Distribution").of("analytic").since(16),
        super::analytic::OLD_TAGS,
    ],
    hidden: &["tax_ids", "product_uom_id", "analytic"],
    indexes: &["order_id", "product_id"],
    by_company: true,
    module: "sale",
    ..Model::PLAIN
};

/// In 19 the difference of two floats, with the crumbs that such a difference leaves.
fn tax(row: &Row<'_>, rewritten: bool) -> Cell {
    match (row["price_total"].as_dec(), row["price_subtotal"].as_dec()) {
        (Some(total), Some(net)) if rewritten => json!(total.to_f64() - net.to_f64()).into(),
        (Some(total), Some(net)) => crate::decimal::Dec::cents(total.to_cents() - net.to_cents()).into(),
        _ => Cell::Null,
    }
}
