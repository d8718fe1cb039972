//! Columns of values that take more than the row itself: relations, value objects with relations, ERPs and origins.

use super::{
    Item, PageItem, Run, found, list, not_null, nth, under,
    values::{collected, parts},
};
use crate::{
    batch::Answers,
    erp::Erp,
    error::{Error, Result},
    page::Origin,
    plan::{Column, Later, ObjectPlan, PagePlan},
    ports::{ChildrenRequest, Fetched, Origin as From},
};
use adapters::model::{self, EntityType, ErpId, FieldDef, Kind, RecordKey};
use async_graphql::{Name, Pos, Positioned, QueryPathNode, Value, parser::types::Field};
use futures_util::future::{BoxFuture, FutureExt, OptionFuture, join};
use std::{borrow::Cow, collections::HashMap, ops::Range, sync::Arc};

/// The cells of a column: a field of several items.
struct Cells<'r> {
    items: &'r [Item<'r>],
    /// The path of the field in each item.
    paths: Vec<QueryPathNode<'r>>,
    key: &'r Name,
    pos: Pos,
}

impl<'q> Run<'q> {
    /// One value for each item; none where it must not be null and is.
    pub(super) fn column<'r>(
        &'r self,
        plan: &'r ObjectPlan<'q>,
        later: &'r Later<'q>,
        items: &'r [Item<'r>],
    ) -> BoxFuture<'r, Vec<Option<Value>>> {
        let key = plan.template.key(later.at);
        let paths = items.iter().map(|item| under(&item.path, key)).collect();
        let cells = Cells { items, paths, key, pos: later.pos };
        async move {
            match &later.what {
                Column::Erp(field) => self.erps(field, &cells).await,
                Column::Origin(field) => self.origins(field, &cells).await,
                Column::Ref { place, to, plan } => self.records_of(plan, *to, *place, false, &cells).await,
                Column::Refs { place, to, plan } => self.records_of(plan, *to, *place, true, &cells).await,
                Column::Objects { place, def, plan } => self.inner_objects(plan, def, *place, &cells).await,
                Column::Children { request, after, plan } => {
                    self.children(plan, request, after.as_deref(), &cells).await
                }
            }
        }
        .boxed()
    }

    /// The ERPs of the items: each is resolved once.
    async fn erps(&self, field: &Positioned<Field>, cells: &Cells<'_>) -> Vec<Option<Value>> {
        let mut known: HashMap<&ErpId, Value> = HashMap::new();
        for (item, path) in cells.items.iter().zip(&cells.paths) {
            let id = &item.key().erp;
            if !known.contains_key(id) {
                let erp = match self.state.erp(id) {
                    Some(view) => self.derived(&Erp(view), field, *path).await,
                    None => Value::Null,
                };
                known.insert(id, erp);
            }
        }
        cells.items.iter().map(|item| known.get(&item.key().erp).cloned().or(Some(Value::Null))).collect()
    }

    /// The origins of the items: neighbours mostly have the same.
    async fn origins(&self, field: &Positioned<Field>, cells: &Cells<'_>) -> Vec<Option<Value>> {
        let mut last: Option<(From, Value)> = None;
        let mut values = Vec::with_capacity(cells.items.len());
        for (item, path) in cells.items.iter().zip(&cells.paths) {
            let value = match &last {
                Some((origin, value)) if *origin == item.of.origin => value.clone(),
                _ => {
                    let value = self.derived(&Origin(item.of.origin), field, *path).await;
                    last = Some((item.of.origin, value.clone()));
                    value
                }
            };
            values.push(not_null(value));
        }
        values
    }

    /// The records that the items point to: one each, or a list each.
    async fn records_of(
        &self,
        plan: &ObjectPlan<'q>,
        to: EntityType,
        place: u8,
        many: bool,
        cells: &Cells<'_>,
    ) -> Vec<Option<Value>> {
        let mut keys = Vec::new();
        // Which keys are those of which item; none where there is no value.
        let ranges: Vec<Option<Range<usize>>> = cells
            .items
            .iter()
            .map(|item| {
                let start = keys.len();
                let key = |value: &model::Value| match value {
                    model::Value::Ref(one) => {
                        let erp = item.key().erp.clone();
                        Some(RecordKey { entity: to, erp, set: one.set.clone(), id: one.id.clone() })
                    }
                    _ => None,
                };
                match &*self.value(item, place) {
                    model::Value::Null => return None,
                    model::Value::List(values) => keys.extend(values.iter().filter_map(key)),
                    one => keys.extend(key(one)),
                }
                Some(start..keys.len())
            })
            .collect();
        let answers = match keys.is_empty() {
            true => None,
            false => Some(self.records(to, keys.into(), plan.fields).await),
        };

        // What came of each item: how many records, or nothing.
        let mut items = Vec::new();
        let counts: Vec<Option<usize>> = ranges
            .into_iter()
            .zip(&cells.paths)
            .map(|(range, path)| {
                let answer = |key| answers.as_ref().and_then(|answers| answers.get(key));
                let records: Result<Vec<&Fetched>> = range?.filter_map(|key| found(answer(key)).transpose()).collect();
                match records {
                    Ok(records) => {
                        let path = |at| if many { nth(path, at) } else { *path };
                        items.extend(records.iter().enumerate().map(|(at, of)| Item {
                            of,
                            part: None,
                            path: path(at),
                        }));
                        Some(records.len())
                    }
                    Err(error) => {
                        self.report(error, cells.pos, *path);
                        None
                    }
                }
            })
            .collect();
        let mut objects = self.objects(plan, &items).await.into_iter();
        let mut cell = |count: usize| match many {
            true => list(objects.by_ref().take(count)).unwrap_or_default(),
            false => objects.by_ref().take(count).last().unwrap_or_default(),
        };
        counts.into_iter().map(|count| Some(count.map_or(Value::Null, &mut cell))).collect()
    }

    /// Value objects with relations of their own.
    async fn inner_objects(
        &self,
        plan: &ObjectPlan<'q>,
        def: &'static FieldDef,
        place: u8,
        cells: &Cells<'_>,
    ) -> Vec<Option<Value>> {
        let many = matches!(def.kind, Kind::List(_));
        let values: Vec<Cow<'_, model::Value>> = cells.items.iter().map(|item| self.value(item, place)).collect();
        let mut inner = Vec::new();
        for ((item, path), value) in cells.items.iter().zip(&cells.paths).zip(&values) {
            inner.extend(parts(value).enumerate().map(|(at, values)| Item {
                of: item.of,
                part: Some(values),
                path: if many { nth(path, at) } else { *path },
            }));
        }
        let mut objects = self.objects(plan, &inner).await.into_iter();
        cells
            .items
            .iter()
            .zip(&values)
            .map(|(item, value)| match &**value {
                model::Value::Null => self.missing(def, item, cells.key),
                value => collected(def, objects.by_ref().take(parts(value).count())),
            })
            .collect()
    }

    /// The pages of children of the items.
    async fn children(
        &self,
        plan: &PagePlan<'q>,
        request: &ChildrenRequest,
        after: Option<&str>,
        cells: &Cells<'_>,
    ) -> Vec<Option<Value>> {
        let parents: Arc<[RecordKey]> = cells.items.iter().map(|item| item.key().clone()).collect();
        let Some(one) = parents.first() else { return Vec::new() };
        if after.is_some() && parents.iter().any(|parent| parent != one) {
            for path in &cells.paths {
                let message = "after: a cursor belongs to the list of one record, not of several";
                self.report(Error::bad_input(message), cells.pos, *path);
            }
            return vec![Some(Value::Null); parents.len()];
        }
        let (ports, who) = (&self.state.ports, &self.state.caller.who);
        let lists = async {
            match after {
                None => self.state.loader.children(Arc::clone(&parents), request).await,
                Some(after) => {
                    let page = ports.reads.list(who, &request.of(one.clone(), Some(after.to_owned()))).await;
                    Answers::same(page, parents.len())
                }
            }
        };
        let counts = plan.count.then(|| ports.reads.count_children(who, &parents, request));
        let (lists, counts) = join(OptionFuture::from(plan.rows.then_some(lists)), OptionFuture::from(counts)).await;

        let mut pages = Vec::with_capacity(parents.len());
        let listed: Vec<bool> = cells
            .paths
            .iter()
            .enumerate()
            .map(|(at, path)| {
                let listed = lists.as_ref().map(|lists| self.whole(lists.get(at))).transpose();
                let count = counts.as_ref().and_then(|counts| counts.get(at));
                match listed {
                    Ok(listed) => pages.push(PageItem { listed, count, path: *path }),
                    Err(error) => {
                        self.report(error, cells.pos, *path);
                        return false;
                    }
                }
                true
            })
            .collect();
        let mut values = self.pages(plan, &pages).await.into_iter();
        listed
            .into_iter()
            .map(|listed| Some(if listed { values.next().unwrap_or_default() } else { Value::Null }))
            .collect()
    }
}
