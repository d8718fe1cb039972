//! Mutations that connect ERPs, change them and call them.

use super::{Settled, UserError, erp_id};
use crate::{
    erp::{Erp, ErpCompany, missing_permissions},
    error::{self, Result},
    page::SourceError,
    ports::{self, Connected, ErpChange, ErpView, NewErp, Outcome, Refused, SettingInput, TestReport, TestTarget},
    request::RequestState,
    scalars::{Currency, Json, Url},
};
use adapters::adapter::RawCall;
use async_graphql::{Context, ID, InputObject, Object, Value};
use std::{collections::BTreeMap, sync::Arc};

/// An ERP to connect.
#[derive(InputObject)]
struct ConnectErpInput {
    /// The name that people see.
    name: String,
    /// The key of its system, as `erpSystems` lists it.
    system: String,
    /// Its settings: an object with the keys of the system's `settings`. Values are texts, numbers, true or false.
    settings: Json,
    /// Whether the settings are tried first. What does not work is not connected then.
    #[graphql(default_with = "Some(true)")]
    test: Option<bool>,
}

/// What to change of an ERP. What is absent stays.
#[derive(InputObject)]
struct UpdateErpInput {
    /// Its id.
    id: ID,
    /// Its new name.
    name: Option<String>,
    /// The settings that change, as in `connectErp`: those that are not named stay, also secrets. Null clears one.
    settings: Option<Json>,
}

/// An ERP to disconnect.
#[derive(InputObject)]
struct DisconnectErpInput {
    /// Its id.
    id: ID,
}

/// An ERP.
#[derive(InputObject)]
struct ErpInput {
    /// Its id.
    id: ID,
}

/// Settings to try: those of a connected ERP, or of one that is not connected yet.
#[derive(InputObject)]
struct TestErpInput {
    /// The id of a connected ERP. Either this or `system`.
    id: Option<ID>,
    /// The key of a system, to try settings before they are stored anywhere.
    system: Option<String>,
    /// Settings as in `connectErp`. For a connected ERP they are tried over those that it has.
    settings: Option<Json>,
}

/// A call in the ERP's own terms.
#[derive(InputObject)]
struct CallErpInput {
    /// The id of the ERP.
    erp: ID,
    /// What is called on, where the ERP has models: `res.partner`. Either this or `path`.
    model: Option<String>,
    /// The method: that of a model, such as `search_read`, or of HTTP, such as `GET`.
    method: String,
    /// What is called on, where the ERP has addresses: `Orders(1)`, `reports/ProfitAndLoss`. Either this or `model`.
    path: Option<String>,
    /// Positional arguments as a list; with `path`, the query string as an object or as a list of pairs.
    args: Option<Json>,
    /// Named arguments as an object; with `path`, the body.
    kwargs: Option<Json>,
}

/// An ERP that was connected or changed.
struct ErpPayload(Settled<Connected>);

/// What came of connecting or changing an ERP.
#[Object]
impl ErpPayload {
    /// The ERP as it is now; null if nothing was done.
    async fn erp(&self) -> Option<Erp> {
        self.0.done.as_ref().map(|done| Erp(Arc::clone(&done.erp)))
    }
    /// Where a person has to consent before the gateway may use the ERP; null if nobody has to.
    async fn authorization_url(&self) -> Option<Url> {
        self.0.done.as_ref().and_then(|done| done.authorization_url.clone()).map(Url)
    }
    /// Why nothing was done; empty if it was.
    async fn user_errors(&self) -> Vec<UserError<'_>> {
        self.0.user_errors()
    }
}

impl ErpPayload {
    fn of(outcome: Outcome<Connected>) -> Option<Result<Self>> {
        Some(Settled::of(outcome).map(Self))
    }

    fn of_view(outcome: Outcome<Arc<ErpView>>) -> Option<Result<Self>> {
        Self::of(outcome.map(|erp| Connected { erp, authorization_url: None }))
    }
}

/// What a test found.
struct TestErpPayload(Settled<TestReport>);

impl TestErpPayload {
    fn info(&self) -> Option<&adapters::adapter::ServerInfo> {
        self.0.done.as_ref().and_then(|report| report.info.as_ref())
    }
}

