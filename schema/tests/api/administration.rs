//! ERPs and access as a test wants them.

use crate::fake::Fake;
use adapters::{
    adapter::RawCall,
    model::{EntityType, ErpId},
};
use async_trait::async_trait;
use schema::{
    Error, Result,
    ports::{
        Access, ApiKeyView, AuditPage, AuditView, Caller, Connected, CreatedApiKey, ErpAdmin, ErpChange, ErpView,
        NewApiKey, NewErp, Outcome, TestReport, TestTarget,
    },
};
use std::{collections::BTreeMap, sync::Arc};

#[async_trait]
impl ErpAdmin for Fake {
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

#[async_trait]
impl Access for Fake {
    async fn api_keys(&self, _: &Caller) -> Result<Vec<Arc<ApiKeyView>>> {
        Err(Error::internal())
    }
    async fn api_key(&self, _: &Caller, _: &str) -> Result<Option<Arc<ApiKeyView>>> {
        Err(Error::internal())
    }
    async fn create_api_key(&self, _: &Caller, _: NewApiKey) -> Outcome<CreatedApiKey> {
        Err(Error::internal().into())
    }
    async fn revoke_api_key(&self, _: &Caller, _: &str) -> Outcome<Arc<ApiKeyView>> {
        Err(Error::internal().into())
    }
    async fn audit_log(&self, _: &Caller, _: usize, _: Option<i64>) -> Result<AuditPage> {
        Err(Error::internal())
    }
    async fn audit_entry(&self, _: &Caller, _: i64) -> Result<Option<AuditView>> {
        Err(Error::internal())
    }
    async fn note_raw(&self, _: &Caller, _: &BTreeMap<(ErpId, EntityType), u32>) -> Result<()> {
        Ok(())
    }
}
