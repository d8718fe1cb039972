//! Stands for an ERP whose stored settings do not fit any more, so that an operator finds and repairs it.

use adapters::{
    Error, Result,
    adapter::{Adapter, Capability, Children, ChildrenQuery, Count, Ctx, Info, ListQuery, Page, RawCall, ServerInfo},
    filter::Filter,
    http::HostState,
    model::{EntityType, ErpId, FieldSet, Record, RemoteRef, SourceSet},
};
use async_trait::async_trait;
use std::sync::Arc;

/// Says at each call why it cannot be used.
pub(super) struct Unusable {
    info: Info,
    why: Error,
}

impl Unusable {
    pub(super) fn new(erp: ErpId, system: &'static str, why: Error) -> Self {
        Self { info: Info { erp, system }, why }
    }

    fn fail<T>(&self) -> Result<T> {
        Err(self.why.clone())
    }
}

#[async_trait]
impl Adapter for Unusable {
    fn info(&self) -> &Info {
        &self.info
    }
    fn host(&self) -> Option<Arc<HostState>> {
        None
    }
    fn capability(&self, entity: EntityType) -> Capability {
        Capability::none(entity)
    }
    fn sets(&self, _: EntityType) -> Vec<SourceSet> {
        Vec::new()
    }
    async fn probe(&self, _: &Ctx) -> Result<ServerInfo> {
        self.fail()
    }
    async fn list(&self, _: &Ctx, _: EntityType, _: &ListQuery) -> Result<Page> {
        self.fail()
    }
    async fn count(&self, _: &Ctx, _: EntityType, _: &Filter) -> Result<Count> {
        self.fail()
    }
    async fn get_many(&self, _: &Ctx, _: EntityType, _: &[RemoteRef], _: FieldSet) -> Result<Vec<Option<Arc<Record>>>> {
        self.fail()
    }
    async fn list_children(&self, _: &Ctx, _: EntityType, _: &ChildrenQuery) -> Result<Children> {
        self.fail()
    }
    async fn call(&self, _: &Ctx, _: &RawCall) -> Result<serde_json::Value> {
        self.fail()
    }
}
