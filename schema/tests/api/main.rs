//! The API over a fake gateway that holds its records in memory.

mod fake;
mod schema;
