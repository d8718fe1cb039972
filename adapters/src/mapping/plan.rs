//! Reads records: a plan for one source set and one selection of fields, made once and used for every record.
//!
//! A record's JSON is walked once. The values that the plan wants are kept as slices of the text, everything else is
//! skipped, and each slice is then parsed straight into its unified type.

use super::{Each, From, Literal, Path, Predicate, SetMapping, SourceOp, Take, With, json};
use crate::{
    adapter::Quarantined,
    model::{
        CurrencyCode, EntityType, ErpId, FieldDef, FieldId, FieldSet, Kind, Money, MoneyIn, Record, RecordKey,
        RemoteRef, Value,
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::RoundingStrategy;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{collections::HashMap, fmt, sync::Arc};

/// What reading needs to know of the ERP.
#[derive(Debug, Clone)]
pub struct Env {
    /// The ERP.
    pub erp: ErpId,
    /// When the answer was received.
    pub read_at: DateTime<Utc>,
    /// The currency of the company's books.
    pub base_currency: Option<CurrencyCode>,
    /// The zone of datetimes that name none.
    pub zone: Tz,
    /// Codes of the ERP that are not ISO 4217, with what they mean: SAP Business One's `$`.
    pub currencies: HashMap<Box<str>, CurrencyCode>,
    /// Where people open the ERP in a browser, without a slash at the end.
    pub base_url: Arc<str>,
    /// What the adapter has read of other tables of the ERP: the rates that a code of tax stands for.
    pub tables: Arc<Tables>,
}

/// Tables by their names: for a value what it stands for, in order. A value that stands for nothing has an empty list.
pub type Tables = HashMap<&'static str, HashMap<Box<str>, Vec<Box<str>>>>;

/// Elements that an adapter read apart and joins to a record: for each field its elements.
pub type Joined<'a> = [(FieldId, Vec<&'a RawValue>)];

/// How to read a selection of fields from the records of one source set.
#[derive(Debug)]
pub struct Plan {
    mapping: Arc<SetMapping>,
    shape: Shape,
    id: Slot,
    /// The currency of the document, for its amounts.
    currency: Option<Extract>,
    /// Set where elements of a collection are the records.
    each: Option<EachElement>,
    held: FieldSet,
    fields: Vec<(FieldId, &'static FieldDef, Option<Extract>)>,
}

/// How the elements are found that are records.
#[derive(Debug)]
struct EachElement {
    collection: Slot,
    id: Slot,
    /// Which elements count.
    when: Vec<Test>,
}

type Slot = usize;

/// Which parts of an object are wanted: a tree of names.
#[derive(Debug, Default)]
struct Shape {
    root: Node,
    slots: usize,
}

#[derive(Debug, Default)]
struct Node {
    slot: Option<Slot>,
    children: Vec<(Box<str>, Node)>,
}

impl Node {
    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| *c.0 == *name).map(|c| &c.1)
    }
}

impl Shape {
    fn slot(&mut self, path: &Path) -> Slot {
        let mut node = &mut self.root;
        for segment in path.segments() {
            let at = match node.children.iter().position(|c| *c.0 == *segment) {
                Some(at) => at,
                None => {
                    node.children.push((segment.into(), Node::default()));
                    node.children.len() - 1
                }
            };
            node = &mut node.children[at].1;
        }
        *node.slot.get_or_insert_with(|| {
            self.slots += 1;
            self.slots - 1
        })
    }

    /// Cuts the wanted values out of an object's text.
    fn cut<'a>(&self, raw: &'a str) -> serde_json::Result<Vec<Option<&'a str>>> {
        let mut values = vec![None; self.slots];
        Cut { node: &self.root, values: &mut values }.walk(raw)?;
        Ok(values)
    }
}

/// The shape of a record, and those of the elements inside it down to the one that a plan is being made for.
#[derive(Debug, Default)]
struct Shapes {
    record: Shape,
    elements: Vec<Shape>,
}

impl Shapes {
    fn slot(&mut self, path: &Path) -> Slot {
        self.elements.last_mut().unwrap_or(&mut self.record).slot(path)
    }
}

/// Walks one object and keeps the text of what the node wants.
struct Cut<'s, 'a> {
    node: &'s Node,
    values: &'s mut [Option<&'a str>],
}

impl<'a> Cut<'_, 'a> {
    fn walk(self, raw: &'a str) -> serde_json::Result<()> {
        let mut json = serde_json::Deserializer::from_str(raw);
        self.deserialize(&mut json)?;
        json.end()
    }
}

impl<'a> DeserializeSeed<'a> for Cut<'_, 'a> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Cut<'_, 'a> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(child) = map.next_key_seed(Wanted(self.node))? {
            let Some(child) = child else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw = map.next_value::<&'a RawValue>()?.get();
            if let Some(slot) = child.slot {
                self.values[slot] = Some(raw);
            }
            if !child.children.is_empty() && raw.starts_with('{') {
                Cut { node: child, values: self.values }.walk(raw).map_err(serde::de::Error::custom)?;
            }
        }
        Ok(())
    }
}

