//! Goods that move and goods that lie.

use super::{
    EntityType as E,
    catalogue::{Direction, EntityDef, EnumDef, ObjectDef, datetime, decimal, int, list, one_of, reference, text},
};

static MOVEMENT_STATUS: EnumDef = EnumDef {
    name: "MovementStatus",
    doc: "How far a receipt or shipment has come.",
    values: &[
        ("DRAFT", "Planned only, or waiting for goods."),
        ("READY", "Can be done now."),
        ("DONE", "The goods have moved."),
        ("CANCELLED", "Cancelled."),
        ("UNKNOWN", "The ERP has a state that this gateway does not know: see `statusSource`."),
    ],
};

static MOVEMENT_LINE: ObjectDef = ObjectDef {
    name: "MovementLine",
    doc: "A line of a receipt or shipment.",
    fields: &[
        text("remoteId", "The ERP's own id of the line."),
        int("lineNumber", "Its place in the document, from 1.").required(),
        reference("product", E::Product, "What moved."),
        text("description", "What the document says about it."),
        decimal("quantity", "How many units."),
        text("lot", "The lot or serial number."),
        text("orderLine", "The ERP's own id of the order line it fulfils."),
    ],
};

pub(super) static RECEIPT: EntityDef = EntityDef {
    entity: E::Receipt,
    name: "Receipt",
    plural: "receipts",
    doc: "Goods that arrived from a vendor.",
    fields: &[
        text("number", "The number of the receipt.").filter().sort(),
        one_of("status", &MOVEMENT_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        reference("vendor", E::Vendor, "From whom.").filter(),
        reference("purchaseOrder", E::PurchaseOrder, "The order that it fulfils.").filter(),
        datetime("receivedAt", "When the goods arrived.").filter().sort(),
        list("lines", &MOVEMENT_LINE, "What arrived."),
    ],
    children: &[],
    order: ("receivedAt", Direction::Desc),
    hidden_unless: None,
};

pub(super) static SHIPMENT: EntityDef = EntityDef {
    entity: E::Shipment,
    name: "Shipment",
    plural: "shipments",
    doc: "Goods that left for a customer.",
    fields: &[
        text("number", "The number of the shipment.").filter().sort(),
        one_of("status", &MOVEMENT_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        reference("customer", E::Customer, "To whom.").filter(),
        reference("salesOrder", E::SalesOrder, "The order that it fulfils.").filter(),
        datetime("shippedAt", "When the goods left.").filter().sort(),
        text("trackingNumber", "The carrier's number.").filter(),
        list("lines", &MOVEMENT_LINE, "What left."),
    ],
    children: &[],
    order: ("shippedAt", Direction::Desc),
    hidden_unless: None,
};

pub(super) static STOCK_LEVEL: EntityDef = EntityDef {
    entity: E::StockLevel,
    name: "StockLevel",
    plural: "stockLevels",
    doc: "How much of a product is in one location, in the product's unit of measure.",
    fields: &[
        reference("product", E::Product, "Of what.").filter(),
        text("location", "Where: a warehouse or a place in it, as the ERP names it.").filter().sort(),
        decimal("onHand", "How much is there.").filter().sort(),
        decimal("reserved", "How much of it is promised."),
        decimal("available", "How much of it is not promised."),
    ],
    children: &[],
    order: ("location", Direction::Asc),
    hidden_unless: None,
};
