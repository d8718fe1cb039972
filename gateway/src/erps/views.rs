//! What the API shows of ERPs and systems, and how much of it outlives a restart.

use super::health::Probed;
use adapters::{
    ErrorKind,
    adapter::{Adapter, Capability, Company, ServerInfo},
    catalog::System,
    http::QuotaSnapshot,
    model::{EntityType, ErpId},
};
use chrono::{DateTime, Utc};
use schema::ports::{CapabilityView, ErpStatus, ErpView, IntegrationMode, QuotaView, SettingView, SystemView};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// An ERP whose probe takes longer than this works slowly: [`ErpStatus::Degraded`].
pub(super) const SLOW: Duration = Duration::from_secs(10);

/// An ERP that has not been asked anything yet.
pub(super) fn unprobed(
    id: &ErpId,
    name: &str,
    system: Arc<SystemView>,
    settings: serde_json::Value,
    adapter: &dyn Adapter,
    now: DateTime<Utc>,
) -> ErpView {
    ErpView {
        id: id.clone(),
        name: name.to_owned(),
        system,
        status: ErpStatus::Pending,
        status_message: None,
        settings,
        server_version: None,
        company_name: None,
        base_currency: None,
        time_zone: None,
        missing_rights: Vec::new(),
        companies: Vec::new(),
        of_file: false,
        capabilities: capabilities(adapter),
        last_health_check_at: None,
        last_sync_at: None,
        latency: None,
        quota: None,
        created_at: now,
        updated_at: now,
    }
}

/// Adds what a probe found.
pub(super) fn add_probe(view: &mut ErpView, probed: &Probed, now: DateTime<Utc>) {
    view.last_health_check_at = Some(now);
    match &probed.outcome {
        Ok(info) => {
            view.latency = Some(probed.latency);
            (view.status, view.status_message) = works(info, probed.latency);
            view.server_version.clone_from(&info.version);
            view.company_name.clone_from(&info.company);
            view.base_currency = info.base_currency;
            view.time_zone.clone_from(&info.time_zone);
            view.missing_rights.clone_from(&info.missing_rights);
            view.companies.clone_from(&info.companies);
            view.capabilities = Arc::clone(&probed.capabilities);
        }
        Err(error) => {
            view.status = match error.kind {
                ErrorKind::Unauthorized | ErrorKind::Forbidden => ErpStatus::NeedsAuth,
                ErrorKind::RateLimited => ErpStatus::Degraded,
                _ => ErpStatus::Unreachable,
            };
            view.status_message = Some(error.message.clone());
        }
    }
}

fn works(info: &ServerInfo, latency: Duration) -> (ErpStatus, Option<String>) {
    if !info.missing_rights.is_empty() {
        let names: Vec<_> = info.missing_rights.iter().map(|e| e.def().plural).collect();
        return (ErpStatus::Degraded, Some(format!("The ERP's user may not read {}.", names.join(", "))));
    }
    if latency > SLOW {
        let message = format!("It took {} s to say that it works.", latency.as_secs());
        return (ErpStatus::Degraded, Some(message));
    }
    (ErpStatus::Active, None)
}

/// What is kept of a probe over a restart.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    message: Option<String>,
    version: Option<String>,
    company: Option<String>,
    base_currency: Option<String>,
    time_zone: Option<String>,
    #[serde(default)]
    missing_rights: Vec<String>,
    #[serde(default)]
    companies: Vec<(String, String)>,
    latency_ms: Option<u64>,
    /// What it can do less than its system at best.
    #[serde(default)]
    cannot: Vec<Cannot>,
}

/// What an ERP cannot do with an entity though its system can.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cannot {
    entity: String,
    #[serde(default)]
    list: bool,
    #[serde(default)]
    fields: Vec<String>,
}

/// What is kept of a view over a restart, as a JSON object.
pub(super) fn found(view: &ErpView) -> serde_json::Value {
    let found = Found {
        message: view.status_message.clone(),
        version: view.server_version.clone(),
        company: view.company_name.clone(),
        base_currency: view.base_currency.map(|code| code.to_string()),
        time_zone: view.time_zone.clone(),
        missing_rights: view.missing_rights.iter().map(|entity| entity.def().name.to_owned()).collect(),
        companies: view.companies.iter().map(|company| (company.id.clone(), company.name.clone())).collect(),
        latency_ms: view.latency.and_then(|latency| latency.as_millis().try_into().ok()),
        cannot: cannot(view),
    };
    // A struct of texts and numbers is always JSON.
    serde_json::to_value(found).unwrap_or_default()
}

