//! Connects ERPs, changes them and calls them.
//!
//! Each act runs in a task of its own: a caller that hangs up leaves nothing half done, and nothing that the audit log does
//! not tell.

use super::{
    ErpKeeper, ErpRegistry, Erps, calls,
    connected::ConnectedErp,
    forms::{self, Filled, entered, enters_secret},
    health::{Health, probe},
    trial::{TokensOf, Trials, Tried, advice},
};
use crate::{
    audit::{Act, Actor, Audit, outcome_of},
    oauth::{ConsentError, Consents},
    store::{ErpRow, StoreError},
};
use adapters::{
    adapter::RawCall,
    catalog::{self, System},
    model::ErpId,
};
use async_trait::async_trait;
use schema::{
    error::{Error, ErrorCode, Result},
    ports::{
        Caller, Connected, ErpAdmin, ErpChange, ErpStatus, ErpView, NewErp, Outcome, Permission, Refused, SettingInput,
        TestReport, TestTarget, UserError,
    },
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tracing::Instrument;

/// Administers the connected ERPs. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Admin {
    registry: Arc<ErpRegistry>,
    keeper: Arc<ErpKeeper>,
    health: Arc<Health>,
    trials: Arc<Trials>,
    consents: Arc<Consents>,
    audit: Audit,
    /// How long a raw call may take.
    patience: Duration,
}

/// A change that does not depend on what others change is tried again so often.
const TRIES: usize = 5;
/// The longest text of a caller that the audit log repeats.
const TOLD: usize = 200;

impl Admin {
    pub(crate) fn new(erps: &Erps, audit: Audit, patience: Duration) -> Self {
        Self {
            registry: Arc::clone(&erps.registry),
            keeper: Arc::clone(&erps.keeper),
            health: Arc::clone(&erps.health),
            trials: Arc::new(Trials::new(erps.keeper.services.clone())),
            consents: Arc::clone(&erps.consents),
            audit,
            patience,
        }
    }

