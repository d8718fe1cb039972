//! Whether orders, transfers, manufacturing and what is on hand agree.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Client, story::story};
use crate::{odoo::books::ids, store::Cell};

fn milli(cell: &Cell) -> i64 {
    cell.as_dec().map_or(0, |dec| (dec.to_f64() * 1000.0).round() as i64)
}

#[tokio::test]
async fn what_is_on_hand_is_what_came_in_less_what_went_out() {
    let client = Client::anonymous(19, |_| {}).await;
    let tables = client.running.simulator().store().read();
    let mut moved: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for step in tables["stock.move"].rows().filter(|step| step["state"].as_str() == Some("done")) {
        let (product, quantity) = (step["product_id"].as_int().unwrap(), milli(&step["quantity"]));
        *moved.entry((product, step["location_id"].as_int().unwrap())).or_default() -= quantity;
        *moved.entry((product, step["location_dest_id"].as_int().unwrap())).or_default() += quantity;
    }
    let mut on_hand: BTreeMap<i64, i64> = BTreeMap::new();
    let mut quants: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for quant in tables["stock.quant"].rows() {
        let (product, place) = (quant["product_id"].as_int().unwrap(), quant["location_id"].as_int().unwrap());
        *quants.entry((product, place)).or_default() += milli(&quant["quantity"]);
        if [ids::stock(0), ids::stock(1)].contains(&place) {
            assert!(milli(&quant["quantity"]) > 0 && milli(&quant["reserved_quantity"]) <= milli(&quant["quantity"]));
            *on_hand.entry(product).or_default() += milli(&quant["quantity"]);
        }
    }
    for product in tables["product.product"].rows() {
        assert_eq!(on_hand.get(&product.id()).copied().unwrap_or_default(), milli(&product["qty_available"]));
    }
    // Nothing comes from nowhere: the opening stock is the adjustment's.
    let mut all: BTreeMap<i64, i64> = BTreeMap::new();
    for ((product, place), quantity) in &quants {
        *all.entry(*product).or_default() += quantity;
        if matches!(*place, ids::VENDORS | ids::CUSTOMERS | ids::PRODUCTION) {
            assert_eq!(moved.get(&(*product, *place)).copied().unwrap_or_default(), *quantity, "{product} {place}");
        }
    }
    assert!(all.values().all(|sum| *sum == 0));
}

#[tokio::test]
async fn orders_know_what_of_them_was_moved_and_billed() {
    for version in [14, 17, 19] {
        let client = Client::anonymous(version, |_| {}).await;
        let tables = client.running.simulator().store().read();
        let mut moved: BTreeMap<(&str, i64), i64> = BTreeMap::new();
        for step in tables["stock.move"].rows().filter(|step| step["state"].as_str() == Some("done")) {
            for side in ["purchase_line_id", "sale_line_id"] {
                if let Some(line) = step[side].as_int() {
                    *moved.entry((side, line)).or_default() += milli(&step["quantity"]);
                }
            }
        }
        let mut billed: BTreeMap<i64, i64> = BTreeMap::new();
        for line in tables["account.move.line"].rows().filter(|line| line["parent_state"].as_str() != Some("cancel")) {
            if let Some(order) = line["purchase_line_id"].as_int() {
                *billed.entry(order).or_default() += milli(&line["quantity"]);
            }
        }
        for line in tables["purchase.order.line"].rows() {
            let received = moved.get(&("purchase_line_id", line.id())).copied().unwrap_or_default();
            assert_eq!(received, milli(&line["qty_received"]), "{line:?}");
            assert_eq!(billed.get(&line.id()).copied().unwrap_or_default(), milli(&line["qty_invoiced"]), "{line:?}");
        }
        for line in
            tables["sale.order.line"].rows().filter(|line| line["qty_delivered_method"].as_str() == Some("stock_move"))
        {
            let delivered = moved.get(&("sale_line_id", line.id())).copied().unwrap_or_default();
            assert_eq!(delivered, milli(&line["qty_delivered"]), "{line:?}");
        }
    }
}

#[tokio::test]
async fn transfers_are_those_of_the_story() {
    let dataset = story();
    for version in [14, 16, 17, 19] {
        let client = Client::of(version).await;
        let count = async |model: &str, domain: Value| client.count(model, domain).await as usize;
        assert_eq!(
            count("stock.picking", json!([["picking_type_code", "=", "incoming"]])).await,
            dataset.receipts.len()
        );
        assert_eq!(
            count("stock.picking", json!([["picking_type_code", "=", "outgoing"]])).await,
            dataset.shipments.len()
        );
        assert_eq!(count("mrp.production", json!([])).await, dataset.work_orders.len());
        assert_eq!(count("purchase.order", json!([])).await, dataset.purchase_orders.len());
        let moves = if version < 16 { "move_lines" } else { "move_ids" };
        let done = if version < 17 { "quantity_done" } else { "quantity" };
        let lot = if version < 17 { "qty_done" } else { "quantity" };
        let pickings =
            client.search_read("stock.picking", json!([["state", "=", "done"]]), json!([moves, "move_line_ids"])).await;
        assert!(pickings.len() > 50);
        for picking in pickings.iter().take(8) {
            let steps = client
                .search_read("stock.move", json!([["id", "in", picking[moves]]]), json!([done, "product_uom_qty"]))
                .await;
            assert!(!steps.is_empty() && steps.iter().all(|step| step[done] == step["product_uom_qty"]));
            let lines = client
                .search_read("stock.move.line", json!([["picking_id", "=", picking["id"]]]), json!([lot, "lot_id"]))
                .await;
            let sum = |rows: &[Value], field: &str| rows.iter().map(|row| row[field].as_f64().unwrap()).sum::<f64>();
            assert!((sum(&steps, done) - sum(&lines, lot)).abs() < 0.001);
        }
        let lots = client.search_read("stock.move.line", json!([["lot_id", "!=", false]]), json!(["lot_id"])).await;
        assert!(lots[0]["lot_id"][1].as_str().unwrap().starts_with('L'));
    }
}
