//! Customers and vendors.

use super::{
    EntityType as E, Value,
    catalogue::{
        ChildrenDef, Direction, EntityDef, EnumDef, ObjectDef, currency, money_list, object, one_of, reference, text,
        url,
    },
};

pub(super) static PARTY_STATUS: EnumDef = EnumDef {
    name: "PartyStatus",
    doc: "Whether business is done with a party.",
    values: &[
        ("ACTIVE", "In use."),
        ("INACTIVE", "Archived, blocked or frozen."),
        ("UNKNOWN", "The ERP has a state that this gateway does not know."),
    ],
};

pub(super) static ADDRESS: ObjectDef = ObjectDef {
    name: "Address",
    doc: "A postal address.",
    fields: &[
        text("line1", "Street and number."),
        text("line2", "What does not fit the first line."),
        text("city", "The city."),
        text("region", "The state, province or county, as the ERP writes it."),
        text("postalCode", "The postal code."),
        text("country", "The country: its ISO 3166 code where the ERP has it, else its name."),
    ],
};

const ACTIVE: Option<(&str, Value)> = Some(("status", Value::Enum("ACTIVE")));

pub(super) static CUSTOMER: EntityDef = EntityDef {
    entity: E::Customer,
    name: "Customer",
    plural: "customers",
    doc: "Somebody who buys from the company. The same firm may be a customer in several ERPs: each has its own record.",
    fields: &[
        text("name", "The name in daily use.").required().filter().sort(),
        text("legalName", "The registered name, where the ERP keeps it apart."),
        text("email", "The main e-mail address.").filter(),
        text("phone", "The main phone number."),
        url("website", "The home page."),
        text("taxNumber", "The tax or VAT number.").filter(),
        text("registrationNumber", "The number in the company register."),
        currency("currency", "The currency in which this customer is usually invoiced.").filter(),
        one_of(
            "status",
            &PARTY_STATUS,
            "Whether business is done with this customer. Lists show only active ones unless `where` names the status.",
        )
        .required()
        .filter(),
        object("billingAddress", &ADDRESS, "Where invoices go."),
        object("shippingAddress", &ADDRESS, "Where goods go."),
        reference("parent", E::Customer, "The customer this one belongs to, for example the group or the head office.")
            .filter(),
        money_list("balanceDue", "What this customer still owes by the ERP's own books, one entry for each currency."),
    ],
    children: &[
        ChildrenDef {
            name: "invoices",
            entity: E::Invoice,
            via: "customer",
            arguments: true,
            doc: "The customer's invoices and credit notes, newest first unless `orderBy` says otherwise.",
        },
        ChildrenDef {
            name: "salesOrders",
            entity: E::SalesOrder,
            via: "customer",
            arguments: true,
            doc: "What the customer ordered, newest first unless `orderBy` says otherwise.",
        },
        ChildrenDef {
            name: "payments",
            entity: E::Payment,
            via: "customer",
            arguments: true,
            doc: "What the customer paid and was paid back.",
        },
    ],
    order: ("name", Direction::Asc),
    hidden_unless: ACTIVE,
};

pub(super) static VENDOR: EntityDef = EntityDef {
    entity: E::Vendor,
    name: "Vendor",
    plural: "vendors",
    doc: "Somebody who sells to the company.",
    fields: &[
        text("name", "The name in daily use.").required().filter().sort(),
        text("legalName", "The registered name, where the ERP keeps it apart."),
        text("email", "The main e-mail address.").filter(),
        text("phone", "The main phone number."),
        url("website", "The home page."),
        text("taxNumber", "The tax or VAT number.").filter(),
        currency("currency", "The currency in which this vendor usually bills.").filter(),
        one_of(
            "status",
            &PARTY_STATUS,
            "Whether business is done with this vendor. Lists show only active ones unless `where` names the status.",
        )
        .required()
        .filter(),
        object("billingAddress", &ADDRESS, "The vendor's address."),
    ],
    children: &[
        ChildrenDef {
            name: "bills",
            entity: E::Bill,
            via: "vendor",
            arguments: true,
            doc: "The vendor's bills and credits, newest first unless `orderBy` says otherwise.",
        },
        ChildrenDef {
            name: "purchaseOrders",
            entity: E::PurchaseOrder,
            via: "vendor",
            arguments: true,
            doc: "What was ordered from the vendor, newest first unless `orderBy` says otherwise.",
        },
    ],
    order: ("name", Direction::Asc),
    hidden_unless: ACTIVE,
};
