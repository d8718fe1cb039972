//! The children of many parents: one read for each parent and set, all in one batch, so that a big parent crowds out nobody.

use super::{
    SapB1,
    books::Books,
    join::{self, KEYS_PER_JOIN},
    reading::{Reading, Scope},
    reads::{Selection, present, read_all},
};
use crate::{
    adapter::{Children, ChildrenQuery, Ctx, Order, Position, SetPage},
    error::{Error, Result},
    mapping::{From, Literal, Plan, Predicate, SetMapping, SourceCondition, SourceFilter, SourceOp, Take, With},
    model::{Direction, EntityType, Record, RemoteRef, SourceSet, Value},
    odata::filter::any,
};
use futures_util::future::try_join_all;
use std::{cmp::Ordering, collections::HashMap, sync::Arc};

/// More elements than a record of the source has.
const ELEMENTS: usize = 10_000;

pub(super) async fn list(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    entity: EntityType,
    query: &ChildrenQuery,
) -> Result<Children> {
    let (sets, _) = present(books, entity, query.sets.iter().map(|set| (set, ())))?;
    let selection = Selection::new(b1, books, sets, &query.filter, &query.order);
    let mut fields = selection.fields(query.fields, &query.order);
    fields.insert(query.via);
    let links = Links::find(b1, ctx, entity, query, &selection).await?;
    let plans: Vec<_> = selection.sets.iter().map(|(set, ..)| Arc::new(Plan::new(set, fields))).collect();

    let mut readings = Vec::new();
    let mut places = Vec::new();
    for (at, parent) in query.parents.iter().enumerate() {
        for ((set, columns, narrowed), plan) in selection.sets.iter().zip(&plans) {
            let Some(only) = links.of(set, parent) else { continue };
            // The elements of one record of the source are sorted here, by whatever they are to be sorted by.
            let scope = if links.is_whole(set) {
                Scope { set, plan, order: &[], after: None, limit: ELEMENTS }
            } else {
                Scope { set, plan, order: &query.order, after: None, limit: query.per_parent }
            };
            readings.push(Reading::new(&scope, narrowed, &only, &b1.dialect(columns, selection.folded))?);
            places.push((at, set.set.clone()));
        }
    }
    let mut found: HashMap<(usize, SourceSet), SetPage> = HashMap::with_capacity(places.len());
    let pages = read_all(b1, ctx, readings, selection.folded, &b1.env(ctx, books)).await?;
    for (place, mut page) in places.into_iter().zip(pages) {
        if selection.folded {
            // HANA then also finds the children of a parent whose key differs by case alone.
            let parent = &query.parents[place.0];
            page.rows.retain(|row| !matches!(row.record.get(query.via), Value::Ref(to) if to != parent));
        }
        if selection.sets.iter().any(|(set, ..)| set.set == place.1 && links.is_whole(set)) {
            sort(&mut page, &query.order, query.per_parent);
        }
        found.insert(place, page);
    }
    let mut page = |at: usize, set: &SourceSet| found.remove(&(at, set.clone())).unwrap_or_else(|| SetPage::empty(set));
    let parents = (0..query.parents.len()).map(|at| query.sets.iter().map(|set| page(at, set)).collect()).collect();
    Ok(Children { parents, left: selection.left })
}

