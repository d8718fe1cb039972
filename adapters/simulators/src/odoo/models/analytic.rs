//! Cost centres and projects, in Odoo analytic accounts of plans.

use super::Literal;
use super::{
    Display, Model,
    field::{Field, boolean, char, integer, many2many, many2one, monetary, one2many, selection, text},
};
use crate::odoo::books::ids;

/// Until 15 a line had one analytic account.
pub(super) const OLD_ACCOUNT: Field =
    many2one("account_analytic_id", "Analytic Account", "account.analytic.account").of("analytic").until(15);

/// And any number of tags, which nobody uses here.
pub(super) const OLD_TAGS: Field =
    many2many("analytic_tag_ids", "Analytic Tags", "account.analytic.tag").empty().until(15);

pub(super) const ACCOUNT: Model = Model {
    name: "account.analytic.account",
    label: "Analytic Account",
    order: &[(16, "plan_id, name asc"), (0, "code, name asc")],
    display: Display::By(|row, _| {
        let code = row["code"].as_str().map(|code| format!("[{code}] ")).unwrap_or_default();
        format!("{code}{}", row["name"].as_str().unwrap_or_default()).into()
    }),
    searched: &["name", "code"],
    fields: &[
        char("name", "Analytic Account").required(),
        char("code", "Reference"),
        boolean("active", "Active"),
        many2one("plan_id", "Plan", "account.analytic.plan").required().since(16),
        many2one("root_plan_id", "Root Plan", "account.analytic.plan").readonly().of("plan_id").since(16),
        many2one("company_id", "Company", "res.company").always(Literal::Int(ids::COMPANY)),
        many2one("partner_id", "Customer", "res.partner").empty(),
        many2one("currency_id", "Currency", "res.currency").related().readonly().always(Literal::Int(ids::EUR)),
        monetary("balance", "Balance").computed(),
        monetary("debit", "Debit").computed().of("debit"),
        monetary("credit", "Credit").computed().of("credit"),
        integer("color", "Color Index").related().readonly().empty().since(16),
    ],
    hidden: &["plan_id"],
    by_company: true,
    module: "analytic",
    ..Model::PLAIN
};

pub(super) const PLAN: Model = Model {
    name: "account.analytic.plan",
    label: "Analytic Plans",
    order: &[(17, "sequence asc, id"), (0, "complete_name asc")],
    searched: &["complete_name"],
    fields: &[
        char("name", "Name").required(),
        char("complete_name", "Complete Name").readonly().of("name"),
        many2one("parent_id", "Parent", "account.analytic.plan").empty(),
        char("parent_path", "Parent Path"),
        many2one("root_id", "Root", "account.analytic.plan").searched().of("id").since(17),
        one2many("children_ids", "Childrens", "account.analytic.plan", "parent_id"),
        one2many("account_ids", "Accounts", "account.analytic.account", "plan_id"),
        integer("account_count", "Analytic Accounts Count").computed(),
        integer("all_account_count", "All Analytic Accounts Count").computed().of("account_count").since(17),
        text("description", "Description").empty(),
        selection(
            "default_applicability",
            "Default Applicability",
            &[("optional", "Optional"), ("mandatory", "Mandatory"), ("unavailable", "Unavailable")],
        )
        .always(Literal::Text("optional")),
        integer("sequence", "Sequence").since(17),
        integer("color", "Color"),
    ],
    module: "analytic",
    releases: (16, u16::MAX),
    ..Model::PLAIN
};
