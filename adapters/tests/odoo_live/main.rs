//! The Odoo adapter against real servers: whatever they hold, lists, filters and relations have to agree with each other.
//!
//! `ODOO_LIVE` is a JSON list of servers; without it the tests say so and pass. Each has a `name` and `settings` as of the
//! settings form, and may have those of a user without rights (`limited`: what differs) and the folder of the server's sessions
//! (`sessions`), of which the youngest are deleted, and
//! a command that reads its tables (`tables`). With `ODOO_LIVE_DUMP` all records are written into that folder, one a line.

#![expect(clippy::disallowed_methods, reason = "a test by hand: its servers come from the environment, and now is now")]
#![expect(clippy::unwrap_used, reason = "its input is the tester's own")]

mod sums;
mod tables;
mod trouble;

use adapters::{
    Error, ErrorKind,
    adapter::{Adapter, ChildrenQuery, Count, Ctx, ListQuery, Order, Position, RawCall, Row, SetStart},
    catalog::{self, Services},
    filter::{Condition, Filter, Op, Target, matches},
    http::Hosts,
    model::{Direction, EntityType, FieldSet, Kind, Record, RemoteRef, Value},
    tokens::MemoryTokens,
};
use chrono::Utc;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

const ENTITIES: &[EntityType] = EntityType::ALL;

struct Server {
    name: String,
    settings: BTreeMap<String, String>,
    limited: BTreeMap<String, String>,
    sessions: Option<String>,
    /// The command that reads the server's tables.
    tables: Option<String>,
}

fn servers() -> Vec<Server> {
    let Ok(text) = std::env::var("ODOO_LIVE") else {
        println!("skipped: ODOO_LIVE is not set");
        return Vec::new();
    };
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).expect("ODOO_LIVE is a JSON list");
    let map = |value: &serde_json::Value| -> BTreeMap<String, String> {
        value.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect()
    };
    list.iter()
        .map(|server| Server {
            name: server["name"].as_str().unwrap().to_owned(),
            settings: map(&server["settings"]),
            limited: map(&server["limited"]),
            sessions: server["sessions"].as_str().map(str::to_owned),
            tables: server["tables"].as_str().map(str::to_owned),
        })
        .collect()
}

impl Server {
    /// The adapter of the user without rights, where there is one.
    fn limited(&self) -> Option<Arc<dyn Adapter>> {
        let settings = self.settings.clone().into_iter().chain(self.limited.clone()).collect();
        (!self.limited.is_empty()).then(|| adapter(&settings))
    }
}

fn adapter(settings: &BTreeMap<String, String>) -> Arc<dyn Adapter> {
    let services = Services {
        hosts: Arc::new(Hosts::default()),
        tokens: Arc::new(MemoryTokens::default()),
        allow_link_local: false,
    };
    catalog::build("odoo", &"live".into(), settings.clone(), &services).expect("good settings")
}

fn ctx() -> Ctx {
    Ctx::interactive(Utc::now(), Duration::from_secs(60))
}

fn order(entity: EntityType, field: &str, direction: Direction) -> Vec<Order> {
    vec![Order { field: entity.def().id_of(field).unwrap(), direction }]
}

fn some_fields(entity: EntityType, names: &[&str]) -> FieldSet {
    names.iter().map(|name| entity.def().id_of(name).unwrap()).collect()
}

struct Listing<'a> {
    adapter: &'a dyn Adapter,
    entity: EntityType,
    filter: Filter,
    order: Vec<Order>,
    fields: FieldSet,
}

impl Listing<'_> {
    /// Pages through the whole list; what the ERP left is evaluated here.
    async fn all(&self, limit: usize) -> (Vec<Row>, u32) {
        let set = self.adapter.sets(self.entity)[0].clone();
        let (mut rows, mut after, mut pages, mut quarantined) = (Vec::new(), None, 0, 0);
        loop {
            let query = ListQuery {
                sets: vec![SetStart { set: set.clone(), after }],
                filter: self.filter.clone(),
                order: self.order.clone(),
                limit,
                fields: self.fields,
            };
            let mut page = self.adapter.list(&ctx(), self.entity, &query).await.expect("a page");
            let part = page.sets.remove(0);
            pages += 1;
            assert!(part.rows.len() <= limit);
            quarantined += part.quarantined.len();
            rows.extend(part.rows.into_iter().filter(|row| matches(&page.left, &row.record)));
            after = part.next;
            if after.is_none() {
                assert_eq!(quarantined, 0);
                return (rows, pages);
            }
        }
    }
}

