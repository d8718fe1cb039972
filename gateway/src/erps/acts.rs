//! Acts of administration over simulated ERPs: what they do, what they refuse, and what the audit log tells of them.

use super::{tests::*, *};
use crate::{demo, erps::admin::Admin};
use adapters::adapter::RawCall;
use schema::{
    error::ErrorCode,
    ports::{
        AuditView, Caller, Connected, ErpAdmin, ErpChange, ErpStatus, NewErp, Outcome, Principal, Refused, Role,
        SettingInput, TestTarget, UserError,
    },
};
use serde_json::{Value, json};
use simulators::{Fault, FaultPlan, Options, Running, System};
use std::time::Duration;

struct Office {
    gateway: Gateway,
    admin: Admin,
    simulator: Running,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn open(system: System) -> Self {
        let (store, folder) = store().await;
        let gateway = gateway(&store, &[]).await.expect("a gateway");
        let admin = Admin::new(&gateway.erps, gateway.audit.clone(), Duration::from_secs(20));
        let options = Options { records: 20, ..Options::default() };
        let simulator = simulators::start(system, options).await.expect("a simulator");
        Self { gateway, admin, simulator, _folder: folder }
    }

    fn settings(&self) -> Vec<(String, String)> {
        demo::definition(&self.simulator).settings.exposed()
    }

    /// The settings of the simulator, with some changed.
    fn new_erp(&self, name: &str, changes: &[(&str, &str)]) -> NewErp {
        let mut settings = input(&self.settings());
        settings.0.extend(changes.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).into()))));
        let system = self.simulator.simulator().system().key().to_owned();
        NewErp { name: name.to_owned(), system, settings, test: true }
    }

    async fn connect(&self, name: &str) -> Connected {
        self.admin.connect(&caller(everybody()), self.new_erp(name, &[])).await.expect("connected")
    }

    fn status(&self, id: &str) -> Option<ErpStatus> {
        self.gateway.erps.registry.get(&id.into()).map(|erp| erp.view(clock()).status)
    }

    /// The audit log, the oldest entry first, without what the gateway did by itself.
    async fn log(&self) -> Vec<AuditView> {
        let page = self.gateway.store.audit_page(200, None, None).await.expect("the log");
        page.entries.into_iter().rev().filter(|entry| entry.actor != "gateway").collect()
    }

    /// Action, subject and outcome of the last act.
    async fn last(&self) -> (String, Option<String>, String) {
        let entry = self.log().await.pop().expect("an entry");
        (entry.action, entry.subject, entry.outcome)
    }
}

fn input(settings: &[(String, String)]) -> SettingInput {
    SettingInput(settings.iter().map(|(key, value)| (key.clone(), Some(value.as_str().into()))).collect())
}

fn over(settings: &[(&str, Option<&str>)]) -> SettingInput {
    SettingInput(settings.iter().map(|(key, value)| ((*key).to_owned(), value.map(Into::into))).collect())
}

fn change(settings: &[(&str, Option<&str>)]) -> ErpChange {
    ErpChange { name: None, settings: Some(over(settings)) }
}

fn caller(who: Principal) -> Caller {
    Caller { who: Arc::new(who), address: Some([192, 0, 2, 7].into()), request_id: "r-1".into() }
}

fn of(role: Role, scopes: &[&str], erps: Option<&[&str]>) -> Caller {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let erps = erps.map(|erps| erps.iter().map(|erp| (*erp).into()).collect());
    caller(Principal { subject: "somebody".into(), role, scopes, erps })
}

fn refused<T>(outcome: Outcome<T>) -> UserError {
    match outcome {
        Err(Refused::Input(errors)) => errors.into_iter().next().expect("an error"),
        Err(Refused::Error(error)) => panic!("{error:?}"),
        Ok(_) => panic!("not refused"),
    }
}

fn forbidden<T>(outcome: Outcome<T>) {
    match outcome {
        Err(Refused::Error(error)) => assert_eq!(error.code, ErrorCode::Forbidden, "{error:?}"),
        Err(Refused::Input(errors)) => panic!("{errors:?}"),
        Ok(_) => panic!("not refused"),
    }
}

fn list(model: &str) -> RawCall {
    let kwargs = json!({ "domain": [], "fields": ["name"], "limit": 1 });
    RawCall { target: model.into(), method: "search_read".into(), args: Value::Null, kwargs }
}