/// What a test of settings found.
#[Object]
impl TestErpPayload {
    /// Whether the gateway can work with these settings.
    async fn ok(&self) -> bool {
        self.0.done.as_ref().is_some_and(|report| report.info.is_some() && report.error.is_none())
    }
    /// The version that the ERP reports.
    async fn server_version(&self) -> Option<&str> {
        self.info()?.version.as_deref()
    }
    /// The company whose books it keeps.
    async fn company_name(&self) -> Option<&str> {
        self.info()?.company.as_deref()
    }
    /// The currency of the books.
    async fn base_currency(&self) -> Option<Currency> {
        self.info()?.base_currency.map(Currency)
    }
    /// The time zone of the company, by its IANA name.
    async fn time_zone(&self) -> Option<&str> {
        self.info()?.time_zone.as_deref()
    }
    /// The companies that can be chosen from, where the system serves several: one ERP is one of them.
    async fn companies(&self) -> Vec<ErpCompany<'_>> {
        self.info().into_iter().flat_map(|info| &info.companies).map(ErpCompany).collect()
    }
    /// How long the ERP took to answer, in milliseconds.
    async fn latency_ms(&self) -> Option<i32> {
        self.0.done.as_ref().map(|report| error::millis(report.latency))
    }
    /// What the ERP's user may not do: `INVOICE:read`.
    async fn missing_permissions(&self) -> Vec<String> {
        self.info().map(|info| missing_permissions(&info.missing_rights)).unwrap_or_default()
    }
    /// Why it does not work.
    async fn error(&self) -> Option<SourceError<'_>> {
        self.0.done.as_ref()?.error.as_ref().map(SourceError)
    }
    /// Why nothing was tried; empty if it was.
    async fn user_errors(&self) -> Vec<UserError<'_>> {
        self.0.user_errors()
    }
}

/// What an ERP answered.
struct CallErpPayload(Settled<Result<serde_json::Value>>);

/// What an ERP answered to a call in its own terms.
#[Object]
impl CallErpPayload {
    /// Its answer.
    async fn result(&self) -> Option<Json> {
        let answer = self.0.done.as_ref()?.as_ref().ok()?;
        Some(Json(Value::from_json(answer.clone()).unwrap_or_default()))
    }
    /// Why it failed.
    async fn error(&self) -> Option<SourceError<'_>> {
        self.0.done.as_ref()?.as_ref().err().map(SourceError)
    }
    /// Why it was not called; empty if it was.
    async fn user_errors(&self) -> Vec<UserError<'_>> {
        self.0.user_errors()
    }
}

/// At most so many wrong settings are told at once.
const MAX_PROBLEMS: usize = 20;

/// The settings in a value of the input. What is wrong is told by its key, never by its value: it may be a password.
fn settings(value: Json) -> Result<SettingInput, Refused> {
    let Value::Object(fields) = value.0 else {
        let message = "The settings are an object, such as {\"url\": \"https://erp.example.com\"}.";
        return Err(ports::UserError::bad_input(["settings"], message).into());
    };
    let mut settings = BTreeMap::new();
    let mut problems = Vec::new();
    for (key, value) in fields {
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Boolean(yes) => Some(yes.to_string()),
            Value::Enum(_) | Value::Binary(_) | Value::List(_) | Value::Object(_) => {
                let message = "A setting is a text in quotes, a number, true or false; null clears it.";
                problems.push(ports::UserError::bad_input(["settings", key.as_str()], message));
                continue;
            }
        };
        settings.insert(key.to_string(), value.map(Into::into));
    }
    if problems.is_empty() {
        return Ok(SettingInput(settings));
    }
    problems.truncate(MAX_PROBLEMS);
    Err(Refused::Input(problems))
}

impl TestErpInput {
    fn target(self) -> Result<TestTarget, Refused> {
        Ok(TestTarget {
            erp: self.id.map(|id| erp_id(&id, &["id"])).transpose()?,
            system: self.system,
            settings: self.settings.map(settings).transpose()?.unwrap_or_default(),
        })
    }
}

impl CallErpInput {
    fn call(self) -> Result<RawCall, Refused> {
        let json = |name, value: Option<Json>| {
            let value = value.map(|value| value.0.into_json()).transpose();
            value.map(Option::unwrap_or_default).map_err(|_| ports::UserError::bad_input([name], "This is not JSON."))
        };
        let target = match (self.model, self.path) {
            (Some(target), None) | (None, Some(target)) => target,
            _ => {
                let message =
                    "Give `model` for an ERP that has models, or `path` for one that has addresses: one of them.";
                return Err(ports::UserError::bad_input([], message).into());
            }
        };
        let (args, kwargs) = (json("args", self.args)?, json("kwargs", self.kwargs)?);
        Ok(RawCall { target, method: self.method, args, kwargs })
    }
}