    /// Acts and notes how it ended. The act is done whether or not its caller waits for it.
    async fn act<T: Send + 'static, W: Future<Output = Outcome<T>> + Send>(
        &self,
        caller: &Caller,
        act: Act,
        work: impl FnOnce(Self, Caller) -> W + Send + 'static,
        told: fn(Act, &T) -> (Act, Option<ErrorCode>),
    ) -> Outcome<T> {
        let (this, caller) = (self.clone(), caller.clone());
        let act = async move {
            let outcome = work(this.clone(), caller.clone()).await;
            let (act, failure) = match &outcome {
                Ok(done) => told(act, done),
                Err(_) => (act, None),
            };
            let word = failure.map_or_else(|| outcome_of(&outcome), ErrorCode::word);
            this.audit.note(Actor::Caller(&caller), act, word).await;
            outcome
        };
        tokio::spawn(act.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "an act of administration failed");
            Err(Error::internal().into())
        })
    }

    /// An ERP that the caller may manage. Whether there is one that they may not know of, nobody can tell.
    fn known(&self, caller: &Caller, id: &ErpId, field: &str) -> Result<Arc<ConnectedErp>, Refused> {
        self.registry.find(&caller.who, id).ok_or_else(|| unknown(field))
    }

    /// The row of an ERP that the API connected.
    async fn own_row(&self, id: &ErpId) -> Result<ErpRow, Refused> {
        let row = self.row(id).await?;
        if row.of_file {
            let message = "The configuration file defines this ERP: change it there.";
            return Err(UserError::bad_input(["id"], message).into());
        }
        Ok(row)
    }

    async fn row(&self, id: &ErpId) -> Result<ErpRow, Refused> {
        let row = self.keeper.store.erp(id).await.map_err(failed)?;
        row.filter(|row| row.disconnected_at.is_none()).ok_or_else(|| unknown("id"))
    }

    /// Tries settings.
    async fn try_out(&self, system: &'static System, filled: &Filled, of: Option<&ErpId>) -> Result<Tried, Refused> {
        let settings = filled.exposed();
        let tokens = match of {
            Some(id) => TokensOf::Connected(id),
            None => TokensOf::Settings(self.keeper.print(system.key, &settings)),
        };
        Ok(self.trials.run(system, settings, tokens, (self.registry.clock)()).await?)
    }

    /// The same, where only settings that work are good enough.
    async fn prove(&self, system: &'static System, filled: &Filled, of: Option<&ErpId>) -> Result<Tried, Refused> {
        let tried = self.try_out(system, filled, of).await?;
        match &tried.probed.outcome {
            Ok(_) => Ok(tried),
            Err(error) => {
                tracing::info!(erp.system = system.key, ?error, "settings do not work");
                let (field, code) = (vec!["settings".to_owned()], ErrorCode::from(error.kind));
                Err(UserError { field, message: advice(error), code }.into())
            }
        }
    }

    /// An ERP that was changed, as it is now.
    async fn connected(&self, id: &ErpId, tried: Option<Tried>) -> Outcome<Connected> {
        let erp = self.registry.get(id).ok_or_else(|| unknown("id"))?;
        if let Some(tried) = tried {
            self.health.note(&erp, &tried.probed).await;
        }
        Ok(Connected { erp: erp.view((self.registry.clock)()), authorization_url: None })
    }

    /// An ERP that somebody has to consent to, and where. Nothing is asked of it: there is nothing to ask with.
    async fn awaits_consent(&self, caller: &Caller, id: &ErpId) -> Outcome<Connected> {
        let erp = self.registry.get(id).ok_or_else(|| unknown("id"))?;
        if !erp.paused {
            self.health.check(&erp).await;
        }
        self.with_consent(caller, self.connected(id, None).await?).await
    }

    /// The same with where somebody can consent.
    async fn with_consent(&self, caller: &Caller, connected: Connected) -> Outcome<Connected> {
        let url = self.consents.authorization_url(caller, &connected.erp.id).await.map_err(|error| match error {
            ConsentError::Store(error) => failed(error),
            ConsentError::Erp(error) => UserError::bad_input(["settings"], error.message).into(),
        })?;
        Ok(Connected { authorization_url: url.map(Into::into), ..connected })
    }

    /// Whether there are tokens of a connected ERP.
    async fn is_consented(&self, id: &ErpId) -> Result<bool, Refused> {
        Ok(self.keeper.store.tokens(id).await.map_err(failed)?.is_some())
    }

    async fn connect_new(self, caller: Caller, new: NewErp) -> Outcome<Connected> {
        caller.who.require(Permission::ManageErps)?;
        anywhere(&caller)?;
        let name = forms::name(&new.name)?;
        let system = system(&new.system)?;
        let filled = Filled::default().with(system, &new.settings)?;
        let lacks_consent = filled.lack_consent(system, false);
        let tried = if new.test && !lacks_consent { Some(self.prove(system, &filled, None).await?) } else { None };
        let now = (self.registry.clock)();
        for id in forms::ids(&name, system) {
            let new = ErpRow::new(id.as_str().into(), &name, system.key, now);
            let row = ErpRow { settings: filled.plain.clone(), secrets: filled.secrets.clone(), ..new };
            let tokens = tried.as_ref().and_then(|tried| tried.tokens.as_ref());
            if let Some(erp) = self.keeper.add(&row, tokens).await.map_err(failed)? {
                if lacks_consent {
                    return self.awaits_consent(&caller, &erp.id).await;
                }
                return self.connected(&erp.id, tried).await;
            }
        }
        Err(Error::internal().into())
    }

    async fn update_one(self, caller: Caller, id: ErpId, change: ErpChange) -> Outcome<Connected> {
        caller.who.require(Permission::ManageErps)?;
        let erp = self.known(&caller, &id, "id")?;
        let mut row = self.own_row(&id).await?;
        if let Some(name) = &change.name {
            row.name = forms::name(name)?;
        }
        let (mut tried, mut lacks_consent) = (None, false);
        if let Some(input) = &change.settings {
            let system = system(&row.system)?;
            let stored = Filled { plain: row.settings, secrets: row.secrets };
            let filled = stored.with(system, input)?;
            lacks_consent = filled.lack_consent(system, self.is_consented(&id).await?);
            // A paused ERP is asked nothing, not even whether these work.
            if !erp.paused && !lacks_consent {
                let of = tokens_are_its_own(system, &filled, input).then_some(&id);
                tried = Some(self.prove(system, &filled, of).await?);
            }
            (row.settings, row.secrets) = (filled.plain, filled.secrets);
        }
        row.updated_at = (self.registry.clock)();
        let tokens = tried.as_ref().and_then(|tried| tried.tokens.as_ref());
        if !self.keeper.change(row, tokens).await.map_err(failed)? {
            return Err(conflict());
        }
        if lacks_consent {
            return self.awaits_consent(&caller, &id).await;
        }
        self.connected(&id, tried).await
    }

    async fn disconnect_one(self, caller: Caller, id: ErpId) -> Outcome<Arc<ErpView>> {
        caller.who.require(Permission::ManageErps)?;
        let erp = self.known(&caller, &id, "id")?;
        let now = (self.registry.clock)();
        for _ in 0..TRIES {
            let row = ErpRow { disconnected_at: Some(now), updated_at: now, ..self.own_row(&id).await? };
            let grant = self.consents.grant(&id).await;
            if self.keeper.change(row, None).await.map_err(failed)? {
                grant.into_iter().for_each(|grant| self.consents.give_back(grant));
                let mut view = (*erp.view(now)).clone();
                (view.status, view.status_message, view.updated_at) = (ErpStatus::Disconnected, None, now);
                return Ok(Arc::new(view));
            }
        }
        Err(conflict())
    }

    async fn set_paused(self, caller: Caller, id: ErpId, paused: bool) -> Outcome<Arc<ErpView>> {
        caller.who.require(Permission::ManageErps)?;
        self.known(&caller, &id, "id")?;
        for _ in 0..TRIES {
            let row = self.row(&id).await?;
            if row.paused == paused || self.keeper.change(ErpRow { paused, ..row }, None).await.map_err(failed)? {
                return Ok(self.connected(&id, None).await?.erp);
            }
        }
        Err(conflict())
    }

    async fn reconnect_one(self, caller: Caller, id: ErpId) -> Outcome<Connected> {
        caller.who.require(Permission::ManageErps)?;
        if self.known(&caller, &id, "id")?.paused {
            return Err(UserError::bad_input(["id"], "This ERP is paused: resume it first.").into());
        }
        self.keeper.renew(&id).await.map_err(failed)?;
        let erp = self.known(&caller, &id, "id")?;
        self.health.check(&erp).await;
        let connected = self.connected(&id, None).await?;
        let row = self.row(&id).await?;
        let filled = Filled::sort(system(erp.system)?.settings, self.keeper.settings(&row));
        // Whoever brought a refresh token need not consent as long as it is good.
        if filled.has_refresh_token() && connected.erp.status != ErpStatus::NeedsAuth {
            return Ok(connected);
        }
        self.with_consent(&caller, connected).await
    }

    async fn test_one(self, caller: Caller, target: TestTarget) -> Outcome<TestReport> {
        caller.who.require(Permission::ManageErps)?;
        let (probed, source) = match (&target.erp, &target.system) {
            (Some(id), None) => {
                let erp = self.known(&caller, id, "id")?;
                let probed = if target.settings.0.is_empty() {
                    self.probe(&erp).await
                } else {
                    self.test_over(&erp, &target).await?
                };
                (probed, Some((erp.id.clone(), Arc::from(erp.system))))
            }
            (None, Some(key)) => {
                anywhere(&caller)?;
                let system = system(key)?;
                let filled = Filled::default().with(system, &target.settings)?;
                (self.try_out(system, &filled, None).await?.probed, None)
            }
            _ => {
                let message = "Give the id of a connected ERP, or the system of another one: one of them.";
                return Err(UserError::bad_input([], message).into());
            }
        };
        let error = probed.outcome.as_ref().err().map(|error| {
            tracing::info!(?error, "a tested ERP does not work");
            Error { message: advice(error), source, ..Error::from(error) }
        });
        Ok(TestReport { info: probed.outcome.ok(), latency: probed.latency, error })
    }

    /// Asks a connected ERP: what it says of itself is shown, unless it is paused.
    async fn probe(&self, erp: &Arc<ConnectedErp>) -> super::health::Probed {
        if erp.paused { probe(&*erp.adapter, (self.registry.clock)()).await } else { self.health.check(erp).await }
    }

    /// Tries settings over those of a connected ERP.
    async fn test_over(&self, erp: &ConnectedErp, target: &TestTarget) -> Result<super::health::Probed, Refused> {
        let system = system(erp.system)?;
        let stored = match self.keeper.of_file(&erp.id) {
            Some(settings) => Filled::sort(system.settings, settings),
            None => {
                let row = self.row(&erp.id).await?;
                Filled { plain: row.settings, secrets: row.secrets }
            }
        };
        let filled = stored.with(system, &target.settings)?;
        let of = tokens_are_its_own(system, &filled, &target.settings).then_some(&erp.id);
        Ok(self.try_out(system, &filled, of).await?.probed)
    }

    async fn call_one(self, caller: Caller, id: ErpId, call: RawCall) -> Outcome<Result<Value>> {
        caller.who.require(Permission::CallErp)?;
        let erp = self.known(&caller, &id, "erp")?;
        if erp.paused {
            let message = "This ERP is paused: resume it first.";
            let source = Some((erp.id.clone(), erp.system.into()));
            return Ok(Err(Error { source, ..Error::new(ErrorCode::SourceUnavailable, message) }));
        }
        Ok(calls::call(&erp, &call, self.patience, (self.registry.clock)()).await)
    }
}

