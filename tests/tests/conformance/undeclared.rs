//! What an adapter does not declare, it refuses before it asks anybody.

use crate::support::{Case, is_unsupported, reference};
use adapters::{
    adapter::{AggregateQuery, ChildrenQuery, ListQuery, SetStart},
    filter::Filter,
    model::{EntityType, FieldSet, Record, RecordKey, RemoteRef},
};

pub(crate) async fn unsupported_entities_fail_without_http(target: Case) {
    for entity in EntityType::ALL.iter().copied() {
        let capability = target.adapter.capability(entity);
        let ctx = target.ctx();
        let key = RecordKey { entity, erp: "erp".into(), set: "somewhere".into(), id: "1".into() };
        let nobody = Record::new(key, ctx.now, FieldSet::EMPTY, Vec::new());
        let nothing: [RemoteRef; 1] = [reference(&nobody)];
        let unsupported =
            |what: &str, refused: bool| assert!(refused, "{entity:?}: {what} is not declared and was not refused");
        if !capability.list {
            let order = target.query(EntityType::Customer).order;
            let sets = vec![SetStart { set: "somewhere".into(), after: None }];
            let query = ListQuery { sets, order, ..target.query(entity) };
            unsupported("list", is_unsupported(&target.adapter.list(&ctx, entity, &query).await));
            let children = ChildrenQuery {
                via: entity.def().all_fields().next().expect("a field").0,
                parents: nothing.to_vec(),
                filter: Filter::ALL,
                order: query.order.clone(),
                per_parent: 5,
                sets: vec!["somewhere".into()],
                fields: FieldSet::EMPTY,
            };
            unsupported("children", is_unsupported(&target.adapter.list_children(&ctx, entity, &children).await));
        }
        if !capability.aggregate {
            let query = AggregateQuery {
                sets: if capability.list { target.adapter.sets(entity) } else { vec!["somewhere".into()] },
                filter: Filter::ALL,
                group_by: Vec::new(),
                sums: Vec::new(),
            };
            unsupported("aggregate", is_unsupported(&target.adapter.aggregate(&ctx, entity, &query).await));
        }
        if !capability.count {
            unsupported("count", is_unsupported(&target.adapter.count(&ctx, entity, &Filter::ALL).await));
        }
        if !capability.get_many {
            let read = target.adapter.get_many(&ctx, entity, &nothing, FieldSet::EMPTY).await;
            unsupported("get_many", is_unsupported(&read));
        }
    }
    assert_eq!(target.requests(), 0);
}
