//! Nothing secret leaves the gateway: not by the API, not by metrics, not in its log.

use crate::{log::Log, start};
use simulators::{Fault, FaultPlan, System, odoo, quickbooks, sap_b1};
use tests::Setup;

#[tokio::test]
async fn secrets_are_nowhere_to_be_seen() {
    let (log, _logging) = Log::start();
    let (app, _clock) = start(Setup { keyed: true, ..Setup::default() }).await;
    let key = app.key().to_owned();
    let secrets = [&key, odoo::API_KEY, sap_b1::PASSWORD, quickbooks::CLIENT_SECRET, quickbooks::REFRESH_TOKEN];
    let mut shown = vec![
        app.query("{ erps { id name statusMessage settings system { key } } erpSystems { key settings { key label help example pattern } } }").await.to_string(),
        app.get("/metrics", &[]).await.text(),
    ];
    for fault in [Fault::status(500), Fault::status(401), Fault::HtmlPage, Fault::TruncatedJson, Fault::Disconnect] {
        for system in System::ALL {
            app.erp(system).simulator().sessions().expire_all();
            app.erp(system).faults().set(FaultPlan::from(fault.clone()).all());
        }
        let query = "{ invoices(first: 3, read: {mode: LIVE}) { nodes { number } sources { status error { message } } } erps { statusMessage } }";
        shown.push(app.query(query).await.to_string());
        shown.push(
            app.query("{ invoices(first: 3, read: {mode: LIVE, onSourceError: FAIL}) { nodes { number } } }")
                .await
                .to_string(),
        );
    }
    shown.push(app.get("/metrics", &[]).await.text());
    let logged = log.text();
    assert!(logged.contains("an ERP failed"), "{logged}");
    shown.push(logged);
    for text in shown {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
