//! Lists page by page: whatever the order, the filter and the page size, nothing is lost or repeated.

use super::*;
use crate::{
    adapter::Position,
    filter::{Op, matches},
};
use std::{cmp::Ordering, collections::BTreeSet};

fn ids(records: &[Arc<Record>]) -> BTreeSet<(String, String)> {
    records.iter().map(|record| id(record)).collect()
}

fn filters() -> Vec<(EntityType, Filter)> {
    use EntityType::{Customer, Invoice, SalesOrder};
    let of = Filter::of;
    let customer = |id: &str| vec![Value::Ref(reference("BusinessPartners", id))];
    let day = |day: &str| vec![Value::Date(day.parse().expect("a date"))];
    let number = |n: &str| vec![Value::Decimal(n.parse().expect("a number"))];
    let not = |filter| Filter::Not(Box::new(filter));
    let moment = vec![Value::DateTime("2026-01-03T09:30:00Z".parse().expect("a moment"))];
    vec![
        (Customer, Filter::ALL),
        (Customer, of(Customer, "status", Op::Eq, vec![Value::Enum("ACTIVE")])),
        (Customer, of(Customer, "name", Op::Contains, vec![text("ALPHA")])),
        (Customer, of(Customer, "name", Op::Contains, vec![text("ß")])),
        (Customer, of(Customer, "name", Op::Contains, vec![text("100%")])),
        (Customer, of(Customer, "name", Op::StartsWith, vec![text("ärzte [n")])),
        (Customer, of(Customer, "name", Op::Eq, vec![text("Alpha GmbH")])),
        (Customer, of(Customer, "name", Op::Eq, vec![text("C007")])),
        (Customer, of(Customer, "name", Op::Eq, vec![text("O'Brien")])),
        (Customer, of(Customer, "name", Op::Eq, vec![text("")])),
        (Customer, of(Customer, "name", Op::Neq, vec![text("Alpha GmbH")])),
        (Customer, not(of(Customer, "name", Op::In, vec![text("Alpha GmbH"), text("C005")]))),
        (Customer, of(Customer, "email", Op::IsNull, vec![Value::Bool(true)])),
        (Customer, of(Customer, "email", Op::Contains, vec![text("EXAMPLE")])),
        (Customer, of(Customer, "currency", Op::IsNull, vec![Value::Bool(true)])),
        (Customer, of(Customer, "currency", Op::Eq, vec![Value::Currency("EUR".parse().expect("a code"))])),
        (Customer, of(Customer, "parent", Op::Eq, customer("C001"))),
        (Customer, of(Customer, "remoteUpdatedAt", Op::Gte, moment)),
        (Invoice, Filter::ALL),
        (Invoice, of(Invoice, "customer", Op::In, [customer("C001"), customer("C019")].concat())),
        (Invoice, of(Invoice, "kind", Op::Eq, vec![Value::Enum("CREDIT_NOTE")])),
        (Invoice, of(Invoice, "status", Op::Eq, vec![Value::Enum("OPEN")])),
        (Invoice, not(of(Invoice, "status", Op::In, vec![Value::Enum("PAID"), Value::Enum("VOIDED")]))),
        (Invoice, of(Invoice, "status", Op::Eq, vec![Value::Enum("DRAFT")])),
        (Invoice, of(Invoice, "total", Op::Gt, number("25.5"))),
        (Invoice, not(of(Invoice, "total", Op::Gte, number("25.5")))),
        (Invoice, of(Invoice, "balanceDue", Op::Gt, number("10"))),
        (Invoice, of(Invoice, "number", Op::Eq, vec![text("1007")])),
        (Invoice, of(Invoice, "number", Op::In, vec![text("01007"), text("' or 1 eq 1"), text("1008")])),
        (Invoice, of(Invoice, "number", Op::Eq, vec![text("INV-7")])),
        (Invoice, of(Invoice, "number", Op::Contains, vec![text("07")])),
        (Invoice, of(Invoice, "reference", Op::Contains, vec![text("rEf 1")])),
        (Invoice, of(Invoice, "dueDate", Op::Lt, day("2026-01-10"))),
        (Invoice, of(Invoice, "currency", Op::Neq, vec![Value::Currency("EUR".parse().expect("a code"))])),
        (
            Invoice,
            Filter::Or(vec![
                of(Invoice, "total", Op::Lt, number("5")),
                Filter::And(vec![
                    of(Invoice, "dueDate", Op::Gte, day("2026-01-25")),
                    of(Invoice, "customer", Op::Eq, customer("C001")),
                ]),
            ]),
        ),
        (SalesOrder, of(SalesOrder, "status", Op::Eq, vec![Value::Enum("VOIDED")])),
        (SalesOrder, of(SalesOrder, "orderDate", Op::Eq, day("2026-01-08"))),
    ]
}

