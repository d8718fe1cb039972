//! Lists: pages, orders, positions.

use crate::support::{Case, after, compare_ids, field, is_unsupported, key, keys, read_all, skipped};
use adapters::{
    adapter::{ListQuery, Order, Paging, Position, Row, SetStart},
    filter::{Condition, Filter, Op, Target},
    model::{Direction, EntityType, FieldSet, Kind, Record, RemoteRef, Value},
};
use simulators::store::Cell;
use std::{cmp::Ordering, collections::HashSet};

/// All orders by one declared field, up and down.
fn orders(target: &Case, entity: EntityType) -> Vec<Vec<Order>> {
    let fields = target.adapter.capability(entity).order_by;
    let both = |name: &&str| {
        [Direction::Asc, Direction::Desc].map(|direction| Order { field: field(entity, name), direction })
    };
    fields.iter().flat_map(both).map(|order| vec![order]).collect()
}

fn by(target: &Case, entity: EntityType, order: &[Order]) -> ListQuery {
    let fields: FieldSet = order.iter().map(|key| key.field).collect();
    ListQuery { order: order.to_vec(), fields, ..target.query(entity) }
}

/// Whether two neighbours may stand so. Texts are the ERP's to sort.
fn in_order(a: &Record, b: &Record, order: &[Order]) -> bool {
    for key in order {
        let (left, right) = (a.get(key.field), b.get(key.field));
        match (left.is_null(), right.is_null()) {
            (true, true) => continue,
            (true, false) => return false,
            (false, true) => return true,
            (false, false) => {}
        }
        let is_text = matches!(a.def().field(key.field).kind, Kind::Text);
        match left.compare(right) {
            Ordering::Equal => continue,
            _ if is_text => return true,
            found => return found == if key.direction == Direction::Asc { Ordering::Less } else { Ordering::Greater },
        }
    }
    let ascending = order.last().is_none_or(|key| key.direction == Direction::Asc);
    let wanted = if ascending { Ordering::Less } else { Ordering::Greater };
    // Ids are numbers in some sets and text, perhaps of digits, in others.
    compare_ids(&a.key.id, &b.key.id) == wanted || a.key.id.cmp(&b.key.id) == wanted
}

fn check_order(rows: &[Row], order: &[Order]) {
    for pair in rows.windows(2) {
        let (a, b) = (&pair[0].record, &pair[1].record);
        let shown = |record: &Record| {
            let values: Vec<_> = order.iter().map(|key| record.get(key.field).clone()).collect();
            format!("{} {values:?}", record.key.id)
        };
        assert!(in_order(a, b, order), "{:?} {order:?}: {} before {}", a.key.set, shown(a), shown(b));
    }
}

pub(crate) async fn pages_do_not_overlap_or_lose(target: Case) {
    for entity in target.entities() {
        let whole = ListQuery { fields: FieldSet::EMPTY, ..target.query(entity) };
        let all = keys(&read_all(&target, entity, &whole).await.expect("a list"));
        for limit in [all.len().div_ceil(10).max(61), all.len().div_ceil(3).max(200)] {
            let paged = read_all(&target, entity, &ListQuery { limit, ..whole.clone() }).await.expect("a list");
            assert_eq!(keys(&paged), all, "{entity:?} in pages of {limit}");
        }
    }
    let small = target.another(|options| options.records = 40).await;
    for entity in small.entities() {
        let mut expected = HashSet::new();
        for (n, order) in orders(&small, entity).into_iter().enumerate() {
            let query = by(&small, entity, &order);
            let whole = read_all(&small, entity, &query).await.expect("a list");
            let all = keys(&whole);
            let distinct: HashSet<_> = all.iter().cloned().collect();
            assert_eq!(distinct.len(), all.len(), "{entity:?} {order:?}: a record twice");
            if n == 0 {
                expected = distinct;
            } else {
                assert_eq!(distinct, expected, "{entity:?} {order:?}: another order, other records");
            }
            whole.iter().for_each(|part| check_order(&part.rows, &order));
            // One by one takes long: once is enough, and so are forty pages, ten in each other order.
            let few = all.len().div_ceil(if n == 0 { 40 } else { 10 }).max(7);
            for limit in [if n == 0 && few == 7 { 1 } else { few }, few] {
                let paged = read_all(&small, entity, &ListQuery { limit, ..query.clone() }).await.expect("a list");
                assert_eq!(keys(&paged), all, "{entity:?} {order:?} in pages of {limit}");
            }
        }
    }
}

