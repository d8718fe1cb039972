//! Whether the books that the front returns are consistent: ledger, open items, payments and what they settle.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{Client, story::story};
use crate::{
    decimal::Dec,
    odoo::books::ids,
    store::{Cell, Row},
};

fn cents(cell: &Cell) -> i64 {
    cell.as_dec().map(Dec::to_cents).unwrap_or_default()
}

fn is_posted(line: &Row<'_>) -> bool {
    line["parent_state"].as_str() == Some("posted")
}

#[tokio::test]
async fn the_ledger_is_that_of_the_story() {
    let dataset = story();
    for version in [14, 17, 19] {
        let client = Client::anonymous(version, |_| {}).await;
        let tables = client.running.simulator().store().read();
        let mut balances: BTreeMap<i64, i64> = BTreeMap::new();
        for line in tables["account.move.line"].rows().filter(is_posted) {
            if let Some(account) = line["account_id"].as_int() {
                *balances.entry(account).or_default() += cents(&line["balance"]);
            }
        }
        assert_eq!(balances.values().sum::<i64>(), 0);
        for (position, expected) in dataset.balances().into_iter().enumerate() {
            let found = balances.get(&ids::account(position)).copied().unwrap_or_default();
            assert_eq!(found, expected, "{}", dataset.accounts[position].name);
            let account = tables["account.account"].get(ids::account(position)).unwrap();
            assert_eq!(cents(&account["current_balance"]), expected);
        }
    }
}

#[tokio::test]
async fn what_partners_owe_is_what_is_left_of_their_documents() {
    for version in [15, 19] {
        let client = Client::anonymous(version, |_| {}).await;
        let tables = client.running.simulator().store().read();
        for (account, column) in [(ids::RECEIVABLE, "credit"), (ids::PAYABLE, "debit")] {
            let mut balances: BTreeMap<i64, [i64; 2]> = BTreeMap::new();
            let lines = tables["account.move.line"].rows().filter(is_posted);
            for line in lines.filter(|line| line["account_id"].as_int() == Some(account)) {
                let sums = balances.entry(line["partner_id"].as_int().unwrap()).or_default();
                sums[0] += cents(&line["balance"]);
                sums[1] += cents(&line["amount_residual"]);
            }
            assert!(balances.len() > 10);
            for (partner, [balance, residual]) in balances {
                assert_eq!(balance, residual, "{partner}");
                let sign = if column == "credit" { 1 } else { -1 };
                let row = tables["res.partner"].get(partner).unwrap();
                assert_eq!(sign * cents(&row[column]), residual, "{partner}");
            }
        }
    }
}

#[tokio::test]
async fn parts_of_reconciliations_add_up_to_what_is_settled() {
    let client = Client::anonymous(19, |_| {}).await;
    let tables = client.running.simulator().store().read();
    let (lines, parts) = (&tables["account.move.line"], &tables["account.partial.reconcile"]);
    // Of each line: settled in the company's currency, and in its own.
    let mut settled: HashMap<i64, [i64; 2]> = HashMap::new();
    let mut differences = 0;
    for part in parts.rows() {
        for (side, amount, sign) in
            [("debit_move_id", "debit_amount_currency", 1), ("credit_move_id", "credit_amount_currency", -1)]
        {
            let line = part[side].as_int().unwrap();
            let sums = settled.entry(line).or_default();
            sums[0] += sign * cents(&part["amount"]);
            sums[1] += sign * cents(&part[amount]);
            assert_eq!(lines.get(line).unwrap()["full_reconcile_id"], part["full_reconcile_id"]);
        }
        assert!(cents(&part["amount"]) > 0 || cents(&part["debit_amount_currency"]) > 0);
        if let Some(exchange) = part["exchange_move_id"].as_int() {
            differences += 1;
            assert_eq!(tables["account.move"].get(exchange).unwrap()["journal_id"], Cell::Int(4));
        }
    }
    assert!(differences > 0);
    let mut open = 0;
    for line in lines.rows().filter(|line| is_posted(line) && !line["amount_residual"].is_null()) {
        let [base, foreign] = settled.get(&line.id()).copied().unwrap_or_default();
        assert_eq!(cents(&line["balance"]) - base, cents(&line["amount_residual"]), "{line:?}");
        assert_eq!(cents(&line["amount_currency"]) - foreign, cents(&line["amount_residual_currency"]), "{line:?}");
        open += i64::from(cents(&line["amount_residual"]) != 0);
        if line["full_reconcile_id"].as_int().is_some() {
            assert_eq!(cents(&line["amount_residual"]), 0, "{line:?}");
        }
    }
    assert!(open > 10);
}

#[tokio::test]
async fn payments_know_what_they_pay_and_documents_by_what() {
    let dataset = story();
    for version in [17, 19] {
        let client = Client::of(version).await;
        let fields =
            json!(["state", "payment_type", "amount", "move_id", "reconciled_invoice_ids", "reconciled_bill_ids"]);
        let payments = client.search_read("account.payment", json!([]), fields).await;
        assert_eq!(payments.len(), dataset.payments.len() + dataset.vendor_payments.len());
        for payment in payments.iter().filter(|payment| payment["payment_type"] == "outbound").take(10) {
            assert_eq!(payment["reconciled_invoice_ids"], json!([]));
            for bill in payment["reconciled_bill_ids"].as_array().unwrap() {
                let path = json!([
                    ["id", "=", bill],
                    ["line_ids.matched_debit_ids.debit_move_id.move_id", "=", payment["move_id"][0]]
                ]);
                assert_eq!(client.count("account.move", path).await, 1, "{payment}");
            }
        }
        let numbers = client.search_read("account.payment", json!([]), json!(["name"])).await;
        let mut names: Vec<&Value> = numbers.iter().map(|row| &row["name"]).collect();
        names.sort_by_key(|name| name.as_str().map(str::to_owned));
        names.dedup();
        assert_eq!(names.len(), numbers.len());
        let matched = client
            .search_read(
                "account.move.line",
                json!([["matching_number", "=like", "P%"]]),
                json!(["matched_debit_ids", "matched_credit_ids", "full_reconcile_id"]),
            )
            .await;
        assert!(!matched.is_empty() && matched.iter().all(|line| line["full_reconcile_id"] == false));
        let full = client
            .search_read("account.full.reconcile", json!([]), json!(["partial_reconcile_ids", "reconciled_line_ids"]))
            .await;
        assert!(full.len() > 50);
        assert!(full.iter().all(|full| full["reconciled_line_ids"].as_array().unwrap().len() >= 2));
    }
}

#[tokio::test]
async fn dimensions_are_where_the_release_has_them() {
    for (version, field) in [(14, "analytic_account_id"), (16, "analytic_distribution"), (19, "analytic_distribution")]
    {
        let client = Client::of(version).await;
        let lines = client.search_read("account.move.line", json!([["product_id", "!=", false]]), json!([field])).await;
        let values: Vec<&Value> = lines.iter().map(|line| &line[field]).filter(|value| **value != false).collect();
        assert!(values.len() > 100);
        match version {
            14 => assert!(values.iter().all(|value| value[0].is_i64() && value[1].as_str().unwrap().starts_with('['))),
            16 => assert!(values.iter().any(|value| value.as_object().unwrap().len() == 2)),
            _ => assert!(values.iter().any(|value| value.as_object().unwrap().keys().any(|key| key.contains(',')))),
        }
    }
}
