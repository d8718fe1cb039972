//! What the models are made of: fields, where their values come from, and in which releases they exist.

mod accounting;
mod base;
mod field;
mod moves;
mod partners;
mod products;
mod sales;

use std::collections::{BTreeMap, HashMap};

pub(super) use field::{Field, Kind, Literal, Source};

use super::{orm::View, version::Version};
use crate::store::{Cell, Row, Schema, Table};

/// Something that RPC calls can name, such as `res.partner`.
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// The default order, by the release from which it holds, newest first.
    pub(super) order: &'static [(u16, &'static str)],
    pub(super) display: Display,
    /// The fields in which a search by name looks.
    pub(super) searched: &'static [&'static str],
    pub(super) fields: &'static [Field],
    /// Columns that no field shows in every release.
    pub(super) hidden: &'static [&'static str],
    pub(super) indexes: &'static [&'static str],
    /// Whether only rows of the companies that a call allows are visible.
    pub(super) by_company: bool,
    /// Whether it takes more rights than those of any employee.
    pub(super) accounting: bool,
    /// The releases that have it.
    pub(super) releases: (u16, u16),
}

/// The releases of a model that always was there.
const ALWAYS: (u16, u16) = (0, u16::MAX);

/// Where `display_name` comes from.
#[derive(Clone, Copy)]
pub(super) enum Display {
    Column(&'static str),
    By(fn(&Row<'_>, &View<'_>) -> Cell),
}

const ALL: &[&Model] = &[
    &accounting::ACCOUNT,
    &accounting::JOURNAL,
    &accounting::PAYMENT,
    &accounting::PAYMENT_TERM,
    &accounting::TAX,
    &base::COMPANY,
    &base::COUNTRY,
    &base::CURRENCY,
    &base::CURRENCY_RATE,
    &base::STATE,
    &base::TEAM,
    &base::USER,
    &moves::LINE,
    &moves::MOVE,
    &partners::PARTNER,
    &products::CATEGORY,
    &products::PRODUCT,
    &products::TEMPLATE,
    &products::UNIT,
    &products::UNIT_CATEGORY,
    &sales::LINE,
    &sales::ORDER,
];

/// The fields that every model has.
const MAGIC: &[Field] = &[
    field::integer("id", "ID").readonly(),
    field::char("display_name", "Display Name").from(Source::Display).computed(),
    field::many2one("create_uid", "Created by", "res.users").always(Literal::Int(2)).readonly(),
    field::datetime("create_date", "Created on").readonly(),
    field::many2one("write_uid", "Last Updated by", "res.users").always(Literal::Int(2)).readonly(),
    field::datetime("write_date", "Last Updated on").readonly(),
];

/// A model as one release has it.
pub(super) struct Known {
    pub(super) model: &'static Model,
    pub(super) fields: Vec<&'static Field>,
    by_name: HashMap<&'static str, &'static Field>,
    pub(super) order: &'static str,
}

impl Known {
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.by_name.get(name).copied()
    }

    pub(super) fn archives(&self) -> bool {
        self.by_name.contains_key("active")
    }

    fn of(model: &'static Model, version: Version) -> Self {
        let fields: Vec<_> =
            MAGIC[..2].iter().chain(model.fields).chain(&MAGIC[2..]).filter(|field| field.exists_in(version)).collect();
        let order = model.order.iter().find(|(since, _)| version.0 >= *since).map_or("id", |(_, order)| order);
        Self { model, by_name: fields.iter().map(|field| (field.name, *field)).collect(), fields, order }
    }
}

/// All models of a release.
pub(super) struct Registry {
    pub(super) version: Version,
    models: BTreeMap<&'static str, Known>,
}

impl Registry {
    pub(super) fn new(version: Version) -> Self {
        let exists = |model: &&&Model| (model.releases.0..=model.releases.1).contains(&version.0);
        let models = ALL.iter().filter(exists).map(|model| (model.name, Known::of(model, version))).collect();
        Self { version, models }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.models.get(name)
    }
}

/// The empty tables of all models, whatever the release.
pub(super) fn tables() -> Vec<Table> {
    ALL.iter().map(|model| table(model)).collect()
}

fn table(model: &Model) -> Table {
    let mut columns = vec!["id", "create_date", "write_date"];
    let sources = model.fields.iter().filter_map(Field::column);
    for column in sources.chain(model.hidden.iter().copied()) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let schema = Schema::new(model.name, &columns).key("id");
    model.indexes.iter().fold(schema, |schema, column| schema.index(column)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relation_through_another_field_exists() {
        for version in 14..=19 {
            let registry = Registry::new(Version(version));
            for known in registry.models.values() {
                for field in &known.fields {
                    let Source::Through(link, target) = field.source else { continue };
                    let relation = known.field(link).and_then(|link| link.kind.relation());
                    let relation = relation.and_then(|relation| registry.get(relation));
                    assert!(relation.is_some_and(|model| model.field(target).is_some()), "{}", field.name);
                }
                let searched = known.model.searched.iter().map(|path| path.split('.').next().unwrap_or(path));
                let known_or_hidden = |name| known.field(name).is_some() || known.model.hidden.contains(&name);
                assert!(searched.clone().all(known_or_hidden), "{}", known.model.name);
            }
        }
    }

    #[test]
    fn fields_come_and_go_with_the_releases() {
        let has = |version, model, field| {
            Registry::new(Version(version)).get(model).is_some_and(|known| known.field(field).is_some())
        };
        assert!(has(17, "sale.order.line", "tax_id") && !has(19, "sale.order.line", "tax_id"));
        assert!(has(19, "sale.order.line", "tax_ids") && !has(17, "sale.order.line", "tax_ids"));
        assert!(has(17, "uom.category", "name") && !has(19, "uom.category", "name"));
        assert!(has(17, "res.partner", "mobile") && !has(19, "res.partner", "mobile"));
    }
}
