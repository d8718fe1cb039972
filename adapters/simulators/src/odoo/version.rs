//! A release of Odoo, and what changed from one to the next in the protocol.

use serde_json::{Value, json};

/// A major release, such as 19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u16);

impl Version {
    /// `19.0`.
    pub(super) fn series(self) -> String {
        format!("{}.0", self.0)
    }

    /// `[19, 0, 0, "final", 0, ""]`.
    pub(super) fn info(self) -> Value {
        json!([self.0, 0, 0, "final", 0, ""])
    }

    /// The code in the envelope of every error that has none of its own.
    pub(super) fn error_code(self) -> i32 {
        if self.rewritten() { 0 } else { 200 }
    }

    /// Whether domains, and the errors about them, are those of the rewritten ORM.
    pub(super) fn rewritten(self) -> bool {
        self.0 >= 19
    }

    /// Whether there is `/json/2`, and `X-Odoo-Database` selects a database.
    pub(super) fn has_json2(self) -> bool {
        self.0 >= 19
    }

    /// Whether a session changes its id every few hours.
    pub(super) fn rotates_sessions(self) -> bool {
        self.0 >= 19
    }

    /// Whether a session id has 84 characters of base64 and not 40 hexadecimal digits.
    pub(super) fn long_session_ids(self) -> bool {
        self.0 >= 18
    }

    /// Whether `display_name` can be searched; before that, a condition on it was always true.
    pub(super) fn searches_display_names(self) -> bool {
        self.0 >= 18
    }

    /// Whether an order may say `nulls first`.
    pub(super) fn orders_nulls(self) -> bool {
        self.0 >= 17
    }

    /// Whether every payment has an entry in the journal, draft or not, whose state is the payment's.
    pub(super) fn books_payments(self) -> bool {
        self.0 < 18
    }
}
