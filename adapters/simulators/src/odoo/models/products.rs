//! Products, their templates, categories and units.

use super::{
    Display, Literal, Model,
    field::{Field, boolean, char, float, html, integer, many2many, many2one, one2many, selection, text},
};
use crate::{
    odoo::{books::ids, orm::View},
    store::{Cell, Row},
};

pub(super) const PRODUCT: Model = Model {
    name: "product.product",
    label: "Product Variant",
    order: &[
        (18, "default_code, name, id"),
        (17, "priority desc, default_code, name, id"),
        (0, "default_code, name, id"),
    ],
    display: Display::By(label),
    searched: &["default_code", "barcode", "name"],
    fields: &[
        char("name", "Name").required().inherited(),
        char("default_code", "Internal Reference"),
        char("barcode", "Barcode"),
        many2one("product_tmpl_id", "Product Template", "product.template").required(),
        float("lst_price", "Sales Price").computed().of("list_price"),
        float("list_price", "Sales Price").inherited(),
        float("price_extra", "Variant Price Extra").computed().empty(),
        float("standard_price", "Cost").per_company(),
        CURRENCY,
        many2one("cost_currency_id", "Cost Currency", "res.currency").computed().always(Literal::Int(ids::EUR)),
        DETAILED_TYPE,
        OLD_TYPE,
        TYPE,
        boolean("is_storable", "Track Inventory").inherited().since(18).with("stock"),
        many2one("uom_id", "Unit", "uom.uom").required().inherited(),
        many2one("uom_po_id", "Purchase UoM", "uom.uom").required().inherited().of("uom_id").until(18),
        many2many("uom_ids", "Packagings", "uom.uom").searched().empty().since(19),
        char("uom_name", "Unit Name").searched().through("uom_id", "name"),
        many2one("categ_id", "Product Category", "product.category").inherited(),
        many2many("taxes_id", "Sales Taxes", "account.tax").searched(),
        many2many("supplier_taxes_id", "Purchase Taxes", "account.tax").searched(),
        boolean("sale_ok", "Sales").inherited(),
        boolean("purchase_ok", "Purchase").inherited(),
        float("weight", "Weight"),
        float("volume", "Volume").empty(),
        html("description", "Description").inherited().empty(),
        text("description_sale", "Sales Description").inherited(),
        text("description_purchase", "Purchase Description").inherited().empty(),
        float("qty_available", "Quantity On Hand").searched().with("stock"),
        float("virtual_available", "Forecasted Quantity").searched().with("stock"),
        float("free_qty", "Free To Use Quantity ").searched().with("stock"),
        float("incoming_qty", "Incoming").searched().with("stock"),
        float("outgoing_qty", "Outgoing").searched().with("stock"),
        one2many("stock_quant_ids", "Stock Quant", "stock.quant", "product_id"),
        many2one("company_id", "Company", "res.company").inherited().empty(),
        boolean("active", "Active"),
        PRIORITY,
        boolean("is_favorite", "Favorite").always(Literal::Bool(false)).since(18),
        selection(
            "invoice_policy",
            "Invoicing Policy",
            &[("order", "Ordered quantities"), ("delivery", "Delivered quantities")],
        )
        .inherited()
        .always(Literal::Text("order")),
        selection(
            "tracking",
            "Tracking",
            &[("serial", "By Unique Serial Number"), ("lot", "By Lots"), ("none", "By Quantity")],
        )
        .required()
        .inherited()
        .with("stock"),
        integer("product_variant_count", "# Product Variants").computed().always(Literal::Int(1)),
        many2one("property_account_income_id", "Income Account", "account.account").searched().empty(),
        integer("sequence", "Sequence").inherited().always(Literal::Int(1)),
    ],
    indexes: &["default_code", "product_tmpl_id"],
    by_company: true,
    ..Model::PLAIN
};

pub(super) const TEMPLATE: Model = Model {
    name: "product.template",
    label: "Product",
    order: &[(18, "is_favorite desc, name"), (17, "priority desc, name"), (0, "name")],
    display: Display::By(label),
    searched: &["default_code", "barcode", "name"],
    fields: &[
        char("name", "Name").required(),
        char("default_code", "Internal Reference"),
        char("barcode", "Barcode").searched(),
        float("list_price", "Sales Price"),
        float("standard_price", "Cost").searched(),
        CURRENCY,
        DETAILED_TYPE,
        OLD_TYPE,
        TYPE,
        boolean("is_storable", "Track Inventory").since(18).with("stock"),
        many2one("uom_id", "Unit", "uom.uom").required(),
        many2one("categ_id", "Product Category", "product.category"),
        one2many("product_variant_ids", "Products", "product.product", "product_tmpl_id"),
        boolean("sale_ok", "Sales"),
        boolean("purchase_ok", "Purchase"),
        text("description_sale", "Sales Description"),
        many2one("company_id", "Company", "res.company").empty(),
        boolean("active", "Active"),
        PRIORITY,
        boolean("is_favorite", "Favorite").always(Literal::Bool(false)).since(18),
    ],
    by_company: true,
    ..Model::PLAIN
};

