//! Who is at the other end, and whether it lets us in.

use crate::support::{Case, failed};
use adapters::ErrorKind;
use simulators::System;

pub(crate) async fn probe_ok(target: Case) {
    let stranger = target.stranger(|_| {}).expect("good settings");
    // A refresh token is good once: this target's own has been used.
    let adapter = if target.spec.system == System::QuickBooks { &target.adapter } else { &stranger };
    let info = adapter.probe(&target.ctx()).await.expect("it works");
    let company = target.simulator.simulator().company();
    assert_eq!(info.company.as_deref(), Some(company.name));
    assert_eq!(info.base_currency.map(|code| code.to_string()).as_deref(), Some(company.currency.code()));
    assert_eq!(info.time_zone.as_deref(), Some(company.time_zone));
    assert_eq!(info.missing_rights, []);
    if target.spec.system != System::QuickBooks {
        assert!(info.version.is_some_and(|version| !version.is_empty()), "a version");
    }
}

pub(crate) async fn bad_credentials_are_unauthorized(target: Case) {
    let given = target.settings();
    let secrets = target.form().iter().filter(|def| def.secret && given.iter().any(|(key, _)| *key == def.key));
    for secret in secrets {
        let wrong = |settings: &mut Vec<(&'static str, String)>| {
            settings.iter_mut().filter(|(key, _)| *key == secret.key).for_each(|(_, value)| *value = "wr0ng".into());
        };
        let stranger = target.stranger(wrong).expect("settings of the right form");
        let entity = target.entities()[0];
        target.reset();
        for _ in 0..2 {
            for error in [
                failed(stranger.probe(&target.ctx()).await),
                failed(stranger.list(&target.ctx(), entity, &target.query(entity)).await),
            ] {
                assert_eq!(error.kind, ErrorKind::Unauthorized, "{}: {error:?}", secret.key);
            }
        }
        let tried = target.spec.log_in.map_or(0, |log_in| target.simulator.stats().operation(log_in));
        assert!(tried <= 1, "{tried} log-ins: a refusal is remembered, so that the account is not locked");
    }
}

pub(crate) async fn info_names_the_erp(target: Case) {
    let info = target.adapter.info();
    assert_eq!((info.erp.as_str(), info.system), ("erp", target.spec.system.key()));
    for entity in tests::ENTITIES.iter().copied() {
        let capability = target.adapter.capability(entity);
        assert_eq!(capability.entity, entity);
        assert_eq!(capability.list, !target.adapter.sets(entity).is_empty());
    }
}