pub(crate) async fn nulls_come_last(target: Case) {
    let mut seen = 0;
    for entity in target.entities() {
        for order in orders(&target, entity) {
            let read = read_all(&target, entity, &by(&target, entity, &order)).await.expect("a list");
            for part in read {
                let nulls: Vec<_> = part.rows.iter().map(|row| row.record.get(order[0].field).is_null()).collect();
                seen += usize::from(nulls.contains(&true) && nulls.contains(&false));
                assert!(nulls.is_sorted(), "{entity:?} {order:?}: {nulls:?}");
            }
        }
    }
    if seen == 0 {
        skipped(&target, "no field that can be sorted by lacks a value anywhere");
    }
}

pub(crate) async fn two_keys_order(target: Case) {
    for entity in target.entities() {
        let fields = target.adapter.capability(entity).order_by;
        let Some([first, .., second]) = fields.get(..) else {
            skipped(&target, &format!("{} are sorted by fewer than two fields", entity.def().plural));
            continue;
        };
        for (one, two) in [(Direction::Asc, Direction::Desc), (Direction::Desc, Direction::Asc)] {
            for (a, b) in [(first, second), (second, first)] {
                let order =
                    [(a, one), (b, two)].map(|(name, direction)| Order { field: field(entity, name), direction });
                let query = by(&target, entity, &order);
                let whole = read_all(&target, entity, &query).await;
                if is_unsupported(&whole) {
                    skipped(&target, &format!("{a} and {b} of {}: {:?}", entity.def().plural, whole.err()));
                    continue;
                }
                let whole = whole.expect("a list");
                whole.iter().for_each(|part| check_order(&part.rows, &order));
                let paged = read_all(&target, entity, &ListQuery { limit: 41, ..query }).await.expect("a list");
                assert_eq!(keys(&paged), keys(&whole), "{entity:?} {order:?}");
            }
        }
    }
}

pub(crate) async fn the_limit_is_honoured(target: Case) {
    for entity in target.entities() {
        let all = read_all(&target, entity, &target.query(entity)).await.expect("a list");
        for limit in [1, 3] {
            let query = ListQuery { limit, ..target.query(entity) };
            let page = target.adapter.list(&target.ctx(), entity, &query).await.expect("a page");
            for (part, whole) in page.sets.iter().zip(&all) {
                assert_eq!(part.rows.len(), limit.min(whole.rows.len()), "{entity:?} {:?}", part.set);
                let more = whole.rows.len() > limit;
                assert!(part.next.is_some() || !more, "{entity:?} {:?}: there is more", part.set);
            }
        }
        // One set of several.
        let query = target.query(entity);
        for start in &query.sets {
            let one = ListQuery { sets: vec![start.clone()], limit: 2, ..query.clone() };
            let page = target.adapter.list(&target.ctx(), entity, &one).await.expect("a page");
            assert_eq!(page.sets.iter().map(|part| &part.set).collect::<Vec<_>>(), [&start.set]);
            assert!(page.sets[0].rows.iter().all(|row| row.record.key.set == start.set));
        }
    }
}

pub(crate) async fn an_empty_list(target: Case) {
    for entity in target.entities() {
        let query = target.query(entity);
        target.reset();
        let page =
            target.adapter.list(&target.ctx(), entity, &ListQuery { filter: Filter::NONE, ..query.clone() }).await;
        assert!(page.expect("a page").sets.iter().all(|part| part.rows.is_empty() && part.next.is_none()));
        assert_eq!(target.requests(), 0, "{entity:?}: nobody need be asked for nothing");

        let id = RemoteRef { set: query.sets[0].set.clone(), id: "98765432".into() };
        let nobody = Filter::Is(Condition { target: Target::Id, op: Op::Eq, values: vec![Value::Ref(id)] });
        let read = read_all(&target, entity, &ListQuery { filter: nobody, ..query.clone() }).await.expect("a list");
        assert!(keys(&read).is_empty(), "{entity:?}");

        // After the last record.
        let whole = read_all(&target, entity, &query).await.expect("a list");
        for part in whole {
            let Some(last) = part.rows.last() else { continue };
            let page = target
                .adapter
                .list(&target.ctx(), entity, &after(&query, &part.set, &last.position))
                .await
                .expect("a page");
            assert!(page.sets[0].rows.is_empty() && page.sets[0].next.is_none(), "{entity:?} {:?}", page.sets[0]);
        }
    }
}

/// A cursor is taken from any row, not only from the end of a page.
pub(crate) async fn every_position_goes_on(target: Case) {
    let small = target.another(|options| options.records = 60).await;
    for entity in small.entities() {
        for (n, order) in orders(&small, entity).into_iter().enumerate() {
            let query = by(&small, entity, &order);
            for part in read_all(&small, entity, &query).await.expect("a list") {
                // Somewhere else for each order.
                for at in (n % 11..part.rows.len()).step_by(part.rows.len().div_ceil(8).max(11)) {
                    let tail = read_all(&small, entity, &after(&query, &part.set, &part.rows[at].position))
                        .await
                        .expect("a list");
                    let expected: Vec<_> = part.rows[at + 1..].iter().map(|row| key(&row.record)).collect();
                    assert_eq!(keys(&tail), expected, "{entity:?} {order:?} after {:?}", part.rows[at].position);
                }
            }
        }
    }
}

