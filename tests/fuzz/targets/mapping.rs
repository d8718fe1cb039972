//! The mapping engine: whatever a system sends as a record, each built-in mapping makes a record of the catalogue's types of
//! it, or a reason why not.
#![no_main]

use adapters::{
    adapter::Quarantined,
    mapping::{Env, Mapping, Plan, SetMapping, Tables},
    model::{FieldSet, Kind, Record, Value},
};
use chrono::Datelike;
use fuzz::{json, object, pick};
use libfuzzer_sys::{
    arbitrary::{Result, Unstructured},
    fuzz_target,
};
use serde_json::value::RawValue;
use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

const MAPPINGS: [&str; 3] = [
    include_str!("../../../adapters/src/odoo/mapping.toml"),
    include_str!("../../../adapters/src/quickbooks/mapping.toml"),
    include_str!("../../../adapters/src/sap_b1/mapping.toml"),
];

/// A source set with the ways to read it: all fields, and each alone, so that one bad value does not hide the others.
struct Subject {
    plans: Vec<Plan>,
    /// The source's names of all of it.
    own: Vec<&'static str>,
    /// All names of its mapping, for what is inside.
    names: &'static [&'static str],
}

/// What the adapters read of other tables.
static TABLES: LazyLock<Arc<Tables>> = LazyLock::new(|| {
    let table = || [("7".into(), vec!["1".into(), "Cash".into()]), ("EUR".into(), Vec::new())].into();
    Arc::new(
        ["sales-taxes", "purchase-taxes", "payment-methods", "journal-account", "journal-name"]
            .into_iter()
            .map(|name| (name, table()))
            .collect(),
    )
});

static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| MAPPINGS.into_iter().flat_map(subjects).collect());

fn subjects(toml: &'static str) -> Vec<Subject> {
    // What the adapter of Business One fills in.
    let filled = toml.replace("\"{price list}\"", "1").replace("\"{local currency}\"", "\"EUR\"");
    let whole = Mapping::parse(&filled).expect("a built-in mapping");
    let words: BTreeSet<&'static str> = toml
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
        .filter(|word| word.len() > 1)
        .collect();
    let names: &'static [&'static str] = Vec::leak(words.into_iter().collect());
    let resolved = whole.for_version(|_, _, _| true);
    let mut subjects = Vec::new();
    for mapping in [&whole, &resolved] {
        for set in mapping.entities().flat_map(|entity| mapping.sets(entity)) {
            let halves = set.by_currency("EUR").into_iter().flatten().map(Arc::new);
            subjects.extend(halves.chain([set.clone()]).map(|set| subject(&set, names)));
        }
    }
    subjects
}

fn subject(set: &Arc<SetMapping>, names: &'static [&'static str]) -> Subject {
    let def = set.entity.def();
    let alone = def.all_fields().map(|(field, _)| [field].into_iter().collect::<FieldSet>());
    let plans: Vec<_> = std::iter::once(def.every_field()).chain(alone).map(|fields| Plan::new(set, fields)).collect();
    let own = plans[0].source_fields().map(|name| &*name.to_owned().leak()).collect();
    Subject { plans, own, names }
}

fuzz_target!(|data: &[u8]| {
    // Used-up bytes end an input.
    let _ = read(&mut Unstructured::new(data));
});

