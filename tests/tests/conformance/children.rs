//! Children of many parents: exact for each of them, in a number of calls that does not grow with them.

use crate::support::{Case, Key, is_unsupported, key, read_all, records, reference, skipped};
use adapters::{
    adapter::{Children, ChildrenQuery, ListQuery, Order, Row},
    filter::{Filter, Op, matches},
    model::{Direction, EntityType, FieldId, FieldSet, Record, RemoteRef, SourceSet, Value},
};
use std::sync::Arc;

/// A relation to many.
struct Relation {
    parent: EntityType,
    child: EntityType,
    via: FieldId,
}

fn relations(target: &Case) -> Vec<Relation> {
    let entities = target.entities();
    let of = |parent: &EntityType| {
        let children = parent.def().children.iter().filter(|child| entities.contains(&child.entity));
        let relation = |child: &adapters::model::ChildrenDef| Relation {
            parent: *parent,
            child: child.entity,
            via: child.entity.def().id_of(child.via).expect("a field"),
        };
        children.map(relation).collect::<Vec<_>>()
    };
    entities.iter().flat_map(of).collect()
}

fn query(target: &Case, relation: &Relation, parents: Vec<RemoteRef>, per_parent: usize) -> ChildrenQuery {
    let list = target.query(relation.child);
    ChildrenQuery {
        via: relation.via,
        parents,
        filter: Filter::ALL,
        order: list.order,
        per_parent,
        sets: list.sets.into_iter().map(|start| start.set).collect(),
        fields: relation.child.def().every_field(),
    }
}

/// What the whole list of children says of each parent, in the order of the query.
struct Truth {
    rows: Vec<(SourceSet, Vec<Row>)>,
    via: FieldId,
}

impl Truth {
    async fn of(target: &Case, relation: &Relation, query: &ChildrenQuery) -> Self {
        let mut list =
            ListQuery { filter: query.filter.clone(), order: query.order.clone(), ..target.query(relation.child) };
        list.fields = query.fields;
        list.fields.insert(relation.via);
        let read = read_all(target, relation.child, &list).await.expect("a list");
        Self { rows: read.into_iter().map(|part| (part.set, part.rows)).collect(), via: relation.via }
    }

    fn children(&self, set: &SourceSet, parent: &RemoteRef) -> Vec<Key> {
        let rows = self.rows.iter().find(|(of, _)| of == set).map_or(&[][..], |(_, rows)| rows);
        rows.iter()
            .filter(|row| *row.record.get(self.via) == Value::Ref(parent.clone()))
            .map(|row| key(&row.record))
            .collect()
    }

    fn check(&self, query: &ChildrenQuery, found: &Children) {
        assert_eq!(found.parents.len(), query.parents.len(), "one answer for each parent");
        for (parent, parts) in query.parents.iter().zip(&found.parents) {
            assert_eq!(parts.iter().map(|part| &part.set).collect::<Vec<_>>(), query.sets.iter().collect::<Vec<_>>());
            for part in parts {
                assert_eq!(part.quarantined, []);
                assert!(part.rows.len() <= query.per_parent, "{} of {}", part.rows.len(), query.per_parent);
                let expected = self.children(&part.set, parent);
                let passed = part.rows.iter().filter(|row| matches(&found.left, &row.record));
                let passed: Vec<_> = passed.map(|row| key(&row.record)).collect();
                if found.left.is_all() {
                    let first = &expected[..expected.len().min(query.per_parent)];
                    assert_eq!(passed, first, "{} of {parent:?}, {} in all", part.set, expected.len());
                    assert_eq!(
                        part.next.is_some(),
                        expected.len() > query.per_parent,
                        "{} of {parent:?}: next",
                        part.set
                    );
                } else {
                    assert!(expected.starts_with(&passed), "{} of {parent:?}: {passed:?} of {expected:?}", part.set);
                    assert!(passed.len() == expected.len() || part.next.is_some() || passed.len() == query.per_parent);
                }
            }
        }
    }
}

fn parents(all: &[Arc<Record>]) -> Vec<RemoteRef> {
    all.iter().map(|record| reference(record)).collect()
}

async fn children(target: &Case, relation: &Relation, query: &ChildrenQuery) -> Option<Children> {
    let found = target.adapter.list_children(&target.ctx(), relation.child, query).await;
    if is_unsupported(&found) {
        let (parent, child) = (relation.parent.def(), relation.child.def());
        skipped(target, &format!("{} of {}: {:?}", child.plural, parent.plural, found.err()));
        return None;
    }
    Some(found.expect("children"))
}

pub(crate) async fn exact_for_every_parent(target: Case) {
    exact(&target.another(|options| (options.records, options.big_customer) = (80, Some(false))).await).await;
    exact(&target.another(|options| (options.records, options.big_customer) = (80, Some(true))).await).await;
}

async fn exact(target: &Case) {
    for relation in relations(target) {
        let def = relation.child.def();
        let all = records(target, relation.parent).await;
        let mut query = query(target, &relation, parents(&all), 5);
        let Some(found) = children(target, &relation, &query).await else { continue };
        let truth = Truth::of(target, &relation, &query).await;
        truth.check(&query, &found);
        for row in found.parents.iter().flatten().flat_map(|part| &part.rows) {
            let listed = truth.rows.iter().flat_map(|(_, rows)| rows).find(|of| of.record.key == row.record.key);
            assert_eq!(listed.expect("it is in the list").record.named("lines"), row.record.named("lines"));
        }

        query.fields = ["number", "total"].iter().filter_map(|name| def.id_of(name)).collect();
        for per_parent in [1, 20] {
            query.per_parent = per_parent;
            truth.check(&query, &children(target, &relation, &query).await.expect("children"));
        }

        // In another order than the usual one, from below.
        let usual = def.order.0;
        let order_by = target.adapter.capability(relation.child).order_by;
        for field in order_by.into_iter().filter(|name| *name != usual).take(2) {
            let order = Order { field: def.id_of(field).expect("a field"), direction: Direction::Asc };
            (query.order, query.per_parent) = (vec![order], 3);
            let found = children(target, &relation, &query).await.expect("children");
            Truth::of(target, &relation, &query).await.check(&query, &found);
        }
    }
}