async fn everything(adapter: &dyn Adapter, entity: EntityType) -> Vec<Arc<Record>> {
    let listing =
        Listing { adapter, entity, filter: Filter::ALL, order: Vec::new(), fields: entity.def().every_field() };
    listing.all(2000).await.0.into_iter().map(|row| row.record).collect()
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| &*row.record.key.id).collect()
}

#[tokio::test]
async fn pages_of_every_order_hold_every_record_once() {
    for server in servers() {
        let adapter = adapter(&server.settings);
        for entity in ENTITIES.iter().copied() {
            let count = adapter.count(&ctx(), entity, &Filter::ALL).await.expect("a count");
            for field in adapter.capability(entity).order_by {
                for direction in [Direction::Asc, Direction::Desc] {
                    let order = order(entity, field, direction);
                    let key = order[0].field;
                    let fields = [key].into_iter().collect();
                    let listing = Listing { adapter: &*adapter, entity, filter: Filter::ALL, order, fields };
                    let at = format!("{} {entity:?} by {field} {direction:?}", server.name);
                    let (small, pages) = listing.all(7).await;
                    let (large, _) = listing.all(2000).await;
                    assert_eq!(ids(&small), ids(&large), "{at}: the page size does not matter");
                    let distinct: BTreeSet<_> = ids(&small).into_iter().map(str::to_owned).collect();
                    assert_eq!((Count::Exact(small.len() as u64), distinct.len()), (count, small.len()), "{at}");
                    for pair in small.windows(2) {
                        // What Odoo sorts by: of a bill the vendor's number, even where another one is shown.
                        let value = |row: &Row| match &row.position {
                            Position::After { values, .. } => values[0].clone(),
                            Position::Offset(_) => panic!("no keyset"),
                        };
                        let (a, b) = (&value(&pair[0]), &value(&pair[1]));
                        assert!(!a.is_null() || b.is_null(), "{at}: no value comes last");
                        if a.as_text().is_some() && b.as_text().is_some() && a != b {
                            continue; // In the order of the database's collation.
                        }
                        let id = |row: &Row| row.record.key.id.parse::<i64>().unwrap();
                        let by_value = a.compare(b);
                        let ascending = by_value.then(id(&pair[0]).cmp(&id(&pair[1])));
                        let ok = match direction {
                            Direction::Asc => ascending.is_lt(),
                            _ if b.is_null() && !a.is_null() => true,
                            Direction::Desc => ascending.is_gt(),
                        };
                        assert!(ok, "{at}: {a:?} {} before {b:?} {}", id(&pair[0]), id(&pair[1]));
                    }
                    println!("{at}: {} records in {pages} pages", small.len());
                }
            }
        }
    }
}

#[tokio::test]
async fn several_keys_and_a_key_within_a_day() {
    use Direction::{Asc, Desc};
    for server in servers() {
        let adapter = adapter(&server.settings);
        let orders: [(EntityType, &[(&str, Direction)]); 7] = [
            (EntityType::Invoice, &[("issueDate", Desc), ("number", Asc)]),
            (EntityType::Invoice, &[("dueDate", Asc), ("issueDate", Desc), ("total", Desc)]),
            (EntityType::SalesOrder, &[("orderDate", Asc), ("total", Desc)]),
            (EntityType::SalesOrder, &[("total", Asc), ("deliveryDate", Desc)]),
            (EntityType::SalesOrder, &[("deliveryDate", Desc), ("number", Desc)]),
            (EntityType::Invoice, &[("number", Asc), ("issueDate", Desc)]),
            (EntityType::Invoice, &[("remoteUpdatedAt", Asc), ("number", Desc)]),
        ];
        for (entity, keys) in orders {
            let order: Vec<Order> = keys.iter().flat_map(|(name, direction)| order(entity, name, *direction)).collect();
            let fields = order.iter().map(|order| order.field).collect();
            let listing = Listing { adapter: &*adapter, entity, filter: Filter::ALL, order: order.clone(), fields };
            let (small, _) = listing.all(5).await;
            let (large, _) = listing.all(2000).await;
            assert_eq!(ids(&small), ids(&large), "{} {keys:?}", server.name);
            let distinct: BTreeSet<_> = ids(&small).into_iter().collect();
            assert_eq!(distinct.len(), small.len());
            for pair in small.windows(2) {
                let ordering = order.iter().map(|key| {
                    let (a, b) = (pair[0].record.get(key.field), pair[1].record.get(key.field));
                    match (a.is_null() || b.is_null(), key.direction) {
                        // The order of numbers is the same in all collations, but for the letters before them.
                        (false, _) if a.as_text().is_some_and(|a| b.as_text().is_some_and(|b| a[..3] != b[..3])) => {
                            std::cmp::Ordering::Less
                        }
                        (false, Desc) => b.compare(a),
                        _ => a.compare(b),
                    }
                });
                let first = ordering.into_iter().find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal);
                assert!(first.is_le(), "{} {keys:?}", server.name);
            }
        }
    }
}

