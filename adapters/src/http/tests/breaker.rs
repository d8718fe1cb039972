use super::*;

/// One attempt a call, so that calls and verdicts are the same number.
fn once() -> Policy {
    Policy { attempts: 1, ..Policy::default() }
}

#[tokio::test(start_paused = true)]
async fn breaker_opens_and_recovers() {
    let fake = Fake::new(|n, _| answer(if n < 6 { 503 } else { 200 }));
    let host = host(once());
    let http = over(&fake, &host);
    for _ in 0..5 {
        assert_eq!(host.breaker(), BreakerState::Closed);
        assert!(http.send(&sync(), get()).await.is_err());
    }
    assert_eq!(host.breaker(), BreakerState::Open { until: Instant::now() + secs(5) });

    let error = http.send(&sync(), get()).await.expect_err("the breaker is open");
    assert_eq!((error.kind, error.retry_after), (ErrorKind::Unavailable, Some(secs(5))));
    assert_eq!(fake.calls(), 5, "an open breaker does not ask the ERP");

    tokio::time::advance(secs(5)).await;
    assert!(http.send(&sync(), get()).await.is_err(), "the probe fails");
    assert_eq!(host.breaker(), BreakerState::Open { until: Instant::now() + secs(10) }, "the cool-down doubles");

    tokio::time::advance(secs(10)).await;
    assert!(http.send(&sync(), get()).await.is_ok());
    assert_eq!(host.breaker(), BreakerState::Closed);
    assert_eq!(fake.calls(), 7);
}

#[tokio::test(start_paused = true)]
async fn the_cool_down_has_a_cap() {
    let fake = Fake::new(|_, _| answer(500));
    let host = host(once());
    let http = over(&fake, &host);
    for _ in 0..30 {
        assert!(http.send(&sync(), get()).await.is_err());
        if let BreakerState::Open { until } = host.breaker() {
            assert!(until - Instant::now() <= secs(120));
            tokio::time::sleep_until(until).await;
        }
    }
    assert_eq!(fake.calls(), 30);
}

#[tokio::test(start_paused = true)]
async fn half_open_lets_one_through() {
    let fake = Fake::new(|n, _| if n < 5 { answer(503) } else { answer_after(secs(3), 200) });
    let host = host(once());
    let http = over(&fake, &host);
    for _ in 0..5 {
        assert!(http.send(&sync(), get()).await.is_err());
    }
    tokio::time::advance(secs(5)).await;
    let probe = start(&http, sync(), get());
    settle().await;
    assert_eq!(host.breaker(), BreakerState::HalfOpen);
    assert_eq!(kind(&http.send(&sync(), get()).await), Some(ErrorKind::Unavailable));
    assert!(probe.await.expect("no panic").is_ok());
    assert_eq!((host.breaker(), fake.calls()), (BreakerState::Closed, 6));
}

#[tokio::test(start_paused = true)]
async fn breaker_ignores_4xx_and_429() {
    let fake = Fake::new(|n, _| match n % 3 {
        0 => answer(404),
        1 => answer(400),
        _ => answer_with(429, &[("retry-after", "0")]),
    });
    let host = host(once());
    let http = over(&fake, &host);
    for _ in 0..30 {
        assert!(http.send(&sync(), get()).await.is_err());
    }
    assert_eq!((host.breaker(), fake.calls()), (BreakerState::Closed, 30));
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_a_row_of_failures() {
    let fake = Fake::new(|n, _| answer(if n % 5 == 4 { 404 } else { 503 }));
    let host = host(once());
    let http = over(&fake, &host);
    for _ in 0..20 {
        assert!(http.send(&sync(), get()).await.is_err());
    }
    assert_eq!((host.breaker(), fake.calls()), (BreakerState::Closed, 20));
}

/// The parts of one list are asked for at once: the part that is refused while another is the probe ends the call.
#[tokio::test(start_paused = true)]
async fn a_probe_outlives_its_caller() {
    let fake = Fake::new(|n, _| match n {
        0..5 => answer(503),
        5 => hangs(),
        6 => answer_after(secs(1), 200),
        _ => answer(200),
    });
    let host = host(once());
    let http = over(&fake, &host);
    for _ in 0..5 {
        assert!(http.send(&sync(), get()).await.is_err());
    }
    tokio::time::advance(secs(5)).await;
    let probe = start(&http, ctx(Priority::Sync, secs(20)), get());
    settle().await;
    probe.abort();
    assert!(probe.await.is_err());
    assert_eq!(host.breaker(), BreakerState::HalfOpen);
    tokio::time::sleep(secs(20)).await;
    settle().await;
    assert!(matches!(host.breaker(), BreakerState::Open { .. }), "it did not answer in its time");

    tokio::time::advance(secs(10)).await;
    let probe = start(&http, sync(), get());
    settle().await;
    probe.abort();
    assert!(probe.await.is_err());
    tokio::time::sleep(secs(2)).await;
    assert_eq!((host.breaker(), fake.calls()), (BreakerState::Closed, 7));
}

#[tokio::test(start_paused = true)]
async fn late_failures_of_earlier_calls_do_not_count_twice() {
    let fake = Fake::new(|_, _| answer_after(secs(1), 503));
    let host = host(Policy { quota: QuotaPolicy { concurrent: None, ..QuotaPolicy::default() }, ..once() });
    let http = over(&fake, &host);
    let calls: Vec<_> = (0..20).map(|_| start(&http, sync(), get())).collect();
    for call in calls {
        assert!(call.await.expect("no panic").is_err());
    }
    assert_eq!(host.breaker(), BreakerState::Open { until: Instant::now() + secs(5) }, "it opened once");
}

#[tokio::test(start_paused = true)]
async fn an_impatient_caller_is_no_verdict_but_a_hung_erp_is() {
    let fake = Fake::new(|_, _| hangs());
    let host = host(once());
    let http = over(&fake, &host);
    for _ in 0..10 {
        assert_eq!(kind(&http.send(&ctx(Priority::Sync, millis(500)), get()).await), Some(ErrorKind::Timeout));
    }
    assert_eq!(host.breaker(), BreakerState::Closed);
    for _ in 0..5 {
        assert_eq!(kind(&http.send(&ctx(Priority::Sync, secs(10)), get()).await), Some(ErrorKind::Timeout));
    }
    assert!(matches!(host.breaker(), BreakerState::Open { .. }));
}
