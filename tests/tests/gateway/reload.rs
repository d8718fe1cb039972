//! Settings that change while requests are under way.

use crate::clock::FastClock;
use axum::{Router, routing::get};
use gateway::config::Config;
use serde_json::{Value, json};
use simulators::{Fault, System};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tests::{App, Setup};

const LIST: &str =
    r#"{ invoices(first: 3, erps: ["odoo"]) { nodes { number customer { name } } sources { status } } }"#;

/// The statuses of the sources of [`LIST`].
fn statuses(answer: &Value) -> &Value {
    &answer["data"]["invoices"]["sources"][0]["status"]
}

#[tokio::test]
async fn a_request_under_way_ends_as_it_began() {
    let app = Arc::new(App::start(Setup::default()).await);
    app.warm_up().await;
    app.erp(System::Odoo).faults().set(Fault::DelayAnswer { ms: 300 });
    let slow = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.query(LIST).await }
    });
    while app.erp(System::Odoo).stats().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    // Cut off, the caches that it fills are new ones, and another ERP is gone from the file.
    let changed = app.reload(|config| {
        config.limits.depth = 2;
        config.cache.max_bytes /= 2;
        config.erps.remove("sap-b1");
    });
    assert_eq!(changed.await, Ok(vec![]));
    assert!(!slow.is_finished());
    let (code, message) = app.error(LIST).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX");
    assert!(message.contains("limits.depth") || message.contains("depth"), "{message}");
    assert_eq!(app.data("{ erps { id } }").await["erps"].as_array().map(Vec::len), Some(2));
    let answer = slow.await.expect("no panic");
    assert_eq!((statuses(&answer), answer["errors"].is_null()), (&json!("OK"), true), "{answer}");
    assert!(answer["data"]["invoices"]["nodes"][2]["customer"]["name"].is_string(), "{answer}");

    app.erp(System::Odoo).faults().clear();
    assert_eq!(app.reload(|_| {}).await, Ok(vec![]));
    assert_eq!(statuses(&app.query(LIST).await), "OK");
    assert_eq!(app.data("{ erps { id } }").await["erps"].as_array().map(Vec::len), Some(3), "it is connected again");
}

#[tokio::test]
async fn what_a_change_does_not_concern_stays_in_memory() {
    let app = App::start(Setup { configure: |_| {}, ..Setup::default() }).await;
    let reads = || app.erp(System::Odoo).stats().operation("search_read account.move");
    app.data(LIST).await;
    assert_eq!(reads(), 1, "{:?}", app.erp(System::Odoo).stats());
    assert_eq!(app.reload(|config| config.limits.depth = 14).await, Ok(vec![]));
    app.data(LIST).await;
    assert_eq!(reads(), 1, "records are kept over a change of limits");
    assert_eq!(app.reload(|config| config.cache.fresh_seconds = 0).await, Ok(vec![]));
    app.data(LIST).await;
    assert!(reads() > 1, "but not over one of the cache");
}

#[tokio::test]
async fn wrong_settings_change_nothing() {
    let app = App::start(Setup::default()).await;
    type Change = fn(&mut Config);
    let wrong: [(&str, Change); 4] = [
        ("cors_origins", |config| config.server.cors_origins = vec!["nowhere".into()]),
        ("alerts.webhook_url", |config| config.alerts.webhook_url = "nowhere".into()),
        ("erps.odoo", |config| {
            config.erps.get_mut("odoo").expect("an ERP").settings = gateway::config::SettingValues::new([]);
        }),
        ("erps.Wrong", |config| {
            let odoo = config.erps["odoo"].clone();
            config.erps.insert("Wrong".into(), odoo);
        }),
    ];
    for (named, change) in wrong {
        let refused = app.reload(|config| {
            config.limits.depth = 2;
            change(config);
        });
        let why = refused.await.expect_err("refused");
        assert!(why.contains(named), "{named}: {why}");
        assert_eq!(statuses(&app.query(LIST).await), "OK", "{named}");
    }
}

/// Tokens that another library made, and what they are checked with. They have expired: nothing but a long leeway lets them in.
struct Tokens(Value);

impl Tokens {
    fn made() -> Self {
        Self(serde_json::from_str(include_str!("../../../gateway/src/auth/testdata/tokens.json")).expect("JSON"))
    }

    fn token(&self, name: &str) -> &str {
        self.0["tokens"][name].as_str().expect("a token")
    }

    /// Tokens by the secret are good.
    fn by_secret(&self, config: &mut Config) {
        config.jwt.secret = self.0["secret"].as_str().expect("a text").into();
        config.jwt.audience = vec!["erp-gateway".into()];
        config.jwt.leeway_seconds = u32::MAX;
    }

    /// Tokens by the keys at a place are good.
    fn by_keys(&self, config: &mut Config, place: &str) {
        self.by_secret(config);
        config.jwt.secret = "".into();
        config.jwt.jwks = place.into();
    }

