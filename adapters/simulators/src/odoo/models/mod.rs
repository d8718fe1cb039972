//! What the models are made of: fields, where their values come from, and in which releases they exist.

mod accounting;
mod analytic;
mod base;
mod field;
mod manufacturing;
mod moves;
mod partners;
mod payments;
mod products;
mod purchases;
mod reconciliation;
mod rights;
mod sales;
mod stock;
mod transfers;

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
    /// The module that brings it.
    pub(super) module: &'static str,
    /// The releases that have it.
    pub(super) releases: (u16, u16),
}

impl Model {
    /// What most models have in common.
    const PLAIN: Self = Self {
        name: "",
        label: "",
        order: &[],
        display: Display::Column("name"),
        searched: &["name"],
        fields: &[],
        hidden: &[],
        indexes: &[],
        by_company: false,
        module: BASE,
        releases: (0, u16::MAX),
    };
}

/// The module that is always installed; here it stands for all that the others build on.
const BASE: &str = "base";

/// The modules that can be installed, and those before them that each of them needs.
const MODULES: &[(&str, &[&str])] = &[
    ("analytic", &[]),
    ("account", &["analytic"]),
    ("sale", &["account"]),
    ("purchase", &["account"]),
    ("stock", &[]),
    ("delivery", &["sale", "stock"]),
    ("mrp", &["stock"]),
];

/// The names of all modules.
pub(super) fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

/// Whether a module is installed where these are wanted.
pub(super) fn is_installed(module: &str, wanted: &[String]) -> bool {
    Installed::new(wanted).has(module)
}

/// Which modules are installed: those that the options name, with what they need.
#[derive(Clone, Debug)]
struct Installed(Vec<&'static str>);

impl Installed {
    fn new(wanted: &[String]) -> Self {
        let mut names: Vec<&str> = vec![BASE];
        // Backwards, so that what is needed comes after what needs it.
        for (name, needs) in MODULES.iter().rev() {
            if names.contains(name) || wanted.iter().any(|wanted| wanted == name) {
                names.push(name);
                names.extend(*needs);
            }
        }
        Self(names)
    }

    fn has(&self, module: &str) -> bool {
        self.0.contains(&module)
    }

    /// Whether a field is there: its own module, and where it refers to a model, that of the model.
    fn brings(&self, field: &Field) -> bool {
        let relation = field.kind.relation().and_then(|name| ALL.iter().find(|model| model.name == name));
        field.module.is_none_or(|module| self.has(module)) && relation.is_none_or(|model| self.has(model.module))
    }
}

/// Where `display_name` comes from.
#[derive(Clone, Copy)]
pub(super) enum Display {
    Column(&'static str),
    By(fn(&Row<'_>, &View<'_>) -> Cell),
}

const ALL: &[&Model] = &[
    &accounting::ACCOUNT,
    &accounting::ACCOUNT_TYPE,
    &accounting::GROUP,
    &accounting::JOURNAL,
    &accounting::PAYMENT_TERM,
    &accounting::TAX,
    &accounting::TAX_GROUP,
    &analytic::ACCOUNT,
    &analytic::PLAN,
    &base::COMPANY,
    &base::COUNTRY,
    &base::CURRENCY,
    &base::CURRENCY_RATE,
    &base::MODULE,
    &base::STATE,
    &base::TEAM,
    &base::USER,
    &manufacturing::BOM,
    &manufacturing::BOM_LINE,
    &manufacturing::PRODUCTION,
    &moves::LINE,
    &moves::MOVE,
    &partners::PARTNER,
    &payments::METHOD,
    &payments::METHOD_LINE,
    &payments::PAYMENT,
    &products::CATEGORY,
    &products::PRODUCT,
    &products::TEMPLATE,
    &products::UNIT,
    &products::UNIT_CATEGORY,
    &purchases::LINE,
    &purchases::ORDER,
    &reconciliation::FULL,
    &reconciliation::PARTIAL,
    &sales::LINE,
    &sales::ORDER,
    &stock::LOCATION,
    &stock::LOT,
    &stock::OLD_LOT,
    &stock::OPERATION,
    &stock::QUANT,
    &stock::WAREHOUSE,
    &transfers::MOVE,
    &transfers::MOVE_LINE,
    &transfers::PICKING,
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
    /// The groups that may read it; none when every employee may.
    pub(super) readers: &'static [&'static str],
}

impl Known {
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.by_name.get(name).copied()
    }

    pub(super) fn archives(&self) -> bool {
        self.by_name.contains_key("active")
    }

    fn of(model: &'static Model, version: Version, installed: &Installed) -> Self {
        let all = MAGIC[..2].iter().chain(model.fields).chain(&MAGIC[2..]);
        let fields: Vec<_> = all.filter(|field| field.exists_in(version) && installed.brings(field)).collect();
        let order = model.order.iter().find(|(since, _)| version.0 >= *since).map_or("id", |(_, order)| order);
        let by_name = fields.iter().map(|field| (field.name, *field)).collect();
        Self { model, by_name, fields, order, readers: rights::readers(model.name, version) }
    }
}

/// All models of a release.
pub(super) struct Registry {
    pub(super) version: Version,
    models: BTreeMap<&'static str, Known>,
}

impl Registry {
    pub(super) fn new(version: Version, modules: &[String]) -> Self {
        let installed = Installed::new(modules);
        let exists =
            |model: &&&Model| (model.releases.0..=model.releases.1).contains(&version.0) && installed.has(model.module);
        let models = ALL.iter().filter(exists).map(|model| (model.name, Known::of(model, version, &installed)));
        let models = models.collect();
        Self { version, models }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.models.get(name)
    }
}

/// The names of all models, whatever the release.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|model| model.name)
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

    fn everything(version: u16) -> Registry {
        Registry::new(Version(version), &modules().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn every_relation_through_another_field_exists() {
        for version in 14..=19 {
            let registry = everything(version);
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
        let has =
            |version, model, field| everything(version).get(model).is_some_and(|known| known.field(field).is_some());
        assert!(has(17, "sale.order.line", "tax_id") && !has(19, "sale.order.line", "tax_id"));
        assert!(has(19, "sale.order.line", "tax_ids") && !has(17, "sale.order.line", "tax_ids"));
        assert!(has(17, "uom.category", "name") && !has(19, "uom.category", "name"));
        assert!(has(17, "res.partner", "mobile") && !has(19, "res.partner", "mobile"));
    }
}
