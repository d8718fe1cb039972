//! The ledger: accounts, posted lines, tax rates, exchange rates.

use super::{
    EntityType as E, Value,
    catalogue::{
        Direction, EntityDef, EnumDef, base_money, boolean, currency, date, decimal, list, one_of, reference, text,
    },
    document::DIMENSION,
};

static ACCOUNT_CLASS: EnumDef = EnumDef {
    name: "AccountClass",
    doc: "The side of the books an account belongs to.",
    values: &[
        ("ASSET", "What the company owns."),
        ("LIABILITY", "What the company owes."),
        ("EQUITY", "What belongs to its owners."),
        ("REVENUE", "What it earns."),
        ("EXPENSE", "What it spends."),
        ("UNKNOWN", "The ERP has a class that this gateway does not know."),
    ],
};

static ACCOUNT_KIND: EnumDef = EnumDef {
    name: "AccountKind",
    doc: "What an account is for, in the words that KPIs are defined by.",
    values: &[
        ("CASH", "Cash and bank."),
        ("RECEIVABLE", "What customers owe."),
        ("INVENTORY", "Stock."),
        ("CURRENT_ASSET", "Other assets that turn into cash within a year."),
        ("FIXED_ASSET", "Land, buildings, machines."),
        ("OTHER_ASSET", "Other assets."),
        ("PAYABLE", "What vendors are owed."),
        ("CREDIT_CARD", "Credit cards."),
        ("CURRENT_LIABILITY", "Other debts due within a year."),
        ("LONG_TERM_LIABILITY", "Debts due later."),
        ("EQUITY", "Capital and retained earnings."),
        ("INCOME", "Income of the ordinary business."),
        ("OTHER_INCOME", "Other income."),
        ("COST_OF_SALES", "The direct cost of what was sold."),
        ("OPERATING_EXPENSE", "Expenses of the ordinary business."),
        ("DEPRECIATION", "Depreciation and amortisation."),
        ("OTHER_EXPENSE", "Other expenses."),
        ("UNKNOWN", "The ERP has a kind that this gateway does not know."),
    ],
};

static TAX_KIND: EnumDef = EnumDef {
    name: "TaxKind",
    doc: "Where a tax rate is used.",
    values: &[
        ("SALE", "On sales."),
        ("PURCHASE", "On purchases."),
        ("NONE", "On neither by itself, for example a part of another tax."),
        ("UNKNOWN", "The ERP does not say."),
    ],
};

pub(super) static ACCOUNT: EntityDef = EntityDef {
    entity: E::Account,
    name: "Account",
    plural: "accounts",
    doc: "An account of the general ledger.",
    fields: &[
        text("code", "Its number in the chart of accounts.").filter().sort(),
        text("name", "Its name.").required().filter().sort(),
        one_of("classification", &ACCOUNT_CLASS, "The side of the books it belongs to.").required().filter(),
        one_of("kind", &ACCOUNT_KIND, "What it is for.").required().filter(),
        currency("currency", "The currency it is kept in, where it is not the company's."),
        boolean("isActive", "Whether it is in use. Lists show only active accounts unless `where` names this.")
            .required()
            .filter(),
        base_money("balance", "Its balance now, in the company's currency."),
        reference("parent", E::Account, "The account it is summed up in."),
    ],
    children: &[],
    order: ("code", Direction::Asc),
    hidden_unless: Some(("isActive", Value::Bool(true))),
};

pub(super) static TRANSACTION: EntityDef = EntityDef {
    entity: E::Transaction,
    name: "Transaction",
    plural: "transactions",
    doc: "A posted line of the general ledger, in the company's currency.",
    fields: &[
        date("date", "The date in the ledger.").filter().sort(),
        text("journal", "The journal it is posted in.").filter(),
        text("number", "The number of the posting it belongs to.").filter().sort(),
        reference("account", E::Account, "The account.").filter(),
        base_money("debit", "What is debited."),
        base_money("credit", "What is credited."),
        text("description", "What the posting says."),
        reference("customer", E::Customer, "The customer, on a receivable line.").filter(),
        reference("vendor", E::Vendor, "The vendor, on a payable line.").filter(),
        text("source", "The document it comes from, as the ERP names it."),
        list("dimensions", &DIMENSION, "Cost centres, departments, projects and classes of the line.").required(),
    ],
    children: &[],
    order: ("date", Direction::Desc),
    hidden_unless: None,
};

pub(super) static TAX_RATE: EntityDef = EntityDef {
    entity: E::TaxRate,
    name: "TaxRate",
    plural: "taxRates",
    doc: "A rate of tax.",
    fields: &[
        text("name", "Its name.").required().filter().sort(),
        decimal("rate", "The rate in percent.").filter().sort(),
        one_of("kind", &TAX_KIND, "Where it is used.").required().filter(),
        boolean("isActive", "Whether it is in use.").required().filter(),
    ],
    children: &[],
    order: ("name", Direction::Asc),
    hidden_unless: None,
};

pub(super) static EXCHANGE_RATE: EntityDef = EntityDef {
    entity: E::ExchangeRate,
    name: "ExchangeRate",
    plural: "exchangeRates",
    doc: "The price of one unit of a currency in another, on a day.",
    fields: &[
        currency("from", "The currency that is priced.").required().filter(),
        currency("to", "The currency it is priced in.").required().filter(),
        date("date", "The first day on which it holds.").filter().sort(),
        decimal("rate", "Units of `to` for one unit of `from`."),
    ],
    children: &[],
    order: ("date", Direction::Desc),
    hidden_unless: None,
};
