//! `$apply`: sums, counts and groups, as the guide's "Aggregation", "Grouping" and "Cross-Joins with Aggregation" have
//! them: `filter(…)`, then `groupby((…),aggregate(…))` or `aggregate(…)`, and nothing else.
//!
//! As the guide prints it: every row of one set has an `odata.id` of null; `countdistinct` has the type of what it
//! counts, so that distinct texts are counted by a text; whole sums keep their `.0` in v1 too. Assumed: pages as of any
//! list, `$orderby` by what the rows show, and the wording of errors.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    condition::Field, edm::Kind, filter::Scope, options::split_outside, record::Shown, refusal::Refusal,
    version::Version,
};
use crate::{
    decimal::{Dec, div_round},
    store::{Cell, Row},
};

/// How values are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Sum,
    Average,
    Min,
    Max,
    CountDistinct,
    /// `$count`.
    Count,
}

impl Method {
    /// The guide's text says "avg" and "distinctcount" where its examples say "average" and "countdistinct".
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => Self::Sum,
            "average" | "avg" => Self::Average,
            "min" => Self::Min,
            "max" => Self::Max,
            "countdistinct" | "distinctcount" => Self::CountDistinct,
            _ => return None,
        })
    }
}

/// A column of the result.
#[derive(Debug)]
struct Column {
    /// The source that it is shown under.
    source: usize,
    name: String,
    /// Nothing for `$count`.
    field: Option<Field>,
    /// Nothing for what is grouped by.
    method: Option<Method>,
}

/// What is to be done.
#[derive(Debug)]
pub(super) struct Apply {
    /// The conditions of `filter(…)`, all of which must hold.
    pub(super) filters: Vec<String>,
    columns: Vec<Column>,
}

fn invalid() -> Refusal {
    Refusal::query("Invalid $apply")
}

impl Apply {
    /// Reads the option.
    ///
    /// # Errors
    /// If it does not parse, names an unknown property, or sums up what is no number.
    pub(super) fn parse(text: &str, scope: &dyn Scope) -> Result<Self, Refusal> {
        let mut apply = Self { filters: Vec::new(), columns: Vec::new() };
        for step in split_outside(text, '/') {
            let step = step.trim();
            if !apply.columns.is_empty() {
                return Err(invalid());
            }
            if let Some(condition) = inside(step, "filter") {
                apply.filters.push(condition.to_owned());
            } else if let Some(expressions) = inside(step, "aggregate") {
                apply.aggregate(expressions, scope)?;
            } else if let Some(group) = inside(step, "groupby") {
                apply.group(group, scope)?;
            } else {
                return Err(invalid());
            }
        }
        if apply.columns.is_empty() { Err(invalid()) } else { Ok(apply) }
    }

    fn group(&mut self, text: &str, scope: &dyn Scope) -> Result<(), Refusal> {
        let parts = split_outside(text, ',');
        let (properties, aggregates) = match parts.as_slice() {
            [properties] => (properties.trim(), None),
            [properties, aggregates] => (properties.trim(), Some(aggregates.trim())),
            _ => return Err(invalid()),
        };
        let properties = inside(properties, "").ok_or_else(invalid)?;
        for name in properties.split(',').map(str::trim) {
            let field = simple(scope, name)?;
            let column =
                Column { source: field.source, name: field.property.name.to_owned(), field: Some(field), method: None };
            // "The same property path should not appear more than once" and must not matter if it does.
            if !self.columns.iter().any(|known| known.source == column.source && known.name == column.name) {
                self.columns.push(column);
            }
        }
        match aggregates {
            Some(aggregates) => self.aggregate(inside(aggregates, "aggregate").ok_or_else(invalid)?, scope),
            None => Ok(()),
        }
    }

    fn aggregate(&mut self, text: &str, scope: &dyn Scope) -> Result<(), Refusal> {
        for expression in split_outside(text, ',') {
            let expression = expression.trim();
            // `Orders(DocNum with max as Top)` is how a `$crossjoin` says `Orders/DocNum with max as Top`.
            match expression.split_once('(').filter(|_| expression.ends_with(')')) {
                Some((source, inner)) => {
                    for part in split_outside(&inner[..inner.len() - 1], ',') {
                        self.expression(&format!("{}/{}", source.trim(), part.trim()), scope)?;
                    }
                }
                None => self.expression(expression, scope)?,
            }
        }
        Ok(())
    }

