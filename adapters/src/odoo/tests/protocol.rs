//! Log-ins, transports, what calls carry, and what becomes of refusals.

use super::fake::{API_KEY, Asked, FakeOdoo, PASSWORD, ctx, row};
use crate::{
    adapter::{Adapter, ListQuery, Order, RawCall, SetStart},
    error::ErrorKind,
    filter::Filter,
    model::{Direction, EntityType, FieldSet},
};
use serde_json::{Value, json};
use std::sync::Arc;

fn partners(version: u32) -> FakeOdoo {
    let mut odoo = FakeOdoo::new(version);
    let partner = |id: u32| {
        row(
            json!({ "id": id, "name": "A", "complete_name": "A", "display_name": "A", "active": true, "customer_rank": 1,
            "company_id": false, "state_id": [5, "Bremen (DE)"], "city": "Bremen", "country_code": "DE" }),
        )
    };
    odoo.tables.insert("res.partner", (1..=3).map(partner).collect());
    odoo
}

fn first(entity: EntityType, fields: &[&str]) -> ListQuery {
    let def = entity.def();
    ListQuery {
        sets: vec![SetStart { set: "res.partner".into(), after: None }],
        filter: Filter::ALL,
        order: vec![Order { field: def.id_of("name").expect("a field"), direction: Direction::Asc }],
        limit: 2,
        fields: fields.iter().map(|name| def.id_of(name).expect("a field")).collect(),
    }
}

async fn list(odoo: &dyn Adapter) -> crate::Result<usize> {
    let page = odoo.list(&ctx(), EntityType::Customer, &first(EntityType::Customer, &["name"])).await?;
    Ok(page.sets[0].rows.len())
}

fn paths(asked: &[Asked]) -> Vec<&str> {
    let mut paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    paths.dedup();
    paths
}

#[tokio::test]
async fn version_and_credential_choose_the_transport() {
    for (version, credential, expected) in [
        (19, ("api_key", API_KEY), "/json/2/res.partner/search_read"),
        (18, ("api_key", API_KEY), "/jsonrpc"),
        (14, ("api_key", API_KEY), "/jsonrpc"),
        (19, ("password", PASSWORD), "/web/dataset/call_kw/res.partner/search_read"),
    ] {
        let (odoo, fake) = partners(version).connect(&[credential]);
        assert_eq!(list(&odoo).await.expect("a page"), 2, "{version}");
        assert_eq!(fake.searches("res.partner")[0].path, expected, "{version}");
    }
    let (odoo, fake) = partners(19).connect(&[("api_key", API_KEY), ("transport", "jsonrpc")]);
    assert_eq!(list(&odoo).await.expect("a page"), 2);
    assert_eq!(fake.searches("res.partner")[0].path, "/jsonrpc", "the setting decides");
    let (odoo, _) = partners(18).connect(&[("api_key", API_KEY), ("transport", "json2")]);
    let error = list(&odoo).await.expect_err("too old");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Unsupported, "This is Odoo 18.0: the transport json2 needs version 19.")
    );
    let (odoo, _) = partners(13).connect(&[("password", PASSWORD)]);
    assert!(list(&odoo).await.expect_err("too old").message.contains("version 14 and later"));
}

#[tokio::test]
async fn calls_carry_company_language_and_nothing_hidden() {
    let (odoo, fake) = partners(17).connect(&[("password", PASSWORD), ("language", "de_DE")]);
    list(&odoo).await.expect("a page");
    let asked = &fake.searches("res.partner")[0];
    assert_eq!(asked.named["context"], json!({ "lang": "de_DE", "allowed_company_ids": [3], "active_test": false }));
    assert_eq!(asked.named["domain"], json!(["&", ["customer_rank", ">", 0], ["company_id", "in", [3, 9, false]]]));
    assert_eq!((&asked.named["order"], &asked.named["limit"]), (&json!("complete_name, id"), &json!(3)));
    assert_eq!(asked.named["fields"], json!(["id", "complete_name"]));
    assert_eq!(asked.named.get("load"), Some(&Value::Null), "bare ids");
    odoo.list(&ctx(), EntityType::Customer, &first(EntityType::Customer, &["billingAddress"])).await.expect("a page");
    assert_eq!(fake.searches("res.partner")[1].named.get("load"), None, "the name of a state is asked for");
}

#[tokio::test]
async fn what_odoo_says_of_itself_is_asked_once() {
    let (odoo, fake) = partners(19).connect(&[("api_key", API_KEY)]);
    let (a, b, c) = tokio::join!(list(&odoo), list(&odoo), list(&odoo));
    assert!([a, b, c].iter().all(Result::is_ok));
    let calls = ctx();
    odoo.list(&calls, EntityType::Customer, &first(EntityType::Customer, &["name"])).await.expect("a page");
    assert_eq!(calls.calls_made(), 1, "then a list is one call");
    let asked = fake.asked();
    for once in ["/web/webclient/version_info", "/json/2/res.company/search_read", "/json/2/res.partner/fields_get"] {
        assert_eq!(asked.iter().filter(|asked| asked.path == once).count(), 1, "{once}");
    }
}

