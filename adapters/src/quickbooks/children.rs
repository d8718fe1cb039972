//! The children of many parents: the invoices of customers, the orders of customers, the invoices of orders.

use super::{
    IDS_PER_QUERY, QuickBooks,
    api::Api,
    family::{Family, FirstRows, Links, Part, Via, Wanted},
    read::{Left, is_id},
    reading::Link,
    statement::{MAX_ROWS, Selection},
};
use crate::{
    adapter::{Children, ChildrenQuery, Ctx},
    error::{Error, Result},
    mapping::{Env, SourceFilter},
    model::EntityType,
};
use futures_util::future::{try_join, try_join_all};
use serde::Deserialize;
use std::collections::HashSet;

impl QuickBooks {
    pub(super) async fn read_children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children> {
        let filter = self.answerable(ctx, entity, &query.filter).await?;
        let mut left = Left::default();
        let mut families = Vec::with_capacity(query.sets.len());
        for name in &query.sets {
            let set = self.set(entity, name)?;
            families.extend(Family::of(set, query, &left.push(&filter, set))?);
        }
        let left = left.filter();
        let wanted = Wanted { via: query.via, per_parent: query.per_parent.min(MAX_ROWS - 1) };

        let first = self.first_answers(ctx, &mut families, wanted.per_parent);
        let ((env, books), ()) = try_join(self.env(ctx), first).await?;
        for family in &mut families {
            family.deal(&wanted, &env)?;
        }
        self.top_up(ctx, &mut families, &wanted, &env).await?;

        let fields = query.fields.union(left.fields());
        let pages = query.sets.iter().map(|name| async {
            let set = self.set(entity, name)?;
            let first_rows = |parent| {
                let parts = families.iter().filter(|f| f.set.set == *name).map(|family| family.first_rows(parent));
                parts.reduce(|page, part| page.then(part, wanted.per_parent)).unwrap_or_default()
            };
            let firsts: Vec<_> = query.parents.iter().map(first_rows).collect();
            let rows: Vec<_> = firsts.iter().flat_map(FirstRows::rows).collect();
            let reading = self.reading(ctx, set, fields, &rows, (&env, &books)).await?;
            Ok::<_, Error>(firsts.iter().map(|first| first.page(name, wanted.per_parent, &reading)).collect::<Vec<_>>())
        });
        let mut by_set: Vec<_> = try_join_all(pages).await?.into_iter().map(Vec::into_iter).collect();
        let parents = query.parents.iter().map(|_| by_set.iter_mut().filter_map(Iterator::next).collect());
        Ok(Children { parents: parents.collect(), left })
    }

