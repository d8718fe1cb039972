//! Who may ask for what: keys, tokens, rights, limits of cost, and trusted documents, over the real server.

use crate::start;
use futures_util::future::join_all;
use gateway::config::Config;
use schema::ports::Role;
use serde_json::{Value, json};
use simulators::{Fault, FaultPlan, System};
use std::time::Duration;
use tests::{Answer, App, Setup};

const KEYED: Setup = Setup { options: |_, _| {}, configure: tests::uncached, keyed: true };

/// What a query answers to the bearer of a key.
async fn ask(app: &App, key: &str, query: &str) -> Value {
    let answer = app.post_as(Some(key), &json!({ "query": query })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn refusal(answer: &Answer) -> (u16, String, String) {
    let error = &answer.json()["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&error["extensions"]["code"]), text(&error["message"]))
}

#[tokio::test]
async fn keys_are_made_used_and_revoked_through_the_api() {
    let (app, _clock) = start(KEYED).await;
    let admin = app.key();
    let create = |fields: &str| {
        format!(
            "mutation {{ createApiKey(input: {{ {fields} }}) {{ apiKey {{ id role }} secret userErrors {{ field code message }} }} }}"
        )
    };
    let made = ask(&app, admin, &create(r#"name: "till", role: ANALYST"#)).await["data"]["createApiKey"].take();
    let (id, secret) = (made["apiKey"]["id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    let subject = ask(&app, secret, "{ viewer { subject role } }").await["data"]["viewer"]["subject"].take();
    assert!(subject.as_str().is_some_and(|subject| subject.starts_with("apikey:")), "{subject}");
    let mine = app.data("{ apiKeys { id name revokedAt } }").await;
    assert!(!mine.to_string().contains(secret));

    // Who is no administrator manages no keys.
    let refused = ask(&app, secret, &create(r#"name: "x", role: ANALYST"#)).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    let refused = ask(&app, secret, "{ auditLog { nodes { action } } }").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");

    // Nobody gives away more than they have.
    let plain = app.make_key(Role::Admin, &[], None).await;
    for (input, field, code) in [
        (r#"name: "x", role: ANALYST, scopes: ["records:raw"]"#, "scopes", "FORBIDDEN"),
        (r#"name: "x", role: ANALYST, scopes: ["world:rule"]"#, "scopes", "BAD_USER_INPUT"),
        (r#"name: " ", role: ANALYST"#, "name", "BAD_USER_INPUT"),
        (r#"name: "x", role: ANALYST, expiresAt: "2020-01-01T00:00:00Z""#, "expiresAt", "BAD_USER_INPUT"),
    ] {
        let answer = ask(&app, &plain, &create(input)).await;
        let error = &answer["data"]["createApiKey"]["userErrors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!([field]), &json!(code)), "{input}: {answer}");
    }
    let audit = create(r#"name: "x", role: SERVICE, scopes: ["audit:read", "erps:manage"]"#);
    assert!(ask(&app, &plain, &audit).await["data"]["createApiKey"]["secret"].is_string(), "the role has these itself");

    let revoke = format!(
        "mutation {{ revokeApiKey(input: {{ id: \"{id}\" }}) {{ apiKey {{ revokedAt }} userErrors {{ message }} }} }}"
    );
    let revoked = ask(&app, admin, &revoke).await;
    assert!(revoked["data"]["revokeApiKey"]["apiKey"]["revokedAt"].is_string(), "{revoked}");
    let answer = app.post_as(Some(secret), &json!({ "query": "{ viewer { subject } }" })).await;
    let (status, code, message) = refusal(&answer);
    assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"));
    assert!(message.contains("revoked"), "{message}");

    // What was done, and by whom, and that somebody came with a dead key; no secret.
    let log = loop {
        let log =
            app.data("{ auditLog(first: 100) { nodes { actor action outcome subject detail } } }").await.to_string();
        if log.contains("access.denied") {
            break log;
        }
        tokio::task::yield_now().await;
    };
    for told in ["apikey.create", "apikey.revoke", "FORBIDDEN", "127.0.0.1", "\"reason\":\"revoked\""] {
        assert!(log.contains(told), "{told} in {log}");
    }
    assert!(!log.contains("egw_"), "{log}");
}

#[tokio::test]
async fn a_principal_of_one_erp_sees_nothing_of_the_others() {
    let (app, _clock) = start(KEYED).await;
    app.warm_up().await;
    let limited = app.make_key(Role::Admin, &["records:raw"], Some(&["odoo"])).await;
    let ids = app.data("{ erps { id } invoices(first: 60) { nodes { id erp { id } } edges { cursor } } }").await;
    let invoices = ids["invoices"]["nodes"].as_array().expect("invoices");
    let others: Vec<&str> =
        invoices.iter().filter(|node| node["erp"]["id"] != "odoo").filter_map(|node| node["id"].as_str()).collect();
    assert!(others.len() > 10 && others.len() < 60, "{}", others.len());
    let erp_id = |key: &str| {
        let erps = ids["erps"].as_array().expect("ERPs").iter();
        erps.filter(|erp| erp["id"] == key).find_map(|erp| erp["id"].as_str()).expect("an ERP").to_owned()
    };

    let mut shown = Vec::new();
    let mut see = async |query: String| {
        let answer = ask(&app, &limited, &query).await;
        shown.push(answer.to_string());
        answer
    };
    let seen = see("{ erps { id name } viewer { erps { id } } }".into()).await;
    assert_eq!(
        seen["data"],
        json!({ "erps": [{ "id": "odoo", "name": "Odoo" }], "viewer": { "erps": [{ "id": "odoo" }] } })
    );
    let list = "{ invoices(first: 100) { nodes { erp { id } customer { erp { id } } } totalCount { value } sources { erp { id } calls } pageInfo { hasNextPage } } }";
    let mut listed = see(list.into()).await;
    assert_eq!(listed.get("errors"), None, "{listed}");
    let listed = listed["data"]["invoices"].take();
    assert_eq!(listed["sources"].as_array().map(Vec::len), Some(1), "{listed}");
    let own = app.data(r#"{ invoices(first: 1, erps: ["odoo"]) { totalCount { value } } }"#).await;
    assert_eq!(listed["totalCount"], own["invoices"]["totalCount"], "a count of its own ERP alone");

    // A record of another ERP is as good as none, whichever way it is asked for.
    for id in others.iter().take(5) {
        for query in [
            format!("{{ found: node(id: \"{id}\") {{ id }} }}"),
            format!("{{ found: invoice(id: \"{id}\") {{ id }} }}"),
        ] {
            let answer = see(query).await;
            assert_eq!((&answer["data"]["found"], answer.get("errors")), (&Value::Null, None), "{answer}");
        }
    }
    let many = see(format!("{{ nodes(ids: {}) {{ id }} }}", json!(others))).await;
    assert!(many["data"]["nodes"].as_array().is_some_and(|nodes| nodes.iter().all(Value::is_null)), "{many}");
    let one = others[0];
    let entity = format!(
        r#"{{ _entities(representations: [{{ __typename: "Invoice", id: "{one}" }}]) {{ ... on Invoice {{ number }} }} }}"#
    );
    let entity = see(entity).await;
    assert_eq!(entity["data"]["_entities"], json!([null]), "{entity}");
    assert_eq!(see(format!("{{ node(id: \"{}\") {{ id }} }}", erp_id("sap-b1"))).await["data"]["node"], Value::Null);

    // An ERP that it may not know of is refused as one that does not exist.
    let mut refused = Vec::new();
    for erp in ["sap-b1", "no-such"] {
        for query in [
            format!("{{ invoices(erps: [\"{erp}\"]) {{ nodes {{ id }} }} }}"),
            format!("{{ erp(id: \"{erp}\") {{ id }} }}"),
        ] {
            let answer = ask(&app, &limited, &query).await;
            let mut text = answer["errors"].to_string() + &answer["data"].to_string();
            if let Some(id) = answer["errors"][0]["extensions"]["requestId"].as_str() {
                text = text.replace(id, "");
            }
            refused.push(text.replace(erp, "…"));
        }
    }
    assert_eq!(refused[..2], refused[2..]);

    // A cursor of somebody who sees all goes on in its own ERP alone.
    let cursor = ids["invoices"]["edges"][30]["cursor"].as_str().expect("a cursor");
    let next = see(format!("{{ invoices(first: 60, after: \"{cursor}\") {{ nodes {{ erp {{ id }} }} totalCount {{ value }} sources {{ erp {{ id }} }} }} }}")).await;
    let nodes = next["data"]["invoices"]["nodes"].as_array().expect("records");
    assert!(!nodes.is_empty() && nodes.iter().all(|node| node["erp"]["id"] == "odoo"), "{next}");

    // Nothing of a failure of another ERP.
    app.erp(System::SapB1).faults().set(FaultPlan::from(Fault::status(500)).all());
    let healthy =
        see("{ invoices(first: 5, read: { mode: LIVE, onSourceError: FAIL }) { nodes { number } } }".into()).await;
    assert_eq!(healthy.get("errors"), None, "{healthy}");
    app.erp(System::SapB1).faults().clear();

    // Keys of others are not its to see or to make; nor is the audit log of what is not about its ERP.
    let key_of_all = ask(&app, app.key(), "{ apiKeys { id } }").await["data"]["apiKeys"][0]["id"].take();
    let revoke = format!("mutation {{ revokeApiKey(input: {{ id: {key_of_all} }}) {{ userErrors {{ code }} }} }}");
    let keys = see("{ apiKeys { id erps { id } } }".into()).await;
    assert_eq!(keys["data"]["apiKeys"].as_array().map(Vec::len), Some(1), "{keys}");
    if keys["data"]["apiKeys"][0]["id"] != key_of_all {
        assert_eq!(see(revoke).await["data"]["revokeApiKey"]["userErrors"][0]["code"], "NOT_FOUND");
    }
    let make = |erps: &str| {
        format!(
            "mutation {{ createApiKey(input: {{ name: \"x\", role: ANALYST{erps} }}) {{ secret userErrors {{ field code message }} }} }}"
        )
    };
    let other = ask(&app, &limited, &make(", erps: [\"sap-b1\"]")).await;
    assert_eq!(other["data"]["createApiKey"]["secret"], Value::Null, "{other}");
    let same = see(make("")).await["data"]["createApiKey"]["secret"].take();
    let erps = ask(&app, same.as_str().expect("a key"), "{ viewer { erps { id } } }").await;
    assert_eq!(erps["data"]["viewer"]["erps"], json!([{ "id": "odoo" }]), "no more than its maker");
    see("{ invoices(first: 1) { nodes { raw } } }".into()).await;
    ask(&app, app.key(), "{ invoices(first: 30) { nodes { raw } } }").await;
    let log = see("{ auditLog(first: 100) { nodes { action erp { id } detail } } }".into()).await;
    let entries = log["data"]["auditLog"]["nodes"].as_array().expect("entries");
    assert!(entries.iter().any(|entry| entry["action"] == "records.raw"), "{log}");
    assert!(entries.iter().all(|entry| entry["erp"]["id"] == "odoo"), "{log}");
    for text in shown {
        for word in ["sap", "quickbooks", "QuickBooks", "SAP"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

#[tokio::test]
async fn each_principal_has_so_many_points() {
    fn tight(config: &mut Config) {
        tests::uncached(config);
        (config.rate_limit.points_per_minute, config.rate_limit.burst) = (60, 500);
    }
    let (app, _clock) = start(Setup { configure: tight, ..KEYED }).await;
    let (ann, bob) = (app.make_key(Role::Analyst, &[], None).await, app.make_key(Role::Analyst, &[], None).await);
    let body = json!({ "query": "{ invoices(first: 10) { nodes { number } } }" });
    let first = app.post_as(Some(&ann), &body).await;
    let cost = first.json()["extensions"]["cost"]["complexity"].as_u64().expect("a cost");
    assert_eq!(first.header("ratelimit-policy"), "\"complexity\";q=500;w=500;qu=\"complexity\"");
    let left = |answer: &Answer| {
        let text = answer.header("ratelimit").to_owned();
        let left = text.split(';').find_map(|part| part.strip_prefix("r=")?.parse::<u64>().ok());
        left.unwrap_or_else(|| panic!("{text:?}"))
    };
    assert_eq!(left(&first), 500 - cost);
    // Nothing of the balance is in the body, which others may share.
    assert_eq!(first.json()["extensions"]["cost"], json!({ "complexity": cost, "limit": 100_000 }));

    // Dear, though cheaper than the limit of one query: it is executed, and then nothing is left.
    let dear = json!({ "query": "{ invoices(first: 200) { nodes { number id issueDate } } }" });
    let last = app.post_as(Some(&ann), &dear).await;
    assert_eq!((last.status, left(&last)), (200, 0));
    let refused = app.post_as(Some(&ann), &body).await;
    let (status, code, message) = refusal(&refused);
    assert_eq!((status, code.as_str()), (429, "RATE_LIMITED"), "{message}");
    assert!(message.contains("points_per_minute"), "{message}");
    let extensions = &refused.json()["errors"][0]["extensions"];
    let wait = extensions["retryAfterMs"].as_u64().expect("a time");
    assert_eq!((&extensions["retryable"], left(&refused)), (&json!(true), 0));
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert_eq!(seconds, wait.div_ceil(1000));
    // The others have points of their own.
    assert_eq!(left(&app.post_as(Some(&bob), &body).await), 500 - cost);
    tokio::time::sleep(Duration::from_millis(wait)).await;
    assert_eq!(app.post_as(Some(&ann), &json!({ "query": "{ __typename }" })).await.status, 200);
}

#[tokio::test]
async fn who_hangs_up_pays_all_the_same() {
    fn tight(config: &mut Config) {
        tests::uncached(config);
        (config.rate_limit.points_per_minute, config.rate_limit.burst) = (1, 100_000);
    }
    let app = App::start(Setup { configure: tight, ..KEYED }).await;
    app.warm_up().await;
    let key = app.make_key(Role::Analyst, &[], None).await;
    app.erp(System::Odoo).faults().set(Fault::DelayAnswer { ms: 300 });
    let body = json!({ "query": "{ invoices(first: 200, erps: [\"odoo\"]) { nodes { number id } } }" });
    let request = tests::client().post(format!("{}/graphql", app.url)).bearer_auth(&key);
    let request = request.header("content-type", "application/json").body(body.to_string()).send();
    let hung_up = async {
        while app.erp(System::Odoo).stats().in_flight == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = request => panic!("it was answered"),
        () = hung_up => {}
    }
    for _ in 0..2000 {
        let answer = app.post_as(Some(&key), &json!({ "query": "{ __typename }" })).await;
        let left: u64 =
            answer.header("ratelimit").split(['=', ';']).nth(2).expect("a number").parse().expect("a number");
        if left < 99_500 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nothing was charged");
}

#[tokio::test]
async fn tokens_are_read_where_they_are_set_up() {
    const MADE: &str = include_str!("../../../gateway/src/auth/testdata/tokens.json");
    fn with_tokens(config: &mut Config) {
        let made: Value = serde_json::from_str(MADE).expect("JSON");
        config.jwt.secret = made["secret"].as_str().expect("a text").into();
        config.jwt.audience = vec!["erp-gateway".into()];
    }
    let app = App::start(Setup { configure: with_tokens, ..KEYED }).await;
    let made: Value = serde_json::from_str(MADE).expect("JSON");
    for (name, says) in [
        // That it has expired is told only of a token whose signature is good.
        ("hs256", "expired"),
        ("none", "not signed"),
        ("rs256", "signed with this"),
        ("hs256 of another secret", "trusts"),
    ] {
        let token = made["tokens"][name].as_str().expect("a token");
        let (status, code, message) = refusal(&app.post_as(Some(token), &json!({ "query": "{ __typename }" })).await);
        assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"), "{name}");
        assert!(message.contains(says), "{name}: {message}");
    }
}

#[tokio::test]
async fn only_trusted_documents_where_that_is_asked_for() {
    fn trusting(config: &mut Config) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/trusted.json");
        (config.persisted_queries.trusted_file, config.persisted_queries.trusted_only) = (file.into(), true);
    }
    let app = App::start(Setup { configure: trusting, ..KEYED }).await;
    let key = app.make_key(Role::Analyst, &[], None).await;
    let id = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    for body in [
        json!({ "documentId": id }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": id } } }),
        json!({ "query": "{__typename}" }),
    ] {
        let answer = app.post_as(Some(&key), &body).await;
        assert_eq!((answer.status, &answer.json()["data"]["__typename"]), (200, &json!("Query")), "{}", answer.text());
    }
    let by_get = app.get(&format!("/graphql?documentId={id}"), &[("authorization", &format!("Bearer {key}"))]).await;
    assert_eq!(by_get.status, 200, "{}", by_get.text());
    let code = |answer: Answer| refusal(&answer).1;
    let free = json!({ "query": "{ __schema { types { name } } }" });
    assert_eq!(code(app.post_as(Some(&key), &free).await), "QUERY_NOT_IN_SAFELIST");
    assert_eq!(code(app.post_as(Some(&key), &json!({ "documentId": "x" })).await), "PERSISTED_QUERY_NOT_IN_LIST");
    assert_eq!(app.post_as(Some(app.key()), &free).await.json().get("errors"), None, "administrators may");
}

/// The figure that the access rules are judged by. A call to an ERP that is under way is joined by those who may see and do the
/// same, and by nobody else.
#[tokio::test]
async fn equal_rights_share_what_is_in_flight_and_distinct_rights_nothing() {
    const CROWD: usize = 64;
    fn patient(config: &mut Config) {
        tests::uncached(config);
        (config.read.wait_ms, config.read.call_ms, config.limits.request_ms) = (300_000, 300_000, 300_000);
    }
    let app = App::start(Setup { configure: patient, ..KEYED }).await;
    app.warm_up().await;
    let mut distinct = Vec::new();
    for number in 0..CROWD {
        let role = if number % 2 == 0 { Role::Manager } else { Role::Analyst };
        let scopes: Vec<&str> = schema::ports::SCOPES
            .into_iter()
            .enumerate()
            .filter(|(at, _)| (number >> (at + 1)) & 1 == 1)
            .map(|(_, scope)| scope)
            .collect();
        distinct.push(app.make_key(role, &scopes, Some(&["odoo"])).await);
    }
    let mut equal = Vec::new();
    for _ in 0..CROWD {
        equal.push(app.make_key(Role::Analyst, &[], Some(&["odoo"])).await);
    }
    let body = json!({ "query": "{ invoices(first: 5) { nodes { number customer { name } } totalCount { value } } }" });
    let calls = async |keys: &[String], ms| {
        app.erp(System::Odoo).faults().set(FaultPlan::from(Fault::DelayAnswer { ms }).all());
        app.reset();
        let answers = join_all(keys.iter().map(|key| app.post_as(Some(key), &body))).await;
        let data: Vec<_> = answers.iter().map(|answer| answer.json()["data"].to_string()).collect();
        assert!(data.iter().all(|one| *one == data[0] && one.contains("number")), "{}", data[0]);
        app.requests()[0]
    };
    let one = calls(&equal[..1], 0).await;
    // Long enough for all of them to come while the first is answered.
    let (same, apart) = (calls(&equal, 2000).await, calls(&distinct, 50).await);
    println!(
        "upstream calls of one principal: {one}; of {CROWD} at once with equal rights: {same}; with distinct rights: {apart}"
    );
    assert_eq!((same, apart), (one, one * CROWD as u64));
}