    fn expression(&mut self, text: &str, scope: &dyn Scope) -> Result<(), Refusal> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (name, method, alias) = match words.as_slice() {
            [count, "as", alias] if *count == "$count" || count.ends_with("/$count") => (*count, Method::Count, alias),
            [name, "with", method, "as", alias] => (*name, Method::of(method).ok_or_else(invalid)?, alias),
            // "MUST define an alias".
            _ => return Err(invalid()),
        };
        let identifier = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if !alias.chars().all(identifier) || self.columns.iter().any(|column| column.name == **alias) {
            return Err(invalid());
        }
        let (source, field) = match method {
            Method::Count => (scope.source(name.strip_suffix("$count").unwrap_or(name).trim_end_matches('/')), None),
            _ => {
                let field = simple(scope, name)?;
                let numeric = matches!(field.property.kind, Kind::Int | Kind::Double);
                if matches!(method, Method::Sum | Method::Average) && !numeric {
                    return Err(Refusal::property(name));
                }
                (Some(field.source), Some(field))
            }
        };
        let source = source.ok_or_else(|| Refusal::property(name))?;
        self.columns.push(Column { source, name: (*alias).to_owned(), field, method: Some(method) });
        Ok(())
    }

    /// The names of the columns, as the context of the answer lists them.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Puts rows of the result in the order asked for.
    ///
    /// # Errors
    /// If it names what the rows do not show.
    pub(super) fn sort(
        &self,
        rows: &mut [Vec<Cell>],
        order: &[(&str, bool)],
        scope: &dyn Scope,
    ) -> Result<(), Refusal> {
        let position = |name: &str| {
            let (path, own) = name.rsplit_once('/').unwrap_or(("", name));
            let source = scope.source(path);
            self.columns.iter().position(|column| column.name == own && Some(column.source) == source)
        };
        let order = order
            .iter()
            .map(|(name, descending)| Ok((position(name).ok_or_else(|| Refusal::property(name))?, *descending)));
        let order = order.collect::<Result<Vec<_>, Refusal>>()?;
        rows.sort_by(|left, right| {
            let orders = order.iter().map(|(column, descending)| {
                let ordering = left[*column].cmp(&right[*column]);
                if *descending { ordering.reverse() } else { ordering }
            });
            orders.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
        });
        Ok(())
    }

    /// Brings rows together; groups come in the order of what they are grouped by.
    pub(super) fn rows<'t>(&self, rows: impl Iterator<Item = Vec<Row<'t>>>) -> Vec<Vec<Cell>> {
        let keys: Vec<_> = self.columns.iter().filter(|column| column.method.is_none()).collect();
        let aggregated: Vec<_> = self.columns.iter().filter(|column| column.method.is_some()).collect();
        let cell = |column: &Column, rows: &[Row<'t>]| column.field.map(|field| field.cell(&rows[field.source]));
        let mut groups: BTreeMap<Vec<Cell>, Vec<Gathered>> = BTreeMap::new();
        let empty = || aggregated.iter().map(|_| Gathered::default()).collect();
        if keys.is_empty() {
            groups.insert(Vec::new(), empty());
        }
        for rows in rows {
            let key = keys.iter().map(|column| cell(column, &rows).unwrap_or_default()).collect();
            let group = groups.entry(key).or_insert_with(empty);
            for (column, gathered) in aggregated.iter().zip(group) {
                gathered.add(column.method == Some(Method::CountDistinct), cell(column, &rows));
            }
        }
        let finish = |(key, gathered): (Vec<Cell>, Vec<Gathered>)| {
            let (mut keys, mut gathered) = (key.into_iter(), gathered.into_iter());
            let value = |column: &Column| match column.method {
                None => keys.next().unwrap_or_default(),
                Some(method) => gathered.next().unwrap_or_default().result(method, column.field),
            };
            self.columns.iter().map(value).collect()
        };
        groups.into_iter().map(finish).collect()
    }

    /// A row of the result as the wire shows it. `sources` are the objects that a `$crossjoin` shows; a single set has
    /// none and shows its columns themselves.
    pub(super) fn show<'a>(&'a self, version: Version, sources: &'a [String], cells: &'a [Cell]) -> Summary<'a> {
        Summary { apply: self, version, sources, cells }
    }
}

/// What stands in the parentheses after a word.
fn inside<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.strip_prefix(word)?.trim_start().strip_prefix('(')?.strip_suffix(')').map(str::trim)
}

fn simple(scope: &dyn Scope, name: &str) -> Result<Field, Refusal> {
    let field = scope.field(name).filter(|field| field.property.kind.is_simple());
    field.ok_or_else(|| Refusal::property(name))
}

