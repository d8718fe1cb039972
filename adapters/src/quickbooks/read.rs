//! Lists, counts and records by their ids.

use super::{
    IDS_PER_QUERY, QuickBooks,
    api::Answer,
    company::Books,
    statement::{MAX_ROWS, Selection, Sorting, fit, is_whole, order_by},
};
use crate::{
    adapter::{Count, Ctx, ListQuery, Page, Position, Quarantined, Row, SetPage},
    error::{Error, Result},
    filter::{Condition, Filter, Op, Target},
    mapping::{Env, Pushed, SetMapping, SourceFilter, push},
    model::{CurrencyCode, EntityType, FieldSet, Record, RemoteRef, Value},
};
use chrono::NaiveDate;
use futures_util::future::{try_join, try_join_all};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

impl QuickBooks {
    /// What is known of the company. Where its currency was entered, it can do without.
    pub(super) async fn books(&self, ctx: &Ctx) -> Result<Books> {
        let api = Arc::clone(&self.api);
        let books = self.books.get(ctx, |ctx| async move { super::company::books(&api, &ctx).await }).await;
        match (books, self.base_currency) {
            (Ok(books), _) => Ok(books),
            (Err(error), Some(_)) => {
                tracing::warn!(erp.id = %self.info.erp, "goes on without the preferences of the company: {error}");
                Ok(Books::default())
            }
            (Err(error), None) => Err(error),
        }
    }

    /// What reading needs to know of the company.
    pub(super) async fn env(&self, ctx: &Ctx) -> Result<(Env, Books)> {
        let books = self.books(ctx).await?;
        let env = Env {
            erp: self.info.erp.clone(),
            read_at: ctx.now,
            base_currency: self.base_currency.or(books.currency),
            zone: self.time_zone.unwrap_or(chrono_tz::UTC),
            currencies: HashMap::new(),
            base_url: Arc::clone(&self.app),
            tables: Arc::clone(&books.tables),
        };
        Ok((env, books))
    }

    pub(super) async fn read_list(&self, ctx: &Ctx, entity: EntityType, query: &ListQuery) -> Result<Page> {
        if self.mapping.sets(entity).iter().any(|set| is_whole(set)) {
            return self.list_whole(ctx, entity, query).await;
        }
        let filter = self.answerable(ctx, entity, &query.filter).await?;
        let mut starts = Vec::with_capacity(query.sets.len());
        let mut left = Left::default();
        for start in &query.sets {
            let set = self.set(entity, &start.set)?;
            let skip = match start.after {
                None => 0,
                Some(Position::Offset(skip)) => skip,
                Some(Position::After { .. }) => {
                    return Err(Error::invalid("The position does not belong to this list."));
                }
            };
            starts.push((set, skip, left.push(&filter, set)));
        }
        let left = left.filter();
        let fields = query.fields.union(left.fields());
        if starts.iter().all(|(_, _, source)| source.is_none()) {
            return Ok(Page { sets: starts.iter().map(|(set, ..)| empty(set)).collect(), left });
        }
        let mut pages = Vec::with_capacity(starts.len());
        for (set, skip, source) in starts {
            let sorting = order_by(set, &query.order)?;
            pages.push(async move {
                let asked = query.limit.saturating_add(1).min(MAX_ROWS);
                let answers = match source.is_none() {
                    true => Vec::new(),
                    false => self.rows(ctx, set, &Selection::new(set, &source)?, &sorting, skip, asked).await?,
                };
                Ok::<_, Error>(Fetched { set, skip, answers, asked })
            });
        }
        let ((env, books), pages) = try_join(self.env(ctx), try_join_all(pages)).await?;
        let known = (&env, &books);
        let pages = pages.iter().map(|fetched| fetched.page(self, ctx, query.limit, fields, known));
        Ok(Page { sets: try_join_all(pages).await?, left })
    }

    /// Rows of a set in order, those that lack the first key after all others.
    async fn rows(
        &self,
        ctx: &Ctx,
        set: &SetMapping,
        selection: &Selection,
        sorting: &Sorting,
        skip: u64,
        asked: usize,
    ) -> Result<Vec<Answer>> {
        let Some(key) = &sorting.nullable else {
            return Ok(vec![self.api.query(ctx, &selection.rows(&sorting.clause, skip, asked)).await?]);
        };
        let with = selection.clone().having(key, true);
        let first = self.api.query(ctx, &with.rows(&sorting.clause, skip, asked)).await?;
        let found = first.rows(set.set.as_str())?.len();
        if found >= asked {
            return Ok(vec![first]);
        }
        let with_value = match (found, skip) {
            (0, 1..) => self.api.query(ctx, &with.count()).await?.total()?,
            _ => skip + found as u64,
        };
        let without = selection.clone().having(key, false);
        let statement = without.rows(&sorting.clause, skip.saturating_sub(with_value), asked - found);
        Ok(vec![first, self.api.query(ctx, &statement).await?])
    }