#[tokio::test]
async fn records_by_their_ids_keep_order_and_gaps() {
    for server in servers() {
        let adapter = adapter(&server.settings);
        for entity in ENTITIES.iter().copied() {
            let set = adapter.sets(entity)[0].clone();
            let known = everything(&*adapter, entity).await;
            let id = |id: &str| RemoteRef { set: set.clone(), id: id.into() };
            let mut asked: Vec<RemoteRef> = known.iter().rev().map(|record| id(&record.key.id)).collect();
            asked.insert(1, id("99999999"));
            asked.insert(2, id("x' or 1=1"));
            asked.insert(3, RemoteRef { set: "other.model".into(), id: known[0].key.id.clone() });
            asked.push(asked[0].clone());
            let call = ctx();
            let found = adapter.get_many(&call, entity, &asked, entity.def().every_field()).await.expect("records");
            let missing: Vec<usize> = (0..found.len()).filter(|at| found[*at].is_none()).collect();
            assert_eq!(missing, [1, 2, 3], "{} {entity:?}", server.name);
            for (asked, found) in asked.iter().zip(&found) {
                assert!(found.as_ref().is_none_or(|found| found.key.id == asked.id));
            }
            let all: HashMap<_, _> = known.iter().map(|record| (&record.key.id, record)).collect();
            for record in found.iter().flatten() {
                let listed = all[&record.key.id];
                for (field, def) in entity.def().all_fields().filter(|(_, def)| def.name != "raw") {
                    assert_eq!(record.get(field), listed.get(field), "{} {entity:?} {}", server.name, def.name);
                }
            }
            println!("{} {entity:?}: {} ids in {} calls", server.name, asked.len(), call.calls_made());
        }
        // An id of another kind of entry, if there is one: entries are in the model of invoices.
        let raw = RawCall {
            target: "account.move".into(),
            method: "search_read".into(),
            args: json!(null),
            kwargs: json!({ "domain": [["move_type", "=", "entry"]], "fields": ["id"], "limit": 1 }),
        };
        let entries = adapter.call(&ctx(), &raw).await.expect("an answer");
        let id = entries[0]["id"].as_i64().expect("an entry");
        let entry = RemoteRef { set: "account.move".into(), id: id.to_string().into() };
        let none = adapter.get_many(&ctx(), EntityType::Invoice, &[entry], FieldSet::EMPTY).await.expect("an answer");
        assert!(none[0].is_none(), "{}: an entry is no invoice", server.name);
    }
}

/// For each parent the children that a list of all of them shows.
fn expected(children: &[Row], via: &str) -> HashMap<Box<str>, Vec<Box<str>>> {
    let mut expected: HashMap<_, Vec<_>> = HashMap::new();
    for row in children {
        if let Value::Ref(parent) = row.record.named(via) {
            expected.entry(parent.id.clone()).or_default().push(row.record.key.id.clone());
        }
    }
    expected
}