fn orders(entity: EntityType) -> Vec<Vec<Order>> {
    use Direction::{Asc, Desc};
    let keys: &[&[(&str, Direction)]] = match entity {
        EntityType::Customer => {
            &[&[], &[("name", Asc)], &[("name", Desc)], &[("remoteUpdatedAt", Asc)], &[("remoteUpdatedAt", Desc)]]
        }
        EntityType::Invoice => &[
            &[("issueDate", Desc)],
            &[("total", Asc)],
            &[("total", Desc), ("dueDate", Asc)],
            &[("number", Asc)],
            &[("remoteUpdatedAt", Asc), ("issueDate", Desc)],
        ],
        _ => &[&[("orderDate", Desc)], &[("deliveryDate", Asc), ("number", Desc)]],
    };
    keys.iter().map(|keys| order(entity, keys)).collect()
}

/// The order that a list promises, for values that all databases sort alike.
fn in_order(a: &Record, b: &Record, order: &[Order]) -> bool {
    for key in order {
        let (x, y) = (a.get(key.field), b.get(key.field));
        if key.field == a.def().id_of("name").unwrap_or(crate::model::FieldId(127)) {
            return true;
        }
        let nulls = x.is_null() || y.is_null();
        let by_value = if key.direction == Direction::Desc && !nulls { y.compare(x) } else { x.compare(y) };
        // The number of a document is sorted as a number.
        let numbers = |v: &Value| v.as_text().and_then(|t| t.parse::<i64>().ok());
        let by_value = match (numbers(x), numbers(y)) {
            (Some(x), Some(y)) if key.direction == Direction::Desc => y.cmp(&x),
            (Some(x), Some(y)) => x.cmp(&y),
            _ => by_value,
        };
        if by_value != Ordering::Equal {
            return by_value == Ordering::Less;
        }
    }
    true
}

/// With every `step`th filter.
async fn every_list_is_complete(server: Server, settings: &[(&str, &str)], step: usize, limits: [usize; 2]) {
    let b1 = adapter(&Arc::new(server), settings);
    for (entity, filter) in filters().into_iter().step_by(step) {
        let names = [
            "name",
            "number",
            "status",
            "customer",
            "total",
            "issueDate",
            "orderDate",
            "dueDate",
            "deliveryDate",
            "remoteUpdatedAt",
            "kind",
            "email",
            "currency",
            "parent",
            "balanceDue",
            "reference",
        ];
        let names: Vec<_> = names.into_iter().filter(|name| entity.def().id_of(name).is_some()).collect();
        let everything =
            all(&b1, entity, ListQuery { limit: 500, ..query(&b1, entity, &names) }).await.expect("all records").0;
        let expected: Vec<_> = everything.into_iter().filter(|record| matches(&filter, record)).collect();
        for order in orders(entity) {
            for limit in limits {
                let query = ListQuery {
                    filter: filter.clone(),
                    order: order.clone(),
                    limit,
                    ..query(&b1, entity, &["status"])
                };
                let at = || format!("{filter:?} by {order:?}, {limit} at a time");
                let (records, _) = all(&b1, entity, query).await.unwrap_or_else(|e| panic!("{}: {e:?}", at()));
                assert_eq!(ids(&records), ids(&expected), "{}", at());
                assert_eq!(records.len(), expected.len(), "repeated: {}", at());
                for set in b1.sets(entity) {
                    let of_set: Vec<_> = records.iter().filter(|record| record.key.set == set).collect();
                    assert!(of_set.windows(2).all(|pair| in_order(pair[0], pair[1], &order)), "out of order: {}", at());
                }
            }
        }
    }
}

#[tokio::test]
async fn every_list_is_complete_in_version_2() {
    every_list_is_complete(company(2), &[], 1, [7, 200]).await;
}

#[tokio::test]
async fn every_list_is_complete_in_version_1() {
    every_list_is_complete(company(1), &[("currencies", "€=EUR")], 2, [9, 40]).await;
}

#[tokio::test]
async fn every_list_is_complete_where_the_service_insists_on_small_pages() {
    every_list_is_complete(Server { page: 5, ..company(2) }, &[], 3, [13, 200]).await;
}

