//! Why a query is not run, in the words of the guide's "Query Errors and Exceptions".

use crate::sap_b1::refusal::Refusal;

/// A refused query.
#[derive(Debug)]
pub(super) struct Error {
    code: i32,
    message: String,
}

impl Error {
    /// What does not parse, or is not supported; `position` in bytes.
    pub(super) fn syntax(sql: &str, position: usize, why: &str) -> Self {
        Self { code: 701, message: format!("Invalid SQL syntax:{sql}, line 1, character position {position}, {why}") }
    }

    /// A table that may not be read.
    pub(super) fn table(name: &str) -> Self {
        Self { code: 702, message: format!("Table '{name}' not accessible") }
    }

    /// A column that may not be read, or that there is not.
    pub(super) fn column(name: &str, table: &str) -> Self {
        Self { code: 703, message: format!("Column '{name}' from table '{table}' not accessible") }
    }

    /// A parameter without a value, or a value that is none.
    pub(super) fn parameter() -> Self {
        Self { code: 704, message: "Parameter error.".to_owned() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::sql(error.code, error.message)
    }
}