/// The mutations about ERPs.
#[derive(Default)]
pub(super) struct ErpMutation;

// What reaches an ERP counts as much as a page of a list. Each payload may be null by itself: one that failed leaves
// the others alone.
#[Object]
impl ErpMutation {
    /// Connects an ERP. Its settings are tried first; secrets among them are stored sealed and never shown again.
    #[graphql(complexity = "CALL + child_complexity")]
    async fn connect_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ERP.")] input: ConnectErpInput,
    ) -> Option<Result<ErpPayload>> {
        let state = RequestState::of(ctx);
        let ConnectErpInput { name, system, settings: values, test } = input;
        let done = async {
            let erp = NewErp { name, system, settings: settings(values)?, test: test.unwrap_or(true) };
            state.ports.erp_admin.connect(&state.caller, erp).await
        };
        ErpPayload::of(done.await)
    }

    /// Changes the name or settings of an ERP. Queries that are under way go on with the old ones.
    #[graphql(complexity = "CALL + child_complexity")]
    async fn update_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateErpInput,
    ) -> Option<Result<ErpPayload>> {
        let state = RequestState::of(ctx);
        let done = async {
            let erp = erp_id(&input.id, &["id"])?;
            let change = ErpChange { name: input.name, settings: input.settings.map(settings).transpose()? };
            state.ports.erp_admin.update(&state.caller, &erp, change).await
        };
        ErpPayload::of(done.await)
    }

    /// Disconnects an ERP for good: its name, runs and operations are kept, its secrets and its replica are erased.
    async fn disconnect_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DisconnectErpInput,
    ) -> Option<Result<ErpPayload>> {
        let state = RequestState::of(ctx);
        let done = async { state.ports.erp_admin.disconnect(&state.caller, &erp_id(&input.id, &["id"])?).await };
        ErpPayload::of_view(done.await)
    }

    /// Tries settings and tells what is behind them. Nothing is stored but what a connected ERP says of itself.
    #[graphql(complexity = "CALL + child_complexity")]
    async fn test_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is tried.")] input: TestErpInput,
    ) -> Option<Result<TestErpPayload>> {
        let state = RequestState::of(ctx);
        let done = async { state.ports.erp_admin.test(&state.caller, input.target()?).await };
        Some(Settled::of(done.await).map(TestErpPayload))
    }

    /// Forgets an ERP's sessions and failures and tries again; `authorizationUrl` tells where a person has to consent.
    #[graphql(complexity = "CALL + child_complexity")]
    async fn reconnect_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ErpInput,
    ) -> Option<Result<ErpPayload>> {
        let state = RequestState::of(ctx);
        let done = async { state.ports.erp_admin.reconnect(&state.caller, &erp_id(&input.id, &["id"])?).await };
        ErpPayload::of(done.await)
    }

    /// Asks an ERP nothing until it is resumed: lists report it as skipped.
    async fn pause_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ErpInput,
    ) -> Option<Result<ErpPayload>> {
        let state = RequestState::of(ctx);
        let done = async { state.ports.erp_admin.pause(&state.caller, &erp_id(&input.id, &["id"])?).await };
        ErpPayload::of_view(done.await)
    }

    /// Asks a paused ERP again.
    async fn resume_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ErpInput,
    ) -> Option<Result<ErpPayload>> {
        let state = RequestState::of(ctx);
        let done = async { state.ports.erp_admin.resume(&state.caller, &erp_id(&input.id, &["id"])?).await };
        ErpPayload::of_view(done.await)
    }

    /// Calls an ERP in its own terms. Needs the scope `erp:call`, also of administrators; the audit log tells of it.
    #[graphql(complexity = "CALL + child_complexity")]
    async fn call_erp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is called.")] input: CallErpInput,
    ) -> Option<Result<CallErpPayload>> {
        let state = RequestState::of(ctx);
        let done = async {
            let erp = erp_id(&input.erp, &["erp"])?;
            state.ports.erp_admin.call(&state.caller, &erp, input.call()?).await
        };
        Some(Settled::of(done.await).map(CallErpPayload))
    }
}

/// What a call to an ERP counts for in the cost of a request.
const CALL: usize = crate::limits::DEFAULT_FIRST;
