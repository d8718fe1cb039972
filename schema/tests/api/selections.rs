//! Selections: however a query is written, it gets the same values.

use crate::fake::{Call, Fake, analyst, ask, customer_id, data, data_of, error, invoice_id};
use adapters::model::{EntityType, FieldDef, Kind};
use async_graphql::Variables;
use schema::ports::{Principal, SCOPE_RAW};
use serde_json::{Value, json};

const FIELDS: &str = "id remoteId number status isOverdue total { amount currency } customer { name parent { name } } \
    lines { lineNumber quantity product { name } dimensions { key value } } customFields { key value } erp { name } origin { ageMs }";

async fn nodes(query: &str) -> Value {
    data(&Fake::new().api(), query).await["invoices"]["nodes"].clone()
}

#[tokio::test]
async fn fragments_directives_and_repetitions_change_nothing() {
    let plain = nodes(&format!("{{ invoices(first: 3) {{ nodes {{ {FIELDS} }} }} }}")).await;
    assert_eq!(plain[1]["lines"][0]["dimensions"], json!([{"key": "department", "value": "sales"}]));
    assert_eq!(plain[1]["lines"][1]["dimensions"], json!([]), "a required list that the record lacks is empty");
    assert_eq!(plain[1]["lines"][0]["quantity"], "1.500");
    for query in [
        format!("{{ invoices(first: 3) {{ nodes {{ ... on Invoice {{ {FIELDS} }} }} }} }}"),
        format!("{{ invoices(first: 3) {{ nodes {{ ... {{ {FIELDS} }} }} }} }}"),
        format!("{{ invoices(first: 3) {{ nodes {{ ... on Node {{ id }} ... on Record {{ remoteId }} {FIELDS} }} }} }}"),
        format!("{{ invoices(first: 3) {{ nodes {{ ...A }} }} }} fragment A on Invoice {{ ...B }} fragment B on Invoice {{ {FIELDS} }}"),
        format!("{{ invoices(first: 3) {{ nodes {{ {FIELDS} {FIELDS} ...A ...A }} }} }} fragment A on Invoice {{ {FIELDS} }}"),
        format!("{{ invoices(first: 3) {{ nodes @include(if: true) {{ {FIELDS} memo @skip(if: true) }} nodes {{ number }} }} }}"),
        format!("{{ ...Q }} fragment Q on Query {{ invoices(first: 3) {{ ...P }} }} fragment P on InvoiceConnection {{ nodes {{ {FIELDS} }} }}"),
        "{ invoices(first: 3) { nodes { id remoteId number status isOverdue total { amount } customer { name } lines { lineNumber product { name } }
            customFields { key } erp { name } origin { ageMs }
            total { currency } customer { ... on Customer { parent { name } } } lines { quantity dimensions { key } dimensions { value } }
            customFields { value } erp { ... on Node { ... on Erp { name } } } origin { ageMs } } } }".to_owned(),
    ] {
        assert_eq!(nodes(&query).await, plain, "{query}");
    }
    // Edges show the same records.
    let edges =
        data(&Fake::new().api(), &format!("{{ invoices(first: 3) {{ edges {{ node {{ {FIELDS} }} }} }} }}")).await;
    let edges: Vec<&Value> =
        edges["invoices"]["edges"].as_array().expect("a list").iter().map(|edge| &edge["node"]).collect();
    assert_eq!(json!(edges), plain);
}

#[tokio::test]
async fn keys_come_in_the_order_of_the_query() {
    let api = Fake::new().api();
    let query = "{ invoices(first: 1) { nodes { number customer { name } ... on Record { remoteId } total { currency amount } id } } }";
    let response = ask(&api, query, Variables::default(), analyst()).await;
    let text = serde_json::to_string(&response.data).expect("JSON");
    let id = invoice_id(0);
    assert_eq!(
        text,
        format!(
            r#"{{"invoices":{{"nodes":[{{"number":"INV/0000","customer":{{"name":"Customer 00"}},"remoteId":"0","total":{{"currency":"EUR","amount":"12.50"}},"id":"{id}"}}]}}}}"#
        )
    );
}

