//! The targets: each a function that says how a simulated ERP is set up and connected.

use crate::Spec;
use simulators::{Running, System, quickbooks, sap_b1};

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
    invoices: "Invoices",
    calls_for_sets: |_| 1,
};

/// SAP Business One, OData 4.
pub fn sap_b1_v2() -> Spec {
    B1
}

/// SAP Business One, OData 3.
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
        invoices: "Invoice",
        calls_for_sets: |sets| sets as u64,
    }
}
