//! The table store that every front reads and writes: rows in the ERP's own field names, in memory.

mod cell;
mod cells;
mod filter;
mod table;

use std::{
    collections::BTreeMap,
    error, fmt, io,
    ops::{Index, IndexMut},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

pub use cell::{Cell, Text};
pub use filter::{Filter, Match, Op, Set, Sort};
pub use table::{Row, Schema, Table};

/// The tables of one ERP.
///
/// One lock guards them all, so that what a reader sees is consistent across tables and a write that touches several of
/// them is one transaction. Hold a guard for the work of one request, never across an `await`.
#[derive(Debug, Default)]
pub struct Store(RwLock<Tables>);

impl Store {
    /// Makes a store of the given tables.
    pub fn new(tables: impl IntoIterator<Item = Table>) -> Self {
        Self(RwLock::new(Tables(tables.into_iter().map(|table| (table.name(), table)).collect())))
    }

    /// Reads; many may read at once.
    pub fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes; nobody else reads or writes meanwhile.
    pub fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All tables, under the guard of a [`Store`].
#[derive(Debug, Default)]
pub struct Tables(BTreeMap<&'static str, Table>);

impl Tables {
    /// A table by name; names that a client sends are welcome.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.0.get(name)
    }

    /// A table by name, to change it.
    pub fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.0.get_mut(name)
    }

    /// All tables by name.
    pub fn iter(&self) -> impl Iterator<Item = &Table> {
        self.0.values()
    }
}

/// A table of the front's own making, so the name is known to exist.
///
/// # Panics
/// If there is no such table; use [`Tables::table`] for names that a client sends.
impl Index<&str> for Tables {
    type Output = Table;

    fn index(&self, name: &str) -> &Table {
        self.table(name).unwrap_or_else(|| panic!("no table {name}"))
    }
}

/// As for `Index`.
impl IndexMut<&str> for Tables {
    fn index_mut(&mut self, name: &str) -> &mut Table {
        self.table_mut(name).unwrap_or_else(|| panic!("no table {name}"))
    }
}

/// Why a row was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The table has no such column.
    UnknownField {
        /// The table.
        table: &'static str,
        /// The column asked for.
        field: String,
    },
    /// The table has a row with this id already.
    DuplicateId {
        /// The table.
        table: &'static str,
        /// The id.
        id: i64,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { table, field } => write!(f, "table {table} has no field {field}"),
            Self::DuplicateId { table, id } => write!(f, "table {table} has a row {id} already"),
        }
    }
}

impl error::Error for StoreError {}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        Self::other(error)
    }
}