#[tokio::test]
async fn type_names_are_those_of_the_objects() {
    let query = "{ __typename invoices(first: 1) { __typename nodes { __typename total { t: __typename } lines { __typename taxRates { __typename } }
        customer { __typename billingAddress { __typename city } } erp { __typename } origin { __typename } }
        edges { __typename node { __typename } } pageInfo { __typename } totalCount { __typename } sources { __typename } } }";
    let answer = data(&Fake::new().api(), query).await;
    assert_eq!(answer["__typename"], "Query");
    let page = &answer["invoices"];
    let node = &page["nodes"][0];
    assert_eq!(
        node["lines"][0],
        json!({"__typename": "DocumentLine", "taxRates": [{"__typename": "TaxRate"}, {"__typename": "TaxRate"}]})
    );
    assert_eq!(
        node["customer"],
        json!({"__typename": "Customer", "billingAddress": {"__typename": "Address", "city": "Graz"}})
    );
    for (value, name) in [
        (&page["__typename"], "InvoiceConnection"),
        (&node["__typename"], "Invoice"),
        (&node["total"]["t"], "Money"),
        (&node["erp"]["__typename"], "Erp"),
        (&node["origin"]["__typename"], "Origin"),
        (&page["edges"][0]["__typename"], "InvoiceEdge"),
        (&page["edges"][0]["node"]["__typename"], "Invoice"),
        (&page["pageInfo"]["__typename"], "PageInfo"),
        (&page["totalCount"]["__typename"], "Count"),
        (&page["sources"][0]["__typename"], "SourceReport"),
    ] {
        assert_eq!(value, name);
    }
}

#[tokio::test]
async fn aliases_stand_side_by_side() {
    let query = "{ invoices(first: 1) { a: nodes { x: number y: number } b: nodes { total { z: amount w: amount } }
        e: edges { n: node { number } m: node { id } c: cursor d: cursor } } }";
    let answer = data(&Fake::new().api(), query).await;
    assert_eq!(answer["invoices"]["a"], json!([{"x": "INV/0000", "y": "INV/0000"}]));
    assert_eq!(answer["invoices"]["b"], json!([{"total": {"z": "12.50", "w": "12.50"}}]));
    let edge = json!({"n": {"number": "INV/0000"}, "m": {"id": invoice_id(0)}, "c": "c0", "d": "c0"});
    assert_eq!(answer["invoices"]["e"], json!([edge]));
}

#[tokio::test]
async fn one_key_cannot_stand_for_two_fields() {
    let api = Fake::new().api();
    for query in [
        "{ invoices { nodes { a: number ... on Invoice { a: memo } } } }",
        "{ invoices { nodes { ... on Record { a: remoteId } ... on Node { a: id } } } }",
        "{ customers { nodes { invoices(first: 1) { nodes { id } } ... on Customer { invoices(first: 2) { nodes { id } } } } } }",
    ] {
        let (code, message) = error(&api, query).await;
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{query}: {message}");
        assert!(message.contains("conflict"), "{message}");
    }
}

