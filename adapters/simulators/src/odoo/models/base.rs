//! The models that every Odoo has: companies, currencies, countries, users.

use super::{
    Display, Literal, Model,
    field::{boolean, char, date, float, html, integer, many2many, many2one, one2many, selection, text},
};
use crate::{odoo::books::ids, store::Cell};

/// The languages that are installed.
pub(super) const LANGUAGES: super::field::Choices = &[("de_DE", "German / Deutsch"), ("en_US", "English (US)")];

pub(super) const TIME_ZONES: super::field::Choices =
    &[("Europe/Berlin", "Europe/Berlin"), ("Europe/Zurich", "Europe/Zurich"), ("UTC", "UTC")];

const MONTHS: super::field::Choices = &[
    ("1", "January"),
    ("2", "February"),
    ("3", "March"),
    ("4", "April"),
    ("5", "May"),
    ("6", "June"),
    ("7", "July"),
    ("8", "August"),
    ("9", "September"),
    ("10", "October"),
    ("11", "November"),
    ("12", "December"),
];

pub(super) const COMPANY: Model = Model {
    name: "res.company",
    label: "Companies",
    order: &[(0, "sequence, name")],
    fields: &[
        char("name", "Company Name").required(),
        many2one("partner_id", "Partner", "res.partner").required(),
        many2one("currency_id", "Currency", "res.currency").required(),
        char("email", "Email"),
        char("phone", "Phone"),
        char("vat", "Tax ID").related(),
        char("street", "Street").computed(),
        char("street2", "Street2").computed().empty(),
        char("zip", "Zip").computed(),
        char("city", "City").computed(),
        many2one("country_id", "Country", "res.country").computed(),
        many2one("state_id", "Fed. State", "res.country.state").computed().empty(),
        char("company_registry", "Company ID").related().empty(),
        char("website", "Website Link").related().empty(),
        many2one("parent_id", "Parent Company", "res.company").empty(),
        char("country_code", "Country Code").computed().through("country_id", "code").since(16),
        one2many("child_ids", "Branches", "res.company", "parent_id").empty(),
        integer("sequence", "Sequence"),
        boolean("active", "Active").since(16),
        many2one("account_fiscal_country_id", "Fiscal Country", "res.country").of("country_id"),
        integer("fiscalyear_last_day", "Fiscalyear Last Day").required(),
        selection("fiscalyear_last_month", "Fiscalyear Last Month", MONTHS).required(),
        selection("chart_template", "Chart Template", &[("de_skr03", "SKR03"), ("de_skr04", "SKR04")])
            .always(Literal::Text("de_skr03"))
            .since(17),
        many2one("account_stock_valuation_id", "Stock Valuation Account", "account.account")
            .always(Literal::Int(ids::INVENTORY))
            .with("stock")
            .since(19),
    ],
    by_company: true,
    ..Model::PLAIN
};

pub(super) const CURRENCY: Model = Model {
    name: "res.currency",
    label: "Currency",
    order: &[(0, "active desc, name")],
    searched: &["name", "full_name"],
    fields: &[
        char("name", "Currency").required(),
        char("full_name", "Name"),
        char("symbol", "Symbol").required(),
        selection("position", "Symbol Position", &[("after", "After Amount"), ("before", "Before Amount")]),
        float("rounding", "Rounding Factor"),
        integer("decimal_places", "Decimal Places").readonly(),
        float("rate", "Current Rate").computed(),
        float("inverse_rate", "Inverse Rate").computed().since(15),
        date("date", "Date").computed(),
        boolean("active", "Active"),
        integer("iso_numeric", "Currency numeric code.").since(18),
        char("currency_unit_label", "Currency Unit").of("full_name"),
        char("currency_subunit_label", "Currency Subunit").empty(),
    ],
    ..Model::PLAIN
};

