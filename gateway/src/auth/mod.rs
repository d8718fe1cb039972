//! Who may ask, and who did what.

use crate::{audit::Audit, store::Store};
use adapters::model::{EntityType, ErpId};
use async_trait::async_trait;
use schema::{
    error::{Error, Result},
    ports::{Access, ApiKeyView, AuditPage, AuditView, Caller, CreatedApiKey, NewApiKey, Outcome},
};
use std::{collections::BTreeMap, sync::Arc};

/// API keys and the audit log.
pub(crate) struct Accounts {
    pub(crate) store: Store,
    pub(crate) audit: Audit,
}

#[async_trait]
impl Access for Accounts {
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
        Err(Error::internal())
    }
}
