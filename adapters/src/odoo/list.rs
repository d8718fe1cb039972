//! Lists, counts and records by their ids.

use super::{
    Odoo,
    books::Search,
    order::{Sorting, cells, id_of},
    scan::{Scan, Want},
    view::{IDS_PER_CALL, View},
};
use crate::{
    adapter::{Count, Ctx, ListQuery, Page, Row, SetPage, SetStart},
    error::{Error, Result},
    filter::{Filter, Op},
    mapping::{Literal, Plan, Pushed, SetMapping, SourceCondition, SourceFilter, SourceOp, push},
    model::{EntityType, FieldId, FieldSet, Record, RemoteRef},
};
use futures_util::future::try_join_all;
use serde_json::value::RawValue;
use std::{collections::HashMap, sync::Arc};

impl Odoo {
    /// Whether a search of the filter may find more than it should. Odoo is asked only where the filter searches.
    pub(super) async fn accents(&self, ctx: &Ctx, view: &View, filter: &Filter) -> Result<bool> {
        let mut searches = false;
        filter.each(&mut |condition| searches |= matches!(condition.op, Op::Contains | Op::StartsWith));
        if searches { self.library.accents(ctx, &view.books).await } else { Ok(false) }
    }

    pub(super) async fn list_page(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page> {
        let view = self.view(ctx, entity).await?;
        let accents = self.accents(ctx, &view, &query.filter).await?;
        let parts = query.sets.iter().map(|start| list_set(ctx, &view, entity, query, start, accents));
        let mut sets = Vec::with_capacity(query.sets.len());
        let mut left = Vec::new();
        for (page, rest) in try_join_all(parts).await? {
            sets.push(page);
            if !rest.is_all() && !left.contains(&rest) {
                left.push(rest);
            }
        }
        Ok(Page { sets, left: Filter::And(left).simplify() })
    }

    pub(super) async fn count_rows(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Count> {
        let view = self.view(ctx, entity).await?;
        let accents = self.accents(ctx, &view, filter).await?;
        let mut counts = Vec::new();
        for set in &view.shape.sets {
            let dialect = view.dialect(set, accents);
            let Pushed { source, left } = push(filter, set, true, &|c| dialect.fit(c));
            if source.is_none() {
                continue;
            }
            if !left.is_all() {
                return Ok(Count::Unknown);
            }
            let domain = dialect.render(&SourceFilter::and(vec![source, view.of_company(set)]));
            counts.push(view.books.count(ctx, set.set.as_str(), domain));
        }
        if counts.is_empty() && view.shape.sets.is_empty() {
            return Err(Error::unsupported(format!(
                "This Odoo has no {}: its module is not installed.",
                entity.def().name
            )));
        }
        Ok(Count::Exact(try_join_all(counts).await?.into_iter().sum()))
    }

    pub(super) async fn records_by_id(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        ids: &[RemoteRef],
        fields: FieldSet,
    ) -> Result<Vec<Option<Arc<Record>>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let view = self.view(ctx, entity).await?;
        let mut calls = Vec::new();
        for set in &view.shape.sets {
            let mut wanted: Vec<i64> =
                ids.iter().filter(|id| id.set == set.set).filter_map(|id| id.id.parse().ok()).collect();
            wanted.sort_unstable();
            wanted.dedup();
            calls.extend(wanted.chunks(IDS_PER_CALL).map(|ids| by_ids(ctx, &view, set, ids.to_vec(), fields)));
        }
        let found: HashMap<(String, Box<str>), Arc<Record>> = try_join_all(calls)
            .await?
            .into_iter()
            .flatten()
            .map(|record| ((record.key.set.to_string(), record.key.id.clone()), record))
            .collect();
        Ok(ids.iter().map(|id| found.get(&(id.set.to_string(), id.id.clone())).cloned()).collect())
    }
}

async fn list_set(
    ctx: &Ctx,
    view: &View,
    entity: EntityType,
    query: &ListQuery,
    start: &SetStart,
    accents: bool,
) -> Result<(SetPage, Filter)> {
    let set = view.set(entity, &start.set)?;
    let dialect = view.dialect(set, accents);
    let Pushed { source, left } = push(&query.filter, set, true, &|c| dialect.fit(c));
    let mut page = SetPage { set: start.set.clone(), rows: Vec::new(), next: None, quarantined: Vec::new() };
    if source.is_none() || query.limit == 0 {
        return Ok((page, left));
    }
    let sorting = Sorting::new(
        set,
        &query.order,
        view.fields(set),
        view.books.link.version.is_from(17),
        view.books.company.zone,
    )?;
    let fields = with_order(query.fields.union(left.fields()), &query.order);
    let plan = Plan::new(set, fields);
    let scan = Scan {
        books: &view.books,
        dialect: &dialect,
        set,
        order: &query.order,
        sorting: &sorting,
        fields: requested(view, set, &plan, &sorting, None),
        names: view.needs_names(set, plan.held()) || sorting.needs_names(),
        operation: "list",
    };
    let filter = SourceFilter::and(vec![source, view.of_company(set)]);
    let batch = scan.rows(ctx, &filter, start.after.as_ref(), Want::Exactly(query.limit)).await?;
    let raw: Vec<&RawValue> = batch.rows.iter().map(|row| &*row.json).collect();
    for (record, row) in view.records(ctx, &plan, set, &raw).await?.into_iter().zip(&batch.rows) {
        match record {
            Ok(record) => page.rows.push(Row { record, position: row.position() }),
            Err(quarantined) => page.quarantined.push(quarantined),
        }
    }
    page.next = batch.rows.last().filter(|_| batch.more).map(super::scan::Row::position);
    Ok((page, left))
}

/// The fields with those of the order.
pub(super) fn with_order(mut fields: FieldSet, order: &[crate::adapter::Order]) -> FieldSet {
    order.iter().for_each(|order| fields.insert(order.field));
    fields
}

/// The names to request of Odoo: those of the plan, of the order, and one more.
pub(super) fn requested<'a>(
    view: &'a View,
    set: &'a SetMapping,
    plan: &'a Plan,
    sorting: &Sorting<'a>,
    also: Option<&'a str>,
) -> Vec<&'a str> {
    let mut names = view.wanted(set, plan);
    for name in sorting.paths().chain(also) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A condition on ids.
