//! What settles what: matched journal items.

use super::{
    Display, Literal, Model,
    field::{char, date, json, many2one, monetary, one2many},
};
use crate::odoo::books::ids;

pub(super) const PARTIAL: Model = Model {
    name: "account.partial.reconcile",
    label: "Partial Reconcile",
    display: Display::By(|row, _| format!("account.partial.reconcile,{}", row.id()).into()),
    searched: &[],
    fields: &[
        many2one("debit_move_id", "Debit Move", "account.move.line").required(),
        many2one("credit_move_id", "Credit Move", "account.move.line").required(),
        many2one("full_reconcile_id", "Full Reconcile", "account.full.reconcile"),
        many2one("exchange_move_id", "Exchange Move", "account.move").since(16),
        monetary("amount", "Amount").in_company_currency(),
        monetary("debit_amount_currency", "Debit Amount Currency").in_currency("debit_currency_id"),
        monetary("credit_amount_currency", "Credit Amount Currency").in_currency("credit_currency_id"),
        many2one("company_currency_id", "Company Currency", "res.currency")
            .related()
            .readonly()
            .always(Literal::Int(ids::EUR)),
        many2one("debit_currency_id", "Currency of the debit journal item.", "res.currency").readonly(),
        many2one("credit_currency_id", "Currency of the credit journal item.", "res.currency").readonly(),
        many2one("company_id", "Company", "res.company").always(Literal::Int(ids::COMPANY)),
        date("max_date", "Max Date of Matched Lines").readonly(),
        json("draft_caba_move_vals", "Values that created the draft cash-basis entry").since(19).empty(),
    ],
    hidden: &["exchange_move_id"],
    indexes: &["debit_move_id", "credit_move_id", "full_reconcile_id", "write_date"],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

pub(super) const FULL: Model = Model {
    name: "account.full.reconcile",
    label: "Full Reconcile",
    display: Display::By(|row, view| match row["name"].as_str() {
        Some(name) if view.version().0 <= 16 => name.into(),
        _ => format!("account.full.reconcile,{}", row.id()).into(),
    }),
    searched: &[],
    fields: &[
        char("name", "Number").required().until(16),
        one2many("partial_reconcile_ids", "Reconciliation Parts", "account.partial.reconcile", "full_reconcile_id"),
        one2many("reconciled_line_ids", "Matched Journal Items", "account.move.line", "full_reconcile_id"),
        many2one("exchange_move_id", "Exchange Move", "account.move").until(18),
    ],
    hidden: &["name"],
    module: "account",
    ..Model::PLAIN
};
