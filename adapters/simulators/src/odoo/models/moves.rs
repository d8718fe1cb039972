//! `account.move` and its lines: invoices, credit notes, bills and plain entries.

use super::{
    Display, Literal, Model, Source,
    accounting::{ACCOUNT_TYPES, INTERNAL_GROUPS, INTERNAL_TYPES, NEW_ACCOUNT_TYPES},
    field::{
        Choices, boolean, char, date, float, html, integer, json, many2many, many2one, monetary, one2many, selection,
    },
};
use crate::{
    decimal::Dec,
    odoo::{books::ids, orm::View},
    store::{Cell, Row},
};

const TYPES: Choices = &[
    ("entry", "Journal Entry"),
    ("out_invoice", "Customer Invoice"),
    ("out_refund", "Customer Credit Note"),
    ("in_invoice", "Vendor Bill"),
    ("in_refund", "Vendor Credit Note"),
    ("out_receipt", "Sales Receipt"),
    ("in_receipt", "Purchase Receipt"),
];

const STATES: Choices = &[("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled")];

const PAYMENT_STATES: Choices = &[
    ("not_paid", "Not Paid"),
    ("in_payment", "In Payment"),
    ("paid", "Paid"),
    ("partial", "Partially Paid"),
    ("reversed", "Reversed"),
    ("invoicing_legacy", "Invoicing App Legacy"),
];

