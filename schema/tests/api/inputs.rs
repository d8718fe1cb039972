//! inputs.
