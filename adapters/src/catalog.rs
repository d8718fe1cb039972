//! The only list of systems: a key, a settings form, a constructor.

use crate::{
    adapter::{Adapter, Capability},
    error::{Error, ErrorKind, Result},
    http::Hosts,
    model::{EntityType, ErpId},
    oauth::OAuthDef,
    odoo, quickbooks, sap_b1,
    settings::{SettingDef, Settings},
    tokens::TokenStore,
};
use std::{fmt, sync::Arc};

/// A kind of software that the gateway can speak to.
pub struct System {
    /// Its key, also the name of its folder: `sap_b1`.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where its set-up is described.
    pub documentation: Option<&'static str>,
    /// What has to be known to connect one.
    pub settings: &'static [SettingDef],
    /// How a person lets the gateway in, where the system wants their consent.
    pub oauth: Option<&'static OAuthDef>,
    /// What it can do with an entity at best; one ERP may do less, by its version and its user's rights.
    pub capability: fn(EntityType) -> Capability,
    /// Makes an adapter. It makes no call: wrong credentials show at the first one.
    pub build: fn(&ErpId, Settings, &Services) -> Result<Arc<dyn Adapter>>,
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

/// All systems, by name.
pub static SYSTEMS: &[&System] = &[&odoo::SYSTEM, &quickbooks::SYSTEM, &sap_b1::SYSTEM];

/// What adapters share.
#[derive(Clone)]
pub struct Services {
    /// Sessions, quotas and breakers by host and login.
    pub hosts: Arc<Hosts>,
    /// OAuth tokens.
    pub tokens: Arc<dyn TokenStore>,
    /// Whether link-local addresses may be called, metadata services among them.
    pub allow_link_local: bool,
}

/// Makes the adapter of an ERP.
///
/// # Errors
/// [`ErrorKind::Config`] where there is no such system, or its settings are wrong.
pub fn build(
    system: &str,
    erp: &ErpId,
    settings: impl IntoIterator<Item = (String, String)>,
    services: &Services,
) -> Result<Arc<dyn Adapter>> {
    let system = find(system)?;
    (system.build)(erp, Settings::new(system.settings, settings)?, services)
}

/// The system of a key.
///
/// # Errors
/// [`ErrorKind::Config`] where there is none.
pub fn find(key: &str) -> Result<&'static System> {
    SYSTEMS.iter().find(|system| system.key == key).copied().ok_or_else(|| {
        let known: Vec<_> = SYSTEMS.iter().map(|s| s.key).collect();
        Error::new(ErrorKind::Config, format!("There is no system {key}. Known are: {}.", known.join(", ")))
    })
}
