//! The HTTP stack.
