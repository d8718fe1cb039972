//! What the catalogue of entities is made of: definitions of entities, fields, enums and value objects, as constants.

use super::{EntityType, Record, Value};
use crate::filter::Filter;
use chrono::NaiveDate;

/// The place of a field in its entity: the common fields first, then the entity's own in the order of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u8);

/// The type of a field's value.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text as the ERP holds it.
    Text,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// An exact decimal.
    Decimal,
    /// A calendar date.
    Date,
    /// A moment, UTC.
    DateTime,
    /// An ISO 4217 code.
    Currency,
    /// An absolute URL.
    Url,
    /// Any JSON.
    Json,
    /// An amount in a currency.
    Money(MoneyIn),
    /// Several amounts, one for each currency.
    MoneyList,
    /// One word of a list.
    Enum(&'static EnumDef),
    /// One record of another entity in the same ERP.
    Ref(EntityType),
    /// Several records of another entity in the same ERP.
    Refs(EntityType),
    /// A value object.
    Object(&'static ObjectDef),
    /// A list of value objects.
    List(&'static ObjectDef),
}

/// Which currency an amount is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyIn {
    /// The currency of the document, which the record's `currency` field names.
    Document,
    /// The currency of the company.
    Company,
}

/// A list of words.
#[derive(Debug)]
pub struct EnumDef {
    /// Its GraphQL name.
    pub name: &'static str,
    /// What it says, for an analyst.
    pub doc: &'static str,
    /// The words, each with what it means.
    pub values: &'static [(&'static str, &'static str)],
}

impl EnumDef {
    /// The word of this enum that equals a text.
    pub fn value(&self, name: &str) -> Option<&'static str> {
        self.values.iter().map(|v| v.0).find(|v| *v == name)
    }
}

/// A value object: it has no identity of its own.
#[derive(Debug)]
pub struct ObjectDef {
    /// Its GraphQL name.
    pub name: &'static str,
    /// What it is, for an analyst.
    pub doc: &'static str,
    /// Its fields, in the order of its values.
    pub fields: &'static [FieldDef],
}

impl ObjectDef {
    /// The position of a field.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }
}

/// A field of an entity or value object.
#[derive(Debug)]
pub struct FieldDef {
    /// Its GraphQL name, which is also its name in mappings.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// What it means, for an analyst.
    pub doc: &'static str,
    /// Whether a record without it cannot be mapped.
    pub required: bool,
    /// Whether `where` knows it.
    pub filter: bool,
    /// Whether `orderBy` knows it.
    pub sort: bool,
    /// Set where the value follows from other fields and from the day on which it is read.
    pub computed: Option<&'static Computed>,
}

/// How a field is computed when it is read, so that a cached record never carries yesterday's answer.
#[derive(Debug)]
pub struct Computed {
    /// The fields it needs.
    pub needs: &'static [&'static str],
    /// The value on a day.
    pub value: fn(&Record, NaiveDate) -> Value,
    /// The same as a condition over stored fields: `field = wanted` on a day.
    pub filter: fn(bool, NaiveDate) -> Filter,
}

const fn field(name: &'static str, kind: Kind, doc: &'static str) -> FieldDef {
    FieldDef { name, kind, doc, required: false, filter: false, sort: false, computed: None }
}

impl FieldDef {
    /// A record without it cannot be mapped.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// `where` knows it.
    pub const fn filter(mut self) -> Self {
        self.filter = true;
        self
    }
    /// `orderBy` knows it.
    pub const fn sort(mut self) -> Self {
        self.sort = true;
        self
    }
    /// It is computed when it is read.
    pub const fn computed(mut self, by: &'static Computed) -> Self {
        self.computed = Some(by);
        self
    }
}

macro_rules! constructors {
    ($($name:ident $kind:expr;)*) => {
        $(pub(super) const fn $name(name: &'static str, doc: &'static str) -> FieldDef {
            field(name, $kind, doc)
        })*
    };
}
constructors! {
    text Kind::Text;
    int Kind::Int;
    boolean Kind::Bool;
    decimal Kind::Decimal;
    date Kind::Date;
    datetime Kind::DateTime;
    currency Kind::Currency;
    url Kind::Url;
    json Kind::Json;
    money Kind::Money(MoneyIn::Document);
    base_money Kind::Money(MoneyIn::Company);
    money_list Kind::MoneyList;
}
pub(super) const fn one_of(name: &'static str, of: &'static EnumDef, doc: &'static str) -> FieldDef {
    field(name, Kind::Enum(of), doc)
}
pub(super) const fn reference(name: &'static str, to: EntityType, doc: &'static str) -> FieldDef {
    field(name, Kind::Ref(to), doc)
}
pub(super) const fn references(name: &'static str, to: EntityType, doc: &'static str) -> FieldDef {
    field(name, Kind::Refs(to), doc)
}
pub(super) const fn object(name: &'static str, of: &'static ObjectDef, doc: &'static str) -> FieldDef {
    field(name, Kind::Object(of), doc)
}
pub(super) const fn list(name: &'static str, of: &'static ObjectDef, doc: &'static str) -> FieldDef {
    field(name, Kind::List(of), doc)
}

