//! The chart of accounts of each company, in its country's usual codes.

use super::{Company, Currency};

/// What an account is, which decides the side and the statement that it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    /// An account at a bank.
    Bank,
    /// Cash in hand.
    Cash,
    /// What customers owe.
    Receivable,
    /// Goods in stock.
    Inventory,
    /// Another asset that is used up within a year.
    CurrentAsset,
    /// Machines and the like, and what is written off of them.
    FixedAsset,
    /// What is owed to vendors.
    Payable,
    /// What is owed for purchases by card.
    CreditCard,
    /// Tax that is owed.
    TaxPayable,
    /// Another debt of less than a year.
    CurrentLiability,
    /// A loan.
    LongTermLiability,
    /// The owners' share.
    Equity,
    /// Sales.
    Income,
    /// Income beside the business.
    OtherIncome,
    /// What the things sold have cost.
    CostOfSales,
    /// What running the business costs.
    OperatingExpense,
    /// What machines lose in worth.
    Depreciation,
    /// Expenses beside the business.
    OtherExpense,
}

/// The side of the books on which an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountClass {
    /// What the company has.
    Asset,
    /// What it owes.
    Liability,
    /// What is left for the owners.
    Equity,
    /// What it earns.
    Revenue,
    /// What it spends.
    Expense,
}

impl AccountKind {
    /// The side of the books.
    pub const fn class(self) -> AccountClass {
        match self {
            Self::Bank | Self::Cash | Self::Receivable | Self::Inventory | Self::CurrentAsset | Self::FixedAsset => {
                AccountClass::Asset
            }
            Self::Payable | Self::CreditCard | Self::TaxPayable | Self::CurrentLiability | Self::LongTermLiability => {
                AccountClass::Liability
            }
            Self::Equity => AccountClass::Equity,
            Self::Income | Self::OtherIncome => AccountClass::Revenue,
            Self::CostOfSales | Self::OperatingExpense | Self::Depreciation | Self::OtherExpense => {
                AccountClass::Expense
            }
        }
    }
}

/// What the story uses an account for: the position of the account in [`Dataset::accounts`](super::Dataset::accounts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum AccountRole {
    /// The bank account, in the books' currency.
    Bank,
    /// The till.
    Cash,
    /// What customers owe.
    Receivable,
    /// Goods in stock, at [`Product::cost`](super::Product::cost).
    Inventory,
    /// Tax on purchases that the state gives back.
    InputTax,
    /// Expenses paid ahead.
    Prepaid,
    /// Machines, at what they cost.
    Machines,
    /// What is written off of the machines; a child of [`Self::Machines`].
    WrittenOff,
    /// What is owed to vendors.
    Payable,
    /// The company's credit card.
    CreditCard,
    /// Goods received and not billed yet.
    Unbilled,
    /// Tax on sales.
    OutputTax,
    /// The bank's loan.
    Loan,
    /// What the owners paid in.
    Capital,
    /// Earnings of the years before the story.
    RetainedEarnings,
    /// Sales of goods.
    SalesGoods,
    /// Sales of services.
    SalesServices,
    /// Sales abroad, at 0 % tax.
    SalesExport,
    /// Gains by exchange rates.
    ExchangeGain,
    /// What goods sold have cost.
    CostOfSales,
    /// What differs between a vendor's price, or a product's components, and [`Product::cost`](super::Product::cost).
    PriceDifference,
    /// The parent of the operating expenses; nothing is posted on it.
    OperatingExpenses,
    /// Salaries.
    Salaries,
    /// Rent.
    Rent,
    /// Electricity and heat.
    Energy,
    /// Advertising.
    Marketing,
    /// Travel.
    Travel,
    /// Software and telephone.
    Software,
    /// What the machines lose in worth.
    Depreciation,
    /// Interest on the loan.
    Interest,
    /// Losses by exchange rates.
    ExchangeLoss,
    /// An account that nobody uses any more.
    Disused,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// What the story uses it for.
    pub role: AccountRole,
    /// The code; unique, digits only.
    pub code: &'static str,
    /// The name; unique, in the company's language.
    pub name: &'static str,
    /// What it is.
    pub kind: AccountKind,
    /// The account it belongs to, a position in [`Dataset::accounts`](super::Dataset::accounts).
    pub parent: Option<usize>,
    /// The one currency in which it is kept; `None` where documents in any currency are posted on it.
    pub currency: Option<Currency>,
    /// False for an account that is only kept for its history.
    pub active: bool,
}

