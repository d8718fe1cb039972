//! What the service can do with an entity, as far as its mapping tells.

use super::{
    aggregate, config::Database, ledger, partitions::Partitions, rates::is_table, reads, single::is_single,
    supplement::SUPPLEMENT,
};
use crate::{
    adapter::{Capability, Paging},
    mapping::{From, Path, Predicate, SetMapping, mapped_fields},
    model::{EntityType, FieldId},
};
use std::sync::Arc;

/// What can be done with an entity that is read from these sets.
pub(super) fn of(entity: EntityType, sets: &[Arc<SetMapping>]) -> Capability {
    if sets.is_empty() {
        return Capability::none(entity);
    }
    let def = entity.def();
    let any = |field: FieldId, does: fn(&SetMapping, FieldId) -> bool| sets.iter().any(|set| does(set, field));
    let filter = def.all_fields().filter(|(field, def)| {
        let needs = |needs: &[&str]| needs.iter().all(|need| entity.def().id_of(need).is_some_and(|f| any(f, filters)));
        def.filter && def.computed.map_or_else(|| any(*field, filters), |computed| needs(computed.needs))
    });
    // A list is sorted over all its sets or not at all.
    let order_by = def.all_fields().filter(|(field, def)| def.sort && sets.iter().all(|set| sorts(set, *field)));
    let single = sets.iter().any(|set| is_single(set));
    Capability {
        entity,
        list: true,
        get_many: true,
        max_ids_per_call: u32::try_from(reads::IDS_PER_CALL).ok(),
        // The elements inside records are not counted by the service.
        count: sets.iter().all(|set| set.each.is_none() && !is_table(set)),
        paging: if single { Paging::None } else { Paging::Keyset },
        filter: if single { Vec::new() } else { filter.map(|(_, def)| def.name).collect() },
        order_by: order_by.map(|(_, def)| def.name).collect(),
        fields: mapped_fields(entity, sets),
        // The adapter says whether its database and settings allow it.
        aggregate: sets.iter().all(|set| aggregate::can(Database::Hana, set) || ledger::has(set)),
    }
}

/// Whether the service evaluates conditions on a field, at least with some comparisons.
fn filters(set: &SetMapping, field: FieldId) -> bool {
    fn by(set: &SetMapping, from: &From) -> bool {
        match from {
            From::Paths(paths) | From::First { paths, .. } | From::Ref { paths, .. } => known(set, paths),
            From::Moment { date, .. } | From::Day(date) => known(set, std::slice::from_ref(date)),
            From::Const(_) => true,
            From::Cases(cases) => cases.iter().all(|case| plain(set, &case.1)),
            From::When(of, when) => by(set, of) && plain(set, when),
            From::ByCurrency(own, _) => matches!(**own, From::Paths(_)),
            _ => false,
        }
    }
    set.field(field).is_some_and(|mapping| mapping.filter && by(set, &mapping.from))
}

/// Whether the service sorts by a field.
fn sorts(set: &SetMapping, field: FieldId) -> bool {
    let by = |from: &From| match from {
        From::Paths(paths) | From::First { paths, .. } | From::Ref { paths, .. } => known(set, paths),
        From::Moment { .. } | From::Day(_) => true,
        From::ByCurrency(own, _) => matches!(**own, From::Paths(_)),
        _ => false,
    };
    Partitions::of(set).is_some_and(|partitions| partitions.field() == field)
        || set.field(field).is_some_and(|mapping| mapping.sort && by(&mapping.from))
}

fn known(set: &SetMapping, paths: &[Path]) -> bool {
    paths.iter().all(|path| !set.is_inside(path.as_str()) && !path.as_str().contains(SUPPLEMENT))
}

fn plain(set: &SetMapping, when: &[Predicate]) -> bool {
    when.iter().all(|predicate| known(set, std::slice::from_ref(&predicate.path)))
}
