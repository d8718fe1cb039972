//! The root of queries. The fields of records are made from the catalogue; the others are derived.

use crate::{
    access::AccessQuery,
    args::{self, Args},
    comparator::words,
    erp::ErpQuery,
    error::Error,
    input,
    limits::{DEFAULT_FIRST, MAX_ENTITIES},
    node::NodeQuery,
    object::{by_name, field},
    page::connection_type,
    planner::Planner,
    ports::{ListRequest, ReadOptions},
    record::{RecordRef, register_all},
    request::RequestState,
    run::{PageItem, Run},
};
use adapters::model::{EntityDef, EntityType};
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, MergedObject, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaTypeId, ObjectBuilder, Registry},
    resolver_utils::resolve_container,
};
use futures_util::future::{OptionFuture, join};
use std::borrow::Cow;

/// What can be read: records of all ERPs at once, the ERPs themselves, and who may do what.
#[derive(MergedObject, Default)]
pub(crate) struct Query(NodeQuery, RecordQuery, ErpQuery, AccessQuery);

/// A list and a look-up for each record type.
#[derive(Default)]
pub(crate) struct RecordQuery;

/// The name of the look-up of a record type: `salesOrder`.
fn look_up_name(def: &EntityDef) -> String {
    let mut letters = def.name.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// What a root field gives.
enum Root {
    List(EntityType),
    One(EntityType),
}

impl Root {
    fn of(name: &str) -> Option<Self> {
        EntityType::ALL.iter().copied().find_map(|entity| match entity.def() {
            def if def.plural == name => Some(Self::List(entity)),
            def if def.name.len() == name.len() && look_up_name(def) == name => Some(Self::One(entity)),
            _ => None,
        })
    }
}

impl OutputType for RecordQuery {
    fn type_name() -> Cow<'static, str> {
        "RecordQuery".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register_all(registry);
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let mut fields = Vec::with_capacity(2 * EntityType::ALL.len());
            for entity in EntityType::ALL {
                let def = entity.def();
                let (many, one) = (words(def.plural), words(def.name));
                let hidden = match &def.hidden_unless {
                    Some((name, _)) => format!(" Inactive ones are listed only where `where` names `{name}` or `id`."),
                    None => String::new(),
                };
                let doc = format!("The {many} of all connected ERPs as one list.{hidden}");
                let mut list = field(def.plural, connection_type(def, registry), doc);
                args::of_list(&mut list, def, registry);
                let doc = format!("One of the {many} by its id; null if there is no such {one}.");
                let mut look_up = field(&look_up_name(def), def.name, doc);
                args::of_look_up(&mut look_up, registry);
                fields.extend([list, look_up]);
            }
            ObjectBuilder::new(Self::type_name(), by_name(fields)).rust_typename(std::any::type_name::<Self>()).build()
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for RecordQuery {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let value = match Root::of(&ctx.item.node.name.node) {
            Some(Root::List(entity)) => list(ctx, entity).await,
            Some(Root::One(entity)) => look_up(ctx, entity).await,
            None => return Ok(None),
        };
        // Each of these fields may be null by itself, without taking the others with it.
        Ok(Some(value.unwrap_or_else(|error| {
            ctx.add_error(if error.path.is_empty() { ctx.set_error_path(error) } else { error });
            Value::Null
        })))
    }

    /// `_entities` of Apollo Federation calls it once for each representation, in their order and all at once: they are
    /// loaded together.
    async fn find_entity(&self, ctx: &Context<'_>, representation: &Value) -> ServerResult<Option<Value>> {
        let state = RequestState::of(ctx);
        // async-graphql does not tell which of them this is, but a router has to know which one failed.
        let Some(index) = state.next_entity(&ctx.item.node.response_key().node) else {
            return Err(Error::bad_input(format!("representations: at most {MAX_ENTITIES}")).at(ctx.item.pos));
        };
        let ctx = ctx.with_index(index);
        let entity = match entity_of(representation, state.options()) {
            Ok(record) => record.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await,
            Err(error) => Err(ctx.set_error_path(error.at(ctx.item.pos))),
        };
        // One that fails is null and leaves the others alone.
        Ok(Some(entity.unwrap_or_else(|error| {
            ctx.add_error(error);
            Value::Null
        })))
    }
}

/// The record that another subgraph refers to.
fn entity_of(representation: &Value, options: ReadOptions) -> Result<RecordRef, Error> {
    let text = |name| match representation {
        Value::Object(fields) => match fields.get(name) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    };
    let (Some(ty), Some(id)) = (text("__typename"), text("id")) else {
        return Err(Error::bad_input("representations: each needs `__typename` and `id`"));
    };
    let entity = EntityType::ALL.iter().copied().find(|entity| entity.def().name == ty);
    let entity =
        entity.ok_or_else(|| Error::bad_input(format!("representations: there are no entities of type {ty}")))?;
    let key =
        input::record_id(entity, id).map_err(|problem| Error::bad_input(format!("representations: {problem}")))?;
    Ok(RecordRef { key, options })
}

impl ObjectType for RecordQuery {}

async fn list(ctx: &Context<'_>, entity: EntityType) -> ServerResult<Value> {
    let (def, state) = (entity.def(), RequestState::of(ctx));
    let at = |error: Error| error.at(ctx.item.pos);
    let read = || {
        let args = Args::of(ctx)?;
        Ok((args.options(state)?, args.erps(state)?, args.list(def, DEFAULT_FIRST)?))
    };
    let (options, erps, page) = read().map_err(at)?;

    let selection = ctx.with_selection_set(&ctx.item.node.selection_set);
    let plan = Planner::new(&selection, options).page(def, &[selection.item])?;
    let request = ListRequest {
        entity,
        first: page.first,
        after: page.after,
        filter: page.filter,
        order: page.order,
        erps,
        fields: plan.fields,
        options,
        of: None,
    };
    let reads = &state.ports.reads;
    let listed = plan.rows.then(|| reads.list(&state.caller.who, &request));
    let count = plan.count.then(|| reads.count(&state.caller.who, &request));
    let (listed, count) = join(OptionFuture::from(listed), OptionFuture::from(count)).await;
    let run = Run::new(&selection, options);
    let listed = listed.as_ref().map(|listed| run.whole(Some(listed))).transpose().map_err(at)?;
    let page = PageItem { listed, count: count.as_ref(), path: run.path() };
    Ok(run.pages(&plan, &[page]).await.pop().unwrap_or_default())
}

async fn look_up(ctx: &Context<'_>, entity: EntityType) -> ServerResult<Value> {
    let read = || {
        let args = Args::of(ctx)?;
        let key = input::record_id(entity, args.id()?).map_err(|problem| Error::bad_input(format!("id: {problem}")))?;
        Ok(RecordRef { key, options: args.options(RequestState::of(ctx))? })
    };
    let record = read().map_err(|error: Error| error.at(ctx.item.pos))?;
    record.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await
}
