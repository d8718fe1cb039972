//! Lists, counts and records by their ids.

use super::{
    SapB1,
    books::Books,
    dialect::Columns,
    partitions::{self, Partitions},
    reading::{Narrowed, Reading, Scope, both, order_fields},
    service::{Ask, BATCH, Manner},
    supplement::{select, supplement},
};
use crate::{
    adapter::{Count, Ctx, ListQuery, Order, Page, SetPage},
    error::{Error, Result},
    filter::Filter,
    mapping::{Env, Plan, SetMapping, SourceCondition, SourceFilter, SourceOp},
    model::{EntityType, FieldSet, Record, RemoteRef, SourceSet},
};
use std::{collections::HashMap, sync::Arc};

/// So many ids go into one condition: each is an alternative of its own, because `in` is not among the operators.
pub(super) const IDS_PER_READ: usize = 40;

/// At most so many ids in one call.
pub(super) const IDS_PER_CALL: usize = IDS_PER_READ * BATCH;

/// Several sets of an entity, narrowed by one filter.
pub(super) struct Selection {
    pub(super) sets: Vec<(Arc<SetMapping>, Arc<Columns>, Narrowed)>,
    /// What the caller has to evaluate.
    pub(super) left: Filter,
    /// Whether the requests ask HANA to ignore case; one request cannot do both.
    pub(super) folded: bool,
}

impl Selection {
    pub(super) fn new(b1: &SapB1, books: &Books, sets: Vec<Arc<SetMapping>>, filter: &Filter, order: &[Order]) -> Self {
        let narrow = |folded: bool| {
            let sets = sets.iter().map(|set| {
                let columns = books.columns(set);
                let narrowed = Narrowed::new(books, set, filter, order, &b1.dialect(&columns, folded));
                (set.clone(), columns, narrowed)
            });
            sets.collect::<Vec<_>>()
        };
        let plain = narrow(false);
        let folded = b1.folds() && plain.iter().any(|(_, _, narrowed)| narrowed.searches());
        let sets = if folded { narrow(true) } else { plain };
        let left = sets.iter().fold(Filter::ALL, |left, (_, _, narrowed)| both(left, narrowed.left.clone()));
        Self { sets, left, folded }
    }

    /// The fields to read for these wanted ones: those of the order and of what is left to evaluate come with them.
    pub(super) fn fields(&self, wanted: FieldSet, order: &[Order]) -> FieldSet {
        wanted.union(order_fields(order)).union(self.left.fields())
    }
}

/// A page of a list.
pub(super) async fn list(b1: &SapB1, ctx: &Ctx, books: &Books, entity: EntityType, query: &ListQuery) -> Result<Page> {
    let (sets, starts) = present(books, entity, query.sets.iter().map(|start| (&start.set, start)))?;
    let selection = Selection::new(b1, books, sets, &query.filter, &query.order);
    let fields = selection.fields(query.fields, &query.order);
    if let ([set], [start]) = (selection.sets.as_slice(), starts.as_slice())
        && let Some(partitions) = Partitions::by(&set.0, &query.order)
    {
        let page = partitions::list(b1, ctx, books, (query, start), (&selection, &set.0), partitions).await?;
        return Ok(Page { sets: vec![page], left: selection.left });
    }
    let mut readings = Vec::with_capacity(selection.sets.len());
    for ((set, columns, narrowed), start) in selection.sets.iter().zip(starts) {
        let plan = Arc::new(Plan::new(set, fields));
        let scope = Scope { set, plan: &plan, order: &query.order, after: start.after.as_ref(), limit: query.limit };
        readings.push(Reading::new(&scope, narrowed, &SourceFilter::ALL, &b1.dialect(columns, selection.folded))?);
    }
    let mut read = read_all(b1, ctx, readings, selection.folded, &b1.env(ctx, books)).await?;
    let mut page = |set: &SourceSet| read.iter().position(|page| page.set == *set).map(|at| read.swap_remove(at));
    let sets = query.sets.iter().map(|start| page(&start.set).unwrap_or_else(|| SetPage::empty(&start.set)));
    Ok(Page { sets: sets.collect(), left: selection.left })
}

/// Those of the named sets that this company has, each with what belongs to it.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) where it has none of them.
pub(super) fn present<'s, T>(
    books: &Books,
    entity: EntityType,
    named: impl Iterator<Item = (&'s SourceSet, T)>,
) -> Result<(Vec<Arc<SetMapping>>, Vec<T>)> {
    let mut asked = 0;
    let mut sets = Vec::new();
    let mut with = Vec::new();
    for (name, more) in named {
        asked += 1;
        if let Some(set) = books.set(entity, name)? {
            sets.push(set.clone());
            with.push(more);
        }
    }
    if sets.is_empty() && asked > 0 {
        let plural = entity.def().plural;
        return Err(Error::unsupported(format!("The Service Layer of this company has no {plural}.")));
    }
    Ok((sets, with))
}

