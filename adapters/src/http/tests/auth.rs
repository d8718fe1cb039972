use super::*;
use http::header::COOKIE;
use std::sync::atomic::{AtomicU32, Ordering};

/// Keeps a session cookie; logs in by one request.
#[derive(Default)]
struct CookieAuth {
    cookies: Mutex<Cookies>,
}

#[async_trait]
impl Auth for CookieAuth {
    fn sign(&self, _: &Ctx, request: &mut Request) -> Result<Signed> {
        let cookies = lock(&self.cookies);
        if cookies.is_empty() {
            return Ok(Signed::NeedsLogIn);
        }
        cookies.put(request)?;
        Ok(Signed::Yes)
    }

    async fn log_in(&self, ctx: &Ctx, http: &dyn Http) -> Result<()> {
        let answer = http.send(ctx, Request::post_form(url("/login"), "login", &[("password", "s3cret")])).await?;
        let mut fresh = Cookies::default();
        fresh.take(&answer);
        *lock(&self.cookies) = fresh;
        Ok(())
    }

    fn observe(&self, response: &Response) {
        lock(&self.cookies).take(response);
    }
}

/// An ERP with sessions: knows which cookie is the good one.
#[derive(Default)]
struct Server {
    session: AtomicU32,
}

impl Server {
    fn expire(&self) {
        self.session.fetch_add(1, Ordering::SeqCst);
    }

    fn serve(&self, request: &Request) -> Step {
        if request.operation == "login" {
            self.expire();
            let cookie = format!("sid={}; Path=/; HttpOnly", self.session.load(Ordering::SeqCst));
            return Step { after: secs(1), ..answer_with(200, &[("set-cookie", &cookie)]) };
        }
        let good = format!("sid={}", self.session.load(Ordering::SeqCst));
        let is_good = request.headers.get(COOKIE).is_some_and(|cookie| cookie.as_bytes() == good.as_bytes());
        answer_after(millis(10), if is_good { 200 } else { 401 })
    }
}

fn serving() -> (Arc<Server>, Arc<Fake>) {
    let server = Arc::new(Server::default());
    let behind = Arc::clone(&server);
    (server, Fake::new(move |_, request| behind.serve(request)))
}

fn wide() -> Policy {
    Policy { quota: QuotaPolicy { concurrent: None, ..QuotaPolicy::default() }, ..Policy::default() }
}

fn with_login(fake: &Arc<Fake>, policy: Policy) -> (Arc<HostState>, BoxHttp) {
    let host = Arc::new(HostState::new("erp.example.com", policy, Arc::new(CookieAuth::default())).with_seed(1));
    let http = over(fake, &host);
    (host, http)
}

#[tokio::test(start_paused = true)]
async fn logs_in_before_the_first_request() {
    let (_, fake) = serving();
    let (_, http) = with_login(&fake, wide());
    let ctx = sync();
    assert!(http.send(&ctx, post()).await.is_ok());
    assert_eq!(fake.operations(), ["login", "create"]);
    assert_eq!(ctx.calls_made(), 2, "the log-in is an exchange too");
}

#[tokio::test(start_paused = true)]
async fn fifty_concurrent_callers_one_refresh() {
    let (server, fake) = serving();
    let (_, http) = with_login(&fake, wide());
    assert!(http.send(&sync(), get()).await.is_ok());
    server.expire();
    let calls: Vec<_> = (0..50).map(|_| start(&http, sync(), post())).collect();
    for call in calls {
        assert!(call.await.expect("no panic").is_ok(), "also a request that is not idempotent is replayed");
    }
    assert_eq!(fake.count("login"), 2, "one at the start, one for all fifty");
    assert_eq!(fake.count("create"), 100, "each once refused and once replayed");
}

#[tokio::test(start_paused = true)]
async fn a_late_401_finds_the_session_renewed() {
    let fake = Fake::new(|n, request| match request.operation {
        "login" => answer_with(200, &[("set-cookie", &format!("sid={n}"))]),
        "warm up" => answer(200),
        _ if request.headers[COOKIE] != "sid=0" => answer(200),
        "slow" => answer_after(secs(5), 401),
        _ => answer(401),
    });
    let (_, http) = with_login(&fake, wide());
    assert!(http.send(&sync(), Request::get(url("/"), "warm up")).await.is_ok());
    let slow = start(&http, sync(), Request::get(url("/"), "slow"));
    settle().await;
    assert!(http.send(&sync(), get()).await.is_ok());
    assert!(slow.await.expect("no panic").is_ok());
    assert_eq!(fake.operations(), ["login", "warm up", "slow", "list", "login", "list", "slow"]);
}