async fn an_erp_is_connected_under_an_id_of_its_own(system: System) {
    let office = Office::open(system).await;
    let first = office.connect("Müller & Söhne").await.erp;
    assert_eq!((first.id.as_str(), first.status), ("mueller-soehne", ErpStatus::Active), "{:?}", first.status_message);
    assert!(!first.of_file && first.company_name.is_some(), "{first:?}");
    let row = office.gateway.row("mueller-soehne").await;
    for (key, value) in office.settings() {
        let secret = row.secrets.contains_key(&key);
        assert_eq!(first.settings.get(&key), (!secret).then(|| Value::from(value.trim())).as_ref(), "{key}");
    }
    // QuickBooks takes each refresh token once: tests and connections of the same settings share what was bought.
    let target = TestTarget { erp: None, system: Some(system.key().to_owned()), settings: input(&office.settings()) };
    assert_eq!(office.admin.test(&caller(everybody()), target).await.expect("tested").error, None);
    let second = office.connect("Müller & Söhne").await.erp;
    assert_eq!(
        (second.id.as_str(), second.status),
        ("mueller-soehne-2", ErpStatus::Active),
        "{:?}",
        second.status_message
    );
    for id in ["mueller-soehne", "mueller-soehne-2"] {
        let erp = office.gateway.erps.registry.get(&id.into()).expect("connected");
        let probed = office.gateway.erps.health.check(&erp).await;
        assert!(probed.outcome.is_ok(), "{id}: {:?}", probed.outcome);
    }
    let gone = office.admin.disconnect(&caller(everybody()), &"mueller-soehne".into()).await.expect("disconnected");
    assert_eq!((gone.status, office.status("mueller-soehne")), (ErpStatus::Disconnected, None));
    assert_eq!(office.connect("Müller & Söhne").await.erp.id.as_str(), "mueller-soehne-3", "a tombstone keeps its id");
}

#[tokio::test]
async fn odoo_is_connected() {
    an_erp_is_connected_under_an_id_of_its_own(System::Odoo).await;
}

#[tokio::test]
async fn business_one_is_connected() {
    an_erp_is_connected_under_an_id_of_its_own(System::SapB1).await;
}

#[tokio::test]
async fn quickbooks_is_connected() {
    an_erp_is_connected_under_an_id_of_its_own(System::QuickBooks).await;
}

#[tokio::test]
async fn what_does_not_work_is_not_connected_and_says_what_to_do() {
    let office = Office::open(System::Odoo).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let closed = format!("http://127.0.0.1:{port}");
    let own = office.simulator.url();
    for (changes, field, code) in [
        (vec![("api_key", "wr0ng")], "settings", ErrorCode::SourceAuthFailed),
        (vec![("database", "nowhere")], "settings", ErrorCode::SourceUnavailable),
        (vec![("url", closed.as_str())], "settings", ErrorCode::SourceUnavailable),
        (vec![("url", "http://169.254.169.254/")], "settings", ErrorCode::BadUserInput),
        (vec![("url", "ftp://odoo.example/")], "settings.url", ErrorCode::BadUserInput),
        (vec![("url", "http://me:s3cret@odoo.example/")], "settings.url", ErrorCode::BadUserInput),
        (vec![("ulr", own.as_str())], "settings.ulr", ErrorCode::BadUserInput),
        (vec![("url", " ")], "settings.url", ErrorCode::BadUserInput),
    ] {
        let error = refused(office.admin.connect(&caller(everybody()), office.new_erp("Odoo", &changes)).await);
        assert_eq!((error.field.join("."), error.code), (field.to_owned(), code), "{changes:?}: {}", error.message);
        assert!(error.message.len() > 30 && error.message.ends_with('.'), "{}", error.message);
        for secret in ["wr0ng", "s3cret", simulators::odoo::API_KEY] {
            assert!(!format!("{error:?}").contains(secret), "{error:?}");
        }
        assert_eq!(office.last().await, ("erp.connect".into(), None, code.word().into()));
        // The same by a test that is no connection: a report where the ERP was asked, else what is wrong with the input.
        let erp = office.new_erp("Odoo", &changes);
        let target = TestTarget { erp: None, system: Some(erp.system), settings: erp.settings };
        match office.admin.test(&caller(everybody()), target).await {
            Ok(report) => assert_eq!(report.error.map(|e| (e.code, e.message)), Some((code, error.message))),
            outcome => assert_eq!(refused(outcome), error),
        }
    }
    office.simulator.faults().set(FaultPlan::from(Fault::HtmlPage).all());
    let error = refused(office.admin.connect(&caller(everybody()), office.new_erp("Odoo", &[])).await);
    assert_eq!(error.code, ErrorCode::SourceBadResponse, "{}", error.message);
    assert!(office.gateway.shown().is_empty() && office.gateway.store.erps().await.expect("read").is_empty());

    let wrong =
        |name: &str, system: &str| NewErp { name: name.into(), system: system.into(), ..office.new_erp("", &[]) };
    for (erp, field) in [(wrong(" ", "odoo"), "name"), (wrong("Odoo", "oddo"), "system")] {
        assert_eq!(refused(office.admin.connect(&caller(everybody()), erp).await).field, [field]);
    }
    // Untested, whatever fits the form is connected.
    let erp = NewErp { test: false, ..office.new_erp("Odoo", &[("api_key", "wr0ng")]) };
    let connected = office.admin.connect(&caller(everybody()), erp).await.expect("connected");
    assert_eq!(connected.erp.status, ErpStatus::Pending);
}

