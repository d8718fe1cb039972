//! Speaks to ERP systems. Knows no GraphQL, no database and no user.

pub mod adapter;
mod cached;
pub mod catalog;
pub mod error;
pub mod filter;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod http;
pub mod mapping;
pub mod model;
pub mod oauth;
mod odata;
mod odoo;
mod quickbooks;
mod sap_b1;
pub mod settings;
pub mod tokens;

pub use error::{Error, ErrorKind, Result};