#[tokio::test(start_paused = true)]
async fn two_stacks_share_a_session() {
    let (_, fake) = serving();
    let (host, http) = with_login(&fake, wide());
    let other = over(&fake, &host);
    let (a, b) = (start(&http, sync(), get()), start(&other, sync(), get()));
    assert!(a.await.expect("no panic").is_ok() && b.await.expect("no panic").is_ok());
    assert_eq!(fake.count("login"), 1);
}

#[tokio::test(start_paused = true)]
async fn refresh_survives_cancellation() {
    let (_, fake) = serving();
    let (_, http) = with_login(&fake, wide());
    let caller = start(&http, sync(), get());
    settle().await;
    assert_eq!(fake.count("login"), 1);
    caller.abort();
    assert!(caller.await.is_err());
    tokio::time::sleep(secs(2)).await;
    assert!(http.send(&sync(), get()).await.is_ok());
    assert_eq!(fake.operations(), ["login", "list"], "the session of the first log-in is used");
}

#[tokio::test(start_paused = true)]
async fn a_log_in_outlives_the_deadline_of_its_caller() {
    let (_, fake) = serving();
    let (_, http) = with_login(&fake, wide());
    let outcome = http.send(&ctx(Priority::Sync, millis(300)), get()).await;
    assert_eq!(kind(&outcome), Some(ErrorKind::Timeout));
    assert!(http.send(&sync(), get()).await.is_ok());
    assert_eq!(fake.count("login"), 1);
}

#[tokio::test(start_paused = true)]
async fn second_401_is_unauthorized() {
    let (server, fake) = serving();
    let (_, http) = with_login(&fake, wide());
    assert!(http.send(&sync(), get()).await.is_ok());
    server.expire();
    let refusing =
        Fake::new(move |_, request| if request.operation == "login" { server.serve(request) } else { answer(401) });
    let (_, http) = with_login(&refusing, wide());
    assert_eq!(kind(&http.send(&sync(), get()).await), Some(ErrorKind::Unauthorized));
    assert_eq!(refusing.operations(), ["login", "list"], "a new session is not renewed again");

    assert_eq!(kind(&http.send(&sync(), get()).await), Some(ErrorKind::Unauthorized));
    assert_eq!(refusing.operations()[2..], ["list", "login", "list"], "an old one is, once");

    assert_eq!(kind(&http.send(&sync(), get()).await), Some(ErrorKind::Unauthorized));
    assert_eq!(refusing.operations()[5..], ["list"], "that did not help, and is not tried again so soon");
    assert_eq!(kind(&http.send(&sync(), post()).await), Some(ErrorKind::Unauthorized));
    assert_eq!(refusing.operations()[6..], ["create", "login", "create"], "for another operation it is");
}

#[tokio::test(start_paused = true)]
async fn a_refused_log_in_does_not_hammer() {
    let fake = Fake::new(|_, _| answer(400));
    let (_, http) = with_login(&fake, wide());
    let error = http.send(&sync(), get()).await.expect_err("the password is wrong");
    assert_eq!(error.kind, ErrorKind::Unauthorized, "what the ERP rejected is the log-in, not the request");
    for _ in 0..100 {
        let error = http.send(&sync(), get()).await.expect_err("still wrong");
        assert_eq!((error.kind, error.retry_after), (ErrorKind::Unauthorized, Some(secs(60))));
    }
    assert_eq!(fake.calls(), 1);
    tokio::time::advance(secs(60)).await;
    let again = http.send(&sync(), get()).await;
    assert_eq!((kind(&again), fake.calls()), (Some(ErrorKind::Unauthorized), 2));
    let error = http.send(&sync(), get()).await.expect_err("and it waits longer");
    assert_eq!(error.retry_after, Some(secs(120)));
}

