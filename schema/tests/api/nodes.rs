//! nodes.
