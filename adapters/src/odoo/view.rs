//! An entity as one database has it: its mapping for this version and these modules, and the reading of its rows.

use super::{
    books::{Books, Currencies, Fields, Search, Type},
    domain::Dialect,
    order::{cells, id_of},
    wire,
};
use crate::{
    adapter::{Ctx, Quarantined},
    error::{Error, ErrorKind, Result},
    filter::Filter,
    mapping::{
        Env, From, Joined, Literal, Mapping, MappingError, Plan, SetMapping, SourceCondition, SourceFilter, SourceOp,
        push,
    },
    model::{EntityType, ErpId, FieldDef, FieldId, FieldSet, Kind, Record, SourceSet},
};
use futures_util::future::try_join_all;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

/// How many ids one call asks for: Odoo takes more, and its answers grow with them.
pub(super) const IDS_PER_CALL: usize = 1_000;

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
            lookups.map(|lookup| lookup.model.to_owned()).collect::<Vec<_>>()
        });
        sets.iter().map(|set| set.set.to_string()).chain(joined).collect()
    }

    /// The entity by the fields that the models have; models that are not installed are left out.
    pub(super) fn new(mapping: &Mapping, entity: EntityType, models: HashMap<Box<str>, Fields>) -> Self {
        let has_field = |model: &str, field: &str| models.get(model).is_some_and(|fields| fields.contains_key(field));
        let resolved = mapping.for_version(|set, options, path| {
            match options.get("lookup").and_then(|l| l.get("model")?.as_str()) {
                Some(model) => has_field(model, path),
                None => set.entity != entity || has_field(set.set.as_str(), path),
            }
        });
        let fits = |set: &SetMapping| {
            let model = set.set.as_str();
            let feature = |key| set.options.get(key).and_then(toml::Value::as_str);
            models.contains_key(model)
                && feature("has").is_none_or(|field| has_field(model, field))
                && feature("hasnt").is_none_or(|field| !has_field(model, field))
        };
        let sets = resolved.only_sets(|set| set.entity != entity || fits(set)).sets(entity).to_vec();
        Self { sets, models }
    }

    fn fields(&self, model: &str) -> &Fields {
        static NONE: LazyLock<Fields> = LazyLock::new(Fields::new);
        self.models.get(model).unwrap_or(&NONE)
    }
}

/// How an adapter joins elements of another model to a record.
pub(super) struct Lookup<'m> {
    pub(super) model: &'m str,
    /// The other model's field that points to the record.
    pub(super) by: &'m str,
    order: &'m str,
    when: &'m [toml::Value],
}

impl<'m> Lookup<'m> {
    pub(super) fn of(set: &'m SetMapping, field: FieldId) -> Option<Self> {
        let lookup = set.field(field)?.options.get("lookup")?;
        let text = |key| lookup.get(key).and_then(toml::Value::as_str);
        let when = lookup.get("when").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
        Some(Self { model: text("model")?, by: text("by")?, order: text("order").unwrap_or("id"), when })
    }

    /// The domain of the elements of some records. Conditions on fields that this version lacks are left out.
    fn domain(&self, fields: &Fields, ids: &[i64]) -> String {
        let when = self.when.iter().filter(|condition| {
            condition.get(0).and_then(toml::Value::as_str).is_some_and(|field| fields.contains_key(field))
        });
        let by = serde_json::json!([self.by, "in", ids]);
        let conditions: Vec<_> = std::iter::once(by).chain(when.map(|c| serde_json::json!(c))).collect();
        serde_json::Value::from(conditions).to_string()
    }
}

/// An entity of one company in one database, for one call.
pub(super) struct View {
    pub(super) erp: ErpId,
    pub(super) books: Books,
    pub(super) shape: Arc<Shape>,
    pub(super) currencies: Arc<Currencies>,
    pub(super) base_url: Arc<str>,
}

impl View {
    pub(super) fn set(&self, entity: EntityType, set: &SourceSet) -> Result<&Arc<SetMapping>> {
        match self.shape.sets.iter().find(|s| s.set == *set) {
            Some(set) => Ok(set),
            None if self.shape.sets.is_empty() => {
                let name = entity.def().name;
                Err(Error::unsupported(format!("This Odoo has no {name}: its module is not installed.")))
            }
            None => Err(Error::invalid(format!("{} has no source set {set}.", entity.def().name))),
        }
    }

    pub(super) fn fields(&self, set: &SetMapping) -> &Fields {
        self.shape.fields(set.set.as_str())
    }

