//! Where OAuth tokens live: the port, and its implementation in memory.

use crate::{error::Result, model::ErpId};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The tokens of one ERP.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// What requests carry.
    pub access: SecretString,
    /// When it ends.
    pub access_expires_at: DateTime<Utc>,
    /// What the next access token is bought with. Many systems accept each one once only.
    pub refresh: SecretString,
}

/// Keeps tokens over restarts. A new refresh token is stored before the access token that came with it is used: if the
/// process dies in between, the ERP is not lost.
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// The newest tokens of an ERP.
    async fn load(&self, erp: &ErpId) -> Result<Option<Tokens>>;
    /// Replaces the tokens of an ERP.
    async fn save(&self, erp: &ErpId, tokens: &Tokens) -> Result<()>;
}

/// Tokens that are forgotten with the process.
#[derive(Debug, Default)]
pub struct MemoryTokens(Mutex<HashMap<ErpId, Tokens>>);

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self, erp: &ErpId) -> Result<Option<Tokens>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(erp).cloned())
    }

    async fn save(&self, erp: &ErpId, tokens: &Tokens) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(erp.clone(), tokens.clone());
        Ok(())
    }
}