    /// Who the gateway says that a token is of, or why it is not let in.
    async fn said(&self, app: &App, name: &str) -> String {
        let answer = app.post_as(Some(self.token(name)), &json!({ "query": "{ viewer { subject } }" })).await;
        let answer = answer.json();
        let said = answer["data"]["viewer"]["subject"].as_str().or(answer["errors"][0]["message"].as_str());
        said.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

/// Where an identity provider shows its keys, and how often it was asked.
async fn identity_provider(keys: &Value) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let (keys, count) = (keys.to_string(), Arc::clone(&asked));
    let answer = async move || {
        count.fetch_add(1, Ordering::Relaxed);
        keys
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().route("/keys", get(answer.clone())).route("/other/keys", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

const KEYED: Setup = Setup { options: |_, _| {}, configure: tests::uncached, keyed: true };

#[tokio::test]
async fn tokens_are_checked_by_the_settings_of_the_last_reload() {
    let (app, tokens) = (App::start(KEYED).await, Tokens::made());
    let (idp, _) = identity_provider(&tokens.0["jwks"]).await;
    let keys = format!("{idp}/keys");
    let unknown = "These credentials are not known.";
    type Change<'c> = &'c dyn Fn(&mut Config);
    let changes: [(Change, &str, &str); 7] = [
        (&|_| {}, unknown, unknown),
        (&|config| tokens.by_secret(config), "ann", "The gateway takes no tokens that are signed with this"),
        (
            &|config| {
                tokens.by_secret(config);
                config.jwt.audience = vec!["somebody-else".into()];
            },
            "The token is for another audience",
            "The gateway takes no tokens that are signed with this",
        ),
        (
            &|config| {
                tokens.by_secret(config);
                config.jwt.issuer = "https://other.example".into();
            },
            "The token comes from another issuer",
            "The gateway takes no tokens that are signed with this",
        ),
        (
            &|config| {
                tokens.by_secret(config);
                config.jwt.secret = "another secret, which signed none of the tokens".into();
            },
            "The token is not signed by a key that the gateway trusts",
            "The gateway takes no tokens that are signed with this",
        ),
        (&|config| tokens.by_keys(config, &keys), "The gateway takes no tokens that are signed with this", "ann"),
        (&|_| {}, unknown, unknown),
    ];
    for (step, (change, by_secret, by_key)) in changes.into_iter().enumerate() {
        assert_eq!(app.reload(change).await, Ok(vec![]), "{step}");
        for (name, wanted) in [("hs256", by_secret), ("rs256", by_key)] {
            let said = tokens.said(&app, name).await;
            assert!(said.starts_with(wanted), "{step}: {name}: {said}");
        }
        assert!(
            app.data("{ viewer { subject } }").await["viewer"]["subject"].is_string(),
            "keys are as good as before"
        );
    }
}

#[tokio::test]
async fn who_was_let_in_gets_the_answer_though_tokens_are_good_no_more() {
    let (app, tokens) = (Arc::new(App::start(KEYED).await), Arc::new(Tokens::made()));
    assert_eq!(app.reload(|config| tokens.by_secret(config)).await, Ok(vec![]));
    app.warm_up().await;
    app.erp(System::Odoo).faults().set(Fault::DelayAnswer { ms: 300 });
    let slow = tokio::spawn({
        let (app, tokens) = (Arc::clone(&app), Arc::clone(&tokens));
        async move { app.post_as(Some(tokens.token("hs256")), &json!({ "query": LIST })).await.json() }
    });
    while app.erp(System::Odoo).stats().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(app.reload(|_| {}).await, Ok(vec![]));
    assert!(tokens.said(&app, "hs256").await.contains("not known"));
    assert!(!slow.is_finished());
    assert_eq!(statuses(&slow.await.expect("no panic")), "OK");
}

#[tokio::test]
async fn wrong_settings_of_tokens_change_nothing() {
    let (app, tokens) = (App::start(KEYED).await, Tokens::made());
    assert_eq!(app.reload(|config| tokens.by_secret(config)).await, Ok(vec![]));
    let (idp, _) = identity_provider(&json!("no keys")).await;
    type Change<'c> = &'c dyn Fn(&mut Config);
    let wrong: [(&str, Change); 7] = [
        ("jwt.audience: ", &|config| config.jwt.audience = vec![]),
        ("jwt.secret: ", &|config| config.jwt.secret = "short".into()),
        ("jwt.jwks: /no/such/file", &|config| config.jwt.jwks = "/no/such/file".into()),
        ("jwt.jwks: ", &|config| config.jwt.jwks = "http://id.example/keys".into()),
        ("jwt.jwks: the address answered with status 404", &|config| config.jwt.jwks = format!("{idp}/nothing")),
        ("jwt.jwks: ", &|config| config.jwt.jwks = format!("{idp}/keys")),
        // What is wrong need not be in the section: then the section is not taken over.
        ("alerts.webhook_url", &|config| {
            config.jwt.audience = vec!["somebody-else".into()];
            config.alerts.webhook_url = "nowhere".into();
        }),
    ];
    for (told, change) in wrong {
        let refused = app.reload(|config| {
            tokens.by_secret(config);
            config.limits.depth = 2;
            change(config);
        });
        let why = refused.await.expect_err(told);
        assert!(why.starts_with(told), "{told}: {why}");
        assert_eq!(tokens.said(&app, "hs256").await, "ann", "{told}");
        assert_eq!(statuses(&app.query(LIST).await), "OK", "{told}");
    }
}

#[tokio::test]
async fn keys_of_the_same_place_are_not_fetched_again() {
    let (app, tokens) = (App::start(KEYED).await, Tokens::made());
    let (idp, asked) = identity_provider(&tokens.0["jwks"]).await;
    let keys = format!("{idp}/keys");
    let said = async |asked_so_far: usize| {
        assert_eq!((tokens.said(&app, "es256").await.as_str(), asked.load(Ordering::Relaxed)), ("ann", asked_so_far));
    };
    assert_eq!(app.reload(|config| tokens.by_keys(config, &keys)).await, Ok(vec![]));
    said(1).await;
    let other_limits = app.reload(|config| {
        tokens.by_keys(config, &keys);
        config.limits.depth = 14;
    });
    assert_eq!(other_limits.await, Ok(vec![]));
    said(1).await;
    let other_audience = app.reload(|config| {
        tokens.by_keys(config, &keys);
        config.jwt.audience.push("somebody-else".into());
    });
    assert_eq!(other_audience.await, Ok(vec![]));
    said(1).await;
    assert_eq!(app.reload(|config| tokens.by_keys(config, &format!("{idp}/other/keys"))).await, Ok(vec![]));
    said(2).await;
}

#[tokio::test]
async fn a_key_that_is_revoked_is_dead_at_once_after_a_reload_too() {
    let (app, tokens) = (App::start(KEYED).await, Tokens::made());
    let make = "mutation { createApiKey(input: { name: \"till\", role: ANALYST }) { apiKey { id } secret } }";
    let made = app.data(make).await["createApiKey"].take();
    let (id, key) = (&made["apiKey"]["id"], made["secret"].as_str().expect("a key"));
    let status = async || app.post_as(Some(key), &json!({ "query": "{ __typename }" })).await.status;
    assert_eq!(status().await, 200);
    assert_eq!(app.reload(|config| tokens.by_secret(config)).await, Ok(vec![]));
    assert_eq!(status().await, 200);
    let revoke = format!("mutation {{ revokeApiKey(input: {{ id: {id} }}) {{ userErrors {{ message }} }} }}");
    assert_eq!(app.data(&revoke).await["revokeApiKey"]["userErrors"], json!([]));
    assert_eq!(status().await, 401);
}

#[tokio::test]
async fn erps_are_asked_as_often_as_the_last_reload_says() {
    fn seldom(config: &mut Config) {
        tests::uncached(config);
        config.read.health_seconds = 1_000_000;
    }
    let app = App::start(Setup { configure: seldom, ..Setup::default() }).await;
    assert_eq!(app.reload(|config| config.read.health_seconds = 60).await, Ok(vec![]));
    app.reset();
    // Not before: the patience of the store with its file would pass in no time.
    let clock = FastClock::start();
    app.erps().for_each(|erp| clock.take_along(erp));
    for _ in 0..1000 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if app.requests().iter().all(|requests| *requests > 0) {
            return;
        }
    }
    panic!("not every ERP was asked: {:?}", app.requests());
}

#[tokio::test]
async fn other_origins_may_ask_once_they_are_named() {
    let app = App::start(Setup::default()).await;
    let allowed = async || {
        let headers = [("content-type", "application/json"), ("origin", "https://app.example")];
        let query = json!({ "query": "{ __typename }" }).to_string().into_bytes();
        let answer = app.send("POST", "/graphql", &headers, query).await;
        answer.header("access-control-allow-origin").to_owned()
    };
    assert_eq!(allowed().await, "");
    assert_eq!(app.reload(|config| config.server.cors_origins = vec!["https://app.example".into()]).await, Ok(vec![]));
    assert_eq!(allowed().await, "https://app.example");
}

#[tokio::test]
async fn what_only_a_new_start_takes_over_is_told() {
    let app = App::start(Setup::default()).await;
    let changed = app.reload(|config| {
        config.server.listen = ([127, 0, 0, 1], 1).into();
        config.store.url = "sqlite:elsewhere.db".into();
        config.limits.depth = 14;
    });
    assert_eq!(changed.await, Ok(vec!["server.listen", "store.url"]));
}
