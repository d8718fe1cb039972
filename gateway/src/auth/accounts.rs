//! API keys and the audit log, as the API sees them.

use super::{ApiKeys, issue};
use crate::{
    audit::{Act, Actor, Audit, outcome_of},
    store::{Store, StoreError},
};
use adapters::model::{EntityType, ErpId};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schema::{
    error::{Error, ErrorCode, Result},
    ports::{
        Access, ApiKeyView, AuditPage, AuditView, Caller, CreatedApiKey, Erps, NewApiKey, Outcome, Permission,
        Principal, Refused, SCOPES, UserError,
    },
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// API keys and the audit log.
pub(crate) struct Accounts {
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    pub(crate) erps: Arc<dyn Erps>,
    pub(crate) api_keys: ApiKeys,
    pub(crate) clock: fn() -> DateTime<Utc>,
}

/// The longest name of a key, in characters.
const LONGEST_NAME: usize = 100;
/// So many of its ERPs are told in the audit log.
const TOLD_ERPS: usize = 100;

fn failed(error: StoreError) -> Error {
    tracing::error!(%error, "the store failed");
    Error::internal()
}

/// Whether everything that a key may reach is also the caller's to reach.
fn manages(who: &Principal, key: &ApiKeyView) -> bool {
    within(key.erps.as_ref(), who.erps.as_ref())
}

/// Whether a choice of ERPs, or of all, lies within another.
fn within(inner: Option<&BTreeSet<ErpId>>, outer: Option<&BTreeSet<ErpId>>) -> bool {
    match (inner, outer) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner.is_subset(outer),
    }
}

/// What is wrong with a key that somebody wants to make, whoever they are.
pub(super) fn check(key: &NewApiKey, exists: impl Fn(&ErpId) -> bool, now: DateTime<Utc>) -> Vec<UserError> {
    let mut errors = Vec::new();
    let length = key.name.chars().count();
    if key.name.trim().is_empty() || length > LONGEST_NAME || key.name.chars().any(char::is_control) {
        let message = format!("A name has 1 to {LONGEST_NAME} characters; it tells what the key is for.");
        errors.push(UserError::bad_input(["name"], message));
    }
    // One is enough to know what is wrong.
    if let Some(scope) = key.scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        let message = format!("There is no scope {scope:?}. There are {}.", SCOPES.join(", "));
        errors.push(UserError::bad_input(["scopes"], message));
    }
    if key.erps.as_ref().is_some_and(BTreeSet::is_empty) {
        errors.push(UserError::bad_input(["erps"], "Name at least one ERP, or leave `erps` out for all."));
    }
    if let Some(erp) = key.erps.iter().flatten().find(|erp| !exists(erp)) {
        errors.push(UserError::bad_input(["erps"], format!("There is no ERP {:?}.", erp.as_str())));
    }
    if key.expires_at.is_some_and(|at| at <= now) {
        errors.push(UserError::bad_input(["expiresAt"], "This moment has passed: choose a later one."));
    }
    errors
}

/// What the audit log tells of a key that somebody wants to make: no more than fits into a good one.
pub(super) fn describe(act: Act, key: &NewApiKey) -> Act {
    let name: String = key.name.chars().take(LONGEST_NAME).collect();
    let scopes: Vec<_> = key.scopes.iter().filter(|scope| SCOPES.contains(&scope.as_str())).cloned().collect();
    let mut act = act.with("name", name).with("role", key.role.word()).with("scopes", scopes);
    if let Some(erps) = &key.erps {
        let erps = erps.iter().take(TOLD_ERPS).map(|erp| erp.as_str().chars().take(LONGEST_NAME).collect::<String>());
        act = act.with("erps", erps.collect::<Vec<_>>());
    }
    match key.expires_at {
        Some(at) => act.with("expiresAt", at.to_rfc3339()),
        None => act,
    }
}

impl Accounts {
    async fn create(&self, caller: &Caller, mut key: NewApiKey) -> Outcome<CreatedApiKey> {
        let who = &caller.who;
        who.require(Permission::ManageAccess)?;
        let now = (self.clock)();
        let mut errors = check(&key, |erp| self.erps.get(who, erp).is_some(), now);
        let lacking = |scope: &&String| Permission::of_scope(scope).is_some_and(|permission| !who.may(permission));
        for scope in key.scopes.iter().filter(lacking) {
            let message = format!("You do not have the scope {scope} yourself, and cannot give it to a key.");
            let error = UserError { code: ErrorCode::Forbidden, ..UserError::bad_input(["scopes"], message) };
            errors.push(error);
        }
        if !errors.is_empty() {
            return Err(Refused::Input(errors));
        }
        key.name = key.name.trim().to_owned();
        key.erps = key.erps.or_else(|| who.erps.clone());
        Ok(issue(&self.store, key, now).await.map_err(failed)?)
    }