/// An ERP that does not exist, or that the caller may not know of.
fn unknown(field: &str) -> Refused {
    let message = "There is no such ERP.".to_owned();
    UserError { field: vec![field.to_owned()], message, code: ErrorCode::NotFound }.into()
}

/// Whether settings are tried with the tokens of the connected ERP: where nothing was entered that would buy others.
fn tokens_are_its_own(system: &System, filled: &Filled, input: &SettingInput) -> bool {
    (system.oauth.is_some() && !filled.has_refresh_token()) || !enters_secret(system, input)
}

fn conflict() -> Refused {
    let message =
        "Somebody else changed this ERP at the same time: look at it again, and repeat what is still to be changed.";
    UserError { field: Vec::new(), message: message.to_owned(), code: ErrorCode::Conflict }.into()
}

/// Who is limited to some ERPs has no business with others, which new ones would be.
fn anywhere(caller: &Caller) -> Result<()> {
    match caller.who.erps {
        None => Ok(()),
        Some(_) => Err(Error::new(
            ErrorCode::Forbidden,
            "This needs somebody who is not limited to some ERPs: others are new.",
        )),
    }
}

fn system(key: &str) -> Result<&'static System, Refused> {
    catalog::find(key).map_err(|_| {
        let known: Vec<_> = catalog::SYSTEMS.iter().map(|system| system.key).collect();
        UserError::bad_input(["system"], format!("There is no such system. Known are: {}.", known.join(", "))).into()
    })
}

