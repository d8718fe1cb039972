//! Lists, counts and reads by ids: what is asked, and what comes of it.

use super::*;
use crate::{adapter::Position, filter::Condition, filter::Target};
use serde_json::json;

fn invoice(id: u32, customer: u32, day: u32, balance: u32) -> serde_json::Value {
    json!({
        "Id": id.to_string(), "DocNumber": format!("N-{id}"), "TxnDate": format!("2026-01-{day:02}"), "TotalAmt": 100, "Balance": balance,
        "CustomerRef": { "value": customer.to_string() }, "CurrencyRef": { "value": "USD" }, "PrivateNote": "",
    })
}

fn company() -> Arc<Fake> {
    let fake = Fake::new();
    fake.put("Invoice", (1..=5).map(|n| invoice(n, n, n, if n % 2 == 0 { 0 } else { 100 })).collect());
    fake.put("CreditMemo", vec![invoice(1, 1, 3, 0), invoice(9, 2, 4, 50)]);
    fake.put(
        "Customer",
        vec![
            json!({ "Id": "1", "DisplayName": "Ann", "Active": true }),
            json!({ "Id": "2", "DisplayName": "ann", "Active": false }),
            json!({ "Id": "3", "Active": true }),
        ],
    );
    fake.put(
        "Item",
        vec![
            json!({ "Id": "1", "Name": "Seals", "Type": "Category", "Active": true }),
            json!({ "Id": "2", "Name": "Gasket", "Type": "Inventory", "Active": true, "UnitPrice": 1.5 }),
        ],
    );
    fake
}

#[tokio::test(start_paused = true)]
async fn list_of_invoices_is_one_query_for_each_set_and_goes_on_by_position() {
    let fake = company();
    let adapter = adapter(&fake);
    let mut query = query(&adapter, EntityType::Invoice, Filter::ALL, 2);
    let page = adapter.list(&ctx(), EntityType::Invoice, &query).await.expect("a page");
    assert_eq!(fake.calls(), 5, "four and the preferences, which are then known");
    assert_eq!((ids(&page.sets[0]), ids(&page.sets[1])), (vec!["5", "4"], vec!["9", "1"]));
    assert_eq!((&page.sets[0].next, &page.sets[1].next), (&Some(Position::Offset(2)), &None));
    assert!(page.left.is_all());
    fake.asked();

    query.sets[0].after = Some(page.sets[0].rows[0].position.clone());
    query.sets.truncate(1);
    let page = adapter.list(&ctx(), EntityType::Invoice, &query).await.expect("a page");
    assert_eq!(ids(&page.sets[0]), ["4", "3"], "after the first row");
    let statement = "select * from Invoice orderby TxnDate desc, Id desc startposition 2 maxresults 3";
    assert_eq!(fake.asked(), [("GET query".to_owned(), vec![statement.to_owned()])]);

    query.sets[0].after = Some(Position::After { values: vec![], id: "1".into() });
    assert_eq!(adapter.list(&ctx(), EntityType::Invoice, &query).await.expect_err("foreign").kind, ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_costs_nothing_or_is_left_over() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Invoice;
    let list = async |filter: Filter| {
        adapter.list(&ctx(), entity, &query(&adapter, entity, filter, 10)).await.expect("a page")
    };
    let credit = is(entity, "kind", Op::Eq, vec![Value::Enum("CREDIT_NOTE")]);
    let page = list(credit.clone()).await;
    assert_eq!(fake.asked().len(), 2, "the other sets are no credit notes");
    assert!(page.sets[0].rows.is_empty() && page.left.is_all());

    let unheard = |id: &str| {
        Filter::Is(Condition {
            target: Target::Id,
            op: Op::Eq,
            values: refs("Invoice", &[id]).into_iter().map(Value::Ref).collect(),
        })
    };
    let page = list(unheard("1' or 'a' = 'a")).await;
    assert!(page.sets.iter().all(|set| set.rows.is_empty() && set.next.is_none()));
    assert!(list(is(entity, "customer", Op::In, customers(&["x"]))).await.sets[0].rows.is_empty());
    assert_eq!(fake.asked(), [], "no record has such an id");

    let open = is(entity, "status", Op::Eq, vec![Value::Enum("OPEN")]);
    let total = is(entity, "total", Op::Gt, vec![Value::Decimal(1.into())]);
    let page = list(Filter::And(vec![open.clone(), total.clone()])).await;
    assert_eq!(page.left, Filter::And(vec![open, total]), "the union: one set cannot tell by the total");
    assert!(page.sets[0].rows[0].record.held().covers(page.left.fields()), "it can be told here");
    assert_eq!(*page.sets[0].rows[0].record.named("status"), Value::Enum("OPEN"));
    assert_eq!(ids(&page.sets[0]), ["5", "3", "1"]);
}

#[tokio::test(start_paused = true)]
async fn record_that_cannot_be_mapped_takes_its_place_in_the_list() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Customer;
    let mut query = query(&adapter, entity, Filter::ALL, 2);
    query.order.clear();
    let page = adapter.list(&ctx(), entity, &query).await.expect("a page").sets.remove(0);
    assert_eq!((ids(&page), &page.next), (vec!["1", "2"], &Some(Position::Offset(2))));
    query.sets[0].after = page.next;
    let page = adapter.list(&ctx(), entity, &query).await.expect("a page").sets.remove(0);
    assert_eq!((page.rows.len(), page.quarantined.len(), &page.next), (0, 1, &None));
    assert_eq!((page.quarantined[0].id.as_deref(), page.quarantined[0].reason.as_str()), (Some("3"), "name: no value"));
}

