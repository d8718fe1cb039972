//! The connected ERPs and the systems that can be connected.

use crate::{
    error::{Error, Result},
    ports::{Caller, Outcome, Principal},
};
use adapters::{
    adapter::{Capability, Company, RawCall, ServerInfo},
    model::{CurrencyCode, EntityType, ErpId},
};
use async_graphql::Enum;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

/// The connected ERPs and the systems that can be connected: snapshots from memory, without waiting.
pub trait Erps: Send + Sync + 'static {
    /// The ERPs that the principal may know of, by name.
    fn visible(&self, who: &Principal) -> Vec<Arc<ErpView>>;

    /// An ERP, if the principal may know of it.
    fn get(&self, who: &Principal, erp: &ErpId) -> Option<Arc<ErpView>>;

    /// What the gateway can speak to, by name.
    fn systems(&self) -> Vec<Arc<SystemView>>;
}

/// Connects ERPs, changes them and calls them. Each call is noted in the audit log, also one that is refused.
#[async_trait]
pub trait ErpAdmin: Send + Sync + 'static {
    /// Connects an ERP. Settings are tested before anything is stored, unless told not to.
    async fn connect(&self, caller: &Caller, erp: NewErp) -> Outcome<Connected>;

    /// Changes name or settings. Whatever is under way goes on with the old ones.
    async fn update(&self, caller: &Caller, erp: &ErpId, change: ErpChange) -> Outcome<Connected>;

    /// Disconnects: name, runs and operations are kept, secrets and replica are erased.
    async fn disconnect(&self, caller: &Caller, erp: &ErpId) -> Outcome<Arc<ErpView>>;

    /// Tries settings; nothing is stored but what a connected ERP said of itself.
    async fn test(&self, caller: &Caller, target: TestTarget) -> Outcome<TestReport>;

    /// Forgets sessions and failures and tries again. Where a person has to consent, tells where.
    async fn reconnect(&self, caller: &Caller, erp: &ErpId) -> Outcome<Connected>;

    /// Asks it nothing until it is resumed.
    async fn pause(&self, caller: &Caller, erp: &ErpId) -> Outcome<Arc<ErpView>>;

    /// Asks it again.
    async fn resume(&self, caller: &Caller, erp: &ErpId) -> Outcome<Arc<ErpView>>;

    /// A call in the ERP's own terms: what it answered, or how it failed.
    async fn call(&self, caller: &Caller, erp: &ErpId, call: RawCall) -> Outcome<Result<serde_json::Value>>;
}

/// Values for a system's settings form, as somebody entered them; none clears a value. They are never printed: which of them
/// are secrets only the form knows.
#[derive(Clone, Default)]
pub struct SettingInput(pub BTreeMap<String, Option<SecretString>>);

impl fmt::Debug for SettingInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// An ERP to connect.
#[derive(Debug, Clone)]
pub struct NewErp {
    /// The name that people see.
    pub name: String,
    /// The key of its system.
    pub system: String,
    /// Its settings.
    pub settings: SettingInput,
    /// Whether they are tested first.
    pub test: bool,
}

/// What changes of an ERP; what is none stays.
#[derive(Debug, Clone)]
pub struct ErpChange {
    /// The name.
    pub name: Option<String>,
    /// Settings: those that are not named stay.
    pub settings: Option<SettingInput>,
}

/// What is tested.
#[derive(Debug, Clone)]
pub struct TestTarget {
    /// A connected ERP, or
    pub erp: Option<ErpId>,
    /// the system of one that is not connected.
    pub system: Option<String>,
    /// Its settings; over those that are stored where the ERP is connected.
    pub settings: SettingInput,
}

/// What a test found.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReport {
    /// What the ERP said of itself, if it works.
    pub info: Option<ServerInfo>,
    /// How long it took.
    pub latency: Duration,
    /// Why it does not work.
    pub error: Option<Error>,
}

/// An ERP that was connected or changed.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The ERP.
    pub erp: Arc<ErpView>,
    /// Where a person has to consent before the gateway may use it.
    pub authorization_url: Option<String>,
}

/// A connected ERP as the API shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ErpView {
    /// Its id.
    pub id: ErpId,
    /// The name that people gave it.
    pub name: String,
    /// What it is.
    pub system: Arc<SystemView>,
    /// Whether it works.
    pub status: ErpStatus,
    /// Why it does not, in one sentence.
    pub status_message: Option<String>,
    /// Its settings without secrets.
    pub settings: serde_json::Value,
    /// The version it reports.
    pub server_version: Option<String>,
    /// The company it reports.
    pub company_name: Option<String>,
    /// The currency of its books.
    pub base_currency: Option<CurrencyCode>,
    /// The time zone of its company, by its IANA name.
    pub time_zone: Option<String>,
    /// The entities that its user may not read.
    pub missing_rights: Vec<EntityType>,
    /// The companies that it serves, where it serves several and this ERP is one of them.
    pub companies: Vec<Company>,
    /// Whether the gateway's configuration file defines it: then only the file changes it.
    pub of_file: bool,
    /// What this ERP can do.
    pub capabilities: Arc<[CapabilityView]>,
    /// When it was last asked whether it works.
    pub last_health_check_at: Option<DateTime<Utc>>,
    /// When a sync of it last succeeded.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// How long it took to answer then.
    pub latency: Option<Duration>,
    /// How many requests it still takes.
    pub quota: Option<QuotaView>,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
    /// When its name or settings were last changed.
    pub updated_at: DateTime<Utc>,
}

/// Whether an ERP works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum ErpStatus {
    /// Connected, not tried yet.
    Pending,
    /// It works.
    Active,
    /// It works with restrictions: slowly, or with rights missing.
    Degraded,
    /// It refuses the credentials: an operator has to connect it again.
    NeedsAuth,
    /// It cannot be reached.
    Unreachable,
    /// An operator paused it.
    Paused,
    /// It was disconnected; its runs and operations are kept.
    Disconnected,
}

/// How many requests an ERP takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaView {
    /// At most this many a minute.
    pub limit_per_minute: Option<u32>,
    /// How many of them are left.
    pub remaining: Option<u32>,
    /// When there are more again.
    pub resets_at: Option<DateTime<Utc>>,
    /// At most this many at once.
    pub concurrent: Option<u32>,
    /// How many are under way.
    pub in_flight: u32,
}

/// What can be done with an entity of an ERP or a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityView {
    /// What the adapter says of reading.
    pub reads: Capability,
    /// Whether it tells what changed since a moment.
    pub changes: bool,
    /// Whether it tells what was deleted.
    pub deletes: bool,
}

/// What the gateway can speak to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemView {
    /// Its key in the catalog.
    pub key: Arc<str>,
    /// Its name.
    pub name: String,
    /// The ways it can be connected.
    pub modes: Vec<IntegrationMode>,
    /// What has to be known to connect one.
    pub settings: Vec<SettingView>,
    /// What it can do, at best.
    pub capabilities: Vec<CapabilityView>,
    /// Where its set-up is described.
    pub documentation: Option<String>,
}

/// How a system is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum IntegrationMode {
    /// By its API over HTTP.
    Api,
    /// By files.
    File,
    /// By its database.
    Database,
    /// By a message queue.
    Queue,
}

/// Something that has to be known to connect an ERP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingView {
    /// Its key in `settings`.
    pub key: String,
    /// Its title in a form.
    pub label: String,
    /// What it is and where to find it.
    pub help: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is never shown again.
    pub secret: bool,
    /// How it looks.
    pub example: Option<String>,
    /// The regular expression that it has to match.
    pub pattern: Option<String>,
}