/// Finds the part of a node that a name stands for.
struct Wanted<'s>(&'s Node);

impl<'s, 'a> DeserializeSeed<'a> for Wanted<'s> {
    type Value = Option<&'s Node>;
    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'s> Visitor<'_> for Wanted<'s> {
    type Value = Option<&'s Node>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.child(name))
    }
}

/// How one value is made of the slots.
#[derive(Debug)]
enum Extract {
    One(Slot),
    First(Vec<Slot>, Vec<Box<str>>),
    Ref { slot: Slot, set: crate::model::SourceSet },
    Const(Value),
    Sum(Vec<(bool, Addend)>),
    When(Box<Extract>, Vec<Test>),
    Either(Vec<Extract>),
    Several(Vec<Extract>),
    Own,
    Record(Box<Extract>),
    Through { slot: Slot, table: Box<str>, set: Option<crate::model::SourceSet> },
    Day(Slot),
    Inverse(Slot),
    CompanyCurrency,
    Times(Box<Extract>, Slot),
    ByCurrency(Box<Extract>, Box<Extract>),
    InCurrency(Box<Extract>, Option<Slot>),
    Join(Vec<Slot>, Box<str>),
    Moment { date: Slot, time: Slot },
    Cases(Vec<(Value, Vec<Test>)>),
    Html(Slot),
    Template(Box<str>),
    Index,
    Object(Vec<Option<Extract>>),
    Elements { slot: Option<Slot>, each: Box<Element> },
}

/// What is added up: a number, or the numbers of a collection's elements.
#[derive(Debug)]
enum Addend {
    One(Slot),
    All(Slot, Shape),
}

/// How one element of a collection is read.
#[derive(Debug)]
struct Element {
    shape: Shape,
    nested: Option<Slot>,
    when: Vec<Test>,
    /// A slot of the element and one of the record: the element in which both have the same text is meant.
    prefer: Option<(Slot, Slot)>,
    latest: Option<Slot>,
    take: Taken,
}

#[derive(Debug)]
enum Taken {
    Object(Vec<Option<Extract>>),
    One(Extract),
}

#[derive(Debug)]
struct Test {
    slot: Slot,
    op: SourceOp,
    with: TestWith,
}

#[derive(Debug)]
enum TestWith {
    Literals(Vec<Literal>),
    Slot(Slot),
}

impl Plan {
    /// The set that it reads.
    pub fn set(&self) -> &Arc<SetMapping> {
        &self.mapping
    }

    /// A plan to read these fields. Computed fields stand for those they follow from.
    pub fn new(mapping: &Arc<SetMapping>, fields: FieldSet) -> Self {
        let def = mapping.entity.def();
        let held = def.stored(fields);
        let mut shapes = Shapes::default();
        let id = shapes.slot(&mapping.id);
        let mut needs_currency = false;
        let fields = held
            .iter()
            .map(|field| {
                let def = def.field(field);
                let from = mapping.field(field).map(|m| &m.from);
                needs_currency |= in_document_currency(def.kind) || matches!(from, Some(From::ByCurrency(..)));
                (field, def, from.map(|from| Extract::new(from, &mut shapes)))
            })
            .collect();
        let currency = mapping.currency_from().filter(|_| needs_currency);
        let currency = currency.map(|from| Extract::new(&from, &mut shapes));
        let each = mapping.each.as_ref().map(|each| EachElement {
            collection: shapes.slot(&each.elements),
            id: shapes.slot(&each.id),
            when: {
                let inside = mapping.when.iter().filter(|p| mapping.is_inside(p.path.as_str())).cloned();
                tests(&inside.collect::<Vec<_>>(), &mut shapes)
            },
        });
        Self { mapping: mapping.clone(), shape: shapes.record, id, currency, each, held, fields }
    }

    /// The fields that a record of this plan holds.
    pub fn held(&self) -> FieldSet {
        self.held
    }

    /// The names to request of the ERP, each once.
    pub fn source_fields(&self) -> impl Iterator<Item = &str> {
        self.shape.root.children.iter().map(|c| &*c.0)
    }

    /// Whether it reads what is at a path, or inside it.
    pub fn reads(&self, path: &str) -> bool {
        path.split('.').try_fold(&self.shape.root, |node, segment| node.child(segment)).is_some()
    }

    /// Whether the adapter has to join elements for a field.
    pub fn joins(&self) -> impl Iterator<Item = FieldId> {
        self.fields.iter().filter(|f| matches!(f.2, Some(Extract::Elements { slot: None, .. }))).map(|f| f.0)
    }

