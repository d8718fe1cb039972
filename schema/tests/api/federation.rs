//! The schema as a subgraph of Apollo Federation.

use crate::fake::{Call, Fake, ask, customer_id, data, error_of, invoice_id, limited_to, respond};
use adapters::model::EntityType;
use async_graphql::Variables;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const ENTITIES: &str = "query($of: [_Any!]!) { _entities(representations: $of) { __typename
    ... on Invoice { number customer { name } } ... on Customer { title: name } ... on Node { id } } }";

fn of(representations: Json) -> Variables {
    Variables::from_json(json!({"of": representations}))
}

#[tokio::test]
async fn representations_are_loaded_together_and_answered_in_their_order() {
    let fake = Fake::new();
    let mut representations = Vec::new();
    for n in 0..200 {
        representations.push(json!({"__typename": "Invoice", "id": invoice_id(n % 20)}));
        representations.push(json!({"__typename": "Customer", "id": customer_id(n % 20), "extra": [1]}));
    }
    let response = ask(&fake.api(), ENTITIES, of(json!(representations)), crate::fake::analyst()).await;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    let entities = response.data.into_json().expect("JSON");
    for (entity, of) in entities["_entities"].as_array().expect("a list").iter().zip(&representations) {
        assert_eq!((&entity["id"], &entity["__typename"]), (&of["id"], &of["__typename"]));
        assert!(entity["number"].is_string() != entity["title"].is_string(), "{entity}");
    }
    // The invoices, the customers, and the customers of the invoices.
    let calls = fake.calls();
    assert!(calls.iter().all(|call| matches!(call, Call::GetMany(..))) && calls.len() == 3, "{calls:?}");
}

#[tokio::test]
async fn what_is_no_entity_is_null_and_leaves_the_others_alone() {
    let fake = Fake::new();
    let good = json!({"__typename": "Customer", "id": customer_id(1)});
    for (bad, expected) in [
        (json!({"__typename": "Customer", "id": customer_id(9999)}), None),
        (json!({"__typename": "Customer", "id": "nonsense"}), Some("not an id of a record of type Customer")),
        (json!({"__typename": "Customer", "id": invoice_id(1)}), Some("found one of Invoice")),
        (json!({"__typename": "Money", "id": "1"}), Some("no entities of type Money")),
        (json!({"__typename": "Customer"}), Some("needs `__typename` and `id`")),
    ] {
        let response = ask(&fake.api(), ENTITIES, of(json!([bad, good])), crate::fake::analyst()).await;
        match expected {
            Some(expected) => {
                let (code, message) = error_of(&response);
                assert!(code == "BAD_USER_INPUT" && message.contains(expected), "{bad}: {message}");
            }
            None => assert!(response.errors.is_empty(), "{:?}", response.errors),
        }
        let entities = response.data.into_json().expect("JSON")["_entities"].clone();
        assert_eq!(entities[0], Json::Null, "{bad}");
        assert_eq!(entities[1]["id"], good["id"], "{bad}");
    }
    let many = json!(vec![good; 1001]);
    let response = ask(&fake.api(), ENTITIES, of(many), crate::fake::analyst()).await;
    assert_eq!(error_of(&response).1, "representations: at most 1000");
}

#[tokio::test]
async fn an_error_names_the_representation_that_it_is_about() {
    let fake = Fake::new();
    let mut representations = vec![json!({"__typename": "Customer", "id": customer_id(1)}); 300];
    for bad in [2, 40, 299] {
        representations[bad]["id"] = json!("nonsense");
    }
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { __typename }
        again: _entities(representations: $of) { __typename } }";
    let response = ask(&fake.api(), query, of(json!(representations)), crate::fake::analyst()).await;
    let told = response.errors.iter().map(|error| json!(error.path).to_string()).collect::<BTreeSet<_>>();
    let bad = ["_entities", "again"].map(|name| [2, 40, 299].map(|index| json!([name, index]).to_string()));
    assert_eq!((told, response.errors.len()), (bad.concat().into_iter().collect(), 6));
}

#[tokio::test]
async fn entities_of_hidden_erps_are_null() {
    let representations = of(json!([{"__typename": "Customer", "id": customer_id(1)}]));
    let response = ask(&Fake::new().api(), ENTITIES, representations, limited_to(&["elsewhere"])).await;
    assert!(response.errors.is_empty());
    assert_eq!(response.data.into_json().expect("JSON"), json!({"_entities": [null]}));
}

#[tokio::test]
async fn the_subgraph_has_a_key_for_every_record_type() {
    let api = Fake::new().api();
    let sdl = data(&api, "{ _service { sdl } }").await["_service"]["sdl"].as_str().expect("a text").to_owned();
    for entity in EntityType::ALL {
        let name = entity.def().name;
        let head = sdl.lines().find(|line| line.starts_with(&format!("type {name} "))).expect("the type");
        assert!(head.contains("@key(fields: \"id\")"), "{head}");
    }
    for ty in ["Money", "Address", "DocumentLine", "PageInfo", "Origin", "Count"] {
        let head = sdl.lines().find(|line| line.starts_with(&format!("type {ty} "))).expect("the type");
        assert!(head.contains("@shareable"), "{head}");
    }
    for field in ["): Node @shareable", "): [Node]! @shareable"] {
        assert!(sdl.contains(field), "{field}");
    }
    assert!(sdl.contains("https://specs.apollo.dev/federation/v2"));
    assert!(respond(&api, "{ _service { sdl } }").await.errors.is_empty());
}
