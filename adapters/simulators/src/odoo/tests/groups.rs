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

#[tokio::test]
async fn the_ledger_is_summed_by_account_and_month() {
    let posted = json!([["parent_state", "=", "posted"]]);
    for version in [14, 17, 18] {
        let client = Client::of(version).await;
        let args = json!([posted, ["debit:sum", "credit:sum", "balance:sum"], ["account_id", "date:month"]]);
        let groups = client.result("account.move.line", "read_group", args, json!({ "lazy": false })).await;
        let groups = groups.as_array().unwrap();
        assert!(groups.len() > 200);
        let balance: f64 = groups.iter().map(|group| group["balance"].as_f64().unwrap()).sum();
        assert!(balance.abs() < 0.005, "{balance}");
        for group in groups.iter().take(5) {
            let (debit, credit) = (group["debit"].as_f64().unwrap(), group["credit"].as_f64().unwrap());
            assert!((debit - credit - group["balance"].as_f64().unwrap()).abs() < 0.005);
            let found = client.count("account.move.line", group["__domain"].clone()).await;
            assert_eq!(group["__count"].as_i64(), Some(found));
        }
        if version != 14 {
            let args = json!([posted, ["balance:sum"], ["account_type"]]);
            let refusal = client.refusal("account.move.line", "read_group", args, json!({ "lazy": false })).await;
            let expected =
                if version == 17 { "Cannot convert field account.move.line.account_type to SQL" } else { "" };
            assert_eq!(refusal.1, expected);
        }
    }
}

#[tokio::test]
async fn groups_follow_paths_hold_conditions_and_split_lists() {
    let client = Client::of(19).await;
    let posted = json!([["parent_state", "=", "posted"]]);
    let group = async |by, aggregates, kwargs| {
        let args = json!([posted, by, aggregates]);
        client.result("account.move.line", "formatted_read_group", args, kwargs).await.as_array().unwrap().clone()
    };
    let sums = json!(["balance:sum", "__count"]);
    let types = group(json!(["account_id.account_type"]), sums.clone(), json!({})).await;
    assert_eq!(types[0]["account_id.account_type"], "asset_cash");
    assert_eq!(types[0]["__extra_domain"], json!([["account_id", "any", [["account_type", "=", "asset_cash"]]]]));
    let direct = group(json!(["account_type"]), sums.clone(), json!({})).await;
    let balances = |rows: &[serde_json::Value]| rows.iter().map(|row| row["balance:sum"].clone()).collect::<Vec<_>>();
    assert_eq!(balances(&types), balances(&direct));
    let many = group(json!(["account_type"]), sums.clone(), json!({ "having": [["__count", ">", 200]] })).await;
    assert!(!many.is_empty() && many.len() < types.len());
    assert!(many.iter().all(|row| row["__count"].as_i64().unwrap() > 200));
    let taxes = group(json!(["tax_ids"]), sums.clone(), json!({})).await;
    assert_eq!(taxes[0]["tax_ids"], json!([1, "19% USt"]));
    assert_eq!(taxes.last().unwrap()["tax_ids"], false);
    let hours = group(json!(["write_date:hour"]), json!(["__count"]), json!({ "limit": 1 })).await;
    assert!(hours[0]["write_date:hour"][0].as_str().unwrap().ends_with(":00:00"));
    let args = json!([posted, [["account_type"], []], ["balance:sum"]]);
    let sets = client.result("account.move.line", "formatted_read_grouping_sets", args, json!({})).await;
    assert_eq!(balances(sets[0].as_array().unwrap()), balances(&direct));
    assert_eq!(sets[1][0]["__extra_domain"], json!([[1, "=", 1]]));
    for (by, aggregates, message) in [
        (
            json!(["move_name:month"]),
            json!([]),
            "Granularity set on a no-datetime field or property: 'move_name:month'",
        ),
        (json!(["account_id"]), json!(["name:sum"]), "function sum(character varying) does not exist\n"),
    ] {
        let args = json!([posted, by, aggregates]);
        assert_eq!(client.refusal("account.move.line", "formatted_read_group", args, json!({})).await.1, message);
    }
}
