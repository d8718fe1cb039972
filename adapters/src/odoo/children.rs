//! The first children of many parents, in as few calls as they fit into.
//!
//! Odoo knows no limit for each parent. One call reads the beginning of all children together; where a big parent crowds out
//! others, one more call goes on after it for those only that still lack some. The answer is exact; only where several big
//! parents follow each other it takes more calls.

use super::{
    Odoo,
    books::Search,
    join::{By, Lookup},
    list::{ids_in, name_of, pointed_to, requested, with_order},
    order::{Sorting, cells, id_of},
    scan::{self, Scan, Want},
    view::View,
    wire,
};
use crate::{
    adapter::{Children, ChildrenQuery, Ctx, Position, Row, SetPage},
    error::{Error, Result},
    filter::{Filter, Op},
    mapping::{From, Plan, Pushed, SetMapping, SourceFilter, push},
    model::{EntityType, FieldId, SourceSet, Value},
};
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};

/// At least so many rows are read at first: it costs Odoo a few milliseconds, and most lists fit.
const FIRST_READ: usize = 500;
/// So many rows are read for the parents that were crowded out.
const NEXT_READ: usize = 4_000;

/// How the children point to their parents.
enum Link<'m> {
    /// By a field of their own, where a condition may have to hold.
    Field(&'m str, SourceFilter),
    /// By a field of the parents, which was read: for each child its parents.
    Listed(HashMap<i64, Vec<i64>>),
}

impl Link<'_> {
    /// The condition for the children of these parents.
    fn condition(&self, parents: &HashSet<i64>) -> SourceFilter {
        match self {
            Self::Field(path, when) => {
                SourceFilter::and(vec![ids_in(path, sorted(parents.iter().copied())), when.clone()])
            }
            Self::Listed(parents_of) => {
                let theirs = parents_of.iter().filter(|(_, of)| of.iter().any(|parent| parents.contains(parent)));
                ids_in("id", sorted(theirs.map(|(child, _)| *child)))
            }
        }
    }

    fn parents(&self, row: &scan::Row) -> Result<Vec<i64>> {
        match self {
            Self::Field(path, _) => Ok(pointed_to(&row.json, path)?.into_iter().collect()),
            Self::Listed(parents_of) => Ok(parents_of.get(&row.id).cloned().unwrap_or_default()),
        }
    }
}

/// In a fixed order, so that equal queries make equal calls.
fn sorted(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids
}

impl Odoo {
    pub(super) async fn children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children> {
        let view = self.view(ctx, entity).await?;
        let accents = self.accents(ctx, &view, &query.filter).await?;
        let parts = query.sets.iter().map(|set| children_of_set(ctx, &view, entity, query, set, accents));
        let parts = futures_util::future::try_join_all(parts).await?;
        let mut parents: Vec<Vec<SetPage>> = query.parents.iter().map(|_| Vec::with_capacity(parts.len())).collect();
        let mut left = Vec::new();
        for (pages, rest) in parts {
            parents.iter_mut().zip(pages).for_each(|(parent, page)| parent.push(page));
            if !rest.is_all() && !left.contains(&rest) {
                left.push(rest);
            }
        }
        Ok(Children { parents, left: Filter::And(left).simplify() })
    }
}

