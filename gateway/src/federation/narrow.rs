//! Narrows a client's filter to one ERP: ids of other ERPs match nothing there.

use adapters::{
    filter::{Condition, Filter, Op, Operand, Target},
    model::{EntityType, ErpId, FieldId, RecordKey, RemoteRef, Value},
};
use chrono::NaiveDate;
use std::convert::Infallible;

/// The filter as one ERP's adapter takes it. [`Filter::NONE`] where the ERP need not be asked.
pub(super) fn narrow(filter: Filter<Operand>, entity: EntityType, erp: &ErpId, today: NaiveDate) -> Filter {
    let narrowed: Result<Filter, Infallible> = filter.try_map(&mut |condition: Condition<Operand>| {
        let given = condition.values.len();
        let values: Vec<_> = condition.values.into_iter().filter_map(|operand| local(operand, erp)).collect();
        Ok(match condition.op {
            Op::Eq | Op::In if values.is_empty() => Filter::NONE,
            Op::Neq if values.len() < given => Filter::ALL,
            op => Filter::Is(Condition { target: condition.target, op, values }),
        })
    });
    match narrowed {
        Ok(filter) => filter.without_computed(entity, today).simplify(),
    }
}

fn local(operand: Operand, erp: &ErpId) -> Option<Value> {
    match operand {
        Operand::Value(value) => Some(value),
        Operand::Record(key) if key.erp == *erp => Some(Value::Ref(reference(&key))),
        Operand::Record(_) => None,
    }
}

pub(super) fn reference(key: &RecordKey) -> RemoteRef {
    RemoteRef { set: key.set.clone(), id: key.id.clone() }
}

/// The children of one parent among the records that pass a filter.
pub(super) fn of_parent(filter: Filter, parent: &RecordKey, via: FieldId) -> Filter {
    let points = Condition { target: Target::Field(via), op: Op::Eq, values: vec![Value::Ref(reference(parent))] };
    Filter::Is(points).and(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_erps_match_nothing() {
        let entity = EntityType::Invoice;
        let customer = entity.def().id_of("customer").expect("a field");
        let key =
            |erp: &str| RecordKey { entity: EntityType::Customer, erp: erp.into(), set: "s".into(), id: "1".into() };
        let is = |op, erps: &[&str]| {
            let values = erps.iter().map(|erp| Operand::Record(key(erp))).collect();
            Filter::Is(Condition { target: Target::Field(customer), op, values })
        };
        let today = NaiveDate::default();
        let here = |filter| narrow(filter, entity, &"a".into(), today);
        assert!(here(is(Op::Eq, &["b"])).is_none());
        assert!(here(Filter::Not(Box::new(is(Op::Eq, &["b"])))).is_all());
        let Filter::Is(kept) = here(is(Op::In, &["b", "a"])) else { panic!("a condition is left") };
        assert_eq!(kept.values, [Value::Ref(reference(&key("a")))]);
    }
}