fn failed(error: StoreError) -> Refused {
    tracing::error!(%error, "the store failed in an act of administration");
    Error::internal().into()
}

/// The beginning of what a caller sent.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TOLD).collect()
}

fn on(action: &'static str, id: &ErpId) -> Act {
    Act::on_erp(action, &shortened(id.as_str()).as_str().into())
}

fn as_it_is<T>(act: Act, _: &T) -> (Act, Option<ErrorCode>) {
    (act, None)
}

#[async_trait]
impl ErpAdmin for Admin {
    async fn connect(&self, caller: &Caller, new: NewErp) -> Outcome<Connected> {
        let system = catalog::find(&new.system).ok();
        let act = Act { action: "erp.connect", ..Act::default() }
            .with("name", shortened(&new.name))
            .with("system", shortened(&new.system))
            .with("settings", entered(system, &new.settings));
        let named = |act: Act, done: &Connected| {
            let id = &done.erp.id;
            (Act { subject: Some(id.to_string()), erp: Some(id.clone()), ..act }, None)
        };
        self.act(caller, act, |this, caller| this.connect_new(caller, new), named).await
    }

    async fn update(&self, caller: &Caller, id: &ErpId, change: ErpChange) -> Outcome<Connected> {
        let mut act = on("erp.update", id);
        if let Some(name) = &change.name {
            act = act.with("name", shortened(name));
        }
        if let Some(settings) = &change.settings {
            let system = self.registry.get(id).and_then(|erp| catalog::find(erp.system).ok());
            act = act.with("settings", entered(system, settings));
        }
        let id = id.clone();
        self.act(caller, act, |this, caller| this.update_one(caller, id, change), as_it_is).await
    }