    /// One query for all parents of each set; the invoices of orders are found through the orders.
    async fn first_answers(&self, ctx: &Ctx, families: &mut [Family<'_>], per_parent: usize) -> Result<()> {
        let asked = families.iter_mut().map(|family| async move {
            match &family.via {
                Via::Column { .. } => self.ask_for(ctx, family, most_rows(family.open.len(), per_parent)).await,
                Via::Links(_) => {
                    let estimates: Vec<_> = family.open.iter().map(|id| &**id).collect();
                    let links = self.invoices_of(ctx, &estimates).await?;
                    self.follow(ctx, family, links).await
                }
            }
        });
        try_join_all(asked).await.map(drop)
    }

    /// One query for the children of all parents that are still open.
    async fn ask_for(&self, ctx: &Ctx, family: &mut Family<'_>, most: usize) -> Result<()> {
        let Via::Column { path } = &family.via else { return Ok(()) };
        if family.open.is_empty() {
            return Ok(());
        }
        let statement =
            family.selection.clone().within(path, family.open.iter().map(|id| &**id)).rows(&family.order, 0, most);
        family.answers =
            vec![Part { answer: self.api.query(ctx, &statement).await?, asked: most, parents: Vec::new() }];
        Ok(())
    }

    /// The queries for linked records. Those of one parent stay together, so that their order is the ERP's.
    async fn follow(&self, ctx: &Ctx, family: &mut Family<'_>, links: Links) -> Result<()> {
        let mut chunks: Vec<(Vec<Box<str>>, HashSet<&str>)> = Vec::new();
        for (parent, ids) in links.iter().filter(|(_, ids)| !ids.is_empty()) {
            if chunks.last().is_none_or(|(_, chunk)| chunk.len() + ids.len() > IDS_PER_QUERY) {
                chunks.push(Default::default());
            }
            if let Some((parents, chunk)) = chunks.last_mut() {
                parents.push(parent.clone());
                chunk.extend(ids.iter().map(|id| &**id));
            }
        }
        let (selection, order) = (&family.selection, &family.order);
        let answers = chunks.into_iter().map(|(parents, chunk)| async move {
            let mut ids: Vec<_> = chunk.into_iter().collect();
            ids.sort_unstable();
            let statement = selection.clone().within("Id", ids).rows(order, 0, MAX_ROWS);
            Ok::<_, Error>(Part { answer: self.api.query(ctx, &statement).await?, asked: MAX_ROWS, parents })
        });
        family.answers = try_join_all(answers).await?;
        family.via = Via::Links(links);
        Ok(())
    }

    /// Asks again for the parents whose children were crowded out: first for all of them at once where they are many, then
    /// for each by a query of its own, in batches.
    async fn top_up(&self, ctx: &Ctx, families: &mut [Family<'_>], wanted: &Wanted, env: &Env) -> Result<()> {
        let asked = wanted.per_parent + 1;
        let open = |families: &[Family<'_>]| families.iter().map(|f| f.open.len()).sum::<usize>();
        if open(families) > Api::queries_in_a_call(asked) {
            // Without those who are done there is room for the others; where nobody is done, the answer would be the same.
            let some_are_done = families.iter_mut().filter(|family| family.has_closed());
            try_join_all(some_are_done.map(|family| self.ask_for(ctx, family, MAX_ROWS))).await?;
            for family in &mut *families {
                family.deal(wanted, env)?;
            }
        }
        let mut statements = Vec::new();
        for family in &*families {
            let Via::Column { path } = &family.via else { continue };
            for parent in &family.open {
                statements.push(family.selection.clone().within(path, [&**parent]).rows(&family.order, 0, asked));
            }
        }
        if statements.is_empty() {
            return Ok(());
        }
        let mut answers = self.api.all(ctx, &statements, asked).await?.into_iter();
        for family in families {
            if matches!(family.via, Via::Column { .. }) {
                let parts = answers.by_ref().take(family.open.len()).zip(&family.open);
                family.answers =
                    parts.map(|(answer, parent)| Part { answer, asked, parents: vec![parent.clone()] }).collect();
                family.deal(wanted, env)?;
            }
        }
        Ok(())
    }

    /// The invoices that estimates were turned into, by the estimates' own links.
    pub(super) async fn invoices_of(&self, ctx: &Ctx, estimates: &[&str]) -> Result<Links> {
        #[derive(Deserialize)]
        struct Estimate {
            #[serde(rename = "Id")]
            id: Box<str>,
            #[serde(rename = "LinkedTxn")]
            links: Option<Vec<Link>>,
        }
        let Some(set) = self.mapping.sets(EntityType::SalesOrder).first() else { return Ok(Links::new()) };
        let answers = estimates.chunks(IDS_PER_QUERY).map(|chunk| async move {
            let selection = Selection::new(set, &SourceFilter::ALL)?.within(set.id.as_str(), chunk.iter().copied());
            self.api.query(ctx, &selection.rows("", 0, chunk.len())).await
        });
        let mut links = Links::new();
        for answer in try_join_all(answers).await? {
            for raw in answer.rows(set.set.as_str())? {
                let estimate: Estimate = serde_json::from_str(raw.get()).map_err(|e| {
                    Error::bad_response("The links of an estimate cannot be read.").with_detail(e.to_string())
                })?;
                let invoices = estimate.links.unwrap_or_default().into_iter();
                let invoices = invoices.filter(|link| &*link.kind == "Invoice" && is_id(&link.id)).map(|link| link.id);
                links.insert(estimate.id, invoices.collect());
            }
        }
        Ok(links)
    }
}

/// How many rows to ask for at first. Children are rarely spread evenly: four times as many as needed spare most of the
/// second calls, and are little against what a call takes.
fn most_rows(parents: usize, per_parent: usize) -> usize {
    (4 * parents * (per_parent + 1)).clamp(100, MAX_ROWS)
}
