//! What may be asked of each entity: the marks "filterable" and "sortable" of Intuit's entity pages.

/// What the values of a property are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The entity's own id, or a reference: only `=` and `IN`.
    Id,
    /// A text, compared without regard to case.
    Text,
    /// A number.
    Number,
    /// A day.
    Date,
    /// A moment.
    Time,
    /// Yes or no.
    Flag,
}

/// A property that can be asked for.
#[derive(Debug)]
pub(super) struct Property {
    /// The name, which is also that of the column.
    pub(super) name: &'static str,
    /// The name in small letters. For a text, also the column with the text in small letters.
    pub(super) lower: &'static str,
    pub(super) kind: Kind,
    /// Whether it may stand in a condition.
    pub(super) filterable: bool,
    /// Whether it may stand behind ORDERBY.
    pub(super) sortable: bool,
}

/// An entity.
#[derive(Debug)]
pub(super) struct Entity {
    /// The name in queries and answers, and of its table.
    pub(super) name: &'static str,
    /// The name in paths.
    pub(super) path: &'static str,
    pub(super) properties: &'static [Property],
    /// Properties that exist but cannot be asked for.
    others: &'static [&'static str],
    /// The order without ORDERBY, which no document tells. Measured: transactions by the last change, newest first, names
    /// by name.
    pub(super) order: (&'static str, bool),
}

impl Entity {
    /// The entity of a name, whatever its case.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ENTITIES.iter().find(|entity| entity.name.eq_ignore_ascii_case(name))
    }

    /// The entity of a path.
    pub(super) fn at(path: &str) -> Option<&'static Self> {
        ENTITIES.iter().find(|entity| entity.path == path)
    }

    /// The property of a name, whatever its case.
    pub(super) fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties.iter().find(|property| property.name.eq_ignore_ascii_case(name))
    }

    /// Whether the entity has a property of this name, whatever can be done with it.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.property(name).is_some() || self.others.iter().any(|other| other.eq_ignore_ascii_case(name))
    }

    /// Whether its objects are made inactive instead of deleted.
    pub(super) fn has_active(&self) -> bool {
        self.property("Active").is_some()
    }
}

const fn both(name: &'static str, lower: &'static str, kind: Kind) -> Property {
    Property { name, lower, kind, filterable: true, sortable: true }
}

const fn filter(name: &'static str, lower: &'static str, kind: Kind) -> Property {
    Property { name, lower, kind, filterable: true, sortable: false }
}

const fn sort(name: &'static str, lower: &'static str, kind: Kind) -> Property {
    Property { name, lower, kind, filterable: false, sortable: true }
}

const ID: Property = both("Id", "id", Kind::Id);
const CREATED: Property = both("MetaData.CreateTime", "metadata.createtime", Kind::Time);
const UPDATED: Property = both("MetaData.LastUpdatedTime", "metadata.lastupdatedtime", Kind::Time);
const CUSTOMER: Property = filter("CustomerRef", "customerref", Kind::Id);
const PROJECT: Property = filter("ProjectRef", "projectref", Kind::Id);
const NUMBER: Property = both("DocNumber", "docnumber", Kind::Text);
const DATE: Property = both("TxnDate", "txndate", Kind::Date);
const DUE: Property = both("DueDate", "duedate", Kind::Date);
const BALANCE: Property = both("Balance", "balance", Kind::Number);
const TERM: Property = filter("SalesTermRef", "salestermref", Kind::Id);

/// Columns that every table has.
pub(super) const COMMON: &[&str] = &["Id", "SyncToken", "MetaData.CreateTime", "MetaData.LastUpdatedTime"];

const SALES: &[&str] = &[
    "SyncToken",
    "CustomField",
    "DepartmentRef",
    "CurrencyRef",
    "ExchangeRate",
    "PrivateNote",
    "TxnStatus",
    "LinkedTxn",
    "Line",
    "TxnTaxDetail",
    "TxnSource",
    "CustomerMemo",
    "BillAddr",
    "ShipAddr",
    "FreeFormAddress",
    "ClassRef",
    "SalesTermRef",
    "DueDate",
    "ShipMethodRef",
    "ShipDate",
    "TrackingNum",
    "GlobalTaxCalculation",
    "TotalAmt",
    "HomeTotalAmt",
    "ApplyTaxAfterDiscount",
    "PrintStatus",
    "EmailStatus",
    "BillEmail",
    "BillEmailCc",
    "BillEmailBcc",
    "Balance",
    "HomeBalance",
    "DepositToAccountRef",
    "DeliveryInfo",
    "Deposit",
    "AllowIPNPayment",
    "AllowOnlinePayment",
    "AllowOnlineCreditCardPayment",
    "AllowOnlineACHPayment",
    "RemainingCredit",
    "ExpirationDate",
    "AcceptedBy",
    "AcceptedDate",
];

