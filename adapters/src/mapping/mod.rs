//! The one mapping engine: an ERP's JSON to unified records and back, by mappings that are data.
//!
//! A mapping is a TOML file beside its adapter. For each entity it names the source sets, and for each unified field where
//! its value comes from. From this one table follow the fields to request ([`Plan::source_fields`]), the names to filter
//! and sort by ([`push`], [`sort_keys`]), the record that is read ([`Plan::read`]) and the body that is
//! written ([`body`]). `adapters/README.md` describes the format.

mod each;
mod json;
mod keyset;
mod known;
mod plan;
mod push;
mod spec;
#[cfg(test)]
mod tests;
mod write;

pub use each::Each;
pub(crate) use json::decimal;
pub use keyset::{SortKey, after, sort_keys};
pub use plan::{Env, Joined, Plan, Tables};
pub use push::{Fit, Pushed, SourceCondition, SourceFilter, SourceOp, literal, push};
pub use write::body;

use crate::model::{EntityType, FieldDef, FieldId, RemoteRef, SourceSet, Value};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::{collections::HashMap, sync::Arc};

/// All mappings of a system.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    sets: HashMap<EntityType, Vec<Arc<SetMapping>>>,
}

/// A mapping that cannot be used; the message names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mapping: {0}")]
pub struct MappingError(pub String);

impl Mapping {
    /// Reads a mapping and checks it against the catalogue of entities.
    ///
    /// # Errors
    /// When the TOML cannot be read, or names an entity, field or value that does not exist.
    pub fn parse(toml: &str) -> Result<Self, MappingError> {
        spec::parse(toml)
    }

    /// The source sets of an entity, empty where the system has none.
    pub fn sets(&self, entity: EntityType) -> &[Arc<SetMapping>] {
        self.sets.get(&entity).map_or(&[], Vec::as_slice)
    }

    /// One source set of an entity.
    pub fn set(&self, entity: EntityType, set: &SourceSet) -> Option<&Arc<SetMapping>> {
        self.sets(entity).iter().find(|s| s.set == *set)
    }

    /// The entities that the mapping knows.
    pub fn entities(&self) -> impl Iterator<Item = EntityType> {
        EntityType::ALL.iter().copied().filter(|e| !self.sets(*e).is_empty())
    }

    /// The mapping with only those source sets that are accepted, for features that an ERP may not have.
    #[must_use]
    pub fn only_sets(mut self, accept: impl Fn(&SetMapping) -> bool) -> Self {
        for sets in self.sets.values_mut() {
            sets.retain(|set| accept(set));
        }
        self
    }

    /// The mapping for one version of an ERP: of alternative paths the first one that the version has is kept, and
    /// fields of which it has none are dropped. `has` is asked with the set, the field's own options (where a value is
    /// joined from another table, they name it) and the first segment of a path.
    #[must_use]
    pub fn for_version(&self, has: impl Fn(&SetMapping, &toml::Table, &str) -> bool) -> Self {
        let sets = self.sets.iter().map(|(entity, sets)| {
            let sets = sets.iter().map(|set| {
                let mut resolved = SetMapping::clone(set);
                for field in &mut resolved.fields {
                    *field = field.take().and_then(|f| f.for_version(&|options, path| has(set, options, path)));
                }
                Arc::new(resolved)
            });
            (*entity, sets.collect())
        });
        Self { sets: sets.collect() }
    }
}

/// How an entity is read from one source set.
#[derive(Debug, Clone)]
pub struct SetMapping {
    /// The entity.
    pub entity: EntityType,
    /// The source set.
    pub set: SourceSet,
    /// Where a record's id is.
    pub id: Path,
    /// Whether ids are numbers on the wire.
    pub id_is_number: bool,
    /// What holds for the rows of the source that are records of this set.
    pub when: Vec<Predicate>,
    /// Set where not the rows of the source are the records, but the elements of a collection inside them.
    pub each: Option<Each>,
    /// Where the currency of a row's amounts is, for an entity that has no field for it.
    pub currency: Option<Path>,
    /// The adapter's own keys.
    pub options: toml::Table,
    style: Style,
    fields: Vec<Option<FieldMapping>>,
}

