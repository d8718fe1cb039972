//! Small servers that speak the wire protocols of ERP systems over one table store.
//!
//! [`start`] serves one [`System`] on a local port, with the books of an invented company. The parts, from the inside
//! out: [`dataset`] tells the company's story in neutral terms, a front (one module a system) writes it into the tables
//! of a [`store`] in its ERP's own field names and speaks that ERP's protocol over them, and the server around the front
//! adds what all have in common: latency, [`Fault`]s, [`Stats`], the clock.

pub mod dataset;
pub mod decimal;
pub mod odoo;
pub mod quickbooks;
pub mod rng;
pub mod sap_b1;
pub mod store;

mod clock;
mod faults;
mod listener;
mod quota;
mod server;
mod sessions;
mod stats;

use std::{fmt, str::FromStr};

pub use clock::Clock;
use dataset::Company;
pub use faults::{Fault, FaultPlan, Faults};
pub use quota::Quota;
pub use server::{Options, Running, Simulator, start};
pub use sessions::{Lifetime, Sessions};
pub use stats::Stats;

/// A kind of ERP that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum System {
    /// Odoo over JSON-RPC.
    Odoo,
    /// SAP Business One over its Service Layer.
    SapB1,
    /// QuickBooks Online over its accounting API.
    QuickBooks,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Odoo, Self::SapB1, Self::QuickBooks];

    /// The key on the command line and in settings.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Odoo => "odoo",
            Self::SapB1 => "sap_b1",
            Self::QuickBooks => "quickbooks",
        }
    }

    /// The company whose books this system keeps here.
    pub const fn company(self) -> Company {
        match self {
            Self::Odoo => Company::NORDLICHT,
            Self::SapB1 => Company::EDELWEISS,
            Self::QuickBooks => Company::CASCADE,
        }
    }

    /// Whether one customer owns 90 % of the invoices unless the options say otherwise.
    pub const fn has_big_customer(self) -> bool {
        matches!(self, Self::SapB1)
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for System {
    type Err = UnknownSystem;

    fn from_str(key: &str) -> Result<Self, UnknownSystem> {
        Self::ALL.into_iter().find(|system| system.key() == key).ok_or_else(|| UnknownSystem(key.to_owned()))
    }
}

/// A key that names no system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSystem(String);

impl fmt::Display for UnknownSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no simulator for {:?}; there are", self.0)?;
        for system in System::ALL {
            write!(f, " {system}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownSystem {}
