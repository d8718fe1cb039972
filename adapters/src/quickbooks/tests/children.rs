//! The children of many parents: exact whatever the distribution, in few calls.

use super::*;
use crate::adapter::Position;
use serde_json::{Value as Json, json};

fn document(id: usize, customer: usize) -> Json {
    json!({
        "Id": id.to_string(), "DocNumber": format!("N-{id}"), "TxnDate": format!("2026-01-{:02}", id % 28 + 1), "TotalAmt": 100, "Balance": 100,
        "CustomerRef": { "value": customer.to_string() }, "CurrencyRef": { "value": "USD" },
    })
}

fn children(entity: EntityType, via: &str, parents: Vec<RemoteRef>, per_parent: usize, sets: &[&str]) -> ChildrenQuery {
    let def = entity.def();
    ChildrenQuery {
        via: field(entity, via),
        parents,
        filter: Filter::ALL,
        order: order(entity, def.order.0, def.order.1),
        per_parent,
        sets: sets.iter().map(|set| (*set).into()).collect(),
        fields: fields(entity, if entity == EntityType::Customer { &["name"] } else { &["number"] }),
    }
}

/// The first ids and the number of all, for each customer, as they should come.
fn expected(rows: &[Json], customer: usize, per_parent: usize) -> (Vec<String>, bool) {
    let name = customer.to_string();
    let mut own: Vec<_> = rows.iter().filter(|r| r["CustomerRef"]["value"] == *name).collect();
    let key = |row: &Json| {
        (row["TxnDate"].as_str().map(str::to_owned), row["Id"].as_str().and_then(|id| id.parse::<u32>().ok()))
    };
    own.sort_by_key(|row| std::cmp::Reverse(key(row)));
    let ids = own.iter().take(per_parent).filter_map(|row| row["Id"].as_str().map(str::to_owned));
    (ids.collect(), own.len() > per_parent)
}

/// Checks the children of `customers` customers against the rows, and tells how many calls they took.
async fn check(invoices: Vec<Json>, credits: Vec<Json>, customers: usize, per_parent: usize) -> usize {
    let fake = Fake::new();
    fake.put("Invoice", invoices.clone());
    fake.put("CreditMemo", credits.clone());
    let adapter = adapter(&fake);
    let parents: Vec<_> = (1..=customers).map(|n| n.to_string()).collect();
    let parents = refs("Customer", &parents.iter().map(String::as_str).collect::<Vec<_>>());
    let query = children(EntityType::Invoice, "customer", parents, per_parent, &["Invoice", "CreditMemo"]);
    let found = adapter.list_children(&ctx(), EntityType::Invoice, &query).await.expect("children");
    assert!(found.left.is_all());
    for (at, sets) in found.parents.iter().enumerate() {
        for (page, rows) in sets.iter().zip([&invoices, &credits]) {
            let (ids_expected, more) = expected(rows, at + 1, per_parent);
            assert_eq!(ids(page), ids_expected, "customer {}", at + 1);
            assert_eq!(page.next, more.then_some(Position::Offset(per_parent as u64)), "customer {}", at + 1);
        }
    }
    fake.asked().len()
}

#[tokio::test(start_paused = true)]
async fn one_query_for_each_set_where_children_are_few() {
    assert_eq!(check((1..=60).map(|n| document(n, n % 20 + 1)).collect(), vec![document(1, 3)], 20, 5).await, 2);
    assert_eq!(check(vec![], vec![], 20, 5).await, 2);
}

#[tokio::test(start_paused = true)]
async fn parents_that_were_crowded_out_take_one_call_more() {
    // The biggest customer has nine in ten, and the newest ones.
    let rows: Vec<_> = (1..=800)
        .map(|n| {
            let mut row = document(n, if n <= 40 { n % 20 + 1 } else { 7 });
            if n > 40 {
                row["TxnDate"] = "2026-02-01".into();
            }
            row
        })
        .collect();
    assert_eq!(check(rows.clone(), vec![], 20, 5).await, 3);
    assert_eq!(check(rows.clone(), rows, 15, 5).await, 3, "both sets in one batch");
}

