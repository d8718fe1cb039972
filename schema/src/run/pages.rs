//! Pages: their records, edges, and what they tell beside.

use super::{Item, Run, list, not_null, nth, put, under, value_of};
use crate::{
    error::{Error, Result},
    page::{Count, PageInfo, SourceReport},
    plan::{EdgePlan, Object, PagePart, PagePlan},
    ports::{Count as Counted, Fetched, Listed, OnSourceError, SourceStatus},
};
use async_graphql::{Name, Positioned, QueryPathNode, Value, parser::types::Field};
use futures_util::future::{BoxFuture, FutureExt, join_all};
use std::sync::Arc;

/// A page and its path in the answer. What the plan does not need is not there.
pub(crate) struct PageItem<'r> {
    pub(crate) listed: Option<&'r Listed>,
    pub(crate) count: Option<&'r Result<Counted>>,
    pub(crate) path: QueryPathNode<'r>,
}

impl<'r> PageItem<'r> {
    fn rows(&self) -> &'r [Fetched] {
        self.listed.map_or(&[], |listed| &listed.rows)
    }
}

impl<'q> Run<'q> {
    /// A page that was asked for, unless a source failed and the caller wants all or nothing.
    pub(crate) fn whole<'r>(&self, listed: Option<&'r Result<Listed>>) -> Result<&'r Listed> {
        let listed = listed.ok_or_else(Error::internal)?.as_ref().map_err(Error::clone)?;
        let failed = listed.sources.iter().find(|source| source.status == SourceStatus::Failed);
        match failed {
            Some(failed) if self.options.on_source_error == OnSourceError::Fail => {
                let error = failed.error.clone().unwrap_or_else(Error::internal);
                let erp = || self.state.erp(&failed.erp).map(|erp| (erp.id.clone(), Arc::clone(&erp.system.key)));
                Err(Error { source: error.source.clone().or_else(erp), ..error })
            }
            _ => Ok(listed),
        }
    }

    /// One value for each page: an object, or null if a record of it must not be null and is.
    pub(crate) async fn pages(&self, plan: &PagePlan<'q>, pages: &[PageItem<'_>]) -> Vec<Value> {
        let columns =
            join_all(plan.parts.iter().map(|(at, part)| self.part(part, plan.template.key(*at), pages))).await;
        let mut objects: Vec<Option<Object>> = pages.iter().map(|_| Some(plan.template.object())).collect();
        for ((at, _), column) in plan.parts.iter().zip(columns) {
            objects.iter_mut().zip(column).for_each(|(page, value)| put(page, *at, value));
        }
        objects.into_iter().map(value_of).collect()
    }

    /// One value for each page; none where it must not be null and is.
    fn part<'r>(
        &'r self,
        part: &'r PagePart<'q>,
        key: &'r Name,
        pages: &'r [PageItem<'r>],
    ) -> BoxFuture<'r, Vec<Option<Value>>> {
        async move {
            let paths: Vec<QueryPathNode<'_>> = pages.iter().map(|page| under(&page.path, key)).collect();
            match part {
                PagePart::Nodes(plan) => {
                    let mut items = Vec::new();
                    for (page, path) in pages.iter().zip(&paths) {
                        let item = |(at, of)| Item { of, part: None, path: nth(path, at) };
                        items.extend(page.rows().iter().enumerate().map(item));
                    }
                    let mut objects = self.objects(plan, &items).await.into_iter();
                    pages.iter().map(|page| list(objects.by_ref().take(page.rows().len()))).collect()
                }
                PagePart::Edges(plan) => self.edges(plan, pages, &paths).await,
                // The others wait for nothing, so one after the other is as good as all at once.
                PagePart::PageInfo(field) => {
                    let mut values = Vec::with_capacity(pages.len());
                    for (page, path) in pages.iter().zip(paths) {
                        values.push(match page.listed {
                            Some(listed) => not_null(self.derived(&PageInfo::of(listed), field, path).await),
                            None => None,
                        });
                    }
                    values
                }
                PagePart::Sources(field) => {
                    let mut values = Vec::with_capacity(pages.len());
                    for (page, path) in pages.iter().zip(paths) {
                        let sources = page.listed.map_or(&[][..], |listed| &listed.sources);
                        let reports: Vec<SourceReport<'_>> = sources.iter().map(SourceReport).collect();
                        values.push(not_null(self.derived(&reports, field, path).await));
                    }
                    values
                }
                PagePart::TotalCount(field) => {
                    let mut values = Vec::with_capacity(pages.len());
                    for (page, path) in pages.iter().zip(paths) {
                        values.push(Some(self.count(page, field, path).await));
                    }
                    values
                }
            }
        }
        .boxed()
    }

    async fn count(&self, page: &PageItem<'_>, field: &Positioned<Field>, path: QueryPathNode<'_>) -> Value {
        match page.count {
            Some(Ok(count)) => self.derived(&Count(*count), field, path).await,
            failed => {
                let error = failed.and_then(|count| count.as_ref().err()).cloned();
                self.report(error.unwrap_or_else(Error::internal), field.pos, path);
                Value::Null
            }
        }
    }

    async fn edges(
        &self,
        plan: &EdgePlan<'q>,
        pages: &[PageItem<'_>],
        paths: &[QueryPathNode<'_>],
    ) -> Vec<Option<Value>> {
        let mut edge_paths = Vec::new();
        let mut edges = Vec::new();
        for (page, path) in pages.iter().zip(paths) {
            for row in 0..page.rows().len() {
                edge_paths.push(nth(path, row));
                let mut edge = plan.template.object();
                for at in &plan.cursors {
                    edge[*at] = page.listed.map(|listed| (listed.cursors)(row)).into();
                }
                edges.push(Some(edge));
            }
        }
        let records: Vec<&Fetched> = pages.iter().flat_map(PageItem::rows).collect();
        for (at, of) in &plan.nodes {
            let key = plan.template.key(*at);
            let item = |(of, path)| Item { of, part: None, path: under(path, key) };
            let items: Vec<Item<'_>> = records.iter().copied().zip(&edge_paths).map(item).collect();
            let nodes = self.objects(of, &items).await;
            edges.iter_mut().zip(nodes).for_each(|(edge, node)| put(edge, *at, not_null(node)));
        }
        let mut edges = edges.into_iter().map(value_of);
        pages.iter().map(|page| list(edges.by_ref().take(page.rows().len()))).collect()
    }
}
