//! The connected ERPs and the systems that can be connected, as GraphQL objects.

use crate::{
    error,
    ports::{CapabilityView, ErpStatus, ErpView, IntegrationMode, QuotaView, SettingView, SystemView},
    request::RequestState,
    scalars::{Currency, DateTime, Json, Url},
};
use adapters::{adapter, model};
use async_graphql::{
    Context, ContextSelectionSet, Enum, ID, Object, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{EnumBuilder, MetaEnumValue, Registry},
};
use std::{borrow::Cow, sync::Arc};

/// The enum `EntityType`: the words of the catalogue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntityWord(model::EntityType);

impl OutputType for EntityWord {
    fn type_name() -> Cow<'static, str> {
        "EntityType".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        crate::object::register(registry, "EntityType", |_| {
            let value = |entity: &model::EntityType| {
                let value =
                    MetaEnumValue { description: Some(entity.def().doc.into()), ..MetaEnumValue::new(entity.word()) };
                (value.name.clone(), value)
            };
            EnumBuilder::new("EntityType", model::EntityType::ALL.iter().map(value).collect())
                .description(Some("A type of record.".into()))
                .rust_typename(std::any::type_name::<Self>())
                .build()
        });
        Self::qualified_type_name()
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(async_graphql::Name::new(self.0.word())))
    }
}

/// How a list of an ERP is continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum Paging {
    /// After the last record: changes meanwhile neither lose nor repeat records.
    Keyset,
    /// After a number of records: changes meanwhile may shift the pages.
    Offset,
    /// Not at all.
    None,
}

impl From<adapter::Paging> for Paging {
    fn from(paging: adapter::Paging) -> Self {
        match paging {
            adapter::Paging::Keyset => Self::Keyset,
            adapter::Paging::Offset => Self::Offset,
            adapter::Paging::None => Self::None,
        }
    }
}

/// A connected ERP.
pub(crate) struct Erp(pub(crate) Arc<ErpView>);

/// A connected ERP: one company's books in one system.
#[Object]
impl Erp {
    /// Its id.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }
    /// The name that people gave it.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// The software that it is.
    async fn system(&self) -> ErpSystem {
        ErpSystem(Arc::clone(&self.0.system))
    }
    /// Whether it works.
    async fn status(&self, ctx: &Context<'_>) -> ErpStatus {
        RequestState::of(ctx).watch.momentary();
        self.0.status
    }
    /// Why it does not work, in one sentence.
    async fn status_message(&self, ctx: &Context<'_>) -> Option<&str> {
        RequestState::of(ctx).watch.momentary();
        self.0.status_message.as_deref()
    }
    /// Its settings. Secrets are left out.
    async fn settings(&self) -> Json {
        Json(Value::from_json(self.0.settings.clone()).unwrap_or_default())
    }
    /// The version that it reports.
    async fn server_version(&self, ctx: &Context<'_>) -> Option<&str> {
        RequestState::of(ctx).watch.momentary();
        self.0.server_version.as_deref()
    }
    /// The company that it reports.
    async fn company_name(&self, ctx: &Context<'_>) -> Option<&str> {
        RequestState::of(ctx).watch.momentary();
        self.0.company_name.as_deref()
    }
    /// The currency of its books.
    async fn base_currency(&self) -> Option<Currency> {
        self.0.base_currency.map(Currency)
    }
    /// The time zone of its company, by its IANA name.
    async fn time_zone(&self) -> Option<&str> {
        self.0.time_zone.as_deref()
    }
    /// What its user may not do, so that parts of its books are missing here: `INVOICE:read`.
    async fn missing_permissions(&self, ctx: &Context<'_>) -> Vec<String> {
        RequestState::of(ctx).watch.momentary();
        missing_permissions(&self.0.missing_rights)
    }
    /// The companies that its system serves, where it serves several: this ERP is one of them.
    async fn companies(&self, ctx: &Context<'_>) -> Vec<ErpCompany<'_>> {
        RequestState::of(ctx).watch.momentary();
        self.0.companies.iter().map(ErpCompany).collect()
    }
    /// Where its name and settings are changed.
    async fn managed_by(&self) -> ManagedBy {
        if self.0.of_file { ManagedBy::File } else { ManagedBy::Api }
    }
    /// What can be done with each type of record in this ERP.
    async fn capabilities(&self) -> Vec<Capability<'_>> {
        self.0.capabilities.iter().map(Capability).collect()
    }
    /// When it was last asked whether it works.
    async fn last_health_check_at(&self, ctx: &Context<'_>) -> Option<DateTime> {
        RequestState::of(ctx).watch.momentary();
        self.0.last_health_check_at.map(DateTime)
    }
    /// When a sync of it last succeeded.
    async fn last_sync_at(&self, ctx: &Context<'_>) -> Option<DateTime> {
        RequestState::of(ctx).watch.momentary();
        self.0.last_sync_at.map(DateTime)
    }
    /// How long it took to answer when it was last asked whether it works, in milliseconds.
    async fn latency_ms(&self, ctx: &Context<'_>) -> Option<i32> {
        RequestState::of(ctx).watch.momentary();
        self.0.latency.map(error::millis)
    }
    /// How many requests it takes.
    async fn quota(&self, ctx: &Context<'_>) -> Option<Quota<'_>> {
        RequestState::of(ctx).watch.momentary();
        self.0.quota.as_ref().map(Quota)
    }
    /// When it was connected.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
    /// When its name or settings were last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// Where an ERP's name and settings are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum ManagedBy {
    /// Here, by mutations.
    Api,
    /// In the gateway's configuration file, and nowhere else.
    File,
}

/// What an ERP's user may not do, in the words of the API.
pub(crate) fn missing_permissions(entities: &[model::EntityType]) -> Vec<String> {
    entities.iter().map(|entity| format!("{}:read", entity.word())).collect()
}

/// A company.
pub(crate) struct ErpCompany<'a>(pub(crate) &'a adapter::Company);