pub(crate) async fn few_calls(target: Case) {
    few(&target, false).await;
    few(&target.another(|options| options.big_customer = Some(false)).await, false).await;
    // So many that the big customer's documents crowd out the others'.
    few(&target.another(|options| (options.records, options.big_customer) = (900, Some(true))).await, true).await;
}

async fn few(target: &Case, big: bool) {
    for relation in relations(target) {
        let mut list = target.query(relation.parent);
        list.fields = FieldSet::EMPTY;
        let all = read_all(target, relation.parent, &list).await.expect("a list");
        let all: Vec<_> = all.iter().flat_map(|part| &part.rows).map(|row| reference(&row.record)).collect();
        for how_many in [1, 20, all.len().min(50)] {
            let mut query = query(target, &relation, all[..how_many].to_vec(), 5);
            query.fields = ["number", "total"].iter().filter_map(|name| relation.child.def().id_of(name)).collect();
            target.reset();
            let Some(found) = children(target, &relation, &query).await else { break };
            // Where the child does not name its parent in a field that can be asked for, one more call finds out.
            let via = relation.child.def().field(relation.via).name;
            let linked = !target.adapter.capability(relation.child).filter.contains(&via);
            let base = (target.spec.calls_for_sets)(query.sets.len()) + u64::from(linked);
            let requests = target.requests();
            println!(
                "{}: {} of {how_many} {}{}: {requests} requests",
                target.spec.name,
                relation.child.def().plural,
                relation.parent.def().plural,
                if big { " with a big customer" } else { "" }
            );
            assert!(requests <= base + u64::from(big), "{requests} requests, {base} would do");
            if how_many > 20 {
                Truth::of(target, &relation, &query).await.check(&query, &found);
            }
        }
    }
}

pub(crate) async fn edges(target: Case) {
    let target = target.another(|options| (options.records, options.big_customer) = (40, Some(true))).await;
    for relation in relations(&target) {
        let all = records(&target, relation.parent).await;
        let family = parents(&all);

        target.reset();
        let nobody = query(&target, &relation, Vec::new(), 5);
        let Some(found) = children(&target, &relation, &nobody).await else { continue };
        assert!(found.parents.is_empty());
        assert_eq!(target.requests(), 0, "nobody need be asked for the children of nobody");

        // More than there are, for everybody.
        let everything = query(&target, &relation, family.clone(), 1000);
        let found = children(&target, &relation, &everything).await.expect("children");
        Truth::of(&target, &relation, &everything).await.check(&everything, &found);

        // A parent that is gone, and one with an id that cannot be, between others.
        let mut some = family[..3.min(family.len())].to_vec();
        let set = some[0].set.clone();
        some.insert(1, RemoteRef { set: set.clone(), id: "98765432".into() });
        some.insert(2, RemoteRef { set, id: "' or '1'='1".into() });
        let strange = query(&target, &relation, some, 5);
        let found = children(&target, &relation, &strange).await.expect("children");
        Truth::of(&target, &relation, &strange).await.check(&strange, &found);

        // A filter of which the ERP may leave a part.
        let def = relation.child.def();
        let status = match relation.child {
            EntityType::Invoice | EntityType::Bill => "PAID",
            EntityType::Payment => "POSTED",
            EntityType::Receipt | EntityType::Shipment => "DONE",
            _ => "OPEN",
        };
        let filters = [
            ("status", Op::Eq, Value::Enum(status)),
            ("total", Op::Gte, Value::Decimal(100.into())),
            ("amount", Op::Gte, Value::Decimal(100.into())),
            ("onHand", Op::Gt, Value::Decimal(0.into())),
            ("number", Op::Contains, Value::Text("1".into())),
        ];
        for (name, op, value) in filters.into_iter().filter(|(name, ..)| def.id_of(name).is_some()) {
            let filter = Filter::of(relation.child, name, op, vec![value]);
            let mut narrow = query(&target, &relation, family.clone(), 3);
            narrow.filter = filter;
            narrow.fields = def.id_of(def.order.0).into_iter().collect();
            let found = children(&target, &relation, &narrow).await.expect("children");
            Truth::of(&target, &relation, &narrow).await.check(&narrow, &found);
        }

        // A list of one parent's children goes on where the first ones ended.
        let big = query(&target, &relation, family.clone(), 2);
        let found = children(&target, &relation, &big).await.expect("children");
        let truth = Truth::of(&target, &relation, &big).await;
        for (parent, parts) in family.iter().zip(&found.parents) {
            for part in parts {
                let Some(row) = part.rows.last().filter(|_| part.next.is_some()) else { continue };
                let of =
                    Filter::of(relation.child, def.field(relation.via).name, Op::Eq, vec![Value::Ref(parent.clone())]);
                let list = crate::support::after(
                    &ListQuery { filter: of, ..target.query(relation.child) },
                    &part.set,
                    &row.position,
                );
                let rest = read_all(&target, relation.child, &list).await.expect("a list");
                let expected = &truth.children(&part.set, parent)[part.rows.len()..];
                assert_eq!(crate::support::keys(&rest), expected, "{} of {parent:?} goes on", part.set);
            }
        }
    }
}
