//! The adapter against a Service Layer in memory, and its mapping against samples of the real one.

mod aggregate;
mod entities;
mod filter;
mod fiscal_year;
mod golden;
mod paging;
mod payments;
mod protocol;
mod pushdown;
mod server;
mod sql;
mod sql_server;

use super::{SapB1, books::tests::config, policy, session::Login};
use crate::{
    adapter::{Adapter, Ctx, ListQuery, Order, SetStart},
    error::Result,
    filter::Filter,
    http::{Auth, HostState},
    model::{Direction, EntityType, FieldSet, Record, RemoteRef, Value},
};
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use server::Server;
use std::{sync::Arc, time::Duration};

fn now() -> DateTime<Utc> {
    "2026-03-10T12:00:00Z".parse().expect("a moment")
}

fn ctx() -> Ctx {
    Ctx::interactive(now(), Duration::from_secs(30))
}

fn row(value: Json) -> filter::Row {
    match value {
        Json::Object(row) => row,
        other => panic!("{other} is no row"),
    }
}

/// A company with a big customer, unnamed and frozen ones, documents in two currencies, and cancelled ones.
fn company(version: u8) -> Server {
    let mut server = Server::new(version);
    let date =
        |day: u32| if version == 1 { format!("2026-01-{day:02}") } else { format!("2026-01-{day:02}T00:00:00Z") };
    let names = [
        "Müller & Söhne",
        "O'Brien",
        "alpha GmbH",
        "Alpha GmbH",
        "Zeta 100%",
        "",
        "Ärzte [Nord]",
        "a_b",
        "Straße 1",
        "x",
    ];
    let customers = (0..30_usize).map(|at| {
        let name = match at {
            7 | 19 => Json::Null,
            at => names[at % names.len()].into(),
        };
        row(json!({
            "CardCode": format!("C{at:03}"), "CardName": name, "CardType": if at == 4 { "cSupplier" } else { "cCustomer" },
            "EmailAddress": if at % 3 == 0 { Json::Null } else { json!(format!("Mail{at}@Example.com")) },
            "Frozen": if at % 11 == 10 { "tYES" } else { "tNO" }, "Currency": if at % 5 == 0 { "##" } else { "EUR" },
            "FatherCard": if at == 2 { json!("C001") } else { Json::Null }, "FederalTaxID": Json::Null,
            "CurrentAccountBalance": 12.5, "DataVersion": 1, "UpdateTime": "10:00:00",
            "UpdateDate": if at % 6 == 5 { Json::Null } else { json!(date(1 + at as u32 % 7)) },
        }))
    });
    server.tables.insert("BusinessPartners", customers.collect());
    let document = |at: usize, customer: usize, base: Option<usize>| {
        let foreign = at % 4 == 1;
        let total = (at * 37 % 50) as f64 + 0.5;
        let cancel = ["csNo", "csYes", "csCancellation"][if at % 13 == 12 {
            1
        } else if at % 13 == 11 {
            2
        } else {
            0
        }];
        row(json!({
            "DocEntry": at + 1, "DocNum": 1000 + at, "CardCode": format!("C{customer:03}"),
            "TaxDate": date(1 + (at * 7 % 28) as u32), "DocDate": date(1 + (at * 7 % 28) as u32), "DocDueDate": date(1 + (at * 5 % 28) as u32),
            "DocCurrency": if foreign { "USD" } else { "EUR" }, "DocRate": if foreign { 0.9 } else { 1.0 },
            "DocTotal": if foreign { total * 0.9 } else { total }, "DocTotalFc": if foreign { total } else { 0.0 },
            "VatSum": 0.0, "VatSumFc": 0.0, "PaidToDate": if at.is_multiple_of(3) { 0.25 } else { 0.0 }, "PaidToDateFC": 0.0,
            "DocumentStatus": if at.is_multiple_of(5) { "bost_Close" } else { "bost_Open" }, "CancelStatus": cancel,
            "Cancelled": if cancel == "csYes" { "tYES" } else { "tNO" },
            "NumAtCard": if at.is_multiple_of(2) { json!(format!("Ref {at}")) } else { Json::Null }, "Comments": Json::Null,
            "UpdateDate": date(1 + (at % 9) as u32), "UpdateTime": "10:00:00", "DataVersion": 1, "CreationDate": date(1), "DocTime": "09:00:00",
            "DocumentLines": [
                {"LineNum": 0, "ItemCode": "A", "BaseType": if base.is_some() { 17 } else { -1 }, "BaseEntry": base, "Quantity": 1.0},
                {"LineNum": 1, "ItemCode": "B", "BaseType": if base.is_some() { 17 } else { -1 }, "BaseEntry": base, "Quantity": 1.0},
            ],
        }))
    };
    // Nine of ten invoices are C001's.
    let owner = |at: usize| if at % 10 == 9 { at % 29 } else { 1 };
    server
        .tables
        .insert("Invoices", (0..120).map(|at| document(at, owner(at), (at % 6 == 0).then_some(1 + at % 20))).collect());
    server.tables.insert("CreditNotes", (0..25).map(|at| document(at, at % 9 + 5, None)).collect());
    server.tables.insert("Orders", (0..60).map(|at| document(at, at % 30, None)).collect());
    server.tables.insert("Items", vec![row(json!({"ItemCode": "A", "ItemName": "Pumpe", "Frozen": "tNO", "InventoryItem": "tYES", "ItemType": "itItems"}))]);
    server
}

