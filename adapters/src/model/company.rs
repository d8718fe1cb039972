//! The company whose books an ERP keeps, and the people who work in it.

use super::{
    EntityType as E,
    catalogue::{Direction, EntityDef, boolean, currency, int, text},
};

pub(super) static COMPANY: EntityDef = EntityDef {
    entity: E::Company,
    name: "Company",
    plural: "companies",
    doc: "The company whose books an ERP keeps: one for each ERP.",
    fields: &[
        text("name", "Its name.").required().filter().sort(),
        text("taxNumber", "Its tax or VAT number."),
        currency("baseCurrency", "The currency of its books."),
        text("country", "Its country: the ISO 3166 code where the ERP has it, else the name."),
        text("timeZone", "Its time zone, by its IANA name."),
        int("fiscalYearEndMonth", "The month in which its fiscal year ends, 1 to 12."),
        int("fiscalYearEndDay", "The day of that month."),
    ],
    children: &[],
    order: ("name", Direction::Asc),
    hidden_unless: None,
};

pub(super) static ERP_USER: EntityDef = EntityDef {
    entity: E::ErpUser,
    name: "ErpUser",
    plural: "erpUsers",
    doc: "A user of the ERP, as far as the ERP shows it.",
    fields: &[
        text("name", "The user's name.").required().filter().sort(),
        text("email", "The user's e-mail address.").filter(),
        boolean("isActive", "Whether the user can log in.").required().filter(),
    ],
    children: &[],
    order: ("name", Direction::Asc),
    hidden_unless: None,
};
