//! Records by their ids, and the relations between them.

use crate::start;
use serde_json::{Value, json};
use tests::Setup;

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

#[tokio::test]
async fn ids_lead_back_to_their_records() {
    let (app, _clock) = start(Setup::default()).await;
    for (plural, one, name, field) in [
        ("customers", "customer", "Customer", "name"),
        ("products", "product", "Product", "sku"),
        ("invoices", "invoice", "Invoice", "number"),
        ("salesOrders", "salesOrder", "SalesOrder", "number"),
    ] {
        let data =
            app.data(&format!("{{ {plural}(first: 30) {{ nodes {{ id {field} erp {{ id }} remoteId }} }} }}")).await;
        let nodes = list(&data[plural]["nodes"]);
        let erps: std::collections::BTreeSet<_> = nodes.iter().map(|node| node["erp"]["id"].to_string()).collect();
        assert_eq!(erps.len(), 3, "{plural}: {erps:?}");
        let ids: Vec<_> = nodes.iter().map(|node| node["id"].clone()).collect();
        app.reset();
        let query = format!(
            "query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id ... on {name} {{ {field} erp {{ id }} remoteId }} }} }}"
        );
        let found = app.data_with(&query, json!({ "ids": ids })).await;
        for (node, found) in nodes.iter().zip(list(&found["nodes"])) {
            let mut found = found.clone();
            assert_eq!(found.as_object_mut().and_then(|found| found.remove("__typename")), Some(json!(name)));
            assert_eq!(&found, node);
        }
        assert!(app.requests().iter().all(|calls| *calls <= 2), "{plural}: {:?}", app.requests());

        let id = &nodes[0]["id"];
        let query = format!("query($id: ID!) {{ {one}(id: $id) {{ id {field} }} node(id: $id) {{ id __typename }} }}");
        let found = app.data_with(&query, json!({ "id": id })).await;
        assert_eq!(found[one], json!({ "id": id, field: nodes[0][field] }));
        assert_eq!(found["node"], json!({ "id": id, "__typename": name }));
    }
}

#[tokio::test]
async fn what_is_not_there_is_null() {
    let (app, _clock) = start(Setup::default()).await;
    let data = app.data("{ invoices(first: 9) { nodes { id } } }").await;
    let here = list(&data["invoices"]["nodes"])[0]["id"].as_str().expect("an id");
    let key = schema::id::decode(here).expect("an id of a record");
    let gone = |id: &str| schema::id::encode(&adapters::model::RecordKey { id: id.into(), ..key.clone() });
    let nowhere = schema::id::encode(&adapters::model::RecordKey { erp: "nowhere".into(), ..key.clone() });
    let query = "query($ids: [ID!]!, $gone: ID!) { nodes(ids: $ids) { id } invoice(id: $gone) { id } }";
    let found = app
        .data_with(query, json!({ "ids": [gone("98765432"), here, nowhere, "odoo"], "gone": gone("98765432") }))
        .await;
    assert_eq!(found["nodes"], json!([null, { "id": here }, null, { "id": "odoo" }]));
    assert_eq!(found["invoice"], Value::Null);
    let none = app.data_with("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": [] })).await;
    assert_eq!(none["nodes"], json!([]));
}

#[tokio::test]
async fn relations_lead_there_and_back() {
    let (app, _clock) = start(Setup::default()).await;
    let query = "{ customers(first: 40) { nodes { id name
        invoices(first: 3) { nodes { id customer { id name } lines { product { id name } } } totalCount { value } }
        salesOrders(first: 3) { nodes { id customer { id } invoices { nodes { id salesOrder { id } } } } } } } }";
    let data = app.data(query).await;
    let (mut invoices, mut orders, mut billed, mut products) = (0, 0, 0, 0);
    for customer in list(&data["customers"]["nodes"]) {
        for invoice in list(&customer["invoices"]["nodes"]) {
            assert_eq!(invoice["customer"], json!({ "id": customer["id"], "name": customer["name"] }));
            products += list(&invoice["lines"]).iter().filter(|line| line["product"]["name"].is_string()).count();
            invoices += 1;
        }
        let count = customer["invoices"]["totalCount"]["value"].as_u64().expect("a number") as usize;
        assert_eq!(list(&customer["invoices"]["nodes"]).len(), count.min(3), "{}", customer["name"]);
        for order in list(&customer["salesOrders"]["nodes"]) {
            assert_eq!(order["customer"]["id"], customer["id"]);
            for invoice in list(&order["invoices"]["nodes"]) {
                assert_eq!(invoice["salesOrder"]["id"], order["id"]);
                billed += 1;
            }
            orders += 1;
        }
    }
    println!("{invoices} invoices, {orders} orders, {billed} invoices of orders, {products} products");
    assert!(invoices > 20 && orders > 20 && billed > 5 && products > 20);
}

#[tokio::test]
async fn a_list_of_children_goes_on() {
    let (app, _clock) = start(Setup::default()).await;
    let data = app.data("{ customers(first: 200) { nodes { id invoices(first: 4) { nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } totalCount { value } } } } }").await;
    let mut gone_on = 0;
    for customer in list(&data["customers"]["nodes"]) {
        let first = &customer["invoices"];
        let count = first["totalCount"]["value"].as_u64().expect("a number") as usize;
        assert_eq!(first["pageInfo"]["hasNextPage"], json!(count > 4), "{count}");
        if count <= 4 || gone_on > 8 {
            continue;
        }
        gone_on += 1;
        let query = "query($id: ID!, $after: String) { customer(id: $id) { invoices(first: 200, after: $after) { nodes { id } pageInfo { hasNextPage } } } }";
        let rest = app.data_with(query, json!({ "id": customer["id"], "after": first["pageInfo"]["endCursor"] })).await;
        let rest = list(&rest["customer"]["invoices"]["nodes"]);
        assert_eq!(rest.len(), (count - 4).min(200));
        assert!(list(&first["nodes"]).iter().all(|shown| !rest.contains(shown)));
    }
    assert!(gone_on > 3);
}

#[tokio::test]
async fn erps_and_systems_describe_themselves() {
    let (app, _clock) = start(Setup::default()).await;
    let data = app
        .data("{ erps { id name status statusMessage companyName baseCurrency serverVersion system { key name } capabilities { entity list } settings }
                 erpSystems { key settings { key label help required secret example } documentation } }")
        .await;
    let erps = list(&data["erps"]);
    assert_eq!(erps.len(), 3);
    for erp in erps {
        assert_eq!((&erp["status"], &erp["statusMessage"]), (&json!("ACTIVE"), &Value::Null), "{erp}");
        assert!(erp["companyName"].is_string() && erp["baseCurrency"].is_string());
        let listed = list(&erp["capabilities"]).iter().filter(|capability| capability["list"] == true).count();
        // An ERP may lack what its system has at best.
        let system = adapters::catalog::find(erp["system"]["key"].as_str().expect("a key")).expect("a system");
        let best = adapters::model::EntityType::ALL.iter().filter(|entity| (system.capability)(**entity).list).count();
        assert!((12..=best).contains(&listed), "{listed} of {best}: {erp}");
    }
    let systems: Vec<_> =
        list(&data["erpSystems"]).iter().map(|system| system["key"].as_str().expect("a key")).collect();
    assert_eq!(systems, ["odoo", "quickbooks", "sap_b1"]);
}