#[tokio::test]
async fn every_list_is_complete_on_sql_server() {
    every_list_is_complete(Server { sql_server: true, ..company(2) }, &[("database", "mssql")], 1, [11, 200]).await;
}

#[tokio::test]
async fn unnamed_records_come_last_in_both_directions() {
    let b1 = adapter(&Arc::new(company(2)), &[]);
    for direction in [Direction::Asc, Direction::Desc] {
        let order = order(EntityType::Customer, &[("name", direction)]);
        let query = ListQuery { order, limit: 4, ..query(&b1, EntityType::Customer, &["name"]) };
        let (records, _) = all(&b1, EntityType::Customer, query).await.expect("records");
        let named: Vec<_> = records.iter().map(|record| *record.named("name") != text(&record.key.id)).collect();
        assert_eq!(named.iter().filter(|named| !**named).count(), 5, "null and empty names");
        assert!(named.is_sorted_by(|a, b| a >= b), "{named:?}");
    }
}

#[tokio::test]
async fn a_list_of_nothing_costs_nothing() {
    let server = Arc::new(company(2));
    let b1 = adapter(&server, &[]);
    b1.books(&ctx()).await.expect("the company");
    server.sent();
    for query in [
        ListQuery { limit: 0, ..query(&b1, EntityType::Invoice, &["number"]) },
        ListQuery { filter: Filter::NONE, ..query(&b1, EntityType::Invoice, &["number"]) },
    ] {
        let page = b1.list(&ctx(), EntityType::Invoice, &query).await.expect("a page");
        assert!(page.sets.len() == 2 && page.sets.iter().all(|set| set.rows.is_empty() && set.next.is_none()));
    }
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn a_position_of_another_order_is_refused() {
    let b1 = adapter(&Arc::new(company(2)), &[]);
    let mut query = query(&b1, EntityType::Invoice, &["number"]);
    query.order = order(EntityType::Invoice, &[("remoteUpdatedAt", Direction::Asc)]);
    query.sets[0].after = Some(Position::After { values: vec![Value::Null], id: "1".into() });
    let error = b1.list(&ctx(), EntityType::Invoice, &query).await.expect_err("refused");
    assert_eq!(error.kind, crate::ErrorKind::Invalid);
    query.order = order(EntityType::Invoice, &[("number", Direction::Asc)]);
    query.sets[0].after = Some(Position::After { values: vec![text("1 or 1 eq 1")], id: "1".into() });
    let error = b1.list(&ctx(), EntityType::Invoice, &query).await.expect_err("refused");
    assert_eq!(error.kind, crate::ErrorKind::Invalid, "no text where a number belongs");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_stop_the_list() {
    let mut server = company(2);
    for table in ["Invoices", "CreditNotes"] {
        for row in server.tables.get_mut(table).expect("a table").iter_mut().skip(2).step_by(3) {
            row.insert("VatSum".into(), json!("much"));
        }
    }
    let b1 = adapter(&Arc::new(server), &[]);
    for keys in
        [&[("issueDate", Direction::Desc)][..], &[("total", Direction::Asc)], &[("remoteUpdatedAt", Direction::Asc)]]
    {
        for limit in [1, 4] {
            let mut query = query(&b1, EntityType::Invoice, &["taxTotal"]);
            (query.order, query.limit) = (order(EntityType::Invoice, keys), limit);
            let (mut good, mut bad, mut seen) = (0, 0, BTreeSet::new());
            while !query.sets.is_empty() {
                let page = b1.list(&ctx(), EntityType::Invoice, &query).await.expect("a page");
                query.sets.clear();
                for set in page.sets {
                    good += set.rows.len();
                    bad += set.quarantined.len();
                    for q in &set.quarantined {
                        assert_eq!(q.reason, "taxTotal: \"much\" is not a number");
                        assert!(seen.insert((q.set.to_string(), q.id.clone())), "reported twice");
                    }
                    seen.extend(
                        set.rows.iter().map(|row| (row.record.key.set.to_string(), Some(row.record.key.id.clone()))),
                    );
                    if set.next.is_some() {
                        query.sets.push(SetStart { set: set.set, after: set.next });
                    }
                }
            }
            // Every 13th document is a cancellation and not listed.
            assert_eq!((good + bad, seen.len()), (111 + 23, 111 + 23));
            assert!(bad > 20, "{bad}");
        }
    }
}