    /// The names to request of the table that is joined for a field.
    pub fn joined_source_fields(&self, field: FieldId) -> impl Iterator<Item = &str> {
        let element = self.fields.iter().find_map(|f| match &f.2 {
            Some(Extract::Elements { slot: None, each }) if f.0 == field => Some(each),
            _ => None,
        });
        element.into_iter().flat_map(|e| e.shape.root.children.iter().map(|c| &*c.0))
    }

    fn quarantine(&self, id: Option<Box<str>>, reason: String) -> Quarantined {
        Quarantined { set: self.mapping.set.clone(), id, reason }
    }

    fn cut<'a>(&self, raw: &'a str) -> Result<(Vec<Option<&'a str>>, Box<str>), Quarantined> {
        let slots = self.shape.cut(raw).map_err(|e| self.quarantine(None, format!("not a record: {e}")))?;
        match slots[self.id].and_then(json::id) {
            Some(id) if !id.is_empty() => Ok((slots, id.into())),
            _ => Err(self.quarantine(None, format!("{}: no id", self.mapping.id.as_str()))),
        }
    }

    /// The record in an object's text. Where the records are elements of a collection in it, what the parent alone says,
    /// by an id behind those of all its elements.
    ///
    /// # Errors
    /// When a value cannot be mapped or a required one is missing: the record is to be left out, and reported.
    pub fn read(&self, raw: &str, joined: &Joined<'_>, env: &Env) -> Result<Record, Quarantined> {
        let (slots, id) = self.cut(raw)?;
        let id = if self.each.is_some() { Each::join(&id, "").into() } else { id };
        self.record(raw, &slots, id, 0, joined, env)
    }

    /// The records in an object's text: one, or the elements of the collection that are records.
    pub fn read_all(&self, raw: &str, joined: &Joined<'_>, env: &Env) -> Vec<Result<Record, Quarantined>> {
        let Some(each) = &self.each else { return vec![self.read(raw, joined, env)] };
        let (slots, parent) = match self.cut(raw) {
            Ok(cut) => cut,
            Err(quarantined) => return vec![Err(quarantined)],
        };
        let Some(list) = slots[each.collection].filter(|raw| *raw != "null") else { return Vec::new() };
        let name = self.mapping.each.as_ref().map_or("", |each| each.elements.as_str());
        let (Some(elements), Some(node)) = (json::elements(list), self.shape.root.child(name)) else {
            return vec![Err(self.quarantine(Some(parent), cannot(list, "a list")))];
        };
        let read = |(index, element): (usize, &RawValue)| {
            let element = element.get();
            let mut slots = slots.clone();
            if let Err(e) = (Cut { node, values: &mut slots }).walk(element) {
                return Some(Err(self.quarantine(Some(parent.clone()), format!("an element cannot be read: {e}"))));
            }
            let id = slots[each.id].and_then(json::id).unwrap_or_default();
            let id: Box<str> = Each::join(&parent, &id).into();
            let row =
                Row { slots: &slots, record: &slots, index, id: &id, mapping: &self.mapping, env, currency: None };
            match row.all_hold(&each.when) {
                Ok(true) if id.ends_with(':') => {
                    Some(Err(self.quarantine(Some(parent.clone()), "an element has no id".to_owned())))
                }
                Ok(true) => Some(self.record(element, &slots, id, index, joined, env)),
                Ok(false) => None,
                Err(reason) => Some(Err(self.quarantine(Some(id), reason))),
            }
        };
        elements.into_iter().enumerate().filter_map(read).collect()
    }

    fn record(
        &self,
        raw: &str,
        slots: &[Option<&str>],
        id: Box<str>,
        index: usize,
        joined: &Joined<'_>,
        env: &Env,
    ) -> Result<Record, Quarantined> {
        let quarantine = |id, reason| self.quarantine(id, reason);
        let mut row = Row { slots, record: slots, index, id: &id, mapping: &self.mapping, env, currency: None };
        row.currency =
            match self.currency.as_ref().map_or(Ok(Value::Null), |extract| row.value(Kind::Currency, extract)) {
                Ok(Value::Currency(code)) => Some(code),
                Ok(_) => env.base_currency,
                Err(reason) => return Err(quarantine(Some(id), format!("currency: {reason}"))),
            };
        let mut values = Vec::with_capacity(self.fields.len());
        for (field, def, extract) in &self.fields {
            let value = match extract {
                None if matches!(def.kind, Kind::Json) && def.name == "raw" => Ok(raw_value(raw)),
                None => Ok(Value::Null),
                Some(Extract::Elements { slot: None, each }) => {
                    let elements = joined.iter().find(|j| j.0 == *field).map_or(&[][..], |j| j.1.as_slice());
                    row.elements(def.kind, elements, each)
                }
                Some(extract) => row.value(def.kind, extract),
            };
            match value {
                Ok(Value::Null) if def.required && extract.is_some() && !matches!(def.kind, Kind::List(_)) => {
                    return Err(quarantine(Some(id), format!("{}: no value", def.name)));
                }
                Ok(value) => values.push(value),
                Err(reason) => return Err(quarantine(Some(id), format!("{}: {reason}", def.name))),
            }
        }
        let key = RecordKey { entity: self.mapping.entity, erp: env.erp.clone(), set: self.mapping.set.clone(), id };
        Ok(Record::new(key, env.read_at, self.held, values))
    }
}

