//! Lists and relations: what they ask of the gateway, and how they page.

use crate::fake::{
    B1, Call, Fake, ODOO, analyst, ask, conditions, customer_id, customer_key, data, data_of, data_with, error,
    invoice_id, key, limited_to, names, respond,
};
use adapters::{
    filter::Operand,
    model::{Direction, EntityType, Value},
};
use async_graphql::Variables;
use schema::ports::{OnSourceError, ReadMode};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_list_with_a_relation_takes_two_calls() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "{ invoices(first: 50) { nodes { number total { amount } customer { name } } } }";
    let answer = data(&api, query).await;
    assert_eq!(answer["invoices"]["nodes"].as_array().map(Vec::len), Some(50));
    assert_eq!(
        answer["invoices"]["nodes"][7],
        json!({"number": "INV/0007", "total": {"amount": "12.50"}, "customer": {"name": "Customer 07"}})
    );
    let calls = fake.calls();
    let [Call::List(list), Call::GetMany(keys, fields, _)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(names(EntityType::Invoice, list.fields), ["number", "customer", "total"]);
    assert_eq!((list.first, list.after.as_deref(), &list.of), (50, None, &None));
    assert_eq!(keys.len(), 30, "each customer once");
    assert_eq!(names(EntityType::Customer, *fields), ["name"]);
}

#[tokio::test]
async fn two_lists_of_children_take_three_calls() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "{ customers(first: 20) { nodes { name invoices(first: 5) { nodes { number } } \
                 salesOrders(first: 5) { nodes { number } } } } }";
    let answer = data(&api, query).await;
    assert_eq!(
        answer["customers"]["nodes"][4]["invoices"]["nodes"],
        json!([{"number": "INV/0004"}, {"number": "INV/0034"}])
    );
    assert_eq!(answer["customers"]["nodes"][4]["salesOrders"]["nodes"][0]["number"], "SO/0004");
    let calls = fake.calls();
    let [Call::List(_), Call::Children(parents, invoices), Call::Children(_, orders)] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!(parents.len(), 20);
    assert_eq!((invoices.entity, invoices.first), (EntityType::Invoice, 5));
    assert_eq!(names(EntityType::Invoice, invoices.fields), ["number"]);
    assert_eq!(orders.entity, EntityType::SalesOrder);
}

#[tokio::test]
async fn every_level_takes_one_call_however_wide_it_is() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "{ customers(first: 10) { nodes {
        parent { name parent { name } }
        invoices { nodes { number salesOrder { number customer { name } } lines { description product { name } taxRates { name } } } }
        salesOrders { edges { node { number invoices { nodes { customer { email } } } } } }
    } } }";
    let answer = data(&api, query).await;
    let invoice = &answer["customers"]["nodes"][2]["invoices"]["nodes"][0];
    assert_eq!(invoice["lines"][1]["taxRates"], json!([{"name": "Tax 1"}, {"name": "Tax 2"}]));
    assert_eq!(invoice["lines"][1]["product"], json!({"name": "Product 4"}));
    assert_eq!(invoice["salesOrder"]["customer"]["name"], "Customer 02");
    let lists = fake.calls().into_iter().filter(|call| matches!(call, Call::Children(..))).count();
    assert_eq!(lists, 3, "invoices and orders of customers, invoices of orders");
}

#[tokio::test]
async fn aliases_with_other_arguments_are_calls_of_their_own() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "{ customers(first: 5) { nodes {
        a: invoices(first: 1) { nodes { number } }
        b: invoices(first: 2) { nodes { number } }
        c: invoices(first: 1) { nodes { total { amount } } }
        d: invoices(first: 1, where: {status: {eq: OPEN}}) { nodes { number } }
    } } }";
    let answer = data(&api, query).await;
    assert_eq!(answer["customers"]["nodes"][3]["b"]["nodes"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["customers"]["nodes"][3]["c"]["nodes"], json!([{"total": {"amount": "12.50"}}]));
    let calls = fake.calls();
    let children: Vec<_> = calls
        .iter()
        .filter_map(|call| match call {
            Call::Children(_, request) => Some(names(EntityType::Invoice, request.fields)),
            _ => None,
        })
        .collect();
    assert_eq!(children.len(), 3, "{calls:?}");
    assert!(children.contains(&vec!["number", "total"]), "a and c are one question: {children:?}");
}

