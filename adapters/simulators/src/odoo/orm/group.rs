//! `read_group`, and what took its place in 19, `formatted_read_group`.

use std::{cmp::Ordering, collections::BTreeMap};

use chrono::{Datelike, Days, Months, NaiveDate};
use serde_json::{Map, Value, json};

use super::{
    Scope, View, order,
    reader::Reader,
    records::{Written, field},
};
use crate::{
    decimal::Dec,
    odoo::{
        failure::{Failure, Fallible},
        models::{Field, Kind, Known},
        python::{self, Dict},
    },
    store::{Cell, Row},
};

/// What is grouped, by what, and what is worked out of each group.
pub(in crate::odoo) struct Grouping<'q> {
    pub(in crate::odoo) domain: &'q Value,
    pub(in crate::odoo) by: Vec<String>,
    pub(in crate::odoo) aggregates: Vec<String>,
    pub(in crate::odoo) order: Option<&'q str>,
    pub(in crate::odoo) offset: usize,
    pub(in crate::odoo) limit: Option<usize>,
    pub(in crate::odoo) lazy: bool,
}

/// `read_group(domain, fields, groupby, lazy=…)`.
pub(in crate::odoo) fn read_group<'a>(
    view: &View<'a>,
    known: &'a Known,
    scope: &Scope,
    query: &Grouping<'_>,
) -> Fallible<Vec<Dict>> {
    let deepest = if query.lazy { 1 } else { usize::MAX };
    let keys = query.by.iter().take(deepest).map(|spec| Key::parse(view, known, spec, true));
    let keys = keys.collect::<Fallible<Vec<_>>>()?;
    let named = query.aggregates.iter().filter(|spec| *spec != "__count");
    let aggregates = named.map(|spec| Aggregate::parse_old(view, known, spec)).collect::<Fallible<Vec<_>>>()?;
    let aggregates: Vec<_> = aggregates.into_iter().flatten().collect();
    let count = match (query.lazy, keys.first()) {
        (true, Some(key)) => format!("{}_count", key.field.name),
        _ => "__count".to_owned(),
    };
    let groups = groups(view, known, scope, query, &keys, &aggregates)?;
    let row = |group: &Group| {
        let mut row = Dict::default();
        let mut ranges = Map::new();
        let mut domains = vec![query.domain.as_array().cloned().unwrap_or_default()];
        for (key, cell) in keys.iter().zip(&group.key) {
            let value = match (key.grain, cell) {
                (Some(grain), Cell::Date(from)) => {
                    let (from_text, to) = (key.day(*from), key.day(grain.end(*from)));
                    ranges.insert(key.spec.clone(), json!({ "from": from_text, "to": to }));
                    json!(grain.label(*from))
                }
                (Some(_), Cell::Null) => {
                    ranges.insert(key.spec.clone(), json!(false));
                    json!(false)
                }
                _ => key.value(view, cell),
            };
            row.put(&key.spec, value);
            domains.push(key.domain(cell));
        }
        row.put(&count, group.count);
        for (aggregate, value) in aggregates.iter().zip(&group.values) {
            row.put(&aggregate.name, value.clone());
        }
        row.put("__domain", together(domains, view.version().rewritten()));
        if !ranges.is_empty() {
            row.put("__range", Value::Object(ranges));
        }
        if query.lazy && query.by.len() > 1 {
            row.put("__context", json!({ "group_by": &query.by[1..] }));
        }
        row
    };
    Ok(groups.iter().map(row).collect())
}

/// `formatted_read_group(domain, groupby, aggregates)`.
pub(in crate::odoo) fn formatted_read_group<'a>(
    view: &View<'a>,
    known: &'a Known,
    scope: &Scope,
    query: &Grouping<'_>,
) -> Fallible<Vec<Dict>> {
    let keys = query.by.iter().map(|spec| Key::parse(view, known, spec, false)).collect::<Fallible<Vec<_>>>()?;
    let aggregates = query.aggregates.iter().map(|spec| Aggregate::parse_new(view, known, spec));
    let aggregates = aggregates.collect::<Fallible<Vec<_>>>()?;
    let groups = groups(view, known, scope, query, &keys, &aggregates)?;
    let row = |group: &Group| {
        let mut row = Dict::default();
        for (key, cell) in keys.iter().zip(&group.key) {
            let value = match (key.grain, cell) {
                (Some(grain), Cell::Date(from)) => json!([key.day(*from), grain.label(*from)]),
                _ => key.value(view, cell),
            };
            row.put(&key.spec, value);
        }
        let domains: Vec<_> = keys.iter().zip(&group.key).map(|(key, cell)| key.domain(cell)).collect();
        let extra = if domains.is_empty() { json!([[1, "=", 1]]) } else { together(domains, true) };
        row.put("__extra_domain", extra);
        for (aggregate, value) in aggregates.iter().zip(&group.values) {
            row.put(&aggregate.name, value.clone());
        }
        row
    };
    Ok(groups.iter().map(row).collect())
}

