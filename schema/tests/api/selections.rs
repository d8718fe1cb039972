//! selections.
