//! An entity of one company in one database: conditions on its rows, and the reading of them.

use super::{
    books::{Books, Currencies, Fields, Library, Type},
    dimensions,
    domain::Dialect,
    order::{cells, id_of},
    shape::Shape,
};
use crate::{
    adapter::{Ctx, Quarantined},
    error::{Error, Result},
    filter::Filter,
    mapping::{Env, FieldMapping, From, Literal, Plan, SetMapping, SourceCondition, SourceFilter, SourceOp, push},
    model::{EntityType, ErpId, FieldDef, FieldSet, Kind, Record, SourceSet},
};
use serde_json::value::RawValue;
use std::sync::Arc;

/// How many ids one call asks for: Odoo takes more, and its answers grow with them.
pub(super) const IDS_PER_CALL: usize = 1_000;

/// An entity of one company in one database, for one call.
pub(super) struct View {
    pub(super) erp: ErpId,
    pub(super) library: Arc<Library>,
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
        let own = || Literal::Number(company.id.into());
        let with_above = || std::iter::once(own()).chain(company.above.iter().map(|id| Literal::Number((*id).into())));
        // From 18 on, companies may share accounts.
        let shares = !self.fields(set).contains_key("company_id");
        let (path, op, values) = match set.options.get("company").and_then(toml::Value::as_str) {
            Some("own") if shares => ("company_ids", SourceOp::In, with_above().collect()),
            Some("own") => ("company_id", SourceOp::Eq, vec![own()]),
            Some("shared") => ("company_id", SourceOp::In, with_above().chain([Literal::Bool(false)]).collect()),
            Some("member") => ("company_ids", SourceOp::In, vec![own()]),
            Some("self") => ("id", SourceOp::Eq, vec![own()]),
            _ => return SourceFilter::ALL,
        };
        SourceFilter::Is(SourceCondition { path: path.into(), op, values })
    }

    /// What holds for the records that may be read by their ids: those of the company and of the set's kind.
    pub(super) fn readable(&self, set: &SetMapping, dialect: &Dialect<'_>) -> SourceFilter {
        let strict = set.options.get("strict").and_then(toml::Value::as_bool).unwrap_or(false);
        let kind = if strict { push(&Filter::ALL, set, true, &|c| dialect.fit(c)).source } else { SourceFilter::ALL };
        SourceFilter::and(vec![self.of_company(set), kind])
    }

    /// What reading needs to know of this Odoo.
    pub(super) async fn env(&self, ctx: &Ctx, plan: &Plan, set: &SetMapping) -> Result<Env> {
        let through = |field| set.field(field).is_some_and(|mapping| matches!(mapping.from, From::Through { .. }));
        let tables = match plan.held().iter().any(through) {
            true => self.library.journals(ctx, &self.books).await?,
            false => Arc::default(),
        };
        Ok(Env {
            erp: self.erp.clone(),
            read_at: ctx.now,
            base_currency: self.books.company.currency,
            zone: self.books.company.zone,
            currencies: self.currencies.codes.clone(),
            base_url: Arc::clone(&self.base_url),
            tables,
        })
    }

    /// Whether some text comes from the name of a record that is referred to: only then Odoo has to look the names up.
    pub(super) fn needs_names(&self, set: &SetMapping, fields: FieldSet) -> bool {
        let types = self.fields(set);
        fields.iter().any(|field| {
            set.field(field).is_some_and(|mapping| takes_name(types, set.entity.def().field(field), mapping))
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
        let distributed = async {
            match dimensions::wanted(plan) {
                true => self.with_dimensions(ctx, rows.iter().map(|row| (*row).to_owned()).collect()).await.map(Some),
                false => Ok(None),
            }
        };
        let (joined, env, distributed) =
            tokio::try_join!(self.joined(ctx, plan, set, rows), self.env(ctx, plan, set), distributed)?;
        let records = rows.iter().enumerate().map(|(at, row)| {
            let id = cells(row).ok().and_then(|cells| id_of(cells.get(set.id.as_str())?));
            let row = distributed.as_ref().and_then(|rows| rows.get(at)).map_or(*row, |row| &**row);
            let joined = joined.of(id);
            plan.read(row.get(), &joined, &env).map(Arc::new)
        });
        Ok(records.collect())
    }
}

/// Whether a text comes from the name of a record that is referred to.
pub(super) fn takes_name(types: &Fields, def: &FieldDef, mapping: &FieldMapping) -> bool {
    if mapping.options.get("id").and_then(toml::Value::as_bool) == Some(true) {
        return false;
    }
    match (&mapping.from, def.kind) {
        (From::Paths(paths) | From::First { paths, .. }, Kind::Text) => {
            paths.iter().any(|path| types.get(path.as_str()).is_some_and(|field| field.kind == Type::One))
        }
        (From::Object(inner), Kind::Object(of)) => of
            .fields
            .iter()
            .zip(inner)
            .any(|(def, mapping)| mapping.as_ref().is_some_and(|mapping| takes_name(types, def, mapping))),
        _ => false,
    }
}