struct Group {
    key: Vec<Cell>,
    count: usize,
    values: Vec<Value>,
}

fn groups<'a>(
    view: &View<'a>,
    known: &'a Known,
    scope: &Scope,
    query: &Grouping<'_>,
    keys: &[Key<'a>],
    aggregates: &[Aggregate<'a>],
) -> Fallible<Vec<Group>> {
    let filter = view.filter(known, scope, query.domain)?;
    let mut found: BTreeMap<Vec<Cell>, Vec<Row<'a>>> = BTreeMap::new();
    for row in view.table(known).select(&filter) {
        found.entry(keys.iter().map(|key| key.cell(view, &row)).collect()).or_default().push(row);
    }
    if keys.is_empty() && found.is_empty() {
        found.insert(Vec::new(), Vec::new());
    }
    let of_rows = |(key, rows): (Vec<Cell>, Vec<Row<'a>>)| Group {
        values: aggregates.iter().map(|aggregate| aggregate.of(view, &rows)).collect(),
        count: rows.len(),
        key,
    };
    let mut groups: Vec<_> = found.into_iter().map(of_rows).collect();
    let sorts = sorts(view, query.order, keys, aggregates)?;
    groups.sort_by(|a, b| {
        let orderings = sorts.iter().map(|sort| sort.compare(a, b));
        orderings.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    });
    Ok(groups.into_iter().skip(query.offset).take(query.limit.unwrap_or(usize::MAX)).collect())
}

/// A field to group by.
struct Key<'a> {
    spec: String,
    field: &'static Field,
    reader: Reader<'a>,
    grain: Option<Grain>,
}

impl<'a> Key<'a> {
    fn parse(view: &View<'a>, known: &'a Known, spec: &str, old: bool) -> Fallible<Self> {
        let (name, grain) = match spec.split_once(':') {
            Some((name, grain)) => (name, Some(grain)),
            None => (spec, None),
        };
        let field = field(known, name)?;
        stored(view, known, field)?;
        let is_time = matches!(field.kind, Kind::Date | Kind::Datetime);
        let grain = match grain {
            Some(grain) => Some(Grain::parse(grain)?),
            None if is_time && !old => {
                return Err(Failure::value(format!("Granularity not set on a date(time) field: '{spec}'")));
            }
            None => is_time.then_some(Grain::Month),
        };
        Ok(Self {
            spec: spec.to_owned(),
            field,
            reader: Reader::new(view, known, field),
            grain: grain.filter(|_| is_time),
        })
    }

    fn cell(&self, view: &View<'_>, row: &Row<'_>) -> Cell {
        let cell = self.reader.read(row, view);
        match (self.grain, &cell) {
            (Some(grain), Cell::Date(day)) => grain.start(*day).into(),
            (Some(grain), Cell::Stamp(stamp)) => grain.start(stamp.date_naive()).into(),
            _ => cell,
        }
    }

    fn value(&self, view: &View<'_>, cell: &Cell) -> Value {
        let written = Written { view, kind: self.field.kind, cell, classic: true };
        serde_json::to_value(&written).unwrap_or_default()
    }

    /// The domain of one group.
    fn domain(&self, cell: &Cell) -> Vec<Value> {
        let name = self.field.name;
        match (self.grain, cell) {
            (Some(grain), Cell::Date(from)) => {
                let (from, to) = (self.day(*from), self.day(grain.end(*from)));
                vec![json!("&"), json!([name, ">=", from]), json!([name, "<", to])]
            }
            (_, Cell::Null) => vec![json!([name, "=", false])],
            _ => vec![json!([name, "=", cell])],
        }
    }

    /// The first moment of a day, as this field writes it.
    fn day(&self, day: NaiveDate) -> String {
        if matches!(self.field.kind, Kind::Datetime) { format!("{day} 00:00:00") } else { day.to_string() }
    }
}

fn stored(view: &View<'_>, known: &Known, field: &Field) -> Fallible<()> {
    if field.sortable(view.version()) || field.name == "id" {
        return Ok(());
    }
    let (model, name) = (known.model.name, field.name);
    Err(Failure::value(if view.version().rewritten() {
        format!("Cannot convert {model}.{name} to SQL because it is not stored")
    } else {
        format!("Cannot convert field {model}.{name} to SQL")
    }))
}

