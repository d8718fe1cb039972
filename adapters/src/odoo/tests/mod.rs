//! The adapter as a whole: over a small Odoo in memory, and over the vendor's samples.

mod domain;
mod fake;
mod protocol;
mod reads;
mod samples;

use super::{
    books::{Field, Fields, Type},
    known::Known,
    shape::{Shape, mapping},
};
use crate::{
    mapping::{Literal, SetMapping},
    model::EntityType,
};
use std::{collections::HashMap, sync::Arc};

/// The fields of the models that the mapping reads, as a version has them, each with a letter for its type.
fn model_fields(version: u32) -> Vec<(&'static str, String)> {
    let since = |from: u32, field: &str| if version >= from { format!(" {field}") } else { String::new() };
    let until = |last: u32, field: &str| if version <= last { format!(" {field}") } else { String::new() };
    let common = "id:i create_date:t write_date:t company_id:o";
    let document =
        format!("{common} currency_id:c name:s partner_id:o state:e amount_untaxed:m amount_tax:m amount_total:m");
    let line =
        "id:i name:s product_id:o price_unit:f discount:f price_subtotal:m price_total:m sequence:i display_type:e";
    vec![
        (
            "res.partner",
            format!(
                "{common} name:s email:s phone:s website:s vat:s active:b customer_rank:i street:s street2:s city:s state_id:o zip:s country_id:o parent_id:o credit:m country_code:s display_name:s supplier_rank:i property_purchase_currency_id:c type:e"
            ) + &since(15, "company_registry:s")
                + &since(17, "complete_name:s")
                + &until(18, "mobile:s"),
        ),
        (
            "product.product",
            format!(
                "{common} name:s default_code:s description_sale:s type:e categ_id:o uom_id:o uom_name:s lst_price:f standard_price:f active:b qty_available:f"
            ) + &since(18, "is_storable:b"),
        ),
        (
            "account.move",
            format!(
                "{document} move_type:e payment_state:e invoice_date:d date:d invoice_date_due:d amount_residual:m amount_untaxed_signed:m amount_total_signed:m amount_residual_signed:m ref:s narration:x"
            ) + &since(18, "invoice_currency_rate:f"),
        ),
        (
            "sale.order",
            format!("{document} date_order:t commitment_date:t client_order_ref:s note:x invoice_ids:l")
                + &since(16, "delivery_status:e"),
        ),
        (
            "account.move.line",
            format!("{common} {line} move_id:o quantity:f account_id:o tax_ids:l date:d journal_id:o move_name:s debit:m credit:m parent_state:e move_type:e ref:s partner_id:o payment_id:o")
                + &until(15, "exclude_from_invoice_tab:b account_internal_type:e")
                + &since(16, "account_type:e analytic_distribution:j"),
        ),
        (
            "sale.order.line",
            format!("{line} order_id:o product_uom_qty:f qty_delivered:f qty_invoiced:f")
                + &until(18, "tax_id:l")
                + &since(19, "tax_ids:l")
                + &since(16, "analytic_distribution:j"),
        ),
        (
            "account.payment",
            format!("{common} name:s payment_type:e partner_type:e partner_id:o state:e date:d amount:m currency_id:c journal_id:o move_id:o payment_method_id:o")
                + &since(15, "payment_method_line_id:o")
                + &until(17, "ref:s is_internal_transfer:b")
                + &since(18, "memo:s"),
        ),
        ("account.partial.reconcile", "id:i debit_move_id:o credit_move_id:o debit_amount_currency:m credit_amount_currency:m max_date:d".to_owned()),
        (
            "purchase.order",
            format!("{document} date_order:t date_planned:t partner_ref:s invoice_status:e invoice_ids:l")
                + &until(18, "notes:x")
                + &since(19, "note:x")
                + &since(16, "receipt_status:e"),
        ),
        (
            "purchase.order.line",
            format!("{line} order_id:o product_qty:f qty_received:f qty_invoiced:f")
                + &until(18, "taxes_id:l")
                + &since(19, "tax_ids:l")
                + &since(16, "analytic_distribution:j"),
        ),
        (
            "stock.picking",
            format!("{common} name:s state:e partner_id:o picking_type_code:e location_id:o location_dest_id:o date_done:t purchase_id:o sale_id:o"),
        ),
        (
            "stock.move",
            "id:i picking_id:o product_id:o product_uom_qty:f state:e sequence:i has_tracking:e description_picking:s purchase_line_id:o sale_line_id:o".to_owned()
                + &until(16, "quantity_done:f")
                + &since(17, "quantity:f")
                + &until(18, "name:s"),
        ),
        ("stock.move.line", "id:i move_id:o lot_id:o".to_owned() + &until(16, "qty_done:f") + &since(17, "quantity:f")),
        ("stock.quant", format!("{common} product_id:o location_id:o quantity:f reserved_quantity:f")),
        (
            "mrp.production",
            format!("{common} name:s state:e product_id:o product_qty:f qty_produced:f priority:e date_deadline:t user_id:o origin:s")
                + &until(16, "date_planned_start:t")
                + &since(17, "date_start:t"),
        ),
        (
            "account.account",
            "id:i create_date:t write_date:t code:s name:s internal_group:e currency_id:c current_balance:f".to_owned()
                + &until(15, "internal_type:e")
                + &since(16, "account_type:e")
                + &until(17, "company_id:o")
                + &since(18, "company_ids:l")
                + &until(18, "deprecated:b")
                + &since(19, "active:b"),
        ),
        ("account.tax", format!("{common} name:s amount:f amount_type:e type_tax_use:e active:b")),
        ("account.journal", format!("{common} name:s default_account_id:o")),
        (
            "res.company",
            "id:i create_date:t write_date:t name:s vat:s currency_id:c country_id:o country_code:s fiscalyear_last_month:e fiscalyear_last_day:i".to_owned()
                + &since(19, "account_stock_valuation_id:o"),
        ),
        ("product.category", "id:i name:s property_stock_valuation_account_id:o".to_owned()),
        ("res.users", "id:i create_date:t write_date:t name:s email:s active:b share:b company_ids:l".to_owned()),
        ("res.currency.rate", format!("{common} currency_id:c name:d") + &since(15, "inverse_company_rate:f")),
        ("account.analytic.account", "id:i name:s plan_id:o".to_owned()),
    ]
}