/// Brings all children of a parent into their order, and leaves the first of them.
fn sort(page: &mut SetPage, order: &[Order], limit: usize) {
    let position = |record: &Record| Position::After {
        values: order.iter().map(|order| record.get(order.field).clone()).collect(),
        id: record.key.id.clone(),
    };
    page.rows.sort_by(|a, b| {
        let by_key = |key: &Order| {
            let (x, y) = (a.record.get(key.field), b.record.get(key.field));
            let nulls = x.is_null() || y.is_null();
            if key.direction == Direction::Desc && !nulls { y.compare(x) } else { x.compare(y) }
        };
        order.iter().map(by_key).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    let more = page.rows.len() > limit;
    page.rows.truncate(limit);
    for row in &mut page.rows {
        row.position = position(&row.record);
    }
    page.next = page.rows.last().filter(|_| more).map(|row| row.position.clone());
}

/// How the children of a parent are found.
enum Links {
    /// By a property that holds the parent's id.
    Property(HashMap<SourceSet, Link>),
    /// By their ids, which were looked up: for each parent.
    Ids(HashMap<RemoteRef, Vec<u64>>, SourceSet),
}

struct Link {
    path: Box<str>,
    parents: SourceSet,
    number: bool,
    /// What else holds for rows in which the property points to a parent.
    when: Vec<SourceFilter>,
}

impl Links {
    async fn find(
        b1: &SapB1,
        ctx: &Ctx,
        entity: EntityType,
        query: &ChildrenQuery,
        selection: &Selection,
    ) -> Result<Self> {
        let mut properties = HashMap::new();
        for (set, ..) in &selection.sets {
            let from = set.field(query.via).map(|mapping| &mapping.from);
            let (from, when) = match from {
                Some(From::When(of, when)) => (Some(&**of), when.as_slice()),
                from => (from, &[][..]),
            };
            match from {
                Some(From::Ref { paths, set: parents, number }) if !paths.is_empty() => {
                    let when = when.iter().filter_map(Predicate::condition).collect();
                    let link = Link { path: paths[0].as_str().into(), parents: parents.clone(), number: *number, when };
                    properties.insert(set.set.clone(), link);
                }
                // The order of an invoice is named in its lines, which no `$filter` reaches.
                Some(From::Elements { path: Some(lines), when, take: Take::One(of), .. }) => {
                    if let From::Ref { paths, .. } = &**of
                        && let Some(order) = paths.first()
                    {
                        let lines = Lines { set: &set.set, lines: lines.as_str(), when, order: order.as_str() };
                        return Self::join(b1, ctx, query, &lines).await;
                    }
                }
                None => {}
                Some(_) => {
                    let def = entity.def();
                    let message =
                        format!("SAP Business One cannot list {} by {}.", def.plural, def.field(query.via).name);
                    return Err(Error::unsupported(message));
                }
            }
        }
        Ok(Self::Property(properties))
    }

    /// Finds the documents whose lines were copied from orders, by a join of the documents with their lines (guide, 3.7.10).
    async fn join(b1: &SapB1, ctx: &Ctx, query: &ChildrenQuery, lines: &Lines<'_>) -> Result<Self> {
        let number = |parent: &RemoteRef| parent.id.parse::<u64>().ok();
        let orders: Vec<u64> = query.parents.iter().filter_map(number).collect();
        let joins = orders.chunks(KEYS_PER_JOIN).map(|orders| copies(b1, ctx, lines, orders));
        let mut by_order: HashMap<u64, Vec<u64>> = HashMap::new();
        for (order, document) in try_join_all(joins).await?.concat() {
            let documents = by_order.entry(order).or_default();
            if !documents.contains(&document) {
                documents.push(document);
            }
        }
        let ids =
            query.parents.iter().filter_map(|parent| Some((parent.clone(), by_order.get(&number(parent)?)?.clone())));
        Ok(Self::Ids(ids.collect(), lines.set.clone()))
    }

    /// Whether the children of a parent are the elements of one record of the source.
    fn is_whole(&self, set: &SetMapping) -> bool {
        match self {
            Self::Property(links) if set.each.is_some() => {
                links.get(&set.set).is_some_and(|link| *link.path == *set.id.as_str())
            }
            _ => false,
        }
    }

    /// The condition on a parent's children in a set; none where it can have none there.
    fn of(&self, set: &SetMapping, parent: &RemoteRef) -> Option<SourceFilter> {
        let (path, values, when): (&str, _, &[_]) = match self {
            Self::Property(links) => {
                let link = links.get(&set.set).filter(|link| link.parents == parent.set)?;
                (&link.path, vec![link.literal(parent)?], &link.when)
            }
            Self::Ids(ids, of) => {
                let ids = ids.get(parent).filter(|_| *of == set.set)?;
                (set.id.as_str(), ids.iter().filter_map(|id| set.id_literal(&id.to_string())).collect(), &[])
            }
        };
        let is = SourceFilter::Is(SourceCondition { path: path.into(), op: SourceOp::In, values });
        Some(SourceFilter::and(std::iter::once(is).chain(when.iter().cloned()).collect()))
    }
}

impl Link {
    fn literal(&self, parent: &RemoteRef) -> Option<Literal> {
        if self.number {
            parent.id.parse::<i64>().ok().map(|id| Literal::Number(id.into()))
        } else {
            Some(Literal::Text(parent.id.clone()))
        }
    }
}

/// The lines of documents, and where they name an order.
struct Lines<'m> {
    set: &'m SourceSet,
    lines: &'m str,
    when: &'m [Predicate],
    order: &'m str,
}

/// A row of the join: for each side its properties.
type Joined = HashMap<String, serde_json::Value>;

/// Pairs of an order and a document with a line that was copied from it.
async fn copies(b1: &SapB1, ctx: &Ctx, of: &Lines<'_>, orders: &[u64]) -> Result<Vec<(u64, u64)>> {
    let Lines { set, order, .. } = of;
    let lines = format!("{set}/{}", of.lines);
    let alternatives: Vec<_> = orders.iter().map(|id| format!("{lines}/{order} eq {id}")).collect();
    let when = of.when.iter().map(|predicate| match &predicate.with {
        With::Literals(values) if predicate.op == SourceOp::Eq => match values.as_slice() {
            [Literal::Number(kind)] => Some(format!("{lines}/{} eq {kind} and ", predicate.path.as_str())),
            _ => None,
        },
        _ => None,
    });
    let when: Option<String> = when.collect();
    let when = when.ok_or_else(|| Error::unsupported("SAP Business One cannot join these lines."))?;
    let options = format!(
        "$expand={set}($select=DocEntry),{lines}($select={order})&$filter={set}/DocEntry eq {lines}/DocEntry and {when}{}",
        any(&alternatives)
    );
    let mut pairs = Vec::new();
    for row in join::join(&b1.service, ctx, set.as_str(), &lines, &options).await? {
        let row: Joined = serde_json::from_slice(&row)
            .map_err(|e| Error::bad_response("the ERP's answer to a join cannot be read").with_detail(e.to_string()))?;
        let value = |side: &str, name: &str| row.get(side)?.get(name)?.as_u64();
        if let (Some(document), Some(order)) = (value(set.as_str(), "DocEntry"), value(&lines, order)) {
            pairs.push((order, document));
        }
    }
    Ok(pairs)
}
