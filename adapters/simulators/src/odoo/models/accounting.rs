//! What documents are posted with: accounts, journals, taxes, payment terms.

use super::{
    Display, Literal, Model,
    field::{Choices, boolean, char, float, html, integer, many2many, many2one, monetary, selection, text},
};
use crate::{odoo::books::ids, store::Cell};

/// The types of accounts; until 15 they were records.
pub(super) const ACCOUNT_TYPES: Choices = &[
    ("asset_receivable", "Receivable"),
    ("asset_cash", "Bank and Cash"),
    ("asset_current", "Current Assets"),
    ("asset_non_current", "Non-current Assets"),
    ("asset_prepayments", "Prepayments"),
    ("asset_fixed", "Fixed Assets"),
    ("liability_payable", "Payable"),
    ("liability_credit_card", "Credit Card"),
    ("liability_current", "Current Liabilities"),
    ("liability_non_current", "Non-current Liabilities"),
    ("equity", "Equity"),
    ("equity_unaffected", "Current Year Earnings"),
    ("income", "Income"),
    ("income_other", "Other Income"),
    ("expense", "Expenses"),
    ("expense_depreciation", "Depreciation"),
    ("expense_direct_cost", "Cost of Revenue"),
    ("off_balance", "Off-Balance Sheet"),
];

/// From 19 on there are other expenses too.
pub(super) const NEW_ACCOUNT_TYPES: Choices = &[
    ("asset_receivable", "Receivable"),
    ("asset_cash", "Bank and Cash"),
    ("asset_current", "Current Assets"),
    ("asset_non_current", "Non-current Assets"),
    ("asset_prepayments", "Prepayments"),
    ("asset_fixed", "Fixed Assets"),
    ("liability_payable", "Payable"),
    ("liability_credit_card", "Credit Card"),
    ("liability_current", "Current Liabilities"),
    ("liability_non_current", "Non-current Liabilities"),
    ("equity", "Equity"),
    ("equity_unaffected", "Current Year Earnings"),
    ("income", "Income"),
    ("income_other", "Other Income"),
    ("expense", "Expenses"),
    ("expense_other", "Other Expenses"),
    ("expense_depreciation", "Depreciation"),
    ("expense_direct_cost", "Cost of Revenue"),
    ("off_balance", "Off-Balance Sheet"),
];

/// What an account is about, the first word of its type.
pub(super) const INTERNAL_GROUPS: Choices = &[
    ("equity", "Equity"),
    ("asset", "Asset"),
    ("liability", "Liability"),
    ("income", "Income"),
    ("expense", "Expense"),
    ("off_balance", "Off Balance"),
];

/// Until 15, what distinguished the accounts of partners and of money.
pub(super) const INTERNAL_TYPES: Choices =
    &[("other", "Regular"), ("receivable", "Receivable"), ("payable", "Payable"), ("liquidity", "Liquidity")];

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
        char("code", "Code").related_since(18),
        many2one("user_type_id", "Type", "account.account.type").required().until(15),
        selection("internal_type", "Internal Type", INTERNAL_TYPES)
            .readonly()
            .through("user_type_id", "type")
            .until(15),
        selection("account_type", "Type", ACCOUNT_TYPES).required().since(16).until(18),
        selection("account_type", "Type", NEW_ACCOUNT_TYPES).required().since(19),
        selection("internal_group", "Internal Group", INTERNAL_GROUPS).related_since(18).readonly(),
        many2one("group_id", "Group", "account.group").until(17),
        many2one("group_id", "Group", "account.group").computed().since(18),
        many2one("company_currency_id", "Company Currency", "res.currency").computed().always(Literal::Int(ids::EUR)),
        many2many("tax_ids", "Default Taxes", "account.tax").empty(),
        many2many("tag_ids", "Tags", "account.account.tag").empty(),
        text("note", "Internal Notes").empty(),
        float("current_balance", "Current Balance").computed(),
        monetary("opening_balance", "Opening Balance").in_company_currency().computed().since(15),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)).until(17),
        many2many("company_ids", "Companies", "res.company").required().since(18),
        many2one("currency_id", "Account Currency", "res.currency"),
        boolean("reconcile", "Allow Reconciliation"),
        boolean("deprecated", "Deprecated").by(|row, _| (row["active"] != Cell::Bool(true)).into()).until(18),
        boolean("active", "Active").since(19),
    ],
    hidden: &["user_type_id", "account_type", "active"],
    indexes: &["code"],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

