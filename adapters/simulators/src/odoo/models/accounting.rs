//! What hangs on invoices: accounts, journals, taxes, payment terms, payments.

use super::{
    ALWAYS, Display, Literal, Model,
    field::{Choices, boolean, char, date, float, html, integer, many2many, many2one, monetary, selection},
};
use crate::{odoo::books::ids, store::Cell};

pub(super) const ACCOUNT_TYPES: Choices = &[
    ("asset_receivable", "Receivable"),
    ("asset_cash", "Bank and Cash"),
    ("asset_current", "Current Assets"),
    ("liability_payable", "Payable"),
    ("liability_current", "Current Liabilities"),
    ("equity", "Equity"),
    ("income", "Income"),
    ("expense", "Expenses"),
];

pub(super) const ACCOUNT: Model = Model {
    name: "account.account",
    label: "Account",
    order: &[(0, "code")],
    // From 18 the code depends on the company, and the name goes without it.
    display: Display::By(|row, view| match (row["code"].as_str(), row["name"].as_str()) {
        (Some(code), Some(name)) if view.version().books_payments() => format!("{code} {name}").into(),
        _ => row["name"].clone(),
    }),
    searched: &["name", "code"],
    fields: &[
        char("name", "Account Name").required(),
        char("code", "Code").inherited(),
        selection("account_type", "Type", ACCOUNT_TYPES).required().since(16),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)).until(17),
        many2many("company_ids", "Companies", "res.company").required().since(18),
        many2one("currency_id", "Account Currency", "res.currency").empty(),
        boolean("reconcile", "Allow Reconciliation"),
        boolean("deprecated", "Deprecated").empty().until(17),
        boolean("active", "Active").since(18),
    ],
    hidden: &[],
    indexes: &["code"],
    by_company: true,
    accounting: true,
    releases: ALWAYS,
};

pub(super) const JOURNAL: Model = Model {
    name: "account.journal",
    label: "Journal",
    order: &[(0, "sequence, type, code")],
    display: Display::Column("name"),
    searched: &["name", "code"],
    fields: &[
        char("name", "Journal Name").required(),
        char("code", "Sequence Prefix").required(),
        selection(
            "type",
            "Type",
            &[
                ("sale", "Sales"),
                ("purchase", "Purchase"),
                ("cash", "Cash"),
                ("bank", "Bank"),
                ("general", "Miscellaneous"),
            ],
        )
        .required(),
        many2one("company_id", "Company", "res.company").required().readonly().always(Literal::Int(ids::COMPANY)),
        many2one("currency_id", "Currency", "res.currency").empty(),
        many2one("default_account_id", "Default Account", "account.account"),
        boolean("active", "Active"),
        integer("sequence", "Sequence"),
    ],
    hidden: &[],
    indexes: &[],
    by_company: true,
    accounting: true,
    releases: ALWAYS,
};

pub(super) const TAX: Model = Model {
    name: "account.tax",
    label: "Tax",
    order: &[(0, "sequence,id")],
    display: Display::Column("name"),
    searched: &["name"],
    fields: &[
        char("name", "Tax Name").required(),
        float("amount", "Amount").required(),
        selection(
            "amount_type",
            "Tax Computation",
            &[
                ("group", "Group of Taxes"),
                ("fixed", "Fixed"),
                ("percent", "Percentage"),
                ("division", "Percentage Tax Included"),
            ],
        )
        .required()
        .always(Literal::Text("percent")),
        selection("type_tax_use", "Tax Type", &[("sale", "Sales"), ("purchase", "Purchases"), ("none", "None")])
            .required(),
        boolean("price_include", "Price Include").always(Literal::Bool(false)),
        selection(
            "price_include_override",
            "Included in Price",
            &[("tax_included", "Tax Included"), ("tax_excluded", "Tax Excluded")],
        )
        .empty()
        .since(18),
        char("description", "Description").until(17),
        html("description", "Description").empty().since(18),
        char("invoice_label", "Label on Invoices").of("name").since(17),
        many2one("company_id", "Company", "res.company").required().readonly().always(Literal::Int(ids::COMPANY)),
        many2one("country_id", "Country", "res.country").required().always(Literal::Int(ids::GERMANY)),
        many2one("tax_group_id", "Tax Group", "account.tax.group").empty(),
        integer("sequence", "Sequence").required(),
        boolean("active", "Active"),
    ],
    hidden: &["description"],
    indexes: &[],
    by_company: true,
    accounting: false,
    releases: ALWAYS,
};

pub(super) const PAYMENT_TERM: Model = Model {
    name: "account.payment.term",
    label: "Payment Terms",
    order: &[(0, "sequence, id")],
    display: Display::Column("name"),
    searched: &["name"],
    fields: &[
        char("name", "Payment Terms").required(),
        html("note", "Description on the Invoice"),
        boolean("active", "Active"),
        many2one("company_id", "Company", "res.company").empty(),
        integer("sequence", "Sequence").required().always(Literal::Int(10)),
    ],
    hidden: &[],
    indexes: &[],
    by_company: true,
    accounting: false,
    releases: ALWAYS,
};

pub(super) const PAYMENT: Model = Model {
    name: "account.payment",
    label: "Payments",
    order: &[(0, "date desc, name desc")],
    display: Display::Column("name"),
    searched: &["name"],
    fields: &[
        char("name", "Number").readonly(),
        date("date", "Date").required(),
        monetary("amount", "Amount"),
        monetary("amount_signed", "Amount Signed").computed().of("amount"),
        monetary("amount_company_currency_signed", "Amount Company Currency Signed").readonly().in_company_currency(),
        many2one("currency_id", "Currency", "res.currency"),
        many2one("company_currency_id", "Company Currency", "res.currency").inherited().always(Literal::Int(ids::EUR)),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)),
        many2one("partner_id", "Customer/Vendor", "res.partner"),
        selection("payment_type", "Payment Type", &[("outbound", "Send"), ("inbound", "Receive")])
            .required()
            .always(Literal::Text("inbound")),
        selection("partner_type", "Partner Type", &[("customer", "Customer"), ("supplier", "Vendor")])
            .required()
            .always(Literal::Text("customer")),
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
        many2one("journal_id", "Journal", "account.journal").required().always(Literal::Int(ids::BANK_JOURNAL)),
        many2one("move_id", "Journal Entry", "account.move"),
        boolean("is_reconciled", "Is Reconciled").readonly(),
        boolean("is_matched", "Is Matched With a Bank Statement").readonly().of("is_reconciled"),
        many2many("reconciled_invoice_ids", "Reconciled Invoices", "account.move").searched(),
        integer("reconciled_invoices_count", "# Reconciled Invoices").computed().by(|row, _| {
            match &row["reconciled_invoice_ids"] {
                Cell::Ids(ids) => (ids.len() as i64).into(),
                _ => Cell::Null,
            }
        }),
        many2many("invoice_ids", "Invoices", "account.move").of("reconciled_invoice_ids").since(18),
        many2one("destination_account_id", "Destination Account", "account.account")
            .always(Literal::Int(ids::RECEIVABLE)),
    ],
    hidden: &["state", "memo"],
    indexes: &["partner_id", "write_date"],
    by_company: true,
    accounting: true,
    releases: ALWAYS,
};
