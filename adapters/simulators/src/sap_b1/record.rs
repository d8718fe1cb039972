//! Writes rows as the records of an entity set.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    catalogue,
    edm::{Child, Kind, Literal, Property, Set, Source, Type},
    refusal::Refusal,
    version::Version,
};
use crate::{
    decimal::Dec,
    store::{Cell, Filter, Row, Table, Tables},
};

/// SHA-1 of the first numbers in decimal, which is what an etag shows of a `DataVersion`.
const ETAGS: [&str; 3] = [
    "B6589FC6AB0DC82CF12099D1C2D40AB994E8410C",
    "356A192B7913B04C54574D18C28D46E6395428AB",
    "DA4B9237BACCCDF19C0760CAB7AEC4A8359010B0",
];

/// What to show of the rows of one table, and how.
#[derive(Debug)]
pub(super) struct Plan<'t> {
    version: Version,
    properties: Vec<(&'static str, Value<'t>)>,
    /// The column that the etag is made of. One that was not selected gives every record the etag of version 1: seen by
    /// third parties on a Service Layer 1000340, so a trap for whoever trusts it.
    data_version: Option<usize>,
}

#[derive(Debug)]
enum Value<'t> {
    Column(Kind, usize),
    Fixed(Kind, Literal),
    Object(Plan<'t>),
    Rows { own_key: usize, table: &'t Table, parent: usize, plan: Plan<'t> },
    One { reference: usize, table: &'t Table, key: usize, plan: Plan<'t> },
    AtMostOne { present: usize, plan: Plan<'t> },
    Empty,
}

/// What a plan is made from: the tables, and the properties that this patch level lacks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Books<'t> {
    pub(super) tables: &'t Tables,
    pub(super) version: Version,
    pub(super) missing: &'t [&'static str],
}

impl<'t> Books<'t> {
    /// The table of a set or of a collection.
    pub(super) fn table(self, name: &str) -> &'t Table {
        &self.tables[name]
    }

    /// The plan for the records of a set.
    ///
    /// # Errors
    /// If a property is unknown.
    pub(super) fn set(self, set: &'static Set, select: Option<&[&str]>) -> Result<Plan<'t>, Refusal> {
        let table = self.table(set.name);
        let known = |name: &&&str| set.kind.property(name, self.missing).is_some() || names_partner(set.kind, name);
        if let Some(unknown) = select.into_iter().flatten().find(|name| !known(name)) {
            return Err(Refusal::property_of(unknown, set.kind.name));
        }
        let shown = |property: &Property| select.is_none_or(|names| names.contains(&property.name));
        let mut plan = self.rows(set.kind, table, &shown);
        for (name, value) in &mut plan.properties {
            let (Value::Empty, Some(child)) = (&*value, set.child(name)) else { continue };
            if let (Some(own_key), Some(rows)) = (table.column(set.key), set.row_type(name)) {
                *value = self.child(own_key, child, rows);
            }
        }
        let shows_version = select.is_none_or(|names| names.contains(&"DataVersion"));
        plan.data_version = table.column("DataVersion").filter(|_| shows_version);
        Ok(plan)
    }

    /// The plan for some properties of rows without collections, such as one source of a `$crossjoin`.
    pub(super) fn rows(self, kind: &'static Type, table: &'t Table, shown: &dyn Fn(&Property) -> bool) -> Plan<'t> {
        let known = |property: &&'static Property| shown(property) && !self.missing.contains(&property.name);
        let properties = kind.properties.iter().filter(known);
        let value = |property: &'static Property| match (property.kind, property.source) {
            (Kind::Object(inner), _) => Value::Object(self.rows(inner, table, &|_| true)),
            (Kind::AtMostOne(inner, present), _) => match table.column(present) {
                Some(present) => Value::AtMostOne { present, plan: self.rows(inner, table, &|_| true) },
                None => Value::Empty,
            },
            (Kind::Rows(_) | Kind::Empty, _) => Value::Empty,
            (kind, Source::Fixed(literal)) => Value::Fixed(kind, literal),
            (kind, Source::Column(column)) => match table.column(column) {
                Some(column) => Value::Column(kind, column),
                None => Value::Fixed(kind, Literal::Null),
            },
        };
        let properties = properties.map(|property| (property.name, value(property))).collect();
        Plan { version: self.version, properties, data_version: None }
    }

    fn child(self, own_key: usize, child: &Child, rows: &'static Type) -> Value<'t> {
        let table = self.table(child.table);
        match table.column(child.parent) {
            Some(parent) => Value::Rows { own_key, table, parent, plan: self.rows(rows, table, &|_| true) },
            None => Value::Empty,
        }
    }

    /// Adds the business partner of a document, the one navigation property that is simulated.
    ///
    /// # Errors
    /// If it is another one, or a property of it is unknown.
    pub(super) fn expand(
        self,
        plan: &mut Plan<'t>,
        set: &'static Set,
        (name, select): (&str, Option<&[&str]>),
        shown: bool,
    ) -> Result<(), Refusal> {
        let partners = &catalogue::BUSINESS_PARTNERS;
        let reference = self.table(set.name).column("CardCode").filter(|_| set.name != partners.name);
        let (true, Some(reference)) = (name == "BusinessPartner", reference) else {
            return Err(Refusal::expand(name, set.kind.name));
        };
        let inner = self.set(partners, select)?;
        let table = self.table(partners.name);
        if let (true, Some(key)) = (shown, table.column(partners.key)) {
            plan.properties.push(("BusinessPartner", Value::One { reference, table, key, plan: inner }));
        }
        Ok(())
    }
}