#[tokio::test]
async fn children_of_many_parents_are_exact_however_they_are_spread() {
    for server in servers() {
        let adapter = adapter(&server.settings);
        let customers = everything(&*adapter, EntityType::Customer).await;
        let parents: Vec<RemoteRef> =
            customers.iter().map(|c| RemoteRef { set: c.key.set.clone(), id: c.key.id.clone() }).collect();
        for (entity, field, direction) in [
            (EntityType::Invoice, "issueDate", Direction::Desc),
            (EntityType::Invoice, "issueDate", Direction::Asc),
            (EntityType::Invoice, "number", Direction::Desc),
            (EntityType::Invoice, "total", Direction::Asc),
            (EntityType::SalesOrder, "orderDate", Direction::Desc),
            (EntityType::SalesOrder, "remoteUpdatedAt", Direction::Asc),
        ] {
            let order = order(entity, field, direction);
            let fields = some_fields(entity, &["number", "customer"]);
            let listing = Listing { adapter: &*adapter, entity, filter: Filter::ALL, order: order.clone(), fields };
            let expected = expected(&listing.all(2000).await.0, "customer");
            for per_parent in [1, 5, 40] {
                let query = ChildrenQuery {
                    via: entity.def().id_of("customer").unwrap(),
                    parents: parents.clone(),
                    filter: Filter::ALL,
                    order: order.clone(),
                    per_parent,
                    sets: adapter.sets(entity),
                    fields: some_fields(entity, &["number"]),
                };
                let call = ctx();
                let answer = adapter.list_children(&call, entity, &query).await.expect("children");
                assert!(answer.left.is_all());
                for (parent, pages) in parents.iter().zip(&answer.parents) {
                    let all = expected.get(&parent.id).map_or(&[][..], Vec::as_slice);
                    let found: Vec<_> = pages[0].rows.iter().map(|row| row.record.key.id.clone()).collect();
                    let at = format!("{} {entity:?} by {field} {direction:?} of {}", server.name, parent.id);
                    assert_eq!(found, all[..all.len().min(per_parent)], "{at}");
                    assert_eq!(pages[0].next.is_some(), all.len() > per_parent, "{at}");
                    if let (Some(next), true) = (&pages[0].next, per_parent == 5) {
                        let filter = Filter::of(entity, "customer", Op::Eq, vec![Value::Ref(parent.clone())]);
                        let sets = vec![SetStart { set: pages[0].set.clone(), after: Some(next.clone()) }];
                        let query = ListQuery { sets, filter, order: order.clone(), limit: 1000, fields };
                        let rest = adapter.list(&ctx(), entity, &query).await.expect("a page");
                        assert_eq!(
                            ids(&rest.sets[0].rows),
                            all[5..].iter().map(|id| &**id).collect::<Vec<_>>(),
                            "{at}"
                        );
                    }
                }
                println!(
                    "{} {entity:?} by {field}, {per_parent} of {} parents: {} calls",
                    server.name,
                    parents.len(),
                    call.calls_made()
                );
                assert!(
                    call.calls_made() <= 3,
                    "one call, one more for the crowded out, one for a day or for no value"
                );
            }
        }
    }
}