/// The values of one column of one group, as far as they have been seen.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    rows: i64,
    values: i64,
    /// In millionths.
    sum: i128,
    low: Option<Cell>,
    high: Option<Cell>,
    distinct: BTreeSet<Cell>,
}

impl Gathered {
    /// Takes one row's value; nothing where there is none to look at, as for a count of rows.
    pub(super) fn add(&mut self, distinct: bool, cell: Option<Cell>) {
        self.rows += 1;
        let Some(cell) = cell.filter(|cell| !cell.is_null()) else { return };
        self.values += 1;
        if let Some(number) = cell.as_dec() {
            self.sum += i128::from(number.units) * 10_i128.pow(6 - u32::from(number.scale.min(6)));
        }
        if self.low.as_ref().is_none_or(|low| cell < *low) {
            self.low = Some(cell.clone());
        }
        if self.high.as_ref().is_none_or(|high| cell > *high) {
            self.high = Some(cell.clone());
        }
        if distinct {
            self.distinct.insert(cell);
        }
    }

    /// The sum of what is not null; null if all is.
    pub(super) fn sum(&self) -> Cell {
        if self.values == 0 { Cell::Null } else { millionths(self.sum).into() }
    }

    /// The mean of what is not null.
    pub(super) fn mean(&self) -> Cell {
        match self.values {
            0 => Cell::Null,
            values => millionths(i128::from(div_round(self.sum, i128::from(values)))).into(),
        }
    }

    pub(super) fn low(&self) -> Cell {
        self.low.clone().unwrap_or_default()
    }

    pub(super) fn high(&self) -> Cell {
        self.high.clone().unwrap_or_default()
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> i64 {
        self.rows
    }

    /// How many values there are.
    pub(super) fn values(&self) -> i64 {
        self.values
    }

    /// How many different values there are.
    pub(super) fn distinct(&self) -> i64 {
        self.distinct.len() as i64
    }

    fn result(&self, method: Method, field: Option<Field>) -> Cell {
        let kind = field.map(|field| field.property.kind);
        match (method, kind) {
            (Method::Count, _) => self.rows().into(),
            (Method::CountDistinct, Some(Kind::Int)) => self.distinct().into(),
            (Method::CountDistinct, Some(Kind::Double)) => Dec::new(self.distinct(), 0).into(),
            (Method::CountDistinct, _) => self.distinct().to_string().into(),
            (Method::Sum, Some(Kind::Int)) => match self.sum().as_dec() {
                Some(sum) => Cell::Int(sum.units / 10_i64.pow(u32::from(sum.scale))),
                None => Cell::Null,
            },
            (Method::Sum, _) => self.sum(),
            (Method::Average, _) => self.mean(),
            (Method::Min, _) => self.low(),
            (Method::Max, _) => self.high(),
        }
    }
}

/// A number given in millionths, without zeros that it does not need.
fn millionths(mut units: i128) -> Dec {
    let mut scale = 6;
    while scale > 0 && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    Dec::new(i64::try_from(units).unwrap_or(i64::MAX), scale)
}

/// See [`Apply::show`].
pub(super) struct Summary<'a> {
    apply: &'a Apply,
    version: Version,
    sources: &'a [String],
    cells: &'a [Cell],
}

impl Summary<'_> {
    fn columns<S: SerializeMap>(&self, map: &mut S, source: usize) -> Result<(), S::Error> {
        let own = self.apply.columns.iter().zip(self.cells).filter(|(column, _)| column.source == source);
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(|(column, _)| &column.name);
        for (column, cell) in own {
            match (column.method, column.field) {
                (None | Some(Method::Min | Method::Max), Some(field))
                    if !matches!(field.property.kind, Kind::Double) =>
                {
                    map.serialize_entry(&column.name, &Shown(self.version, field.property.kind, cell))?;
                }
                _ => map.serialize_entry(&column.name, cell)?,
            }
        }
        Ok(())
    }
}

impl Serialize for Summary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.sources.is_empty() {
            map.serialize_entry(self.version.annotation("odata.id"), &())?;
            self.columns(&mut map, 0)?;
            return map.end();
        }
        let mut sources: Vec<_> = self.sources.iter().enumerate().collect();
        sources.sort_by_key(|(_, path)| *path);
        for (source, path) in sources {
            if self.apply.columns.iter().any(|column| column.source == source) {
                map.serialize_entry(path, &Object { result: self, source })?;
            }
        }
        map.end()
    }
}

/// The columns of one source of a `$crossjoin`.
struct Object<'a> {
    result: &'a Summary<'a>,
    source: usize,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.result.columns(&mut map, self.source)?;
        map.end()
    }
}