    async fn revoke(&self, caller: &Caller, id: &str) -> Outcome<Arc<ApiKeyView>> {
        caller.who.require(Permission::ManageAccess)?;
        if self.find(&caller.who, id).await?.is_none() {
            let missing = UserError::bad_input(["id"], "There is no such API key.");
            return Err(UserError { code: ErrorCode::NotFound, ..missing }.into());
        }
        self.store.revoke_api_key(id, (self.clock)()).await.map_err(failed)?;
        self.api_keys.forget(id).await;
        Ok(self.find(&caller.who, id).await?.ok_or_else(Error::internal)?)
    }

    /// A key that somebody may manage.
    async fn find(&self, who: &Principal, id: &str) -> Result<Option<Arc<ApiKeyView>>> {
        let found = self.store.api_key(id).await.map_err(failed)?;
        Ok(found.map(|(key, _)| key).filter(|key| manages(who, key)).map(Arc::new))
    }
}

#[async_trait]
impl Access for Accounts {
    async fn api_keys(&self, caller: &Caller) -> Result<Vec<Arc<ApiKeyView>>> {
        caller.who.require(Permission::ManageAccess)?;
        let keys = self.store.api_keys().await.map_err(failed)?;
        Ok(keys.into_iter().filter(|key| manages(&caller.who, key)).map(Arc::new).collect())
    }

    async fn api_key(&self, caller: &Caller, id: &str) -> Result<Option<Arc<ApiKeyView>>> {
        caller.who.require(Permission::ManageAccess)?;
        self.find(&caller.who, id).await
    }

    async fn create_api_key(&self, caller: &Caller, key: NewApiKey) -> Outcome<CreatedApiKey> {
        let act = describe(Act { action: "apikey.create", ..Act::default() }, &key);
        let outcome = self.create(caller, key).await;
        let subject = outcome.as_ref().ok().map(|created| created.key.id.clone());
        self.audit.note(Actor::Caller(caller), Act { subject, ..act }, outcome_of(&outcome)).await;
        outcome
    }

    async fn revoke_api_key(&self, caller: &Caller, id: &str) -> Outcome<Arc<ApiKeyView>> {
        let outcome = self.revoke(caller, id).await;
        // What somebody made up is not worth keeping.
        let subject = outcome.as_ref().ok().map(|key| key.id.clone());
        let act = Act { action: "apikey.revoke", subject, ..Act::default() };
        self.audit.note(Actor::Caller(caller), act, outcome_of(&outcome)).await;
        outcome
    }

    async fn audit_log(&self, caller: &Caller, first: usize, before: Option<i64>) -> Result<AuditPage> {
        caller.who.require(Permission::ReadAudit)?;
        self.store.audit_page(first, before, caller.who.erps.as_ref()).await.map_err(failed)
    }

    async fn audit_entry(&self, caller: &Caller, number: i64) -> Result<Option<AuditView>> {
        caller.who.require(Permission::ReadAudit)?;
        let entry = self.store.audit_entry(number).await.map_err(failed)?;
        let shown = |erp: &Option<ErpId>| match erp {
            Some(erp) => caller.who.sees(erp),
            None => caller.who.erps.is_none(),
        };
        Ok(entry.filter(|entry| shown(&entry.erp)))
    }

    async fn note_raw(&self, caller: &Caller, read: &BTreeMap<(ErpId, EntityType), u32>) -> Result<()> {
        let mut of_erps: BTreeMap<&ErpId, Map<String, Value>> = BTreeMap::new();
        for ((erp, entity), count) in read {
            of_erps.entry(erp).or_default().insert(entity.def().plural.to_owned(), (*count).into());
        }
        for (erp, counts) in of_erps {
            let act = Act::on_erp("records.raw", erp).with("records", counts);
            self.audit.try_note(Actor::Caller(caller), act, "ok").await.map_err(|_| Error::internal())?;
        }
        Ok(())
    }
}
