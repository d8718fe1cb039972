//! What each target can do, as a snapshot: a case that is skipped looks like one that passes.

use crate::TARGETS;
use adapters::adapter::Capability;
use std::fmt::Write;
use tests::{ENTITIES, Target, snapshot};

#[tokio::test]
async fn capabilities_are_as_committed() {
    let mut text = String::new();
    for spec in TARGETS {
        let target = Target::start(spec()).await;
        target.warm_up().await;
        let _ = writeln!(text, "{}", target.spec.name);
        for entity in ENTITIES.iter().copied() {
            let Capability {
                list, get_many, max_ids_per_call, count, paging, filter, order_by, fields, aggregate, ..
            } = target.adapter.capability(entity);
            if !list && !get_many && !count && !aggregate {
                let _ = writeln!(text, "  {}: none", entity.word());
                continue;
            }
            let sets: Vec<_> = target.adapter.sets(entity).iter().map(ToString::to_string).collect();
            let all = entity.def().all_fields().map(|(_, field)| field.name);
            let lacks: Vec<_> = all.filter(|name| !fields.contains(name)).collect();
            let yes = |name: &str, yes: bool| if yes { format!(" {name}") } else { String::new() };
            let ids = max_ids_per_call.map_or(String::new(), |most| format!(" of {most}"));
            let _ = writeln!(
                text,
                "  {} from [{}]:{}{}{ids}{}{} paging {paging:?}\n    filter {}\n    order {}\n    lacks {}",
                entity.word(),
                sets.join(", "),
                yes("list", list),
                yes("get_many", get_many),
                yes("count", count),
                yes("aggregate", aggregate),
                filter.join(" "),
                order_by.join(" "),
                lacks.join(" ")
            );
        }
    }
    snapshot::compare("tests/conformance/matrix.txt", &text).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn targets_are_named_as_their_modules() {
    let names: Vec<_> = TARGETS.iter().map(|spec| spec().name).collect();
    let mut distinct = names.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), names.len());
    let systems: Vec<_> = TARGETS.iter().map(|spec| spec().system).collect();
    for system in adapters::catalog::SYSTEMS {
        assert!(systems.iter().any(|of| of.key() == system.key), "no target of {}", system.key);
    }
}