/// The records of another entity that point to a record of this one.
#[derive(Debug)]
pub struct ChildrenDef {
    /// The GraphQL field on the parent.
    pub name: &'static str,
    /// The entity of the children.
    pub entity: EntityType,
    /// The child's field that points to the parent.
    pub via: &'static str,
    /// Whether the field takes `where` and `orderBy`.
    pub arguments: bool,
    /// What it means, for an analyst.
    pub doc: &'static str,
}

/// A sort direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest, oldest or first in the alphabet first.
    Asc,
    /// Largest, newest or last in the alphabet first.
    Desc,
}

/// A unified record type.
#[derive(Debug)]
pub struct EntityDef {
    /// Which one.
    pub entity: EntityType,
    /// Its GraphQL name.
    pub name: &'static str,
    /// The GraphQL name of its list.
    pub plural: &'static str,
    /// What it is, for an analyst.
    pub doc: &'static str,
    /// Its own fields; the common ones come before them.
    pub fields: &'static [FieldDef],
    /// The lists that hang on one record of it.
    pub children: &'static [ChildrenDef],
    /// The order of a list that asks for none.
    pub order: (&'static str, Direction),
    /// The field that hides a record from lists which do not name it in `where`, with the value that is shown.
    pub hidden_unless: Option<(&'static str, Value)>,
}

/// A set of fields of one entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FieldSet(u128);

impl FieldSet {
    /// No field.
    pub const EMPTY: Self = Self(0);

    /// Adds a field.
    pub fn insert(&mut self, field: FieldId) {
        self.0 |= 1 << field.0;
    }
    /// Whether the field is in it.
    pub fn contains(self, field: FieldId) -> bool {
        self.0 >> field.0 & 1 == 1
    }
    /// Whether all of another set's fields are in it.
    pub fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
    /// The fields of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// The fields in their order.
    pub fn iter(self) -> impl Iterator<Item = FieldId> {
        (0..128).map(FieldId).filter(move |f| self.contains(*f))
    }
    /// How many fields there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// How many fields of the set stand before this one.
    pub fn rank(self, field: FieldId) -> usize {
        (self.0 & ((1u128 << field.0) - 1)).count_ones() as usize
    }
}

impl FromIterator<FieldId> for FieldSet {
    fn from_iter<I: IntoIterator<Item = FieldId>>(fields: I) -> Self {
        let mut set = Self::EMPTY;
        fields.into_iter().for_each(|f| set.insert(f));
        set
    }
}

impl EntityDef {
    /// All fields, common ones first, each with its place.
    pub fn all_fields(&self) -> impl Iterator<Item = (FieldId, &'static FieldDef)> {
        super::COMMON.iter().chain(self.fields).enumerate().map(|(i, f)| (FieldId(i as u8), f))
    }
    /// The definition of a field.
    ///
    /// # Panics
    /// When the id is of another entity and out of range: field ids are made by this definition only.
    pub fn field(&self, id: FieldId) -> &'static FieldDef {
        let at = id.0 as usize;
        match at.checked_sub(super::COMMON.len()) {
            None => &super::COMMON[at],
            Some(own) => &self.fields[own],
        }
    }
    /// The place of the field of a name.
    pub fn id_of(&self, name: &str) -> Option<FieldId> {
        self.all_fields().find(|(_, f)| f.name == name).map(|(id, _)| id)
    }
    /// The stored fields that are needed to read these fields: computed ones are replaced by what they follow from.
    pub fn stored(&self, fields: FieldSet) -> FieldSet {
        let mut stored = FieldSet::EMPTY;
        for id in fields.iter() {
            match self.field(id).computed {
                Some(computed) => {
                    computed.needs.iter().filter_map(|name| self.id_of(name)).for_each(|f| stored.insert(f))
                }
                None => stored.insert(id),
            }
        }
        stored
    }
    /// Every field.
    pub fn every_field(&self) -> FieldSet {
        self.all_fields().map(|(id, _)| id).collect()
    }
}
