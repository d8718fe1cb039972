//! Pages, orders, archived rows.

use serde_json::{Value, json};

use super::Client;

#[tokio::test]
async fn pages_by_offset_and_by_key_are_cuts_of_the_whole() {
    let client = Client::of(19).await;
    let domain = json!([["move_type", "in", ["out_invoice", "out_refund"]]]);
    let all = client.ids("account.move", domain.clone()).await;
    assert_eq!(all.len(), 200);
    let mut by_offset = Vec::new();
    let mut by_key = Vec::new();
    loop {
        let kwargs = json!({ "order": "id", "limit": 70, "offset": by_offset.len() });
        let page = client.result("account.move", "search", json!([domain]), kwargs).await;
        by_offset.extend(page.as_array().unwrap().iter().filter_map(Value::as_i64));
        let after = by_key.last().copied().unwrap_or(0);
        let keyset = json!([["move_type", "in", ["out_invoice", "out_refund"]], ["id", ">", after]]);
        let page =
            client.result("account.move", "search", json!([keyset]), json!({ "order": "id", "limit": 70 })).await;
        by_key.extend(page.as_array().unwrap().iter().filter_map(Value::as_i64));
        if page.as_array().unwrap().len() < 70 {
            break;
        }
    }
    assert_eq!((&by_offset, &by_key), (&all, &all));
    let many: Vec<i64> = (0..5000).collect();
    assert_eq!(client.ids("account.move", json!([["id", "in", many], domain[0]])).await, all);
}

#[tokio::test]
async fn orders_know_where_nulls_go() {
    let clients = [Client::of(16).await, Client::of(17).await, Client::of(19).await];
    let first = async |client: &Client, order: &str| {
        let kwargs = json!({ "domain": [["customer_rank", ">", 0]], "fields": ["phone"], "order": order, "limit": 1 });
        let answer = client.call("res.partner", "search_read", json!([]), kwargs).await.json();
        answer.get("result").map(|rows| rows[0]["phone"].clone())
    };
    for client in &clients {
        assert!(first(client, "phone, id").await.unwrap().is_string());
        assert_eq!(first(client, "phone DESC, id").await, Some(json!(false)));
    }
    assert_eq!(first(&clients[0], "phone desc nulls last").await, None);
    assert!(first(&clients[1], "phone desc nulls last").await.unwrap().is_string());
    assert_eq!(first(&clients[2], "phone asc NULLS FIRST").await, Some(json!(false)));
    let order = |order: &str| json!({ "domain": [], "fields": ["name"], "order": order, "limit": 1 });
    for (name, old, new) in [
        ("nope", "builtins.ValueError", "builtins.ValueError"),
        ("name foo", "odoo.exceptions.UserError", "odoo.exceptions.UserError"),
        ("display_name", "", "builtins.ValueError"),
        ("child_ids", "", "builtins.ValueError"),
        ("country_id.code", "builtins.ValueError", "builtins.ValueError"),
    ] {
        for (client, expected) in clients[1..].iter().zip([old, new]) {
            let refusal = client.refusal("res.partner", "search_read", json!([]), order(name)).await;
            assert_eq!(refusal.0, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn without_an_order_the_model_has_its_own() {
    let client = Client::of(19).await;
    let kwargs = json!({ "domain": [["move_type", "=", "out_invoice"]], "fields": ["date", "name"] });
    let rows = client.result("account.move", "search_read", json!([]), kwargs).await;
    let keys: Vec<_> = rows.as_array().unwrap().iter().map(|row| (row["date"].clone(), row["name"].clone())).collect();
    assert!(keys.len() > 100);
    for pair in keys.windows(2) {
        let [(day, name), (next_day, next_name)] = pair else { unreachable!() };
        // Nulls, the names of drafts, come first where the order descends.
        let in_order = day.as_str() > next_day.as_str()
            || (day == next_day && (!name.is_string() || name.as_str() >= next_name.as_str()));
        assert!(in_order, "{pair:?}");
    }
    let partners = client.result("res.partner", "search_read", json!([]), json!({ "fields": ["complete_name"] })).await;
    let names: Vec<_> = partners.as_array().unwrap().iter().map(|row| row["complete_name"].as_str().unwrap()).collect();
    assert!(names.is_sorted());
    // An order by a reference is that of what it refers to.
    let by_country = json!({ "fields": ["country_id"], "order": "country_id, id", "load": null });
    let rows = client.result("res.partner", "search_read", json!([]), by_country).await;
    let countries: Vec<_> = rows.as_array().unwrap().iter().filter_map(|row| row["country_id"].as_i64()).collect();
    let last = countries.last().copied();
    assert_eq!(last, Some(233), "United States come last by name");
}

#[tokio::test]
async fn limits_and_offsets_are_taken_as_postgres_takes_them() {
    let client = Client::of(17).await;
    let search = async |kwargs: Value| client.call("res.country", "search", json!([[]]), kwargs).await;
    let all = search(json!({})).await.json()["result"].as_array().unwrap().len();
    for (limit, expected) in [(json!(0), all), (json!(null), all), (json!(false), all), (json!("2"), 2), (json!(3), 3)]
    {
        assert_eq!(search(json!({ "limit": limit })).await.json()["result"].as_array().unwrap().len(), expected);
    }
    assert_eq!(search(json!({ "limit": -1 })).await.error().2, "LIMIT must not be negative\n");
    assert_eq!(search(json!({ "offset": -1 })).await.error().2, "OFFSET must not be negative\n");
    let some = client.result("res.country", "search_count", json!([[]]), json!({ "limit": 5 })).await;
    assert_eq!(some, 5);
}

#[tokio::test]
async fn archived_rows_are_hidden_unless_somebody_asks() {
    let client = Client::of(19).await;
    let hidden = client.count("res.partner", json!([["active", "=", false]])).await;
    assert!(hidden > 0);
    let shown = client.count("res.partner", json!([])).await;
    let all =
        client.result("res.partner", "search_count", json!([[]]), json!({ "context": { "active_test": false } })).await;
    assert_eq!(all, shown + hidden);
    assert_eq!(client.count("res.partner", json!([["active", "in", [true, false]]])).await, shown + hidden);
    // Who reads by id sees them all the same.
    let archived = client.ids("res.partner", json!([["active", "=", false]])).await;
    let read = client.result("res.partner", "read", json!([archived]), json!({ "fields": ["active"] })).await;
    assert_eq!(read.as_array().unwrap().len() as i64, hidden);
}
