//! The children of many parents: one read for each parent and set, all in one batch, so that a big parent crowds out nobody.

use super::{
    SapB1,
    books::Books,
    reading::{Reading, Scope},
    reads::{Selection, read_all},
};
use crate::{
    adapter::{Children, ChildrenQuery, Ctx, SetPage},
    error::{Error, Result},
    mapping::{From, Literal, Plan, SetMapping, SourceCondition, SourceFilter, SourceOp},
    model::{EntityType, RemoteRef, SourceSet, Value},
    odata::{body::Page, filter::any},
};
use futures_util::future::try_join_all;
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc};

/// The number of a sales order's kind, by which lines name what they were copied from.
const SALES_ORDER: u32 = 17;
/// So many orders are looked up in one join.
const ORDERS_PER_JOIN: usize = 100;

pub(super) async fn list(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    entity: EntityType,
    query: &ChildrenQuery,
) -> Result<Children> {
    let sets = query.sets.iter().map(|set| books.set(entity, set).cloned()).collect::<Result<Vec<_>>>()?;
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
            let scope = Scope { set, plan, order: &query.order, after: None, limit: query.per_parent };
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
        found.insert(place, page);
    }
    let mut page = |at: usize, set: &SourceSet| {
        let empty = || SetPage { set: set.clone(), rows: Vec::new(), next: None, quarantined: Vec::new() };
        found.remove(&(at, set.clone())).unwrap_or_else(empty)
    };
    let parents = (0..query.parents.len()).map(|at| query.sets.iter().map(|set| page(at, set)).collect()).collect();
    Ok(Children { parents, left: selection.left })
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
            match set.field(query.via).map(|mapping| &mapping.from) {
                Some(From::Ref { paths, set: parents, number }) if !paths.is_empty() => {
                    let link = Link { path: paths[0].as_str().into(), parents: parents.clone(), number: *number };
                    properties.insert(set.set.clone(), link);
                }
                // The order of an invoice is named in its lines, which no `$filter` reaches.
                Some(From::Elements { path: Some(_), .. }) => return Self::join(b1, ctx, query, &set.set).await,
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
    async fn join(b1: &SapB1, ctx: &Ctx, query: &ChildrenQuery, set: &SourceSet) -> Result<Self> {
        let number = |parent: &RemoteRef| parent.id.parse::<u64>().ok();
        let orders: Vec<u64> = query.parents.iter().filter_map(number).collect();
        let joins = orders.chunks(ORDERS_PER_JOIN).map(|orders| join(b1, ctx, set, orders));
        let mut by_order: HashMap<u64, Vec<u64>> = HashMap::new();
        for (order, document) in try_join_all(joins).await?.concat() {
            let documents = by_order.entry(order).or_default();
            if !documents.contains(&document) {
                documents.push(document);
            }
        }
        let ids =
            query.parents.iter().filter_map(|parent| Some((parent.clone(), by_order.get(&number(parent)?)?.clone())));
        Ok(Self::Ids(ids.collect(), set.clone()))
    }

    /// The condition on a parent's children in a set; none where it can have none there.
    fn of(&self, set: &SetMapping, parent: &RemoteRef) -> Option<SourceFilter> {
        let (path, values): (&str, _) = match self {
            Self::Property(links) => {
                let link = links.get(&set.set).filter(|link| link.parents == parent.set)?;
                (&link.path, vec![link.literal(parent)?])
            }
            Self::Ids(ids, of) => {
                let ids = ids.get(parent).filter(|_| *of == set.set)?;
                (set.id.as_str(), ids.iter().filter_map(|id| set.id_literal(&id.to_string())).collect())
            }
        };
        Some(SourceFilter::Is(SourceCondition { path: path.into(), op: SourceOp::In, values }))
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

/// A row of the join.
#[derive(Deserialize)]
struct Joined {
    #[serde(flatten)]
    sides: HashMap<String, Side>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Side {
    doc_entry: Option<u64>,
    base_entry: Option<u64>,
}

/// Pairs of an order and a document with a line that was copied from it.
async fn join(b1: &SapB1, ctx: &Ctx, set: &SourceSet, orders: &[u64]) -> Result<Vec<(u64, u64)>> {
    let lines = format!("{set}/DocumentLines");
    let alternatives: Vec<_> = orders.iter().map(|order| format!("{lines}/BaseEntry eq {order}")).collect();
    let mut pairs = Vec::new();
    let mut skip = 0;
    loop {
        let mut option = format!(
            "$expand={set}($select=DocEntry),{lines}($select=BaseEntry)&$filter={set}/DocEntry eq {lines}/DocEntry and \
             {lines}/BaseType eq {SALES_ORDER} and {}",
            any(&alternatives)
        );
        if skip > 0 {
            option += &format!("&$skip={skip}");
        }
        let body = serde_json::json!({ "QueryPath": format!("$crossjoin({set},{lines})"), "QueryOption": option });
        let response = b1.service.function(ctx, "QueryService_PostQuery", &body).await?;
        let page = Page::read(&response.body)?;
        for row in &page.rows {
            let row: Joined = serde_json::from_slice(row).map_err(|e| {
                Error::bad_response("the ERP's answer to a join cannot be read").with_detail(e.to_string())
            })?;
            let side = |name: &str| row.sides.get(name);
            if let (Some(document), Some(order)) =
                (side(set.as_str()).and_then(|s| s.doc_entry), side(&lines).and_then(|s| s.base_entry))
            {
                pairs.push((order, document));
            }
        }
        skip += page.rows.len();
        if !page.more || page.rows.is_empty() {
            return Ok(pairs);
        }
    }
}