async fn children_of_set(
    ctx: &Ctx,
    view: &View,
    entity: EntityType,
    query: &ChildrenQuery,
    set: &SourceSet,
    accents: bool,
) -> Result<(Vec<SetPage>, Filter)> {
    let set = view.set(entity, set)?;
    let dialect = view.dialect(set, accents);
    let Pushed { source, left } = push(&query.filter, set, true, &|c| dialect.fit(c));
    let empty = || SetPage { set: set.set.clone(), rows: Vec::new(), next: None, quarantined: Vec::new() };
    let mut pages: Vec<SetPage> = query.parents.iter().map(|_| empty()).collect();
    let (parent_set, link) = match set.field(query.via).map(|mapping| &mapping.from) {
        Some(From::Ref { paths, set, .. }) => {
            (set, paths.first().map(|path| Link::Field(path.as_str(), SourceFilter::ALL)))
        }
        Some(From::When(of, _)) => match &**of {
            From::Ref { paths, set: parents, .. } => {
                // What the condition of the field is, the mapping knows: that it has a value.
                let given = Filter::of(entity, name_of(entity, query.via), Op::IsNull, vec![Value::Bool(false)]);
                let Pushed { source, left } = push(&given, set, true, &|c| dialect.fit(c));
                if !left.is_all() {
                    return Err(unsupported(entity, query.via));
                }
                (parents, paths.first().map(|path| Link::Field(path.as_str(), source)))
            }
            _ => return Err(unsupported(entity, query.via)),
        },
        Some(From::Elements { take: crate::mapping::Take::One(of), .. }) => match &**of {
            From::Ref { set, .. } => (set, None),
            _ => return Err(unsupported(entity, query.via)),
        },
        _ => return Err(unsupported(entity, query.via)),
    };
    let ids = query
        .parents
        .iter()
        .map(|parent| Some(parent.id.parse::<i64>().ok()).flatten().filter(|_| parent.set == *parent_set));
    let ids: Vec<Option<i64>> = ids.collect();
    let parents: HashSet<i64> = ids.iter().copied().flatten().collect();
    if source.is_none() || parents.is_empty() || query.per_parent == 0 {
        return Ok((pages, left));
    }
    let link = match link {
        Some(link) => link,
        None => listed_by_parents(ctx, view, set, query.via, &parents).await?,
    };
    let mut fields = with_order(query.fields.union(left.fields()), &query.order);
    fields.insert(query.via);
    if matches!(link, Link::Listed(_)) && !query.fields.contains(query.via) {
        // The children need not be asked for what their parents have told.
        fields = fields.iter().filter(|field| *field != query.via).collect();
    }
    let plan = Plan::new(set, fields);
    let sorting = Sorting::new(
        set,
        &query.order,
        view.fields(set),
        view.books.link.version.is_from(17),
        view.books.company.zone,
    )?;
    let also = if let Link::Field(path, _) = &link { Some(*path) } else { None };
    let scan = Scan {
        books: &view.books,
        dialect: &dialect,
        set,
        order: &query.order,
        sorting: &sorting,
        fields: requested(view, set, &plan, &sorting, also),
        names: view.needs_names(set, plan.held()) || sorting.needs_names(),
        operation: "children",
    };
    let filter = SourceFilter::and(vec![source, view.of_company(set)]);
    let (rows, of_parents) = first_of_each(ctx, &scan, &filter, &link, parents, query.per_parent).await?;

    let shown = |rows: &[usize]| rows[..rows.len().min(query.per_parent)].to_vec();
    let mut wanted: Vec<usize> = of_parents.values().flat_map(|rows| shown(rows)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let raw: Vec<&RawValue> = wanted.iter().map(|at| &*rows[*at].json).collect();
    let records = view.records(ctx, &plan, set, &raw).await?;
    let records: HashMap<usize, _> = wanted.iter().copied().zip(records).collect();
    for (page, id) in pages.iter_mut().zip(ids) {
        let Some(own) = id.and_then(|id| of_parents.get(&id)) else { continue };
        let first = shown(own);
        for at in &first {
            match records.get(at) {
                Some(Ok(record)) => page.rows.push(Row { record: record.clone(), position: rows[*at].position() }),
                Some(Err(quarantined)) => page.quarantined.push(quarantined.clone()),
                None => {}
            }
        }
        if own.len() > first.len() {
            page.next = first.last().map(|at| rows[*at].position());
        }
    }
    Ok((pages, left))
}

fn unsupported(entity: EntityType, via: FieldId) -> Error {
    let (name, via) = (entity.def().name, name_of(entity, via));
    Error::unsupported(format!("This Odoo cannot list {name} by {via}."))
}

/// The rows that were read, and for each parent the places of its first ones: one more than wanted where there are more.
async fn first_of_each(
    ctx: &Ctx,
    scan: &Scan<'_>,
    filter: &SourceFilter,
    link: &Link<'_>,
    mut open: HashSet<i64>,
    per_parent: usize,
) -> Result<(Vec<scan::Row>, HashMap<i64, Vec<usize>>)> {
    let mut rows: Vec<scan::Row> = Vec::new();
    let mut of_parents: HashMap<i64, Vec<usize>> = HashMap::new();
    let useful = open.len() * (per_parent + 1);
    let mut limit = useful.max(FIRST_READ);
    let mut from: Option<Position> = None;
    loop {
        let condition = link.condition(&open);
        if matches!(&condition, SourceFilter::Is(c) if c.values.is_empty()) {
            break;
        }
        let filter = SourceFilter::and(vec![filter.clone(), condition]);
        let batch = scan.rows(ctx, &filter, from.as_ref(), Want::UpTo(limit)).await?;
        from = batch.rows.last().map(scan::Row::position);
        for row in batch.rows {
            let at = rows.len();
            let mut useful = false;
            for parent in link.parents(&row)? {
                let own = of_parents.entry(parent).or_default();
                if own.len() <= per_parent {
                    own.push(at);
                    useful = true;
                }
            }
            if useful {
                rows.push(row);
            }
        }
        open.retain(|parent| of_parents.get(parent).is_none_or(|own| own.len() <= per_parent));
        if !batch.more || open.is_empty() || from.is_none() {
            break;
        }
        limit = NEXT_READ.max(open.len() * (per_parent + 1));
    }
    Ok((rows, of_parents))
}

/// The children that the parents list: an order its invoices.
async fn listed_by_parents<'m>(
    ctx: &Ctx,
    view: &View,
    set: &SetMapping,
    via: FieldId,
    parents: &HashSet<i64>,
) -> Result<Link<'m>> {
    let lookup = Lookup::of(set, via).filter(|lookup| view.shape.models.contains_key(lookup.model));
    let Some(Lookup { model, by: By::Field(by), .. }) = lookup else {
        return Err(unsupported(set.entity, via));
    };
    let search = Search {
        model,
        domain: serde_json::json!([["id", "in", sorted(parents.iter().copied())]]).to_string(),
        fields: vec![by],
        order: "id".into(),
        limit: None,
        offset: 0,
        names: false,
        operation: "children",
    };
    let mut parents_of: HashMap<i64, Vec<i64>> = HashMap::new();
    for row in view.books.search(ctx, search).await? {
        let cells = cells(&row)?;
        let (Some(parent), Some(children)) = (cells.get("id").and_then(|id| id_of(id)), cells.get(by)) else {
            continue;
        };
        for child in wire::returned::<Vec<i64>>(children)? {
            parents_of.entry(child).or_default().push(parent);
        }
    }
    Ok(Link::Listed(parents_of))
}
