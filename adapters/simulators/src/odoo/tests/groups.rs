//! Sums and counts by group.

use serde_json::json;

use super::Client;

#[tokio::test]
async fn sums_by_month_agree_with_the_rows() {
    let domain = json!([["move_type", "=", "out_invoice"], ["state", "=", "posted"]]);
    for version in [17, 19] {
        let client = Client::of(version).await;
        let args = json!([domain, ["amount_total_signed:sum"], ["invoice_date:month"]]);
        let groups = client.result("account.move", "read_group", args, json!({ "lazy": false })).await;
        let groups = groups.as_array().unwrap();
        assert!((24..=25).contains(&groups.len()));
        let mut months = 0.0;
        for group in groups {
            let range = &group["__range"]["invoice_date:month"];
            assert!(range["from"].as_str().unwrap().ends_with("-01"));
            assert_eq!(
                client.count("account.move", group["__domain"].clone()).await,
                group["__count"].as_i64().unwrap()
            );
            months += group["amount_total_signed"].as_f64().unwrap();
        }
        let rows = client.search_read("account.move", domain.clone(), json!(["amount_total_signed"])).await;
        let total: f64 = rows.iter().map(|row| row["amount_total_signed"].as_f64().unwrap()).sum();
        assert!((months - total).abs() < 0.01, "{months} {total}");
        let lazy =
            client.result("account.move", "read_group", json!([domain, [], ["currency_id", "state"]]), json!({})).await;
        assert!(lazy[0]["currency_id_count"].is_i64() && lazy[0]["__context"] == json!({ "group_by": ["state"] }));
    }
}

#[tokio::test]
async fn from_19_groups_come_formatted() {
    let client = Client::of(19).await;
    let domain = json!([["move_type", "=", "out_invoice"], ["state", "=", "posted"]]);
    let formatted = async |by, aggregates, kwargs| {
        client.result("account.move", "formatted_read_group", json!([domain, by, aggregates]), kwargs).await
    };
    let months =
        formatted(json!(["invoice_date:month"]), json!(["amount_total_signed:sum", "__count"]), json!({ "limit": 1 }))
            .await;
    assert_eq!(months[0]["invoice_date:month"], json!(["2024-11-01", "November 2024"]));
    assert_eq!(
        months[0]["__extra_domain"],
        json!(["&", ["invoice_date", ">=", "2024-11-01"], ["invoice_date", "<", "2024-12-01"]])
    );
    let best = formatted(
        json!(["partner_id"]),
        json!(["amount_total_signed:sum"]),
        json!({ "order": "amount_total_signed:sum desc" }),
    )
    .await;
    let sums: Vec<f64> =
        best.as_array().unwrap().iter().map(|group| group["amount_total_signed:sum"].as_f64().unwrap()).collect();
    assert!(sums.len() > 5 && sums.is_sorted_by(|a, b| a >= b));
    let all = formatted(json!([]), json!(["__count", "partner_id:count_distinct"]), json!({})).await;
    assert_eq!(all[0]["__count"].as_i64(), Some(client.count("account.move", domain.clone()).await));
    assert_eq!(all[0]["partner_id:count_distinct"].as_u64(), Some(sums.len() as u64));
    for (by, aggregates, message) in [
        (json!(["invoice_date"]), json!([]), "Granularity not set on a date(time) field: 'invoice_date'"),
        (json!(["invoice_date:foo"]), json!([]), "Granularity specification isn't correct: 'foo'"),
        (json!(["nope"]), json!([]), "Invalid field 'nope' on model 'account.move'"),
        (json!(["state"]), json!(["amount_total"]), "Aggregate method is mandatory for 'amount_total'"),
        (json!(["state"]), json!(["amount_total:foo"]), "Invalid aggregate method 'foo' for 'amount_total:foo'."),
        (json!(["state"]), json!(["nope:sum"]), "Invalid field 'nope' on model 'account.move' for 'nope:sum'."),
        (
            json!(["display_name"]),
            json!([]),
            "Cannot convert account.move.display_name to SQL because it is not stored",
        ),
    ] {
        let refusal =
            client.refusal("account.move", "formatted_read_group", json!([[], by, aggregates]), json!({})).await;
        assert_eq!(refusal.1, message);
    }
    let old = Client::of(17).await;
    let refusal = old.refusal("account.move", "formatted_read_group", json!([[], [], []]), json!({})).await;
    assert_eq!(refusal.0, "builtins.AttributeError");
}