#[tokio::test]
async fn settings_are_changed_and_what_fails_leaves_the_old_ones() {
    let office = Office::open(System::Odoo).await;
    let id = office.connect("Odoo").await.erp.id.clone();
    let who = caller(everybody());
    let error = refused(office.admin.update(&who, &id, change(&[("api_key", Some("wr0ng"))])).await);
    assert_eq!((error.code, error.field), (ErrorCode::SourceAuthFailed, vec!["settings".to_owned()]));
    assert_eq!(office.status("odoo"), Some(ErpStatus::Active), "the connection is as it was");
    let error = refused(office.admin.update(&who, &id, change(&[("url", None)])).await);
    assert_eq!(error.field, ["settings", "url"]);
    let error = refused(office.admin.update(&who, &id, change(&[("url", Some("http://127.0.0.2:9/"))])).await);
    assert_eq!(error.field, ["settings", "api_key"], "a stored key goes to no other host: {}", error.message);

    let generation = office.gateway.generation("odoo");
    let renamed = ErpChange { name: Some("Odoo Europe".into()), settings: None };
    let erp = office.admin.update(&who, &id, renamed).await.expect("renamed").erp;
    assert_eq!((erp.name.as_str(), erp.status), ("Odoo Europe", ErpStatus::Active));
    assert_eq!(office.gateway.generation("odoo"), generation, "the caches are kept");
    let erp = office.admin.update(&who, &id, change(&[("time_zone", Some("Asia/Tokyo"))])).await.expect("changed").erp;
    assert_eq!((&erp.settings["time_zone"], erp.status), (&json!("Asia/Tokyo"), ErpStatus::Active));
    assert_ne!(office.gateway.generation("odoo"), generation, "nothing old is shown");
    office.admin.update(&who, &id, change(&[("time_zone", None)])).await.expect("cleared");
    assert!(!office.gateway.row("odoo").await.settings.contains_key("time_zone"));
    let entry = office.log().await.pop().expect("an entry");
    assert_eq!((&*entry.outcome, &entry.detail["settings"]), ("ok", &json!(["time_zone"])));
    assert_eq!((&entry.detail["address"], &entry.detail["requestId"]), (&json!("192.0.2.7"), &json!("r-1")));
    let log = format!("{:?}", office.log().await);
    assert!(!log.contains("wr0ng") && !log.contains("Tokyo"), "{log}");

    // Two at once: the one that is tried longer finds the ERP changed.
    let both = tokio::join!(
        office.admin.update(&who, &id, change(&[("time_zone", Some("Asia/Tokyo"))])),
        office.admin.update(&who, &id, change(&[("time_zone", Some("Europe/Paris"))])),
    );
    let (done, refusals): (Vec<_>, Vec<_>) = [both.0, both.1].into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refusals.len()), (1, 1));
    assert_eq!(refused(refusals.into_iter().next().expect("one")).code, ErrorCode::Conflict);
}

