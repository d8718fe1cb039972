//! The life of tokens: stored before they are used, never lost, never shown.

use super::*;
use crate::{
    http::{Auth, Http, Request, Response, Signed},
    model::ErpId,
    oauth::{App, RENEW, RotatingTokens},
    tokens::{Lease, MemoryTokens, TokenStore, Tokens},
};
use chrono::TimeDelta;
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use url::form_urlencoded;

/// Intuit: a token service that accepts the newest refresh token only, and an API that accepts the newest access token.
struct Intuit {
    refresh: Mutex<String>,
    log: Mutex<Vec<String>>,
    /// What is in the store when an access token arrives at the API.
    store: Arc<Store>,
}

#[derive(Default)]
struct Store {
    inner: MemoryTokens,
    broken: AtomicBool,
    /// What another gateway stores after each look, the last first.
    next: Mutex<Vec<Tokens>>,
}

#[async_trait]
impl TokenStore for Store {
    async fn load(&self, erp: &ErpId) -> Result<Option<Tokens>> {
        let loaded = self.inner.load(erp).await?;
        let next = self.next.lock().expect("not poisoned").pop();
        if let Some(next) = next {
            self.inner.save(erp, &next).await?;
        }
        Ok(loaded)
    }

    async fn save(&self, erp: &ErpId, tokens: &Tokens) -> Result<()> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "the store is out of order"));
        }
        self.inner.save(erp, tokens).await
    }

    async fn lease(&self, erp: &ErpId) -> Result<Option<Lease>> {
        self.inner.lease(erp).await
    }
}

#[async_trait]
impl Http for Intuit {
    async fn send(&self, _: &Ctx, request: Request) -> Result<Response> {
        let authorization = request.headers.get(AUTHORIZATION).expect("credentials").to_str().expect("text").to_owned();
        let answer = |status, body: String| Response {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: HeaderMap::new(),
            body: body.into(),
        };
        if request.operation == RENEW {
            assert_eq!(authorization, "Basic QUIxOmh1c2g=");
            let form: HashMap<_, _> =
                form_urlencoded::parse(request.body.as_deref().expect("a form")).into_owned().collect();
            assert_eq!(form["grant_type"], "refresh_token");
            self.log.lock().expect("not poisoned").push(format!("buy {}", form["refresh_token"]));
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut current = self.refresh.lock().expect("not poisoned");
            if *current != form["refresh_token"] {
                return Ok(answer(
                    400,
                    include_str!("../../../../tests/golden/quickbooks/token_invalid_grant.json").to_owned(),
                ));
            }
            let number: u32 = current.trim_start_matches("RT").parse().expect("a number");
            *current = format!("RT{}", number + 1);
            let body = format!(
                r#"{{"token_type":"bearer","access_token":"AT{0}","refresh_token":"RT{0}","expires_in":3600,"x_refresh_token_expires_in":8726400}}"#,
                number + 1
            );
            return Ok(answer(200, body));
        }
        let token = authorization.trim_start_matches("Bearer ").to_owned();
        let stored = self.store.inner.load(&"books".into()).await?.map(|t| t.access.expose_secret().to_owned());
        assert_eq!(stored.as_ref(), Some(&token), "stored before it is used");
        self.log.lock().expect("not poisoned").push(format!("call {token}"));
        if token == "AT0" {
            return Ok(answer(
                401,
                include_str!("../../../../tests/golden/quickbooks/fault_401_gateway.json").to_owned(),
            ));
        }
        Ok(answer(200, r#"{"QueryResponse":{}}"#.to_owned()))
    }
}

impl Intuit {
    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().expect("not poisoned"))
    }
}

fn tokens(access: &str, refresh: &str, minutes: i64) -> Tokens {
    Tokens {
        access: access.into(),
        access_expires_at: ctx().now + TimeDelta::minutes(minutes),
        refresh: refresh.into(),
    }
}