/// The fields that records of an entity can have where it comes from these sets, computed ones among them.
pub fn mapped_fields(entity: EntityType, sets: &[Arc<SetMapping>]) -> Vec<&'static str> {
    let mapped = |name: &str| sets.iter().any(|set| set.named(name).is_some());
    let has = |def: &FieldDef| match def.computed {
        Some(computed) => computed.needs.iter().all(|need| mapped(need)),
        None => mapped(def.name),
    };
    entity.def().all_fields().map(|(_, def)| def).filter(|def| has(def)).map(|def| def.name).collect()
}

/// How the system writes values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    /// `false` stands for no value, except in yes/no fields.
    false_is_null: bool,
    /// Dates and times are written `2026-01-31 10:00:00`, not by RFC 3339.
    space_datetime: bool,
    /// Moments without a zone are UTC. Where a date is wanted of one, it is the day in the ERP's time zone.
    utc_datetime: bool,
}

impl SetMapping {
    /// How a field is read, if the set has it.
    pub fn field(&self, field: FieldId) -> Option<&FieldMapping> {
        self.fields.get(field.0 as usize)?.as_ref()
    }

    /// How the field of a name is read, if the set has it.
    pub fn named(&self, name: &str) -> Option<&FieldMapping> {
        self.field(self.entity.def().id_of(name)?)
    }

    /// A reference to a record of this set.
    pub fn reference(&self, id: &str) -> RemoteRef {
        RemoteRef { set: self.set.clone(), id: id.into() }
    }

    /// The set in two halves: the rows in the company's currency, of this code, and those in others. In each half an
    /// amount is kept in one field, by which the source can filter and sort. None where the set keeps them in one anyway.
    pub fn by_currency(&self, own: &str) -> Option<[Self; 2]> {
        let Some(From::Paths(paths)) = self.currency_from() else { return None };
        let path = paths.first()?;
        if !self.fields.iter().flatten().any(|f| matches!(f.from, From::ByCurrency(..))) {
            return None;
        }
        let half = |op: SourceOp| {
            let mut half = self.clone();
            half.when.push(Predicate { path: path.clone(), op, with: With::Literals(vec![Literal::Text(own.into())]) });
            for field in half.fields.iter_mut().flatten() {
                if let From::ByCurrency(local, foreign) = &field.from {
                    field.from = From::clone(if op == SourceOp::Eq { local } else { foreign });
                }
            }
            half
        };
        Some([half(SourceOp::Eq), half(SourceOp::Neq)])
    }

    /// The id of a record of the source as its filters take it.
    pub fn id_literal(&self, id: &str) -> Option<Literal> {
        id_literal(id, self.id_is_number)
    }

    /// Where the currency of a row's amounts is.
    fn currency_from(&self) -> Option<From> {
        match (&self.currency, self.named("currency").map(|mapping| &mapping.from)) {
            (Some(path), _) => Some(From::Paths(vec![path.clone()])),
            (None, Some(from @ (From::Paths(_) | From::First { .. }))) => Some(from.clone()),
            (None, _) => None,
        }
    }
}

/// No record has an id such as `01` or `+1`, though a source would take it for 1.
fn id_literal(id: &str, number: bool) -> Option<Literal> {
    if !number {
        return Some(Literal::Text(id.into()));
    }
    id.parse::<i64>().ok().filter(|n| n.to_string() == id).map(|n| Literal::Number(n.into()))
}

/// How a field is read.
#[derive(Debug, Clone)]
pub struct FieldMapping {
    /// Where its value comes from.
    pub from: From,
    /// What the source filters and sorts by, where that is not what it shows.
    pub by: Option<From>,
    /// Whether the source can evaluate conditions on it.
    pub filter: bool,
    /// Whether the source can sort by it.
    pub sort: bool,
    /// Whether every row of the source has a value in it.
    pub not_null: bool,
    /// The adapter's own keys.
    pub options: toml::Table,
}

impl FieldMapping {
    fn for_version(self, has: &dyn Fn(&toml::Table, &str) -> bool) -> Option<Self> {
        let options = self.options.clone();
        let from = self.from.for_version(&|path| has(&options, path))?;
        Some(Self { from, ..self })
    }

    /// What the source filters and sorts by.
    pub fn searched(&self) -> &From {
        self.by.as_ref().unwrap_or(&self.from)
    }
}

/// A dotted path into an object: `CurrencyRef.value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path(Box<str>);

