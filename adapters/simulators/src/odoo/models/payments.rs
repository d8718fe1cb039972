//! `account.payment` and the ways to pay.

use super::{
    Literal, Model,
    field::{boolean, char, date, integer, many2many, many2one, monetary, selection},
};
use crate::{odoo::books::ids, store::Cell};

pub(super) const PAYMENT: Model = Model {
    name: "account.payment",
    label: "Payments",
    order: &[(0, "date desc, name desc")],
    fields: &[
        char("name", "Number").readonly(),
        date("date", "Date").required(),
        monetary("amount", "Amount"),
        monetary("amount_signed", "Amount Signed").computed().by(|row, _| match (&row["amount"], outbound(row)) {
            (Cell::Dec(units, scale), true) => Cell::Dec(-units, *scale),
            (amount, _) => amount.clone(),
        }),
        monetary("amount_company_currency_signed", "Amount Company Currency Signed").readonly().in_company_currency(),
        many2one("currency_id", "Currency", "res.currency"),
        many2one("company_currency_id", "Company Currency", "res.currency").related().always(Literal::Int(ids::EUR)),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)),
        many2one("partner_id", "Customer/Vendor", "res.partner"),
        selection("payment_type", "Payment Type", DIRECTIONS).required(),
        selection("partner_type", "Partner Type", &[("customer", "Customer"), ("supplier", "Vendor")])
            .required()
            .by(|row, _| if outbound(row) { "supplier" } else { "customer" }.into()),
        selection("state", "Status", &[("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled")])
            .inherited()
            .until(17),
        selection(
            "state",
            "State",
            &[
                ("draft", "Draft"),
                ("in_process", "In Process"),
                ("paid", "Paid"),
                ("canceled", "Canceled"),
                ("rejected", "Rejected"),
            ],
        )
        .required()
        .since(18),
        char("ref", "Reference").inherited().of("memo").until(17),
        char("memo", "Memo").since(18),
        char("payment_reference", "Payment Reference").empty(),
        many2one("journal_id", "Journal", "account.journal").required(),
        many2one("payment_method_line_id", "Payment Method", "account.payment.method.line").since(15),
        many2one("payment_method_id", "Method", "account.payment.method")
            .readonly()
            .by(|row, _| if outbound(row) { ids::METHOD_OUT } else { ids::METHOD_IN }.into()),
        char("payment_method_code", "Code").related().readonly().always(Literal::Text("manual")),
        many2one("outstanding_account_id", "Outstanding Account", "account.account").readonly(),
        many2one("destination_account_id", "Destination Account", "account.account")
            .by(|row, _| if outbound(row) { ids::PAYABLE } else { ids::RECEIVABLE }.into()),
        boolean("is_internal_transfer", "Internal Transfer").always(Literal::Bool(false)).until(17),
        many2one("partner_bank_id", "Recipient Bank Account", "res.partner.bank").empty(),
        many2one("move_id", "Journal Entry", "account.move"),
        boolean("is_reconciled", "Is Reconciled").readonly(),
        boolean("is_matched", "Is Matched With a Bank Statement").readonly(),
        boolean("is_sent", "Is Sent").readonly().always(Literal::Bool(false)).since(18),
        many2many("reconciled_invoice_ids", "Reconciled Invoices", "account.move").computed().until(17),
        many2many("reconciled_invoice_ids", "Reconciled Invoices", "account.move").searched().since(18),
        integer("reconciled_invoices_count", "# Reconciled Invoices")
            .computed()
            .by(|row, _| count(&row["reconciled_invoice_ids"])),
        many2many("reconciled_bill_ids", "Reconciled Bills", "account.move").computed(),
        integer("reconciled_bills_count", "# Reconciled Bills")
            .computed()
            .by(|row, _| count(&row["reconciled_bill_ids"])),
        many2many("invoice_ids", "Invoices", "account.move").of("documents").since(18),
    ],
    hidden: &["state", "memo", "documents", "reconciled_invoice_ids", "payment_method_line_id"],
    indexes: &["partner_id", "write_date"],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

const DIRECTIONS: super::field::Choices = &[("outbound", "Send"), ("inbound", "Receive")];

fn outbound(row: &crate::store::Row<'_>) -> bool {
    row["payment_type"].as_str() == Some("outbound")
}

fn count(ids: &Cell) -> Cell {
    match ids {
        Cell::Ids(ids) => (ids.len() as i64).into(),
        _ => Cell::Null,
    }
}

pub(super) const METHOD: Model = Model {
    name: "account.payment.method",
    label: "Payment Methods",
    fields: &[
        char("name", "Name").required(),
        char("code", "Code").required(),
        selection("payment_type", "Payment Type", &[("inbound", "Inbound"), ("outbound", "Outbound")]).required(),
    ],
    module: "account",
    ..Model::PLAIN
};

pub(super) const METHOD_LINE: Model = Model {
    name: "account.payment.method.line",
    label: "Payment Methods",
    order: &[(0, "sequence, id")],
    fields: &[
        char("name", "Name"),
        integer("sequence", "Sequence").always(Literal::Int(10)),
        many2one("payment_method_id", "Payment Method", "account.payment.method").required(),
        many2one("payment_account_id", "Payment Account", "account.account"),
        many2one("journal_id", "Journal", "account.journal"),
        char("code", "Code").related().readonly().through("payment_method_id", "code"),
        selection("payment_type", "Payment Type", &[("inbound", "Inbound"), ("outbound", "Outbound")])
            .related()
            .readonly()
            .through("payment_method_id", "payment_type"),
    ],
    module: "account",
    releases: (15, u16::MAX),
    ..Model::PLAIN
};