fn read(u: &mut Unstructured<'_>) -> Result<()> {
    let subject = pick(u, &SUBJECTS)?;
    let plan = if u.ratio(1, 4)? { &subject.plans[0] } else { pick(u, &subject.plans)? };
    let env = Env {
        erp: "erp".into(),
        read_at: chrono::DateTime::UNIX_EPOCH,
        base_currency: if u.arbitrary()? { "EUR".parse().ok() } else { None },
        zone: *pick(
            u,
            &[
                chrono_tz::UTC,
                chrono_tz::Europe::Berlin,
                chrono_tz::America::Los_Angeles,
                chrono_tz::Pacific::Apia,
                chrono_tz::Asia::Kathmandu,
            ],
        )?,
        currencies: "USD".parse().map(|dollar| ("$".into(), dollar)).into_iter().collect(),
        base_url: "https://erp.example".into(),
        tables: TABLES.clone(),
    };
    let mut joined = Vec::new();
    for field in plan.joins() {
        let inside: Vec<&str> = plan.joined_source_fields(field).collect();
        let mut elements: Vec<Box<RawValue>> = Vec::new();
        for _ in 0..u.int_in_range(0..=3)? {
            let mut element = String::new();
            if inside.is_empty() {
                json(u, subject.names, 2, &mut element)?;
            } else {
                object(u, &inside, subject.names, 2, &mut element)?;
            }
            elements.push(RawValue::from_string(element).expect("made as JSON"));
        }
        joined.push((field, elements));
    }
    let joined: Vec<_> =
        joined.iter().map(|(field, elements)| (*field, elements.iter().map(AsRef::as_ref).collect())).collect();
    let mut text = String::new();
    if u.ratio(1, 8)? {
        text = String::from_utf8_lossy(u.bytes(u.len())?).into_owned();
    } else {
        // Without an id nothing else would be looked at.
        object(u, &subject.own, subject.names, 3, &mut text)?;
        let id =
            if u.ratio(7, 8)? { "\"id\":7,\"Id\":\"7\",\"DocEntry\":7,\"CardCode\":\"C7\"" } else { "\"id\":null" };
        let rest = text.split_off(1);
        text.push_str(id);
        text.push_str(if rest == "}" { "" } else { "," });
        text.push_str(&rest);
    }
    check(plan, &plan.read(&text, &joined, &env));
    for read in plan.read_all(&text, &joined, &env) {
        check(plan, &read);
    }
    Ok(())
}

fn check(plan: &Plan, read: &std::result::Result<Record, Quarantined>) {
    match read {
        Err(quarantined) => assert!(!quarantined.reason.is_empty(), "a reason"),
        Ok(record) => {
            assert!(!record.key.id.is_empty(), "every record has an id");
            let def = record.key.entity.def();
            let today = record.read_at.date_naive();
            for field in plan.held().iter() {
                let (def, value) = (def.field(field), record.get(field));
                assert!(fits(def.kind, value), "{}: {value:?} is not {:?}", def.name, def.kind);
            }
            for (field, def) in def.all_fields().filter(|(_, def)| def.computed.is_some()) {
                assert!(fits(def.kind, &record.read(field, today)), "{}", def.name);
            }
        }
    }
}

/// Whether a value is of a type, such as the API can write it.
fn fits(kind: Kind, value: &Value) -> bool {
    let year = |year: i32| (0..=9999).contains(&year);
    match (kind, value) {
        (_, Value::Null) => true,
        (Kind::Date, Value::Date(date)) => year(date.year()),
        (Kind::DateTime, Value::DateTime(moment)) => year(moment.year()),
        (Kind::Url, Value::Text(text)) => text.starts_with("http://") || text.starts_with("https://"),
        (Kind::Text, Value::Text(_))
        | (Kind::Int, Value::Int(_))
        | (Kind::Bool, Value::Bool(_))
        | (Kind::Decimal, Value::Decimal(_))
        | (Kind::Currency, Value::Currency(_))
        | (Kind::Json, Value::Json(_))
        | (Kind::Money(_), Value::Money(_)) => true,
        (Kind::MoneyList, Value::List(list)) => list.iter().all(|value| matches!(value, Value::Money(_))),
        (Kind::Enum(of), Value::Enum(word)) => of.value(word).is_some(),
        (Kind::Ref(_), Value::Ref(to)) => !to.id.is_empty(),
        (Kind::Refs(to), Value::List(list)) => list.iter().all(|value| !value.is_null() && fits(Kind::Ref(to), value)),
        (Kind::Object(of), Value::Object(values)) => {
            values.len() == of.fields.len() && of.fields.iter().zip(values).all(|(def, value)| fits(def.kind, value))
        }
        (Kind::List(of), Value::List(list)) => {
            list.iter().all(|value| !value.is_null() && fits(Kind::Object(of), value))
        }
        _ => false,
    }
}
