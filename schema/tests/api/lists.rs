//! lists.