#[tokio::test]
async fn every_kind_of_value_comes_out_as_the_schema_says() {
    let fake = Fake::new();
    let query = format!(
        "{{ customer(id: \"{}\") {{ website currency status balanceDue {{ amount currency }} billingAddress {{ city line1 }}
            shippingAddress {{ city }} remoteUpdatedAt remoteUrl version customFields {{ key }} legalName
            parent {{ id }} raw }} }}",
        customer_id(1)
    );
    let who = Principal { scopes: [SCOPE_RAW.to_owned()].into(), ..analyst() };
    let answer = data_of(ask(&fake.api(), &query, Variables::default(), who).await);
    assert_eq!(
        answer["customer"],
        json!({"website": "https://example.com/", "currency": "EUR", "status": "ACTIVE",
            "balanceDue": [{"amount": "10.00", "currency": "EUR"}, {"amount": "0.50", "currency": "EUR"}],
            "billingAddress": {"city": "Graz", "line1": null}, "shippingAddress": null,
            "remoteUpdatedAt": "2026-03-01T11:59:00Z", "remoteUrl": "https://odoo.example.com/1", "version": null,
            "customFields": [], "legalName": null, "parent": {"id": customer_id(0)},
            "raw": {"id": 7, "name": "raw", "tags": [1, 2.5, null]}})
    );
    let exact = data(
        &fake.api(),
        "{ invoices(first: 1) { nodes { balanceDue { amount } exchangeRate lines { taxRates { id } } } } }",
    )
    .await;
    assert_eq!(exact["invoices"]["nodes"][0]["balanceDue"]["amount"], "9007199254740993.10");
    assert_eq!(exact["invoices"]["nodes"][0]["exchangeRate"], "1.000000");
}

/// Every field of a type that can be selected without arguments, with something of what is inside.
fn everything(fields: impl IntoIterator<Item = &'static FieldDef>) -> String {
    let field = |field: &FieldDef| match field.kind {
        Kind::Money(_) | Kind::MoneyList => format!("{} {{ amount currency }} ", field.name),
        Kind::Ref(_) | Kind::Refs(_) => format!("{} {{ id erp {{ id }} }} ", field.name),
        Kind::Object(of) | Kind::List(of) => format!("{} {{ {} }} ", field.name, everything(of.fields)),
        _ => format!("{} ", field.name),
    };
    fields.into_iter().map(field).collect()
}

#[tokio::test]
async fn every_field_of_the_catalogue_can_be_selected() {
    let fake = Fake::new();
    let api = fake.api();
    let who = Principal { scopes: [SCOPE_RAW.to_owned()].into(), ..analyst() };
    for entity in EntityType::ALL {
        let def = entity.def();
        let children: String =
            def.children.iter().map(|child| format!("{} {{ nodes {{ id }} }} ", child.name)).collect();
        let fields = everything(def.all_fields().map(|(_, field)| field));
        let query = format!("{{ {}(first: 1) {{ nodes {{ {fields} {children} }} }} }}", def.plural);
        let response = ask(&api, &query, Variables::default(), who.clone()).await;
        // The vendor of the fake lacks its name.
        assert!(response.errors.is_empty() || *entity == EntityType::Vendor, "{}: {:?}", def.name, response.errors);
        let calls = fake.calls();
        let Some(Call::List(list)) = calls.first() else { panic!("{calls:?}") };
        let stored = def.all_fields().filter(|(_, field)| field.computed.is_none()).map(|(id, _)| id);
        assert_eq!(list.fields, stored.collect(), "{}", def.name);
    }
}

#[tokio::test]
async fn introspection_answers_in_full() {
    let query = r"query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name }
        types { ...FullType } directives { name description locations args { ...InputValue } } } }
        fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue }
            type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef }
            enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
        fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
        fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
            ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
    let answer = data(&Fake::new().api(), query).await;
    let types = answer["__schema"]["types"].as_array().expect("types");
    let find = |name: &str| types.iter().find(|ty| ty["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    let possible = |name: &str| find(name)["possibleTypes"].as_array().map(Vec::len);
    assert_eq!((possible("Record"), possible("Node")), (Some(18), Some(18 + 3)));
    let invoices = find("Query")["fields"]
        .as_array()
        .and_then(|all| all.iter().find(|f| f["name"] == "invoices"))
        .expect("a field");
    assert_eq!(invoices["args"][0]["defaultValue"], "50");
    let direction =
        find("InvoiceOrder")["inputFields"].as_array().and_then(|all| all.iter().find(|f| f["name"] == "direction"));
    assert_eq!(direction.map(|field| &field["defaultValue"]), Some(&json!("ASC")));
}
