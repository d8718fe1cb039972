//! Who may read what, which modules are there, and that whatever is there can be read.

use serde_json::json;

use super::{super::LIMITED, Client};

#[tokio::test]
async fn every_field_of_every_model_can_be_read_described_and_searched_in_every_release() {
    for version in 14..=19 {
        let client = Client::of(version).await;
        for model in super::super::models::names() {
            let fields = client
                .call(
                    model,
                    "fields_get",
                    json!([]),
                    json!({ "attributes": ["type", "store", "searchable", "relation"] }),
                )
                .await
                .json();
            if fields.get("error").is_some() {
                continue;
            }
            let rows = client.result(model, "search_read", json!([]), json!({ "limit": 2 })).await;
            let rows = rows.as_array().unwrap();
            let fields = fields["result"].as_object().unwrap();
            for row in rows {
                assert_eq!(row.as_object().unwrap().len(), fields.len(), "{model}");
                for (name, field) in fields {
                    let (kind, value) = (field["type"].as_str().unwrap(), &row[name]);
                    let fits = match kind {
                        "boolean" => value.is_boolean(),
                        "integer" => value.is_i64(),
                        "float" | "monetary" => value.is_f64(),
                        "many2one" => *value == false || (value[0].is_i64() && value[1].is_string()),
                        "one2many" | "many2many" => value.is_array(),
                        "json" => *value == false || value.is_object(),
                        _ => *value == false || value.is_string(),
                    };
                    assert!(fits, "{version} {model}.{name}: {kind} {value}");
                }
            }
            for (name, field) in fields.iter().filter(|(_, field)| field["searchable"] == true) {
                if field["type"] == "json" {
                    continue;
                }
                let refusal = client.refusal(model, "search_count", json!([[[name, "=", false]]]), json!({})).await;
                assert_eq!(refusal.0, "", "{version} {model}.{name}: {}", refusal.1);
            }
        }
    }
}

#[tokio::test]
async fn an_employee_reads_what_the_measured_employee_read() {
    for version in [17, 19] {
        let mut client = Client::anonymous(version, |_| {}).await;
        client.sign_in(LIMITED, LIMITED).await;
        for model in [
            "stock.quant",
            "stock.move.line",
            "stock.location",
            "account.account",
            "account.tax",
            "res.users",
            "res.currency.rate",
            "account.analytic.account",
            "product.product",
        ] {
            assert!(client.count(model, json!([])).await > 0, "{model}");
        }
        for model in [
            "account.move",
            "account.move.line",
            "account.payment",
            "account.journal",
            "account.partial.reconcile",
            "account.full.reconcile",
            "account.analytic.plan",
            "sale.order",
            "purchase.order",
            "purchase.order.line",
            "stock.picking",
            "stock.move",
            "stock.lot",
            "mrp.production",
            "mrp.bom",
        ] {
            let (class, message) = client.refusal(model, "search_count", json!([[]]), json!({})).await;
            assert_eq!(class, "odoo.exceptions.AccessError", "{model}");
            assert!(
                message.contains(&format!(
                    "({model}) records.\n\nThis operation is allowed for the following groups:\n\t- "
                )),
                "{message}"
            );
        }
        let (_, message) = client.refusal("account.payment", "search", json!([[]]), json!({})).await;
        let groups = if version == 17 {
            "\n\t- Invoicing/Billing\n\t- Technical/Show Accounting Features - Readonly\n\n"
        } else {
            "\n\t- Accounting/Invoicing\n\t- Show Accounting Features - Readonly\n\n"
        };
        assert!(message.contains(groups), "{message}");
    }
}

#[tokio::test]
async fn what_is_not_installed_is_not_there() {
    for version in [17, 19] {
        let mut client = Client::anonymous(version, |options| options.modules = vec!["sale".into()]).await;
        client.sign_in(super::super::LOGIN, super::super::PASSWORD).await;
        for model in ["purchase.order", "stock.picking", "stock.quant", "mrp.production"] {
            let unknown = client.call(model, "search", json!([[]]), json!({})).await.error();
            let expected = if version == 17 { "builtins.KeyError" } else { "werkzeug.exceptions.NotFound" };
            assert_eq!(unknown.1, expected, "{model}");
        }
        assert!(client.count("account.move", json!([])).await > 0);
        let fields = client.result("sale.order", "fields_get", json!([]), json!({})).await;
        for field in ["picking_ids", "warehouse_id", "delivery_status", "effective_date"] {
            assert!(fields.get(field).is_none(), "{field}");
        }
        assert!(fields.get("invoice_ids").is_some());
        let lines = client.result("account.move.line", "fields_get", json!([]), json!({})).await;
        assert!(lines.get("purchase_line_id").is_none() && lines.get("sale_line_ids").is_some());
        let products = client.result("product.product", "fields_get", json!([]), json!({})).await;
        assert!(products.get("qty_available").is_none());
        let installed =
            client.search_read("ir.module.module", json!([["state", "=", "installed"]]), json!(["name"])).await;
        let names: Vec<_> = installed.iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["base", "analytic", "account", "sale"]);
    }
}
