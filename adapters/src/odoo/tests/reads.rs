//! Lists, pages and relations in every version, on rows that are hard to sort.

use super::fake::{FakeOdoo, PASSWORD, ctx, row};
use crate::{
    adapter::{Adapter, ChildrenQuery, Count, ListQuery, Order, Position, SetStart},
    filter::{Filter, Op},
    model::{Direction, EntityType, FieldSet, RemoteRef, Value},
};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// The same numbers every time, without an order of their own.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(6_364_136_223_846_793_005).rotate_left(29) >> 7
}

/// Invoices with gaps and repeats: partner 1 owns most of them.
fn invoices(many: u64) -> Vec<Json> {
    let some = |n: u64, value: Json| if scattered(n).is_multiple_of(5) { json!(false) } else { value };
    let invoice = |id: u64| {
        let day = |salt: u64| format!("2026-01-{:02}", 1 + scattered(id + salt) % 9);
        let partner = if scattered(id).is_multiple_of(10) { 2 + scattered(id + 1) % 20 } else { 1 };
        let number = match scattered(id + 2) % 6 {
            0 => json!(false),
            1 => json!("/"),
            2 => json!(""),
            n => json!(format!("INV/{n}{:03}", scattered(id) % 40)),
        };
        json!({ "id": id, "name": number, "move_type": if id.is_multiple_of(9) { "out_refund" } else { "out_invoice" },
            "state": "posted", "payment_state": "not_paid", "partner_id": [partner, "P"], "company_id": [3, "Acme"], "currency_id": [1, "USD"],
            "invoice_date": some(id + 3, json!(day(3))), "invoice_date_due": some(id + 4, json!(day(4))),
            "amount_total": (scattered(id + 5) % 12) as f64 + 0.5, "amount_residual": 0.0,
            "write_date": format!("2026-02-01 10:00:{:02}.{:06}", scattered(id + 6) % 4, scattered(id + 7) % 1_000_000) })
    };
    (1..=many).map(invoice).collect()
}

fn orders(many: u64) -> Vec<Json> {
    let order = |id: u64| {
        let moment = |salt: u64| {
            format!("2026-03-{:02} {:02}:30:00", 1 + scattered(id + salt) % 6, scattered(id + salt + 1) % 24)
        };
        let promised = if id.is_multiple_of(3) { json!(false) } else { json!(moment(9)) };
        json!({ "id": id, "name": format!("S{:04}", scattered(id) % 500), "partner_id": [1 + id % 4, "P"], "company_id": [3, "Acme"],
            "currency_id": [1, "USD"], "state": "sale", "date_order": moment(1), "commitment_date": promised, "amount_total": (id % 5) as f64,
            "invoice_ids": [1 + id % 7, 8 + id], "write_date": "2026-02-01 10:00:00.5" })
    };
    (1..=many).map(order).collect()
}

fn odoo(version: u32, invoice_count: u64) -> FakeOdoo {
    let mut odoo = FakeOdoo::new(version);
    odoo.tables.insert("account.move", invoices(invoice_count).into_iter().map(row).collect());
    odoo.tables.insert("sale.order", orders(90).into_iter().map(row).collect());
    odoo
}

fn order(entity: EntityType, keys: &[(&str, Direction)]) -> Vec<Order> {
    let order = |(name, direction): &(&str, Direction)| Order {
        field: entity.def().id_of(name).expect("a field"),
        direction: *direction,
    };
    keys.iter().map(order).collect()
}

fn fields(entity: EntityType, names: &[&str]) -> FieldSet {
    names.iter().map(|name| entity.def().id_of(name).expect("a field")).collect()
}

struct Listed {
    id: i64,
    values: Vec<Value>,
    position: Position,
}

/// Pages through a whole list.
async fn listed(odoo: &dyn Adapter, entity: EntityType, order: &[Order], filter: &Filter, limit: usize) -> Vec<Listed> {
    let set = odoo.sets(entity)[0].clone();
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let sets = vec![SetStart { set: set.clone(), after }];
        let query = ListQuery { sets, filter: filter.clone(), order: order.to_vec(), limit, fields: FieldSet::EMPTY };
        let mut page = odoo.list(&ctx(), entity, &query).await.expect("a page");
        assert!(page.left.is_all());
        let part = page.sets.remove(0);
        assert!(part.rows.len() == limit || part.next.is_none(), "full pages to the end");
        rows.extend(part.rows.into_iter().map(|row| Listed {
            id: row.record.key.id.parse().expect("a number"),
            values: order.iter().map(|key| row.record.get(key.field).clone()).collect(),
            position: row.position,
        }));
        after = part.next;
        if after.is_none() {
            return rows;
        }
    }
}