pub(super) const MOVE: Model = Model {
    name: "account.move",
    label: "Journal Entry",
    order: &[(0, "date desc, name desc, invoice_date desc, id desc")],
    display: Display::By(label),
    searched: &["name", "partner_id.name", "ref"],
    fields: &[
        char("name", "Number"),
        selection("move_type", "Type", TYPES).required().readonly(),
        selection("state", "Status", STATES).required().readonly(),
        selection("payment_state", "Payment Status", PAYMENT_STATES).readonly().until(17),
        selection(
            "payment_state",
            "Payment Status",
            &[
                ("not_paid", "Not Paid"),
                ("in_payment", "In Payment"),
                ("paid", "Paid"),
                ("partial", "Partially Paid"),
                ("reversed", "Reversed"),
                ("blocked", "Blocked"),
                ("invoicing_legacy", "Invoicing App Legacy"),
            ],
        )
        .readonly()
        .since(18),
        selection("status_in_payment", "Status In Payment", STATUS_IN_PAYMENT)
            .related()
            .readonly()
            .by(|row, _| match row["state"].as_str() {
                Some("posted") if row["payment_state"].as_str() == Some("not_paid") => "posted".into(),
                Some("posted") => row["payment_state"].clone(),
                _ => row["state"].clone(),
            })
            .since(18),
        many2one("partner_id", "Partner", "res.partner"),
        many2one("commercial_partner_id", "Commercial Entity", "res.partner").readonly().of("partner_id"),
        many2one("partner_shipping_id", "Delivery Address", "res.partner").of("partner_id"),
        char("invoice_partner_display_name", "Invoice Partner Display Name").readonly().through("partner_id", "name"),
        date("invoice_date", "Invoice/Bill Date"),
        date("invoice_date_due", "Due Date"),
        date("date", "Date").required(),
        char("ref", "Reference"),
        char("payment_reference", "Payment Reference"),
        char("invoice_origin", "Origin").readonly(),
        many2one("currency_id", "Currency", "res.currency").required(),
        many2one("company_currency_id", "Company Currency", "res.currency")
            .related()
            .readonly()
            .always(Literal::Int(ids::EUR)),
        many2one("company_id", "Company", "res.company").always(Literal::Int(ids::COMPANY)),
        many2one("journal_id", "Journal", "account.journal").required(),
        monetary("amount_untaxed", "Untaxed Amount").readonly(),
        monetary("amount_tax", "Tax").readonly(),
        monetary("amount_total", "Total").readonly(),
        monetary("amount_residual", "Amount Due").readonly(),
        monetary("amount_untaxed_signed", "Untaxed Amount Signed").readonly().in_company_currency(),
        monetary("amount_untaxed_in_currency_signed", "Untaxed Amount Signed Currency")
            .readonly()
            .by(|row, _| signed(row, "amount_untaxed"))
            .since(18),
        monetary("amount_tax_signed", "Tax Signed").readonly().in_company_currency(),
        monetary("amount_total_signed", "Total Signed").readonly().in_company_currency(),
        monetary("amount_total_in_currency_signed", "Total in Currency Signed")
            .readonly()
            .by(|row, _| signed(row, "amount_total")),
        monetary("amount_residual_signed", "Amount Due Signed").readonly().in_company_currency(),
        float("invoice_currency_rate", "Currency Rate").since(18),
        one2many("invoice_line_ids", "Invoice lines", "account.move.line", "move_id")
            .from(Source::Children(shown_on_invoice)),
        one2many("line_ids", "Journal Items", "account.move.line", "move_id"),
        many2one("reversed_entry_id", "Reversal of", "account.move").readonly(),
        one2many("reversal_move_id", "Reversal Move", "account.move", "reversed_entry_id").until(17),
        one2many("reversal_move_ids", "Reversal Move", "account.move", "reversed_entry_id").since(18),
        html("narration", "Terms and Conditions"),
        many2one("invoice_user_id", "Salesperson", "res.users"),
        many2one("user_id", "User", "res.users").related().of("invoice_user_id"),
        many2one("invoice_payment_term_id", "Payment Terms", "account.payment.term"),
        many2one("payment_id", "Payment", "account.payment").until(17),
        many2one("origin_payment_id", "Payment", "account.payment").of("payment_id").since(18),
        many2many("matched_payment_ids", "Matched Payments", "account.payment").since(18),
        many2one("fiscal_position_id", "Fiscal Position", "account.fiscal.position").empty(),
        many2one("partner_bank_id", "Recipient Bank", "res.partner.bank").empty(),
        many2one("invoice_incoterm_id", "Incoterm", "account.incoterms").empty(),
        selection("auto_post", "Auto-post", &[("no", "No"), ("at_date", "At Date"), ("monthly", "Monthly")])
            .required()
            .always(Literal::Text("no"))
            .since(16),
        boolean("posted_before", "Posted Before").by(|row, _| (row["state"].as_str() != Some("draft")).into()),
        boolean("is_move_sent", "Is Move Sent").readonly().empty(),
        boolean("to_check", "To Check").empty().until(17),
        boolean("checked", "Reviewed").by(|row, _| (row["state"].as_str() == Some("posted")).into()).since(18),
        many2one("team_id", "Sales Team", "crm.team").always(Literal::Int(1)),
        integer("sequence_number", "Sequence Number").readonly(),
        char("sequence_prefix", "Sequence Prefix").readonly(),
        char("type_name", "Type Name").computed().by(|row, _| type_name(row).into()),
    ],
    hidden: &["matched_payment_ids", "payment_id"],
    indexes: &["partner_id", "write_date", "invoice_date", "reversed_entry_id"],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

const STATUS_IN_PAYMENT: Choices = &[
    ("not_paid", "Not Paid"),
    ("in_payment", "In Payment"),
    ("paid", "Paid"),
    ("partial", "Partially Paid"),
    ("reversed", "Reversed"),
    ("blocked", "Blocked"),
    ("invoicing_legacy", "Invoicing App Legacy"),
    ("draft", "Draft"),
    ("posted", "Posted"),
    ("sent", "Sent"),
    ("cancel", "Cancelled"),
];

fn type_name(row: &Row<'_>) -> &'static str {
    match row["move_type"].as_str() {
        Some("out_invoice") => "Invoice",
        Some("out_refund") => "Credit Note",
        Some("in_invoice") => "Vendor Bill",
        Some("in_refund") => "Vendor Credit Note",
        _ => "Journal Entry",
    }
}

/// `INV/2026/00042 (PO-77/26)`, and of a draft `Draft Invoice (* 425) (PO-77/26)`, from 19 without the id.
fn label(row: &Row<'_>, view: &View<'_>) -> Cell {
    let mut label = match row["name"].as_str().filter(|name| *name != "/") {
        Some(name) => name.to_owned(),
        None => {
            let kind = if row["move_type"].as_str() == Some("entry") { "Entry" } else { type_name(row) };
            let kind = kind.trim_start_matches("Vendor ");
            if view.version().rewritten() { format!("Draft {kind}") } else { format!("Draft {kind} (* {})", row.id()) }
        }
    };
    if let Some(reference) = row["ref"].as_str() {
        label.push_str(&format!(" ({reference})"));
    }
    label.into()
}

/// An amount in the document's currency, negative where money goes out.
fn signed(row: &Row<'_>, column: &str) -> Cell {
    match (&row[column], row["move_type"].as_str()) {
        (Cell::Dec(units, scale), Some("out_refund" | "in_invoice")) => Dec::new(-units, *scale).into(),
        (amount, _) => amount.clone(),
    }
}

/// Taxes and the receivable are lines too, but not of the invoice as people see it.
fn shown_on_invoice(row: &Row<'_>) -> bool {
    matches!(row["row_type"].as_str(), Some("product" | "line_section" | "line_note"))
}

pub(super) const LINE: Model = Model {
    name: "account.move.line",
    label: "Journal Item",
    order: &[(0, "date desc, move_name desc, id")],
    display: Display::By(|row, view| {
        let parent =
            row["move_id"].as_int().map(|id| String::from(&*view.label("account.move", id))).unwrap_or_default();
        match row["name"].as_str() {
            Some(name) => format!("{parent} {name}").into(),
            None => parent.into(),
        }
    }),
    searched: &["name", "move_id", "product_id"],
    fields: &[
        many2one("move_id", "Journal Entry", "account.move").required().readonly().joined(),
        char("move_name", "Number").readonly(),
        selection("move_type", "Type", TYPES).related().through("move_id", "move_type"),
        selection("parent_state", "Status", STATES).readonly(),
        selection("display_type", "Display Type", &[("line_section", "Section"), ("line_note", "Note")])
            .by(|row, _| row["row_type"].as_str().filter(|kind| kind.starts_with("line_")).into())
            .until(15),
        selection(
            "display_type",
            "Display Type",
            &[
                ("product", "Product"),
                ("cogs", "Cost of Goods Sold"),
                ("tax", "Tax"),
                ("discount", "Discount"),
                ("rounding", "Rounding"),
                ("payment_term", "Payment Term"),
                ("line_section", "Section"),
                ("line_note", "Note"),
                ("epd", "Early Payment Discount"),
            ],
        )
        .required()
        .of("row_type")
        .since(16),
        boolean("exclude_from_invoice_tab", "Exclude From Invoice Tab")
            .by(|row, _| (!shown_on_invoice(row)).into())
            .until(15),
        integer("sequence", "Sequence"),
        char("name", "Label"),
        many2one("product_id", "Product", "product.product"),
        many2one("product_uom_id", "Unit", "uom.uom").through("product_id", "uom_id"),
        many2one("account_id", "Account", "account.account").joined(),
        many2one("partner_id", "Partner", "res.partner"),
        float("quantity", "Quantity"),
        float("price_unit", "Unit Price"),
        float("discount", "Discount (%)"),
        many2many("tax_ids", "Taxes", "account.tax"),
        many2one("tax_line_id", "Originator Tax", "account.tax").readonly(),
        monetary("tax_base_amount", "Base Amount").readonly().in_company_currency(),
        monetary("price_subtotal", "Subtotal").readonly(),
        monetary("price_total", "Total").readonly(),
        monetary("debit", "Debit").in_company_currency().by(|row, _| side(row, 1)),
        monetary("credit", "Credit").in_company_currency().by(|row, _| side(row, -1)),
        monetary("balance", "Balance").in_company_currency(),
        monetary("amount_currency", "Amount in Currency"),
        many2one("currency_id", "Currency", "res.currency").required(),
        many2one("company_currency_id", "Company Currency", "res.currency").readonly().always(Literal::Int(ids::EUR)),
        many2one("company_id", "Company", "res.company").readonly().always(Literal::Int(ids::COMPANY)),
        many2one("journal_id", "Journal", "account.journal").readonly().through("move_id", "journal_id"),
        monetary("amount_residual", "Residual Amount").readonly().in_company_currency(),
        monetary("amount_residual_currency", "Residual Amount in Currency").readonly(),
        date("date", "Date").readonly(),
        date("date_maturity", "Due Date"),
        date("invoice_date", "Invoice/Bill Date").readonly().through("move_id", "invoice_date").since(16),
        char("ref", "Reference").readonly().through("move_id", "ref"),
        // Only of accounts that can be reconciled anything is left over.
        boolean("reconciled", "Reconciled").readonly().by(|row, _| {
            let settled = row["amount_residual"].as_dec() == Some(Dec::cents(0));
            (settled && row["parent_state"].as_str() == Some("posted")).into()
        }),
        json("analytic_distribution", "Analytic Distribution").of("analytic").since(16),
        many2one("analytic_account_id", "Analytic Account", "account.analytic.account").of("analytic").until(15),
        super::analytic::OLD_TAGS,
        one2many("matched_debit_ids", "Matched Debits", "account.partial.reconcile", "credit_move_id").readonly(),
        one2many("matched_credit_ids", "Matched Credits", "account.partial.reconcile", "debit_move_id").readonly(),
        many2one("full_reconcile_id", "Matching", "account.full.reconcile").readonly(),
        char("matching_number", "Matching #").by(matching_number),
        many2one("purchase_line_id", "Purchase Order Line", "purchase.order.line"),
        many2one("purchase_order_id", "Purchase Order", "purchase.order")
            .related()
            .readonly()
            .through("purchase_line_id", "order_id")
            .with("purchase"),
        many2one("statement_line_id", "Originator Statement Line", "account.bank.statement.line").readonly().empty(),
        many2one("tax_group_id", "Originator tax group", "account.tax.group")
            .readonly()
            .through("tax_line_id", "tax_group_id"),
        many2many("tax_tag_ids", "Tags", "account.account.tag").empty(),
        many2many("sale_line_ids", "Sales Order Lines", "sale.order.line").readonly(),
        many2one("payment_id", "Originator Payment", "account.payment")
            .readonly()
            .through("move_id", "payment_id")
            .until(17),
        many2one("payment_id", "Originator Payment", "account.payment")
            .readonly()
            .through("move_id", "origin_payment_id")
            .since(18),
        selection("account_internal_type", "Internal Type", INTERNAL_TYPES)
            .related()
            .readonly()
            .through("account_id", "internal_type")
            .until(15),
        selection("account_type", "Internal Type", ACCOUNT_TYPES)
            .related()
            .readonly()
            .through("account_id", "account_type")
            .since(16)
            .until(18),
        selection("account_type", "Internal Type", NEW_ACCOUNT_TYPES)
            .related()
            .readonly()
            .through("account_id", "account_type")
            .since(19),
        selection("account_internal_group", "Internal Group", INTERNAL_GROUPS)
            .related()
            .readonly()
            .through("account_id", "internal_group"),
        boolean("blocked", "No Follow-up").empty().until(18),
        boolean("no_followup", "No Follow-Up").empty().since(19),
        boolean("is_refund", "Is Refund")
            .computed()
            .by(|row, view| {
                let parent = row["move_id"].as_int().and_then(|id| view.row("account.move", id));
                let kind = parent.and_then(|parent| parent.get("move_type")?.as_str());
                matches!(kind, Some("out_refund" | "in_refund")).into()
            })
            .since(16),
    ],
    hidden: &["row_type", "analytic", "matching"],
    indexes: &["move_id", "product_id", "purchase_line_id", "full_reconcile_id"],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

/// The debit of a positive balance, the credit of a negative one.
fn side(row: &Row<'_>, sign: i64) -> Cell {
    match row["balance"] {
        Cell::Dec(units, scale) if units.signum() == sign => Dec::new(units.abs(), scale).into(),
        _ => Cell::Null,
    }
}

/// The number of the reconciliation: its id, and `P` and the id of its first part where something is left. Until 16 the
/// name of the full one, and `P` alone.
fn matching_number(row: &Row<'_>, view: &View<'_>) -> Cell {
    let named = view.version().0 <= 16;
    match (row["full_reconcile_id"].as_int(), row["matching"].as_int()) {
        (Some(full), _) if named => view.label("account.full.reconcile", full).into(),
        (Some(full), _) => full.to_string().into(),
        (None, Some(_)) if named => "P".into(),
        (None, Some(part)) => format!("P{part}").into(),
        (None, None) => Cell::Null,
    }
}
