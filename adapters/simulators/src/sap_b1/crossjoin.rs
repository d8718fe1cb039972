//! `$crossjoin`: sets and collections joined on equal properties, which is the only way to filter by lines.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    apply::Apply,
    call::{Answer, Call},
    catalogue,
    condition::{Comparison, Condition, Field},
    edm::{Source as From, Type},
    filter::{self, Scope},
    list::{Page, Window},
    options::{OrderBy, QueryOptions, split_outside},
    record::{Books, Inner, Plan},
    refusal::Refusal,
};
use crate::store::{Cell, Filter, Row, Table};

/// A set or a collection that takes part.
struct Source<'t> {
    /// Such as `Orders` or `Orders/DocumentLines`.
    path: String,
    kind: &'static Type,
    table: &'t Table,
}

/// The names of properties: the path of their source, a slash, their own name.
struct Joined<'a, 't> {
    sources: &'a [Source<'t>],
    missing: &'a [&'static str],
}

impl Scope for Joined<'_, '_> {
    fn field(&self, name: &str) -> Option<Field> {
        let (path, name) = name.rsplit_once('/')?;
        let source = self.source(path)?;
        Some(Field { source, property: self.sources[source].kind.property(name, self.missing)? })
    }

    fn source(&self, path: &str) -> Option<usize> {
        self.sources.iter().position(|source| source.path == path)
    }

    fn type_name(&self) -> &'static str {
        "Edm.ComplexType"
    }

    fn joins(&self) -> bool {
        true
    }
}

/// Answers `$crossjoin(sets)?options`. `with_collections` is what the query service adds to the plain resource.
///
/// # Errors
/// If a set is unknown, the options are not valid, or nothing ties the sets to each other.
pub(super) fn answer(
    call: &Call<'_>,
    books: Books<'_>,
    sets: &str,
    options: &QueryOptions,
    (with_collections, page_size): (bool, usize),
) -> Result<Answer, Refusal> {
    let sources = sources(books, sets, with_collections)?;
    let scope = Joined { sources: &sources, missing: books.missing };
    if let Some(apply) = &options.apply {
        return aggregated(call, (sets, &sources), &scope, options, (apply, page_size));
    }
    let expands = options.expand()?;
    let Some(condition) = options.condition(&scope)?.filter(|_| !expands.is_empty()) else {
        return Err(Refusal::crossjoin());
    };
    let mut shown = Vec::with_capacity(expands.len());
    for expand in &expands {
        let source = sources.iter().position(|source| source.path == expand.name).ok_or_else(Refusal::crossjoin)?;
        shown.push((source, plan(books, &sources[source], expand.select.as_deref())?));
    }
    let order = options.order(&scope)?;
    let mut joined = join(&sources, condition, call.preferences.ignore_case)?;
    joined.sort_by(|left, right| compare(&order, left, right));
    let count = options.count.then_some(joined.len());
    let window = Window::new(options, call.preferences.page_size.unwrap_or(page_size));
    let rows = joined.iter().skip(options.skip).take(window.limit.unwrap_or(usize::MAX));
    let value: Vec<_> = rows.map(|rows| Tuple { sources: &sources, shown: &shown, rows }).collect();
    let next = window.followed(value.len()).map(|page| format!("$crossjoin({sets})?{}", options.next(page)));
    let context = "$metadata#Collection(Edm.ComplexType)".to_owned();
    Ok(Answer::json(call.version, &Page { version: call.version, context, count, value: &value, next }))
}

/// Answers with groups and sums of joined rows.
fn aggregated(
    call: &Call<'_>,
    (sets, sources): (&str, &[Source<'_>]),
    scope: &Joined<'_, '_>,
    options: &QueryOptions,
    (text, page_size): (&str, usize),
) -> Result<Answer, Refusal> {
    let apply = Apply::parse(text, scope)?;
    let inner = apply.filters.iter().map(|condition| filter::parse(condition, scope));
    let conditions = inner.chain(options.condition(scope).transpose()).collect::<Result<Vec<_>, _>>()?;
    let joined = join(sources, Condition::And(conditions), call.preferences.ignore_case)?;
    let mut rows = apply.rows(joined.into_iter());
    apply.sort(&mut rows, &options.order_names()?, scope)?;
    let paths: Vec<String> = sources.iter().map(|source| source.path.clone()).collect();
    let count = options.count.then_some(rows.len());
    let window = Window::new(options, call.preferences.page_size.unwrap_or(page_size));
    let shown = rows.iter().skip(options.skip).take(window.limit.unwrap_or(usize::MAX));
    let value: Vec<_> = shown.map(|cells| apply.show(call.version, &paths, cells)).collect();
    let next = window.followed(value.len()).map(|page| format!("$crossjoin({sets})?{}", options.next(page)));
    let context = "$metadata#Collection(Edm.ComplexType)".to_owned();
    Ok(Answer::json(call.version, &Page { version: call.version, context, count, value: &value, next }))
}

fn sources<'t>(books: Books<'t>, sets: &str, with_collections: bool) -> Result<Vec<Source<'t>>, Refusal> {
    let sources = split_outside(sets, ',').into_iter().map(|path| {
        let path = path.trim().to_owned();
        let (kind, table) = match catalogue::set(&path) {
            Some(set) => (set.kind, books.table(set.name)),
            None if with_collections => {
                let (kind, child) = catalogue::collection(&path).ok_or_else(Refusal::crossjoin)?;
                (kind, books.table(child.table))
            }
            None => return Err(Refusal::crossjoin()),
        };
        Ok(Source { path, kind, table })
    });
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    if sources.len() < 2 { Err(Refusal::crossjoin()) } else { Ok(sources) }
}