/// Adds what was kept; what an older gateway kept in another shape is left out.
pub(super) fn restore(view: &mut ErpView, status: &str, found: serde_json::Value, checked_at: DateTime<Utc>) {
    let Some(status) = status_of(status) else { return };
    let Ok(found) = serde_json::from_value::<Found>(found) else { return };
    view.status = status;
    view.status_message = found.message;
    view.server_version = found.version;
    view.company_name = found.company;
    view.base_currency = found.base_currency.and_then(|code| code.parse().ok());
    view.time_zone = found.time_zone;
    view.missing_rights = found.missing_rights.iter().filter_map(|name| entity(name)).collect();
    view.companies = found.companies.into_iter().map(|(id, name)| Company { id, name }).collect();
    view.latency = found.latency_ms.map(Duration::from_millis);
    view.last_health_check_at = Some(checked_at);
    view.capabilities = without(&view.capabilities, &found.cannot);
}

fn entity(name: &str) -> Option<EntityType> {
    EntityType::ALL.iter().copied().find(|entity| entity.def().name == name)
}

fn cannot(view: &ErpView) -> Vec<Cannot> {
    let best = |entity| view.system.capabilities.iter().find(|best| best.reads.entity == entity);
    let lacks = |own: &CapabilityView| {
        let best = &best(own.reads.entity)?.reads;
        let fields = best.fields.iter().filter(|field| !own.reads.fields.contains(field));
        let cannot = Cannot {
            entity: best.entity.def().name.to_owned(),
            list: best.list && !own.reads.list,
            fields: fields.map(|field| (*field).to_owned()).collect(),
        };
        (cannot.list || !cannot.fields.is_empty()).then_some(cannot)
    };
    view.capabilities.iter().filter_map(lacks).collect()
}

fn without(best: &[CapabilityView], cannot: &[Cannot]) -> Arc<[CapabilityView]> {
    let own = |best: &CapabilityView| {
        let name = best.reads.entity.def().name;
        let Some(cannot) = cannot.iter().find(|cannot| cannot.entity == name) else { return best.clone() };
        if cannot.list {
            return capability_view(Capability::none(best.reads.entity));
        }
        let mut own = best.clone();
        for names in [&mut own.reads.fields, &mut own.reads.filter, &mut own.reads.order_by] {
            names.retain(|field| !cannot.fields.iter().any(|lacking| lacking == field));
        }
        own
    };
    best.iter().map(own).collect()
}

/// The word of a status in the store, the log and alerts: the API's own.
pub(super) fn word(status: ErpStatus) -> &'static str {
    match status {
        ErpStatus::Pending => "PENDING",
        ErpStatus::Active => "ACTIVE",
        ErpStatus::Degraded => "DEGRADED",
        ErpStatus::NeedsAuth => "NEEDS_AUTH",
        ErpStatus::Unreachable => "UNREACHABLE",
        ErpStatus::Paused => "PAUSED",
        ErpStatus::Disconnected => "DISCONNECTED",
    }
}

fn status_of(stored: &str) -> Option<ErpStatus> {
    [ErpStatus::Active, ErpStatus::Degraded, ErpStatus::NeedsAuth, ErpStatus::Unreachable]
        .into_iter()
        .find(|status| word(*status) == stored)
}

pub(super) fn quota_view(quota: QuotaSnapshot) -> QuotaView {
    QuotaView {
        limit_per_minute: quota.limit_per_minute,
        remaining: quota.remaining,
        resets_at: quota.resets_at,
        concurrent: quota.concurrent,
        in_flight: quota.in_flight,
    }
}

pub(super) fn capabilities(adapter: &dyn Adapter) -> Arc<[CapabilityView]> {
    EntityType::ALL.iter().map(|entity| capability_view(adapter.capability(*entity))).collect()
}

pub(super) fn system_view(system: &System) -> SystemView {
    SystemView {
        key: system.key.into(),
        name: system.name.into(),
        modes: vec![IntegrationMode::Api],
        settings: system
            .settings
            .iter()
            .map(|setting| SettingView {
                key: setting.key.into(),
                label: setting.label.into(),
                help: (!setting.help.is_empty()).then(|| setting.help.into()),
                required: setting.required,
                secret: setting.secret,
                example: setting.example.map(Into::into),
                pattern: setting.pattern.map(Into::into),
            })
            .collect(),
        capabilities: EntityType::ALL.iter().map(|e| capability_view((system.capability)(*e))).collect(),
        documentation: system.documentation.map(Into::into),
    }
}

fn capability_view(reads: Capability) -> CapabilityView {
    CapabilityView { reads, changes: false, deletes: false }
}