#[tokio::test]
async fn only_selected_fields_are_asked_for() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "query($yes: Boolean!) { invoices { nodes { id ...F ... on Record { remoteUrl } isOverdue memo @skip(if: $yes) }
        edges { cursor node { ... on Node { ... on Invoice { dueDate } } } } } }
        fragment F on Invoice { kind remoteId lines { description } }";
    let answer = data_with(&api, query, json!({"yes": true})).await;
    assert_eq!(answer["invoices"]["nodes"][0]["isOverdue"], true, "open, and due in February");
    assert_eq!(answer["invoices"]["edges"][0], json!({"cursor": "c0", "node": {"dueDate": "2026-02-15"}}));
    let calls = fake.calls();
    let [Call::List(list)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(names(EntityType::Invoice, list.fields), ["remoteUrl", "kind", "status", "dueDate", "lines"]);
}

#[tokio::test]
async fn counting_is_lazy_and_needs_no_page() {
    let fake = Fake::new();
    let api = fake.api();
    let answer = data(&api, "{ invoices { totalCount { value precision } } }").await;
    assert_eq!(answer["invoices"]["totalCount"], json!({"value": 61, "precision": "EXACT"}));
    assert!(matches!(&fake.calls()[..], [Call::Count(_)]));
    data(&api, "{ invoices { nodes { number } } }").await;
    assert!(matches!(&fake.calls()[..], [Call::List(_)]));
    let answer = data(&api, "{ customers(first: 3) { nodes { invoices { totalCount { value } } } } }").await;
    assert_eq!(answer["customers"]["nodes"][2]["invoices"]["totalCount"]["value"], 2);
    let calls = fake.calls();
    let [Call::List(_), counts @ ..] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(counts.len(), 3, "the default counts each parent");
    assert!(counts.iter().all(|call| matches!(call, Call::Count(request) if request.of.is_some())));
}

#[tokio::test]
async fn pages_follow_each_other() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "query($after: String) { invoices(first: 40, after: $after) { nodes { id } edges { cursor }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let first = data_with(&api, query, json!({})).await;
    let info = &first["invoices"]["pageInfo"];
    assert_eq!(*info, json!({"hasNextPage": true, "hasPreviousPage": false, "startCursor": "c0", "endCursor": "c39"}));
    let second = data_with(&api, query, json!({"after": info["endCursor"]})).await;
    assert_eq!(second["invoices"]["nodes"].as_array().map(Vec::len), Some(21));
    assert_eq!(second["invoices"]["edges"][0]["cursor"], "c40");
    assert_eq!(second["invoices"]["pageInfo"]["hasNextPage"], false);
    let none = data(&api, "{ invoices(first: 0) { nodes { id } pageInfo { endCursor hasNextPage } } }").await;
    assert_eq!(none["invoices"], json!({"nodes": [], "pageInfo": {"endCursor": null, "hasNextPage": true}}));
    assert_eq!(error(&api, "{ invoices(after: \"x\") { nodes { id } } }").await.0, "BAD_USER_INPUT");
}

#[tokio::test]
async fn children_of_one_record_go_on_after_a_cursor() {
    let fake = Fake::new();
    let api = fake.api();
    let query = format!(
        "{{ customer(id: \"{}\") {{ invoices(first: 1, after: \"c0\") {{ nodes {{ number }} totalCount {{ value }} }} }} }}",
        customer_id(4)
    );
    let answer = data(&api, &query).await;
    assert_eq!(answer["customer"]["invoices"], json!({"nodes": [{"number": "INV/0034"}], "totalCount": {"value": 2}}));
    let calls = fake.calls();
    let [Call::GetMany(..), Call::List(list), Call::Count(_)] = &calls[..] else { panic!("{calls:?}") };
    let via = EntityType::Invoice.def().id_of("customer").expect("a field");
    assert_eq!(list.of, Some((customer_key(4), via)));

    let response =
        respond(&api, "{ customers(first: 3) { nodes { invoices(after: \"c0\") { nodes { id } } } } }").await;
    assert_eq!(response.errors.len(), 3);
    assert_eq!(fake.calls().len(), 1, "a cursor of several lists is refused before anything is asked");
}

