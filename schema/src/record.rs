//! The record types, derived from the catalogue: the objects, the interface `Record`, and a record by its key.

use crate::{
    args,
    erp::Erp,
    object::{CATALOGUE, by_name, field, name_of, output_field, register},
    page::{Origin, connection_type},
    planner::Planner,
    ports::ReadOptions,
    request::RequestState,
    run::{Run, found},
};
use adapters::model::{COMMON, EntityDef, EntityType, RecordKey};
use async_graphql::{
    ContextSelectionSet, ID, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaField, MetaType, ObjectBuilder, Registry},
};
use std::borrow::Cow;

/// The interface of everything that has a global id.
pub(crate) const NODE: &str = "Node";
/// The interface of all records.
pub(crate) const RECORD: &str = "Record";

/// The field `id`, alike in all types that have one.
pub(crate) fn id_field(registry: &mut Registry) -> MetaField {
    let doc = "Opaque and global: store it and send it back, never take it apart.";
    field("id", format!("{}!", name_of::<ID>(registry)), doc)
}

/// What every record shows, in the order of the schema.
fn common_fields(registry: &mut Registry) -> Vec<MetaField> {
    let string = format!("{}!", name_of::<String>(registry));
    let origin = format!("{}!", name_of::<Origin>(registry));
    let mut fields = vec![
        id_field(registry),
        field("erp", name_of::<Erp>(registry), "The ERP that it comes from."),
        field(
            "remoteType",
            string.clone(),
            "The ERP's own name of the set that it comes from: `account.move`, `CreditNotes`.",
        ),
        field("remoteId", string, "The ERP's own id, unique within its `erp` and `remoteType`."),
    ];
    fields.extend(COMMON.iter().map(|def| output_field(def, registry)));
    fields.push(field("origin", origin, "Who gave this record, and how old it is."));
    fields
}

/// Registers all record types. They refer to each other by name, so their order does not matter.
pub(crate) fn register_all(registry: &mut Registry) {
    for entity in EntityType::ALL {
        record_type(entity.def(), registry);
    }
}

fn record_type(def: &'static EntityDef, registry: &mut Registry) {
    register(registry, def.name, |registry| {
        let mut fields = common_fields(registry);
        fields.extend(def.fields.iter().map(|field| output_field(field, registry)));
        for child in def.children {
            let of = child.entity.def();
            let mut list = field(child.name, connection_type(of, registry), child.doc);
            args::of_children(&mut list, of, child.arguments, registry);
            fields.push(list);
        }
        ObjectBuilder::new(def.name, by_name(fields))
            .description(Some(def.doc.to_owned()))
            .rust_typename(CATALOGUE)
            .keys(Some(vec!["id".to_owned()]))
            .build()
    });
    registry.add_implements(def.name, NODE);
    registry.add_implements(def.name, RECORD);
}

/// An interface of the given types.
pub(crate) fn interface(
    name: &str,
    doc: &str,
    fields: Vec<MetaField>,
    types: impl IntoIterator<Item = impl Into<String>>,
    rust_typename: &'static str,
) -> MetaType {
    MetaType::Interface {
        name: name.to_owned(),
        description: Some(doc.to_owned()),
        fields: by_name(fields),
        possible_types: types.into_iter().map(Into::into).collect(),
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(rust_typename),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// A record by its key, as the interface `Record`: it is loaded with the fields that are selected, together with all
/// others of its level. Null if there is no such record.
pub(crate) struct RecordRef {
    pub(crate) key: RecordKey,
    pub(crate) options: ReadOptions,
}

impl OutputType for RecordRef {
    fn type_name() -> Cow<'static, str> {
        RECORD.into()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.key.entity.def().name.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register(registry, RECORD, |registry| {
            register_all(registry);
            registry.add_implements(RECORD, NODE);
            let fields = common_fields(registry);
            let types = EntityType::ALL.iter().map(|entity| entity.def().name);
            interface(RECORD, "What every record from an ERP carries.", fields, types, std::any::type_name::<Self>())
        });
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if RequestState::of(ctx).erp(&self.key.erp).is_none() {
            return Ok(Value::Null);
        }
        let run = Run::new(ctx, self.options);
        let plan = Planner::new(ctx, self.options).record(self.key.entity, &[ctx.item])?;
        let answers = run.records(self.key.entity, [self.key.clone()].into(), plan.fields).await;
        match found(answers.get(0)) {
            Ok(Some(record)) => Ok(run.record(&plan, record).await),
            Ok(None) => Ok(Value::Null),
            Err(error) => Err(ctx.set_error_path(error.at(field.pos))),
        }
    }
}
