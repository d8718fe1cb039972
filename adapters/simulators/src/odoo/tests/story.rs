//! Whether the books tell the company's story.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Client, today};
use crate::{
    System,
    dataset::{Dataset, InvoiceKind, InvoiceStatus, PostState, Profile},
    decimal::Dec,
    store::Cell,
};

pub(super) fn story() -> Dataset {
    let profile =
        Profile { company: System::Odoo.company(), seed: 1, invoices: 200, today: today(), big_customer: false };
    Dataset::generate(&profile)
}

fn cents(value: &Value) -> i64 {
    (value.as_f64().unwrap() * 100.0).round() as i64
}

#[tokio::test]
async fn the_books_tell_the_story() {
    let dataset = story();
    for version in [14, 15, 16, 17, 18, 19] {
        let client = Client::of(version).await;
        let any = json!({ "context": { "active_test": false }, "domain": [["customer_rank", ">", 0]], "fields": ["name", "ref"], "order": "id" });
        let customers = client.result("res.partner", "search_read", json!([]), any).await;
        let names: Vec<_> =
            customers.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, dataset.customers.iter().map(|customer| customer.name.clone()).collect::<Vec<_>>());

        let domain = json!([["move_type", "in", ["out_invoice", "out_refund"]]]);
        let fields = json!([
            "state",
            "payment_state",
            "amount_untaxed",
            "amount_tax",
            "amount_total",
            "amount_residual",
            "invoice_date"
        ]);
        let invoices = client.search_read("account.move", domain, fields).await;
        assert_eq!(invoices.len(), dataset.invoices.len());
        for (row, invoice) in invoices.iter().zip(&dataset.invoices) {
            assert_eq!(cents(&row["amount_total"]), invoice.totals.total);
            assert_eq!(cents(&row["amount_untaxed"]) + cents(&row["amount_tax"]), invoice.totals.total);
            assert_eq!(row["invoice_date"], invoice.date.to_string());
            let (state, payment) = (row["state"].as_str().unwrap(), row["payment_state"].as_str().unwrap());
            let expected = match invoice.status(dataset.today) {
                InvoiceStatus::Draft => ("draft", "not_paid"),
                InvoiceStatus::Void => ("cancel", "not_paid"),
                InvoiceStatus::Paid if payment == "reversed" => ("posted", "reversed"),
                InvoiceStatus::Paid => ("posted", "paid"),
                _ if invoice.paid > 0 => ("posted", "partial"),
                _ => ("posted", "not_paid"),
            };
            assert_eq!((state, payment), expected);
            let residual = if invoice.state == PostState::Posted { invoice.balance } else { invoice.totals.total };
            assert_eq!(cents(&row["amount_residual"]), residual);
        }
        let orders = client.search_read("sale.order", json!([]), json!(["amount_total", "order_line"])).await;
        assert_eq!(orders.len(), dataset.orders.len());
        for (row, order) in orders.iter().zip(&dataset.orders) {
            assert_eq!(cents(&row["amount_total"]), order.totals.total);
            assert!(row["order_line"].as_array().unwrap().len() >= order.lines.len());
        }
        let inbound = client.count("account.payment", json!([["payment_type", "=", "inbound"]])).await;
        assert_eq!(inbound, dataset.payments.len() as i64);
        let outbound = client.count("account.payment", json!([["payment_type", "=", "outbound"]])).await;
        assert_eq!(outbound, dataset.vendor_payments.len() as i64);
    }
}

#[tokio::test]
async fn every_move_balances_and_lines_add_up() {
    let client = Client::of(19).await;
    let tables = client.running.simulator().store().read();
    let mut balances: BTreeMap<i64, i64> = BTreeMap::new();
    let mut nets: BTreeMap<i64, i64> = BTreeMap::new();
    let cents = |cell: &Cell| cell.as_dec().map(Dec::to_cents).unwrap_or_default();
    for line in tables["account.move.line"].rows() {
        let parent = line["move_id"].as_int().unwrap();
        *balances.entry(parent).or_default() += cents(&line["balance"]);
        *nets.entry(parent).or_default() += cents(&line["price_subtotal"]);
        let parent = tables["account.move"].get(parent).unwrap();
        if line["row_type"].as_str() == Some("payment_term") && parent["move_type"].as_str() == Some("out_refund") {
            assert!(cents(&line["balance"]) <= 0);
        }
    }
    assert!(balances.values().all(|balance| *balance == 0));
    for row in tables["account.move"].rows().filter(|row| row["move_type"].as_str() != Some("entry")) {
        assert_eq!(nets[&row.id()], cents(&row["amount_untaxed"]), "{row:?}");
        let sign = if matches!(row["move_type"].as_str(), Some("out_refund" | "in_invoice")) { -1 } else { 1 };
        let base = cents(&row["amount_untaxed_signed"]) + cents(&row["amount_tax_signed"]);
        assert_eq!(base, cents(&row["amount_total_signed"]));
        assert!(sign * cents(&row["amount_residual_signed"]) >= 0);
    }
}

#[tokio::test]
async fn order_lines_and_invoice_lines_know_each_other() {
    let dataset = story();
    let client = Client::of(17).await;
    let lines = client
        .search_read(
            "sale.order.line",
            json!([["invoice_lines", "!=", false]]),
            json!(["invoice_lines", "qty_invoiced"]),
        )
        .await;
    assert!(!lines.is_empty());
    for line in lines.iter().take(20) {
        for invoiced in line["invoice_lines"].as_array().unwrap() {
            let back = client
                .search_read("account.move.line", json!([["id", "=", invoiced]]), json!(["sale_line_ids", "quantity"]))
                .await;
            assert_eq!(back[0]["sale_line_ids"], json!([line["id"]]));
        }
    }
    let refunds = client
        .search_read(
            "account.move",
            json!([["reversed_entry_id", "!=", false], ["move_type", "=", "out_refund"]]),
            json!(["reversed_entry_id", "ref"]),
        )
        .await;
    let corrected = dataset.invoices.iter().filter(|invoice| invoice.kind == InvoiceKind::CreditNote).count();
    assert_eq!(refunds.len(), corrected);
    for refund in refunds.iter().take(5) {
        let original = &refund["reversed_entry_id"][0];
        let rows = client
            .search_read("account.move", json!([["id", "=", original]]), json!(["reversal_move_id", "name"]))
            .await;
        assert!(rows[0]["reversal_move_id"].as_array().unwrap().contains(&refund["id"]));
        assert!(
            refund["ref"].as_str().unwrap().starts_with(&format!("Reversal of: {}", rows[0]["name"].as_str().unwrap()))
        );
    }
}