#[tokio::test(start_paused = true)]
async fn a_log_in_that_fails_otherwise_is_tried_again() {
    let (server, _) = serving();
    let fake = Fake::new(move |n, request| if n == 0 { answer(503) } else { server.serve(request) });
    let (_, http) = with_login(&fake, wide());
    assert!(http.send(&sync(), get()).await.is_ok());
    assert_eq!(fake.operations(), ["login", "login", "list"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_in_counts_in_the_quota_without_waiting_for_it() {
    let (_, fake) = serving();
    let windows = vec![Window::per_minute(10)];
    let policy =
        Policy { quota: QuotaPolicy { windows, concurrent: Some(1), ..QuotaPolicy::default() }, ..Policy::default() };
    let (host, http) = with_login(&fake, policy);
    assert!(http.send(&sync(), get()).await.is_ok(), "one place is enough for both");
    assert_eq!(host.quota(now()).remaining, Some(8));
}

#[tokio::test(start_paused = true)]
async fn a_rolled_cookie_is_taken_from_any_answer_but_a_late_one() {
    let auth = Arc::new(CookieAuth::default());
    let fake = Fake::new(|n, request| match (n, request.operation) {
        (_, "login") => answer_with(200, &[("set-cookie", &format!("sid=login-{n}"))]),
        (_, "slow") => Step { after: secs(5), ..answer_with(200, &[("set-cookie", "sid=late")]) },
        (1, _) => answer_with(200, &[("set-cookie", "sid=rolled")]),
        (3, _) => answer(401),
        _ => answer(200),
    });
    let host = Arc::new(HostState::new("erp.example.com", wide(), Arc::clone(&auth) as Arc<dyn Auth>));
    let http = over(&fake, &host);
    let sid = || lock(&auth.cookies).get("sid").map(str::to_owned);
    assert!(http.send(&sync(), get()).await.is_ok());
    assert_eq!(sid().as_deref(), Some("rolled"));

    let slow = start(&http, sync(), Request::get(url("/"), "slow"));
    settle().await;
    assert!(http.send(&sync(), get()).await.is_ok(), "meanwhile the session ended and was renewed");
    assert_eq!(sid().as_deref(), Some("login-4"));
    assert!(slow.await.expect("no panic").is_ok());
    assert_eq!(sid().as_deref(), Some("login-4"), "an answer to the old session changes nothing");
}

/// An `Auth` whose log-in panics the first time.
#[derive(Default)]
struct Panics(AtomicU32);

#[async_trait]
impl Auth for Panics {
    fn sign(&self, _: &Ctx, _: &mut Request) -> Result<Signed> {
        Ok(if self.0.load(Ordering::SeqCst) > 1 { Signed::Yes } else { Signed::NeedsLogIn })
    }

    async fn log_in(&self, _: &Ctx, _: &dyn Http) -> Result<()> {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "the first log-in panics");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_log_in_does_not_block_the_next() {
    let fake = Fake::new(|_, _| answer(200));
    let host = Arc::new(HostState::new("x", Policy { attempts: 1, ..wide() }, Arc::new(Panics::default())));
    let http = over(&fake, &host);
    assert_eq!(kind(&http.send(&sync(), get()).await), Some(ErrorKind::Unavailable));
    assert!(http.send(&sync(), get()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_static_credential_is_sent_and_a_401_is_final() {
    let fake = Fake::new(|_, _| answer(401));
    let auth = StaticAuth::bearer(&"t0ken".to_owned().into());
    let host = Arc::new(HostState::new("x", wide(), Arc::new(auth)));
    assert_eq!(kind(&over(&fake, &host).send(&sync(), get()).await), Some(ErrorKind::Unauthorized));
    let sent = lock(&fake.sent);
    assert_eq!(sent.len(), 1);
    let header = &sent[0].1.headers["authorization"];
    assert!(header == "Bearer t0ken" && header.is_sensitive());
}

#[test]
fn a_state_is_shared_while_it_is_used_and_only_with_the_same_credentials() {
    let hosts = Hosts::default();
    let share = |key: &str, password: &str| hosts.share(key, password, Policy::default(), || Arc::new(NoAuth));
    let first = share("https://erp manager", "right");
    assert!(Arc::ptr_eq(&first, &share("https://erp manager", "right")));
    assert!(!Arc::ptr_eq(&first, &share("https://erp manager", "wrong")));
    assert!(!Arc::ptr_eq(&first, &share("https://erp clerk", "right")));
    let seen = Arc::downgrade(&first);
    drop(first);
    assert!(seen.upgrade().is_none(), "the registry does not keep it alive");
}
