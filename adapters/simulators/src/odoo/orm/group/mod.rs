//! `read_group`, and what took its place in 19, `formatted_read_group`.

mod aggregate;
mod having;
mod key;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use serde_json::{Map, Value, json};

use super::{Scope, View, order};
use crate::{
    decimal::Dec,
    odoo::{
        failure::{Failure, Fallible},
        models::{Field, Known},
        python::{self, Dict},
    },
    store::{Cell, Row},
};
use aggregate::Aggregate;
use key::{Key, Span};

/// What is grouped, by what, and what is worked out of each group.
pub(in crate::odoo) struct Grouping<'q> {
    pub(in crate::odoo) domain: &'q Value,
    pub(in crate::odoo) by: Vec<String>,
    pub(in crate::odoo) aggregates: Vec<String>,
    pub(in crate::odoo) order: Option<&'q str>,
    pub(in crate::odoo) offset: usize,
    pub(in crate::odoo) limit: Option<usize>,
    pub(in crate::odoo) lazy: bool,
    /// Conditions on what is worked out, all of which must hold: `[["__count", ">", 3]]`.
    pub(in crate::odoo) having: &'q Value,
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
    let groups = groups(view, known, scope, query, &keys, &aggregates, &[])?;
    let row = |group: &Group| {
        let mut row = Dict::default();
        let mut ranges = Map::new();
        let mut domains = vec![query.domain.as_array().cloned().unwrap_or_default()];
        for (key, cell) in keys.iter().zip(&group.key) {
            let value = match (key.grain, key.span(cell)) {
                (_, Some(Span { from, to, label })) => {
                    ranges.insert(key.spec.clone(), json!({ "from": from, "to": to }));
                    json!(label)
                }
                (Some(_), None) => {
                    ranges.insert(key.spec.clone(), json!(false));
                    json!(false)
                }
                (None, None) => key.value(view, cell),
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
    let conditions = having::conditions(view, known, query.having)?;
    let groups = groups(view, known, scope, query, &keys, &aggregates, &conditions)?;
    let row = |group: &Group| {
        let mut row = Dict::default();
        for (key, cell) in keys.iter().zip(&group.key) {
            let value = match key.span(cell) {
                Some(Span { from, label, .. }) => json!([from, label]),
                None => key.value(view, cell),
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
    having: &[having::Condition<'a>],
) -> Fallible<Vec<Group>> {
    let filter = view.filter(known, scope, query.domain)?;
    let mut found: BTreeMap<Vec<Cell>, Vec<Row<'a>>> = BTreeMap::new();
    for row in view.table(known).select(&filter) {
        // A row with several references is in the group of each.
        let mut places: Vec<Vec<Cell>> = vec![Vec::with_capacity(keys.len())];
        for key in keys {
            let cells = key.cells(view, &row);
            places = places
                .into_iter()
                .flat_map(|place| cells.iter().map(move |cell| [&place[..], std::slice::from_ref(cell)].concat()))
                .collect();
        }
        for place in places {
            found.entry(place).or_default().push(row);
        }
    }
    if keys.is_empty() && found.is_empty() {
        found.insert(Vec::new(), Vec::new());
    }
    found.retain(|_, rows| having.iter().all(|condition| condition.holds(view, rows)));
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

/// Refuses what no groups can be made by.
fn groupable(view: &View<'_>, known: &Known, field: &Field) -> Fallible<()> {
    if field.groupable(view.version()) { Ok(()) } else { stored(view, known, field) }
}

/// Refuses what is in no column.
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

/// A term of the order of groups.
struct GroupSort {
    place: Place,
    ranks: Option<HashMap<i64, usize>>,
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