/// All of these domains.
fn together(domains: Vec<Vec<Value>>, flat: bool) -> Value {
    let mut domains: Vec<_> = domains.into_iter().filter(|domain| !domain.is_empty()).collect();
    let leaves = domains.iter().flatten().filter(|item| item.is_array()).count();
    let simple = domains.iter().flatten().all(|item| item.is_array() || item == "&");
    if flat && simple {
        let leaves_only = domains.into_iter().flatten().filter(Value::is_array);
        return std::iter::repeat_n(json!("&"), leaves.saturating_sub(1)).chain(leaves_only).collect();
    }
    if domains.len() == 1 {
        return domains.remove(0).into();
    }
    let all = domains.len().saturating_sub(1);
    let normalized = domains.into_iter().flat_map(|domain| {
        let items = domain.iter().filter(|item| item.is_array()).count();
        let joined = domain.iter().filter(|item| matches!(item.as_str(), Some("&" | "|"))).count();
        std::iter::repeat_n(json!("&"), items.saturating_sub(joined + 1)).chain(domain).collect::<Vec<_>>()
    });
    std::iter::repeat_n(json!("&"), all).chain(normalized).collect()
}

/// How long the spans are into which moments are grouped.
#[derive(Clone, Copy)]
enum Grain {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    fn parse(name: &str) -> Fallible<Self> {
        Ok(match name {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            other => {
                return Err(Failure::value(format!("Granularity specification isn't correct: '{other}'")));
            }
        })
    }

    fn start(self, day: NaiveDate) -> NaiveDate {
        let month = match self {
            Self::Day => return day,
            // In English a week starts on Sunday.
            Self::Week => return day - Days::new(u64::from(day.weekday().num_days_from_sunday())),
            Self::Month => day.month(),
            Self::Quarter => day.month0() / 3 * 3 + 1,
            Self::Year => 1,
        };
        NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day)
    }

    fn end(self, start: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => start + Days::new(1),
            Self::Week => start + Days::new(7),
            Self::Month => start + Months::new(1),
            Self::Quarter => start + Months::new(3),
            Self::Year => start + Months::new(12),
        }
    }

    fn label(self, start: NaiveDate) -> String {
        match self {
            Self::Day => start.format("%d %b %Y").to_string(),
            Self::Week => format!("W{} {}", (start + Days::new(1)).iso_week().week(), start.year()),
            Self::Month => start.format("%B %Y").to_string(),
            Self::Quarter => format!("Q{} {}", start.month0() / 3 + 1, start.year()),
            Self::Year => start.year().to_string(),
        }
    }
}

/// Something worked out of a group.
struct Aggregate<'a> {
    name: String,
    field: Option<&'static Field>,
    reader: Reader<'a>,
    function: Function,
}

#[derive(Clone, Copy)]
enum Function {
    Sum,
    Average,
    Least,
    Greatest,
    Count,
    CountDistinct,
}

impl<'a> Aggregate<'a> {
    /// `amount_total:sum`, `total:sum(amount_total)`, or the name of a number, which is summed.
    fn parse_old(view: &View<'a>, known: &'a Known, spec: &str) -> Fallible<Option<Self>> {
        let (name, function) = match spec.split_once(':') {
            Some((name, function)) => (name, Some(function)),
            None => (spec, None),
        };
        let (target, function) = match function.and_then(|function| function.strip_suffix(')')?.split_once('(')) {
            Some((function, target)) => (target, Some(function)),
            None => (name, function),
        };
        let field = Self::target(known, target, spec)?;
        let Some(function) = function else {
            if !field.kind.is_number() || !field.sortable(view.version()) || field.name == "id" {
                return Ok(None);
            }
            return Self::new(view, known, name, field, "sum", spec).map(Some);
        };
        Self::new(view, known, name, field, function, spec).map(Some)
    }

    /// `amount_total:sum` or `__count`.
    fn parse_new(view: &View<'a>, known: &'a Known, spec: &str) -> Fallible<Self> {
        if spec == "__count" {
            let reader = Reader::Value(Cell::Null);
            return Ok(Self { name: spec.to_owned(), field: None, reader, function: Function::Count });
        }
        let Some((target, function)) = spec.split_once(':') else {
            return Err(Failure::value(format!("Aggregate method is mandatory for '{spec}'")));
        };
        Self::new(view, known, spec, Self::target(known, target, spec)?, function, spec)
    }

