//! Values as the wire has them.

use serde_json::{Value, json};

use super::Client;

#[tokio::test]
async fn no_value_is_false_except_of_a_number() {
    let client = Client::of(19).await;
    let kwargs = json!({ "domain": [["id", "=", 1]], "fields": ["ref", "parent_id", "credit_limit", "color", "child_ids", "active", "date"] });
    let refusal = client.refusal("res.partner", "search_read", json!([]), kwargs).await;
    assert_eq!(refusal.1, "Invalid field 'date' on 'res.partner'");
    let kwargs = json!({
        "domain": [["id", "=", 1]],
        "fields": ["ref", "parent_id", "credit_limit", "color", "child_ids", "active", "country_id", "write_date", "is_company"],
    });
    let answer = client.call("res.partner", "search_read", json!([]), kwargs).await;
    let written = answer.body.split_once("\"write_date\": \"").unwrap().1;
    let (moment, _) = written.split_once('"').unwrap();
    assert_eq!(moment.len(), "2026-11-21 05:43:34".len());
    assert_eq!(
        answer.body,
        format!(
            "{{\"jsonrpc\": \"2.0\", \"id\": 7, \"result\": [{{\"id\": 1, \"ref\": false, \"parent_id\": false, \
             \"credit_limit\": 0.0, \"color\": 0, \"child_ids\": [], \"active\": true, \"country_id\": [57, \"Germany\"], \
             \"write_date\": \"{moment}\", \"is_company\": true}}]}}"
        )
    );
}

#[tokio::test]
async fn references_are_pairs_or_bare_ids() {
    let client = Client::of(17).await;
    for (load, expected) in [
        (json!("_classic_read"), json!([57, "Germany"])),
        (json!(null), json!(57)),
        (json!(""), json!(57)),
        (json!("x"), json!(57)),
    ] {
        let kwargs = json!({ "domain": [["id", "=", 1]], "fields": ["country_id"], "load": load });
        let rows = client.result("res.partner", "search_read", json!([]), kwargs).await;
        assert_eq!(rows[0]["country_id"], expected);
    }
    let income = json!([["display_type", "=", "product"], ["account_id", "=", 26]]);
    let lines = client.search_read("account.move.line", income.clone(), json!(["account_id"])).await;
    assert_eq!(lines[0]["account_id"], json!([26, "8400 Erlöse"]));
    let newer = Client::of(19).await;
    let lines = newer.search_read("account.move.line", income, json!(["account_id"])).await;
    assert_eq!(lines[0]["account_id"], json!([26, "Erlöse"]));
}

#[tokio::test]
async fn reading_by_id_keeps_the_order_and_counts_what_is_missing() {
    let client = Client::of(19).await;
    let read =
        async |ids: Value| client.result("res.country", "read", json!([ids]), json!({ "fields": ["code"] })).await;
    assert_eq!(read(json!([233, 57])).await, json!([{ "id": 233, "code": "US" }, { "id": 57, "code": "DE" }]));
    assert_eq!(client.running.stats().operation("read missing res.country"), 0);
    assert_eq!(read(json!([57, 999])).await, json!([{ "id": 57, "code": "DE" }]));
    assert_eq!(read(json!(57)).await, json!([{ "id": 57, "code": "DE" }]));
    let stats = client.running.stats();
    assert_eq!((stats.operation("read missing res.country"), stats.operation("read res.country")), (1, 3));
    let refusal = client.refusal("res.country", "read", json!([["x"]]), json!({})).await;
    assert_eq!(refusal.0, "psycopg2.errors.InvalidTextRepresentation");
}

#[tokio::test]
async fn fields_are_those_of_the_release() {
    for (version, there, not_there, aggregate) in [
        (17, ["tax_id", "product_uom"], ["tax_ids", "product_uom_id"], "group_operator"),
        (19, ["tax_ids", "product_uom_id"], ["tax_id", "product_uom"], "aggregator"),
    ] {
        let client = Client::of(version).await;
        let fields = client.result("sale.order.line", "fields_get", json!([]), json!({})).await;
        assert!(there.iter().all(|name| fields.get(*name).is_some()));
        assert!(not_there.iter().all(|name| fields.get(*name).is_none()));
        assert_eq!(fields["price_subtotal"][aggregate], "sum");
        assert_eq!(fields["price_subtotal"]["currency_field"], "currency_id");
        assert_eq!(fields["order_id"].get("groupable").is_some(), version == 19);
        let asked = json!({ "allfields": ["name", "nope", "state"], "attributes": ["type", "selection"] });
        let fields = client.result("sale.order", "fields_get", json!([]), asked).await;
        assert_eq!(fields["name"], json!({ "type": "char" }));
        assert_eq!(fields["state"]["selection"][0], json!(["draft", "Quotation"]));
        assert_eq!(fields.as_object().unwrap().len(), 2);

        let draft = json!([["state", "=", "draft"], ["move_type", "=", "out_invoice"]]);
        let drafts = client.search_read("account.move", draft, json!(["name", "display_name"])).await;
        assert_eq!(drafts[0]["name"], if version == 17 { json!("/") } else { json!(false) });
        let label = drafts[0]["display_name"].as_str().unwrap();
        assert_eq!(label.starts_with("Draft Invoice (* "), version == 17, "{label}");
        let goods = client.search_read("product.product", json!([["type", "!=", "service"]]), json!(["type"])).await;
        assert_eq!(goods[0]["type"], if version == 17 { "product" } else { "consu" });
    }
}

#[tokio::test]
async fn drafts_may_go_without_a_date() {
    let client = Client::anonymous(19, |options| options.undated_drafts = true).await;
    let rows = client.running.simulator().store().read()["account.move"]
        .rows()
        .filter(|row| row["invoice_date"].is_null() && row["move_type"].as_str() == Some("out_invoice"))
        .count();
    assert!(rows > 0);
}
