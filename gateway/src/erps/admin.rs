//! Connects ERPs, changes them and calls them.

use super::ErpRegistry;
use crate::{audit::Audit, store::Store};
use adapters::{adapter::RawCall, model::ErpId};
use async_trait::async_trait;
use schema::{
    error::{Error, Result},
    ports::{Caller, Connected, ErpAdmin, ErpChange, ErpView, NewErp, Outcome, TestReport, TestTarget},
};
use std::sync::Arc;

/// What the administration of ERPs stands on.
pub(crate) struct Admin {
    pub(crate) registry: Arc<ErpRegistry>,
    pub(crate) store: Store,
    pub(crate) audit: Audit,
}

#[async_trait]
impl ErpAdmin for Admin {
    async fn connect(&self, _: &Caller, _: NewErp) -> Outcome<Connected> {
        Err(Error::internal().into())
    }
    async fn update(&self, _: &Caller, _: &ErpId, _: ErpChange) -> Outcome<Connected> {
        Err(Error::internal().into())
    }
    async fn disconnect(&self, _: &Caller, _: &ErpId) -> Outcome<Arc<ErpView>> {
        Err(Error::internal().into())
    }
    async fn test(&self, _: &Caller, _: TestTarget) -> Outcome<TestReport> {
        Err(Error::internal().into())
    }
    async fn reconnect(&self, _: &Caller, _: &ErpId) -> Outcome<Connected> {
        Err(Error::internal().into())
    }
    async fn pause(&self, _: &Caller, _: &ErpId) -> Outcome<Arc<ErpView>> {
        Err(Error::internal().into())
    }
    async fn resume(&self, _: &Caller, _: &ErpId) -> Outcome<Arc<ErpView>> {
        Err(Error::internal().into())
    }
    async fn call(&self, _: &Caller, _: &ErpId, _: RawCall) -> Outcome<Result<serde_json::Value>> {
        Err(Error::internal().into())
    }
}