/// Whether a `$select` names the business partner of a document or a property of it, which show only when expanded.
fn names_partner(kind: &Type, name: &str) -> bool {
    kind.name == catalogue::DOCUMENT.name && name.split('/').next() == Some("BusinessPartner")
}

impl Plan<'_> {
    /// The etag of a row.
    pub(super) fn etag(&self, row: &Row<'_>) -> String {
        let version = self.data_version.and_then(|column| row.at(column).as_int()).unwrap_or(1);
        let index = usize::try_from(version).unwrap_or(1).min(ETAGS.len() - 1);
        format!("W/\"{}\"", ETAGS[index])
    }

    fn properties<S: SerializeMap>(&self, map: &mut S, row: &Row<'_>) -> Result<(), S::Error> {
        for (name, value) in &self.properties {
            match value {
                Value::Column(kind, column) => {
                    map.serialize_entry(name, &Shown(self.version, *kind, row.at(*column)))?
                }
                Value::Fixed(kind, literal) => {
                    map.serialize_entry(name, &Shown(self.version, *kind, &Cell::from(*literal)))?;
                }
                Value::Object(plan) => map.serialize_entry(name, &Inner { plan, row: *row })?,
                Value::AtMostOne { present, plan } => {
                    let row = (!row.at(*present).is_null()).then_some(Inner { plan, row: *row });
                    map.serialize_entry(name, &row.as_slice())?;
                }
                Value::Empty => map.serialize_entry(name, &[(); 0])?,
                Value::Rows { own_key, table, parent, plan } => {
                    let filter = Filter::eq(*parent, row.at(*own_key).clone());
                    let rows: Vec<_> = table.select(&filter).map(|row| Inner { plan, row }).collect();
                    map.serialize_entry(name, &rows)?;
                }
                Value::One { reference, table, key, plan } => {
                    let filter = Filter::eq(*key, row.at(*reference).clone());
                    let found = table.select(&filter).next();
                    map.serialize_entry(name, &found.map(|row| Inner { plan, row }))?;
                }
            }
        }
        Ok(())
    }
}

/// A record with its etag, and when it stands alone its context.
pub(super) struct Record<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) row: Row<'a>,
    pub(super) context: Option<&'a str>,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let version = self.plan.version;
        let mut map = serializer.serialize_map(None)?;
        if let Some(context) = self.context {
            map.serialize_entry(version.annotation("odata.metadata"), context)?;
        }
        map.serialize_entry(version.annotation("odata.etag"), &self.plan.etag(&self.row))?;
        self.plan.properties(&mut map, &self.row)?;
        map.end()
    }
}

/// Properties without annotations: what stands inside a record, or in a joined row.
pub(super) struct Inner<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) row: Row<'a>,
}

impl Serialize for Inner<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.plan.properties(&mut map, &self.row)?;
        map.end()
    }
}

/// A value as its version writes it.
pub(super) struct Shown<'a>(pub(super) Version, pub(super) Kind, pub(super) &'a Cell);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(version, kind, cell) = self;
        match (kind, cell) {
            (Kind::Date, Cell::Date(date)) if *version == Version::V2 => {
                serializer.collect_str(&format_args!("{date}T00:00:00Z"))
            }
            (Kind::Time, Cell::Int(time)) => {
                serializer.collect_str(&format_args!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60))
            }
            (Kind::Double, cell) => match cell.as_dec() {
                Some(number) => double(*version, number, serializer),
                None => serializer.serialize_unit(),
            },
            (_, cell) => cell.serialize(serializer),
        }
    }
}

/// Recorded bodies of v1 have `3549`, of v2 `600.0`.
fn double<S: Serializer>(version: Version, number: Dec, serializer: S) -> Result<S::Ok, S::Error> {
    let power = 10_i64.pow(u32::from(number.scale));
    match version {
        Version::V1 if number.units % power == 0 => serializer.serialize_i64(number.units / power),
        _ => number.serialize(serializer),
    }
}
