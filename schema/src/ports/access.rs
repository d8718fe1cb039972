//! API keys and the audit log.

use crate::{
    error::Result,
    ports::{Caller, Outcome, Role},
};
use adapters::model::{EntityType, ErpId};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Who may ask, and who did what.
#[async_trait]
pub trait Access: Send + Sync + 'static {
    /// The API keys that the caller may manage, the newest first: also those that were revoked or have expired.
    async fn api_keys(&self, caller: &Caller) -> Result<Vec<Arc<ApiKeyView>>>;

    /// One of them by its id.
    async fn api_key(&self, caller: &Caller, id: &str) -> Result<Option<Arc<ApiKeyView>>>;

    /// Makes a key. Nobody gives away more than they have themselves.
    async fn create_api_key(&self, caller: &Caller, key: NewApiKey) -> Outcome<CreatedApiKey>;

    /// Ends a key at once.
    async fn revoke_api_key(&self, caller: &Caller, id: &str) -> Outcome<Arc<ApiKeyView>>;

    /// A page of the audit log, the newest entry first: at most so many entries older than the one of this number.
    async fn audit_log(&self, caller: &Caller, first: usize, before: Option<i64>) -> Result<AuditPage>;

    /// An entry of the audit log by its number, if the caller may see it.
    async fn audit_entry(&self, caller: &Caller, number: i64) -> Result<Option<AuditView>>;

    /// Notes that the caller read ERPs' own records: how many of which.
    async fn note_raw(&self, caller: &Caller, read: &BTreeMap<(ErpId, EntityType), u32>) -> Result<()>;
}

/// An API key without what makes it secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyView {
    /// Its id, also the beginning of the key itself.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What its bearer is.
    pub role: Role,
    /// What its bearer may do beyond the role.
    pub scopes: BTreeSet<String>,
    /// The ERPs that its bearer may know of; all if none is named.
    pub erps: Option<BTreeSet<ErpId>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// An API key to make.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// What its bearer is.
    pub role: Role,
    /// What its bearer may do beyond the role.
    pub scopes: BTreeSet<String>,
    /// The ERPs that its bearer may know of; all that the caller may know of if none is named.
    pub erps: Option<BTreeSet<ErpId>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key that was just made.
#[derive(Debug, Clone)]
pub struct CreatedApiKey {
    /// The key without its secret.
    pub key: Arc<ApiKeyView>,
    /// What requests carry. It is shown once.
    pub secret: SecretString,
}

/// A page of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    /// The entries, the newest first.
    pub entries: Vec<AuditView>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditView {
    /// Its number: later ones have higher numbers.
    pub number: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the principal's subject, or `gateway` for what it does by itself.
    pub actor: String,
    /// What: `erp.connect`, `apikey.revoke`.
    pub action: String,
    /// To what: the id of an ERP or an API key.
    pub subject: Option<String>,
    /// The ERP it was about.
    pub erp: Option<ErpId>,
    /// How it ended: `ok`, or the code of the error.
    pub outcome: String,
    /// What else is to be known, the address among it; never a secret.
    pub detail: serde_json::Value,
}