pub(super) const JOURNAL: Model = Model {
    name: "account.journal",
    label: "Journal",
    order: &[(0, "sequence, type, code")],
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
        .required()
        .until(17),
        selection(
            "type",
            "Type",
            &[
                ("sale", "Sales"),
                ("purchase", "Purchase"),
                ("cash", "Cash"),
                ("bank", "Bank"),
                ("credit", "Credit Card"),
                ("general", "Miscellaneous"),
            ],
        )
        .required()
        .since(18),
        many2one("company_id", "Company", "res.company").required().readonly().always(Literal::Int(ids::COMPANY)),
        many2one("currency_id", "Currency", "res.currency").empty(),
        many2one("default_account_id", "Default Account", "account.account"),
        boolean("active", "Active"),
        integer("sequence", "Sequence"),
    ],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

pub(super) const TAX: Model = Model {
    name: "account.tax",
    label: "Tax",
    order: &[(0, "sequence,id")],
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
        many2one("tax_group_id", "Tax Group", "account.tax.group").required(),
        integer("sequence", "Sequence").required(),
        boolean("active", "Active"),
    ],
    hidden: &["description"],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

pub(super) const PAYMENT_TERM: Model = Model {
    name: "account.payment.term",
    label: "Payment Terms",
    order: &[(0, "sequence, id")],
    fields: &[
        char("name", "Payment Terms").required(),
        html("note", "Description on the Invoice"),
        boolean("active", "Active"),
        many2one("company_id", "Company", "res.company").empty(),
        integer("sequence", "Sequence").required().always(Literal::Int(10)),
    ],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

/// Groups of accounts by the first digits of their codes.
pub(super) const GROUP: Model = Model {
    name: "account.group",
    label: "Account Group",
    order: &[(0, "code_prefix_start")],
    display: Display::By(|row, _| {
        let (start, end) = (row["code_prefix_start"].as_str(), row["code_prefix_end"].as_str());
        let prefix = match (start, end) {
            (Some(start), Some(end)) if start != end => format!("{start}-{end} "),
            (Some(start), _) => format!("{start} "),
            _ => String::new(),
        };
        format!("{prefix}{}", row["name"].as_str().unwrap_or_default()).into()
    }),
    searched: &["code_prefix_start", "name"],
    fields: &[
        char("name", "Name").required(),
        char("code_prefix_start", "Code Prefix Start"),
        char("code_prefix_end", "Code Prefix End"),
        many2one("parent_id", "Parent", "account.group").readonly(),
        many2one("company_id", "Company", "res.company").required().readonly().always(Literal::Int(ids::COMPANY)),
    ],
    by_company: true,
    module: "account",
    ..Model::PLAIN
};

pub(super) const ACCOUNT_TYPE: Model = Model {
    name: "account.account.type",
    label: "Account Type",
    fields: &[
        char("name", "Account Type").required(),
        selection("type", "Type", INTERNAL_TYPES).required(),
        selection("internal_group", "Internal Group", INTERNAL_GROUPS).required(),
        boolean("include_initial_balance", "Bring Accounts Balance Forward"),
    ],
    module: "account",
    releases: (0, 15),
    ..Model::PLAIN
};

pub(super) const TAX_GROUP: Model = Model {
    name: "account.tax.group",
    label: "Tax Group",
    order: &[(0, "sequence asc, id")],
    fields: &[
        char("name", "Name").required(),
        integer("sequence", "Sequence").always(Literal::Int(10)),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(ids::COMPANY)).since(16),
        many2one("country_id", "Country", "res.country").always(Literal::Int(ids::GERMANY)).since(15),
    ],
    module: "account",
    ..Model::PLAIN
};