#[tokio::test]
async fn the_order_of_an_entity_is_the_default() {
    let fake = Fake::new();
    let api = fake.api();
    data(&api, "{ a: invoices { nodes { id } } b: invoices(orderBy: []) { nodes { id } } }").await;
    data(&api, "{ invoices(orderBy: {field: DUE_DATE}) { nodes { id } } }").await;
    data(&api, "{ invoices(orderBy: [{field: TOTAL, direction: DESC}, {field: NUMBER}]) { nodes { id } } }").await;
    let id = |name| EntityType::Invoice.def().id_of(name).expect("a field");
    let orders: Vec<Vec<_>> = fake
        .calls()
        .into_iter()
        .map(|call| match call {
            Call::List(list) => list.order.into_iter().map(|order| (order.field, order.direction)).collect(),
            other => panic!("{other:?}"),
        })
        .collect();
    let default = vec![(id("issueDate"), Direction::Desc)];
    let two = vec![(id("total"), Direction::Desc), (id("number"), Direction::Asc)];
    assert_eq!(orders, [default.clone(), default, vec![(id("dueDate"), Direction::Asc)], two]);
}

#[tokio::test]
async fn inactive_records_are_hidden_unless_where_names_them() {
    let fake = Fake::new();
    let api = fake.api();
    let active = vec![("status", vec![Operand::Value(Value::Enum("ACTIVE"))])];
    let id = customer_id(9);
    for (filter, shown) in [
        (String::new(), 27),
        ("(where: {})".into(), 27),
        ("(where: {status: {}})".into(), 27),
        ("(where: {status: {eq: INACTIVE}})".into(), 3),
        ("(where: {or: [{status: {in: [ACTIVE, INACTIVE]}}]})".into(), 30),
        (format!("(where: {{id: {{eq: \"{id}\"}}}})"), 1),
        ("(where: {id: {in: []}})".into(), 0),
    ] {
        let answer = data(&api, &format!("{{ customers{filter} {{ totalCount {{ value }} }} }}")).await;
        assert_eq!(answer["customers"]["totalCount"]["value"], shown, "{filter}");
        let calls = fake.calls();
        let [Call::Count(request)] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!(conditions(EntityType::Customer, &request.filter) == active, shown == 27, "{filter}");
    }
}

#[tokio::test]
async fn read_options_reach_every_level() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "{ invoices(first: 1, read: {mode: LIVE, maxAgeMs: 0, timeoutMs: 1500, onSourceError: FAIL})
        { nodes { customer { invoices { nodes { id } } } } } }";
    data(&api, query).await;
    let calls = fake.calls();
    assert_eq!(calls.len(), 3);
    for call in calls {
        let options = match call {
            Call::List(request) | Call::Count(request) => request.options,
            Call::GetMany(.., options) => options,
            Call::Children(_, request) => request.options,
        };
        assert_eq!((options.mode, options.on_source_error), (ReadMode::Live, OnSourceError::Fail));
        assert_eq!((options.max_age, options.timeout), (Some(Duration::ZERO), Some(Duration::from_millis(1500))));
    }
}

#[tokio::test]
async fn a_caller_sees_only_their_erps() {
    let fake = Fake::new();
    let api = fake.api();
    let seen =
        async |query: &str, erps: &[&str]| data_of(ask(&api, query, Variables::default(), limited_to(erps)).await);
    let all = "{ erps { id } invoices { totalCount { value } sources { erp { name } } } }";
    let answer = seen(all, &[B1]).await;
    assert_eq!(
        answer,
        json!({"erps": [{"id": B1}], "invoices": {"totalCount": {"value": 1}, "sources": [{"erp": {"name": "Factory"}}]}})
    );
    let id = invoice_id(3);
    let hidden = format!(
        "{{ invoice(id: \"{id}\") {{ id }} node(id: \"{id}\") {{ id }} nodes(ids: [\"{id}\", \"{ODOO}\"]) {{ id }} erp(id: \"{ODOO}\") {{ id }} }}"
    );
    assert_eq!(seen(&hidden, &[B1]).await, json!({"invoice": null, "node": null, "nodes": [null, null], "erp": null}));
    assert_eq!(seen(&hidden, &[ODOO]).await["invoice"]["id"], json!(id));

    // An ERP that is hidden and one that does not exist give the same answer.
    let message = async |erp: &str| {
        let query = format!("{{ invoices(erps: [\"{B1}\", \"{erp}\"]) {{ nodes {{ id }} }} }}");
        let response = ask(&api, &query, Variables::default(), limited_to(&[B1])).await;
        crate::fake::error_of(&response)
    };
    let expected = ("BAD_USER_INPUT".to_owned(), "erps[1]: there is no such ERP".to_owned());
    assert_eq!(message(ODOO).await, expected);
    assert_eq!(message("nowhere").await, expected);

    fake.calls();
    seen(&format!("{{ invoices(erps: \"{B1}\") {{ nodes {{ id }} }} }}"), &[B1]).await;
    assert!(matches!(&fake.calls()[..], [Call::List(list)] if list.erps == Some(vec![B1.into()])));
}