pub(super) const CURRENCY_RATE: Model = Model {
    name: "res.currency.rate",
    label: "Currency Rate",
    order: &[(0, "name desc, id")],
    display: Display::By(|row, _| match &row["name"] {
        Cell::Date(day) => day.to_string().into(),
        _ => Cell::Null,
    }),
    searched: &["name", "rate"],
    fields: &[
        date("name", "Date").required(),
        float("rate", "Technical Rate"),
        float("company_rate", "Rate").computed().of("rate").since(15),
        float("inverse_company_rate", "Inverse Rate").computed().since(15),
        many2one("currency_id", "Currency", "res.currency").required().readonly(),
        many2one("company_id", "Company", "res.company").always(Literal::Int(1)),
    ],
    hidden: &["inverse_company_rate"],
    indexes: &["currency_id"],
    by_company: true,
    ..Model::PLAIN
};

pub(super) const COUNTRY: Model = Model {
    name: "res.country",
    label: "Country",
    order: &[(0, "name")],
    searched: &["name", "code"],
    fields: &[
        char("name", "Country Name").required(),
        char("code", "Country Code").required(),
        many2one("currency_id", "Currency", "res.currency"),
        integer("phone_code", "Country Calling Code"),
        char("vat_label", "Vat Label"),
        text("address_format", "Layout in Reports")
            .always(Literal::Text("%(street)s\n%(street2)s\n%(zip)s %(city)s\n%(country_name)s")),
        one2many("state_ids", "States", "res.country.state", "country_id"),
        boolean("zip_required", "Zip Required").always(Literal::Bool(true)),
    ],
    indexes: &["code"],
    ..Model::PLAIN
};

pub(super) const STATE: Model = Model {
    name: "res.country.state",
    label: "Country state",
    order: &[(0, "code, id")],
    display: Display::By(|row, view| {
        let country = row["country_id"].as_int().and_then(|id| view.row("res.country", id));
        match (row["name"].as_str(), country.and_then(|country| country.get("code")?.as_str())) {
            (Some(name), Some(country)) => format!("{name} ({country})").into(),
            _ => Cell::Null,
        }
    }),
    searched: &["name", "code"],
    fields: &[
        char("name", "State Name").required(),
        char("code", "State Code").required(),
        many2one("country_id", "Country", "res.country").required(),
    ],
    indexes: &["country_id"],
    ..Model::PLAIN
};

pub(super) const TEAM: Model = Model {
    name: "crm.team",
    module: "sale",
    label: "Sales Team",
    order: &[(0, "sequence ASC, create_date DESC, id DESC")],
    fields: &[
        char("name", "Sales Team").required(),
        many2one("user_id", "Team Leader", "res.users"),
        boolean("active", "Active"),
        many2one("company_id", "Company", "res.company").empty(),
        integer("sequence", "Sequence"),
    ],
    by_company: true,
    ..Model::PLAIN
};

pub(super) const USER: Model = Model {
    name: "res.users",
    label: "User",
    order: &[(0, "name, login")],
    searched: &["name", "login"],
    fields: &[
        char("name", "Name").inherited(),
        char("login", "Login").required(),
        char("email", "Email").inherited(),
        many2one("partner_id", "Related Partner", "res.partner").required(),
        many2one("company_id", "Company", "res.company").required().always(Literal::Int(1)),
        many2many("company_ids", "Companies", "res.company"),
        selection("lang", "Language", LANGUAGES).inherited().always(Literal::Text("en_US")),
        selection("tz", "Timezone", TIME_ZONES).inherited().always(Literal::Text("Europe/Berlin")),
        boolean("active", "Active"),
        boolean("share", "Share User").readonly(),
        html("signature", "Email Signature").empty(),
        many2many("groups_id", "Groups", "res.groups").empty().until(18),
        many2many("group_ids", "Groups", "res.groups").empty().since(19),
    ],
    indexes: &["login"],
    by_company: true,
    ..Model::PLAIN
};

/// What is installed. Every employee may look.
pub(super) const MODULE: Model = Model {
    name: "ir.module.module",
    label: "Module",
    order: &[(0, "application desc,sequence,name")],
    searched: &["name", "shortdesc"],
    display: Display::Column("shortdesc"),
    fields: &[
        char("name", "Technical Name").required().readonly(),
        char("shortdesc", "Module Name").readonly(),
        selection("state", "Status", &[("uninstalled", "Not Installed"), ("installed", "Installed")]).readonly(),
        char("latest_version", "Installed Version").readonly(),
        boolean("application", "Application").readonly(),
        integer("sequence", "Sequence").always(Literal::Int(100)),
    ],
    ..Model::PLAIN
};