/// Puts rows in the order that lists promise.
fn sort(rows: &mut [Listed], order: &[Order]) {
    rows.sort_by(|a, b| {
        let by_key = order.iter().enumerate().map(|(at, key)| {
            let (x, y) = (&a.values[at], &b.values[at]);
            if key.direction == Direction::Desc && !x.is_null() && !y.is_null() { y.compare(x) } else { x.compare(y) }
        });
        let descend = order.last().is_some_and(|key| key.direction == Direction::Desc);
        let by_id = if descend { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) };
        by_key.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(by_id)
    });
}

#[tokio::test]
async fn pages_are_in_the_promised_order_in_every_version() {
    use Direction::{Asc, Desc};
    use EntityType::{Invoice, SalesOrder};
    let cases: [(EntityType, &[(&str, Direction)]); 14] = [
        (Invoice, &[]),
        (Invoice, &[("issueDate", Desc)]),
        (Invoice, &[("issueDate", Asc)]),
        (Invoice, &[("number", Asc)]),
        (Invoice, &[("number", Desc)]),
        (Invoice, &[("remoteUpdatedAt", Desc)]),
        (Invoice, &[("issueDate", Desc), ("number", Asc)]),
        (Invoice, &[("total", Desc), ("dueDate", Desc), ("number", Desc)]),
        (Invoice, &[("remoteUpdatedAt", Asc), ("number", Desc)]),
        (Invoice, &[("number", Asc), ("issueDate", Desc)]),
        (SalesOrder, &[("orderDate", Desc)]),
        (SalesOrder, &[("orderDate", Asc), ("number", Desc)]),
        (SalesOrder, &[("deliveryDate", Desc)]),
        (SalesOrder, &[("total", Asc), ("deliveryDate", Desc)]),
    ];
    for version in [14, 16, 19] {
        let (odoo, _) = odoo(version, 180).connect(&[("password", PASSWORD)]);
        for (entity, keys) in cases {
            let order = order(entity, keys);
            let all = listed(&odoo, entity, &order, &Filter::ALL, 1000).await;
            let mut sorted = listed(&odoo, entity, &order, &Filter::ALL, 1000).await;
            sort(&mut sorted, &order);
            let ids = |rows: &[Listed]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
            assert_eq!(ids(&all), ids(&sorted), "{version} {keys:?}");
            assert_eq!(all.len(), if entity == Invoice { 180 } else { 90 });
            for limit in [7, 50] {
                let paged = listed(&odoo, entity, &order, &Filter::ALL, limit).await;
                assert_eq!(ids(&paged), ids(&all), "{version} {keys:?}, {limit} a page");
                assert!(paged.iter().zip(&all).all(|(a, b)| a.position == b.position));
            }
        }
    }
}

#[tokio::test]
async fn a_page_is_one_call_where_no_group_is_cut() {
    use Direction::Desc;
    for version in [16, 17, 19] {
        let (odoo, fake) = odoo(version, 400).connect(&[("password", PASSWORD)]);
        listed(&odoo, EntityType::Invoice, &[], &Filter::ALL, 1000).await;
        listed(&odoo, EntityType::SalesOrder, &[], &Filter::ALL, 1000).await;
        for (entity, model, by) in
            [(EntityType::Invoice, "account.move", "issueDate"), (EntityType::SalesOrder, "sale.order", "orderDate")]
        {
            let query = ListQuery {
                sets: vec![SetStart { set: model.into(), after: None }],
                filter: Filter::ALL,
                order: order(entity, &[(by, Desc)]),
                limit: 50,
                fields: fields(entity, &["number", "total", "customer"]),
            };
            let (call, before) = (ctx(), fake.searches(model).len());
            let page = odoo.list(&call, entity, &query).await.expect("a page");
            assert_eq!((page.sets[0].rows.len(), call.calls_made()), (50, 1), "{version} {model}");
            assert_eq!(fake.searches(model).len(), before + 1);
        }
    }
}

