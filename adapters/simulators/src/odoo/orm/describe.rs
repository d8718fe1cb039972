//! `fields_get`.

use serde_json::{Map, Value, json};

use crate::odoo::{
    models::{Field, Kind, Known},
    version::Version,
};

/// The descriptions of the fields asked for; names and attributes that do not exist are left out.
pub(in crate::odoo) fn describe(known: &Known, version: Version, names: &Value, attributes: &Value) -> Value {
    let listed = |list: &Value, name: &str| match list.as_array() {
        Some(list) if !list.is_empty() => list.iter().any(|item| item.as_str() == Some(name)),
        _ => true,
    };
    let fields = known.fields.iter().filter(|field| listed(names, field.name));
    let described = fields.map(|field| {
        let mut description = description(field, version);
        description.retain(|attribute, _| listed(attributes, attribute));
        (field.name.to_owned(), Value::Object(description))
    });
    Value::Object(described.collect())
}

fn description(field: &Field, version: Version) -> Map<String, Value> {
    let stored = field.stored(version);
    let sortable = field.sortable(version);
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| {
        map.insert(key.to_owned(), value);
    };
    put("change_default", json!(false));
    put("company_dependent", json!(field.company_dependent()));
    put("depends", json!([]));
    put("manual", json!(false));
    put("name", json!(field.name));
    put("readonly", json!(field.readonly));
    put("required", json!(field.required));
    put("searchable", json!(field.searchable(version)));
    put("sortable", json!(sortable));
    put("store", json!(stored));
    put("string", json!(field.label));
    put("type", json!(field.kind.name()));
    if version.0 >= 16 {
        put("exportable", json!(true));
        put("default_export_compatible", json!(false));
    }
    if version.rewritten() {
        put("groupable", json!(field.groupable(version)));
    }
    match field.kind {
        Kind::Char => {
            put("translate", json!(false));
            put("trim", json!(true));
        }
        Kind::Text | Kind::Html => put("translate", json!(false)),
        Kind::Float => put("digits", if version.rewritten() { json!(false) } else { json!([16, 2]) }),
        Kind::Monetary(currency) => put("currency_field", json!(currency)),
        Kind::Selection(choices) => put("selection", json!(choices)),
        Kind::Many2one(relation) | Kind::Many2many(relation) => {
            put("relation", json!(relation));
            put("domain", json!([]));
            put("context", json!({}));
        }
        Kind::One2many(relation, inverse) => {
            put("relation", json!(relation));
            put("relation_field", json!(inverse));
            put("domain", json!([]));
            put("context", json!({}));
        }
        Kind::Boolean | Kind::Date | Kind::Datetime | Kind::Integer | Kind::Json => {}
    }
    // 17 names an aggregate for numbers that are not stored too.
    if field.kind.is_number() && !matches!(field.name, "id" | "sequence") && (stored || !version.rewritten()) {
        put(if version.0 >= 18 { "aggregator" } else { "group_operator" }, json!("sum"));
    }
    map
}