#[tokio::test]
async fn orders_list_their_invoices() {
    for server in servers() {
        let adapter = adapter(&server.settings);
        let invoices = everything(&*adapter, EntityType::Invoice).await;
        let orders = everything(&*adapter, EntityType::SalesOrder).await;
        let entity = EntityType::Invoice;
        let query = ChildrenQuery {
            via: entity.def().id_of("salesOrder").unwrap(),
            parents: orders.iter().map(|o| RemoteRef { set: o.key.set.clone(), id: o.key.id.clone() }).collect(),
            filter: Filter::ALL,
            order: order(entity, "issueDate", Direction::Desc),
            per_parent: 50,
            sets: adapter.sets(entity),
            fields: some_fields(entity, &["number", "salesOrder"]),
        };
        let call = ctx();
        let answer = adapter.list_children(&call, entity, &query).await.expect("children");
        let mut pairs = BTreeSet::new();
        for (order, pages) in orders.iter().zip(&answer.parents) {
            for row in &pages[0].rows {
                pairs.insert((row.record.key.id.clone(), order.key.id.clone()));
                assert!(matches!(row.record.named("salesOrder"), Value::Ref(_)));
            }
        }
        let of_invoices: BTreeSet<_> = invoices
            .iter()
            .filter_map(|invoice| match invoice.named("salesOrder") {
                Value::Ref(order) => Some((invoice.key.id.clone(), order.id.clone())),
                _ => None,
            })
            .collect();
        assert!(!of_invoices.is_empty() && of_invoices.is_subset(&pairs), "{}", server.name);
        println!("{}: {} invoices of orders, {} calls", server.name, pairs.len(), call.calls_made());
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Filters that are worth a look, made from what is there.
fn filters(entity: EntityType, records: &[Arc<Record>]) -> Vec<Filter> {
    let def = entity.def();
    let mut filters = Vec::new();
    let odd = [
        "%",
        "_",
        "\\",
        "'",
        "\"",
        "x' or 1=1 --",
        "\"],[\"id\",\">\",0]",
        "Ü",
        "ü",
        "/",
        "",
        "a\0b",
        "日本",
        "{}",
        "false",
    ];
    for (field, filterable) in def.all_fields().filter(|(_, f)| f.filter && f.computed.is_none()) {
        let is = |op, values| Filter::Is(Condition { target: Target::Field(field), op, values });
        let mut seen: Vec<Value> = Vec::new();
        for record in records {
            let value = record.get(field);
            if !value.is_null() && !seen.contains(value) && seen.len() < 12 {
                seen.push(value.clone());
            }
        }
        filters.extend([true, false].map(|yes| is(Op::IsNull, vec![Value::Bool(yes)])));
        filters.push(is(Op::In, Vec::new()));
        filters.push(is(Op::In, seen.clone()));
        for value in &seen {
            filters.extend([Op::Eq, Op::Neq].map(|op| is(op, vec![value.clone()])));
            filters.push(Filter::Not(Box::new(is(Op::Eq, vec![value.clone()]))));
            if matches!(filterable.kind, Kind::Date | Kind::DateTime | Kind::Money(_) | Kind::Decimal) {
                for op in [Op::Gt, Op::Gte, Op::Lt, Op::Lte] {
                    filters.push(is(op, vec![value.clone()]));
                    filters.push(Filter::Not(Box::new(is(op, vec![value.clone()]))));
                }
            }
            if let (Kind::Text, Some(whole)) = (filterable.kind, value.as_text()) {
                let part: String = whole.chars().skip(1).take(4).collect();
                let start: String = whole.chars().take(3).collect();
                filters.push(is(Op::Contains, vec![text(&part.to_uppercase())]));
                filters.push(is(Op::StartsWith, vec![text(&start.to_lowercase())]));
                filters.push(Filter::Not(Box::new(is(Op::Contains, vec![text(&part)]))));
            }
        }
        if matches!(filterable.kind, Kind::Text) {
            for odd in odd {
                filters
                    .extend([Op::Eq, Op::Neq, Op::Contains, Op::StartsWith, Op::Gt].map(|op| is(op, vec![text(odd)])));
            }
        }
    }
    let pairs: Vec<Filter> = filters
        .chunks(7)
        .filter(|c| c.len() > 3)
        .map(|c| Filter::Or(vec![c[0].clone(), Filter::And(vec![c[1].clone(), c[3].clone()])]))
        .collect();
    filters.extend(pairs);
    filters
}

#[tokio::test]
async fn filters_find_what_the_gateway_would_find() {
    for server in servers() {
        let adapter = adapter(&server.settings);
        for entity in ENTITIES.iter().copied() {
            let records = everything(&*adapter, entity).await;
            let filters = filters(entity, &records);
            let (mut exact, total) = (0, filters.len());
            for filter in filters {
                let expected: BTreeSet<_> = records
                    .iter()
                    .filter(|record| matches(&filter, record))
                    .map(|record| record.key.id.to_string())
                    .collect();
                let listing = Listing {
                    adapter: &*adapter,
                    entity,
                    filter: filter.clone(),
                    order: Vec::new(),
                    fields: FieldSet::EMPTY,
                };
                let found = listing.all(2000).await.0;
                let found: BTreeSet<_> = ids(&found).into_iter().map(str::to_owned).collect();
                assert_eq!(found, expected, "{} {entity:?} {filter:?}", server.name);
                match adapter.count(&ctx(), entity, &filter).await.expect("a count") {
                    Count::Exact(count) => {
                        exact += 1;
                        assert_eq!(count, expected.len() as u64, "{} {entity:?} {filter:?}", server.name);
                    }
                    Count::Unknown => {}
                }
            }
            println!("{} {entity:?}: {total} filters, {exact} of them evaluated by Odoo alone", server.name);
        }
    }
}

#[tokio::test]
async fn the_usual_queries_take_as_few_calls_as_promised() {
    for server in servers() {
        let adapter = adapter(&server.settings);
        for entity in ENTITIES.iter().copied() {
            let listing =
                Listing { adapter: &*adapter, entity, filter: Filter::ALL, order: Vec::new(), fields: FieldSet::EMPTY };
            listing.all(2000).await;
        }
        let call = ctx();
        let page = |entity: EntityType, limit, fields: &[&str], by: &str, direction| ListQuery {
            sets: adapter.sets(entity).into_iter().map(|set| SetStart { set, after: None }).collect(),
            filter: Filter::ALL,
            order: order(entity, by, direction),
            limit,
            fields: some_fields(entity, fields),
        };
        let query = page(EntityType::Invoice, 50, &["number", "total", "customer"], "issueDate", Direction::Desc);
        let invoices = adapter.list(&call, EntityType::Invoice, &query).await.expect("a page");
        let customers: Vec<RemoteRef> = invoices.sets[0]
            .rows
            .iter()
            .filter_map(|row| if let Value::Ref(to) = row.record.named("customer") { Some(to.clone()) } else { None })
            .collect();
        let names = adapter
            .get_many(&call, EntityType::Customer, &customers, some_fields(EntityType::Customer, &["name"]))
            .await;
        assert!(names.expect("names").iter().all(Option::is_some), "an invoice's customer is always found");
        println!("{}: invoices with customers: {} calls", server.name, call.calls_made());
        assert!(call.calls_made() <= 2);

        let call = ctx();
        let query = page(EntityType::Customer, 20, &["name"], "name", Direction::Asc);
        let customers = adapter.list(&call, EntityType::Customer, &query).await.expect("a page");
        for (entity, by) in [(EntityType::Invoice, "issueDate"), (EntityType::SalesOrder, "orderDate")] {
            let query = ChildrenQuery {
                via: entity.def().id_of("customer").unwrap(),
                parents: customers.sets[0]
                    .rows
                    .iter()
                    .map(|r| RemoteRef { set: r.record.key.set.clone(), id: r.record.key.id.clone() })
                    .collect(),
                filter: Filter::ALL,
                order: order(entity, by, Direction::Desc),
                per_parent: 5,
                sets: adapter.sets(entity),
                fields: some_fields(entity, &["number"]),
            };
            adapter.list_children(&call, entity, &query).await.expect("children");
            println!("  {entity:?}: {} calls so far", call.calls_made());
        }
        println!("{}: customers with invoices and orders: {} calls", server.name, call.calls_made());
        assert!(call.calls_made() <= 3);
    }
}

fn kind<T>(outcome: Result<T, Error>) -> ErrorKind {
    match outcome {
        Ok(_) => panic!("expected a refusal"),
        Err(error) => {
            println!("  {error:?}");
            assert!(!error.message.contains("Traceback"));
            error.kind
        }
    }
}

#[tokio::test]
async fn refusals_are_of_the_right_kind() {
    for server in servers() {
        println!("{}", server.name);
        let with = |changes: &[(&str, &str)]| {
            let mut settings = server.settings.clone();
            for (key, value) in changes {
                if settings.contains_key(*key) {
                    settings.insert((*key).to_owned(), (*value).to_owned());
                }
            }
            adapter(&settings)
        };
        let wrong = with(&[("password", "wrong"), ("api_key", "0000000000000000000000000000000000000000")]);
        assert_eq!(kind(wrong.probe(&ctx()).await), ErrorKind::Unauthorized);
        assert_eq!(kind(with(&[("database", "no-such-database")]).probe(&ctx()).await), ErrorKind::Config);
        let mut other_company = server.settings.clone();
        other_company.insert("company_id".into(), "4711".into());
        assert_eq!(kind(adapter(&other_company).probe(&ctx()).await), ErrorKind::Config);
        assert_eq!(kind(with(&[("url", "http://127.0.0.1:1")]).probe(&ctx()).await), ErrorKind::Unavailable);
        let call = |method: &str| RawCall {
            target: "res.partner".into(),
            method: method.into(),
            args: json!(null),
            kwargs: json!({}),
        };
        let good = with(&[]);
        assert_eq!(kind(good.call(&ctx(), &call("no_such_method")).await), ErrorKind::Unsupported);
        let missing_model = RawCall { target: "no.model".into(), ..call("search_read") };
        assert_eq!(kind(good.call(&ctx(), &missing_model).await), ErrorKind::Unsupported);
        if let Some(limited) = server.limited() {
            let info = limited.probe(&ctx()).await.expect("a probe");
            println!("  limited: {info:?}");
            assert!(
                info.missing_rights.contains(&EntityType::Invoice)
                    && !info.missing_rights.contains(&EntityType::Customer)
            );
            let listing = page_of_invoices(&*limited).await;
            assert_eq!(kind(listing), ErrorKind::Forbidden);
        }
        let info = good.probe(&ctx()).await.expect("a probe");
        println!("  {info:?}");
        assert!(info.missing_rights.is_empty() && info.base_currency.is_some() && info.version.is_some());
    }
}

async fn page_of_invoices(adapter: &dyn Adapter) -> Result<usize, Error> {
    let entity = EntityType::Invoice;
    let query = ListQuery {
        sets: adapter.sets(entity).into_iter().map(|set| SetStart { set, after: None }).collect(),
        filter: Filter::ALL,
        order: Vec::new(),
        limit: 3,
        fields: some_fields(entity, &["number"]),
    };
    Ok(adapter.list(&ctx(), entity, &query).await?.sets[0].rows.len())
}

#[tokio::test]
async fn a_lost_session_is_renewed_by_one_log_in() {
    for server in servers() {
        let Some(sessions) = server.sessions else { continue };
        let adapter = adapter(&server.settings);
        assert_eq!(page_of_invoices(&*adapter).await.expect("a page"), 3);
        let young = |file: &std::path::Path| {
            let age = file.metadata().and_then(|meta| meta.modified()).map(|at| at.elapsed().unwrap_or_default());
            age.is_ok_and(|age| age < Duration::from_secs(5))
        };
        let mut folders = vec![std::path::PathBuf::from(&sessions)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the sessions").flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path if young(&path) => std::fs::remove_file(path).expect("deleted"),
                    _ => {}
                }
            }
        }
        let pages = (0..6).map(|_| page_of_invoices(&*adapter));
        let pages = futures_util::future::join_all(pages).await;
        assert!(pages.iter().all(|page| matches!(page, Ok(3))), "{}: {pages:?}", server.name);
        println!("{}: six calls at once over a lost session", server.name);
    }
}

