//! What belongs to one caller: which documents are never shared, and the ERPs' own records, which are noted.

use crate::fake::{B1, Fake, ODOO, analyst, ask, customer_id, data_of, error_of, invoice_id, key, with_scopes};
use adapters::model::EntityType;
use async_graphql::{
    Variables,
    parser::{
        parse_schema,
        types::{TypeKind, TypeSystemDefinition},
    },
};
use schema::{id, ports::SCOPE_RAW};
use serde_json::json;

#[test]
fn documents_that_name_the_caller_or_are_noted_are_personal() {
    let api = Fake::new().api();
    let is_personal = |query: &str| api.parse(query, "r").expect("a query").is_personal();
    for query in [
        "{ viewer { subject } }",
        "{ me: viewer { subject } }",
        "{ invoices { nodes { number } } auditLog { nodes { at } } }",
        "{ ... on Query { x: apiKeys { name } } }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { viewer { role } }",
        "{ invoices { nodes { customer { own: raw } } } }",
        "{ invoices { edges { node { ...R } } } } fragment R on Record { raw }",
        "query($id: ID!) { node(id: $id) { ... on ApiKey { id } } }",
        "query($id: ID!) { node(id: $id) { ...E } } fragment E on AuditEntry { id }",
        "query A { erps { id } } query B { viewer { subject } }",
    ] {
        assert!(is_personal(query), "{query}");
    }
    for query in [
        "{ viewer: invoices { nodes { raw: number } } }",
        "{ erps { id name settings } invoices { nodes { id } } }",
        "query($id: ID!) { node(id: $id) { ... on Invoice { number } } }",
        "{ __type(name: \"ApiKey\") { name } }",
    ] {
        assert!(!is_personal(query), "{query}");
    }
}

/// A root field that gives a caller, a key or an entry must be known as personal: a new one would be shared otherwise.
#[test]
fn every_root_field_that_leads_to_keys_or_entries_is_personal() {
    let api = Fake::new().api();
    let document = parse_schema(schema::sdl()).expect("the SDL parses");
    let mut found = 0;
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let TypeKind::Object(object) = &ty.node.kind else { continue };
        for field in object.fields.iter().filter(|_| ty.node.name.node == "Query") {
            let (name, of) = (&field.node.name.node, field.node.ty.node.to_string());
            if ["Viewer", "ApiKey", "AuditEntry"].iter().any(|personal| of.contains(personal)) {
                found += 1;
                assert!(
                    api.parse(&format!("{{ {name} {{ __typename }} }}"), "r").expect("a query").is_personal(),
                    "{name}"
                );
            }
        }
    }
    assert_eq!(found, 3);
}

#[tokio::test]
async fn the_erps_own_records_are_noted_once_for_a_request() {
    let fake = Fake::new();
    let who = || with_scopes(analyst(), &[SCOPE_RAW]);
    let run = async |query: &str| data_of(ask(&fake.api(), query, Variables::default(), who()).await);
    // The same customers by several ways, and one that the ERP gave no record of its own for.
    let (one, two) = (customer_id(1), customer_id(2));
    let query = format!(
        "{{ a: customer(id: \"{one}\") {{ raw x: raw parent {{ raw }} }} b: node(id: \"{one}\") {{ ... on Record {{ raw }} }}
            nodes(ids: [\"{one}\", \"{two}\"]) {{ ... on Customer {{ raw }} }} invoice(id: \"{}\") {{ raw customer {{ name }} }} }}",
        invoice_id(3)
    );
    let answer = run(&query).await;
    assert_eq!(answer["a"]["raw"]["tags"], json!([1, 2.5, null]));
    assert_eq!(answer["a"]["raw"], answer["b"]["raw"]);
    assert_eq!(answer["invoice"]["raw"], json!(null));
    assert_eq!(fake.asked(), ["ann read 3 CUSTOMER of odoo-1"]);

    let entities = json!([{"__typename": "Customer", "id": one}, {"__typename": "Customer", "id": id::encode(&key(EntityType::Customer, B1, "x", 1))}]);
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Customer { raw } } }";
    data_of(ask(&fake.api(), query, Variables::from_json(json!({ "of": entities })), who()).await);
    assert_eq!(fake.asked(), ["ann read 1 CUSTOMER of odoo-1"]);

    run("{ customers(first: 5) { nodes { raw } } again: customers(first: 7) { edges { node { raw } } } }").await;
    assert_eq!(fake.asked(), [format!("ann read 7 CUSTOMER of {ODOO}")]);

    // Beside one that selects it, a record that does not is read with it and not shown.
    run(&format!("{{ a: customer(id: \"{one}\") {{ raw }} b: customer(id: \"{two}\") {{ name }} }}")).await;
    assert_eq!(fake.asked(), ["ann read 1 CUSTOMER of odoo-1"]);
    run("{ customers { nodes { name } } }").await;
    ask(&fake.api(), "{ customers { nodes { raw } } }", Variables::default(), analyst()).await;
    assert!(fake.asked().is_empty(), "what was not shown");
}

#[tokio::test]
async fn what_cannot_be_noted_is_not_shown() {
    let fake = Fake::new();
    *fake.administration.audit_fails.lock().expect("not poisoned") = true;
    let who = with_scopes(analyst(), &[SCOPE_RAW]);
    let query = format!("{{ customer(id: \"{}\") {{ name raw }} }}", customer_id(1));
    let response = ask(&fake.api(), &query, Variables::default(), who.clone()).await;
    assert_eq!(error_of(&response).0, "INTERNAL");
    assert_eq!(response.data, async_graphql::Value::Null);
    let query = format!("{{ customer(id: \"{}\") {{ name }} }}", customer_id(1));
    data_of(ask(&fake.api(), &query, Variables::default(), who).await);
}
