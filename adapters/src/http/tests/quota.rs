use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

fn quota(windows: &[Window], concurrent: Option<u32>) -> Policy {
    Policy {
        attempts: 1,
        quota: QuotaPolicy { windows: windows.to_vec(), concurrent, ..QuotaPolicy::default() },
        ..Policy::default()
    }
}

#[tokio::test(start_paused = true)]
async fn all_windows_hold_at_once() {
    let fake = Fake::new(|_, _| answer(200));
    let http = over(&fake, &host(quota(&[Window::per_minute(25), Window::per_second(10)], None)));
    let calls: Vec<_> = (0..60).map(|_| start(&http, sync(), get())).collect();
    for call in calls {
        assert!(call.await.expect("no panic").is_ok());
    }
    let times = fake.times();
    for (limit, per) in [(25, secs(60)), (10, secs(1))] {
        for (first, beyond) in times.iter().zip(&times[limit..]) {
            assert!(*beyond - *first >= per, "more than {limit} in {per:?}: {first:?}, {beyond:?}");
        }
    }
    assert!(times[59] <= millis(121_100), "and no slower than it must be: {:?}", times[59]);
}

#[tokio::test(start_paused = true)]
async fn a_request_counts_from_its_end_since_the_erp_may_count_it_late() {
    let fake = Fake::new(|_, _| answer_after(millis(400), 200));
    let http = over(&fake, &host(quota(&[Window::per_second(2)], None)));
    let calls: Vec<_> = (0..3).map(|_| start(&http, sync(), get())).collect();
    for call in calls {
        assert!(call.await.expect("no panic").is_ok());
    }
    assert_eq!(fake.times(), [millis(0), millis(0), millis(1400)]);
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_capped() {
    let fake = Fake::new(|_, _| answer_after(secs(1), 200));
    let host = host(quota(&[], Some(2)));
    let http = over(&fake, &host);
    let calls: Vec<_> = (0..6).map(|_| start(&http, sync(), get())).collect();
    settle().await;
    let seen = host.quota(now());
    assert_eq!((seen.in_flight, seen.concurrent, seen.waiting), (2, Some(2), 4));
    for call in calls {
        assert!(call.await.expect("no panic").is_ok());
    }
    let times: Vec<_> = fake.times().iter().map(Duration::as_secs).collect();
    assert_eq!(times, [0, 0, 1, 1, 2, 2]);
    assert_eq!(host.quota(now()).in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn priority_order() {
    let fake = Fake::new(|_, _| answer_after(secs(1), 200));
    let http = over(&fake, &host(quota(&[], Some(1))));
    let mut calls = vec![start(&http, sync(), Request::get(url("/"), "first"))];
    settle().await;
    let waiting = [
        (Priority::Backfill, "backfill"),
        (Priority::Sync, "sync 1"),
        (Priority::Write, "write"),
        (Priority::Sync, "sync 2"),
        (Priority::Interactive, "interactive 1"),
        (Priority::Interactive, "interactive 2"),
    ];
    for (priority, operation) in waiting {
        calls.push(start(&http, ctx(priority, secs(3600)), Request::get(url("/"), operation)));
        settle().await;
    }
    for call in calls {
        assert!(call.await.expect("no panic").is_ok());
    }
    let expected = ["first", "interactive 1", "interactive 2", "write", "sync 1", "sync 2", "backfill"];
    assert_eq!(fake.operations(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_of_higher_priority_takes_the_next_turn() {
    let fake = Fake::new(|_, _| answer(200));
    let http = over(&fake, &host(quota(&[Window::per_second(1)], None)));
    assert!(http.send(&sync(), get()).await.is_ok());
    let low = start(&http, sync(), Request::get(url("/"), "sync"));
    settle().await;
    let high = start(&http, ctx(Priority::Interactive, secs(60)), Request::get(url("/"), "interactive"));
    assert!(high.await.expect("no panic").is_ok() && low.await.expect("no panic").is_ok());
    assert_eq!(fake.operations(), ["list", "interactive", "sync"]);
    assert_eq!(fake.times(), [secs(0), secs(1), secs(2)]);
}

#[tokio::test(start_paused = true)]
async fn cancelled_waiter_frees_its_place() {
    let fake = Fake::new(|_, _| answer_after(secs(1), 200));
    let host = host(quota(&[], Some(1)));
    let http = over(&fake, &host);
    let running = start(&http, sync(), get());
    settle().await;
    let cancelled = start(&http, sync(), get());
    settle().await;
    let next = start(&http, sync(), get());
    settle().await;
    assert_eq!(host.quota(now()).waiting, 2);
    cancelled.abort();
    assert!(cancelled.await.is_err());
    assert_eq!(host.quota(now()).waiting, 1);
    assert!(running.await.expect("no panic").is_ok() && next.await.expect("no panic").is_ok());
    assert_eq!(fake.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_gives_its_permit_back() {
    let fake = Fake::new(|n, _| if n == 0 { hangs() } else { answer(200) });
    let host = host(quota(&[], Some(1)));
    let http = over(&fake, &host);
    let running = start(&http, sync(), get());
    settle().await;
    running.abort();
    assert!(running.await.is_err());
    assert_eq!(host.quota(now()).in_flight, 0);
    assert!(http.send(&sync(), get()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_turn_after_the_deadline_is_refused_at_once() {
    let fake = Fake::new(|_, _| answer(200));
    let http = over(&fake, &host(quota(&[Window::per_minute(1)], None)));
    assert!(http.send(&sync(), get()).await.is_ok());
    tokio::time::advance(secs(10)).await;
    let started = Instant::now();
    let error = http.send(&ctx(Priority::Interactive, secs(30)), get()).await.expect_err("its turn is in 50 s");
    assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimited, Some(secs(50))));
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn rate_limit_is_shared_and_pauses_everybody() {
    let fake = Fake::new(|n, _| if n == 0 { answer_with(429, &[("retry-after", "60")]) } else { answer(200) });
    let host = host(quota(&[], None));
    // Two ERPs on one host with one login.
    let (http, other) = (over(&fake, &host), over(&fake, &host));
    assert_eq!(kind(&http.send(&sync(), get()).await), Some(ErrorKind::RateLimited));
    let seen = host.quota(now());
    assert_eq!((seen.remaining, seen.resets_at), (Some(0), Some(now() + secs(60))));

    let error = other.send(&ctx(Priority::Interactive, secs(30)), get()).await.expect_err("it lasts a minute");
    assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimited, Some(secs(60))));
    assert!(other.send(&sync(), get()).await.is_ok(), "a sync waits");
    assert_eq!(fake.times(), [secs(0), secs(60)]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_sends_those_away_who_cannot_wait_for_it() {
    let fake = Fake::new(|_, _| Step { after: secs(1), ..answer_with(429, &[("retry-after", "60")]) });
    let http = over(&fake, &host(quota(&[], Some(1))));
    let first = start(&http, sync(), get());
    settle().await;
    let patient = start(&http, ctx(Priority::Interactive, secs(300)), get());
    settle().await;
    let hurried = start(&http, ctx(Priority::Interactive, secs(20)), get());
    assert_eq!(kind(&first.await.expect("no panic")), Some(ErrorKind::RateLimited));
    assert_eq!(kind(&hurried.await.expect("no panic")), Some(ErrorKind::RateLimited));
    assert_eq!((fake.started.elapsed(), fake.calls()), (secs(1), 1), "it is told at once");
    assert_eq!(kind(&patient.await.expect("no panic")), Some(ErrorKind::RateLimited));
    assert_eq!(fake.times(), [secs(0), secs(61)], "the other waits");
}

#[tokio::test(start_paused = true)]
async fn a_429_without_a_time_pauses_by_the_policy() {
    let fake = Fake::new(|n, _| answer(if n == 0 { 429 } else { 200 }));
    let policy = Policy { attempts: 2, ..quota(&[], None) };
    assert!(over(&fake, &host(policy)).send(&sync(), get()).await.is_ok());
    let waited = fake.times()[1];
    assert!(waited >= secs(10) && waited < secs(11), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn the_erps_own_count_is_believed() {
    let exhausted = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&exhausted);
    let fake = Fake::new(move |_, _| {
        let left = if flag.load(Ordering::Relaxed) { "0" } else { "5" };
        answer_with(200, &[("x-left", left)])
    });
    let mut policy = quota(&[Window::per_minute(100)], None);
    policy.quota.remaining = Some(|response| {
        let requests = response.header("x-left")?.parse().ok()?;
        Some(Remaining { requests, resets_in: Some(secs(40)) })
    });
    let host = host(policy);
    let http = over(&fake, &host);
    assert!(http.send(&sync(), get()).await.is_ok());
    let seen = host.quota(now());
    assert_eq!((seen.limit_per_minute, seen.remaining), (Some(100), Some(0)));
    assert_eq!(seen.resets_at, Some(now() + secs(40)));
    exhausted.store(false, Ordering::Relaxed);
    assert!(http.send(&sync(), get()).await.is_ok());
    assert_eq!(fake.times(), [secs(0), secs(40)]);
    assert_eq!(host.quota(now()).remaining, Some(5));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_tells_what_is_left() {
    let fake = Fake::new(|_, _| answer(200));
    let host = host(quota(&[Window::per_minute(500), Window::per_second(10)], Some(4)));
    let http = over(&fake, &host);
    for _ in 0..3 {
        assert!(http.send(&sync(), get()).await.is_ok());
    }
    let expected = QuotaSnapshot {
        limit_per_minute: Some(500),
        remaining: Some(7),
        resets_at: Some(now() + secs(1)),
        concurrent: Some(4),
        in_flight: 0,
        waiting: 0,
    };
    assert_eq!(host.quota(now()), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_forgotten_when_many_come_and_go() {
    let fake = Fake::new(|n, _| answer_after(millis(n as u64 % 3), 200));
    let host = host(quota(&[Window { limit: 50, per: millis(10) }], Some(3)));
    let http = over(&fake, &host);
    let priorities = [Priority::Interactive, Priority::Write, Priority::Sync, Priority::Backfill];
    let calls: Vec<_> = (0..2_000).map(|n| start(&http, ctx(priorities[n % 4], secs(60)), get())).collect();
    for call in calls.iter().step_by(3) {
        call.abort();
        tokio::task::yield_now().await;
    }
    for (n, call) in calls.into_iter().enumerate() {
        match call.await {
            Ok(outcome) => assert!(outcome.is_ok(), "{outcome:?}"),
            Err(e) => assert!(e.is_cancelled() && n % 3 == 0, "{e}"),
        }
    }
    let seen = host.quota(now());
    assert_eq!((seen.in_flight, seen.waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_foretold_for_each_place_in_the_queue() {
    let mut window = window::SlidingWindow::new(Window::per_minute(2));
    let start = Instant::now();
    let turns = |window: &window::SlidingWindow, now| -> Vec<_> {
        (0..6).map(|ahead| (window.turn(ahead, now) - start).as_secs()).collect()
    };
    assert_eq!(turns(&window, start), [0, 0, 60, 60, 120, 120]);
    window.record(start);
    assert_eq!(turns(&window, start + secs(10)), [10, 60, 70, 120, 130, 180]);
    window.record(start + secs(10));
    assert_eq!(turns(&window, start + secs(20)), [60, 70, 120, 130, 180, 190]);
    window.record(start + secs(20)); // charged without waiting
    assert_eq!(turns(&window, start + secs(20)), [70, 80, 130, 140, 190, 200]);
    window.advance(start + secs(75));
    assert_eq!(turns(&window, start + secs(75)), [75, 80, 135, 140, 195, 200]);
}
