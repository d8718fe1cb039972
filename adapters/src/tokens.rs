//! Where OAuth tokens live: the port, and its implementation in memory.

use crate::{error::Result, model::ErpId};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

    /// The right to buy new tokens for an ERP; none while somebody else has it, in this process or another one that keeps its
    /// tokens in the same place. The lease of a process that died runs out.
    async fn lease(&self, erp: &ErpId) -> Result<Option<Lease>>;
}

/// The right to buy new tokens; it ends when this is dropped.
pub struct Lease(Option<Box<dyn FnOnce() + Send>>);

impl Lease {
    /// A lease that is given back like this.
    pub fn new(give_back: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// Tokens that are forgotten with the process.
#[derive(Debug, Default)]
pub struct MemoryTokens(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    tokens: HashMap<ErpId, Tokens>,
    leased: HashSet<ErpId>,
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self, erp: &ErpId) -> Result<Option<Tokens>> {
        Ok(lock(&self.0).tokens.get(erp).cloned())
    }

    async fn save(&self, erp: &ErpId, tokens: &Tokens) -> Result<()> {
        lock(&self.0).tokens.insert(erp.clone(), tokens.clone());
        Ok(())
    }

    async fn lease(&self, erp: &ErpId) -> Result<Option<Lease>> {
        let free = lock(&self.0).leased.insert(erp.clone());
        let (memory, erp) = (Arc::clone(&self.0), erp.clone());
        Ok(free.then(|| {
            Lease::new(move || {
                lock(&memory).leased.remove(&erp);
            })
        }))
    }
}
