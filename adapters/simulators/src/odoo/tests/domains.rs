//! What domains find, and which of them are refused, in 17 and 19.

use serde_json::{Value, json};

use super::Client;
use crate::store::Cell;

/// How many partners fulfil a domain in 17, and how many in 19.
async fn both(clients: &[Client; 2], model: &str, domain: Value) -> [i64; 2] {
    let context = json!({ "context": { "active_test": false } });
    let count = async |client: &Client| {
        client.result(model, "search_count", json!([domain]), context.clone()).await.as_i64().unwrap()
    };
    [count(&clients[0]).await, count(&clients[1]).await]
}

async fn clients() -> [Client; 2] {
    [Client::of(17).await, Client::of(19).await]
}

#[tokio::test]
async fn null_is_false_and_its_part_in_comparisons_changed() {
    let clients = clients().await;
    let count = async |domain: Value| both(&clients, "res.partner", domain).await;
    let [all, _] = count(json!([])).await;
    let [without, _] = count(json!([["email", "=", false]])).await;
    assert!(without > 0 && without < all);
    for (domain, old, new) in [
        (json!([["email", "!=", false]]), all - without, all - without),
        (json!([["email", "=", null]]), without, without),
        (json!([["email", "in", [false]]]), without, without),
        (json!([["email", "not in", ["nobody"]]]), all, all),
        (json!([["email", "not in", ["nobody", false]]]), all - without, all - without),
        (json!([["email", "!=", "nobody"]]), all, all),
        (json!([["email", "not ilike", "nobody"]]), all, all),
        (json!([["email", "=", ""]]), 0, without),
        (json!([["email", "!=", ""]]), all - without, all - without),
        (json!([["email", "ilike", ""]]), all, all),
        (json!([["email", "=", []]]), 0, without),
        (json!([["email", "<", false]]), 0, 0),
        (json!([["name", ">=", false]]), 0, all),
        (json!(["!", ["email", ">", ""]]), 0, without),
        (json!(["!", ["email", "=", "nobody"]]), all, all),
        (json!(["!", "!", ["email", "=", false]]), without, without),
        (json!(["!", "|", ["email", "=", false], ["id", "=", 0]]), all - without, all - without),
    ] {
        assert_eq!(count(domain.clone()).await, [old, new], "{domain}");
    }
    // A number that is not there is zero; before 19 only where it is compared with false.
    let [ranked, _] = count(json!([["customer_rank", ">", 0]])).await;
    assert_eq!(count(json!([["customer_rank", "<=", 0]])).await[1], all - ranked);
    assert_eq!(count(json!([["customer_rank", "=", false]])).await[1], all - ranked);
}

#[tokio::test]
async fn moments_are_compared_by_the_microsecond_and_from_19_by_the_second() {
    let clients = clients().await;
    let mut wire = String::new();
    for client in &clients {
        let tables = client.running.simulator().store().read();
        let stamp = tables["res.partner"].get(14).and_then(|row| row["write_date"].as_stamp()).unwrap();
        assert_ne!(stamp.timestamp_subsec_micros(), 0);
        wire = stamp.format("%Y-%m-%d %H:%M:%S").to_string();
    }
    let count = async |op: &str, value: String| {
        both(&clients, "res.partner", json!([["id", "=", 14], ["write_date", op, value]])).await
    };
    assert_eq!(count("=", wire.clone()).await, [0, 1]);
    assert_eq!(count(">", wire.clone()).await, [1, 0]);
    assert_eq!(count(">=", wire.clone()).await, [1, 1]);
    assert_eq!(count("<=", wire.clone()).await, [0, 1]);
    assert_eq!(count(">", format!("{wire}.000000")).await, [1, 0]);
    assert_eq!(count(">=", wire.replace(' ', "T")).await, [1, 1]);
    let day = wire[..10].to_owned();
    assert_eq!(count(">", day.clone()).await, [0, 0]);
    assert_eq!(count(">=", day.clone()).await, [1, 1]);
    assert_eq!(count("<=", day).await, [1, 1]);
    let zoned = json!([[["write_date", ">", format!("{wire}Z")]]]);
    assert!(clients[0].refusal("res.partner", "search", zoned.clone(), json!({})).await.0.is_empty());
    assert_eq!(clients[1].refusal("res.partner", "search", zoned, json!({})).await.0, "builtins.ValueError");
    let garbage = json!([[["write_date", ">", "garbage"]]]);
    assert_eq!(
        clients[0].refusal("res.partner", "search", garbage.clone(), json!({})).await.0,
        "psycopg2.errors.InvalidDatetimeFormat"
    );
    let message = clients[1].refusal("res.partner", "search", garbage, json!({})).await.1;
    assert_eq!(message, "Invalid term 'garbage' in expression date: 'garbage'");
}