    pub(super) async fn read_count(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Count> {
        let sets = self.mapping.sets(entity);
        if sets.is_empty() {
            return Err(self.unsupported(entity));
        }
        if sets.iter().any(|set| is_whole(set)) {
            let counts = sets.iter().map(|set| self.whole(ctx, set, filter, FieldSet::EMPTY));
            let wholes = try_join_all(counts).await?;
            return Ok(Count::Exact(wholes.iter().map(|whole| whole.records.len() as u64).sum()));
        }
        let filter = self.answerable(ctx, entity, filter).await?;
        let mut statements = Vec::new();
        for set in sets {
            let Pushed { source, left } = pushed(&filter, set);
            if source.is_none() {
                continue;
            }
            if !left.is_all() {
                return Ok(Count::Unknown);
            }
            statements.push(Selection::new(set, &source)?.count());
        }
        let answers = self.api.queries(ctx, &statements).await?;
        let totals = answers.into_iter().map(|answer| answer?.total());
        Ok(Count::Exact(totals.sum::<Result<u64>>()?))
    }

    pub(super) async fn read_many(
        &self,
        ctx: &Ctx,
        entity: EntityType,
        ids: &[RemoteRef],
        fields: FieldSet,
    ) -> Result<Vec<Option<Arc<Record>>>> {
        let sets = self.mapping.sets(entity);
        if sets.is_empty() {
            return Err(self.unsupported(entity));
        }
        let mut queries = Vec::new();
        for set in sets {
            let mut seen = HashSet::new();
            let wanted = ids.iter().filter(|id| id.set == set.set && seen.insert(&*id.id));
            for statement in by_ids(set, wanted.map(|id| &*id.id))? {
                queries.push(async move { Ok::<_, Error>((set, self.api.query(ctx, &statement).await?)) });
            }
        }
        if queries.is_empty() {
            return Ok(vec![None; ids.len()]);
        }
        let ((env, books), answers) = try_join(self.env(ctx), try_join_all(queries)).await?;
        let mut found = HashMap::new();
        for (set, answer) in &answers {
            let rows = answer.rows(set.set.as_str())?;
            let reading = self.reading(ctx, set, fields, &rows, (&env, &books)).await?;
            for raw in rows {
                match reading.read(raw) {
                    Ok(record) if !is_category(set, raw) => {
                        let id = RemoteRef { set: set.set.clone(), id: record.key.id.clone() };
                        found.insert(id, Arc::new(record));
                    }
                    Ok(_) => {}
                    Err(Quarantined { set, id, reason }) => {
                        let id = id.as_deref().unwrap_or_default();
                        tracing::warn!(erp.id = %self.info.erp, set = %set, remote.id = id, "leaves out a record: {reason}");
                    }
                }
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// The same filter in terms that a query knows: what is asked of ids that cannot be is answered here, and the invoices of
    /// an estimate are named by their ids, which only the estimate knows.
    pub(super) async fn answerable(&self, ctx: &Ctx, entity: EntityType, filter: &Filter) -> Result<Filter> {
        let filter = possible_ids(filter.clone());
        let via = match entity {
            EntityType::Invoice => entity.def().id_of("salesOrder").map(Target::Field),
            _ => None,
        };
        let mut conjuncts = match filter {
            Filter::And(parts) => parts,
            one => vec![one],
        };
        for part in &mut conjuncts {
            if let Filter::Is(Condition { target, op: Op::Eq | Op::In, values }) = part
                && Some(*target) == via
            {
                let estimates = values.iter().filter_map(|v| if let Value::Ref(r) = v { Some(&*r.id) } else { None });
                let links = self.invoices_of(ctx, &estimates.collect::<Vec<_>>()).await?;
                let ids: HashSet<_> = links.into_values().flatten().collect();
                let mut ids: Vec<_> = ids.into_iter().collect();
                ids.sort_unstable();
                let invoices = ids.into_iter().map(|id| Value::Ref(RemoteRef { set: "Invoice".into(), id }));
                *part = Filter::Is(Condition { target: Target::Id, op: Op::In, values: invoices.collect() });
            }
        }
        Ok(Filter::And(conjuncts).simplify())
    }
}

/// Ids are numbers, written as text. Some references are words: shipping is sold as `SHIPPING_ITEM_ID`.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 20 && !id.starts_with('0') && id.bytes().all(|b| b.is_ascii_digit())
}

/// No record has an id that is none: such values are dropped, so that nothing is asked for them.
fn possible_ids(filter: Filter) -> Filter {
    let possible = filter.try_map(&mut |mut condition: Condition| {
        condition.values.retain(|value| !matches!(value, Value::Ref(r) if !is_id(&r.id)));
        Ok::<_, std::convert::Infallible>(Filter::Is(condition))
    });
    match possible {
        Ok(filter) => filter,
    }
}

/// The queries for records by their ids.
fn by_ids<'i>(set: &SetMapping, ids: impl Iterator<Item = &'i str>) -> Result<Vec<String>> {
    let all = || Selection::new(set, &SourceFilter::ALL);
    if set.entity != EntityType::ExchangeRate {
        let ids: Vec<_> = ids.filter(|id| is_id(id)).collect();
        let chunks = ids.chunks(IDS_PER_QUERY);
        return chunks.map(|ids| Ok(all()?.within("Id", ids.iter().copied()).rows("", 0, ids.len()))).collect();
    }
    // A rate is known by its currency and the day from which it holds.
    let mut days: BTreeMap<NaiveDate, Vec<&str>> = BTreeMap::new();
    for id in ids {
        if let Some((currency, Ok(day))) = id.split_once(':').map(|(currency, day)| (currency, day.parse()))
            && currency.parse::<CurrencyCode>().is_ok()
        {
            days.entry(day).or_default().push(currency);
        }
    }
    let on = |(day, currencies): (NaiveDate, Vec<&str>)| {
        let rates = all()?.within("SourceCurrencyCode", currencies).on("AsOfDate", day);
        Ok(rates.rows("", 0, MAX_ROWS))
    };
    days.into_iter().map(on).collect()
}

/// Categories are kept among the items, but are none.
fn is_category(set: &SetMapping, raw: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(rename = "Type", borrow)]
        kind: Option<Cow<'a, str>>,
    }
    let is_item = set.entity == EntityType::Product;
    is_item && serde_json::from_str::<Item<'_>>(raw.get()).is_ok_and(|item| item.kind.as_deref() == Some("Category"))
}