impl AccountRole {
    /// The position of the account in [`Dataset::accounts`](super::Dataset::accounts).
    pub const fn position(self) -> usize {
        self as usize
    }

    const fn parent(self) -> Option<Self> {
        match self {
            Self::WrittenOff => Some(Self::Machines),
            Self::Salaries | Self::Rent | Self::Energy | Self::Marketing | Self::Travel | Self::Software => {
                Some(Self::OperatingExpenses)
            }
            _ => None,
        }
    }
}

/// Role, kind, and code and name in the German SKR 03, the Swiss KMU chart and a usual US one, in the order of the roles.
type Row = (AccountRole, AccountKind, [(&'static str, &'static str); 3]);

const CHART: [Row; 32] = {
    use AccountKind as Kind;
    use AccountRole as Role;
    [
        (Role::Bank, Kind::Bank, [("1201", "Bank"), ("1020", "Bankguthaben"), ("1000", "Checking")]),
        (Role::Cash, Kind::Cash, [("1000", "Kasse"), ("1000", "Kasse"), ("1050", "Petty Cash")]),
        (
            Role::Receivable,
            Kind::Receivable,
            [
                ("1410", "Forderungen aus Lieferungen und Leistungen"),
                ("1100", "Forderungen aus Lieferungen und Leistungen (Debitoren)"),
                ("1200", "Accounts Receivable (A/R)"),
            ],
        ),
        (
            Role::Inventory,
            Kind::Inventory,
            [("3980", "Bestand Waren"), ("1200", "Handelswaren"), ("1300", "Inventory Asset")],
        ),
        (
            Role::InputTax,
            Kind::CurrentAsset,
            [("1576", "Abziehbare Vorsteuer"), ("1170", "Vorsteuer MWST"), ("1350", "Recoverable Tax")],
        ),
        (
            Role::Prepaid,
            Kind::CurrentAsset,
            [
                ("0980", "Aktive Rechnungsabgrenzung"),
                ("1300", "Bezahlter Aufwand des Folgejahres"),
                ("1400", "Prepaid Expenses"),
            ],
        ),
        (
            Role::Machines,
            Kind::FixedAsset,
            [("0210", "Maschinen"), ("1500", "Maschinen und Apparate"), ("1500", "Machinery and Equipment")],
        ),
        (
            Role::WrittenOff,
            Kind::FixedAsset,
            [
                ("0219", "Kumulierte Abschreibungen Maschinen"),
                ("1509", "Wertberichtigungen Maschinen und Apparate"),
                ("1590", "Accumulated Depreciation"),
            ],
        ),
        (
            Role::Payable,
            Kind::Payable,
            [
                ("1610", "Verbindlichkeiten aus Lieferungen und Leistungen"),
                ("2000", "Verbindlichkeiten aus Lieferungen und Leistungen (Kreditoren)"),
                ("2000", "Accounts Payable (A/P)"),
            ],
        ),
        (
            Role::CreditCard,
            Kind::CreditCard,
            [("1730", "Kreditkartenabrechnung"), ("2110", "Firmenkreditkarte"), ("2100", "Corporate Card")],
        ),
        (
            Role::Unbilled,
            Kind::CurrentLiability,
            [
                ("1601", "Wareneingang ohne Rechnung"),
                ("2030", "Wareneingänge ohne Rechnung"),
                ("2150", "Inventory Received Not Billed"),
            ],
        ),
        (
            Role::OutputTax,
            Kind::TaxPayable,
            [("1776", "Umsatzsteuer"), ("2200", "Geschuldete MWST (Umsatzsteuer)"), ("2200", "Sales Tax Payable")],
        ),
        (
            Role::Loan,
            Kind::LongTermLiability,
            [("0630", "Darlehen der Hausbank"), ("2400", "Bankdarlehen"), ("2500", "Term Loan")],
        ),
        (
            Role::Capital,
            Kind::Equity,
            [("0800", "Gezeichnetes Kapital"), ("2800", "Aktienkapital"), ("3000", "Common Stock")],
        ),
        (
            Role::RetainedEarnings,
            Kind::Equity,
            [("0860", "Gewinnvortrag"), ("2970", "Gewinnvortrag"), ("3900", "Retained Earnings")],
        ),
        (
            Role::SalesGoods,
            Kind::Income,
            [("8400", "Erlöse"), ("3200", "Handelsertrag"), ("4000", "Sales of Product Income")],
        ),
        (
            Role::SalesServices,
            Kind::Income,
            [("8410", "Erlöse aus Dienstleistungen"), ("3400", "Dienstleistungsertrag"), ("4100", "Services")],
        ),
        (
            Role::SalesExport,
            Kind::Income,
            [
                ("8120", "Steuerfreie Umsätze Ausfuhr"),
                ("3280", "Exporterlöse"),
                ("4200", "Out-of-State and Export Sales"),
            ],
        ),
        (
            Role::ExchangeGain,
            Kind::OtherIncome,
            [("2660", "Erträge aus Kursdifferenzen"), ("6999", "Kursgewinne"), ("7000", "Exchange Gain")],
        ),
        (
            Role::CostOfSales,
            Kind::CostOfSales,
            [("3400", "Wareneingang"), ("4200", "Handelswarenaufwand"), ("5000", "Cost of Goods Sold")],
        ),
        (
            Role::PriceDifference,
            Kind::CostOfSales,
            [("3450", "Preisdifferenzen"), ("4208", "Preisdifferenzen"), ("5100", "Purchase Price Variance")],
        ),
        (
            Role::OperatingExpenses,
            Kind::OperatingExpense,
            [("4000", "Betriebliche Aufwendungen"), ("6500", "Betriebsaufwand"), ("6000", "Operating Expenses")],
        ),
        (
            Role::Salaries,
            Kind::OperatingExpense,
            [("4120", "Gehälter"), ("5000", "Lohnaufwand"), ("6100", "Payroll Expenses")],
        ),
        (Role::Rent, Kind::OperatingExpense, [("4210", "Miete"), ("6000", "Raumaufwand"), ("6200", "Rent or Lease")]),
        (
            Role::Energy,
            Kind::OperatingExpense,
            [("4240", "Gas, Strom, Wasser"), ("6400", "Energie- und Entsorgungsaufwand"), ("6300", "Utilities")],
        ),
        (
            Role::Marketing,
            Kind::OperatingExpense,
            [("4610", "Werbekosten"), ("6600", "Werbeaufwand"), ("6400", "Advertising & Marketing")],
        ),
        (Role::Travel, Kind::OperatingExpense, [("4660", "Reisekosten"), ("6640", "Reisespesen"), ("6500", "Travel")]),
        (
            Role::Software,
            Kind::OperatingExpense,
            [("4964", "Software und Telefon"), ("6570", "Informatikaufwand"), ("6600", "Software and Telephone")],
        ),
        (
            Role::Depreciation,
            Kind::Depreciation,
            [("4830", "Abschreibungen auf Sachanlagen"), ("6800", "Abschreibungen"), ("6700", "Depreciation")],
        ),
        (
            Role::Interest,
            Kind::OtherExpense,
            [("2120", "Zinsaufwendungen"), ("6900", "Finanzaufwand"), ("8000", "Interest Paid")],
        ),
        (
            Role::ExchangeLoss,
            Kind::OtherExpense,
            [("2150", "Aufwendungen aus Kursdifferenzen"), ("6949", "Kursverluste"), ("8100", "Exchange Loss")],
        ),
        (
            Role::Disused,
            Kind::OperatingExpense,
            [("4950", "Telex und Telegramme"), ("6510", "Telex und Fax"), ("6900", "Fax (do not use)")],
        ),
    ]
};

pub(super) fn generate(company: &Company) -> Vec<Account> {
    let column = (company.salt() % 3) as usize;
    let account = |(role, kind, names): Row| {
        let (code, name) = names[column];
        Account {
            role,
            code,
            name,
            kind,
            parent: role.parent().map(AccountRole::position),
            currency: matches!(kind, AccountKind::Bank | AccountKind::Cash | AccountKind::CreditCard)
                .then_some(company.currency),
            active: role != AccountRole::Disused,
        }
    };
    CHART.into_iter().map(account).collect()
}