    /// `accents` as in [`Dialect`].
    pub(super) fn dialect<'a>(&'a self, set: &SetMapping, accents: bool) -> Dialect<'a> {
        let blanks = set.entity.def().all_fields().filter_map(|(field, _)| match &set.field(field)?.from {
            From::First { paths, none } => Some((paths.first()?.as_str().into(), none.clone())),
            _ => None,
        });
        Dialect {
            fields: self.fields(set),
            blanks: blanks.collect(),
            currencies: &self.currencies,
            zone: self.books.company.zone,
            accents,
        }
    }

    /// What holds for every row that belongs to the company. Record rules mean the same, but an administrator may have switched
    /// them off.
    pub(super) fn of_company(&self, set: &SetMapping) -> SourceFilter {
        let company = &self.books.company;
        let own = Literal::Number(company.id.into());
        let values = match set.options.get("company").and_then(toml::Value::as_str) {
            Some("own") => vec![own],
            Some("shared") => {
                let above = company.above.iter().map(|id| Literal::Number((*id).into()));
                std::iter::once(own).chain(above).chain([Literal::Bool(false)]).collect()
            }
            _ => return SourceFilter::ALL,
        };
        let op = if values.len() == 1 { SourceOp::Eq } else { SourceOp::In };
        SourceFilter::Is(SourceCondition { path: "company_id".into(), op, values })
    }

    /// What holds for the records that may be read by their ids: those of the company and of the set's kind.
    pub(super) fn readable(&self, set: &SetMapping, dialect: &Dialect<'_>) -> SourceFilter {
        let strict = set.options.get("strict").and_then(toml::Value::as_bool).unwrap_or(false);
        let kind = if strict { push(&Filter::ALL, set, true, &|c| dialect.fit(c)).source } else { SourceFilter::ALL };
        SourceFilter::and(vec![self.of_company(set), kind])
    }

    fn env(&self, ctx: &Ctx) -> Env {
        Env {
            erp: self.erp.clone(),
            read_at: ctx.now,
            base_currency: self.books.company.currency,
            zone: self.books.company.zone,
            currencies: self.currencies.codes.clone(),
            base_url: Arc::clone(&self.base_url),
            tables: Arc::default(),
        }
    }

    /// Whether some text comes from the name of a record that is referred to: only then Odoo has to look the names up.
    pub(super) fn needs_names(&self, set: &SetMapping, fields: FieldSet) -> bool {
        let types = self.fields(set);
        fields.iter().any(|field| {
            set.field(field).is_some_and(|mapping| takes_name(types, set.entity.def().field(field), &mapping.from))
        })
    }

    /// The records in some rows, each with its place, and what is joined to them.
    pub(super) async fn records(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        set: &SetMapping,
        rows: &[&RawValue],
    ) -> Result<Vec<Result<Arc<Record>, Quarantined>>> {
        let joins = plan.joins().filter_map(|field| Some((field, Lookup::of(set, field)?)));
        let joins: Vec<_> = joins.filter(|(_, lookup)| self.shape.models.contains_key(lookup.model)).collect();
        let id = |row: &RawValue| cells(row).ok().and_then(|cells| id_of(cells.get(set.id.as_str())?));
        let ids: Vec<Option<i64>> = rows.iter().map(|row| if joins.is_empty() { None } else { id(row) }).collect();
        let known: Vec<i64> = ids.iter().copied().flatten().collect();
        let joins = joins.into_iter().map(|(field, lookup)| self.join(ctx, plan, field, lookup, &known));
        let joined: Vec<(FieldId, Elements)> = try_join_all(joins).await?;
        let env = self.env(ctx);
        let records = rows.iter().zip(ids).map(|(row, id)| {
            let elements = joined.iter().map(|(field, elements)| {
                let own = id.and_then(|id| elements.by_parent.get(&id)).map_or(&[][..], Vec::as_slice);
                (*field, own.iter().map(|at| &*elements.rows[*at]).collect())
            });
            let elements: Vec<_> = elements.collect();
            let joined: &Joined<'_> = &elements;
            plan.read(row.get(), joined, &env).map(Arc::new)
        });
        Ok(records.collect())
    }

    async fn join(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        field: FieldId,
        lookup: Lookup<'_>,
        ids: &[i64],
    ) -> Result<(FieldId, Elements)> {
        let fields = self.shape.fields(lookup.model);
        let mut wanted: Vec<&str> = plan.joined_source_fields(field).collect();
        if !wanted.contains(&lookup.by) {
            wanted.push(lookup.by);
        }
        let calls = ids.chunks(IDS_PER_CALL).map(|ids| {
            let search = Search {
                model: lookup.model,
                domain: lookup.domain(fields, ids),
                fields: wanted.clone(),
                order: lookup.order.to_owned(),
                limit: None,
                offset: 0,
                names: false,
                operation: "join",
            };
            self.books.search(ctx, search)
        });
        let rows: Vec<_> = try_join_all(calls).await?.into_iter().flatten().collect();
        let many = fields.get(lookup.by).is_some_and(|field| field.kind == Type::Many);
        let mut by_parent: HashMap<i64, Vec<usize>> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(parent) = cells(row)?.get(lookup.by).copied() else { continue };
            let parents = if many { wire::returned(parent)? } else { id_of(parent).into_iter().collect::<Vec<_>>() };
            parents.into_iter().for_each(|parent| by_parent.entry(parent).or_default().push(at));
        }
        Ok((field, Elements { rows, by_parent }))
    }
}

/// The elements that are joined to records.
struct Elements {
    rows: Vec<Box<RawValue>>,
    /// By the record's id the places of its elements.
    by_parent: HashMap<i64, Vec<usize>>,
}

fn takes_name(types: &Fields, def: &FieldDef, from: &From) -> bool {
    match (from, def.kind) {
        (From::Paths(paths) | From::First { paths, .. }, Kind::Text) => {
            paths.iter().any(|path| types.get(path.as_str()).is_some_and(|field| field.kind == Type::One))
        }
        (From::Object(inner), Kind::Object(of)) => of
            .fields
            .iter()
            .zip(inner)
            .any(|(def, mapping)| mapping.as_ref().is_some_and(|mapping| takes_name(types, def, &mapping.from))),
        _ => false,
    }
}
