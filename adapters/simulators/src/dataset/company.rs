//! The three companies whose books the simulators keep. All of them are invented.

use crate::decimal::Dec;

/// A currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Currency {
    /// Euro.
    Eur,
    /// US dollar.
    Usd,
    /// Swiss franc.
    Chf,
    /// Canadian dollar.
    Cad,
    /// Pound sterling.
    Gbp,
}

impl Currency {
    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Usd => "USD",
            Self::Chf => "CHF",
            Self::Cad => "CAD",
            Self::Gbp => "GBP",
        }
    }

    /// The name in English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eur => "Euro",
            Self::Usd => "US Dollar",
            Self::Chf => "Swiss Franc",
            Self::Cad => "Canadian Dollar",
            Self::Gbp => "Pound Sterling",
        }
    }

    /// The currency of a country, if it is one that a company here may know.
    pub(super) fn of(country: &str) -> Option<Self> {
        match country {
            "DE" | "FR" | "AT" | "IT" => Some(Self::Eur),
            "CH" => Some(Self::Chf),
            "US" => Some(Self::Usd),
            "CA" => Some(Self::Cad),
            "GB" => Some(Self::Gbp),
            _ => None,
        }
    }

    /// A country where it is used.
    pub(super) const fn country(self) -> &'static str {
        match self {
            Self::Eur => "FR",
            Self::Usd => "US",
            Self::Chf => "CH",
            Self::Cad => "CA",
            Self::Gbp => "GB",
        }
    }

    /// Euros for a thousand units, about which the rates of the story move.
    pub(super) const fn milli_euros(self) -> i64 {
        match self {
            Self::Eur => 1000,
            Self::Usd => 925,
            Self::Chf => 1055,
            Self::Cad => 680,
            Self::Gbp => 1170,
        }
    }
}

/// A tax that a company charges or is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tax {
    /// Its name in the company's books.
    pub name: &'static str,
    /// A short code.
    pub code: &'static str,
    /// In hundredths of a percent: 1900 is 19 %.
    pub basis_points: i64,
}

impl Tax {
    /// The percentage, with two digits after the point.
    pub const fn percent(&self) -> Dec {
        Dec::new(self.basis_points, 2)
    }
}

/// A company that keeps its books in one of the simulated ERPs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Company {
    /// A short name in lower case, for database names and the like.
    pub key: &'static str,
    /// The registered name.
    pub name: &'static str,
    /// Street and house number.
    pub street: &'static str,
    /// The postcode.
    pub postcode: &'static str,
    /// The city.
    pub city: &'static str,
    /// The country, ISO 3166 alpha-2.
    pub country: &'static str,
    /// The IANA time zone.
    pub time_zone: &'static str,
    /// The tax number.
    pub tax_number: &'static str,
    /// The currency of the books.
    pub currency: Currency,
    /// Other currencies in which documents are written.
    pub foreign: &'static [Currency],
    /// The taxes it charges: the usual one first, the one of 0 % for exports last.
    pub taxes: &'static [Tax],
    /// The taxes on what it buys: the usual one first, the one of 0 % for imports last.
    pub purchase_taxes: &'static [Tax],
    /// Whether its ERP knows documents that are not posted yet.
    pub drafts: bool,
    /// Month and day of the last day of its fiscal year.
    pub fiscal_year_end: (u32, u32),
}

impl Company {
    /// A German machine builder, EUR; in Odoo.
    pub const NORDLICHT: Self = Self {
        key: "nordlicht",
        name: "Nordlicht Maschinenbau GmbH",
        street: "Speicherstraße 14",
        postcode: "20457",
        city: "Hamburg",
        country: "DE",
        time_zone: "Europe/Berlin",
        tax_number: "DE811569869",
        currency: Currency::Eur,
        foreign: &[Currency::Usd, Currency::Chf, Currency::Gbp],
        taxes: &[
            Tax { name: "19% USt", code: "A19", basis_points: 1900 },
            Tax { name: "7% USt", code: "A7", basis_points: 700 },
            Tax { name: "0% Ausfuhr", code: "A0", basis_points: 0 },
        ],
        purchase_taxes: &[
            Tax { name: "19% Vorsteuer", code: "V19", basis_points: 1900 },
            Tax { name: "7% Vorsteuer", code: "V7", basis_points: 700 },
            Tax { name: "0% Einfuhr", code: "V0", basis_points: 0 },
        ],
        drafts: true,
        fiscal_year_end: (12, 31),
    };

    /// A Swiss maker of instruments, CHF; in SAP Business One.
    pub const EDELWEISS: Self = Self {
        key: "edelweiss",
        name: "Edelweiss Präzision AG",
        street: "Uferweg 3",
        postcode: "2502",
        city: "Biel/Bienne",
        country: "CH",
        time_zone: "Europe/Zurich",
        tax_number: "CHE-116.281.710 MWST",
        currency: Currency::Chf,
        foreign: &[Currency::Eur, Currency::Usd],
        taxes: &[
            Tax { name: "MWST 8.1%", code: "A1", basis_points: 810 },
            Tax { name: "MWST 2.6%", code: "A2", basis_points: 260 },
            Tax { name: "Export 0%", code: "A0", basis_points: 0 },
        ],
        purchase_taxes: &[
            Tax { name: "Vorsteuer 8.1%", code: "P1", basis_points: 810 },
            Tax { name: "Vorsteuer 2.6%", code: "P2", basis_points: 260 },
            Tax { name: "Import 0%", code: "P0", basis_points: 0 },
        ],
        drafts: true,
        fiscal_year_end: (6, 30),
    };

    /// A US outfitter, USD; in QuickBooks Online.
    pub const CASCADE: Self = Self {
        key: "cascade",
        name: "Cascade Ridge Outfitters Inc.",
        street: "2410 Harbor Ave SW",
        postcode: "98126",
        city: "Seattle",
        country: "US",
        time_zone: "America/Los_Angeles",
        tax_number: "91-1144442",
        currency: Currency::Usd,
        foreign: &[Currency::Cad, Currency::Eur],
        taxes: &[
            Tax { name: "WA Sales Tax", code: "TAX", basis_points: 1025 },
            Tax { name: "Reduced Tax", code: "RED", basis_points: 650 },
            Tax { name: "Exempt", code: "NON", basis_points: 0 },
        ],
        // A US company buys for resale without tax, and what it pays on the rest it cannot get back.
        purchase_taxes: &[Tax { name: "Resale, exempt", code: "PEX", basis_points: 0 }],
        drafts: false,
        fiscal_year_end: (12, 31),
    };

    /// The books' currency and the foreign ones.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + use<> {
        std::iter::once(self.currency).chain(self.foreign.iter().copied())
    }
}