fn raw_value(raw: &str) -> Value {
    RawValue::from_string(raw.to_owned()).map_or(Value::Null, |raw| Value::Json(Arc::from(raw)))
}

/// Whether a value, or a part of it, is an amount in the document's currency.
fn in_document_currency(kind: Kind) -> bool {
    match kind {
        Kind::Money(MoneyIn::Document) | Kind::MoneyList => true,
        Kind::Object(of) | Kind::List(of) => of.fields.iter().any(|f| in_document_currency(f.kind)),
        _ => false,
    }
}

impl Extract {
    fn new(from: &From, shapes: &mut Shapes) -> Self {
        match from {
            From::Paths(paths) => paths.first().map_or(Self::Const(Value::Null), |p| Self::One(shapes.slot(p))),
            From::Ref { paths, set, .. } => {
                paths.first().map_or(Self::Const(Value::Null), |p| Self::Ref { slot: shapes.slot(p), set: set.clone() })
            }
            From::Const(value) => Self::Const(value.clone()),
            From::Sum(parts) => {
                let mut addend = |path: &Path| match path.through() {
                    None => Addend::One(shapes.slot(path)),
                    Some((collection, path)) => {
                        let mut inner = Shape::default();
                        inner.slot(&path);
                        Addend::All(shapes.slot(&collection), inner)
                    }
                };
                Self::Sum(parts.iter().map(|(minus, path)| (*minus, addend(path))).collect())
            }
            From::When(of, when) => Self::When(Box::new(Self::new(of, shapes)), tests(when, shapes)),
            From::Either(of) => Self::Either(of.iter().map(|from| Self::new(from, shapes)).collect()),
            From::Several(of) => Self::Several(of.iter().map(|from| Self::new(from, shapes)).collect()),
            From::Own => Self::Own,
            From::Record(of) => {
                let elements = std::mem::take(&mut shapes.elements);
                let of = Self::new(of, shapes);
                shapes.elements = elements;
                Self::Record(Box::new(of))
            }
            From::Through { path, table, set } => {
                Self::Through { slot: shapes.slot(path), table: table.clone(), set: set.clone() }
            }
            From::Day(path) => Self::Day(shapes.slot(path)),
            From::Inverse(path) => Self::Inverse(shapes.slot(path)),
            From::CompanyCurrency => Self::CompanyCurrency,
            From::Times(of, rate) => Self::Times(Box::new(Self::new(of, shapes)), shapes.slot(rate)),
            From::ByCurrency(own, foreign) => {
                Self::ByCurrency(Box::new(Self::new(own, shapes)), Box::new(Self::new(foreign, shapes)))
            }
            From::First { paths, none } => Self::First(paths.iter().map(|p| shapes.slot(p)).collect(), none.clone()),
            From::InCurrency(of, path) => {
                Self::InCurrency(Box::new(Self::new(of, shapes)), path.as_ref().map(|p| shapes.slot(p)))
            }
            From::Join(paths, with) => Self::Join(paths.iter().map(|p| shapes.slot(p)).collect(), with.clone()),
            From::Moment { date, time } => Self::Moment { date: shapes.slot(date), time: shapes.slot(time) },
            From::Cases(cases) => {
                Self::Cases(cases.iter().map(|(value, when)| (value.clone(), tests(when, shapes))).collect())
            }
            From::Html(paths) => paths.first().map_or(Self::Const(Value::Null), |p| Self::Html(shapes.slot(p))),
            From::Template(template) => Self::Template(template.clone()),
            From::Index => Self::Index,
            From::Object(fields) => Self::Object(Self::all(fields, shapes)),
            From::Elements { path, nested, when, prefer, latest, take } => {
                let slot = path.as_ref().map(|p| shapes.slot(p));
                let around = prefer.as_ref().map(|(_, around)| shapes.slot(around));
                shapes.elements.push(Shape::default());
                let nested = nested.as_ref().map(|p| shapes.slot(p));
                let when = tests(when, shapes);
                let prefer = prefer.as_ref().map(|(element, _)| shapes.slot(element)).zip(around);
                let latest = latest.as_ref().map(|p| shapes.slot(p));
                let take = match take {
                    Take::Object(fields) => Taken::Object(Self::all(fields, shapes)),
                    Take::One(from) => Taken::One(Self::new(from, shapes)),
                };
                let shape = shapes.elements.pop().unwrap_or_default();
                Self::Elements { slot, each: Box::new(Element { shape, nested, when, prefer, latest, take }) }
            }
        }
    }