#[tokio::test(start_paused = true)]
async fn calls_do_not_grow_with_the_parents() {
    let rows: Vec<_> = (1..=3000)
        .map(|n| {
            let mut row = document(n, if n <= 500 { n % 200 + 1 } else { 1 });
            if n > 500 {
                row["TxnDate"] = "2026-02-01".into();
            }
            row
        })
        .collect();
    assert_eq!(check(rows, vec![], 200, 20).await, 3, "one query without the big one instead of seven batches");
}

#[tokio::test(start_paused = true)]
async fn many_big_parents_are_exact_too() {
    let rows: Vec<_> = (1..=4000).map(|n| document(n, n % 40 + 1)).collect();
    let calls = check(rows, vec![], 40, 50).await;
    assert!(calls <= 2 + 1 + 3, "{calls}");
}

#[tokio::test(start_paused = true)]
async fn orders_are_children_of_customers_and_unknown_parents_have_none() {
    let fake = Fake::new();
    fake.put("Estimate", (1..=4).map(|n| document(n, n % 2)).collect());
    let adapter = adapter(&fake);
    let mut parents = refs("Customer", &["1", "x", "1"]);
    parents.extend(refs("Vendor", &["1"]));
    let query = children(EntityType::SalesOrder, "customer", parents, 5, &["Estimate"]);
    let found = adapter.list_children(&ctx(), EntityType::SalesOrder, &query).await.expect("children");
    let found: Vec<_> = found.parents.iter().map(|sets| ids(&sets[0])).collect();
    assert_eq!(found, [vec!["3", "1"], vec![], vec!["3", "1"], vec![]]);
    assert_eq!(fake.asked().len(), 1);
    let query = children(EntityType::Customer, "parent", refs("Customer", &["1"]), 5, &["Customer"]);
    let error = adapter.list_children(&ctx(), EntityType::Customer, &query).await.expect_err("not filterable");
    assert_eq!(error.kind, ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn invoices_of_an_order_are_found_through_the_order() {
    let fake = Fake::new();
    let link = |kind: &str, id: usize| json!({ "TxnId": id.to_string(), "TxnType": kind });
    let estimate =
        |id: usize, links: Vec<Json>| json!({ "Id": id.to_string(), "TxnDate": "2026-01-01", "LinkedTxn": links });
    fake.put(
        "Estimate",
        vec![
            estimate(1, vec![link("Invoice", 11), link("Invoice", 12), link("Invoice", 13)]),
            estimate(2, vec![]),
            estimate(3, vec![link("Invoice", 12), link("Payment", 14), link("Invoice", 99)]),
            json!({ "Id": "4", "TxnDate": "2026-01-01" }),
        ],
    );
    fake.put("Invoice", (11..=14).map(|n| document(n, 1)).collect());
    let adapter = adapter(&fake);
    let entity = EntityType::Invoice;
    let query = children(entity, "salesOrder", refs("Estimate", &["1", "2", "3", "4"]), 2, &["Invoice", "CreditMemo"]);
    let found = adapter.list_children(&ctx(), entity, &query).await.expect("children");
    let invoices: Vec<_> = found.parents.iter().map(|sets| ids(&sets[0])).collect();
    assert_eq!(invoices, [vec!["13", "12"], vec![], vec!["12"], vec![]]);
    assert_eq!(found.parents[0][0].next, Some(Position::Offset(2)));
    assert!(found.parents.iter().all(|sets| sets[1].rows.is_empty()), "credit memos are not linked to estimates");
    assert_eq!(fake.asked().len(), 2);

    // The list goes on where the first children end.
    let of_one = is(entity, "salesOrder", Op::Eq, refs("Estimate", &["1"]).into_iter().map(Value::Ref).collect());
    let mut list = super::query(&adapter, entity, of_one, 5);
    list.sets[0].after = Some(Position::Offset(2));
    let page = adapter.list(&ctx(), entity, &list).await.expect("a page");
    assert_eq!((ids(&page.sets[0]), page.left.is_all()), (vec!["11"], true));
    assert_eq!(fake.asked().len(), 2, "the order, and its invoices");
}
