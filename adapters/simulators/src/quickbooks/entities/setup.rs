//! What the company says of itself, and the short lists that documents refer to.

use super::*;

pub(super) const ENTITIES: &[Entity] = &[
    Entity {
        name: "CompanyInfo",
        path: "companyinfo",
        properties: &[ID, CREATED, UPDATED],
        others: &["CompanyName", "LegalName", "CompanyAddr", "LegalAddr", "Country", "Email", "NameValue", "SyncToken"],
        order: ("Id", false),
    },
    Entity {
        name: "Preferences",
        path: "preferences",
        properties: &[ID, CREATED, UPDATED],
        others: &["CurrencyPrefs", "SalesFormsPrefs", "TaxPrefs", "OtherPrefs", "SyncToken"],
        order: ("Id", false),
    },
    Entity {
        name: "TaxRate",
        path: "taxrate",
        properties: &[
            ID,
            NAME,
            both("Description", "description", Kind::Text),
            both("AgencyRef", "agencyref", Kind::Id),
            ACTIVE,
            CREATED,
            UPDATED,
        ],
        others: &[
            "SyncToken",
            "RateValue",
            "SpecialTaxType",
            "DisplayType",
            "EffectiveTaxRate",
            "TaxReturnLineRef",
            "OriginalTaxRate",
        ],
        order: ("name", false),
    },
    Entity {
        name: "TaxCode",
        path: "taxcode",
        properties: &[
            both("Id", "id", Kind::Word),
            NAME,
            both("Description", "description", Kind::Text),
            filter("Active", "active", Kind::Flag),
            CREATED,
            UPDATED,
        ],
        others: &[
            "SyncToken",
            "Taxable",
            "TaxGroup",
            "Hidden",
            "SalesTaxRateList",
            "PurchaseTaxRateList",
            "AdjustmentTaxRateList",
            "TaxCodeConfigType",
        ],
        order: ("Id", false),
    },
    Entity {
        name: "TaxAgency",
        path: "taxagency",
        properties: &[ID, sort("DisplayName", "displayname", Kind::Text), CREATED, UPDATED],
        others: &[
            "SyncToken",
            "TaxTrackedOnSales",
            "TaxTrackedOnPurchases",
            "TaxRegistrationNumber",
            "LastFileDate",
            "TaxAgencyConfig",
        ],
        order: ("Id", false),
    },
    Entity {
        name: "Class",
        path: "class",
        properties: &[ID, FULL_NAME, ACTIVE, CREATED, UPDATED],
        others: &["SyncToken", "Name", "SubClass", "ParentRef"],
        order: ("fullyqualifiedname", false),
    },
    Entity {
        name: "Department",
        path: "department",
        properties: &[ID, FULL_NAME, ACTIVE, sort("SubDepartment", "subdepartment", Kind::Flag), CREATED, UPDATED],
        others: &["SyncToken", "Name", "ParentRef", "Address"],
        order: ("fullyqualifiedname", false),
    },
    Entity {
        name: "Term",
        path: "term",
        properties: &[ID, NAME, ACTIVE, CREATED, UPDATED],
        others: &["SyncToken", "Type", "DueDays", "DiscountDays", "DiscountPercent", "DayOfMonthDue"],
        order: ("name", false),
    },
    // Name is not marked, but quickbooks-ruby recorded an answer to a query by it.
    Entity {
        name: "PaymentMethod",
        path: "paymentmethod",
        properties: &[ID, NAME, ACTIVE, CREATED, UPDATED],
        others: &["SyncToken", "Type"],
        order: ("name", false),
    },
    Entity {
        name: "CompanyCurrency",
        path: "companycurrency",
        properties: &[ID, ACTIVE, CREATED, UPDATED],
        others: &["SyncToken", "Code", "Name", "CustomField"],
        order: ("Id", false),
    },
    // It has no id of its own; the one here is not shown.
    Entity {
        name: "ExchangeRate",
        path: "exchangerate",
        properties: &[
            filter("SourceCurrencyCode", "sourcecurrencycode", Kind::Text),
            filter("AsOfDate", "asofdate", Kind::Date),
            CREATED,
            UPDATED,
        ],
        others: &["SyncToken", "TargetCurrencyCode", "Rate", "CustomField"],
        order: ("Id", false),
    },
];
