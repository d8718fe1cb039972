//! The SQL of the gateway's store: each migration for SQLite and for PostgreSQL, with one number and one name.

/// A step from one version of the store to the next. Once released, its text never changes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, also the version of the store after it.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    /// Its statements for SQLite.
    pub sqlite: &'static str,
    /// Its statements for PostgreSQL.
    pub postgres: &'static str,
}

macro_rules! migration {
    ($number:literal, $digits:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../sqlite/", $digits, "_", $name, ".sql")),
            postgres: include_str!(concat!("../postgres/", $digits, "_", $name, ".sql")),
        }
    };
}

/// All of them in their order.
pub static MIGRATIONS: &[Migration] = &[migration!(1, "0001", "erps_and_access")];