/// With keyset paging, records that come and go meanwhile neither hide nor repeat others.
pub(crate) async fn changes_between_pages(target: Case) {
    let entity = EntityType::Invoice;
    if target.adapter.capability(entity).paging != Paging::Keyset {
        let paging = target.adapter.capability(entity).paging;
        return skipped(&target, &format!("lists go on by {paging:?}, which changes may shift"));
    }
    let set = target.adapter.sets(entity).remove(0);
    'orders: for order in orders(&target, entity) {
        let query = ListQuery {
            sets: vec![SetStart { set: set.clone(), after: None }],
            limit: 20,
            ..by(&target, entity, &order)
        };
        let before =
            keys(&read_all(&target, entity, &ListQuery { limit: 1000, ..query.clone() }).await.expect("a list"));
        let mut seen = Vec::new();
        let mut gone = HashSet::new();
        let mut start: Option<Position> = None;
        for round in 0_usize.. {
            let sets = vec![SetStart { set: set.clone(), after: start.take() }];
            let page =
                target.adapter.list(&target.ctx(), entity, &ListQuery { sets, ..query.clone() }).await.expect("a page");
            let part = &page.sets[0];
            seen.extend(part.rows.iter().map(|row| key(&row.record)));
            let Some(next) = part.next.clone() else { break };
            if matches!(next, Position::Offset(_)) {
                skipped(&target, &format!("a list by {} goes on by number", entity.def().field(order[0].field).name));
                continue 'orders;
            }
            start = Some(next);
            if round < 4 {
                // The record at the position itself, one before it and one after it; and copies of three others.
                let last = seen.len() - 1;
                for at in [last, last.saturating_sub(7), last + 9] {
                    if let Some(victim) = before.get(at).filter(|victim| !gone.contains(*victim)) {
                        remove(&target, &victim.1);
                        gone.insert(victim.clone());
                    }
                }
                for at in [last.saturating_sub(3), last + 3, last + 30] {
                    if let Some(of) = before.get(at).filter(|of| !gone.contains(*of)) {
                        copy(&target, &of.1);
                    }
                }
            }
        }
        let distinct: HashSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{order:?}: a record twice");
        let lost: Vec<_> = before.iter().filter(|key| !gone.contains(*key) && !distinct.contains(key)).collect();
        assert!(lost.is_empty(), "{order:?}: {lost:?}");
    }
}

fn remove(target: &Case, id: &str) {
    let mut tables = target.simulator.simulator().store().write();
    assert!(tables[target.spec.invoices].delete(id.parse().expect("a number")), "no invoice {id}");
}

/// A record like another, with an id of its own.
fn copy(target: &Case, id: &str) {
    let mut tables = target.simulator.simulator().store().write();
    let table = &mut tables[target.spec.invoices];
    let row = table.get(id.parse().expect("a number")).expect("an invoice");
    let columns: Vec<_> = table.columns().to_vec();
    let cells: Vec<(&'static str, Cell)> = columns.into_iter().map(|column| (column, row[column].clone())).collect();
    table.push(cells).expect("another invoice");
}

pub(crate) async fn a_page_takes_one_call(target: Case) {
    for entity in target.entities() {
        // A page that reaches the end of its list may have to find out what comes last.
        let whole = ListQuery { fields: FieldSet::EMPTY, ..target.query(entity) };
        let all = keys(&read_all(&target, entity, &whole).await.expect("a list")).len();
        let query = ListQuery { limit: (all / 3).clamp(1, 50), ..target.query(entity) };
        target.reset();
        let ctx = target.ctx();
        target.adapter.list(&ctx, entity, &query).await.expect("a page");
        let expected = (target.spec.calls_for_sets)(query.sets.len());
        println!(
            "{}: {} requests for a page of {} {} with every field",
            target.spec.name,
            target.requests(),
            query.limit,
            entity.def().plural
        );
        assert_eq!(
            u64::from(ctx.calls_made()),
            target.requests(),
            "{entity:?}: what the adapter counts is what it sends"
        );
        let joins = (target.spec.calls_for_joins)(entity);
        assert!(target.requests() <= expected + joins, "{entity:?}: {} requests", target.requests());

        let fields = ["number", "name", "total", "date"].iter().filter_map(|name| entity.def().id_of(name)).collect();
        target.reset();
        target.adapter.list(&target.ctx(), entity, &ListQuery { fields, ..query }).await.expect("a page");
        assert!(target.requests() <= expected, "{entity:?}: {} requests for plain fields", target.requests());
    }
}