#[tokio::test(start_paused = true)]
async fn counts_are_exact_or_unknown() {
    let fake = company();
    let adapter = adapter(&fake);
    let count = async |entity, filter| adapter.count(&ctx(), entity, &filter).await.expect("a count");
    let entity = EntityType::Invoice;
    assert_eq!(count(entity, Filter::ALL).await, Count::Exact(7));
    assert_eq!(count(entity, is(entity, "kind", Op::Eq, vec![Value::Enum("INVOICE")])).await, Count::Exact(5));
    assert_eq!(count(entity, is(entity, "customer", Op::In, customers(&["1", "2"]))).await, Count::Exact(4));
    assert_eq!(count(entity, Filter::NONE).await, Count::Exact(0));
    let calls = fake.calls();
    assert_eq!(count(entity, is(entity, "number", Op::Eq, vec![Value::Text("N-1".into())])).await, Count::Unknown);
    assert_eq!(fake.calls(), calls, "no call for what would not be exact");
    assert_eq!(count(EntityType::Product, Filter::ALL).await, Count::Exact(1), "a category is no product");
    let active = is(EntityType::Customer, "status", Op::Eq, vec![Value::Enum("ACTIVE")]);
    assert_eq!(count(EntityType::Customer, active).await, Count::Exact(2));
    assert_eq!(count(EntityType::Customer, Filter::ALL).await, Count::Exact(3), "inactive ones too");
}

#[tokio::test(start_paused = true)]
async fn records_come_by_their_ids_in_one_query_for_each_set() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Invoice;
    let mut wanted = refs("Invoice", &["4", "77", "1", "4"]);
    wanted.extend(refs("CreditMemo", &["1", "x'y"]));
    wanted.extend(refs("Bill", &["1"]));
    let found = adapter.get_many(&ctx(), entity, &wanted, fields(entity, &["number", "kind"])).await.expect("records");
    let found: Vec<_> = found.iter().map(|r| r.as_ref().map(|r| (r.key.set.as_str(), &*r.key.id))).collect();
    let (four, one) = (Some(("Invoice", "4")), Some(("Invoice", "1")));
    assert_eq!(found, [four, None, one, four, Some(("CreditMemo", "1")), None, None]);
    let expected = |statement: &str| ("GET query".to_owned(), vec![statement.to_owned()]);
    assert_eq!(
        fake.asked(),
        [
            expected("select * from Invoice where Id in ('4', '77', '1') startposition 1 maxresults 3"),
            expected("select * from CreditMemo where Id in ('1') startposition 1 maxresults 1"),
        ]
    );

    let names = fields(EntityType::Customer, &["name"]);
    let found =
        adapter.get_many(&ctx(), EntityType::Customer, &refs("Customer", &["2", "3"]), names).await.expect("records");
    assert!(found[0].is_some(), "inactive records are found by their ids");
    assert!(found[1].is_none(), "what cannot be mapped is left out");
    let items =
        adapter.get_many(&ctx(), EntityType::Product, &refs("Item", &["1", "2", "SHIPPING_ITEM_ID"]), names).await;
    assert_eq!(items.expect("records").iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    let calls = fake.calls();
    assert_eq!(adapter.get_many(&ctx(), entity, &[], names).await.expect("nothing").len(), 0);
    assert_eq!(fake.calls(), calls);
}