const ENTITIES: &[Entity] = &[
    Entity {
        name: "Customer",
        path: "customer",
        properties: &[
            ID,
            both("DisplayName", "displayname", Kind::Text),
            both("GivenName", "givenname", Kind::Text),
            both("MiddleName", "middlename", Kind::Text),
            both("FamilyName", "familyname", Kind::Text),
            both("FullyQualifiedName", "fullyqualifiedname", Kind::Text),
            both("CompanyName", "companyname", Kind::Text),
            both("PrintOnCheckName", "printoncheckname", Kind::Text),
            both("Active", "active", Kind::Flag),
            BALANCE,
            sort("BalanceWithJobs", "balancewithjobs", Kind::Number),
            filter("PrimaryEmailAddr", "primaryemailaddr", Kind::Text),
            CREATED,
            UPDATED,
        ],
        others: &[
            "SyncToken",
            "CustomField",
            "Title",
            "Suffix",
            "PrimaryPhone",
            "AlternatePhone",
            "Mobile",
            "Fax",
            "WebAddr",
            "BillAddr",
            "ShipAddr",
            "Notes",
            "Job",
            "BillWithParent",
            "ParentRef",
            "Level",
            "Taxable",
            "DefaultTaxCodeRef",
            "CustomerTypeRef",
            "CurrencyRef",
            "SalesTermRef",
            "PaymentMethodRef",
            "PreferredDeliveryMethod",
            "ResaleNum",
            "PrimaryTaxIdentifier",
            "AcctNum",
            "OpenBalanceDate",
            "IsProject",
            "ClientEntityId",
            "ARAccountRef",
        ],
        order: ("displayname", false),
    },
    Entity {
        name: "Item",
        path: "item",
        properties: &[
            ID,
            both("Name", "name", Kind::Text),
            both("Type", "type", Kind::Text),
            filter("FullyQualifiedName", "fullyqualifiedname", Kind::Text),
            filter("Sku", "sku", Kind::Text),
            filter("Active", "active", Kind::Flag),
            sort("UnitPrice", "unitprice", Kind::Number),
            CREATED,
            UPDATED,
        ],
        others: &[
            "SyncToken",
            "CustomField",
            "Description",
            "SubItem",
            "ParentRef",
            "Level",
            "Taxable",
            "SalesTaxIncluded",
            "IncomeAccountRef",
            "PurchaseDesc",
            "PurchaseTaxIncluded",
            "PurchaseCost",
            "ExpenseAccountRef",
            "AssetAccountRef",
            "PrefVendorRef",
            "TrackQtyOnHand",
            "QtyOnHand",
            "ReorderPoint",
            "InvStartDate",
            "PrintGroupedItems",
            "ItemGroupDetail",
            "ItemCategoryType",
            "ClassRef",
            "SalesTaxCodeRef",
            "PurchaseTaxCodeRef",
            "ManPartNum",
        ],
        order: ("name", false),
    },
    Entity {
        name: "Invoice",
        path: "invoice",
        // TotalAmt is not marked, but Intuit's own example filters by it.
        properties: &[
            ID,
            CUSTOMER,
            NUMBER,
            PROJECT,
            DATE,
            DUE,
            BALANCE,
            filter("TotalAmt", "totalamt", Kind::Number),
            TERM,
            CREATED,
            UPDATED,
        ],
        others: SALES,
        order: ("MetaData.LastUpdatedTime", true),
    },
    Entity {
        name: "CreditMemo",
        path: "creditmemo",
        properties: &[ID, CUSTOMER, PROJECT, BALANCE, DATE, TERM, NUMBER, CREATED, UPDATED],
        others: SALES,
        order: ("MetaData.LastUpdatedTime", true),
    },
    Entity {
        name: "Estimate",
        path: "estimate",
        properties: &[ID, CUSTOMER, PROJECT, DATE, DUE, NUMBER, CREATED, UPDATED],
        others: SALES,
        order: ("MetaData.LastUpdatedTime", true),
    },
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
];