/// A company of a system that serves several.
#[Object]
impl ErpCompany<'_> {
    /// The ERP's own id of it, which the setting takes that chooses it.
    async fn remote_id(&self) -> &str {
        &self.0.id
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
}

/// A system.
pub(crate) struct ErpSystem(Arc<SystemView>);

/// Software that the gateway can speak to: a kind of ERP.
#[Object]
impl ErpSystem {
    /// Its key, as `connectErp` takes it.
    async fn key(&self) -> &str {
        &self.0.key
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// The ways in which one can be connected.
    async fn modes(&self) -> &[IntegrationMode] {
        &self.0.modes
    }
    /// What has to be known to connect one.
    async fn settings(&self) -> Vec<SettingDefinition<'_>> {
        self.0.settings.iter().map(SettingDefinition).collect()
    }
    /// What can be done with each type of record, at best: a connected ERP may lack some of it.
    async fn capabilities(&self) -> Vec<Capability<'_>> {
        self.0.capabilities.iter().map(Capability).collect()
    }
    /// Where its set-up is described.
    async fn documentation(&self) -> Option<Url> {
        self.0.documentation.clone().map(Url)
    }
}

/// A setting.
struct SettingDefinition<'a>(&'a SettingView);

/// Something that has to be known to connect an ERP.
#[Object]
impl SettingDefinition<'_> {
    /// Its key in `settings`.
    async fn key(&self) -> &str {
        &self.0.key
    }
    /// Its title in a form.
    async fn label(&self) -> &str {
        &self.0.label
    }
    /// What it is, and where to find it.
    async fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
    /// Whether it must be given.
    async fn required(&self) -> bool {
        self.0.required
    }
    /// Whether it is a secret, which is stored sealed and never shown again.
    async fn secret(&self) -> bool {
        self.0.secret
    }
    /// How it looks.
    async fn example(&self) -> Option<&str> {
        self.0.example.as_deref()
    }
    /// The regular expression that it has to match.
    async fn pattern(&self) -> Option<&str> {
        self.0.pattern.as_deref()
    }
}

/// A capability.
struct Capability<'a>(&'a CapabilityView);

/// What can be done with one type of record.
#[Object]
impl Capability<'_> {
    /// The type of record.
    async fn entity(&self) -> EntityWord {
        EntityWord(self.0.reads.entity)
    }
    /// Whether records can be listed.
    async fn list(&self) -> bool {
        self.0.reads.list
    }
    /// Whether many records can be read by their ids in one call.
    async fn get_many(&self) -> bool {
        self.0.reads.get_many
    }
    /// At most so many ids in one call.
    async fn max_ids_per_call(&self) -> Option<u32> {
        self.0.reads.max_ids_per_call
    }
    /// Whether the ERP counts records.
    async fn count(&self) -> bool {
        self.0.reads.count
    }
    /// Whether the ERP tells what changed since a moment.
    async fn changes(&self) -> bool {
        self.0.changes
    }
    /// Whether the ERP tells what was deleted.
    async fn deletes(&self) -> bool {
        self.0.deletes
    }
    /// Whether the ERP sums by itself.
    async fn aggregate(&self) -> bool {
        self.0.reads.aggregate
    }
    /// How lists are continued.
    async fn paging(&self) -> Paging {
        self.0.reads.paging.into()
    }
    /// The fields whose conditions the ERP evaluates; the gateway evaluates the others.
    async fn filter(&self) -> &[&'static str] {
        &self.0.reads.filter
    }
    /// The fields by which the ERP sorts.
    async fn order_by(&self) -> &[&'static str] {
        &self.0.reads.order_by
    }
    /// The fields that its records have here; the others are always null.
    async fn fields(&self) -> &[&'static str] {
        &self.0.reads.fields
    }
}

/// A quota.
struct Quota<'a>(&'a QuotaView);

/// How many requests an ERP takes.
#[Object]
impl Quota<'_> {
    /// At most so many a minute.
    async fn limit_per_minute(&self) -> Option<u32> {
        self.0.limit_per_minute
    }
    /// How many of them are left.
    async fn remaining(&self) -> Option<u32> {
        self.0.remaining
    }
    /// When there are more again.
    async fn resets_at(&self) -> Option<DateTime> {
        self.0.resets_at.map(DateTime)
    }
    /// At most so many at once.
    async fn concurrent(&self) -> Option<u32> {
        self.0.concurrent
    }
    /// How many are under way.
    async fn in_flight(&self) -> u32 {
        self.0.in_flight
    }
}

/// The root fields about ERPs.
#[derive(Default)]
pub(crate) struct ErpQuery;

#[Object]
impl ErpQuery {
    /// The software that the gateway can speak to.
    async fn erp_systems(&self, ctx: &Context<'_>) -> Vec<ErpSystem> {
        RequestState::of(ctx).ports.erps.systems().into_iter().map(ErpSystem).collect()
    }

    /// The connected ERPs that the caller may see, by name.
    async fn erps(&self, ctx: &Context<'_>) -> Vec<Erp> {
        RequestState::of(ctx).erps()
    }

    /// A connected ERP; null if there is none of this id that the caller may see.
    async fn erp(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Option<Erp> {
        crate::id::erp(&id).and_then(|id| RequestState::of(ctx).erp(&id)).map(Erp)
    }
}