pub(super) fn ids_in(path: &str, ids: impl IntoIterator<Item = i64>) -> SourceFilter {
    let values = ids.into_iter().map(|id| Literal::Number(id.into())).collect();
    SourceFilter::Is(SourceCondition { path: path.into(), op: SourceOp::In, values })
}

async fn by_ids(ctx: &Ctx, view: &View, set: &SetMapping, ids: Vec<i64>, fields: FieldSet) -> Result<Vec<Arc<Record>>> {
    let set = view.set(set.entity, &set.set)?;
    let dialect = view.dialect(set, false);
    let plan = Plan::new(set, fields);
    let limit = ids.len();
    let filter = SourceFilter::and(vec![ids_in(set.id.as_str(), ids), view.readable(set, &dialect)]);
    // A search, never `read`: that looks for each missing id anew.
    let search = Search {
        model: set.set.as_str(),
        domain: dialect.render(&filter),
        fields: view.wanted(set, &plan),
        order: set.id.as_str().to_owned(),
        limit: Some(limit),
        offset: 0,
        names: view.needs_names(set, plan.held()),
        operation: "get_many",
    };
    let rows = view.books.search(ctx, search).await?;
    let raw: Vec<&RawValue> = rows.iter().map(|row| &**row).collect();
    let records = view.records(ctx, &plan, set, &raw).await?.into_iter().filter_map(|record| match record {
        Ok(record) => Some(record),
        Err(quarantined) => {
            let (set, id) = (&quarantined.set, quarantined.id.as_deref());
            tracing::warn!(source.set = %set, remote.id = id, reason = %quarantined.reason, "a record could not be mapped");
            None
        }
    });
    Ok(records.collect())
}

/// The id of a record that a row points to.
pub(super) fn pointed_to(row: &RawValue, path: &str) -> Result<Option<i64>> {
    Ok(cells(row)?.get(path).and_then(|id| id_of(id)))
}

/// The name of a field, for a person.
pub(super) fn name_of(entity: EntityType, field: FieldId) -> &'static str {
    entity.def().field(field).name
}
