//! Secrets stay where they are: not in errors, not in `Debug`, not in logs.

use crate::{
    log::Log,
    support::{Case, failed},
};
use adapters::{
    Error,
    adapter::{ListQuery, RawCall},
    model::EntityType,
    settings::Settings,
};
use simulators::{Fault, FaultPlan};
use std::time::Duration;

pub(crate) async fn no_secret_in_errors_or_debug(target: Case) {
    let (log, _logging) = Log::start();
    let mut secrets = target.secrets().await;
    assert!(!secrets.is_empty());
    let mut errors = Vec::new();
    for (fault, log_in_too) in [
        (Fault::status(400), false),
        (Fault::status(401), true),
        (Fault::status(403), true),
        (Fault::status(404), false),
        (Fault::status(429), true),
        (Fault::status(500), true),
        (Fault::HtmlPage, true),
        (Fault::TruncatedJson, true),
        (Fault::Disconnect, true),
        (Fault::Hang, true),
    ] {
        let plan = FaultPlan::from(fault);
        target.simulator.faults().set(if log_in_too { plan.all() } else { plan });
        // A stranger has to log in first.
        let stranger = target.stranger(|_| {}).expect("good settings");
        errors.extend(all_errors(&target, &*stranger).await);
        errors.extend(all_errors(&target, &*target.adapter).await);
        target.simulator.faults().clear();
    }
    let secret = |key: &str| target.form().iter().any(|def| def.key == key && def.secret);
    let wrong = target.stranger(|settings| {
        settings.iter_mut().filter(|(key, _)| secret(key)).for_each(|(_, value)| *value = "wr0ng-credential".into());
    });
    secrets.push("wr0ng-credential".into());
    errors.extend(all_errors(&target, &*wrong.expect("settings of the right form")).await);
    assert!(errors.len() > 20, "{} failures", errors.len());
    let hidden = |what: &str, text: &str| {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{what} shows {secret}: {text}");
        }
    };
    for error in &errors {
        hidden("an error", &format!("{error} {error:?} {error:#?}"));
    }

    // An ERP that repeats what it was sent: a client must not see it, nor any of the ERP's own words.
    let echo = format!("{{\"error\": \"Traceback in /srv/erp/auth.py: {}\"}}", secrets.join(" "));
    target.simulator.faults().set(Fault::Status { status: 500, body: Some(echo), retry_after: None });
    let stranger = target.stranger(|_| {}).expect("good settings");
    for error in all_errors(&target, &*stranger).await {
        hidden("a message", &error.message);
        assert!(!error.message.contains("Traceback"), "{}", error.message);
    }
    target.simulator.faults().clear();

    let settings = target.settings().into_iter().map(|(key, value)| (key.to_owned(), value));
    let settings = Settings::new(target.form(), settings).expect("good settings");
    hidden("Debug of the settings", &format!("{settings:?} {settings:#?}"));
    hidden("Debug of the services", &format!("{:?}", target.services.tokens.load(&"erp".into()).await));
    let logged = log.text();
    assert!(!logged.is_empty());
    // The echo is the ERP's own doing, and details may hold the ERP's words: such lines are an operator's to see.
    for line in logged.lines().filter(|line| !line.contains("Traceback")) {
        hidden("the log", line);
    }
}

/// The errors of whatever fails now.
async fn all_errors(target: &Case, adapter: &dyn adapters::adapter::Adapter) -> Vec<Error> {
    let entity = EntityType::Customer;
    let ctx = || target.ctx_for(Duration::from_millis(500));
    let call = RawCall {
        target: "nothing".into(),
        method: "GET".into(),
        args: serde_json::json!([]),
        kwargs: serde_json::json!({}),
    };
    let mut errors = vec![failed(adapter.call(&ctx(), &call).await)];
    errors.extend(adapter.probe(&ctx()).await.err());
    errors.extend(adapter.list(&ctx(), entity, &ListQuery { limit: 2, ..target.query(entity) }).await.err());
    errors
}
