use super::*;

#[tokio::test(start_paused = true)]
async fn retry_on_503_then_ok() {
    let fake = Fake::new(|n, _| answer(if n < 2 { 503 } else { 200 }));
    let ctx = sync();
    let outcome = over(&fake, &host(Policy::default())).send(&ctx, get()).await;
    assert_eq!(outcome.expect("the third attempt succeeds").status, 200);
    assert_eq!((fake.calls(), ctx.calls_made()), (3, 3));
    let times = fake.times();
    assert!(
        times[1] <= millis(201) && times[2] - times[1] <= millis(401),
        "full jitter under 200 and 400 ms: {times:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited() {
    let fake = Fake::new(|_, _| answer(503));
    let outcome = over(&fake, &host(Policy::default())).send(&sync(), get()).await;
    assert_eq!(kind(&outcome), Some(ErrorKind::Unavailable));
    assert_eq!(fake.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn respects_retry_after() {
    let fake = Fake::new(|n, _| if n == 0 { answer_with(503, &[("retry-after", "20")]) } else { answer(200) });
    let outcome = over(&fake, &host(Policy::default())).send(&sync(), get()).await;
    assert!(outcome.is_ok());
    let waited = fake.times()[1];
    assert!(waited >= secs(20) && waited <= secs(21), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn no_retry_of_non_idempotent() {
    let fake = Fake::new(|_, _| answer(503));
    let http = over(&fake, &host(Policy::default()));
    assert_eq!(kind(&http.send(&sync(), post()).await), Some(ErrorKind::Unavailable));
    assert_eq!(fake.calls(), 1);
    assert_eq!(kind(&http.send(&sync(), post().idempotent()).await), Some(ErrorKind::Unavailable));
    assert_eq!(fake.calls(), 4, "an idempotency key makes the difference");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_retried() {
    for status in [400, 403, 404, 409, 422, 301] {
        let fake = Fake::new(move |_, _| answer(status));
        assert!(over(&fake, &host(Policy::default())).send(&sync(), get()).await.is_err());
        assert_eq!(fake.calls(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_response_is_retried_once() {
    let fake = Fake::new(|_, _| fails(ErrorKind::BadResponse));
    let outcome = over(&fake, &host(Policy::default())).send(&sync(), get()).await;
    assert_eq!(kind(&outcome), Some(ErrorKind::BadResponse));
    assert_eq!(fake.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn deadline_stops_retry() {
    let fake = Fake::new(|_, _| answer_with(503, &[("retry-after", "20")]));
    let started = Instant::now();
    let outcome = over(&fake, &host(Policy::default())).send(&ctx(Priority::Sync, secs(15)), get()).await;
    let error = outcome.expect_err("there is no time for another attempt");
    assert_eq!((error.kind, error.retry_after), (ErrorKind::Unavailable, Some(secs(20))));
    assert_eq!((fake.calls(), started.elapsed()), (1, Duration::ZERO), "it does not sleep first");
}

#[tokio::test(start_paused = true)]
async fn an_interactive_call_fails_fast() {
    let fake = Fake::new(|_, _| answer_with(429, &[("retry-after", "60")]));
    let started = Instant::now();
    let outcome = over(&fake, &host(Policy::default())).send(&ctx(Priority::Interactive, secs(120)), get()).await;
    let error = outcome.expect_err("nobody waits a minute for a page");
    assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimited, Some(secs(60))));
    assert_eq!((fake.calls(), started.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_absurd_retry_after_does_no_harm() {
    let fake = Fake::new(|_, _| answer_with(429, &[("retry-after", "18446744073709551615")]));
    let outcome = over(&fake, &host(Policy::default())).send(&sync(), get()).await;
    assert_eq!(kind(&outcome), Some(ErrorKind::RateLimited));
}

#[tokio::test(start_paused = true)]
async fn hang_hits_timeout() {
    let fake = Fake::new(|_, _| hangs());
    let started = Instant::now();
    let http = over(&fake, &host(Policy::default()));
    assert_eq!(kind(&http.send(&sync(), post()).await), Some(ErrorKind::Timeout));
    assert_eq!(started.elapsed(), secs(30), "the stack's own limit");
    assert_eq!(kind(&http.send(&ctx(Priority::Sync, secs(7)), post()).await), Some(ErrorKind::Timeout));
    assert_eq!(started.elapsed(), secs(37), "the caller's deadline");
}

#[tokio::test(start_paused = true)]
async fn a_late_call_does_not_reach_the_erp() {
    let fake = Fake::new(|_, _| answer(200));
    let outcome = over(&fake, &host(Policy::default())).send(&ctx(Priority::Sync, Duration::ZERO), get()).await;
    assert_eq!(kind(&outcome), Some(ErrorKind::Timeout));
    assert_eq!(fake.calls(), 0);
}
