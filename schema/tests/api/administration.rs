//! ERPs, keys and the audit log of a gateway in memory: what the ports were asked, and answers as a test wants them.

use crate::fake::{Fake, ODOO, erp, now};
use adapters::{
    adapter::{Company, RawCall, ServerInfo},
    model::{EntityType, ErpId},
};
use async_trait::async_trait;
use schema::{
    Error, ErrorCode, Result,
    ports::{
        Access, ApiKeyView, AuditPage, AuditView, Caller, Connected, CreatedApiKey, ErpAdmin, ErpChange, ErpStatus,
        ErpView, NewApiKey, NewErp, Outcome, Permission, Role, SettingInput, TestReport, TestTarget, UserError,
    },
};
use secrecy::ExposeSecret;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How many entries the audit log has.
const ENTRIES: i64 = 7;

/// What was asked of the ports, in words; settings with their values.
#[derive(Default)]
pub(crate) struct Administration {
    asked: Mutex<Vec<String>>,
    /// Whether the audit log can be written.
    pub(crate) audit_fails: Mutex<bool>,
}

impl Administration {
    fn ask(&self, asked: String) {
        self.asked.lock().expect("not poisoned").push(asked);
    }
}

fn shown(settings: &SettingInput) -> String {
    let of = |(key, value): (&String, &Option<secrecy::SecretString>)| match value {
        Some(value) => format!("{key}={}", value.expose_secret()),
        None => format!("{key} cleared"),
    };
    settings.0.iter().map(of).collect::<Vec<_>>().join(", ")
}

impl Fake {
    /// What was asked of the administration since the last time somebody wanted to know.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.administration.asked.lock().expect("not poisoned"))
    }

    /// The ERP, with another status, if the caller may manage ERPs and know of this one.
    fn managed(&self, caller: &Caller, id: &ErpId, status: ErpStatus) -> Outcome<Arc<ErpView>> {
        caller.who.require(Permission::ManageErps)?;
        if ![crate::fake::B1, ODOO].contains(&id.as_str()) || !caller.who.sees(id) {
            let error = UserError::bad_input(["id"], "There is no such ERP.");
            return Err(UserError { code: ErrorCode::NotFound, ..error }.into());
        }
        Ok(Arc::new(ErpView { status, ..(*erp(id.as_str(), "Shop")).clone() }))
    }
}

#[async_trait]
impl ErpAdmin for Fake {
    async fn connect(&self, caller: &Caller, new: NewErp) -> Outcome<Connected> {
        self.administration.ask(format!(
            "connect {} as {} with {} test {}",
            new.system,
            new.name,
            shown(&new.settings),
            new.test
        ));
        caller.who.require(Permission::ManageErps)?;
        if new.system != "system" {
            return Err(UserError::bad_input(["system"], "There is no such system.").into());
        }
        let erp = self.managed(caller, &ODOO.into(), ErpStatus::Pending)?;
        Ok(Connected { erp, authorization_url: Some("https://id.example.com/consent".into()) })
    }
    async fn update(&self, caller: &Caller, id: &ErpId, change: ErpChange) -> Outcome<Connected> {
        let settings = change.settings.as_ref().map(shown);
        self.administration.ask(format!("update {id} name {:?} settings {settings:?}", change.name));
        Ok(Connected { erp: self.managed(caller, id, ErpStatus::Active)?, authorization_url: None })
    }
    async fn disconnect(&self, caller: &Caller, id: &ErpId) -> Outcome<Arc<ErpView>> {
        self.administration.ask(format!("disconnect {id}"));
        self.managed(caller, id, ErpStatus::Disconnected)
    }
    async fn test(&self, caller: &Caller, target: TestTarget) -> Outcome<TestReport> {
        let TestTarget { erp, system, settings } = target;
        self.administration.ask(format!("test {erp:?} {system:?} with {}", shown(&settings)));
        caller.who.require(Permission::ManageErps)?;
        let latency = Duration::from_millis(25);
        if settings.0.get("password").is_some_and(Option::is_some) {
            let failure = adapters::Error::new(adapters::ErrorKind::Unauthorized, "the ERP refuses the password");
            return Ok(TestReport { info: None, latency, error: Some(Error::from(&failure)) });
        }
        let info = ServerInfo {
            version: Some("19.0".into()),
            company: Some("ACME".into()),
            base_currency: "EUR".parse().ok(),
            time_zone: Some("Europe/Vienna".into()),
            missing_rights: vec![EntityType::Invoice, EntityType::StockLevel],
            companies: vec![Company { id: "1".into(), name: "ACME".into() }],
        };
        Ok(TestReport { info: Some(info), latency, error: None })
    }
    async fn reconnect(&self, caller: &Caller, id: &ErpId) -> Outcome<Connected> {
        self.administration.ask(format!("reconnect {id}"));
        Ok(Connected { erp: self.managed(caller, id, ErpStatus::Active)?, authorization_url: None })
    }
    async fn pause(&self, caller: &Caller, id: &ErpId) -> Outcome<Arc<ErpView>> {
        self.administration.ask(format!("pause {id}"));
        self.managed(caller, id, ErpStatus::Paused)
    }
    async fn resume(&self, caller: &Caller, id: &ErpId) -> Outcome<Arc<ErpView>> {
        self.administration.ask(format!("resume {id}"));
        self.managed(caller, id, ErpStatus::Active)
    }
    async fn call(&self, caller: &Caller, id: &ErpId, call: RawCall) -> Outcome<Result<serde_json::Value>> {
        let RawCall { target, method, args, kwargs } = call;
        self.administration.ask(format!("call {id} {target} {method} {args} {kwargs}"));
        caller.who.require(Permission::CallErp)?;
        if method == "unlink" {
            let refused = adapters::Error::new(adapters::ErrorKind::Rejected, "the ERP refuses that");
            return Ok(Err(Error::of_source(&refused, id.clone(), "system")));
        }
        Ok(Ok(json!({"rows": [1, 2.5, null, {"a": "b"}]})))
    }
}

