//! The vendor's samples, read by the mapping of their version.

use super::{
    super::{
        order::{cells, id_of},
        shape::{Shape, mapping},
    },
    models, resolved,
};
use crate::{
    mapping::{Env, Joined, Plan},
    model::{EntityType, Money, Record, Value},
};
use chrono::DateTime;
use serde_json::value::RawValue;

macro_rules! sample {
    ($name:literal, $version:expr) => {
        match $version {
            17 => include_str!(concat!("../../../../tests/golden/odoo/", $name, "_17.json")),
            _ => include_str!(concat!("../../../../tests/golden/odoo/", $name, "_19.json")),
        }
    };
}

fn rows(text: &str) -> Vec<Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        result: Vec<Box<RawValue>>,
    }
    serde_json::from_str::<Envelope>(text).expect("a sample").result
}

fn env() -> Env {
    Env {
        erp: "erp".into(),
        read_at: DateTime::UNIX_EPOCH,
        base_currency: "USD".parse().ok(),
        zone: chrono_tz::Europe::Berlin,
        currencies: [("1".into(), "USD".parse().expect("a code"))].into(),
        base_url: "https://erp.example".into(),
        tables: std::sync::Arc::default(),
    }
}

/// The records of a sample; `lines` are joined by the field that points to the record.
fn read(version: u32, entity: EntityType, text: &str, lines: Option<(&str, &str)>) -> Vec<Record> {
    // The samples of orders are from a database without stock.
    let mut models = models(version);
    models.get_mut("sale.order").expect("orders").remove("delivery_status");
    let set = &Shape::new(mapping().expect("a good mapping"), entity, models, &super::known()).sets[0];
    let plan = Plan::new(set, entity.def().every_field());
    let lines = lines.map(|(text, by)| (rows(text), by));
    let records = rows(text).into_iter().map(|row| {
        let id = cells(&row).expect("a row").get("id").and_then(|id| id_of(id));
        let own = lines
            .iter()
            .flat_map(|(lines, by)| lines.iter().filter(move |line| parent(line, by) == id && is_product(line)));
        let own: Vec<&RawValue> = own.map(|line| &**line).collect();
        let joined: Vec<_> = entity.def().id_of("lines").map(|field| (field, own)).into_iter().collect();
        let joined: &Joined<'_> = &joined;
        plan.read(row.get(), joined, &env()).expect("a record")
    });
    records.collect()
}

fn parent(line: &RawValue, by: &str) -> Option<i64> {
    cells(line).ok()?.get(by).and_then(|id| id_of(id))
}

fn is_product(line: &RawValue) -> bool {
    cells(line)
        .is_ok_and(|cells| cells.get("display_type").is_none_or(|kind| matches!(kind.get(), "false" | "\"product\"")))
}

fn money(amount: &str, currency: &str) -> Value {
    Value::Money(Money { amount: amount.parse().expect("a number"), currency: currency.parse().expect("a code") })
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

const VERSIONS: [u32; 2] = [17, 19];

#[test]
fn the_mapping_is_good() {
    let mapping = mapping().expect("a good mapping");
    assert_eq!(mapping.entities().count(), 18);
    for version in 14..=19 {
        for entity in mapping.entities() {
            resolved(version, entity);
        }
    }
}

#[test]
fn invoices_of_both_versions() {
    for version in VERSIONS {
        let lines = (sample!("move_line_search_read", version), "move_id");
        let invoices = read(version, EntityType::Invoice, sample!("move_search_read", version), Some(lines));
        let of = |id: &str| invoices.iter().find(|i| &*i.key.id == id).expect("in the sample");
        let partial = of("301");
        assert_eq!(*partial.named("status"), Value::Enum("PARTIALLY_PAID"));
        assert_eq!(*partial.named("statusSource"), text("posted/partial"));
        assert_eq!(
            [partial.named("total"), partial.named("balanceDue")],
            [&money("309.92", "USD"), &money("209.92", "USD")]
        );
        assert_eq!(
            *partial.named("remoteUrl"),
            text("https://erp.example/web#id=301&model=account.move&view_type=form")
        );
        let Value::List(lines) = partial.named("lines") else { panic!("no lines") };
        assert!(lines.len() >= 2, "products only: {lines:?}");
        let Value::Object(first) = &lines[0] else { panic!("no line") };
        assert_eq!(
            (&first[0], &first[1], &first[4]),
            (&text("911"), &Value::Int(1), &Value::Decimal("12.0".parse().expect("a number")))
        );
        assert_eq!(
            (&first[7], &first[8], &first[9]),
            (&money("44.55", "USD"), &money("6.68", "USD"), &money("51.23", "USD"))
        );
        assert_eq!(*of("302").named("status"), Value::Enum("PAID"), "settled by a credit note");
        let foreign = of("303");
        assert_eq!(
            (foreign.named("total"), foreign.named("baseTotal")),
            (&money("1000.0", "EUR"), &money("1087.5", "USD"))
        );
        let credit = of("304");
        assert_eq!(*credit.named("kind"), Value::Enum("CREDIT_NOTE"));
        let amount =
            |name| if let Value::Money(money) = credit.named(name) { money.amount } else { panic!("no {name}") };
        assert!(amount("total").is_sign_positive() && amount("baseTotal").is_sign_positive());
        let draft = invoices.iter().find(|i| *i.named("status") == Value::Enum("DRAFT")).expect("in the sample");
        assert!(draft.named("number").is_null() && draft.named("issueDate").is_null(), "{version}");
        assert!(invoices.iter().any(|i| *i.named("status") == Value::Enum("VOIDED")));
    }
}

#[test]
fn parties_products_and_orders_of_both_versions() {
    for version in VERSIONS {
        let partners = read(version, EntityType::Customer, sample!("partner_search_read", version), None);
        assert_eq!(*partners[0].named("name"), text("Hafen & Söhne GmbH"));
        assert_eq!(*partners[0].named("status"), Value::Enum("ACTIVE"));
        let Value::Object(address) = partners[0].named("billingAddress") else { panic!("no address") };
        assert_eq!((&address[3], &address[5]), (&text("Bremen (DE)"), &text("DE")));
        assert_eq!(*partners[1].named("name"), text("Hafen & Söhne GmbH, Ida O'Brien"));
        assert!(partners.iter().any(|p| *p.named("status") == Value::Enum("INACTIVE")), "an archived address");
        assert!(partners.iter().all(|p| !p.named("name").is_null()), "also where it has no name of its own");

        let products = read(version, EntityType::Product, sample!("product_search_read", version), None);
        let kinds: Vec<_> = products.iter().map(|p| p.named("kind").clone()).collect();
        assert_eq!(kinds, ["STOCKED", "SERVICE", "NON_STOCKED"].map(Value::Enum), "{version}");
        assert!(products[1].named("sku").is_null() && *products[2].named("isActive") == Value::Bool(false));

        let lines = (sample!("sale_order_line_search_read", version), "order_id");
        let orders = read(version, EntityType::SalesOrder, sample!("sale_order_search_read", version), Some(lines));
        let statuses: Vec<_> =
            orders.iter().map(|o| o.named("status").as_text().unwrap_or_default().to_owned()).collect();
        assert!(
            statuses.iter().all(|s| s != "UNKNOWN")
                && statuses.iter().any(|s| s == "DRAFT")
                && statuses.iter().any(|s| s == "VOIDED"),
            "{statuses:?}"
        );
        let with_lines = orders.iter().filter(|o| matches!(o.named("lines"), Value::List(lines) if lines.len() == 2));
        assert_eq!(with_lines.count(), 1, "two products and a note");
    }
}