fn models(version: u32) -> HashMap<Box<str>, Fields> {
    model_fields(version).into_iter().map(|(model, text)| (model.into(), fields(&text))).collect()
}

fn fields(text: &str) -> Fields {
    let fields = text.split_whitespace().filter_map(|pair| pair.split_once(':'));
    let fields = fields.map(|(name, kind)| {
        let kind = match kind {
            "s" => Type::Text,
            "e" => Type::Selection,
            "b" => Type::Bool,
            "i" => Type::Integer,
            "f" => Type::Float,
            "m" => Type::Monetary,
            "d" => Type::Date,
            "t" => Type::DateTime,
            "o" => Type::One,
            "c" => Type::Currency,
            "l" => Type::Many,
            _ => Type::Other,
        };
        (name.into(), Field { kind, searchable: true, sortable: true, stored: true, groupable: true })
    });
    fields.collect()
}

/// The account 2 holds stock.
fn known() -> Known {
    [("stock-accounts".into(), vec![Literal::Number(2.into())])].into()
}

/// The only source set of an entity in a version, with the fields of its models.
pub(super) fn resolved(version: u32, entity: EntityType) -> (Arc<SetMapping>, HashMap<Box<str>, Fields>) {
    let shape = Shape::new(mapping().expect("a good mapping"), entity, models(version), &known());
    assert_eq!(shape.sets.len(), 1, "{entity:?} in {version}");
    (shape.sets[0].clone(), shape.models)
}