    async fn disconnect(&self, caller: &Caller, id: &ErpId) -> Outcome<Arc<ErpView>> {
        let (act, id) = (on("erp.disconnect", id), id.clone());
        self.act(caller, act, |this, caller| this.disconnect_one(caller, id), as_it_is).await
    }

    async fn test(&self, caller: &Caller, target: TestTarget) -> Outcome<TestReport> {
        let erp = target.erp.as_ref().and_then(|id| self.registry.get(id));
        let key = erp.as_ref().map(|erp| erp.system).or(target.system.as_deref());
        let mut act = match &target.erp {
            Some(id) => on("erp.test", id),
            None => Act { action: "erp.test", ..Act::default() }.with("system", shortened(key.unwrap_or_default())),
        };
        act = act.with("settings", entered(key.and_then(|key| catalog::find(key).ok()), &target.settings));
        let told = |act: Act, report: &TestReport| (act, report.error.as_ref().map(|error| error.code));
        self.act(caller, act, |this, caller| this.test_one(caller, target), told).await
    }

    async fn reconnect(&self, caller: &Caller, id: &ErpId) -> Outcome<Connected> {
        let (act, id) = (on("erp.reconnect", id), id.clone());
        self.act(caller, act, |this, caller| this.reconnect_one(caller, id), as_it_is).await
    }

    async fn pause(&self, caller: &Caller, id: &ErpId) -> Outcome<Arc<ErpView>> {
        let (act, id) = (on("erp.pause", id), id.clone());
        self.act(caller, act, |this, caller| this.set_paused(caller, id, true), as_it_is).await
    }

    async fn resume(&self, caller: &Caller, id: &ErpId) -> Outcome<Arc<ErpView>> {
        let (act, id) = (on("erp.resume", id), id.clone());
        self.act(caller, act, |this, caller| this.set_paused(caller, id, false), as_it_is).await
    }

    async fn call(&self, caller: &Caller, id: &ErpId, call: RawCall) -> Outcome<Result<Value>> {
        // A query string holds arguments.
        let target = call.target.split('?').next().unwrap_or_default();
        let act = on("erp.call", id).with("target", shortened(target)).with("method", shortened(&call.method));
        let told = |act: Act, answer: &Result<Value>| (act, answer.as_ref().err().map(|error| error.code));
        let id = id.clone();
        self.act(caller, act, |this, caller| this.call_one(caller, id, call), told).await
    }
}