    fn all(fields: &[Option<super::FieldMapping>], shapes: &mut Shapes) -> Vec<Option<Self>> {
        fields.iter().map(|f| f.as_ref().map(|f| Self::new(&f.from, shapes))).collect()
    }
}

fn tests(when: &[Predicate], shapes: &mut Shapes) -> Vec<Test> {
    when.iter()
        .map(|p| Test {
            slot: shapes.slot(&p.path),
            op: p.op,
            with: match &p.with {
                With::Literals(literals) => TestWith::Literals(literals.clone()),
                With::Path(path) => TestWith::Slot(shapes.slot(path)),
                With::Known(_) => TestWith::Literals(Vec::new()),
            },
        })
        .collect()
}

/// The values cut out of one object, with what is around it.
struct Row<'r, 'a> {
    slots: &'r [Option<&'a str>],
    /// Those of the record, where the object is an element inside it.
    record: &'r [Option<&'a str>],
    index: usize,
    id: &'r str,
    mapping: &'r SetMapping,
    env: &'r Env,
    currency: Option<CurrencyCode>,
}

type Read = Result<Value, String>;

fn cannot(raw: &str, what: &str) -> String {
    let shown: String = raw.chars().take(80).collect();
    format!("{shown} is not {what}")
}

impl<'a> Row<'_, 'a> {
    /// The text of a slot that has a value.
    fn raw(&self, slot: Slot) -> Option<&'a str> {
        self.slots[slot].filter(|raw| match *raw {
            "null" | "\"\"" => false,
            "false" => !self.mapping.style.false_is_null,
            _ => true,
        })
    }

    fn text(&self, slot: Slot) -> Option<std::borrow::Cow<'a, str>> {
        self.raw(slot).and_then(json::text)
    }

    fn currency_code(&self, code: &str) -> Result<CurrencyCode, String> {
        match self.env.currencies.get(code) {
            Some(code) => Ok(*code),
            None => code.parse().map_err(|e| format!("{code}: {e}")),
        }
    }

    fn value(&self, kind: Kind, extract: &Extract) -> Read {
        match extract {
            Extract::Const(value) => Ok(value.clone()),
            Extract::One(slot) => self.one(kind, *slot),
            Extract::First(slots, none) => {
                let has_value = |slot: &&Slot| {
                    self.raw(**slot).is_some_and(|raw| {
                        none.is_empty() || json::text(raw).is_none_or(|text| !none.iter().any(|word| **word == *text))
                    })
                };
                slots.iter().find(has_value).map_or(Ok(Value::Null), |slot| self.one(kind, *slot))
            }
            Extract::InCurrency(of, code) => {
                let currency = match code.and_then(|slot| self.text(slot)) {
                    Some(code) => Some(self.currency_code(&code)?),
                    None if code.is_some() => self.currency,
                    None => self.env.base_currency,
                };
                let kind = match kind {
                    Kind::Money(MoneyIn::Company) => Kind::Money(MoneyIn::Document),
                    kind => kind,
                };
                Row { currency, ..*self }.value(kind, of)
            }
            Extract::Ref { slot, set } => {
                let Some(raw) = self.raw(*slot) else { return Ok(Value::Null) };
                let to = |raw| match json::id(raw) {
                    Some(id) if !id.is_empty() => Some(Value::Ref(RemoteRef { set: set.clone(), id: id.into() })),
                    _ => None,
                };
                if !matches!(kind, Kind::Refs(_)) {
                    return Ok(to(raw).unwrap_or_default());
                }
                let several = if raw.starts_with('[') { json::elements(raw) } else { None };
                Ok(Value::List(match several {
                    Some(ids) => ids.iter().filter_map(|id| to(id.get())).collect(),
                    None => to(raw).into_iter().collect(),
                }))
            }
            Extract::Inverse(slot) => {
                let Some(raw) = self.raw(*slot) else { return Ok(Value::Null) };
                let number = json::decimal(raw).ok_or_else(|| cannot(raw, "a number"))?;
                let inverse = rust_decimal::Decimal::ONE.checked_div(number).and_then(|n| n.round_sf(12));
                inverse.map_or(Ok(Value::Null), |inverse| self.number(kind, inverse.normalize()))
            }
            Extract::CompanyCurrency => Ok(self.env.base_currency.map_or(Value::Null, Value::Currency)),
            Extract::Sum(parts) => {
                let mut sum = None;
                let mut add = |minus: bool, raw: &str| {
                    let part = json::decimal(raw).ok_or_else(|| cannot(raw, "a number"))?;
                    let sum = sum.get_or_insert(rust_decimal::Decimal::ZERO);
                    *sum = if minus { sum.checked_sub(part) } else { sum.checked_add(part) }
                        .ok_or_else(|| cannot(raw, "a number that can be added"))?;
                    Ok::<_, String>(())
                };
                for (minus, addend) in parts {
                    match addend {
                        Addend::One(slot) => {
                            if let Some(raw) = self.raw(*slot) {
                                add(*minus, raw)?;
                            }
                        }
                        Addend::All(slot, shape) => {
                            let Some(list) = self.raw(*slot) else { continue };
                            for element in json::elements(list).ok_or_else(|| cannot(list, "a list"))? {
                                let cut = shape.cut(element.get()).map_err(|e| format!("an element: {e}"))?;
                                if let Some(raw) = cut.first().copied().flatten().filter(|raw| *raw != "null") {
                                    add(*minus, raw)?;
                                }
                            }
                        }
                    }
                }
                sum.map_or(Ok(Value::Null), |sum| self.number(kind, sum))
            }
            Extract::When(of, when) => {
                if self.all_hold(when)? {
                    self.value(kind, of)
                } else {
                    Ok(Value::Null)
                }
            }
            Extract::Either(of) => {
                for extract in of {
                    let value = self.value(kind, extract)?;
                    if !value.is_null() {
                        return Ok(value);
                    }
                }
                Ok(Value::Null)
            }
            Extract::Several(of) => {
                let (one, required): (_, &[FieldDef]) = match kind {
                    Kind::Refs(to) => (Kind::Ref(to), &[]),
                    Kind::List(of) => (Kind::Object(of), of.fields),
                    other => (other, &[]),
                };
                let whole = |value: &Value| match value {
                    Value::Object(values) => {
                        required.iter().zip(values).all(|(def, value)| !def.required || !value.is_null())
                    }
                    other => !other.is_null(),
                };
                let values = of.iter().map(|extract| self.value(one, extract));
                let values = values.filter(|value| value.as_ref().map_or(true, whole));
                Ok(Value::List(values.collect::<Result<_, _>>()?))
            }
            Extract::Record(of) => Row { slots: self.record, ..*self }.value(kind, of),
            Extract::Through { slot, table, set } => Ok(self.through(kind, *slot, table, set.as_ref())),
            Extract::Own => Ok(Value::Ref(RemoteRef { set: self.mapping.set.clone(), id: self.id.into() })),
            Extract::Day(slot) => match self.raw(*slot) {
                None => Ok(Value::Null),
                Some(raw) => {
                    json::moment(raw, None, self.env.zone).map(Value::DateTime).ok_or_else(|| cannot(raw, "a date"))
                }
            },
            Extract::Times(of, rate) => {
                let (Value::Decimal(number), Some(raw)) = (self.value(Kind::Decimal, of)?, self.raw(*rate)) else {
                    return Ok(Value::Null);
                };
                let product = json::decimal(raw)
                    .and_then(|rate| number.checked_mul(rate))
                    .ok_or_else(|| cannot(raw, "a rate"))?;
                self.number(kind, product.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
            }
            Extract::ByCurrency(own, foreign) => {
                let in_own = self.currency.is_none() || self.currency == self.env.base_currency;
                self.value(kind, if in_own { own } else { foreign })
            }
            Extract::Join(slots, with) => {
                let texts: Vec<_> = slots.iter().filter_map(|slot| self.text(*slot)).collect();
                Ok(if texts.is_empty() { Value::Null } else { Value::Text(texts.join(with).into()) })
            }
            Extract::Moment { date, time } => match self.raw(*date) {
                None => Ok(Value::Null),
                Some(raw) => json::moment(raw, self.raw(*time), self.env.zone)
                    .map(Value::DateTime)
                    .ok_or_else(|| cannot(raw, "a date")),
            },
            Extract::Cases(cases) => {
                for (value, when) in cases {
                    if self.all_hold(when)? {
                        return Ok(value.clone());
                    }
                }
                match kind {
                    Kind::Enum(of) => match of.value("UNKNOWN") {
                        Some(unknown) => Ok(Value::Enum(unknown)),
                        None => Err(format!("no value of {} fits", of.name)),
                    },
                    _ => Ok(Value::Null),
                }
            }
            Extract::Html(slot) => match self.text(*slot).map(|html| json::plain(&html)) {
                Some(text) if !text.is_empty() => Ok(Value::Text(text.into())),
                _ => Ok(Value::Null),
            },
            Extract::Template(template) => {
                let id = percent_encoding::utf8_percent_encode(self.id, percent_encoding::NON_ALPHANUMERIC).to_string();
                Ok(Value::Text(
                    template
                        .replace("{base}", &self.env.base_url)
                        .replace("{id}", &id)
                        .replace("{zone}", self.env.zone.name())
                        .into(),
                ))
            }
            Extract::Index => Ok(Value::Int(self.index as i64 + 1)),
            Extract::Object(fields) => {
                let Kind::Object(of) = kind else { return Ok(Value::Null) };
                let values = self.object(of.fields, fields)?;
                Ok(if values.iter().all(Value::is_null) { Value::Null } else { Value::Object(values) })
            }
            Extract::Elements { slot, each } => {
                let Some(raw) = slot.and_then(|slot| self.raw(slot)) else { return Ok(Value::Null) };
                let elements = json::elements(raw).ok_or_else(|| cannot(raw, "a list"))?;
                self.elements(kind, &elements, each)
            }
        }
    }

    /// What a table says of the value in a slot; none where it does not know the value.
    fn through(&self, kind: Kind, slot: Slot, table: &str, set: Option<&crate::model::SourceSet>) -> Value {
        let known = self.raw(slot).and_then(json::id).and_then(|value| self.env.tables.get(table)?.get(&*value));
        let Some(known) = known else { return Value::Null };
        let reference = |id: &str| set.map(|set| Value::Ref(RemoteRef { set: set.clone(), id: id.into() }));
        match kind {
            Kind::Refs(_) => Value::List(known.iter().filter_map(|id| reference(id)).collect()),
            Kind::Ref(_) => known.first().and_then(|id| reference(id)).unwrap_or(Value::Null),
            _ => known.first().map_or(Value::Null, |text| Value::Text(text.clone())),
        }
    }

    /// The zone of moments that name none.
    fn zone(&self) -> Tz {
        if self.mapping.style.utc_datetime { Tz::UTC } else { self.env.zone }
    }

    /// A date. The day of a moment is the ERP's own only where the moment's zone is known.
    fn date(&self, raw: &str) -> Option<NaiveDate> {
        match json::date(raw)? {
            day if !self.mapping.style.utc_datetime => Some(day),
            day => match json::datetime(raw, Tz::UTC) {
                Some(moment) => json::in_calendar(moment.with_timezone(&self.env.zone).date_naive()),
                None => Some(day),
            },
        }
    }

    fn one(&self, kind: Kind, slot: Slot) -> Read {
        // A yes/no may well be false where that stands for "no value" elsewhere.
        let raw = if matches!(kind, Kind::Bool) { self.slots[slot].filter(|r| *r != "null") } else { self.raw(slot) };
        let Some(raw) = raw else { return Ok(Value::Null) };
        let read = match kind {
            Kind::Text => json::text(raw).map(|t| Value::Text(t.into())).ok_or("text"),
            Kind::Int => json::text(raw).and_then(|t| t.parse().ok()).map(Value::Int).ok_or("a whole number"),
            Kind::Bool => json::boolean(raw).map(Value::Bool).ok_or("true or false"),
            Kind::Date => self.date(raw).map(Value::Date).ok_or("a date"),
            Kind::DateTime => json::datetime(raw, self.zone()).map(Value::DateTime).ok_or("a date with time"),
            Kind::Url => return Ok(json::url(raw).unwrap_or(Value::Null)),
            Kind::Json => Ok(raw_value(raw)),
            Kind::Currency => {
                let code = json::text(raw).ok_or_else(|| cannot(raw, "a currency"))?;
                return self.currency_code(&code).map(Value::Currency);
            }
            Kind::Decimal | Kind::Money(_) | Kind::MoneyList => match json::decimal(raw) {
                Some(number) => return self.number(kind, number),
                None => Err("a number"),
            },
            Kind::Enum(of) => {
                let word = json::text(raw).and_then(|word| of.value(&word)).or_else(|| of.value("UNKNOWN"));
                word.map(Value::Enum).ok_or("a known word")
            }
            Kind::Ref(_) | Kind::Refs(_) | Kind::Object(_) | Kind::List(_) => Err("of a type that has a path alone"),
        };
        read.map_err(|what| cannot(raw, what))
    }

    /// A number as the type of its field wants it.
    fn number(&self, kind: Kind, amount: rust_decimal::Decimal) -> Read {
        let money = |currency: Option<CurrencyCode>, amount| match currency {
            Some(currency) => Ok(Value::Money(Money::new(amount, currency))),
            None => Err(format!("{amount} has no currency: set the currency of the company for this ERP")),
        };
        match kind {
            Kind::Money(MoneyIn::Document) => money(self.currency, amount),
            // Signed amounts in the company's currency: a credit note counts as positive, `kind` tells the direction.
            Kind::Money(MoneyIn::Company) if matches!(self.mapping.entity, EntityType::Invoice | EntityType::Bill) => {
                money(self.env.base_currency, amount.abs())
            }
            Kind::Money(MoneyIn::Company) => money(self.env.base_currency, amount),
            Kind::MoneyList => money(self.currency, amount).map(|m| Value::List([m].into())),
            _ => Ok(Value::Decimal(amount)),
        }
    }

    fn object(&self, defs: &'static [FieldDef], fields: &[Option<Extract>]) -> Result<Box<[Value]>, String> {
        let values = defs.iter().zip(fields).map(|(def, extract)| {
            let value = extract.as_ref().map_or(Ok(Value::Null), |e| self.value(def.kind, e));
            value.map_err(|reason| format!("{}: {reason}", def.name))
        });
        values.collect()
    }

    fn elements(&self, kind: Kind, elements: &[&'a RawValue], each: &Element) -> Read {
        let many = matches!(kind, Kind::List(_) | Kind::Refs(_));
        let meant = each.prefer.and_then(|(_, slot)| self.text(slot));
        let today = self.env.read_at.with_timezone(&self.env.zone).date_naive();
        let mut newest: Option<NaiveDate> = None;
        let mut first = Value::Null;
        let mut taken = Vec::new();
        let mut waiting: Vec<&'a RawValue> = elements.iter().rev().copied().collect();
        while let Some(element) = waiting.pop() {
            let slots = each.shape.cut(element.get()).map_err(|e| format!("an element cannot be read: {e}"))?;
            let row = Row { slots: &slots, index: taken.len(), ..*self };
            if let Some(inner) = each.nested.and_then(|slot| row.raw(slot)) {
                waiting.extend(json::elements(inner).unwrap_or_default().into_iter().rev());
            }
            if !row.all_hold(&each.when)? {
                continue;
            }
            let value = match (&each.take, kind) {
                (Taken::Object(fields), Kind::Object(of) | Kind::List(of)) => {
                    Value::Object(row.object(of.fields, fields)?)
                }
                (Taken::One(extract), Kind::Refs(to)) => row.value(Kind::Ref(to), extract)?,
                (Taken::One(extract), kind) => row.value(kind, extract)?,
                (Taken::Object(_), _) => Value::Null,
            };
            match value {
                Value::Null => {}
                value if many => taken.push(value),
                value if each.latest.is_some() => {
                    let begun = each.latest.and_then(|slot| row.raw(slot)).and_then(|raw| row.date(raw));
                    let begun = begun.unwrap_or(NaiveDate::MIN);
                    if begun <= today && newest.is_none_or(|newest| begun > newest) {
                        (newest, first) = (Some(begun), value);
                    }
                }
                value => match (&meant, each.prefer) {
                    (Some(meant), Some((slot, _))) if row.text(slot).as_ref() != Some(meant) => {
                        if first.is_null() {
                            first = value;
                        }
                    }
                    _ => return Ok(value),
                },
            }
        }
        Ok(if many { Value::List(taken.into()) } else { first })
    }

    fn all_hold(&self, tests: &[Test]) -> Result<bool, String> {
        for test in tests {
            if !self.holds(test)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(&self, test: &Test) -> Result<bool, String> {
        use std::cmp::Ordering;
        let raw = self.raw(test.slot);
        let compare = |literal: &Literal| -> Option<Ordering> {
            let raw = raw?;
            match literal {
                Literal::Text(text) => Some(json::text(raw)?.as_ref().cmp(text)),
                Literal::Number(number) => Some(json::decimal(raw)?.cmp(number)),
                Literal::Bool(b) => Some(json::boolean(raw)?.cmp(b)),
                Literal::Date(date) => Some(self.date(raw)?.cmp(date)),
                Literal::DateTime(moment) => Some(json::datetime(raw, self.zone())?.cmp(moment)),
            }
        };
        let literals = match &test.with {
            TestWith::Literals(literals) => literals,
            TestWith::Slot(other) => {
                let (Some(a), Some(b)) = (raw, self.raw(*other)) else { return Ok(false) };
                let number = |raw: &str| json::decimal(raw).ok_or_else(|| cannot(raw, "a number"));
                return Ok(ordering_holds(test.op, number(a)?.cmp(&number(b)?)));
            }
        };
        Ok(match test.op {
            SourceOp::IsNull => literals.first() == Some(&Literal::Bool(raw.is_none())),
            // `false` is a value where a predicate asks for it.
            SourceOp::Eq | SourceOp::In if self.slots[test.slot] == Some("false") => {
                literals.contains(&Literal::Bool(false))
            }
            SourceOp::Eq | SourceOp::In => literals.iter().any(|l| compare(l) == Some(Ordering::Equal)),
            SourceOp::Neq => !literals.iter().any(|l| compare(l) == Some(Ordering::Equal)),
            SourceOp::StartsWith => match (raw.and_then(json::text), literals.first()) {
                (Some(text), Some(Literal::Text(start))) => text.starts_with(&**start),
                _ => false,
            },
            SourceOp::Contains => match (raw.and_then(json::text), literals.first()) {
                (Some(text), Some(Literal::Text(part))) => text.contains(&**part),
                _ => false,
            },
            op => literals.first().and_then(compare).is_some_and(|o| ordering_holds(op, o)),
        })
    }
}

fn ordering_holds(op: SourceOp, ordering: std::cmp::Ordering) -> bool {
    match op {
        SourceOp::Gt => ordering.is_gt(),
        SourceOp::Gte => ordering.is_ge(),
        SourceOp::Lt => ordering.is_lt(),
        SourceOp::Lte => ordering.is_le(),
        SourceOp::Neq => ordering.is_ne(),
        _ => ordering.is_eq(),
    }
}
