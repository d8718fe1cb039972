//! The GraphQL API. No I/O of its own: what it needs, it asks of the ports.

pub mod error;
pub mod ports;