#[tokio::test]
async fn a_refused_erp_is_repaired_and_reconnected() {
    let office = Office::open(System::SapB1).await;
    let id = office.connect("B1").await.erp.id.clone();
    let who = caller(everybody());
    office.simulator.faults().set(Fault::status(500));
    for _ in 0..10 {
        let items = RawCall { target: "Items".into(), method: "GET".into(), args: Value::Null, kwargs: Value::Null };
        let failed = office.admin.call(&of(Role::Admin, &["erp:call"], None), &id, items).await.expect("may call");
        assert_eq!(failed.expect_err("out of order").code, ErrorCode::SourceUnavailable);
    }
    let erp = office.gateway.erps.registry.get(&id).expect("connected");
    office.gateway.erps.health.check(&erp).await;
    assert!(erp.is_given_up() && office.status("b1") == Some(ErpStatus::Unreachable));
    office.simulator.faults().clear();
    // The breaker would hold it back for a while yet.
    office.gateway.erps.health.check(&erp).await;
    assert_eq!(office.status("b1"), Some(ErpStatus::Unreachable));
    let connected = office.admin.reconnect(&who, &id).await.expect("reconnected");
    assert_eq!(connected.erp.status, ErpStatus::Active, "{:?}", connected.erp.status_message);
    let again = office.gateway.erps.registry.get(&id).expect("connected");
    assert!(!again.is_given_up() && again.generation == erp.generation, "its books are the same");
    assert_eq!(office.last().await, ("erp.reconnect".into(), Some("b1".into()), "ok".into()));
}

#[tokio::test]
async fn a_paused_erp_is_left_alone_over_a_restart() {
    let office = Office::open(System::Odoo).await;
    let id = office.connect("Odoo").await.erp.id.clone();
    let who = of(Role::Admin, &["erp:call"], None);
    let paused = office.admin.pause(&who, &id).await.expect("paused");
    assert_eq!(paused.status, ErpStatus::Paused);
    assert_eq!(office.admin.pause(&who, &id).await.expect("paused").status, ErpStatus::Paused, "once more");
    office.simulator.simulator().reset_stats();
    assert_eq!(refused(office.admin.reconnect(&who, &id).await).field, ["id"]);
    let answer = office.admin.call(&who, &id, list("res.partner")).await.expect("an answer");
    assert!(answer.expect_err("paused").message.contains("paused"));
    office.admin.update(&who, &id, change(&[("time_zone", Some("Asia/Tokyo"))])).await.expect("changed");
    assert_eq!((office.status("odoo"), office.simulator.stats().requests), (Some(ErpStatus::Paused), 0));
    let again = gateway(&office.gateway.store, &[]).await.expect("a gateway");
    assert_eq!(again.shown()[0].2, ErpStatus::Paused);
    let resumed = office.admin.resume(&who, &id).await.expect("resumed");
    assert_ne!(resumed.status, ErpStatus::Paused);
    assert!(office.admin.call(&who, &id, list("res.partner")).await.expect("an answer").is_ok());
}

#[tokio::test]
async fn an_erp_of_the_file_is_changed_in_the_file() {
    let (store, _folder) = store().await;
    let simulator = simulators::start(System::Odoo, Options { records: 20, ..Options::default() }).await.expect("one");
    let gateway = gateway(&store, &[demo::definition(&simulator)]).await.expect("a gateway");
    let admin = Admin::new(&gateway.erps, gateway.audit.clone(), Duration::from_secs(20));
    let (who, id) = (caller(everybody()), ErpId::from("odoo"));
    for error in [
        refused(admin.update(&who, &id, change(&[("time_zone", None)])).await),
        refused(admin.disconnect(&who, &id).await),
    ] {
        assert!(error.message.contains("configuration file"), "{error:?}");
    }
    let test = |settings: SettingInput| TestTarget { erp: Some(id.clone()), system: None, settings };
    assert_eq!(admin.test(&who, test(over(&[]))).await.expect("tested").error, None);
    assert_eq!(gateway.shown()[0].2, ErpStatus::Active, "what a connected ERP says of itself is shown");
    let report = admin.test(&who, test(over(&[("api_key", Some("wr0ng"))]))).await.expect("tested");
    assert_eq!(report.error.map(|error| error.code), Some(ErrorCode::SourceAuthFailed));
    assert_eq!(gateway.shown()[0].2, ErpStatus::Active, "settings that were only tried change nothing");
    assert_eq!(admin.pause(&who, &id).await.expect("paused").status, ErpStatus::Paused, "that is no setting");
}