/// The keys of the gateway: of everybody, and of one who may know of one ERP.
fn keys() -> [Arc<ApiKeyView>; 2] {
    let key = ApiKeyView {
        id: "k1".into(),
        name: "Warehouse".into(),
        role: Role::Service,
        scopes: ["records:read".to_owned()].into(),
        erps: Some([ODOO.into(), "gone".into()].into()),
        created_at: now(),
        last_used_at: None,
        expires_at: Some(now() + Duration::from_secs(3600)),
        revoked_at: None,
    };
    let other = ApiKeyView {
        id: "k2".into(),
        name: "Ann".into(),
        role: Role::Admin,
        erps: None,
        expires_at: None,
        ..key.clone()
    };
    [key.into(), other.into()]
}

fn entry(number: i64) -> AuditView {
    AuditView {
        number,
        at: now(),
        actor: "ann".into(),
        action: "erp.pause".into(),
        subject: Some(ODOO.into()),
        erp: Some(ODOO.into()),
        outcome: "ok".into(),
        detail: json!({"address": "127.0.0.1", "number": number}),
    }
}

#[async_trait]
impl Access for Fake {
    async fn api_keys(&self, caller: &Caller) -> Result<Vec<Arc<ApiKeyView>>> {
        caller.who.require(Permission::ManageAccess)?;
        Ok(keys().into())
    }
    async fn api_key(&self, caller: &Caller, id: &str) -> Result<Option<Arc<ApiKeyView>>> {
        caller.who.require(Permission::ManageAccess)?;
        Ok(keys().into_iter().find(|key| key.id == id))
    }
    async fn create_api_key(&self, caller: &Caller, new: NewApiKey) -> Outcome<CreatedApiKey> {
        let NewApiKey { name, role, scopes, erps, expires_at } = new;
        self.administration.ask(format!("create {name} {role:?} {scopes:?} {erps:?} {expires_at:?}"));
        caller.who.require(Permission::ManageAccess)?;
        let [key, _] = keys();
        Ok(CreatedApiKey { key, secret: "the-secret".into() })
    }
    async fn revoke_api_key(&self, caller: &Caller, id: &str) -> Outcome<Arc<ApiKeyView>> {
        self.administration.ask(format!("revoke {id}"));
        caller.who.require(Permission::ManageAccess)?;
        let [key, _] = keys();
        Ok(Arc::new(ApiKeyView { revoked_at: Some(now()), ..(*key).clone() }))
    }
    async fn audit_log(&self, caller: &Caller, first: usize, before: Option<i64>) -> Result<AuditPage> {
        self.administration.ask(format!("audit log {first} before {before:?}"));
        caller.who.require(Permission::ReadAudit)?;
        let older = (1..before.unwrap_or(ENTRIES + 1)).rev();
        let entries: Vec<AuditView> = older.clone().take(first).map(entry).collect();
        Ok(AuditPage { has_more: older.count() > entries.len(), entries })
    }
    async fn audit_entry(&self, caller: &Caller, number: i64) -> Result<Option<AuditView>> {
        caller.who.require(Permission::ReadAudit)?;
        Ok((1..=ENTRIES).contains(&number).then(|| entry(number)))
    }
    async fn note_raw(&self, caller: &Caller, read: &BTreeMap<(ErpId, EntityType), u32>) -> Result<()> {
        if *self.administration.audit_fails.lock().expect("not poisoned") {
            return Err(Error::internal());
        }
        let read: Vec<String> =
            read.iter().map(|((erp, entity), n)| format!("{n} {} of {erp}", entity.word())).collect();
        self.administration.ask(format!("{} read {}", caller.who.subject, read.join(", ")));
        Ok(())
    }
}