    fn target(known: &Known, target: &str, spec: &str) -> Fallible<&'static Field> {
        let model = known.model.name;
        let invalid = || Failure::value(format!("Invalid field '{target}' on model '{model}' for '{spec}'."));
        known.field(target).ok_or_else(invalid)
    }

    fn new(
        view: &View<'a>,
        known: &'a Known,
        name: &str,
        field: &'static Field,
        function: &str,
        spec: &str,
    ) -> Fallible<Self> {
        let function = match function {
            "sum" => Function::Sum,
            "avg" => Function::Average,
            "min" => Function::Least,
            "max" => Function::Greatest,
            "count" => Function::Count,
            "count_distinct" => Function::CountDistinct,
            other => return Err(Failure::value(format!("Invalid aggregate method '{other}' for '{spec}'."))),
        };
        stored(view, known, field)?;
        Ok(Self { name: name.to_owned(), field: Some(field), reader: Reader::new(view, known, field), function })
    }

    fn of(&self, view: &View<'_>, rows: &[Row<'_>]) -> Value {
        let Some(field) = self.field else { return json!(rows.len()) };
        let cells: Vec<_> = rows.iter().map(|row| self.reader.read(row, view)).filter(|cell| !cell.is_null()).collect();
        let written = |cell: Option<&Cell>| match cell {
            Some(cell) => {
                serde_json::to_value(&Written { view, kind: field.kind, cell, classic: false }).unwrap_or_default()
            }
            None => json!(false),
        };
        match self.function {
            Function::Count => json!(cells.len()),
            Function::CountDistinct => json!(cells.iter().collect::<std::collections::BTreeSet<_>>().len()),
            Function::Least => written(cells.iter().min()),
            Function::Greatest => written(cells.iter().max()),
            Function::Sum | Function::Average if rows.is_empty() => json!(false),
            Function::Sum if matches!(field.kind, Kind::Integer) => {
                json!(cells.iter().filter_map(Cell::as_int).sum::<i64>())
            }
            Function::Sum => json!(sum(&cells)),
            Function::Average => json!(sum(&cells) / cells.len().max(1) as f64),
        }
    }
}

/// An exact sum, as `numeric` columns have it.
fn sum(cells: &[Cell]) -> f64 {
    let units = cells
        .iter()
        .filter_map(Cell::as_dec)
        .map(|Dec { units, scale }| i128::from(units) * 10_i128.pow(u32::from(18_u8.saturating_sub(scale))));
    let exact = units.sum::<i128>() as f64 / 1e18;
    // Through text, so that no digit is there that the summands had not.
    format!("{exact:.6}").parse().unwrap_or(exact)
}

/// A term of the order of groups.
struct GroupSort {
    place: Place,
    ranks: Option<std::collections::HashMap<i64, usize>>,
    descending: bool,
}

enum Place {
    Key(usize),
    Value(usize),
    Count,
}

impl GroupSort {
    fn compare(&self, a: &Group, b: &Group) -> Ordering {
        let cell = |group: &Group| match self.place {
            Place::Count => Cell::Int(group.count as i64),
            Place::Value(at) => match &group.values[at] {
                Value::Number(number) => Dec::new((number.as_f64().unwrap_or_default() * 1e6) as i64, 6).into(),
                Value::String(text) => text.as_str().into(),
                _ => Cell::Null,
            },
            Place::Key(at) => match (&self.ranks, group.key[at].as_int()) {
                (Some(ranks), Some(id)) => ranks.get(&id).map(|rank| *rank as i64).into(),
                _ => group.key[at].clone(),
            },
        };
        order::compare(&cell(a), &cell(b), self.descending, self.descending)
    }
}

fn sorts(
    view: &View<'_>,
    order: Option<&str>,
    keys: &[Key<'_>],
    aggregates: &[Aggregate<'_>],
) -> Fallible<Vec<GroupSort>> {
    let by_key = |at: usize, descending| GroupSort {
        place: Place::Key(at),
        ranks: order::ranks(view, keys[at].field),
        descending,
    };
    let Some(order) = order else { return Ok((0..keys.len()).map(|at| by_key(at, false)).collect()) };
    let term = |term: &str| {
        let mut words = term.split_whitespace();
        let name = words.next().unwrap_or_default();
        let descending = words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"));
        if let Some(at) = keys.iter().position(|key| key.spec == name || key.field.name == name) {
            return Ok(by_key(at, descending));
        }
        let of_field = |aggregate: &Aggregate<'_>| aggregate.field.is_some_and(|field| field.name == name);
        let at = aggregates.iter().position(|aggregate| aggregate.name == name || of_field(aggregate));
        let place = match at {
            Some(at) => Place::Value(at),
            None if name == "__count" => Place::Count,
            None => {
                let message =
                    format!("Order term {} is not a valid aggregate nor valid groupby", python::repr_str(term));
                return Err(Failure::value(message));
            }
        };
        Ok(GroupSort { place, ranks: None, descending })
    };
    order.split(',').map(term).collect()
}