#[tokio::test]
async fn who_may_not_gets_nothing_and_the_log_tells() {
    let office = Office::open(System::Odoo).await;
    let id = office.connect("Odoo").await.erp.id.clone();
    let (hidden, none) = (ErpId::from("odoo"), ErpId::from("nobody"));
    for caller in [of(Role::Manager, &[], None), of(Role::Analyst, &[], None), of(Role::Service, &["erp:call"], None)] {
        forbidden(office.admin.connect(&caller, office.new_erp("X", &[])).await);
        forbidden(office.admin.update(&caller, &id, change(&[])).await);
        forbidden(office.admin.disconnect(&caller, &id).await);
        forbidden(office.admin.reconnect(&caller, &id).await);
        forbidden(office.admin.pause(&caller, &none).await);
        forbidden(office.admin.resume(&caller, &id).await);
        let target = TestTarget { erp: Some(id.clone()), system: None, settings: over(&[]) };
        forbidden(office.admin.test(&caller, target).await);
        assert_eq!(office.last().await, ("erp.test".into(), Some("odoo".into()), "FORBIDDEN".into()));
    }
    forbidden(office.admin.call(&of(Role::Admin, &[], None), &id, list("res.partner")).await);
    office.admin.pause(&of(Role::Service, &["erps:manage"], None), &id).await.expect("a scope is enough");
    office.admin.resume(&of(Role::Service, &["erps:manage"], None), &id).await.expect("a scope is enough");

    // Who is limited to other ERPs cannot tell one from none.
    let limited = of(Role::Admin, &["erp:call"], Some(&["elsewhere"]));
    forbidden(office.admin.connect(&limited, office.new_erp("X", &[])).await);
    let test = |id: &ErpId| TestTarget { erp: Some(id.clone()), system: None, settings: over(&[]) };
    for (one, other) in [
        (
            refused(office.admin.update(&limited, &hidden, change(&[])).await),
            refused(office.admin.update(&limited, &none, change(&[])).await),
        ),
        (
            refused(office.admin.call(&limited, &hidden, list("x")).await),
            refused(office.admin.call(&limited, &none, list("x")).await),
        ),
        (
            refused(office.admin.test(&limited, test(&hidden)).await),
            refused(office.admin.test(&limited, test(&none)).await),
        ),
        (refused(office.admin.pause(&limited, &hidden).await), refused(office.admin.pause(&limited, &none).await)),
        (
            refused(office.admin.disconnect(&limited, &hidden).await),
            refused(office.admin.disconnect(&limited, &none).await),
        ),
    ] {
        assert_eq!(one, other);
        assert_eq!(one.code, ErrorCode::NotFound);
    }
    assert!(office.status("odoo").is_some());
}

