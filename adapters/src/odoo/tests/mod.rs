//! The adapter as a whole: over a small Odoo in memory, and over the vendor's samples.

mod domain;
mod fake;
mod protocol;
mod reads;
mod samples;

use super::{
    books::{Field, Fields, Type},
    view::{Shape, mapping},
};
use crate::{mapping::SetMapping, model::EntityType};
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
                "{common} name:s email:s phone:s website:s vat:s active:b customer_rank:i street:s street2:s city:s state_id:o zip:s country_id:o parent_id:o credit:m country_code:s display_name:s"
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
            ),
        ),
        (
            "sale.order",
            format!("{document} date_order:t commitment_date:t client_order_ref:s note:x invoice_ids:l")
                + &since(16, "delivery_status:e"),
        ),
        ("account.move.line", format!("{line} move_id:o quantity:f") + &until(15, "exclude_from_invoice_tab:b")),
        ("sale.order.line", format!("{line} order_id:o product_uom_qty:f qty_delivered:f qty_invoiced:f")),
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
        (name.into(), Field { kind, searchable: true, sortable: true })
    });
    fields.collect()
}

/// The only source set of an entity in a version, with the fields of its models.
pub(super) fn resolved(version: u32, entity: EntityType) -> (Arc<SetMapping>, HashMap<Box<str>, Fields>) {
    let shape = Shape::new(mapping().expect("a good mapping"), entity, models(version));
    assert_eq!(shape.sets.len(), 1, "{entity:?} in {version}");
    (shape.sets[0].clone(), shape.models)
}
