//! An entity as one database has it: its mapping for this version and these modules.

use super::{
    books::{Field, Fields, Type},
    dimensions::source,
    join::Lookup,
    known::Known,
};
use crate::{
    error::{Error, ErrorKind, Result},
    mapping::{From, Mapping, MappingError, SetMapping},
    model::{EntityType, FieldDef, FieldId, Kind},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

/// The mapping before it is known which version and modules there are.
///
/// # Errors
/// Never, as far as the tests can tell.
pub(super) fn mapping() -> Result<&'static Mapping> {
    static MAPPING: LazyLock<Result<Mapping, MappingError>> =
        LazyLock::new(|| Mapping::parse(include_str!("mapping.toml")));
    MAPPING.as_ref().map_err(|e| Error::new(ErrorKind::Config, e.to_string()))
}

/// An entity in one database.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Empty where the module is not installed.
    pub(super) sets: Vec<Arc<SetMapping>>,
    /// The fields of the models that it is read from.
    pub(super) models: HashMap<Box<str>, Fields>,
}

impl Shape {
    /// The models that an entity is read from.
    pub(super) fn models(mapping: &Mapping, entity: EntityType) -> BTreeSet<String> {
        let sets = mapping.sets(entity);
        let joined = sets.iter().flat_map(|set| {
            let lookups = entity.def().all_fields().filter_map(|(field, _)| Lookup::of(set, field));
            lookups.flat_map(|lookup| lookup.models()).map(str::to_owned).collect::<Vec<_>>()
        });
        sets.iter().map(|set| set.set.to_string()).chain(joined).collect()
    }

    /// The entity by the fields that the models have; models that are not installed are left out.
    pub(super) fn new(
        mapping: &Mapping,
        entity: EntityType,
        mut models: HashMap<Box<str>, Fields>,
        known: &Known,
    ) -> Self {
        for set in mapping.sets(entity) {
            if let Some(fields) = models.get_mut(set.set.as_str()) {
                add_related(set, fields);
            }
        }
        let has_field = |model: &str, field: &str| models.get(model).is_some_and(|fields| fields.contains_key(field));
        let resolved = mapping.for_version(|set, options, path| match Lookup::parse(options) {
            Some(lookup) => lookup.makes(path) || has_field(lookup.model, source(path)),
            None => set.entity != entity || has_field(set.set.as_str(), source(path)),
        });
        let fits = |set: &SetMapping| {
            let model = set.set.as_str();
            let feature = |key| set.options.get(key).and_then(toml::Value::as_str);
            models.contains_key(model)
                && feature("has").is_none_or(|field| has_field(model, field))
                && feature("hasnt").is_none_or(|field| !has_field(model, field))
        };
        let sets = resolved.only_sets(|set| set.entity != entity || fits(set)).sets(entity).to_vec();
        let sets = sets.into_iter().map(|set| {
            let known = |name: &str| known.get(name).cloned().unwrap_or_default();
            let mut set = SetMapping::clone(&set).with_known(&known);
            let model = set.set.clone();
            set.when.retain(|predicate| has_field(model.as_str(), predicate.path.first()));
            Arc::new(set)
        });
        Self { sets: sets.collect(), models }
    }

    pub(super) fn fields(&self, model: &str) -> &Fields {
        static NONE: LazyLock<Fields> = LazyLock::new(Fields::new);
        self.models.get(model).unwrap_or(&NONE)
    }
}

/// Whether rows of the set name currencies.
pub(super) fn names_currency(set: &SetMapping) -> bool {
    let of_field = |(field, def): (FieldId, &FieldDef)| {
        matches!(def.kind, Kind::Currency) && set.field(field).is_some_and(|m| matches!(m.from, From::Paths(_)))
    };
    set.currency.is_some() || set.entity.def().all_fields().any(of_field)
}

/// Adds the fields of records that rows refer to, where conditions and orders need them.
fn add_related(set: &SetMapping, fields: &mut Fields) {
    let related = set.options.get("related").and_then(toml::Value::as_table);
    for (path, kind) in related.into_iter().flatten() {
        let base = path.split('.').next().and_then(|first| fields.get(first)).copied();
        let kind = if kind.as_str() == Some("selection") { Type::Selection } else { Type::Text };
        if let Some(base) = base.filter(|base| base.searchable) {
            fields.insert(path.as_str().into(), Field { kind, stored: false, groupable: false, ..base });
        }
    }
}