#[tokio::test]
async fn raw_calls_are_answered_and_told_without_what_they_said() {
    let office = Office::open(System::Odoo).await;
    let id = office.connect("Odoo").await.erp.id.clone();
    let who = of(Role::Service, &["erp:call"], None);
    let answer = office.admin.call(&who, &id, list("res.partner")).await.expect("may call").expect("an answer");
    assert!(answer[0]["name"].is_string(), "{answer}");
    let entry = office.log().await.pop().expect("an entry");
    assert_eq!((entry.action.as_str(), entry.outcome.as_str(), entry.actor.as_str()), ("erp.call", "ok", "somebody"));
    assert_eq!((&entry.detail["target"], &entry.detail["method"]), (&json!("res.partner"), &json!("search_read")));
    assert_eq!(entry.detail.as_object().map(|detail| detail.len()), Some(4), "{}", entry.detail);
    let call = RawCall { target: "no.such.model?token=s3cret".into(), ..list("") };
    let error = office.admin.call(&who, &id, call).await.expect("may call").expect_err("refused by the ERP");
    assert_eq!(error.source.as_ref().map(|(erp, system)| (erp.as_str(), &**system)), Some(("odoo", "odoo")));
    let entry = office.log().await.pop().expect("an entry");
    assert_eq!((entry.outcome.as_str(), &entry.detail["target"]), (error.code.word(), &json!("no.such.model")));

    let hasty = Admin::new(&office.gateway.erps, office.gateway.audit.clone(), Duration::from_millis(300));
    office.simulator.faults().set(Fault::Hang);
    let error = hasty.call(&who, &id, list("res.partner")).await.expect("may call").expect_err("too slow");
    assert_eq!(error.code, ErrorCode::SourceTimeout, "{error}");
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_nothing_half_done() {
    let office = Office::open(System::Odoo).await;
    let who = caller(everybody());
    let connecting = office.admin.connect(&who, office.new_erp("Odoo", &[]));
    assert!(tokio::time::timeout(Duration::from_millis(1), connecting).await.is_err(), "it takes longer");
    for _ in 0..500 {
        if office.log().await.iter().any(|entry| entry.action == "erp.connect" && entry.outcome == "ok") {
            assert_eq!(office.status("odoo"), Some(ErpStatus::Active));
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not finished");
}

/// A webhook on a real socket, and what it gets: the type of the event, from which status to which, and the signature.
async fn webhook() -> (String, tokio::sync::mpsc::UnboundedReceiver<(Value, axum::http::HeaderMap, String)>) {
    let (sender, got) = tokio::sync::mpsc::unbounded_channel();
    let take = move |headers: axum::http::HeaderMap, body: String| async move {
        let json = serde_json::from_str(&body).expect("JSON");
        sender.send((json, headers, body)).expect("the test listens");
    };
    let router = axum::Router::new().route("/t0ken", axum::routing::post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/t0ken", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, got)
}

#[tokio::test]
async fn a_webhook_is_told_when_an_erp_stops_working_and_when_it_works_again() {
    let office = Office::open(System::Odoo).await;
    let (url, mut got) = webhook().await;
    let secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let settings = crate::config::Alerts { webhook_url: url.into(), webhook_secret: secret.into() };
    let alerts = Arc::clone(&office.gateway.erps.alerts);
    alerts.configure(&settings, false).expect("good settings");
    tokio::spawn(async move { alerts.deliver().await });
    office.connect("Odoo").await;
    let check = async || {
        let erp = office.gateway.erps.registry.get(&"odoo".into()).expect("connected");
        office.gateway.erps.health.check(&erp).await
    };
    office.simulator.faults().set(FaultPlan::from(Fault::status(401)).all());
    assert!(check().await.outcome.is_err());
    let (first, headers, body) = got.recv().await.expect("an alert");
    // That it worked when it was connected is no news.
    assert_eq!(
        (&first["type"], &first["from"], &first["to"]),
        (&json!("erp.status"), &json!("ACTIVE"), &json!("NEEDS_AUTH"))
    );
    assert_eq!((&first["erp"], &first["name"], &first["system"]), (&json!("odoo"), &json!("Odoo"), &json!("odoo")));
    assert!(first["message"].as_str().is_some_and(|message| !message.is_empty()), "{first}");
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, secret).expect("base64");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &bytes);
    let signature = header("webhook-signature");
    let signature = signature.strip_prefix("v1,").expect("the version");
    let signature = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, signature).expect("base64");
    ring::hmac::verify(&key, signed.as_bytes(), &signature).expect("its own signature");

    assert!(check().await.outcome.is_err(), "that it still does not work is no news");
    office.simulator.faults().clear();
    office.admin.reconnect(&caller(everybody()), &"odoo".into()).await.expect("reconnected");
    let (second, ..) = got.recv().await.expect("an alert");
    assert_eq!((&second["from"], &second["to"]), (&json!("NEEDS_AUTH"), &json!("ACTIVE")));
}

#[tokio::test]
async fn a_check_asks_the_erps_of_file_and_store_and_writes_nothing() {
    let office = Office::open(System::Odoo).await;
    let id = office.connect("Odoo").await.erp.id.clone();
    let before = office.gateway.row("odoo").await.revision;
    let services = crate::app::services(&Config::defaults().expect("good defaults"), None);
    let wrong = ErpDefinition { id: "of-file".into(), ..definition("of-file", "F", "http://127.0.0.1:9/") };
    let files = [wrong];
    let check =
        async |files: &[ErpDefinition]| super::check(files, Some(&office.gateway.store), &services, clock).await;
    let checked = check(&files).await.expect("checked");
    let told: Vec<_> = checked.iter().map(|(id, outcome)| (id.as_str(), outcome.is_ok())).collect();
    assert_eq!(told, [("of-file", false), ("odoo", true)]);
    let clash = definition("odoo", "O", "http://127.0.0.1:9/");
    assert!(check(&[clash]).await.expect_err("refused").starts_with("erps.odoo: "));
    office.admin.pause(&caller(everybody()), &id).await.expect("paused");
    assert_eq!(check(&files).await.expect("checked").len(), 1, "a paused ERP is asked nothing");
    assert_eq!(office.gateway.store.erps().await.expect("read").len(), 1);
    assert_eq!(office.gateway.row("odoo").await.revision, before + 1, "the pause alone");
}
