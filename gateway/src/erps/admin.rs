//! Connects ERPs, changes them and calls them.

use super::{ErpKeeper, ErpRegistry, Erps, health::Health};
use crate::audit::Audit;
use adapters::{adapter::RawCall, model::ErpId};
use async_trait::async_trait;
use schema::{
    error::{Error, Result},
    ports::{Caller, Connected, ErpAdmin, ErpChange, ErpView, NewErp, Outcome, TestReport, TestTarget},
};
use std::{sync::Arc, time::Duration};

/// What the administration of ERPs stands on.
pub(crate) struct Admin {
    registry: Arc<ErpRegistry>,
    keeper: Arc<ErpKeeper>,
    health: Arc<Health>,
    audit: Audit,
    /// How long a raw call may take.
    call: Duration,
}

impl Admin {
    pub(crate) fn new(erps: &Erps, audit: Audit, call: Duration) -> Self {
        let (registry, keeper, health) =
            (Arc::clone(&erps.registry), Arc::clone(&erps.keeper), Arc::clone(&erps.health));
        Self { registry, keeper, health, audit, call }
    }
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
