//! The adapter's pure parts together: mapping, versions and vendor samples.

use super::{
    books::{Field, Fields, Type},
    view::{Shape, mapping},
};
use crate::{mapping::SetMapping, model::EntityType};
use std::{collections::HashMap, sync::Arc};

/// The fields of the models that the mapping reads, as a version has them.
pub(super) fn models(version: u32) -> HashMap<Box<str>, Fields> {
    let common = "id:i create_date:t write_date:t company_id:o currency_id:c";
    let name = if version >= 17 { "complete_name:s" } else { "display_name:s" };
    let partner = format!(
        "{common} {name} name:s email:s phone:s website:s vat:s company_registry:s active:b customer_rank:i street:s street2:s city:s state_id:o zip:s country_code:s country_id:o parent_id:o credit:m"
    );
    let product = format!(
        "{common} name:s default_code:s description_sale:s type:e categ_id:o uom_id:o uom_name:s lst_price:f standard_price:f active:b qty_available:f {}",
        if version >= 18 { "is_storable:b" } else { "" }
    );
    let invoice = format!(
        "{common} name:s move_type:e state:e payment_state:e partner_id:o invoice_date:d date:d invoice_date_due:d amount_untaxed:m amount_tax:m amount_total:m amount_residual:m amount_untaxed_signed:m amount_total_signed:m amount_residual_signed:m ref:s narration:x"
    );
    let order = format!(
        "{common} name:s state:e partner_id:o date_order:t commitment_date:t amount_untaxed:m amount_tax:m amount_total:m client_order_ref:s note:x invoice_ids:l {}",
        if version >= 16 { "delivery_status:e" } else { "" }
    );
    let line =
        "id:i name:s product_id:o price_unit:f discount:f price_subtotal:m price_total:m sequence:i display_type:e";
    let invoice_line =
        format!("{line} move_id:o quantity:f {}", if version >= 16 { "" } else { "exclude_from_invoice_tab:b" });
    let order_line = format!("{line} order_id:o product_uom_qty:f qty_delivered:f qty_invoiced:f");
    [
        ("res.partner", partner),
        ("product.product", product),
        ("account.move", invoice),
        ("sale.order", order),
        ("account.move.line", invoice_line),
        ("sale.order.line", order_line),
    ]
    .map(|(model, text)| (model.into(), fields(&text)))
    .into()
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
