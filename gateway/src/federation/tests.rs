//! The federation over ERPs in memory: paging, caches, partial answers, who sees what.

use super::*;
use adapters::{
    ErrorKind,
    adapter::{
        Adapter, Capability, Children, Count as SourceCount, Info, ListQuery, Order, Page, Paging, Position, RawCall,
        Row, ServerInfo, SetPage,
    },
    filter::{Condition, Op, Operand, Target, matches as passes},
    model::{Direction, EntityType, FieldId, Money, Record, RemoteRef, SourceSet, Value},
};
use schema::ports::{Role, ServedFrom};
use std::{
    cmp::Ordering,
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering as Atomic},
    },
};

const ENTITY: EntityType = EntityType::Invoice;

fn field(name: &str) -> FieldId {
    ENTITY.def().id_of(name).expect("a field")
}

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Down,
    Hanging,
}

/// An ERP with two source sets in memory. Conditions on `memo` are left to the gateway.
struct Memory {
    info: Info,
    invoices: Mutex<Vec<Arc<Record>>>,
    mood: Mutex<Mood>,
    calls: AtomicU32,
}

impl Memory {
    fn new(erp: &str, seed: u64, count: usize) -> Arc<Self> {
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let invoices = (0..count).map(|n| {
            let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date")
                + chrono::TimeDelta::days(random(20) as i64);
            let date = if random(10) == 0 { Value::Null } else { Value::Date(day) };
            let set = if random(2) == 0 { "invoices" } else { "credits" };
            let customer = RemoteRef { set: "customers".into(), id: random(4).to_string().into() };
            let total = Money { amount: (random(500) as i64).into(), currency: "EUR".parse().expect("a code") };
            let values = [
                ("number", Value::Text(n.to_string().into())),
                ("customer", Value::Ref(customer)),
                ("issueDate", date),
                ("total", Value::Money(total)),
                ("memo", Value::Text(if n % 50 == 0 { "rare" } else { "common" }.into())),
            ];
            let key = RecordKey { entity: ENTITY, erp: erp.into(), set: set.into(), id: format!("{n:04}").into() };
            let held = values.iter().map(|(name, _)| field(name)).collect();
            Arc::new(Record::new(key, DateTime::UNIX_EPOCH, held, values.map(|v| v.1).to_vec()))
        });
        Arc::new(Self {
            info: Info { erp: erp.into(), system: "odoo" },
            invoices: Mutex::new(invoices.collect()),
            mood: Mutex::new(Mood::Well),
            calls: AtomicU32::new(0),
        })
    }

    fn calls(&self) -> u32 {
        self.calls.load(Atomic::Relaxed)
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().expect("not poisoned") = mood;
    }

    async fn answer(&self) -> Result<(), SourceFailure> {
        self.calls.fetch_add(1, Atomic::Relaxed);
        let mood = *self.mood.lock().expect("not poisoned");
        match mood {
            Mood::Well => Ok(()),
            Mood::Down => Err(SourceFailure::new(ErrorKind::Unavailable, "The ERP is out of order.")),
            Mood::Hanging => std::future::pending().await,
        }
    }

    fn page(
        &self,
        set: &SourceSet,
        filter: &Filter,
        order: &[Order],
        after: Option<&Position>,
        limit: usize,
    ) -> SetPage {
        let (pushed, _) = split(filter);
        let invoices = self.invoices.lock().expect("not poisoned");
        let mut rows: Vec<_> = invoices.iter().filter(|r| r.key.set == *set && passes(&pushed, r)).cloned().collect();
        rows.sort_by(|a, b| sorted(order, a).cmp_to(&sorted(order, b), order));
        let beyond = |record: &Arc<Record>| match after {
            Some(Position::After { values, id }) => {
                sorted(order, record).cmp_to(&Sorted { values: values.clone(), id: id.clone() }, order).is_gt()
            }
            _ => true,
        };
        let mut rows: Vec<Row> = rows
            .into_iter()
            .filter(beyond)
            .take(limit + 1)
            .map(|record| {
                let Sorted { values, id } = sorted(order, &record);
                Row { record, position: Position::After { values, id } }
            })
            .collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|row| row.position.clone()) } else { None };
        SetPage { set: set.clone(), rows, next, quarantined: Vec::new() }
    }
}

