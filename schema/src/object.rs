//! The GraphQL types of the catalogue's fields: enums, value objects, money and the scalars.

use crate::scalars;
use adapters::model::{EnumDef, FieldDef, Kind, ObjectDef};
use async_graphql::{
    OutputType,
    registry::{EnumBuilder, MetaEnumValue, MetaField, MetaInputValue, MetaType, ObjectBuilder, Registry},
};

/// Marks the types that come from the catalogue, for the conflict messages of the registry.
pub(crate) const CATALOGUE: &str = "the catalogue of entities";

/// A field of an object type.
pub(crate) fn field(name: &str, ty: impl Into<String>, doc: impl Into<String>) -> MetaField {
    MetaField { description: Some(doc.into()), ..MetaField::new(name, ty) }
}

/// A field of an input object, or an argument.
pub(crate) fn input(name: &str, ty: impl Into<String>, doc: impl Into<String>) -> MetaInputValue {
    MetaInputValue { description: Some(doc.into()), ..MetaInputValue::new(name, ty) }
}

/// Puts fields under their names.
pub(crate) fn by_name(
    fields: impl IntoIterator<Item = MetaField>,
) -> async_graphql::indexmap::IndexMap<String, MetaField> {
    fields.into_iter().map(|field| (field.name.clone(), field)).collect()
}

/// Puts input fields or arguments under their names.
pub(crate) fn inputs_by_name(
    fields: impl IntoIterator<Item = MetaInputValue>,
) -> async_graphql::indexmap::IndexMap<String, MetaInputValue> {
    fields.into_iter().map(|field| (field.name.clone(), field)).collect()
}

/// Registers a type under its name unless it is there already. `make` runs first: it may register what it refers to.
pub(crate) fn register(registry: &mut Registry, name: &str, make: impl FnOnce(&mut Registry) -> MetaType) -> String {
    if !registry.types.contains_key(name) {
        let ty = make(registry);
        registry.types.insert(name.to_owned(), ty);
    }
    name.to_owned()
}

/// The field of an object type that shows a field of the catalogue.
pub(crate) fn output_field(def: &FieldDef, registry: &mut Registry) -> MetaField {
    let list = |of: &str| format!("[{of}!]");
    let ty = match def.kind {
        Kind::Text => name_of::<String>(registry),
        Kind::Int => name_of::<i32>(registry),
        Kind::Bool => name_of::<bool>(registry),
        Kind::Decimal => name_of::<scalars::Decimal>(registry),
        Kind::Date => name_of::<scalars::Date>(registry),
        Kind::DateTime => name_of::<scalars::DateTime>(registry),
        Kind::Currency => name_of::<scalars::Currency>(registry),
        Kind::Url => name_of::<scalars::Url>(registry),
        Kind::Json => name_of::<scalars::Json>(registry),
        Kind::Money(_) => money_type(registry),
        Kind::MoneyList => list(&money_type(registry)),
        Kind::Enum(def) => enum_type(def, registry),
        // Records are registered by their own module; a name is all that is needed here.
        Kind::Ref(to) => to.def().name.to_owned(),
        Kind::Refs(to) => list(to.def().name),
        Kind::Object(def) => object_type(def, registry),
        Kind::List(def) => list(&object_type(def, registry)),
    };
    // A relation may always be null: what it points to can be deleted, or its ERP can fail.
    let related = matches!(def.kind, Kind::Ref(_) | Kind::Refs(_));
    let ty = if def.required && !related { format!("{ty}!") } else { ty };
    let mut field = field(def.name, ty, def.doc);
    if matches!(def.kind, Kind::List(_) | Kind::Refs(_)) {
        field.compute_complexity = Some(crate::limits::cost_of_values);
    }
    field
}

/// The name of a registered type, without the mark of non-null.
pub(crate) fn name_of<T: OutputType>(registry: &mut Registry) -> String {
    T::create_type_info(registry);
    T::type_name().into_owned()
}

/// The enum of a definition.
pub(crate) fn enum_type(def: &'static EnumDef, registry: &mut Registry) -> String {
    register(registry, def.name, |_| {
        let value = |(name, doc): &(&str, &str)| {
            ((*name).to_owned(), MetaEnumValue { description: Some((*doc).to_owned()), ..MetaEnumValue::new(*name) })
        };
        EnumBuilder::new(def.name, def.values.iter().map(value).collect())
            .description(Some(def.doc.to_owned()))
            .rust_typename(CATALOGUE)
            .build()
    })
}

/// The type of a value object.
fn object_type(def: &'static ObjectDef, registry: &mut Registry) -> String {
    register(registry, def.name, |registry| {
        let fields = by_name(def.fields.iter().map(|field| output_field(field, registry)));
        ObjectBuilder::new(def.name, fields)
            .description(Some(def.doc.to_owned()))
            .rust_typename(CATALOGUE)
            .shareable(true)
            .build()
    })
}

/// The type `Money`.
fn money_type(registry: &mut Registry) -> String {
    register(registry, "Money", |registry| {
        let decimal = name_of::<scalars::Decimal>(registry);
        let currency = name_of::<scalars::Currency>(registry);
        let fields = by_name([
            field(
                "amount",
                format!("{decimal}!"),
                "How much, exactly, with at least the decimal places of its currency.",
            ),
            field("currency", format!("{currency}!"), "In which currency."),
        ]);
        ObjectBuilder::new("Money", fields)
            .description(Some("An exact amount in a currency.".into()))
            .rust_typename(CATALOGUE)
            .shareable(true)
            .build()
    })
}
