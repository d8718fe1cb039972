//! What the fuzz targets reach of the adapters' insides. No product build has it.

pub use crate::{odoo::fuzzing as odoo, quickbooks::fuzzing as quickbooks, sap_b1::fuzzing as sap_b1};

/// What a list asks of one source set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The source set.
    pub set: String,
    /// The condition in the system's own syntax: a domain, the value of `$filter`, a statement. Empty where there is none.
    pub condition: String,
    /// The order in the system's own syntax.
    pub order: String,
}
