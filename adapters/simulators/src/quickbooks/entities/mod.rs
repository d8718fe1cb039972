//! What may be asked of each entity: the marks "filterable" and "sortable" of Intuit's entity pages, which are to be taken
//! by their word: "the properties which are mentioned as filterable are only queryable"
//! (intuit/QuickBooks-V3-DotNET-SDK#163, of AcctNum).

mod accounting;
mod purchases;
mod sales;
mod setup;

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
    /// The own id of tax codes, which is a word for two of them: only `=` and `IN`.
    Word,
}

/// A property that can be asked for.
#[derive(Debug)]
pub(super) struct Property {
    /// The name, which is also that of the column.
    pub(super) name: &'static str,
    /// The name in small letters. For a text, also the column with the text in small letters; for an id that is a word,
    /// the column with the id.
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
    fn all() -> impl Iterator<Item = &'static Self> {
        [sales::ENTITIES, purchases::ENTITIES, accounting::ENTITIES, setup::ENTITIES].into_iter().flatten()
    }

    /// The entity of a name, whatever its case.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|entity| entity.name.eq_ignore_ascii_case(name))
    }

    /// The entity of a path.
    pub(super) fn at(path: &str) -> Option<&'static Self> {
        Self::all().find(|entity| entity.path == path)
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

    /// Whether a query that found less than it may says how much it found: recorded for transactions, and in Intuit's
    /// samples of taxes and classes.
    pub(super) fn tells_total(&self) -> bool {
        !self.has_active() || matches!(self.name, "TaxCode" | "TaxRate" | "Class")
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
const VENDOR: Property = both("VendorRef", "vendorref", Kind::Id);
const PAYABLES: Property = both("APAccountRef", "apaccountref", Kind::Id);
const TOTAL: Property = both("TotalAmt", "totalamt", Kind::Number);
const ACTIVE: Property = both("Active", "active", Kind::Flag);
const NAME: Property = both("Name", "name", Kind::Text);
const FULL_NAME: Property = both("FullyQualifiedName", "fullyqualifiedname", Kind::Text);

/// Transactions come by their last change, the newest first.
const BY_CHANGE: (&str, bool) = ("MetaData.LastUpdatedTime", true);

/// Columns that every table has.
pub(super) const COMMON: &[&str] = &["Id", "SyncToken", "MetaData.CreateTime", "MetaData.LastUpdatedTime"];