#[tokio::test]
async fn dump() {
    let Ok(folder) = std::env::var("ODOO_LIVE_DUMP") else { return println!("skipped: ODOO_LIVE_DUMP is not set") };
    for server in servers() {
        let adapter = adapter(&server.settings);
        for entity in ENTITIES.iter().copied() {
            let lines: Vec<String> = everything(&*adapter, entity).await.iter().map(|record| dumped(record)).collect();
            std::fs::write(format!("{folder}/{}-{}.jsonl", server.name, entity.def().name), lines.join("\n"))
                .expect("written");
        }
    }
}

fn dumped(record: &Record) -> String {
    let mut object = serde_json::Map::new();
    object.insert("id".into(), json!(record.key.id.parse::<i64>().unwrap()));
    for (field, def) in record.def().all_fields().filter(|(_, def)| def.name != "raw") {
        object.insert(def.name.into(), plain(record.get(field)));
    }
    serde_json::Value::Object(object).to_string()
}

fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => json!(null),
        Value::Bool(b) => json!(b),
        Value::Int(n) => json!(n),
        Value::Date(d) => json!(d.to_string()),
        Value::DateTime(d) => json!(d.to_rfc3339()),
        Value::Decimal(d) => json!(d.to_string()),
        Value::Money(m) => json!(format!("{} {}", m.amount, m.currency)),
        Value::Ref(r) => json!(&*r.id),
        Value::Object(parts) | Value::List(parts) => parts.iter().map(plain).collect(),
        other => json!(other.as_text()),
    }
}
