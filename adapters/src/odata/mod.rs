//! What the systems that speak OData share: query options, filters, `$batch`, pages and error bodies, in versions 3 and 4.

pub(crate) mod batch;
pub(crate) mod body;
pub(crate) mod filter;
pub(crate) mod query;
