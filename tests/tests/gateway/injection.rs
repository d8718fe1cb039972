//! Whatever a client writes in a query reaches the ERPs as data.

use crate::start;
use adapters::model::RecordKey;
use serde_json::{Value, json};
use tests::Setup;

const NASTY: &[&str] = &[
    "'",
    "x' or '1'='1",
    "') or startswith(CardName,'",
    "\\' OR Id > '0",
    "\\",
    "\"]]",
    "%",
    "_",
    "a&$filter=1 eq 1",
    "a/b/../c?d=e#f",
    "<script>alert(1)</script>",
    "🚀",
    "'; DROP TABLE Customer; --",
];

#[tokio::test]
async fn strings_in_where_are_data() {
    let (app, _clock) = start(Setup::default()).await;
    let names = app.data("{ customers(first: 200) { nodes { name } } }").await;
    let names: Vec<String> = names["customers"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| node["name"].as_str().expect("a name").to_owned())
        .collect();
    let query = "query($where: CustomerWhere) { customers(first: 200, where: $where) { nodes { name } sources { status error { message } } totalCount { value } } }";
    let ask = async |condition: Value| {
        let data = app.data_with(query, json!({ "where": { "name": condition } })).await;
        let sources = data["customers"]["sources"].as_array().expect("sources");
        assert!(sources.iter().all(|source| source["status"] == "OK"), "{condition}: {sources:?}");
        data["customers"]["nodes"].as_array().expect("nodes").len()
    };
    for nasty in NASTY {
        let matching = |holds: &dyn Fn(&str) -> bool| names.iter().filter(|name| holds(name)).count();
        let lower = nasty.to_lowercase();
        assert_eq!(ask(json!({ "eq": nasty })).await, matching(&|name| name == *nasty), "{nasty}");
        assert_eq!(ask(json!({ "in": [nasty, "x"] })).await, matching(&|name| name == *nasty), "{nasty}");
        assert_eq!(
            ask(json!({ "contains": nasty })).await,
            matching(&|name| name.to_lowercase().contains(&lower)),
            "{nasty}"
        );
        assert_eq!(
            ask(json!({ "startsWith": nasty })).await,
            matching(&|name| name.to_lowercase().starts_with(&lower)),
            "{nasty}"
        );
    }
    // The names that break careless code are found.
    let odd = names.iter().filter(|name| name.contains(['\'', '"', '\\', '%', '<', '&']) || !name.is_ascii());
    let mut tried = 0;
    for name in odd.take(25) {
        assert!(ask(json!({ "eq": name })).await >= 1, "{name}");
        tried += 1;
    }
    assert!(tried > 5);
    // Control characters are in no ERP's fields.
    let answer = app.query_with(query, json!({ "where": { "name": { "eq": "a\u{0}b" } } })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
}

#[tokio::test]
async fn strings_in_ids_are_data() {
    let (app, _clock) = start(Setup::default()).await;
    let data = app.data("{ customers(first: 30) { nodes { id } } invoices(first: 30) { nodes { id } } }").await;
    let keys: Vec<RecordKey> = ["customers", "invoices"]
        .iter()
        .flat_map(|list| data[*list]["nodes"].as_array().expect("nodes"))
        .map(|node| schema::id::decode(node["id"].as_str().expect("an id")).expect("an id of a record"))
        .collect();
    let mut sets = std::collections::HashSet::new();
    let one_of_each: Vec<_> = keys.into_iter().filter(|key| sets.insert((key.erp.clone(), key.set.clone()))).collect();
    assert!(one_of_each.len() >= 6, "{one_of_each:?}");
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    for nasty in NASTY.iter().chain(&["1 or 1 eq 1", "1)", "-1", "01", "99999999999999999999999", "1,2"]) {
        let ids: Vec<_> = one_of_each
            .iter()
            .map(|key| schema::id::encode(&RecordKey { id: (*nasty).into(), ..key.clone() }))
            .collect();
        let data = app.data_with(query, json!({ "ids": ids })).await;
        assert!(data["nodes"].as_array().expect("nodes").iter().all(Value::is_null), "{nasty}: {data}");
    }
    // A set that is none of the entity's.
    for key in &one_of_each {
        let strange = schema::id::encode(&RecordKey { set: "res.users".into(), ..key.clone() });
        let answer = app.query_with(query, json!({ "ids": [strange] })).await;
        assert_eq!(answer["data"]["nodes"][0], Value::Null, "{answer}");
    }
}