fn adapter(server: &Arc<Server>, settings: &[(&str, &str)]) -> SapB1 {
    let version = if server.version == 1 { "v1" } else { "v2" };
    let config = config(&[&[("api_version", version)], settings].concat());
    let login = Arc::new(Login::new(&config).expect("a log-in")) as Arc<dyn Auth>;
    let host = Arc::new(HostState::new("test", policy(), login).with_seed(1));
    SapB1::new(&"b1".into(), config, server.clone(), &host)
}

fn fields(entity: EntityType, names: &[&str]) -> FieldSet {
    names.iter().map(|name| entity.def().id_of(name).unwrap_or_else(|| panic!("no field {name}"))).collect()
}

fn order(entity: EntityType, keys: &[(&str, Direction)]) -> Vec<Order> {
    keys.iter()
        .map(|(name, direction)| Order { field: entity.def().id_of(name).expect("a field"), direction: *direction })
        .collect()
}

fn query(b1: &SapB1, entity: EntityType, names: &[&str]) -> ListQuery {
    ListQuery {
        sets: b1.sets(entity).into_iter().map(|set| SetStart { set, after: None }).collect(),
        filter: Filter::ALL,
        order: Vec::new(),
        limit: 50,
        fields: fields(entity, names),
    }
}

fn reference(set: &str, id: &str) -> RemoteRef {
    RemoteRef { set: set.into(), id: id.into() }
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

fn id(record: &Record) -> (String, String) {
    (record.key.set.to_string(), record.key.id.to_string())
}

/// All records of a list, page by page, with the number of pages.
async fn all(b1: &SapB1, entity: EntityType, mut query: ListQuery) -> Result<(Vec<Arc<Record>>, usize)> {
    let mut records = Vec::new();
    let mut pages = 0;
    while !query.sets.is_empty() {
        let page = b1.list(&ctx(), entity, &query).await?;
        pages += 1;
        assert!(pages < 500, "a list without an end");
        let mut open = Vec::new();
        for set in page.sets {
            assert!(set.rows.len() <= query.limit);
            assert!(set.quarantined.is_empty(), "{:?}", set.quarantined);
            records.extend(
                set.rows.into_iter().map(|row| row.record).filter(|record| crate::filter::matches(&page.left, record)),
            );
            if set.next.is_some() {
                open.push(SetStart { set: set.set, after: set.next });
            }
        }
        query.sets = open;
    }
    Ok((records, pages))
}
