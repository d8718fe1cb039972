//! Look-ups by id, interfaces, and the objects about ERPs.

use crate::fake::{B1, Call, Fake, ODOO, customer_id, data, error, error_of, invoice_id, invoice_key, respond};
use schema::id;
use serde_json::json;

#[tokio::test]
async fn interfaces_show_what_the_object_is() {
    let fake = Fake::new();
    let api = fake.api();
    let query = format!(
        "{{ node(id: \"{}\") {{ __typename id ... on Record {{ remoteId erp {{ id }} }} ... on Invoice {{ number customer {{ name }} }}
            ... on Customer {{ name }} ... on Erp {{ name }} }} }}",
        invoice_id(3)
    );
    let answer = data(&api, &query).await;
    let expected = json!({"__typename": "Invoice", "id": invoice_id(3), "remoteId": "3", "erp": {"id": ODOO},
        "number": "INV/0003", "customer": {"name": "Customer 03"}});
    assert_eq!(answer["node"], expected);
    assert_eq!(fake.calls().len(), 2);
    let answer = data(
        &api,
        &format!("{{ node(id: \"{ODOO}\") {{ __typename id ... on Erp {{ name }} ... on Node {{ x: id }} }} }}"),
    )
    .await;
    assert_eq!(answer["node"], json!({"__typename": "Erp", "id": ODOO, "name": "Shop", "x": ODOO}));
}

#[tokio::test]
async fn nodes_come_in_their_order_from_one_call_for_each_type() {
    let fake = Fake::new();
    let api = fake.api();
    let gone = id::encode(&adapters::model::RecordKey { id: "gone".into(), ..invoice_key(0) });
    let ids: Vec<String> = (0..20)
        .map(|n| if n % 2 == 0 { customer_id(n) } else { invoice_id(n) })
        .chain([gone, "nowhere".into(), B1.into(), customer_id(0)])
        .map(|id| format!("\"{id}\""))
        .collect();
    let query = format!(
        "{{ nodes(ids: [{}]) {{ id ... on Customer {{ name }} ... on Invoice {{ number }} }} }}",
        ids.join(",")
    );
    let answer = data(&api, &query).await;
    let nodes = answer["nodes"].as_array().expect("a list");
    assert_eq!(nodes[2]["name"], "Customer 02");
    assert_eq!(nodes[3]["number"], "INV/0003");
    assert_eq!((&nodes[20], &nodes[21], &nodes[22]), (&json!(null), &json!(null), &json!({"id": B1})));
    assert_eq!(nodes[23]["id"], json!(customer_id(0)));
    let calls = fake.calls();
    assert!(matches!(&calls[..], [Call::GetMany(..), Call::GetMany(..)]), "{calls:?}");
}

#[tokio::test]
async fn look_ups_of_one_level_are_one_call() {
    let fake = Fake::new();
    let api = fake.api();
    let query = format!(
        "{{ a: invoice(id: \"{}\") {{ number }} b: invoice(id: \"{}\") {{ total {{ amount }} }} }}",
        invoice_id(1),
        invoice_id(2)
    );
    assert_eq!(data(&api, &query).await, json!({"a": {"number": "INV/0001"}, "b": {"total": {"amount": "12.50"}}}));
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn an_id_of_another_type_is_named_and_a_broken_one_refused() {
    let fake = Fake::new();
    let api = fake.api();
    let (code, message) = error(&api, &format!("{{ customer(id: \"{}\") {{ id }} }}", invoice_id(1))).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("BAD_USER_INPUT", "id: expected the id of a record of type Customer, found one of Invoice")
    );
    let (code, message) = error(&api, "{ customer(id: \"12\") { id } }").await;
    assert_eq!((code.as_str(), message.as_str()), ("BAD_USER_INPUT", "id: not an id of a record of type Customer"));
    let (code, _) = error(&api, "{ node(id: \"Not an id\") { id } }").await;
    assert_eq!(code, "BAD_USER_INPUT");

    let response = respond(&api, &format!("{{ nodes(ids: [\"{}\", \"Not an id\"]) {{ id }} }}", invoice_id(1))).await;
    assert_eq!(error_of(&response).0, "BAD_USER_INPUT");
    assert_eq!(serde_json::to_value(&response.errors[0].path).expect("JSON"), json!(["nodes", 1]));
    assert_eq!(response.data.into_json().expect("JSON")["nodes"], json!([{"id": invoice_id(1)}, null]));
    let ids = vec![format!("\"{}\"", invoice_id(1)); 201].join(",");
    assert_eq!(
        error(&api, &format!("{{ nodes(ids: [{ids}]) {{ id }} }}")).await,
        ("BAD_USER_INPUT".into(), "ids: at most 200".into())
    );
}

#[tokio::test]
async fn erps_and_systems_show_what_the_port_gives() {
    let api = Fake::new().api();
    let query = "{ erps { id name status statusMessage settings serverVersion companyName baseCurrency lastHealthCheckAt lastSyncAt latencyMs
            timeZone missingPermissions companies { remoteId name } managedBy
            quota { limitPerMinute remaining resetsAt concurrent inFlight } createdAt updatedAt system { key }
            capabilities { entity list getMany maxIdsPerCall count changes deletes aggregate paging filter orderBy } }
        erp(id: \"b1-1\") { name } none: erp(id: \"x\") { name }
        erpSystems { key name modes documentation settings { key label help required secret example pattern } capabilities { entity } } }";
    let answer = data(&api, query).await;
    let capability = json!({"entity": "INVOICE", "list": true, "getMany": true, "maxIdsPerCall": 100, "count": true, "changes": true,
        "deletes": false, "aggregate": false, "paging": "KEYSET", "filter": ["number"], "orderBy": ["issueDate"]});
    assert_eq!(
        answer["erps"][1],
        json!({"id": ODOO, "name": "Shop", "status": "ACTIVE", "statusMessage": null, "settings": {"url": "https://erp.example.com"},
            "serverVersion": "19.0", "companyName": "ACME", "baseCurrency": "EUR", "lastHealthCheckAt": "2026-03-01T12:00:00Z",
            "lastSyncAt": null, "latencyMs": 30, "timeZone": "Europe/Vienna", "missingPermissions": ["BILL:read"],
            "companies": [{"remoteId": "1", "name": "ACME"}], "managedBy": "API",
            "quota": {"limitPerMinute": 60, "remaining": 59, "resetsAt": null, "concurrent": null, "inFlight": 1},
            "createdAt": "2026-03-01T12:00:00Z", "updatedAt": "2026-03-01T12:00:00Z", "system": {"key": "system"},
            "capabilities": [capability]})
    );
    assert_eq!((&answer["erp"], &answer["none"]), (&json!({"name": "Factory"}), &json!(null)));
    assert_eq!(answer["erpSystems"][0]["settings"][0]["label"], "Address");
    assert_eq!(answer["erpSystems"][0]["modes"], json!(["API"]));
}