const CURRENCY: Field = many2one("currency_id", "Currency", "res.currency").computed().always(Literal::Int(ids::EUR));

const DETAILED_TYPE: Field = selection(
    "detailed_type",
    "Product Type",
    &[("consu", "Consumable"), ("service", "Service"), ("product", "Storable Product")],
)
.required()
.inherited()
.of("type")
.since(15)
.until(17);

const OLD_TYPE: Field =
    selection("type", "Type", &[("consu", "Consumable"), ("service", "Service"), ("product", "Storable Product")])
        .required()
        .inherited()
        .until(17);

const TYPE: Field =
    selection("type", "Product Type", &[("consu", "Goods"), ("service", "Service"), ("combo", "Combo")])
        .required()
        .inherited()
        .since(18);

const PRIORITY: Field = selection("priority", "Favorite", &[("0", "Normal"), ("1", "Favorite")])
    .inherited()
    .always(Literal::Text("0"))
    .until(17);

fn label(row: &Row<'_>, _: &View<'_>) -> Cell {
    match (row["default_code"].as_str(), row["name"].as_str()) {
        (Some(code), Some(name)) => format!("[{code}] {name}").into(),
        _ => row["name"].clone(),
    }
}

pub(super) const CATEGORY: Model = Model {
    name: "product.category",
    label: "Product Category",
    order: &[(0, "complete_name")],
    display: Display::Column("complete_name"),
    searched: &["complete_name"],
    fields: &[
        char("name", "Name").required(),
        char("complete_name", "Complete Name").readonly(),
        many2one("parent_id", "Parent Category", "product.category"),
        one2many("child_id", "Child Categories", "product.category", "parent_id"),
        char("parent_path", "Parent Path"),
        integer("product_count", "# Products").computed(),
        many2one("property_account_income_categ_id", "Income Account", "account.account")
            .per_company()
            .always(Literal::Int(ids::INCOME)),
        many2one("property_account_expense_categ_id", "Expense Account", "account.account")
            .per_company()
            .always(Literal::Int(ids::EXPENSES)),
        many2one("property_stock_valuation_account_id", "Stock Valuation Account", "account.account")
            .per_company()
            .always(Literal::Int(ids::INVENTORY))
            .with("stock"),
        selection(
            "property_cost_method",
            "Costing Method",
            &[
                ("standard", "Standard Price"),
                ("fifo", "First In First Out (FIFO)"),
                ("average", "Average Cost (AVCO)"),
            ],
        )
        .per_company()
        .always(Literal::Text("standard"))
        .with("stock"),
        selection(
            "property_valuation",
            "Inventory Valuation",
            &[("manual_periodic", "Manual"), ("real_time", "Automated")],
        )
        .per_company()
        .always(Literal::Text("real_time"))
        .with("stock")
        .until(18),
        selection(
            "property_valuation",
            "Inventory Valuation",
            &[("periodic", "Periodic (at closing)"), ("real_time", "Perpetual (at invoicing)")],
        )
        .per_company()
        .always(Literal::Text("real_time"))
        .with("stock")
        .since(19),
    ],
    indexes: &["parent_id"],
    ..Model::PLAIN
};

pub(super) const UNIT: Model = Model {
    name: "uom.uom",
    label: "Product Unit of Measure",
    order: &[(19, "sequence, relative_uom_id, id"), (0, "factor DESC, id")],
    fields: &[
        char("name", "Unit Name").required(),
        many2one("category_id", "Category", "uom.category").required().until(18),
        selection("uom_type", "Type", &[("bigger", "Bigger"), ("reference", "Reference"), ("smaller", "Smaller")])
            .required()
            .until(18),
        float("factor", "Absolute Quantity").readonly(),
        float("factor_inv", "Bigger Ratio").computed().of("factor").until(18),
        float("rounding", "Rounding Precision"),
        boolean("active", "Active"),
        many2one("relative_uom_id", "Reference Unit", "uom.uom").empty().since(19),
        float("relative_factor", "Contains").required().of("factor").since(19),
        integer("sequence", "Sequence").always(Literal::Int(100)).since(19),
    ],
    ..Model::PLAIN
};

pub(super) const UNIT_CATEGORY: Model = Model {
    name: "uom.category",
    label: "Product UoM Categories",
    fields: &[
        char("name", "Unit of Measure Category").required(),
        one2many("uom_ids", "Uom", "uom.uom", "category_id"),
    ],
    releases: (0, 18),
    ..Model::PLAIN
};