/// The pages of many lists, in their order: all in one exchange where a batch holds them.
pub(super) async fn read_all(
    b1: &SapB1,
    ctx: &Ctx,
    readings: Vec<Reading<'_>>,
    folded: bool,
    env: &Env,
) -> Result<Vec<SetPage>> {
    let manner = Manner::folded(folded);
    let asks: Vec<Vec<Ask>> = readings.iter().map(|reading| reading.asks().collect()).collect();
    let mut pages = b1.service.pages(ctx, &asks.concat(), manner).await?.into_iter();
    let mut pages: Vec<Vec<_>> = asks.iter().map(|asks| pages.by_ref().take(asks.len()).collect()).collect();
    let again: Vec<_> = readings.iter().zip(&pages).map(|(reading, pages)| reading.asks_again(pages)).collect();
    let further: Vec<_> = again.iter().flatten().cloned().collect();
    let mut further = b1.service.pages(ctx, &further, manner).await?;
    let plans = readings.iter().map(|reading| &*reading.plan);
    let first = plans.clone().zip(&mut pages).flat_map(|(plan, pages)| pages.iter_mut().map(move |page| (plan, page)));
    let second = plans.zip(&again).filter(|(_, again)| again.is_some()).map(|(plan, _)| plan).zip(&mut further);
    supplement(b1, ctx, &mut first.chain(second).collect::<Vec<_>>()).await?;
    let mut further = further.into_iter();
    let finished = readings.into_iter().zip(pages).zip(again).map(|((reading, pages), again)| {
        let again = again.and_then(|_| further.next());
        reading.finish(pages, again, env)
    });
    finished.collect()
}

/// How many records pass a filter.
pub(super) async fn count(b1: &SapB1, ctx: &Ctx, books: &Books, entity: EntityType, filter: &Filter) -> Result<Count> {
    let selection = Selection::new(b1, books, books.sets(entity).to_vec(), filter, &[]);
    if !selection.left.is_all() {
        return Ok(Count::Unknown);
    }
    let mut asked = Vec::new();
    for (set, columns, narrowed) in &selection.sets {
        if let Some(condition) = narrowed.condition() {
            asked.push((set.set.clone(), b1.dialect(columns, false).filter(&condition)?));
        }
    }
    Ok(Count::Exact(b1.service.counts(ctx, &asked).await?.into_iter().sum()))
}

/// Records by their ids.
pub(super) async fn get_many(
    b1: &SapB1,
    ctx: &Ctx,
    books: &Books,
    entity: EntityType,
    ids: &[RemoteRef],
    fields: FieldSet,
) -> Result<Vec<Option<Arc<Record>>>> {
    let mut asks = Vec::new();
    let mut plans = Vec::new();
    for set in books.sets(entity) {
        let wanted = ids.iter().filter(|id| id.set == set.set).filter_map(|id| set.source_id(&id.id));
        let mut wanted: Vec<&str> = wanted.collect();
        wanted.sort_unstable();
        wanted.dedup();
        let columns = books.columns(set);
        let dialect = b1.dialect(&columns, false);
        let plan = Arc::new(Plan::new(set, fields));
        let literals: Vec<_> = wanted.into_iter().filter_map(|id| set.id_literal(id)).collect();
        for chunk in literals.chunks(IDS_PER_READ) {
            let ids = SourceCondition { path: set.id.as_str().into(), op: SourceOp::In, values: chunk.to_vec() };
            let ids = dialect.filter(&SourceFilter::Is(ids))?;
            let filter = match set.options.get("by-id").and_then(toml::Value::as_str) {
                Some(condition) => format!("{ids} and {condition}"),
                None => ids,
            };
            let select = select(&plan);
            asks.push(Ask {
                set: set.set.clone(),
                select,
                filter,
                order: String::new(),
                skip: 0,
                top: chunk.len(),
                count: false,
            });
            plans.push(plan.clone());
        }
    }
    let mut pages = b1.service.pages(ctx, &asks, Manner::default()).await?;
    supplement(b1, ctx, &mut plans.iter().map(|plan| &**plan).zip(&mut pages).collect::<Vec<_>>()).await?;
    let env = b1.env(ctx, books);
    let mut records: HashMap<RemoteRef, Arc<Record>> = HashMap::with_capacity(ids.len());
    for (page, plan) in pages.into_iter().zip(plans) {
        for row in page.rows {
            for read in plan.read_all(std::str::from_utf8(&row).unwrap_or_default(), &[], &env) {
                match read {
                    Ok(record) => {
                        let key = RemoteRef { set: record.key.set.clone(), id: record.key.id.clone() };
                        records.insert(key, Arc::new(record));
                    }
                    Err(quarantined) => {
                        tracing::warn!(set = %quarantined.set, id = ?quarantined.id, "a record cannot be read: {}", quarantined.reason)
                    }
                }
            }
        }
    }
    Ok(ids.iter().map(|id| records.get(id).cloned()).collect())
}
