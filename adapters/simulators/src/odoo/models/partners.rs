//! `res.partner`: customers, vendors, their contacts, and the people of the company itself.

use super::{
    Display, Literal, Model, Source,
    base::{LANGUAGES, TIME_ZONES},
    field::{boolean, char, date, float, html, integer, many2many, many2one, monetary, one2many, selection},
};
use crate::{
    odoo::books::ids,
    store::{Cell, Row},
};

pub(super) const PARTNER: Model = Model {
    name: "res.partner",
    label: "Contact",
    order: &[(17, "complete_name ASC, id DESC"), (0, "name ASC, id DESC")],
    display: Display::Column("complete_name"),
    searched: &["complete_name", "email", "ref", "vat"],
    fields: &[
        char("name", "Name"),
        char("complete_name", "Complete Name").readonly().since(17),
        char("ref", "Reference"),
        boolean("is_company", "Is a Company"),
        selection("company_type", "Company Type", &[("person", "Person"), ("company", "Company")])
            .computed()
            .by(|row, _| if row["is_company"] == Cell::Bool(true) { "company" } else { "person" }.into()),
        selection(
            "type",
            "Address Type",
            &[("contact", "Contact"), ("invoice", "Invoice"), ("delivery", "Delivery"), ("other", "Other")],
        ),
        many2one("parent_id", "Related Company", "res.partner"),
        one2many("child_ids", "Contact", "res.partner", "parent_id").from(Source::Children(active)),
        many2one("commercial_partner_id", "Commercial Entity", "res.partner").readonly(),
        char("commercial_company_name", "Company Name Entity").readonly().through("commercial_partner_id", "name"),
        char("email", "Email"),
        char("email_normalized", "Normalized Email").readonly().by(|row, _| match row["email"].as_str() {
            Some(email) => email.to_lowercase().into(),
            None => Cell::Null,
        }),
        char("phone", "Phone"),
        char("mobile", "Mobile").until(18),
        many2one("title", "Title", "res.partner.title").empty().until(18),
        char("website", "Website Link"),
        char("vat", "Tax ID"),
        char("street", "Street"),
        char("street2", "Street2").empty(),
        char("zip", "Zip"),
        char("city", "City"),
        many2one("state_id", "State", "res.country.state").empty(),
        many2one("country_id", "Country", "res.country"),
        char("country_code", "Country Code").searched().through("country_id", "code"),
        selection("lang", "Language", LANGUAGES),
        selection("tz", "Timezone", TIME_ZONES).always(Literal::Text("Europe/Berlin")),
        html("comment", "Notes"),
        many2many("category_id", "Tags", "res.partner.category").empty(),
        many2one("user_id", "Salesperson", "res.users"),
        many2one("company_id", "Company", "res.company").empty(),
        char("company_name", "Company Name").empty(),
        char("company_registry", "Company ID").empty(),
        many2one("currency_id", "Currency", "res.currency").computed().always(Literal::Int(ids::EUR)),
        many2one("property_payment_term_id", "Customer Payment Terms", "account.payment.term").per_company(),
        many2one("property_account_receivable_id", "Account Receivable", "account.account")
            .per_company()
            .always(Literal::Int(ids::RECEIVABLE)),
        many2one("property_product_pricelist", "Pricelist", "product.pricelist").computed().empty(),
        float("credit_limit", "Credit Limit").per_company().with("account"),
        many2one("property_supplier_payment_term_id", "Vendor Payment Terms", "account.payment.term").per_company(),
        many2one("property_account_payable_id", "Account Payable", "account.account")
            .per_company()
            .always(Literal::Int(ids::PAYABLE)),
        many2one("property_purchase_currency_id", "Supplier Currency", "res.currency").per_company().with("purchase"),
        monetary("credit", "Total Receivable").searched().with("account"),
        monetary("debit", "Total Payable").searched().with("account"),
        monetary("total_invoiced", "Total Invoiced").computed().with("account"),
        integer("customer_rank", "Customer Rank").with("account"),
        integer("supplier_rank", "Supplier Rank").with("account"),
        char("function", "Job Position").empty(),
        integer("color", "Color Index").empty(),
        boolean("partner_share", "Share Partner").readonly(),
        boolean("active", "Active"),
        one2many("bank_ids", "Banks", "res.partner.bank", "partner_id").empty(),
        many2one("industry_id", "Industry", "res.partner.industry").empty(),
        char("barcode", "Barcode").per_company().empty(),
        date("date", "Date").empty().until(18),
        one2many("invoice_ids", "Invoices", "account.move", "partner_id"),
    ],
    // Before 17 the name with that of the parent had no column of its own.
    hidden: &["complete_name"],
    indexes: &["parent_id", "ref", "country_id", "write_date"],
    by_company: true,
    ..Model::PLAIN
};

fn active(row: &Row<'_>) -> bool {
    row["active"] == Cell::Bool(true)
}
