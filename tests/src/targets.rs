//! The targets: each a function that says how a simulated ERP is set up and connected.

use crate::Spec;
use adapters::model::EntityType as E;
use simulators::{Running, System, odoo, quickbooks, sap_b1};

fn odoo(simulator: &Running, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let account = [("database", odoo::DATABASE), ("login", odoo::LOGIN)];
    let given = account.iter().chain(more).map(|(key, value)| (*key, (*value).to_owned()));
    [("url", simulator.url())].into_iter().chain(given).collect()
}

const ODOO: Spec = Spec {
    name: "",
    system: System::Odoo,
    options: |_| {},
    settings: |_| Vec::new(),
    log_in: None,
    expires: false,
    invoices: "account.move",
    calls_for_sets: |_| 1,
    more_by_filter: &[],
    // Lines, their orders, reconciliations (two), analytic accounts; orders: lines and analytic accounts; movements: lots.
    calls_for_joins: |entity| match entity {
        E::Invoice | E::Bill => 5,
        E::SalesOrder | E::PurchaseOrder | E::Payment | E::Receipt | E::Shipment => 2,
        E::Transaction => 1,
        _ => 0,
    },
};

/// Odoo 17 by the web client's own calls.
pub fn odoo_17_session() -> Spec {
    Spec {
        name: "odoo_17_session",
        options: |options| options.odoo.version = 17,
        settings: |simulator| odoo(simulator, &[("password", odoo::PASSWORD)]),
        log_in: Some("authenticate"),
        expires: true,
        ..ODOO
    }
}

/// Odoo 17 by the external RPC with a key.
pub fn odoo_17_jsonrpc() -> Spec {
    Spec {
        name: "odoo_17_jsonrpc",
        options: |options| options.odoo.version = 17,
        settings: |simulator| odoo(simulator, &[("api_key", odoo::API_KEY), ("transport", "jsonrpc")]),
        // The number of the user: it is asked for once and does not change.
        log_in: Some("common.authenticate"),
        ..ODOO
    }
}

/// Odoo 19 by its newest interface, which the gateway chooses by itself.
pub fn odoo_19_json2() -> Spec {
    Spec { name: "odoo_19_json2", settings: |simulator| odoo(simulator, &[("api_key", odoo::API_KEY)]), ..ODOO }
}

/// Odoo 19 by a session, on a server with several databases: an expired session gets a page of HTML there.
pub fn odoo_19_databases() -> Spec {
    Spec {
        name: "odoo_19_databases",
        options: |options| options.odoo.databases = vec![odoo::DATABASE.into(), "sandbox".into()],
        settings: |simulator| odoo(simulator, &[("password", odoo::PASSWORD), ("transport", "session")]),
        log_in: Some("authenticate"),
        expires: true,
        ..ODOO
    }
}

fn b1(simulator: &Running, api: &str) -> Vec<(&'static str, String)> {
    vec![
        ("url", simulator.url()),
        ("company_db", sap_b1::COMPANY_DB.into()),
        ("username", sap_b1::USERNAME.into()),
        ("password", sap_b1::PASSWORD.into()),
        ("time_zone", System::SapB1.company().time_zone.into()),
        ("api_version", api.into()),
    ]
}

const B1: Spec = Spec {
    name: "sap_b1_v2",
    system: System::SapB1,
    options: |_| {},
    settings: |simulator| b1(simulator, "v2"),
    log_in: Some("Login"),
    expires: true,
    invoices: "Invoices",
    calls_for_sets: |_| 1,
    more_by_filter: &[],
    // Stock is read place by place, partners of postings tell whether they are customers or vendors, the end of the fiscal year
    // stands in the last posting period, payments of documents are joined: those in and those out.
    calls_for_joins: |entity| match entity {
        E::StockLevel | E::Transaction => 1,
        E::Invoice | E::Bill | E::Company => 2,
        _ => 0,
    },
};

/// SAP Business One, OData 4, with queries in SQL.
pub fn sap_b1_v2() -> Spec {
    let settings = |simulator: &Running| {
        let sql = ("sql_queries", "true".to_owned());
        b1(simulator, "v2").into_iter().chain([sql]).collect()
    };
    Spec { settings, ..B1 }
}

/// SAP Business One, OData 3, without queries in SQL.
pub fn sap_b1_v1() -> Spec {
    Spec { name: "sap_b1_v1", settings: |simulator| b1(simulator, "v1"), ..B1 }
}

/// QuickBooks Online, whose estimates count as sales orders.
pub fn quickbooks() -> Spec {
    Spec {
        name: "quickbooks",
        system: System::QuickBooks,
        options: |_| {},
        settings: |simulator| {
            vec![
                ("url", simulator.url()),
                ("realm_id", quickbooks::REALM_ID.into()),
                ("client_id", quickbooks::CLIENT_ID.into()),
                ("client_secret", quickbooks::CLIENT_SECRET.into()),
                ("refresh_token", quickbooks::REFRESH_TOKEN.into()),
                ("sales_orders", "estimates".into()),
                ("time_zone", System::QuickBooks.company().time_zone.into()),
            ]
        },
        log_in: Some("refresh"),
        expires: true,
        invoices: "Invoice",
        calls_for_sets: |sets| sets as u64,
        // Rates are those of a day: today's, or the last one that the filter allows.
        more_by_filter: &[E::ExchangeRate],
        // What pays a document stands in the payments.
        calls_for_joins: |entity| u64::from(matches!(entity, E::Invoice | E::Bill)),
    }
}
