//! How fast the mapping engine turns an ERP's JSON into records, on one core: `just bench`.
//!
//! The answers are of the shape that the ERPs send for a list of invoices: from bytes to unified records, with the
//! adapters' own mappings.

use adapters::{
    mapping::{Env, Mapping, Plan},
    model::{EntityType, FieldSet},
};
use serde_json::value::RawValue;
use std::{hint::black_box, time::Instant};

/// The ten fields of a list.
const LIST: &[&str] =
    &["number", "kind", "status", "customer", "issueDate", "dueDate", "currency", "total", "balanceDue", "reference"];
const RECORDS: usize = 2_000;
const ROUNDS: usize = 30;

struct Case {
    name: &'static str,
    mapping: &'static str,
    set: usize,
    record: fn(usize) -> String,
}

fn main() {
    let cases = [
        Case { name: "odoo", mapping: include_str!("../../adapters/src/odoo/mapping.toml"), set: 0, record: odoo },
        Case {
            name: "sap_b1",
            mapping: include_str!("../../adapters/src/sap_b1/mapping.toml"),
            set: 0,
            record: sap_b1,
        },
        Case {
            name: "quickbooks",
            mapping: include_str!("../../adapters/src/quickbooks/mapping.toml"),
            set: 0,
            record: quickbooks,
        },
    ];
    println!("mapping, JSON bytes to records, one core; bar: 300,000 records/s for a list, 100,000 for all fields");
    for case in cases {
        let def = EntityType::Invoice.def();
        let list: FieldSet = LIST.iter().filter_map(|name| def.id_of(name)).collect();
        let ten = rate(&case, list);
        let all = rate(&case, def.every_field());
        println!(
            "{:12} {:>9.0} records/s for ten fields ({:.2} of the bar), {:>9.0} for all ({:.2})",
            case.name,
            ten,
            ten / 300_000.0,
            all,
            all / 100_000.0
        );
    }
}

fn rate(case: &Case, fields: FieldSet) -> f64 {
    let mapping = Mapping::parse(case.mapping).expect("a good mapping").for_version(|_, _, _| true);
    let plan = Plan::new(&mapping.sets(EntityType::Invoice)[case.set], fields);
    let page = format!("[{}]", (0..RECORDS).map(case.record).collect::<Vec<_>>().join(","));
    let env = Env {
        erp: "erp".into(),
        read_at: chrono::DateTime::UNIX_EPOCH,
        base_currency: "EUR".parse().ok(),
        zone: chrono_tz::Tz::UTC,
        currencies: Default::default(),
        base_url: "https://erp.example".into(),
        tables: std::sync::Arc::default(),
    };
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let rows: Vec<&RawValue> = serde_json::from_str(&page).expect("a page");
        for row in rows {
            black_box(plan.read(row.get(), &[], &env).expect("a record"));
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    RECORDS as f64 / best
}

fn odoo(n: usize) -> String {
    format!(
        r#"{{"id":{n},"name":"INV/2026/{n:05}","move_type":"out_invoice","state":"posted","payment_state":"partial","partner_id":[{n},"Müller & Söhne GmbH"],
        "invoice_date":"2026-03-14","date":"2026-03-14","invoice_date_due":"2026-04-13","currency_id":[1,"EUR"],"amount_untaxed":1000.5,"amount_tax":190.1,
        "amount_total":1190.6,"amount_residual":590.6,"amount_untaxed_signed":1000.5,"amount_total_signed":1190.6,"amount_residual_signed":590.6,
        "ref":"PO-4711","narration":false,"write_date":"2026-03-14 10:20:30","create_date":"2026-03-14 10:20:30"}}"#
    )
}

fn sap_b1(n: usize) -> String {
    format!(
        r#"{{"DocEntry":{n},"DocNum":{n},"CardCode":"C{n:05}","DocDate":"2026-03-14T00:00:00Z","TaxDate":"2026-03-14T00:00:00Z","DocDueDate":"2026-04-13T00:00:00Z",
        "DocCurrency":"EUR","DocRate":1.0,"DocTotal":1190.6,"DocTotalFc":0.0,"VatSum":190.1,"VatSumFc":0.0,"PaidToDate":600.0,"PaidToDateFC":0.0,
        "DocumentStatus":"bost_Open","Cancelled":"tNO","CancelStatus":"csNo","NumAtCard":"PO-4711","Comments":null,
        "UpdateDate":"2026-03-14T00:00:00Z","UpdateTime":"10:20:30","CreationDate":"2026-03-14T00:00:00Z"}}"#
    )
}

fn quickbooks(n: usize) -> String {
    format!(
        r#"{{"Deposit":0,"domain":"QBO","sparse":false,"Id":"{n}","SyncToken":"0","MetaData":{{"CreateTime":"2026-03-14T10:20:30-07:00","LastUpdatedTime":"2026-03-14T10:20:30-07:00"}},
        "DocNumber":"{n}","TxnDate":"2026-03-14","CurrencyRef":{{"value":"USD","name":"United States Dollar"}},"LinkedTxn":[],"Line":[{{"Id":"1","LineNum":1,"Description":"Rock Fountain","Amount":275.0,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":"5","name":"Rock Fountain"}},"UnitPrice":275,"Qty":1,"TaxCodeRef":{{"value":"TAX"}}}}}},{{"Amount":275.0,"DetailType":"SubTotalLineDetail","SubTotalLineDetail":{{}}}}],
        "TxnTaxDetail":{{"TotalTax":87.07}},"CustomerRef":{{"value":"{n}","name":"Amy's Bird Sanctuary"}},"DueDate":"2026-04-13","TotalAmt":362.07,"ApplyTaxAfterDiscount":false,"PrintStatus":"NeedToPrint","EmailStatus":"NotSet","Balance":162.07}}"#
    )
}