async fn children(odoo: &dyn Adapter, parents: &[RemoteRef], via: &str, per_parent: usize, calls: u32) {
    let entity = EntityType::Invoice;
    let order = order(entity, &[("issueDate", Direction::Desc)]);
    let query = ChildrenQuery {
        via: entity.def().id_of(via).expect("a field"),
        parents: parents.to_vec(),
        filter: Filter::of(entity, "kind", Op::Eq, vec![Value::Enum("INVOICE")]),
        order: order.clone(),
        per_parent,
        sets: odoo.sets(entity),
        fields: fields(entity, &["number"]),
    };
    let call = ctx();
    let answer = odoo.list_children(&call, entity, &query).await.expect("children");
    assert!(call.calls_made() <= calls, "{} calls by {via}, {per_parent} of each", call.calls_made());
    let all = listed(odoo, entity, &order, &query.filter, 10_000).await;
    for (parent, pages) in parents.iter().zip(&answer.parents) {
        let own: BTreeSet<i64> = owned(parent, via);
        let expected: Vec<&Listed> = all.iter().filter(|row| own.contains(&row.id)).collect();
        let found: Vec<i64> = pages[0].rows.iter().map(|row| row.record.key.id.parse().expect("a number")).collect();
        let first: Vec<i64> = expected.iter().take(per_parent).map(|row| row.id).collect();
        assert_eq!(found, first, "{parent:?}");
        let next = expected.get(per_parent).map(|_| expected[per_parent - 1].position.clone());
        assert_eq!(pages[0].next, next, "{parent:?}");
    }
}

/// The invoices of a customer or order, by the tables.
fn owned(parent: &RemoteRef, via: &str) -> BTreeSet<i64> {
    if !matches!(parent.set.as_str(), "res.partner" | "sale.order") {
        return BTreeSet::new();
    }
    let id: u64 = parent.id.parse().unwrap_or(0);
    if via == "customer" {
        return invoices(3000)
            .iter()
            .filter(|row| row["partner_id"][0] == id)
            .filter_map(|row| row["id"].as_i64())
            .collect();
    }
    orders(90)
        .iter()
        .filter(|row| row["id"] == id)
        .flat_map(|row| row["invoice_ids"].as_array().cloned().unwrap_or_default())
        .filter_map(|id| id.as_i64())
        .collect()
}

#[tokio::test]
async fn children_are_exact_though_one_parent_owns_nearly_all() {
    for version in [16, 19] {
        let (odoo, _) = odoo(version, 3000).connect(&[("password", PASSWORD)]);
        listed(&odoo, EntityType::Invoice, &[], &Filter::ALL, 10_000).await;
        let customer = |id: u64| RemoteRef { set: "res.partner".into(), id: id.to_string().into() };
        let mut parents: Vec<RemoteRef> = (1..=25).map(customer).collect();
        parents.push(RemoteRef { set: "other".into(), id: "1".into() });
        parents.push(customer(3));
        // Until 16, six hundred drafts without a date come first: nothing is seen behind them.
        let calls = if version < 17 { 3 } else { 2 };
        for per_parent in [1, 5] {
            children(&odoo, &parents, "customer", per_parent, calls).await;
        }
        let orders: Vec<RemoteRef> =
            (1..=20).map(|id: u64| RemoteRef { set: "sale.order".into(), id: id.to_string().into() }).collect();
        children(&odoo, &orders, "salesOrder", 1, 2).await;
        children(&odoo, &orders, "salesOrder", 5, 2).await;
    }
}

#[tokio::test]
async fn records_by_their_ids_are_of_the_company_and_the_kind() {
    let mut fake = odoo(19, 20);
    let moves = fake.tables.get_mut("account.move").expect("the invoices");
    moves[3].insert("move_type".into(), json!("entry"));
    moves[4].insert("company_id".into(), json!([4, "Other"]));
    let partner = |id: u32, rank: u32| {
        row(json!({ "id": id, "complete_name": "P", "active": true, "customer_rank": rank, "company_id": false }))
    };
    fake.tables.insert("res.partner", vec![partner(1, 1), partner(2, 0)]);
    let (odoo, fake) = fake.connect(&[("password", PASSWORD)]);
    let ids = |set: &str, ids: &[&str]| {
        ids.iter().map(|id| RemoteRef { set: set.into(), id: (*id).into() }).collect::<Vec<_>>()
    };
    let asked = ids("account.move", &["3", "4", "5", "6", "3", "77", "x"]);
    let found = odoo
        .get_many(&ctx(), EntityType::Invoice, &asked, fields(EntityType::Invoice, &["number"]))
        .await
        .expect("records");
    let found: Vec<Option<&str>> = found.iter().map(|record| record.as_ref().map(|record| &*record.key.id)).collect();
    assert_eq!(found, [Some("3"), None, None, Some("6"), Some("3"), None, None]);
    assert!(fake.asked().iter().all(|asked| asked.method != "read"), "which is slow for missing ids");
    let found = odoo
        .get_many(&ctx(), EntityType::Customer, &ids("res.partner", &["1", "2"]), FieldSet::EMPTY)
        .await
        .expect("records");
    assert!(found.iter().all(Option::is_some), "an order's customer may never have been invoiced");
}

