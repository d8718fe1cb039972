//! Orders: from customers, to vendors, to the company's own production.

use super::{
    EntityType as E,
    catalogue::{
        ChildrenDef, Direction, EntityDef, EnumDef, currency, date, datetime, decimal, list, money, one_of, reference,
        text,
    },
    document::DOCUMENT_LINE,
};

static SALES_ORDER_STATUS: EnumDef = EnumDef {
    name: "SalesOrderStatus",
    doc: "How far a sales order has come.",
    values: &[
        ("DRAFT", "A quotation: the customer has not ordered yet."),
        ("PENDING_APPROVAL", "Waits for approval."),
        ("OPEN", "Confirmed, nothing delivered yet."),
        ("PARTIALLY_FULFILLED", "Some of it delivered."),
        ("FULFILLED", "All of it delivered."),
        ("CLOSED", "Finished: nothing more will be delivered."),
        ("VOIDED", "Cancelled."),
        ("UNKNOWN", "The ERP has a state that this gateway does not know: see `statusSource`."),
    ],
};

static PURCHASE_ORDER_STATUS: EnumDef = EnumDef {
    name: "PurchaseOrderStatus",
    doc: "How far a purchase order has come.",
    values: &[
        ("DRAFT", "Not sent to the vendor yet, or a request for a price."),
        ("PENDING_APPROVAL", "Waits for approval."),
        ("OPEN", "Ordered, nothing received yet."),
        ("PARTIALLY_RECEIVED", "Some of it received."),
        ("RECEIVED", "All of it received."),
        ("BILLED", "All of it billed."),
        ("CLOSED", "Finished: nothing more will be received."),
        ("VOIDED", "Cancelled."),
        ("UNKNOWN", "The ERP has a state that this gateway does not know: see `statusSource`."),
    ],
};

static WORK_ORDER_STATUS: EnumDef = EnumDef {
    name: "WorkOrderStatus",
    doc: "How far a work order has come.",
    values: &[
        ("DRAFT", "Planned only."),
        ("CONFIRMED", "Released to production."),
        ("IN_PROGRESS", "Begun."),
        ("DONE", "Finished."),
        ("CANCELLED", "Cancelled."),
        ("UNKNOWN", "The ERP has a state that this gateway does not know: see `statusSource`."),
    ],
};

pub(super) static SALES_ORDER: EntityDef = EntityDef {
    entity: E::SalesOrder,
    name: "SalesOrder",
    plural: "salesOrders",
    doc: "What a customer ordered, or was offered.",
    fields: &[
        text("number", "The number of the order.").filter().sort(),
        one_of("status", &SALES_ORDER_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        reference("customer", E::Customer, "Who ordered.").filter(),
        date("orderDate", "The date of the order.").filter().sort(),
        date("deliveryDate", "When it should be delivered.").filter().sort(),
        currency("currency", "The currency of the order.").filter(),
        money("subtotal", "The sum without tax."),
        money("taxTotal", "The tax."),
        money("total", "The sum with tax.").filter().sort(),
        text("reference", "The customer's reference, for example the number of their own order.").filter(),
        text("memo", "A note on the order."),
        list("lines", &DOCUMENT_LINE, "What was ordered."),
    ],
    children: &[ChildrenDef {
        name: "invoices",
        entity: E::Invoice,
        via: "salesOrder",
        arguments: false,
        doc: "The invoices and credit notes made from this order.",
    }],
    order: ("orderDate", Direction::Desc),
    hidden_unless: None,
};

pub(super) static PURCHASE_ORDER: EntityDef = EntityDef {
    entity: E::PurchaseOrder,
    name: "PurchaseOrder",
    plural: "purchaseOrders",
    doc: "What was ordered from a vendor.",
    fields: &[
        text("number", "The number of the order.").filter().sort(),
        one_of("status", &PURCHASE_ORDER_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        reference("vendor", E::Vendor, "From whom.").filter(),
        date("orderDate", "The date of the order.").filter().sort(),
        date("deliveryDate", "When it should arrive.").filter().sort(),
        currency("currency", "The currency of the order.").filter(),
        money("subtotal", "The sum without tax."),
        money("taxTotal", "The tax."),
        money("total", "The sum with tax.").filter().sort(),
        text("reference", "The vendor's reference.").filter(),
        text("memo", "A note on the order."),
        list("lines", &DOCUMENT_LINE, "What was ordered."),
    ],
    children: &[ChildrenDef {
        name: "receipts",
        entity: E::Receipt,
        via: "purchaseOrder",
        arguments: false,
        doc: "What has arrived of it.",
    }],
    order: ("orderDate", Direction::Desc),
    hidden_unless: None,
};

pub(super) static WORK_ORDER: EntityDef = EntityDef {
    entity: E::WorkOrder,
    name: "WorkOrder",
    plural: "workOrders",
    doc: "An order to the company's own production.",
    fields: &[
        text("number", "The number of the order.").filter().sort(),
        one_of("status", &WORK_ORDER_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        reference("product", E::Product, "What is made.").filter(),
        decimal("quantity", "How much is to be made."),
        decimal("quantityProduced", "How much has been made."),
        text("priority", "The priority, as the ERP writes it."),
        datetime("plannedStart", "When it should begin.").filter().sort(),
        datetime("deadline", "When it has to be done.").filter().sort(),
        reference("assignee", E::ErpUser, "Who is responsible."),
        text("reference", "What it is made for, for example the number of a sales order.").filter(),
    ],
    children: &[],
    order: ("plannedStart", Direction::Desc),
    hidden_unless: None,
};
