//! Payments.

use super::{
    EntityType as E,
    catalogue::{Direction, EntityDef, EnumDef, date, list, money, one_of, reference, text},
    document::PAYMENT_ALLOCATION,
};

static PAYMENT_DIRECTION: EnumDef = EnumDef {
    name: "PaymentDirection",
    doc: "Which way money went.",
    values: &[("INBOUND", "To the company."), ("OUTBOUND", "From the company.")],
};

static PAYMENT_STATUS: EnumDef = EnumDef {
    name: "PaymentStatus",
    doc: "How far a payment has come.",
    values: &[
        ("DRAFT", "Not posted yet."),
        ("POSTED", "In the books."),
        ("VOIDED", "Cancelled."),
        ("UNKNOWN", "The ERP has a state that this gateway does not know: see `statusSource`."),
    ],
};

pub(super) static PAYMENT: EntityDef = EntityDef {
    entity: E::Payment,
    name: "Payment",
    plural: "payments",
    doc: "Money that came in from a customer or went out to a vendor.",
    fields: &[
        text("number", "The ERP's number of the payment.").filter().sort(),
        one_of("direction", &PAYMENT_DIRECTION, "Which way the money went.").required().filter(),
        one_of("status", &PAYMENT_STATUS, "How far it has come.").required().filter(),
        text("statusSource", "The ERP's own word for the status."),
        date("date", "When it was paid.").filter().sort(),
        money("amount", "How much was paid.").filter().sort(),
        text("method", "How it was paid, as the ERP names it."),
        text("reference", "The reference on it, for example the number of a cheque.").filter(),
        reference("customer", E::Customer, "Who paid, or was paid back.").filter(),
        reference("vendor", E::Vendor, "Who was paid, or paid back.").filter(),
        reference("account", E::Account, "The bank or cash account."),
        list("allocations", &PAYMENT_ALLOCATION, "Which documents it settles."),
    ],
    children: &[],
    order: ("date", Direction::Desc),
    hidden_unless: None,
};
