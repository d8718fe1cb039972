//! What documents have in common: lines, dimensions and allocations of payments.

use super::{
    EntityType as E,
    catalogue::{EnumDef, ObjectDef, date, decimal, int, list, money, reference, references, text},
};

/// A line of an invoice, bill or order.
pub(super) static DOCUMENT_LINE: ObjectDef = ObjectDef {
    name: "DocumentLine",
    doc: "A line of an invoice, bill or order. Amounts are in the document's currency.",
    fields: &[
        text("remoteId", "The ERP's own id of the line."),
        int("lineNumber", "Its place in the document, from 1.").required(),
        text("description", "What the document says about it."),
        reference("product", E::Product, "What is bought or sold; null for free text."),
        decimal("quantity", "How many units."),
        money("unitPrice", "The price of one unit before discount and tax."),
        decimal("discountPercent", "The discount in percent of the price."),
        money("subtotal", "Quantity times price less discount, without tax."),
        money("taxTotal", "The tax on this line, where the ERP keeps it for each line."),
        money("total", "The subtotal with tax, where the ERP keeps tax for each line."),
        reference("account", E::Account, "The account it is posted to."),
        references("taxRates", E::TaxRate, "The taxes on this line."),
        decimal("quantityFulfilled", "How much of an order line has been delivered or received."),
        decimal("quantityBilled", "How much of an order line has been invoiced or billed."),
        list("dimensions", &DIMENSION, "Cost centres, departments, projects and classes of the line.").required(),
    ],
};

/// A key of cost accounting with its value.
pub(super) static DIMENSION: ObjectDef = ObjectDef {
    name: "Dimension",
    doc: "A key of cost accounting with its value: a cost centre, department, project or class.",
    fields: &[text("key", "Which dimension, as the ERP names it.").required(), text("value", "The value.").required()],
};

/// The part of a payment that settles one document.
pub(super) static PAYMENT_ALLOCATION: ObjectDef = ObjectDef {
    name: "PaymentAllocation",
    doc: "The part of a payment that settles one document.",
    fields: &[
        money("amount", "How much of the payment goes to the document."),
        date("date", "When it was allocated."),
        reference("payment", E::Payment, "The payment."),
        reference("invoice", E::Invoice, "The invoice or credit note that is settled."),
        reference("bill", E::Bill, "The bill or vendor credit that is settled."),
    ],
};

pub(super) static INVOICE_STATUS: EnumDef = EnumDef {
    name: "InvoiceStatus",
    doc: "How far an invoice or bill has come. Overdue is not a status: see `isOverdue`.",
    values: &[
        ("DRAFT", "Not posted yet: it has no effect on the books."),
        ("SUBMITTED", "Waits for approval."),
        ("OPEN", "Posted, nothing paid yet."),
        ("PARTIALLY_PAID", "Posted, some of it paid."),
        ("PAID", "Nothing is left to pay: paid, or settled by a credit note."),
        ("VOIDED", "Cancelled."),
        ("UNKNOWN", "The ERP has a state that this gateway does not know: see `statusSource`."),
    ],
};