fn pushed(filter: &Filter, set: &SetMapping) -> Pushed {
    push(filter, set, false, &|condition| fit(set, condition))
}

/// What is left of a filter over several sets: each part that at least one of them could not evaluate.
#[derive(Default)]
pub(super) struct Left(Vec<Filter>);

impl Left {
    /// Pushes a filter down to a set, and remembers what is left of it.
    pub(super) fn push(&mut self, filter: &Filter, set: &SetMapping) -> SourceFilter {
        let Pushed { source, left } = pushed(filter, set);
        let parts = match left {
            Filter::And(parts) => parts,
            one => vec![one],
        };
        parts.into_iter().for_each(|part| {
            if !self.0.contains(&part) {
                self.0.push(part)
            }
        });
        source
    }

    pub(super) fn filter(self) -> Filter {
        Filter::And(self.0).simplify()
    }
}

/// The answers for one set of a list; none where the filter lets nothing pass.
struct Fetched<'m> {
    set: &'m Arc<SetMapping>,
    skip: u64,
    answers: Vec<Answer>,
    asked: usize,
}

impl Fetched<'_> {
    async fn page(
        &self,
        qbo: &QuickBooks,
        ctx: &Ctx,
        limit: usize,
        fields: FieldSet,
        known: (&Env, &Books),
    ) -> Result<SetPage> {
        let mut rows = Vec::new();
        for answer in &self.answers {
            rows.extend(answer.rows(self.set.set.as_str())?);
        }
        let shown = &rows[..rows.len().min(limit)];
        let mut page = empty(self.set);
        let reading = qbo.reading(ctx, self.set, fields, shown, known).await?;
        for (at, raw) in shown.iter().enumerate() {
            let position = Position::Offset(self.skip + at as u64 + 1);
            match reading.read(raw) {
                Ok(record) => page.rows.push(Row { record: Arc::new(record), position }),
                Err(quarantined) => page.quarantined.push(quarantined),
            }
        }
        // A full answer of the most rows there can be says nothing about what comes after it.
        let more = rows.len() > shown.len() || (self.asked <= limit && rows.len() >= self.asked);
        page.next = more.then(|| Position::Offset(self.skip + shown.len() as u64));
        Ok(page)
    }
}

fn empty(set: &SetMapping) -> SetPage {
    SetPage { set: set.set.clone(), rows: Vec::new(), next: None, quarantined: Vec::new() }
}
