//! The order of a search.

use std::{cmp::Ordering, collections::HashMap};

use super::{View, reader::Reader, records::field};
use crate::{
    odoo::{
        failure::{Failure, Fallible},
        models::{Field, Known},
    },
    store::{Cell, Filter, Row, Sort},
};

/// Some fields to sort by, one after the other.
pub(in crate::odoo) struct Order<'a> {
    keys: Vec<Key<'a>>,
}

struct Key<'a> {
    reader: Reader<'a>,
    /// For a reference: the places of the rows referred to in the order of their own model.
    ranks: Option<HashMap<i64, usize>>,
    descending: bool,
    nulls_first: bool,
}

/// A term of an order: `name desc nulls last`.
struct Term<'t> {
    name: &'t str,
    property: Option<&'t str>,
    descending: bool,
    nulls_first: Option<bool>,
}

impl<'a> Order<'a> {
    /// Reads an order; without one, the model's own.
    pub(super) fn parse(view: &View<'a>, known: &'a Known, order: Option<&str>) -> Fallible<Self> {
        let order = order.unwrap_or(known.order);
        let mut keys = Vec::new();
        for term in terms(order, view.version().orders_nulls())? {
            let field = field(known, term.name)?;
            if let Some(property) = term.property {
                return Err(no_property(view, known, term.name, property));
            }
            if !field.sortable(view.version()) {
                // Before 19 a field that is not stored is passed over in silence.
                if !view.version().rewritten() {
                    continue;
                }
                let (model, name) = (known.model.name, field.name);
                return Err(Failure::value(format!("Cannot convert {model}.{name} to SQL because it is not stored")));
            }
            let nulls_first = term.nulls_first.unwrap_or(term.descending);
            let reader = Reader::new(view, known, field);
            // A model in whose own order a reference to itself stands would be ordered for ever.
            let ranks = if field.kind.relation() == Some(known.model.name) { None } else { ranks(view, field) };
            keys.push(Key { reader, ranks, descending: term.descending, nulls_first });
        }
        Ok(Self { keys })
    }

    /// A page of the rows that fulfil a filter.
    pub(super) fn page(
        &self,
        view: &View<'a>,
        known: &Known,
        filter: &Filter,
        offset: usize,
        limit: Option<usize>,
    ) -> Vec<Row<'a>> {
        let table = view.table(known);
        let plain = self.keys.iter().map(|key| match (&key.reader, &key.ranks) {
            (Reader::Column(column), None) => {
                Some(Sort { column: *column, descending: key.descending, nulls_first: key.nulls_first })
            }
            _ => None,
        });
        if let Some(sorts) = plain.collect::<Option<Vec<_>>>() {
            return table.page(filter, &sorts, offset, limit);
        }
        let mut rows: Vec<(Vec<Cell>, Row<'a>)> =
            table.select(filter).map(|row| (self.cells(view, &row), row)).collect();
        rows.sort_by(|(a, _), (b, _)| self.compare(a, b));
        rows.into_iter().map(|(_, row)| row).skip(offset).take(limit.unwrap_or(usize::MAX)).collect()
    }

    fn cells(&self, view: &View<'a>, row: &Row<'a>) -> Vec<Cell> {
        let cell = |key: &Key<'a>| {
            let cell = key.reader.read(row, view);
            match (&key.ranks, cell.as_int()) {
                (Some(ranks), Some(id)) => ranks.get(&id).map(|rank| *rank as i64).into(),
                _ => cell,
            }
        };
        self.keys.iter().map(cell).collect()
    }

    fn compare(&self, a: &[Cell], b: &[Cell]) -> Ordering {
        let pairs = self.keys.iter().zip(a.iter().zip(b));
        pairs
            .map(|(key, (left, right))| compare(left, right, key.descending, key.nulls_first))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

/// Two cells under a direction.
pub(super) fn compare(left: &Cell, right: &Cell, descending: bool, nulls_first: bool) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if nulls_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if descending => right.cmp(left),
        (false, false) => left.cmp(right),
    }
}

/// The places of the rows that a reference can refer to, in their own order; an order by a reference goes by these.
pub(super) fn ranks(view: &View<'_>, field: &Field) -> Option<HashMap<i64, usize>> {
    let relation = view.model(field.kind.relation()?)?;
    let order = Order::parse(view, relation, None).ok()?;
    let rows = order.page(view, relation, &Filter::All, 0, None);
    Some(rows.iter().enumerate().map(|(rank, row)| (row.id(), rank)).collect())
}

fn terms(order: &str, with_nulls: bool) -> Fallible<Vec<Term<'_>>> {
    let invalid = || {
        Failure::user(format!(
            "Invalid \"order\" specified ({order}). A valid \"order\" specification is a comma-separated list of valid \
             field names (optionally followed by asc/desc for the direction)"
        ))
    };
    order.split(',').map(|text| term(text, with_nulls).ok_or_else(invalid)).collect()
}

fn term(text: &str, with_nulls: bool) -> Option<Term<'_>> {
    let mut words = text.split_whitespace().peekable();
    let field = words.next()?;
    let field = field.split_once(':').map_or(field, |(field, _)| field).trim_matches('"');
    let (name, property) = match field.split_once('.') {
        Some((name, property)) => (name, Some(property)),
        None => (field, None),
    };
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name(name) || property.is_some_and(|property| !is_name(property)) {
        return None;
    }
    let direction = words.next_if(|word| word.eq_ignore_ascii_case("asc") || word.eq_ignore_ascii_case("desc"));
    let descending = direction.is_some_and(|word| word.eq_ignore_ascii_case("desc"));
    let nulls_first = match words.next() {
        None => None,
        Some(word) if with_nulls && word.eq_ignore_ascii_case("nulls") => {
            let place = words.next()?;
            let (first, last) = (place.eq_ignore_ascii_case("first"), place.eq_ignore_ascii_case("last"));
            Some((first || last).then_some(first)?)
        }
        Some(_) => return None,
    };
    words.next().is_none().then_some(Term { name, property, descending, nulls_first })
}

fn no_property(view: &View<'_>, known: &Known, name: &str, property: &str) -> Failure {
    if view.version().rewritten() {
        return Failure::value(format!("Invalid field property '{property}' on {}.{name}", known.model.name));
    }
    Failure::value(format!("Order a property ('{property}') on a non-properties field ('{name}')"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_by_the_regular_expression_of_odoo() {
        for (order, old, new) in [
            ("id", true, true),
            ("name DESC , id asc", true, true),
            ("name desc nulls last", false, true),
            ("name nulls first", false, true),
            ("name foo", false, false),
            ("name,", false, false),
            ("name; drop table", false, false),
            ("", false, false),
        ] {
            assert_eq!((terms(order, false).is_ok(), terms(order, true).is_ok()), (old, new), "{order}");
        }
    }
}