#[tokio::test]
async fn counts_are_exact_or_unknown() {
    let (odoo, fake) = odoo(19, 90).connect(&[("password", PASSWORD)]);
    let count = |filter: Filter| {
        let odoo = &odoo;
        async move { odoo.count(&ctx(), EntityType::Invoice, &filter).await.expect("a count") }
    };
    assert_eq!(count(Filter::ALL).await, Count::Exact(90));
    let credit = Filter::of(EntityType::Invoice, "kind", Op::Eq, vec![Value::Enum("CREDIT_NOTE")]);
    assert_eq!(count(credit).await, Count::Exact(10));
    let before = fake.asked().len();
    let none = Filter::of(EntityType::Invoice, "currency", Op::In, Vec::new());
    assert_eq!(count(none).await, Count::Exact(0));
    assert_eq!(fake.asked().len(), before, "what cannot be is not asked for");
    let later = Filter::of(EntityType::Invoice, "number", Op::Gt, vec![Value::Text("INV".into())]);
    assert_eq!(count(later).await, Count::Unknown, "the database's collation is not ours");
}

/// Accounts of which categories name 2 and 4, and the company 5; 4 is an expense account.
fn chart(version: u32) -> FakeOdoo {
    let mut fake = FakeOdoo::new(version);
    let account = |(id, kind): (u32, &str)| {
        row(json!({ "id": id, "name": "A", "account_type": kind, "internal_group": "asset", "active": true,
            "deprecated": false, "company_id": [3, "Acme"], "company_ids": [3] }))
    };
    let types =
        [(1, "asset_current"), (2, "asset_current"), (3, "asset_prepayments"), (4, "expense"), (5, "asset_current")];
    fake.tables.insert("account.account", types.into_iter().map(account).collect());
    let category =
        |(id, account): (u32, Json)| row(json!({ "id": id, "property_stock_valuation_account_id": account }));
    let named = [(1, json!([2, "Stock"])), (2, json!(false)), (3, json!([4, "Change"])), (4, json!([2, "Stock"]))];
    fake.tables.insert("product.category", named.into_iter().map(category).collect());
    fake.tables.get_mut("res.company").expect("the company")[0]
        .insert("account_stock_valuation_id".into(), json!([5, "Stock"]));
    fake
}

async fn of_kind(odoo: &super::super::Odoo, kind: &'static str) -> Vec<String> {
    let entity = EntityType::Account;
    let filter = Filter::of(entity, "kind", Op::Eq, vec![Value::Enum(kind)]);
    let query = ListQuery {
        sets: vec![SetStart { set: "account.account".into(), after: None }],
        filter: filter.clone(),
        order: Vec::new(),
        limit: 50,
        fields: fields(entity, &["kind"]),
    };
    let page = odoo.list(&ctx(), entity, &query).await.expect("a page");
    assert!(page.left.is_all());
    let rows = &page.sets[0].rows;
    assert!(rows.iter().all(|row| *row.record.named("kind") == Value::Enum(kind)), "shown as it is found");
    assert_eq!(odoo.count(&ctx(), entity, &filter).await.expect("a count"), Count::Exact(rows.len() as u64));
    rows.iter().map(|row| row.record.key.id.to_string()).collect()
}

#[tokio::test]
async fn accounts_hold_stock_where_categories_or_the_company_say_so() {
    for (version, stock, others) in [(17, &["2"][..], &["1", "3", "5"][..]), (19, &["2", "5"], &["1", "3"])] {
        let (odoo, fake) = chart(version).connect(&[("password", PASSWORD)]);
        assert_eq!(of_kind(&odoo, "INVENTORY").await, stock, "{version}");
        assert_eq!(of_kind(&odoo, "CURRENT_ASSET").await, others, "{version}");
        assert_eq!(of_kind(&odoo, "OPERATING_EXPENSE").await, ["4"], "{version}: no current asset");
        assert_eq!(fake.searches("product.category").len(), 1, "asked once, and not for each query");
    }
}

#[tokio::test]
async fn without_categories_no_account_holds_stock() {
    let mut fake = chart(17);
    fake.missing.insert("product.category");
    let (odoo, _) = fake.connect(&[("password", PASSWORD)]);
    assert!(of_kind(&odoo, "INVENTORY").await.is_empty());
    assert_eq!(of_kind(&odoo, "CURRENT_ASSET").await, ["1", "2", "3", "5"]);

    let mut fake = chart(19);
    fake.forbidden.insert("product.category");
    let (odoo, _) = fake.connect(&[("password", PASSWORD)]);
    assert_eq!(of_kind(&odoo, "INVENTORY").await, ["5"], "what the user may read");
}
