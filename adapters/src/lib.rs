//! Speaks to ERP systems. Knows no GraphQL, no database and no user.

pub mod adapter;
pub mod error;
pub mod filter;
pub mod http;
pub mod mapping;
pub mod model;

pub use error::{Error, ErrorKind, Result};
