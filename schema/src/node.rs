//! `node` and `nodes`: anything that has a global id.

use crate::{
    access::{ApiKey, AuditEntry, if_allowed},
    erp::Erp,
    error::Error,
    id::GlobalId,
    limits::MAX_FIRST,
    object::{name_of, register},
    ports::{Access, Caller},
    record::{self, NODE, RecordRef, register_all},
    request::RequestState,
};
use adapters::model::EntityType;
use async_graphql::{
    ContextSelectionSet, ID, Object, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};
use std::{borrow::Cow, sync::Arc};

/// Whatever an id names, as the interface `Node`: null if there is no such thing that the caller may see.
pub(crate) struct Node(ID);

impl OutputType for Node {
    fn type_name() -> Cow<'static, str> {
        NODE.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register(registry, NODE, |registry| {
            register_all(registry);
            let others = [name_of::<Erp>(registry), name_of::<ApiKey>(registry), name_of::<AuditEntry>(registry)];
            others.iter().for_each(|name| registry.add_implements(name, NODE));
            let records = EntityType::ALL.iter().map(|entity| entity.def().name.to_owned());
            let id = record::id_field(registry);
            let types = records.chain(others);
            record::interface(NODE, "Anything that has a global id.", vec![id], types, std::any::type_name::<Self>())
        });
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match GlobalId::decode(&self.0) {
            Some(GlobalId::Record(key)) => {
                RecordRef { key, options: RequestState::of(ctx).options() }.resolve(ctx, field).await
            }
            Some(GlobalId::Erp(id)) => RequestState::of(ctx).erp(&id).map(Erp).resolve(ctx, field).await,
            Some(GlobalId::ApiKey(id)) => {
                let (access, caller) = access_of(ctx);
                if_allowed(access.api_key(caller, &id).await.map(|key| key.map(ApiKey))).resolve(ctx, field).await
            }
            Some(GlobalId::AuditEntry(number)) => {
                let (access, caller) = access_of(ctx);
                let entry = access.audit_entry(caller, number).await;
                if_allowed(entry.map(|entry| entry.map(AuditEntry))).resolve(ctx, field).await
            }
            None => Err(ctx.set_error_path(Error::bad_input("id: not an id of this gateway").at(field.pos))),
        }
    }
}

/// What tells of keys and of the audit log: such an answer is given once.
fn access_of<'c>(ctx: &'c ContextSelectionSet<'_>) -> (&'c Arc<dyn Access>, &'c Caller) {
    let state = RequestState::of(ctx);
    state.watch.momentary();
    (&state.ports.access, &state.caller)
}

/// The root fields that take any id.
#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Anything by its id; null if there is no such thing that the caller may see.
    #[graphql(shareable)]
    async fn node(&self, #[graphql(desc = "Its id.")] id: ID) -> Option<Node> {
        Some(Node(id))
    }

    /// Many things by their ids, in the order of the ids; null where there is no such thing that the caller may see.
    #[graphql(shareable, complexity = "ids.len() * child_complexity + 1")]
    async fn nodes(
        &self,
        #[graphql(desc = "Their ids, at most 200.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<Node>>> {
        if ids.len() > MAX_FIRST {
            return Err(Error::bad_input(format!("ids: at most {MAX_FIRST}")).into());
        }
        Ok(ids.into_iter().map(Node).map(Some).collect())
    }
}