/// Intuit with this refresh token, the store with these tokens, and one gateway.
async fn gateway(accepts: &str, stored: Option<Tokens>) -> (Arc<Intuit>, BoxHttp) {
    let store = Arc::new(Store::default());
    if let Some(tokens) = stored {
        store.inner.save(&"books".into(), &tokens).await.expect("stored");
    }
    let intuit = Arc::new(Intuit { refresh: Mutex::new(accepts.to_owned()), log: Mutex::default(), store });
    let http = another(&intuit);
    (intuit, http)
}

fn auth(store: Arc<dyn TokenStore>) -> RotatingTokens {
    let settings = settings(&[("token_url", "https://oauth.example/tokens"), ("refresh_token", "RT1")]);
    let app = App::new(&settings::OAUTH, &settings.expect("good settings")).expect("an app");
    let info = Info { erp: "books".into(), system: "quickbooks" };
    RotatingTokens::new(info, app, Some(SecretString::from("RT1")), store)
}

fn another(intuit: &Arc<Intuit>) -> BoxHttp {
    let info = Info { erp: "books".into(), system: "quickbooks" };
    let host = Arc::new(HostState::new("test", settings::policy(), Arc::new(auth(intuit.store.clone()))).with_seed(1));
    stack(intuit.clone(), &info, &host, Arc::new(fault::classify))
}

fn request() -> Request {
    Request::get("https://quickbooks.example/v3/company/1/query".parse().expect("a URL"), "query")
}

fn later(minutes: i64) -> Ctx {
    Ctx { now: ctx().now + TimeDelta::minutes(minutes), ..ctx() }
}