#[tokio::test(start_paused = true)]
async fn many_ids_go_by_post_in_chunks() {
    let fake = company();
    let adapter = adapter(&fake);
    let ids: Vec<_> = (1..=1100).map(|n| n.to_string()).collect();
    let wanted = refs("Invoice", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let found = adapter.get_many(&ctx(), EntityType::Invoice, &wanted, FieldSet::EMPTY).await.expect("records");
    assert_eq!(found.iter().flatten().count(), 5);
    let asked = fake.asked();
    let how: Vec<_> = asked.iter().map(|(how, _)| how.as_str()).collect();
    assert_eq!(how, ["POST query", "POST query", "GET query"]);
}

#[tokio::test(start_paused = true)]
async fn refused_query_says_so() {
    let fake = company();
    fake.refuse("CreditMemo", "4001");
    let adapter = adapter(&fake);
    let query = query(&adapter, EntityType::Invoice, Filter::ALL, 2);
    let error = adapter.list(&ctx(), EntityType::Invoice, &query).await.expect_err("refused");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Unsupported, "QuickBooks cannot evaluate this query.")
    );
}

#[tokio::test(start_paused = true)]
async fn rows_without_a_value_come_last_in_both_directions() {
    let fake = company();
    let row = |id: u32, number: Option<&str>| {
        let mut row = invoice(id, 1, 1, 0);
        match number {
            Some(number) => row["DocNumber"] = number.into(),
            None => drop(row.as_object_mut().expect("an object").remove("DocNumber")),
        }
        row
    };
    fake.put("Invoice", vec![row(1, Some("B")), row(2, None), row(3, Some("A")), row(4, None), row(5, Some("C"))]);
    let adapter = adapter(&fake);
    for (direction, expected) in
        [(Direction::Asc, ["3", "1", "5", "2", "4"]), (Direction::Desc, ["5", "1", "3", "4", "2"])]
    {
        for limit in 1..=6 {
            let mut query = query(&adapter, EntityType::Invoice, Filter::ALL, limit);
            query.sets.truncate(1);
            query.order = order(EntityType::Invoice, "number", direction);
            let mut found = Vec::new();
            loop {
                let page = adapter.list(&ctx(), EntityType::Invoice, &query).await.expect("a page").sets.remove(0);
                assert!(page.rows.len() <= limit);
                found.extend(ids(&page).into_iter().map(str::to_owned));
                let Some(next) = page.next else { break };
                query.sets[0].after = Some(next);
            }
            assert_eq!(found, expected, "{direction:?} in pages of {limit}");
        }
        let children = |per_parent| ChildrenQuery {
            via: field(EntityType::Invoice, "customer"),
            parents: refs("Customer", &["1"]),
            filter: Filter::ALL,
            order: order(EntityType::Invoice, "number", direction),
            per_parent,
            sets: vec!["Invoice".into()],
            fields: FieldSet::EMPTY,
        };
        for per_parent in 1..=6 {
            let found =
                adapter.list_children(&ctx(), EntityType::Invoice, &children(per_parent)).await.expect("children");
            let page = &found.parents[0][0];
            assert_eq!(ids(page), expected[..per_parent.min(5)], "{direction:?}, {per_parent} of each");
            assert_eq!(page.next, (per_parent < 5).then_some(Position::Offset(per_parent as u64)));
        }
    }
}
