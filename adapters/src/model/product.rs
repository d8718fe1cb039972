//! Products and services.

use super::{
    EntityType as E, Value,
    catalogue::{ChildrenDef, Direction, EntityDef, EnumDef, base_money, boolean, decimal, one_of, text},
};

static PRODUCT_KIND: EnumDef = EnumDef {
    name: "ProductKind",
    doc: "Whether a product is kept in stock.",
    values: &[
        ("STOCKED", "Goods whose quantity the ERP tracks."),
        ("NON_STOCKED", "Goods whose quantity the ERP does not track."),
        ("SERVICE", "Work, not goods."),
        ("UNKNOWN", "The ERP has a kind that this gateway does not know."),
    ],
};

pub(super) static PRODUCT: EntityDef = EntityDef {
    entity: E::Product,
    name: "Product",
    plural: "products",
    doc: "Something that is bought, sold or made: goods or a service.",
    fields: &[
        text("name", "The name in daily use.").required().filter().sort(),
        text("sku", "The article number.").filter().sort(),
        text("description", "What the ERP prints or shows about it."),
        one_of("kind", &PRODUCT_KIND, "Whether it is kept in stock.").required().filter(),
        text("category", "The group it belongs to, as the ERP names it."),
        text("unitOfMeasure", "The unit it is counted in, as the ERP names it."),
        base_money("salePrice", "The list price without discounts, in the company's currency.").filter(),
        base_money("cost", "What one unit costs the company, in the company's currency."),
        boolean("isActive", "Whether it is in use. Lists show only active products unless `where` names this.")
            .required()
            .filter(),
        decimal("quantityAvailable", "How much is on hand over all locations, in the unit of measure."),
    ],
    children: &[ChildrenDef {
        name: "stockLevels",
        entity: E::StockLevel,
        via: "product",
        arguments: false,
        doc: "How much of it is where.",
    }],
    order: ("name", Direction::Asc),
    hidden_unless: Some(("isActive", Value::Bool(true))),
};