fn plan<'t>(books: Books<'t>, source: &Source<'t>, select: Option<&[&str]>) -> Result<Plan<'t>, Refusal> {
    let known = |name: &str| source.kind.property(name, books.missing).is_some();
    if let Some(unknown) = select.into_iter().flatten().find(|name| !known(name)) {
        return Err(Refusal::property_of(unknown, source.kind.name));
    }
    Ok(books.rows(source.kind, source.table, &|property| match select {
        Some(names) => names.contains(&property.name),
        None => matches!(property.source, From::Column(_)),
    }))
}

/// One row of each source, by the position of the source.
type Rows<'t> = Vec<Row<'t>>;

fn join<'t>(sources: &[Source<'t>], condition: Condition, ignore_case: bool) -> Result<Vec<Rows<'t>>, Refusal> {
    let conjuncts = condition.conjuncts();
    let filters: Vec<Filter> = sources
        .iter()
        .enumerate()
        .map(|(position, source)| {
            let own = conjuncts.iter().filter(|condition| condition.only_of(position));
            Filter::And(own.map(|condition| condition.filter(source.table, ignore_case)).collect())
        })
        .collect();
    let links: Vec<(Field, Field)> = conjuncts.iter().filter_map(link).collect();
    let rest: Vec<&Condition> =
        conjuncts.iter().filter(|condition| !(0..sources.len()).any(|position| condition.only_of(position))).collect();

    // Beginning with the fewest rows keeps a query for one item's lines from walking through all headers.
    let size = |position: &usize| match &filters[*position] {
        Filter::And(own) if own.is_empty() => sources[*position].table.len(),
        filter => sources[*position].table.count(filter),
    };
    let first = (0..sources.len()).min_by_key(size).unwrap_or_default();
    let mut bound = vec![first];
    let mut found: Vec<Vec<Option<Row<'t>>>> = sources[first]
        .table
        .select(&filters[first])
        .map(|row| (0..sources.len()).map(|position| (position == first).then_some(row)).collect())
        .collect();
    while bound.len() < sources.len() {
        let step = links.iter().find_map(|(left, right)| {
            match (bound.contains(&left.source), bound.contains(&right.source)) {
                (true, false) => Some((*left, *right)),
                (false, true) => Some((*right, *left)),
                _ => None,
            }
        });
        // A product of everything with everything is refused, as the guide says of a bare `$crossjoin`.
        let (from, to) = step.ok_or_else(Refusal::crossjoin)?;
        let From::Column(column) = to.property.source else { return Err(Refusal::crossjoin()) };
        let table = sources[to.source].table;
        let column = table.column(column).ok_or_else(Refusal::crossjoin)?;
        let mut longer = Vec::new();
        for rows in found {
            let key = rows[from.source].map(|row| from.cell(&row)).unwrap_or_default();
            let equal = Filter::eq(column, key);
            for row in table.select(&equal).filter(|row| filters[to.source].holds(row)) {
                let mut rows = rows.clone();
                rows[to.source] = Some(row);
                longer.push(rows);
            }
        }
        found = longer;
        bound.push(to.source);
    }
    let complete = found.into_iter().filter_map(|rows| rows.into_iter().collect::<Option<Rows<'t>>>());
    Ok(complete.filter(|rows| rest.iter().all(|condition| condition.holds(rows, ignore_case) == Some(true))).collect())
}

fn link(condition: &Condition) -> Option<(Field, Field)> {
    match condition {
        Condition::Fields(left, Comparison::Eq, right) if left.source != right.source => Some((*left, *right)),
        _ => None,
    }
}

fn compare(order: &[OrderBy], left: &Rows<'_>, right: &Rows<'_>) -> std::cmp::Ordering {
    let by_order = order.iter().map(|order| {
        let cell = |rows: &Rows<'_>| -> Cell { order.field.cell(&rows[order.field.source]) };
        let ordering = cell(left).cmp(&cell(right));
        if order.descending { ordering.reverse() } else { ordering }
    });
    let by_id = left.iter().zip(right).map(|(left, right)| left.id().cmp(&right.id()));
    by_order.chain(by_id).find(|ordering| ordering.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

/// A joined row as the wire shows it: an object for each source that is expanded.
struct Tuple<'a, 't> {
    sources: &'a [Source<'t>],
    shown: &'a [(usize, Plan<'t>)],
    rows: &'a Rows<'t>,
}

impl Serialize for Tuple<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.shown.len()))?;
        for (source, plan) in self.shown {
            map.serialize_entry(&self.sources[*source].path, &Inner { plan, row: self.rows[*source] })?;
        }
        map.end()
    }
}