#[tokio::test]
async fn references_are_found_by_id_by_name_and_through_a_path() {
    let clients = clients().await;
    let count = async |domain: Value| both(&clients, "account.move", domain).await;
    let same = async |one: Value, other: Value| {
        assert_eq!(count(one.clone()).await, count(other.clone()).await, "{one} {other}");
        count(one).await[1]
    };
    assert!(same(json!([["currency_id", "=", "USD"]]), json!([["currency_id", "=", 1]])).await > 0);
    assert!(same(json!([["currency_id.name", "=", "USD"]]), json!([["currency_id", "in", [1]]])).await > 0);
    let path = json!([["partner_id.country_id.code", "=", "CH"]]);
    assert!(same(path, json!([["partner_id", "any", [["country_id", "=", 43]]]])).await > 0);
    let by_code = json!([["partner_id", "=", "C00001"]]);
    assert!(same(by_code, json!([["partner_id.ref", "=", "C00001"]])).await > 0);
    assert!(same(json!([["partner_id", "child_of", 14]]), json!([["partner_id", "=", 14]])).await > 0);
    // The opposite of a path is that nothing at its end fits, also where there is nothing.
    let [all, _] = count(json!([])).await;
    let [dollars, _] = count(json!([["currency_id", "=", 1]])).await;
    assert_eq!(count(json!(["!", ["currency_id.name", "=", "USD"]])).await[0], all - dollars);
    let taxed = json!([["line_ids.tax_line_id.amount", ">", 0]]);
    assert_eq!(count(taxed.clone()).await, count(json!([["line_ids.display_type", "=", "tax"]])).await);
    assert!(count(taxed).await[0] > 0);
    assert_eq!(count(json!([["line_ids", "=", false]])).await, [0, 0]);
    let lines = both(&clients, "account.move.line", json!([["tax_ids", "=", false]])).await;
    let all = both(&clients, "account.move.line", json!([])).await;
    let taxed = both(&clients, "account.move.line", json!([["tax_ids", "!=", false]])).await;
    assert_eq!([lines[0] + taxed[0], lines[1] + taxed[1]], all);
}

#[tokio::test]
async fn patterns_have_two_wildcards_and_an_escape() {
    let client = Client::of(19).await;
    let names = async |domain: Value| {
        let rows =
            client.search_read("res.partner", json!(["&", ["customer_rank", ">", 0], domain]), json!(["name"])).await;
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(json!(["name", "like", "100 % N"])).await, ["100 % Natural Foods_Ltd"]);
    assert_eq!(names(json!(["name", "like", "100 \\% N"])).await, ["100 % Natural Foods_Ltd"]);
    assert_eq!(names(json!(["name", "like", "Foods\\_Ltd"])).await, ["100 % Natural Foods_Ltd"]);
    assert!(names(json!(["name", "like", "Foods\\_Lt_d"])).await.is_empty());
    assert_eq!(names(json!(["name", "like", "back\\\\"])).await.len(), 0);
    assert_eq!(names(json!(["name", "ilike", "back\\\\"])).await, ["Back\\slash Systems Inc."]);
    assert_eq!(names(json!(["name", "=", "Back\\slash Systems Inc."])).await, ["Back\\slash Systems Inc."]);
    assert_eq!(names(json!(["name", "=like", "Back\\\\%"])).await.len(), 1);
    assert_eq!(names(json!(["name", "=ilike", "BACK%"])).await.len(), 1);
    let dangling = json!([[["name", "=like", "Back%\\"]]]);
    assert_eq!(
        client.refusal("res.partner", "search", dangling, json!({})).await.0,
        "psycopg2.errors.InvalidEscapeSequence"
    );
}

#[tokio::test]
async fn taxes_are_searched_loosely_from_18_on() {
    let context = json!({ "context": { "active_test": false } });
    for (version, loose) in [(17, 0), (19, 1)] {
        let client = Client::of(version).await;
        let count = async |leaf: Value| {
            client.result("account.tax", "search_count", json!([[leaf]]), context.clone()).await.as_i64().unwrap()
        };
        for (text, found) in [("16USt", loose), ("16% USt", 1), ("\"16% U\"t", loose), ("\"6U\"", 0)] {
            assert_eq!(count(json!(["name", "ilike", text])).await, found, "{version} {text}");
        }
        assert_eq!(count(json!(["name", "=ilike", "%16USt%"])).await, 0, "{version}");
    }
}

