//! The QuickBooks Online front.

use std::sync::Arc;

use axum::{Router, response::IntoResponse};

use crate::{
    Simulator,
    dataset::Dataset,
    server::{self, Front},
    store::{Store, StoreError},
};

/// What only this system has.
#[derive(Clone, Debug, Default)]
pub struct Options {}

/// Writes a company's story into the tables of this ERP.
pub(crate) fn tables(_dataset: &Dataset, _options: &server::Options) -> Result<Store, StoreError> {
    Ok(Store::default())
}

/// Speaks this ERP's protocol over the tables.
pub(crate) fn front(_simulator: Arc<Simulator>) -> Front {
    Front::new(Router::new()).control(Router::new()).error(|status| (status, status.to_string()).into_response())
}