#[tokio::test]
async fn records_of_several_erps_stand_in_one_list() {
    let fake = Fake::new();
    let api = fake.api();
    let query = "{ invoices(first: 200) { nodes { number remoteType erp { id name } origin { servedFrom asOf ageMs } }
        sources { status servedFrom asOf ageMs records quarantined calls tookMs filtering error { code } } } }";
    let answer = data(&api, query).await;
    let nodes = answer["invoices"]["nodes"].as_array().expect("a list");
    let credit = nodes.iter().find(|node| node["number"] == "CN-1").expect("the credit note");
    assert_eq!(credit["erp"], json!({"id": B1, "name": "Factory"}));
    assert_eq!(credit["remoteType"], "CreditNotes");
    assert_eq!(credit["origin"], json!({"servedFrom": "CACHE", "asOf": "2026-03-01T11:59:55Z", "ageMs": 5000}));
    assert_eq!(nodes.iter().filter(|node| node["erp"]["name"] == "Shop").count(), 60);
    assert_eq!(
        answer["invoices"]["sources"][0],
        json!({"status": "OK", "servedFrom": "CACHE", "asOf": "2026-03-01T11:59:55Z", "ageMs": 5000, "records": 1,
            "quarantined": 0, "calls": 1, "tookMs": 12, "filtering": "SOURCE", "error": null})
    );
}

#[tokio::test]
async fn principals_of_equal_rights_share_a_key_and_no_others_do() {
    let mut all = vec![analyst(), limited_to(&[]), limited_to(&["a"]), limited_to(&["a", "b"]), limited_to(&["a-b"])];
    for scopes in [&["a"][..], &["a", "b"], &["a+1:b"], &["a@1:a"]] {
        let mut who = analyst();
        who.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        all.push(who);
    }
    let mut keys: Vec<_> = all.iter().map(schema::ports::Principal::rights_key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all.len());
    let twin = schema::ports::Principal { subject: "bob".into(), ..analyst() };
    assert_eq!(twin.rights_key(), analyst().rights_key());
    assert_ne!(key(EntityType::Invoice, ODOO, "s", 1), key(EntityType::Invoice, B1, "s", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_split_no_batch() {
    let fake = Fake::new();
    let api = fake.api();
    for _ in 0..50 {
        data(&api, "{ invoices { nodes { number customer { name } salesOrder { customer { name } } } } }").await;
        assert_eq!(fake.calls().len(), 4, "invoices; customers and orders; customers of orders");
    }
}

#[tokio::test]
async fn variables_reach_nested_lists() {
    let fake = Fake::new();
    let query = "query($n: Int, $w: InvoiceWhere, $o: [InvoiceOrder!], $none: Int) { customers(first: $none) { nodes {
        invoices(first: $n, where: $w, orderBy: $o) { nodes { id } } } } }";
    let variables = json!({"n": 7, "w": {"number": {"eq": "A"}}, "o": [{"field": "TOTAL", "direction": "DESC"}]});
    data_with(&fake.api(), query, variables).await;
    let calls = fake.calls();
    let [Call::List(list), Call::Children(_, children)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((list.first, children.first), (50, 7));
    let a = vec![Operand::Value(Value::Text("A".into()))];
    assert_eq!(conditions(EntityType::Invoice, &children.filter), [("number", a)]);
    assert_eq!(children.order[0].direction, Direction::Desc);
}

#[tokio::test]
async fn the_cost_of_a_query_is_told() {
    let api = Fake::new().api();
    for (query, cost) in [
        ("{ invoices(first: 10) { nodes { number } } }", 1 + 10 * 2),
        ("{ invoices { nodes { number } } }", 1 + 50 * 2),
        (
            "{ customers(first: 2) { nodes { invoices { nodes { lines { total { amount } } } } } } }",
            1 + 2 * (1 + 1 + 20 * (1 + 1 + 5 * 2)),
        ),
        ("{ nodes(ids: [\"odoo-1\", \"b1-1\"]) { id } }", 1 + 2),
    ] {
        let response = respond(&api, query).await;
        let shown = serde_json::to_value(&response.extensions).expect("JSON");
        assert_eq!(shown, json!({"cost": {"complexity": cost, "limit": 100_000}}), "{query}");
    }
}