impl Path {
    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The name in the record itself.
    pub fn first(&self) -> &str {
        let first = self.segments().next().unwrap_or_default();
        first.strip_suffix("[]").unwrap_or(first)
    }
    /// The collection and the path in its elements, where the path is one through a collection: `Checks[].Amount`.
    fn through(&self) -> Option<(Self, Self)> {
        self.0.split_once("[].").map(|(collection, inner)| (Self(collection.into()), Self(inner.into())))
    }
    fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum From {
    /// From the first of these paths that the ERP's version has.
    Paths(Vec<Path>),
    /// From the first of these paths that has a value in the record.
    First {
        /// The paths; sources sort by the first one.
        paths: Vec<Path>,
        /// Texts that stand for no value.
        none: Vec<Box<str>>,
    },
    /// From the id at the path, as a reference; from several ids there, as a list of references.
    Ref {
        /// The first of these paths that the ERP's version has.
        paths: Vec<Path>,
        /// The source set it points into.
        set: SourceSet,
        /// Whether ids of that set are numbers on the wire.
        number: bool,
    },
    /// Always the same.
    Const(Value),
    /// The sum of decimals; `true` marks what is subtracted. `Checks[].Amount` is the sum over a collection.
    Sum(Vec<(bool, Path)>),
    /// The value, where these hold; otherwise none.
    When(Box<From>, Vec<Predicate>),
    /// The first of these that has a value in the record.
    Either(Vec<From>),
    /// A list of those of these that have a value; of value objects those that have all required ones.
    Several(Vec<From>),
    /// The record itself, as a reference.
    Own,
    /// From the record, where the rest is about an element inside it.
    Record(Box<From>),
    /// What a table of the adapter's ([`Env::tables`]) says of the value at the path.
    Through {
        /// Where the value is.
        path: Path,
        /// The name of the table.
        table: Box<str>,
        /// For references, the source set they point into.
        set: Option<SourceSet>,
    },
    /// The beginning of a day in the ERP's time zone, where the ERP keeps no time of day.
    Day(Path),
    /// One divided by the number at the path, to twelve digits; no value where that is zero.
    Inverse(Path),
    /// The currency of the company.
    CompanyCurrency,
    /// A number times the rate at the path, rounded to cents; no value where there is no rate.
    Times(Box<From>, Path),
    /// The first where the record is in the company's currency, else the second: SAP Business One keeps the amounts of
    /// a document in foreign currency in fields of their own.
    ByCurrency(Box<From>, Box<From>),
    /// An amount whose currency is not the record's: the one at the path, or the company's. It keeps its sign.
    InCurrency(Box<From>, Option<Path>),
    /// The texts that have a value, with this between them.
    Join(Vec<Path>, Box<str>),
    /// A date and a time of day in the ERP's time zone.
    Moment {
        /// The date.
        date: Path,
        /// The time of day.
        time: Path,
    },
    /// The first value whose predicates all hold.
    Cases(Vec<(Value, Vec<Predicate>)>),
    /// The plain text of the HTML at the first of these paths that the ERP's version has.
    Html(Vec<Path>),
    /// Text with `{base}` (the ERP's address), `{zone}` (its time zone) and `{id}` filled in.
    Template(Box<str>),
    /// The place in the list, from 1.
    Index,
    /// A value object made of the record's own fields.
    Object(Vec<Option<FieldMapping>>),
    /// From the elements of a collection inside the record, or joined to it.
    Elements {
        /// The collection; none where the adapter joins it.
        path: Option<Path>,
        /// Where an element holds further elements, which are listed after it: the lines of a bundle.
        nested: Option<Path>,
        /// Which elements count.
        when: Vec<Predicate>,
        /// Where one value is taken and several elements fit: a path in the element and one in the record, whose texts
        /// are the same in the one that is meant. If none is meant, the first that fits.
        prefer: Option<(Path, Path)>,
        /// Where one value is taken and the elements hold in turn: the date from which each holds. The last one that has
        /// begun is meant.
        latest: Option<Path>,
        /// What is taken of each.
        take: Take,
    },
}

/// What is taken of an element of a collection.
#[derive(Debug, Clone)]
pub enum Take {
    /// A value object.
    Object(Vec<Option<FieldMapping>>),
    /// One value.
    One(Box<From>),
}

impl From {
    fn for_version(self, has: &dyn Fn(&str) -> bool) -> Option<Self> {
        let known = |path: &Path| has(path.first());
        let fields = |fields: Vec<Option<FieldMapping>>| -> Vec<Option<FieldMapping>> {
            fields
                .into_iter()
                .map(|f| f.and_then(|f| Some(FieldMapping { from: f.from.for_version(has)?, ..f })))
                .collect()
        };
        let first = |paths: Vec<Path>| paths.into_iter().find(known).map(|p| vec![p]);
        let some = |paths: Vec<Path>| Some(paths).filter(|paths| !paths.is_empty());
        Some(match self {
            Self::Paths(paths) => Self::Paths(first(paths)?),
            Self::Html(paths) => Self::Html(first(paths)?),
            Self::Ref { paths, set, number } => Self::Ref { paths: first(paths)?, set, number },
            Self::First { paths, none } => {
                Self::First { paths: some(paths.into_iter().filter(known).collect())?, none }
            }
            Self::Join(paths, with) => Self::Join(some(paths.into_iter().filter(known).collect())?, with),
            Self::InCurrency(_, Some(path)) if !known(&path) => return None,
            Self::InCurrency(of, path) => Self::InCurrency(Box::new(of.for_version(has)?), path),
            Self::Sum(parts) if !parts.iter().all(|p| known(&p.1)) => return None,
            Self::When(_, when) if !when.iter().all(|p| known(&p.path)) => return None,
            Self::When(of, when) => Self::When(Box::new(of.for_version(has)?), when),
            Self::Either(of) => Self::Either(some_of(of, has)?),
            Self::Several(of) => Self::Several(some_of(of, has)?),
            Self::Day(path) | Self::Inverse(path) if !known(&path) => return None,
            Self::Times(of, rate) if known(&rate) => Self::Times(Box::new(of.for_version(has)?), rate),
            Self::Times(..) => return None,
            Self::Moment { date, time } if !known(&date) || !known(&time) => return None,
            Self::Cases(cases) => {
                let possible = |when: &Vec<Predicate>| when.iter().all(|p| known(&p.path));
                let cases: Vec<_> = cases.into_iter().filter(|c| possible(&c.1)).collect();
                if cases.is_empty() {
                    return None;
                }
                Self::Cases(cases)
            }
            Self::ByCurrency(own, foreign) => {
                Self::ByCurrency(Box::new(own.for_version(has)?), Box::new(foreign.for_version(has)?))
            }
            Self::Through { path, .. } if !known(&path) => return None,
            Self::Object(parts) => Self::Object(fields(parts)),
            Self::Elements { path: Some(path), .. } if !known(&path) => return None,
            // Elements inside a record have names of their own, which only a joined table's description covers.
            Self::Elements { path: None, nested, when, prefer, latest, take: Take::Object(parts) } => {
                Self::Elements { path: None, nested, when, prefer, latest, take: Take::Object(fields(parts)) }
            }
            Self::Elements { path: None, nested, when, prefer, latest, take: Take::One(of) } => {
                let take = Take::One(Box::new(of.for_version(has)?));
                Self::Elements { path: None, nested, when, prefer, latest, take }
            }
            other => other,
        })
    }
}

fn some_of(of: Vec<From>, has: &dyn Fn(&str) -> bool) -> Option<Vec<From>> {
    let of: Vec<_> = of.into_iter().filter_map(|from| from.for_version(has)).collect();
    Some(of).filter(|of| !of.is_empty())
}

/// A comparison of a source field, used both to read and to push down.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicate {
    /// The source field.
    pub path: Path,
    /// The comparison.
    pub op: SourceOp,
    /// What it is compared with.
    pub with: With,
}

impl Predicate {
    /// The same as a condition for the source; none where it compares two fields.
    pub fn condition(&self) -> Option<SourceFilter> {
        let With::Literals(values) = &self.with else { return None };
        let (path, values) = (self.path.as_str().into(), values.clone());
        Some(SourceFilter::Is(SourceCondition { path, op: self.op, values }))
    }
}

/// What a predicate compares with.
#[derive(Debug, Clone, PartialEq)]
pub enum With {
    /// Values.
    Literals(Vec<Literal>),
    /// Another field of the same row.
    Path(Path),
    /// Values that the adapter learns of its ERP, by their name ([`SetMapping::with_known`]); none before that.
    Known(Box<str>),
}

/// A value in a condition for an ERP.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text.
    Text(Box<str>),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    Bool(bool),
    /// A date.
    Date(NaiveDate),
    /// A moment.
    DateTime(DateTime<Utc>),
}