#[tokio::test]
async fn that_a_transfer_has_no_order_is_not_found_until_17() {
    for (version, found) in [(17, false), (19, true)] {
        let client = Client::of(version).await;
        let count = client.count("stock.picking", json!([["purchase_id", "=", false]])).await;
        assert_eq!(count > 0, found, "{version}: {count}");
        assert!(client.count("stock.picking", json!([["purchase_id", "!=", false]])).await > 0, "{version}");
    }
}

#[tokio::test]
async fn values_of_the_wrong_kind_are_refused_as_by_each_release() {
    let clients = clients().await;
    for (model, leaf, old, new) in [
        ("res.partner", json!(["nope", "=", 3]), "builtins.ValueError", "builtins.ValueError"),
        ("res.partner", json!(["country_id.nope", "=", 3]), "builtins.ValueError", "builtins.ValueError"),
        ("res.partner", json!(["name.nope", "=", 3]), "builtins.AssertionError", "builtins.ValueError"),
        ("res.partner", json!(["id", "in", 3]), "builtins.ValueError", ""),
        (
            "res.partner",
            json!(["id", "=", "x"]),
            "psycopg2.errors.InvalidTextRepresentation",
            "psycopg2.errors.InvalidTextRepresentation",
        ),
        ("res.partner", json!(["id", "=", 3.5]), "psycopg2.errors.InvalidTextRepresentation", ""),
        ("res.partner", json!(["id", "=", 99_999_999_999_i64]), "psycopg2.errors.NumericValueOutOfRange", ""),
        ("res.partner", json!(["customer_rank", ">", "x"]), "builtins.ValueError", "builtins.ValueError"),
        ("res.partner", json!(["active", ">", 0]), "", "builtins.ValueError"),
        ("res.partner", json!(["country_id", ">", "Germany"]), "", "builtins.TypeError"),
        ("res.partner", json!(["name", "=like", 5]), "", "builtins.TypeError"),
        ("res.partner", json!(["name", "==", "x"]), "builtins.ValueError", ""),
        ("res.partner", json!(["name", "=", "a\u{0}b"]), "builtins.ValueError", "builtins.ValueError"),
        ("res.partner", json!(["total_invoiced", ">", 0]), "", "builtins.ValueError"),
        ("account.move", json!(["amount_total", ">", "x"]), "builtins.ValueError", "builtins.ValueError"),
        (
            "account.move",
            json!(["invoice_date", ">", "2026-02-30"]),
            "psycopg2.errors.DatetimeFieldOverflow",
            "builtins.ValueError",
        ),
    ] {
        for (client, expected) in clients.iter().zip([old, new]) {
            assert_eq!(client.refusal(model, "search", json!([[leaf]]), json!({})).await.0, expected, "{leaf}");
        }
    }
    let refusal = clients[1].refusal("res.partner", "search", json!([[["country_id.nope", "=", 3]]]), json!({})).await;
    assert_eq!(refusal.1, "Invalid field res.country.nope in condition ('nope', '=', 3)");
    let refusal = clients[0].refusal("res.partner", "search", json!([[["nope", "=", 3]]]), json!({})).await;
    assert_eq!(refusal.1, "Invalid field res.partner.nope in leaf ('nope', '=', 3)");
}

#[tokio::test]
async fn what_a_client_writes_is_data() {
    let client = Client::of(19).await;
    let names: Vec<String> = {
        let tables = client.running.simulator().store().read();
        tables["res.partner"].rows().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect()
    };
    let any = json!({ "active_test": false });
    for name in names.iter().take(40) {
        let domain = json!([["name", "=", name]]);
        let kwargs = json!({ "domain": domain, "fields": ["name"], "context": any });
        let rows = client.result("res.partner", "search_read", json!([]), kwargs).await;
        let rows = rows.as_array().unwrap().clone();
        assert!(!rows.is_empty() && rows.iter().all(|row| row["name"] == *name), "{name}");
    }
    for nasty in ["'", "\"]]", "', '|', ('id','>',0), ('name','=','", "]}}, {\"id\": 1", "%' --", "🚀\u{202e}", "null"]
    {
        for op in ["=", "in", "ilike"] {
            let value = if op == "in" { json!([nasty]) } else { json!(nasty) };
            let found = client.count("res.partner", json!([["name", op, value]])).await;
            let expected = match op {
                "ilike" => {
                    names.iter().filter(|name| name.to_lowercase().contains(&nasty.to_lowercase())).count() as i64
                }
                _ => 0,
            };
            assert!(found <= expected, "{nasty} {op}: {found}");
        }
    }
    let first = client.running.simulator().store().read()["res.partner"].get(14).map(|row| row["name"].clone());
    assert!(matches!(first, Some(Cell::Text(_))));
}