#[tokio::test]
async fn a_lost_session_costs_one_log_in_for_all() {
    for several_databases in [false, true] {
        let mut fake = partners(17);
        fake.several_databases = several_databases;
        let (odoo, fake) = fake.connect(&[("password", PASSWORD)]);
        list(&odoo).await.expect("a page");
        fake.end_sessions();
        let outcomes = futures_util::future::join_all((0..5).map(|_| list(&odoo))).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(2))), "{outcomes:?}");
        let log_ins = fake.asked().iter().filter(|asked| asked.method == "authenticate").count();
        assert_eq!(log_ins, 2, "one at first, one after it was lost");
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_not_shown() {
    for settings in [
        [("password", "wrong-secret"), ("transport", "session")],
        [("password", "wrong-secret"), ("transport", "jsonrpc")],
        [("api_key", "wrong-secret"), ("transport", "jsonrpc")],
        [("api_key", "wrong-secret"), ("transport", "json2")],
    ] {
        let (odoo, fake) = partners(19).connect(&settings);
        let error = odoo.probe(&ctx()).await.expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Unauthorized, "{settings:?}");
        assert!(!format!("{error:?}").contains("wrong-secret"));
        let before = fake.asked().len();
        odoo.probe(&ctx()).await.expect_err("refused");
        if settings[1].1 != "json2" {
            assert_eq!(
                paths(&fake.asked()[before..]),
                ["/web/webclient/version_info"],
                "the log-in is not tried again at once"
            );
        }
    }
}

#[tokio::test]
async fn the_company_of_the_setting_has_to_be_one_of_the_users() {
    let (odoo, _) = partners(17).connect(&[("password", PASSWORD), ("company_id", "5")]);
    let error = odoo.probe(&ctx()).await.expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Config);
    assert_eq!(
        error.message,
        "The Odoo user has no access to company 5, but to 3 (Acme): correct the setting company_id."
    );
    let (odoo, _) = partners(17).connect(&[("password", PASSWORD), ("company_id", "3")]);
    let info = odoo.probe(&ctx()).await.expect("a probe");
    assert_eq!((info.version.as_deref(), info.company.as_deref()), (Some("17.0"), Some("Acme")));
    assert_eq!((info.base_currency, info.time_zone.as_deref()), ("USD".parse().ok(), Some("Europe/Berlin")));
    assert!(info.missing_rights.is_empty());
}

#[tokio::test]
async fn a_module_that_is_not_installed_takes_its_entity_away() {
    let mut fake = partners(17);
    fake.missing = ["sale.order", "sale.order.line"].into();
    let (odoo, _) = fake.connect(&[("password", PASSWORD)]);
    assert!(odoo.capability(EntityType::SalesOrder).list, "at best");
    let query = ListQuery {
        sets: vec![SetStart { set: "sale.order".into(), after: None }],
        order: Vec::new(),
        ..first(EntityType::Customer, &[])
    };
    let error = odoo.list(&ctx(), EntityType::SalesOrder, &query).await.expect_err("not installed");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Unsupported, "This Odoo has no SalesOrder: its module is not installed.")
    );
    assert!(!odoo.capability(EntityType::SalesOrder).list);
    let found = odoo.get_many(&ctx(), EntityType::Invoice, &[], FieldSet::EMPTY).await.expect("nothing");
    assert!(found.is_empty());
}

#[tokio::test]
async fn what_changed_in_odoo_is_asked_anew() {
    let mut fake = partners(17);
    fake.gone = "complete_name";
    let (odoo, fake) = fake.connect(&[("password", PASSWORD)]);
    let described = || fake.asked().iter().filter(|asked| asked.method == "fields_get").count();
    for _ in 0..3 {
        let error = list(&odoo).await.expect_err("the field is gone");
        assert_eq!(error.kind, ErrorKind::Unsupported);
    }
    assert_eq!(described(), 2, "at first, and once again");
}

#[tokio::test]
async fn a_raw_call_is_odoos_own() {
    let (odoo, fake) = partners(17).connect(&[("password", PASSWORD)]);
    let call = |args, kwargs| RawCall { target: "res.partner".into(), method: "search_count".into(), args, kwargs };
    let count = odoo.call(&ctx(), &call(json!([[["id", ">", 1]]]), json!({ "context": { "lang": "fr_FR" } }))).await;
    assert_eq!(count.expect("a count"), json!(2));
    let asked: Vec<_> = fake.asked().into_iter().filter(|asked| asked.method == "search_count").collect();
    assert_eq!(
        asked[0].named["context"],
        json!({ "lang": "fr_FR", "allowed_company_ids": [3] }),
        "active_test is Odoo's own"
    );
    let error = odoo.call(&ctx(), &call(json!("x"), json!(null))).await.expect_err("no list");
    assert_eq!(error.kind, ErrorKind::Invalid);
    let (odoo, _) = partners(19).connect(&[("api_key", API_KEY)]);
    let error = odoo.call(&ctx(), &call(json!([[]]), json!(null))).await.expect_err("no places in /json/2");
    assert_eq!(error.kind, ErrorKind::Invalid);
    let shared: Arc<dyn Adapter> = Arc::new(odoo);
    assert_eq!(shared.call(&ctx(), &call(json!(null), json!({ "domain": [] }))).await.expect("a count"), json!(3));
}
