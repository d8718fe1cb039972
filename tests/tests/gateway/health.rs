//! What the gateway knows of its ERPs between two probes: quotas and breakers.

use crate::start;
use serde_json::json;
use simulators::{Fault, System};
use tests::Setup;

const ERP: &str =
    r#"{ erp(id: "sap-b1") { status statusMessage quota { concurrent inFlight remaining limitPerMinute } } }"#;

#[tokio::test]
async fn an_erp_that_fails_again_and_again_is_shown_as_unreachable_until_it_answers() {
    let (app, _clock) = start(Setup::default()).await;
    app.warm_up().await;
    let erp = &app.data(ERP).await["erp"];
    assert_eq!((&erp["status"], &erp["quota"]["inFlight"]), (&json!("ACTIVE"), &json!(0)), "{erp}");
    assert!(erp["quota"]["concurrent"].is_number(), "{erp}");
    assert!(metrics(&app).await.contains("erp_gateway_breaker_open{erp=\"sap-b1\"} 0"));

    app.erp(System::SapB1).faults().set(Fault::status(500));
    for _ in 0..10 {
        app.query("{ invoices { nodes { id } } }").await;
    }
    let erp = &app.data(ERP).await["erp"];
    assert_eq!(erp["status"], "UNREACHABLE", "{erp}");
    assert!(erp["statusMessage"].as_str().is_some_and(|text| text.contains("time to recover")), "{erp}");
    assert!(metrics(&app).await.contains("erp_gateway_breaker_open{erp=\"sap-b1\"} 1"));

    app.erp(System::SapB1).faults().clear();
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_secs(15)).await;
        app.query("{ invoices { nodes { id } } }").await;
        if app.data(ERP).await["erp"]["status"] == "ACTIVE" {
            return;
        }
    }
    panic!("an ERP that answers is still shown as unreachable");
}

async fn metrics(app: &tests::App) -> String {
    app.get("/metrics", &[]).await.text()
}