#[tokio::test(start_paused = true)]
async fn one_refresh_serves_all_and_comes_before_the_end() {
    let (intuit, http) = gateway("RT1", None).await;
    let calls = (0..5).map(|_| async { http.send(&ctx(), request()).await.map(drop) });
    futures_util::future::try_join_all(calls).await.expect("answers");
    let log = intuit.log();
    assert_eq!((log[0].as_str(), log.len()), ("buy RT1", 6), "{log:?}");
    assert!(log[1..].iter().all(|entry| entry == "call AT2"));
    http.send(&later(54), request()).await.expect("an answer");
    assert_eq!(intuit.log(), ["call AT2"]);
    http.send(&later(56), request()).await.expect("an answer");
    assert_eq!(intuit.log(), ["buy RT2", "call AT3"], "five minutes before its end");
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_renewed_and_the_call_repeated() {
    let (intuit, http) = gateway("RT4", Some(tokens("AT0", "RT4", 30))).await;
    http.send(&ctx(), request()).await.expect_err("the store's own token was not good");
    http.send(&ctx(), request()).await.expect("renewed");
    assert_eq!(intuit.log(), ["call AT0", "call AT0", "buy RT4", "call AT5"]);
}

#[tokio::test(start_paused = true)]
async fn store_knows_better_than_the_settings() {
    let (intuit, http) = gateway("RT7", Some(tokens("AT7", "RT7", 30))).await;
    http.send(&ctx(), request()).await.expect("what another gateway bought is good");
    assert_eq!(intuit.log(), ["call AT7"]);
    let (intuit, http) = gateway("RT7", Some(tokens("old", "RT7", -30))).await;
    http.send(&ctx(), request()).await.expect("an answer");
    assert_eq!(intuit.log(), ["buy RT7", "call AT8"]);
}

#[tokio::test(start_paused = true)]
async fn faster_gateway_does_no_harm() {
    let (intuit, http) = gateway("RT8", Some(tokens("old", "RT7", -30))).await;
    // The other one has used RT7 already, and stores its new tokens while this one is refused.
    let next = [tokens("AT8", "RT8", 60), tokens("old", "RT7", -30)];
    intuit.store.next.lock().expect("not poisoned").extend(next);
    http.send(&ctx(), request()).await.expect("an answer");
    assert_eq!(intuit.log(), ["buy RT7", "call AT8"]);
}

#[tokio::test(start_paused = true)]
async fn company_that_was_connected_anew_is_found_by_the_entered_token() {
    let (intuit, http) = gateway("RT1", Some(tokens("old", "RT9", -30))).await;
    http.send(&ctx(), request()).await.expect("an answer");
    assert_eq!(intuit.log(), ["buy RT9", "buy RT1", "call AT2"]);
}

#[tokio::test(start_paused = true)]
async fn dead_tokens_ask_for_a_person() {
    let (intuit, http) = gateway("RT5", Some(tokens("old", "RT3", -30))).await;
    let error = http.send(&ctx(), request()).await.expect_err("dead");
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert_eq!(error.message, "QuickBooks no longer accepts the refresh token: connect the company again.");
    assert_eq!(intuit.log(), ["buy RT3", "buy RT1"]);
    http.send(&ctx(), request()).await.expect_err("remembered");
    assert_eq!(intuit.log(), [""; 0], "a refusal is not asked for again at once");
}

#[tokio::test(start_paused = true)]
async fn new_tokens_survive_a_store_that_is_down() {
    let (intuit, http) = gateway("RT1", None).await;
    intuit.store.broken.store(true, Ordering::Relaxed);
    let error = http.send(&ctx(), request()).await.expect_err("not stored, not used");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    intuit.store.broken.store(false, Ordering::Relaxed);
    http.send(&ctx(), request()).await.expect("an answer");
    assert_eq!(intuit.log(), ["buy RT1", "call AT2"], "bought once");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_not_shown() {
    let (intuit, http) = gateway("RT5", None).await;
    let error = http.send(&ctx(), request()).await.expect_err("dead");
    assert!(!format!("{error:?}").contains("RT1"), "{error:?}");
    let auth = auth(intuit.store.clone());
    let mut request = request();
    assert_eq!(auth.sign(&ctx(), &mut request).expect("not yet"), Signed::NeedsLogIn);
    let shown = format!("{:?} {:?}", tokens("AT1", "RT1", 1), request);
    assert!(!shown.contains("AT1") && !shown.contains("RT1"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn of_two_gateways_one_renews_and_both_go_on() {
    let (intuit, one) = gateway("RT7", Some(tokens("old", "RT7", -30))).await;
    let other = another(&intuit);
    let (now, request) = (ctx(), request());
    let both = [&one, &other].map(|http| http.send(&now, request.clone()));
    futures_util::future::try_join_all(both).await.expect("answers");
    assert_eq!(intuit.log(), ["buy RT7", "call AT8", "call AT8"]);
    // Long after that both find at the same time that the token ends.
    let later = later(58);
    let both = [&one, &other].map(|http| http.send(&later, request.clone()));
    futures_util::future::try_join_all(both).await.expect("answers");
    assert_eq!(intuit.log(), ["buy RT8", "call AT9", "call AT9"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_goes_on_when_the_lease_ends() {
    let (intuit, http) = gateway("RT7", Some(tokens("old", "RT7", -30))).await;
    let lease = intuit.store.lease(&"books".into()).await.expect("the store").expect("a lease");
    let waiting = tokio::spawn(async move { http.send(&ctx(), request()).await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!waiting.is_finished() && intuit.log().is_empty());
    drop(lease);
    waiting.await.expect("no panic").expect("an answer");
    assert_eq!(intuit.log(), ["buy RT7", "call AT8"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_a_person_is_asked_for() {
    let with = |values: &[(&str, &str)]| settings(values).expect("good settings");
    let settings = with(&[("refresh_token", "")]);
    let error = (SYSTEM.build)(&"books".into(), settings, &services())
        .expect("a company")
        .probe(&ctx())
        .await
        .expect_err("nobody consented");
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.message.contains("consented"), "{error:?}");
    let settings = with(&[("refresh_token", ""), ("realm_id", "")]);
    let error = (SYSTEM.build)(&"books".into(), settings, &services()).map(drop).expect_err("no company");
    assert_eq!(error.kind, ErrorKind::Unauthorized);
}
