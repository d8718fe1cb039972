//! The company: one record, the answer of a function that knows no query options.

use super::{SapB1, books::Books, fiscal_year, supplement::with};
use crate::{
    adapter::{Children, ChildrenQuery, Count, Ctx, ListQuery, Page, Position, Row, SetPage},
    error::Result,
    filter::{Filter, matches},
    mapping::{Plan, SetMapping},
    model::{EntityType, FieldSet, Record, RemoteRef},
};
use std::sync::Arc;

/// The call that tells about the company.
pub(super) const ADMIN_INFO: &str = "CompanyService_GetAdminInfo";

const YEAR_END_MONTH: &str = "+YearEndMonth";
const YEAR_END_DAY: &str = "+YearEndDay";

/// The set whose only record is the company, if the entity is read so.
pub(super) fn set(books: &Books, entity: EntityType) -> Option<&Arc<SetMapping>> {
    books.sets(entity).iter().find(|set| is_single(set))
}

pub(super) fn is_single(set: &SetMapping) -> bool {
    set.options.get("single").and_then(toml::Value::as_bool) == Some(true)
}

async fn read(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    set: &Arc<SetMapping>,
    fields: FieldSet,
) -> Result<std::result::Result<Record, crate::adapter::Quarantined>> {
    let answer = b1.service.function(ctx, ADMIN_INFO, &serde_json::json!({})).await?;
    let row = with(&answer.body, "+CompanyDB", &b1.config.company_db);
    let mut row = with(&row, "+TimeZone", b1.config.zone.name());
    let plan = Plan::new(set, fields);
    if plan.reads(YEAR_END_MONTH) || plan.reads(YEAR_END_DAY) {
        let end = fiscal_year::end(b1, ctx).await?;
        let parts = [(YEAR_END_MONTH, end.map(|end| end.month)), (YEAR_END_DAY, end.and_then(|end| end.day))];
        for (name, part) in parts {
            row = part.map_or(row.clone(), |number| with(&row, name, &number.to_string()));
        }
    }
    let text = String::from_utf8_lossy(&row);
    Ok(plan.read(&text, &[], &b1.env(ctx, books)))
}

pub(super) async fn list(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    set: &Arc<SetMapping>,
    query: &ListQuery,
) -> Result<Page> {
    let mut sets = Vec::with_capacity(query.sets.len());
    for start in &query.sets {
        let mut page = SetPage::empty(&start.set);
        let wanted = query.limit > 0 && !query.filter.is_none();
        if start.set == set.set && start.after.is_none() && wanted {
            let order: FieldSet = query.order.iter().map(|order| order.field).collect();
            match read(b1, ctx, books, set, query.fields.union(query.filter.fields()).union(order)).await? {
                Err(quarantined) => page.quarantined.push(quarantined),
                Ok(record) => {
                    let values = query.order.iter().map(|order| record.get(order.field).clone()).collect();
                    let position = Position::After { values, id: record.key.id.clone() };
                    page.rows.push(Row { record: Arc::new(record), position });
                }
            }
        }
        sets.push(page);
    }
    Ok(Page { sets, left: query.filter.clone() })
}

pub(super) async fn count(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    set: &Arc<SetMapping>,
    filter: &Filter,
) -> Result<Count> {
    if filter.is_all() {
        return Ok(Count::Exact(1));
    }
    if filter.is_none() {
        return Ok(Count::Exact(0));
    }
    let record = read(b1, ctx, books, set, filter.fields()).await?;
    Ok(record.map_or(Count::Unknown, |record| Count::Exact(matches(filter, &record).into())))
}

pub(super) async fn get_many(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    set: &Arc<SetMapping>,
    ids: &[RemoteRef],
    fields: FieldSet,
) -> Result<Vec<Option<Arc<Record>>>> {
    let is = |id: &RemoteRef| id.set == set.set && *id.id == *b1.config.company_db;
    if !ids.iter().any(is) {
        return Ok(vec![None; ids.len()]);
    }
    let record = read(b1, ctx, books, set, fields).await?.ok().map(Arc::new);
    Ok(ids.iter().map(|id| record.clone().filter(|_| is(id))).collect())
}

/// Nothing points to the company.
pub(super) fn list_children(query: &ChildrenQuery) -> Children {
    let of_one = || query.sets.iter().map(SetPage::empty).collect();
    Children { parents: query.parents.iter().map(|_| of_one()).collect(), left: Filter::ALL }
}