struct Sorted {
    values: Vec<Value>,
    id: Box<str>,
}

fn sorted(order: &[Order], record: &Record) -> Sorted {
    Sorted { values: order.iter().map(|key| record.get(key.field).clone()).collect(), id: record.key.id.clone() }
}

impl Sorted {
    fn cmp_to(&self, other: &Self, order: &[Order]) -> Ordering {
        let directed = |direction: Direction, ordering: Ordering| {
            if direction == Direction::Desc { ordering.reverse() } else { ordering }
        };
        for ((a, b), key) in self.values.iter().zip(&other.values).zip(order) {
            let ordering = match (a, b) {
                (Value::Null, _) | (_, Value::Null) => a.compare(b),
                _ => directed(key.direction, a.compare(b)),
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        directed(order.last().map_or(Direction::Asc, |key| key.direction), self.id.cmp(&other.id))
    }
}

/// What this ERP evaluates of a filter, and what it leaves.
fn split(filter: &Filter) -> (Filter, Filter) {
    let parts = match filter {
        Filter::And(parts) => parts.clone(),
        one => vec![one.clone()],
    };
    let (left, pushed) = parts.into_iter().partition(|part| part.fields().contains(field("memo")));
    (Filter::And(pushed).simplify(), Filter::And(left).simplify())
}

#[async_trait]
impl Adapter for Memory {
    fn info(&self) -> &Info {
        &self.info
    }
    fn host(&self) -> Option<Arc<adapters::http::HostState>> {
        None
    }

    fn capability(&self, entity: EntityType) -> Capability {
        let can = entity == ENTITY;
        Capability { list: can, get_many: can, count: can, paging: Paging::Keyset, ..Capability::none(entity) }
    }
    fn sets(&self, entity: EntityType) -> Vec<SourceSet> {
        if entity == ENTITY { vec!["invoices".into(), "credits".into()] } else { vec![] }
    }
    async fn probe(&self, _: &Ctx) -> adapters::Result<ServerInfo> {
        self.answer().await.map(|()| ServerInfo::default())
    }
    async fn list(&self, _: &Ctx, _: EntityType, query: &ListQuery) -> adapters::Result<Page> {
        self.answer().await?;
        let page =
            |start: &SetStart| self.page(&start.set, &query.filter, &query.order, start.after.as_ref(), query.limit);
        Ok(Page { sets: query.sets.iter().map(page).collect(), left: split(&query.filter).1 })
    }
    async fn count(&self, _: &Ctx, _: EntityType, filter: &Filter) -> adapters::Result<SourceCount> {
        self.answer().await?;
        let (pushed, left) = split(filter);
        let count = self.invoices.lock().expect("not poisoned").iter().filter(|r| passes(&pushed, r)).count();
        Ok(if left.is_all() { SourceCount::Exact(count as u64) } else { SourceCount::Unknown })
    }
    async fn get_many(
        &self,
        _: &Ctx,
        _: EntityType,
        ids: &[RemoteRef],
        _: FieldSet,
    ) -> adapters::Result<Vec<Option<Arc<Record>>>> {
        self.answer().await?;
        let invoices = self.invoices.lock().expect("not poisoned");
        let find = |id: &RemoteRef| invoices.iter().find(|r| r.key.set == id.set && r.key.id == id.id).cloned();
        Ok(ids.iter().map(find).collect())
    }
    async fn list_children(
        &self,
        _: &Ctx,
        _: EntityType,
        query: &adapter::ChildrenQuery,
    ) -> adapters::Result<Children> {
        self.answer().await?;
        let of = |parent: &RemoteRef| {
            let points =
                Condition { target: Target::Field(query.via), op: Op::Eq, values: vec![Value::Ref(parent.clone())] };
            let filter = Filter::Is(points).and(query.filter.clone());
            query.sets.iter().map(|set| self.page(set, &filter, &query.order, None, query.per_parent)).collect()
        };
        Ok(Children { parents: query.parents.iter().map(of).collect(), left: split(&query.filter).1 })
    }
    async fn call(&self, _: &Ctx, _: &RawCall) -> adapters::Result<serde_json::Value> {
        Err(SourceFailure::unsupported("no raw calls"))
    }
}

/// A clock that tests move: seconds since the epoch. Each test has a thread, and so a clock, of its own.
fn clock() -> DateTime<Utc> {
    SECONDS.with(|s| DateTime::from_timestamp(s.load(Atomic::Relaxed), 0).expect("a time"))
}
thread_local! {
    static SECONDS: AtomicI64 = const { AtomicI64::new(1_767_225_600) };
}
fn advance(seconds: i64) {
    SECONDS.with(|s| s.fetch_add(seconds, Atomic::Relaxed));
}

fn federation(erps: &[&Arc<Memory>]) -> Federation {
    let seconds = Duration::from_secs;
    let limits = Limits {
        freshness: Freshness { fresh: seconds(30), revalidate: seconds(300), on_error: seconds(3600) },
        wait: seconds(8),
        call: seconds(30),
        cache_bytes: 1 << 24,
        scan: 400,
    };
    let erps = erps.iter().map(|erp| Arc::clone(erp) as Arc<dyn Adapter>);
    Federation::new(Arc::new(ErpRegistry::of_adapters(erps, clock)), Seal::new([1; 32]), limits, clock)
}

fn three() -> [Arc<Memory>; 3] {
    [Memory::new("a", 1, 90), Memory::new("b", 2, 40), Memory::new("c", 3, 7)]
}

fn all() -> Principal {
    Principal { subject: "test".into(), role: Role::Admin, scopes: BTreeSet::new(), erps: None }
}

fn request(first: usize, order: &[(&str, Direction)]) -> ListRequest {
    ListRequest {
        entity: ENTITY,
        first,
        after: None,
        filter: Filter::ALL,
        order: order.iter().map(|(name, direction)| Order { field: field(name), direction: *direction }).collect(),
        erps: None,
        fields: [field("number")].into_iter().collect(),
        options: ReadOptions::default(),
        of: None,
    }
}

async fn every_page(federation: &Federation, mut request: ListRequest) -> Vec<Arc<Record>> {
    let mut seen = Vec::new();
    loop {
        let page = federation.list(&all(), &request).await.expect("a page");
        seen.extend(page.rows.iter().map(|row| Arc::clone(&row.record)));
        if !page.has_next_page {
            return seen;
        }
        assert!(seen.len() < 10_000, "paging does not end");
        request.after = Some((page.cursors)(page.rows.len() - 1));
    }
}

fn memo(value: &str) -> Filter<Operand> {
    let values = vec![Operand::Value(Value::Text(value.into()))];
    Filter::Is(Condition { target: Target::Field(field("memo")), op: Op::Eq, values })
}

#[tokio::test]
async fn paging_neither_loses_nor_repeats_and_keeps_the_order() {
    for (order, direction) in [("issueDate", Direction::Desc), ("issueDate", Direction::Asc), ("total", Direction::Asc)]
    {
        for first in [1, 7, 50, 200] {
            let erps = three();
            let federation = federation(&[&erps[0], &erps[1], &erps[2]]);
            let seen = every_page(&federation, request(first, &[(order, direction)])).await;
            let ids: BTreeSet<_> =
                seen.iter().map(|r| (r.key.erp.clone(), r.key.set.clone(), r.key.id.clone())).collect();
            assert_eq!((seen.len(), ids.len()), (137, 137), "{order} {direction:?} by {first}");
            let key = |r: &Arc<Record>| r.get(field(order)).clone();
            let in_order = seen.windows(2).all(|pair| {
                let (a, b) = (key(&pair[0]), key(&pair[1]));
                let ordering = a.compare(&b);
                if direction == Direction::Desc && !a.is_null() && !b.is_null() {
                    ordering.is_ge()
                } else {
                    ordering.is_le()
                }
            });
            assert!(in_order, "{order} {direction:?} by {first}");
        }
    }
}

#[tokio::test]
async fn paging_survives_changes_between_the_pages() {
    let erps = three();
    let federation = federation(&[&erps[0], &erps[1], &erps[2]]);
    let mut next = request(10, &[("issueDate", Direction::Desc)]);
    let mut seen = BTreeSet::new();
    let before: BTreeSet<_> = erps
        .iter()
        .flat_map(|e| e.invoices.lock().expect("ok").clone())
        .map(|r| r.key.id.to_string() + r.key.erp.as_str())
        .collect();
    loop {
        advance(400);
        let page = federation.list(&all(), &next).await.expect("a page");
        for row in page.rows.iter() {
            assert!(seen.insert(row.record.key.id.to_string() + row.record.key.erp.as_str()), "repeated");
        }
        if !page.has_next_page {
            break;
        }
        next.after = Some((page.cursors)(page.rows.len() - 1));
        // The newest record disappears from every ERP: an offset would now skip one.
        for erp in &erps {
            let mut invoices = erp.invoices.lock().expect("ok");
            let newest = (0..invoices.len())
                .max_by(|a, b| invoices[*a].get(field("issueDate")).compare(invoices[*b].get(field("issueDate"))));
            if let Some(newest) =
                newest.filter(|n| seen.contains(&(invoices[*n].key.id.to_string() + invoices[*n].key.erp.as_str())))
            {
                invoices.remove(newest);
            }
        }
    }
    assert_eq!(seen, before);
}

#[tokio::test]
async fn rows_read_and_not_shown_serve_the_next_pages() {
    let erps = three();
    let federation = federation(&[&erps[0], &erps[1], &erps[2]]);
    let seen = every_page(&federation, request(10, &[("issueDate", Direction::Desc)])).await;
    assert_eq!(seen.len(), 137);
    let calls: u32 = erps.iter().map(|erp| erp.calls()).sum();
    assert!(calls <= 23, "14 pages of 3 ERPs took {calls} calls; without the cache they take 42");
}

#[tokio::test]
async fn a_failing_erp_is_a_line_and_an_old_answer_stands_in_for_it() {
    let erps = three();
    let federation = federation(&[&erps[0], &erps[1], &erps[2]]);
    let list = request(200, &[("issueDate", Direction::Desc)]);
    erps[0].is(Mood::Down);
    let page = federation.list(&all(), &list).await.expect("a page");
    assert_eq!(page.rows.len(), 47);
    let report = &page.sources[0];
    assert_eq!((report.status, report.records), (SourceStatus::Failed, 0));
    assert_eq!(report.error.as_ref().map(|e| e.code.word()), Some("SOURCE_UNAVAILABLE"));
    assert!(page.has_next_page, "going on asks the ERP that failed again");

    erps[0].is(Mood::Well);
    let mut rest = list.clone();
    rest.after = Some((page.cursors)(46));
    assert_eq!(federation.list(&all(), &rest).await.expect("a page").rows.len(), 90, "nothing of it is lost");

    assert_eq!(federation.list(&all(), &list).await.expect("a page").rows.len(), 137);
    erps[0].is(Mood::Down);
    advance(301);
    let page = federation.list(&all(), &list).await.expect("a page");
    assert_eq!((page.rows.len(), page.sources[0].status), (137, SourceStatus::Stale));
    assert_eq!(page.sources[0].served_from, Some(ServedFrom::StaleCache));
    assert!(page.sources[0].error.is_some(), "why it is stale");
    let live = ListRequest { options: ReadOptions { mode: ReadMode::Live, ..ReadOptions::default() }, ..list };
    assert_eq!(federation.list(&all(), &live).await.expect("a page").sources[0].status, SourceStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_slow_erp_is_not_waited_for() {
    let erps = three();
    let federation = federation(&[&erps[0], &erps[1], &erps[2]]);
    erps[1].is(Mood::Hanging);
    let mut list = request(200, &[("issueDate", Direction::Desc)]);
    list.options.timeout = Some(Duration::from_millis(300));
    let started = Instant::now();
    let page = federation.list(&all(), &list).await.expect("a page");
    assert_eq!(started.elapsed(), Duration::from_millis(300));
    assert_eq!(page.rows.len(), 97);
    assert_eq!(page.sources[1].error.as_ref().map(|e| e.code.word()), Some("SOURCE_TIMEOUT"));
}

#[tokio::test]
async fn an_answer_that_is_no_longer_fresh_is_given_at_once_and_asked_for_again() {
    let erp = Memory::new("a", 1, 10);
    let federation = federation(&[&erp]);
    let list = request(50, &[("number", Direction::Asc)]);
    federation.list(&all(), &list).await.expect("a page");
    assert_eq!(federation.list(&all(), &list).await.expect("a page").sources[0].served_from, Some(ServedFrom::Cache));
    assert_eq!(erp.calls(), 1);
    advance(60);
    assert_eq!(
        federation.list(&all(), &list).await.expect("a page").sources[0].served_from,
        Some(ServedFrom::StaleCache)
    );
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    assert_eq!(erp.calls(), 2, "behind the caller's back");
    assert_eq!(federation.list(&all(), &list).await.expect("a page").sources[0].served_from, Some(ServedFrom::Cache));
}

#[tokio::test]
async fn equal_reads_at_once_are_one_call() {
    let erp = Memory::new("a", 1, 50);
    let federation = federation(&[&erp]);
    let list = request(10, &[("number", Direction::Asc)]);
    let who = all();
    let pages = join_all((0..20).map(|_| federation.list(&who, &list))).await;
    assert!(pages.iter().all(|page| page.as_ref().is_ok_and(|page| page.rows.len() == 10)));
    assert_eq!(erp.calls(), 1);
    let key = pages[0].as_ref().expect("a page").rows[0].record.key.clone();
    let fields = list.fields;
    let keys = [key.clone()];
    join_all((0..20).map(|_| federation.get_many(&who, &keys, fields, &list.options))).await;
    assert_eq!(erp.calls(), 2);
}

#[tokio::test]
async fn children_of_many_parents_are_one_call_and_go_on_as_lists() {
    let erp = Memory::new("a", 1, 90);
    let federation = federation(&[&erp]);
    let parents: Vec<_> = (0..5)
        .map(|n| RecordKey {
            entity: EntityType::Customer,
            erp: "a".into(),
            set: "customers".into(),
            id: n.to_string().into(),
        })
        .collect();
    let list = request(3, &[("issueDate", Direction::Desc)]);
    let children = ChildrenRequest {
        entity: ENTITY,
        via: field("customer"),
        first: 3,
        filter: Filter::ALL,
        order: list.order.clone(),
        fields: list.fields,
        options: list.options,
    };
    let listed = federation.children(&all(), &parents, &children).await;
    assert_eq!(erp.calls(), 1);
    let mut seen = std::collections::HashSet::new();
    for (parent, listed) in parents.iter().zip(listed) {
        let mut page = listed.expect("a list");
        assert_eq!(page.rows.is_empty(), &*parent.id == "4");
        loop {
            assert!(
                page.rows
                    .iter()
                    .all(|row| matches!(row.record.named("customer"), Value::Ref(to) if to.id == parent.id))
            );
            page.rows.iter().for_each(|row| assert!(seen.insert(row.record.key.clone()), "repeated"));
            if !page.has_next_page {
                break;
            }
            let after = (page.cursors)(page.rows.len() - 1);
            page = federation.list(&all(), &children.of(parent.clone(), Some(after))).await.expect("the next page");
        }
    }
    assert_eq!(seen.len(), 90);
}

#[tokio::test]
async fn what_the_erp_cannot_evaluate_is_tested_here_within_a_budget() {
    let erp = Memory::new("a", 1, 300);
    let federation = federation(&[&erp]);
    let list = |value| ListRequest { filter: memo(value), ..request(4, &[("number", Direction::Asc)]) };
    let seen = every_page(&federation, list("rare")).await;
    assert_eq!(seen.len(), 6);
    let page = federation.list(&all(), &list("rare")).await.expect("a page");
    assert_eq!(page.sources[0].filtering, Pushdown::Gateway);
    let count = federation.count(&all(), &list("rare")).await.expect("a count");
    assert_eq!((count.value, count.precision), (None, CountPrecision::Unknown));

    let big = Memory::new("b", 1, 2_000);
    let federation = super::tests::federation(&[&big]);
    let page = federation.list(&all(), &list("nowhere")).await.expect("a page");
    let error = page.sources[0].error.as_ref().expect("too much to read");
    assert_eq!(error.code.word(), "UNSUPPORTED_BY_SOURCE");
    assert!(error.message.contains("Narrow the filter"), "{}", error.message);
}

#[tokio::test]
async fn a_principal_sees_only_its_erps() {
    let erps = three();
    let federation = federation(&[&erps[0], &erps[1], &erps[2]]);
    let limited = Principal { erps: Some(BTreeSet::from(["b".into()])), ..all() };
    let list = request(200, &[("issueDate", Direction::Desc)]);
    let everything = federation.list(&all(), &list).await.expect("a page");
    let mine = federation.list(&limited, &list).await.expect("a page");
    assert_eq!((everything.rows.len(), mine.rows.len(), mine.sources.len()), (137, 40, 1));
    assert_eq!(federation.count(&limited, &list).await.expect("a count").value, Some(40));
    let keys: Vec<_> = everything.rows.iter().map(|row| row.record.key.clone()).collect();
    let got = federation.get_many(&limited, &keys, list.fields, &list.options).await;
    let visible = got.into_iter().filter(|answer| answer.as_ref().is_ok_and(Option::is_some)).count();
    assert_eq!(visible, 40);
    let mut foreign = list.clone();
    foreign.after = Some((everything.cursors)(100));
    let page = federation.list(&limited, &foreign).await.expect("a page");
    assert!(page.rows.iter().all(|row| row.record.key.erp == "b".into()), "a cursor opens no doors");
}

#[tokio::test]
async fn a_foreign_cursor_is_refused() {
    let erp = Memory::new("a", 1, 50);
    let federation = federation(&[&erp]);
    let list = request(10, &[("number", Direction::Asc)]);
    let cursor = (federation.list(&all(), &list).await.expect("a page").cursors)(3);
    let other = ListRequest { after: Some(cursor), ..request(10, &[("total", Direction::Asc)]) };
    let error = federation.list(&all(), &other).await.expect_err("refused");
    assert_eq!(error.code.word(), "BAD_USER_INPUT");
}

async fn numbers(federation: &Federation, request: &ListRequest) -> Vec<Box<str>> {
    let listed = federation.list(&all(), request).await.expect("a page");
    listed.rows.iter().map(|row| row.record.key.id.clone()).collect()
}

#[tokio::test]
async fn nothing_that_was_read_with_old_settings_is_shown_under_new_ones() {
    let (old, new) = (Memory::new("a", 1, 5), Memory::new("a", 2, 3));
    let federation = federation(&[&old]);
    let list = request(10, &[("number", Direction::Asc)]);
    let key = old.invoices.lock().expect("ok")[4].key.clone();
    let fields: FieldSet = [field("number")].into_iter().collect();
    let one = async || {
        let found = federation.get_many(&all(), std::slice::from_ref(&key), fields, &ReadOptions::default()).await;
        found.into_iter().next().expect("one answer").expect("an answer").is_some()
    };
    let count = async || federation.count(&all(), &list).await.expect("a count").value;
    assert_eq!((numbers(&federation, &list).await.len(), one().await, count().await), (5, true, Some(5)));
    old.is(Mood::Down);
    assert_eq!((numbers(&federation, &list).await.len(), one().await, count().await), (5, true, Some(5)), "kept");

    federation.erps.put_adapter(Arc::clone(&new) as _, false);
    assert_eq!((numbers(&federation, &list).await.len(), one().await, count().await), (3, false, Some(3)));

    new.is(Mood::Down);
    federation.erps.put_adapter(Arc::clone(&new) as _, false);
    let listed = federation.list(&all(), &list).await.expect("a page");
    assert_eq!((listed.rows.len(), listed.sources[0].status), (0, SourceStatus::Failed), "no old answer stands in");

    federation.erps.take_out("a");
    assert_eq!((numbers(&federation, &list).await.len(), one().await, count().await), (0, false, Some(0)));
}

#[tokio::test]
async fn a_query_under_way_ends_with_the_erp_that_it_began_with() {
    let (old, new) = (Memory::new("a", 1, 5), Memory::new("a", 2, 3));
    let federation = federation(&[&old]);
    let list = request(10, &[("number", Direction::Asc)]);
    let (begun, ()) = tokio::join!(numbers(&federation, &list), async {
        federation.erps.put_adapter(Arc::clone(&new) as _, false);
    });
    assert_eq!((begun.len(), old.calls(), new.calls()), (5, 1, 0));
    assert_eq!(numbers(&federation, &list).await.len(), 3);
}

#[tokio::test]
async fn a_paused_erp_is_asked_nothing_and_the_list_says_so() {
    let (a, b) = (Memory::new("a", 1, 5), Memory::new("b", 2, 3));
    let federation = federation(&[&a, &b]);
    let list = request(2, &[("number", Direction::Asc)]);
    let first = federation.list(&all(), &list).await.expect("a page");
    let places = ListRequest { after: Some((first.cursors)(1)), first: 10, ..list.clone() };

    let calls = a.calls();
    federation.erps.put_adapter(Arc::clone(&a) as _, true);
    let listed = federation.list(&all(), &ListRequest { first: 10, ..list.clone() }).await.expect("a page");
    let report = listed.sources.iter().find(|source| source.erp == "a".into()).expect("a report");
    assert_eq!((listed.rows.len(), report.status, report.records), (3, SourceStatus::Skipped, 0));
    let error = report.error.as_ref().expect("a reason");
    assert!(error.message.contains("paused") && error.source.is_some(), "{error}");
    let count = federation.count(&all(), &list).await.expect("a count");
    assert_eq!((count.value, count.precision), (Some(3), CountPrecision::AtLeast));
    let key = a.invoices.lock().expect("ok")[0].key.clone();
    let fields = [field("number")].into_iter().collect();
    let found = federation.get_many(&all(), std::slice::from_ref(&key), fields, &ReadOptions::default()).await;
    let error = found[0].as_ref().expect_err("paused");
    assert!(error.code == ErrorCode::SourceUnavailable && error.message.contains("paused"), "{error}");
    let children = ChildrenRequest {
        entity: ENTITY,
        via: field("customer"),
        first: 5,
        filter: Filter::ALL,
        order: list.order.clone(),
        fields: list.fields,
        options: ReadOptions::default(),
    };
    let parent = RecordKey { entity: EntityType::Customer, set: "customers".into(), id: "1".into(), ..key };
    let listed = federation.children(&all(), &[parent], &children).await.remove(0).expect("a list");
    assert_eq!((listed.rows.len(), listed.sources[0].status), (0, SourceStatus::Skipped));
    let rest = federation.list(&all(), &places).await.expect("a page");
    let gone_on = ListRequest { after: Some((rest.cursors)(rest.rows.len() - 1)), ..places.clone() };
    assert_eq!(a.calls(), calls, "nobody asked it");

    federation.erps.put_adapter(Arc::clone(&a) as _, false);
    let back = federation.list(&all(), &gone_on).await.expect("a page");
    assert_eq!(first.rows.len() + rest.rows.len() + back.rows.len(), 8, "resumed, the list goes on where it was");
}
