//! What the stack makes of an ERP in trouble.

use crate::support::{Case, failed, skipped};
use adapters::{
    Error, ErrorKind, Result,
    adapter::{Adapter, Ctx, ListQuery, Page},
    model::EntityType,
};
use futures_util::future::join_all;
use simulators::{Fault, FaultPlan, System};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const ENTITY: EntityType = EntityType::Customer;

/// A list that takes one request.
async fn list_by(target: &Case, adapter: &dyn Adapter, ctx: &Ctx) -> Result<Page> {
    let fields = ENTITY.def().id_of("name").into_iter().collect();
    adapter.list(ctx, ENTITY, &ListQuery { limit: 5, fields, ..target.query(ENTITY) }).await
}

async fn list(target: &Case) -> Result<Page> {
    list_by(target, &*target.adapter, &target.ctx()).await
}

fn fault(target: &Case, plan: impl Into<FaultPlan>) {
    target.reset();
    target.simulator.faults().set(plan);
}

/// The fault passes after one request, and nobody notices.
async fn passes(target: &Case, fault: Fault) {
    self::fault(target, FaultPlan::from(fault.clone()).times(1));
    let page = list(target).await.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
    assert_eq!(page.sets[0].rows.len(), 5);
    assert_eq!(target.requests(), 2, "{fault:?}");
}

/// The fault stays.
async fn stays(target: &Case, fault: Fault, kind: ErrorKind, requests: u64) -> Error {
    self::fault(target, fault.clone());
    let error = failed(list(target).await);
    assert_eq!(error.kind, kind, "{fault:?}: {error:?}");
    assert_eq!(target.requests(), requests, "{fault:?}: {error:?}");
    target.simulator.faults().clear();
    error
}

pub(crate) async fn retries_503(target: Case) {
    fault(&target, FaultPlan::from(Fault::status(503)).times(2));
    assert_eq!(list(&target).await.expect("the third attempt").sets[0].rows.len(), 5);
    assert_eq!(target.requests(), 3);
    for status in [500, 502, 504] {
        passes(&target, Fault::status(status)).await;
    }
    let error = stays(&target, Fault::status(503), ErrorKind::Unavailable, 3).await;
    assert!(error.is_retryable());
}

pub(crate) async fn honours_retry_after(target: Case) {
    fault(&target, FaultPlan::from(Fault::unavailable(1)).times(1));
    let started = Instant::now();
    list(&target).await.expect("it waits for a second");
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(target.requests(), 2);

    fault(&target, FaultPlan::from(Fault::unavailable(30)).times(1));
    let started = Instant::now();
    let error = failed(list(&target).await);
    assert_eq!((error.kind, error.retry_after), (ErrorKind::Unavailable, Some(Duration::from_secs(30))), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "nobody waits for so long: {:?}", started.elapsed());
    assert_eq!(target.requests(), 1);
}

pub(crate) async fn a_hang_ends_at_the_deadline(target: Case) {
    fault(&target, Fault::Hang);
    let started = Instant::now();
    let error = failed(list_by(&target, &*target.adapter, &target.ctx_for(Duration::from_secs(2))).await);
    assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
    assert!(started.elapsed() <= Duration::from_millis(2500), "{:?}", started.elapsed());
    target.simulator.faults().clear();
    list(&target).await.expect("it works again");
}

pub(crate) async fn truncated_json_is_a_bad_response(target: Case) {
    passes(&target, Fault::TruncatedJson).await;
    stays(&target, Fault::TruncatedJson, ErrorKind::BadResponse, 2).await;
}

pub(crate) async fn html_is_a_bad_response(target: Case) {
    passes(&target, Fault::HtmlPage).await;
    let error = stays(&target, Fault::HtmlPage, ErrorKind::BadResponse, 2).await;
    assert!(!error.message.contains('<'), "{error:?}");
}

pub(crate) async fn an_expired_session_is_renewed_once(target: Case) {
    let Some(log_in) = target.spec.log_in.filter(|_| target.spec.expires) else {
        return skipped(&target, "every request carries its key: there is no session that could end");
    };
    for round in 0..2 {
        target.reset();
        target.simulator.simulator().sessions().expire_all();
        let pages = join_all((0..50).map(|_| list(&target))).await;
        for page in pages {
            page.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        }
        assert_eq!(target.simulator.stats().operation(log_in), 1, "{:?}", target.simulator.stats().by_operation);
    }
    // A request finds its own session expired and goes through all the same.
    fault(&target, FaultPlan::from(Fault::ExpireSessions).times(1));
    list(&target).await.expect("a list");
    assert_eq!(target.requests(), 3, "refused, log-in, replay");
    // Sessions also end by themselves.
    target.simulator.simulator().clock().advance(Duration::from_secs(14 * 24 * 3600));
    target.reset();
    list(&target).await.expect("a list");
    assert_eq!(target.simulator.stats().operation(log_in), 1, "{:?}", target.simulator.stats().by_operation);
}

pub(crate) async fn a_rate_limit_is_shared(target: Case) {
    passes(&target, Fault::too_many_requests(1)).await;
    let mut callers = vec![target.adapter.clone()];
    if target.spec.system == System::QuickBooks {
        skipped(&target, "two connections to one company have tokens of their own, and share nothing");
    } else {
        callers.push(target.sibling("another"));
    }
    for adapter in &callers {
        list_by(&target, &**adapter, &target.ctx()).await.expect("a list");
    }
    let soon = || target.ctx_for(Duration::from_secs(5));
    fault(&target, FaultPlan::from(Fault::too_many_requests(20)).times(1));
    let started = Instant::now();
    let error = failed(list_by(&target, &*target.adapter, &soon()).await);
    assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimited, Some(Duration::from_secs(20))), "{error:?}");
    assert_eq!(target.requests(), 1);
    for adapter in &callers {
        let error = failed(list_by(&target, &**adapter, &soon()).await);
        assert_eq!(error.kind, ErrorKind::RateLimited, "{error:?}");
        assert!(error.retry_after.is_some(), "{error:?}");
        assert_eq!(target.requests(), 1, "{} asks though the ERP wants peace", adapter.info().erp);
    }
    // Who has time waits.
    for adapter in &callers {
        list_by(&target, &**adapter, &target.ctx()).await.expect("a list");
    }
    assert!(started.elapsed() >= Duration::from_secs(20), "{:?}", started.elapsed());
}

pub(crate) async fn the_breaker_opens_and_recovers(target: Case) {
    fault(&target, Fault::status(503));
    let mut sent = 0;
    let error = loop {
        let error = failed(list(&target).await);
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
        if target.requests() == sent {
            break error;
        }
        sent = target.requests();
        assert!(sent < 10, "the breaker does not open");
    };
    assert!(error.retry_after.is_some(), "{error:?}");
    // It stays open though the ERP is well again, and then one call finds out.
    target.simulator.faults().clear();
    let refused = failed(list_by(&target, &*target.adapter, &target.ctx_for(Duration::from_secs(1))).await);
    assert_eq!((refused.kind, target.requests()), (ErrorKind::Unavailable, sent));
    sleep(Duration::from_secs(10)).await;
    list(&target).await.expect("it works again");
    assert_eq!(target.requests(), sent + 1);
}

/// Where the parts of a list are asked for at once, one of them finds out whether the ERP is well, and the others are refused
/// meanwhile: that must not happen for ever.
pub(crate) async fn the_breaker_recovers_for_lists_of_several_sets(target: Case) {
    let entity = EntityType::Invoice;
    let query = ListQuery { limit: 5, ..target.query(entity) };
    fault(&target, Fault::status(503));
    for _ in 0..5 {
        failed(target.adapter.list(&target.ctx(), entity, &query).await);
    }
    target.simulator.faults().clear();
    let sent = target.requests();
    failed(target.adapter.list(&target.ctx(), entity, &query).await);
    assert_eq!(target.requests(), sent, "the breaker is open");
    sleep(Duration::from_secs(30)).await;
    if let Err(error) = target.adapter.list(&target.ctx(), entity, &query).await {
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
        sleep(Duration::from_secs(1)).await;
        target.adapter.list(&target.ctx(), entity, &query).await.expect("it works again");
    }
}

pub(crate) async fn a_broken_connection_is_retried(target: Case) {
    passes(&target, Fault::Disconnect).await;
    passes(&target, Fault::LostAnswer).await;
    stays(&target, Fault::Disconnect, ErrorKind::Unavailable, 3).await;
}

pub(crate) async fn refusals_are_not_retried(target: Case) {
    for status in [400, 403] {
        fault(&target, Fault::status(status));
        let error = failed(list(&target).await);
        assert!(!error.is_retryable(), "{status}: {error:?}");
        assert_eq!(target.requests(), 1, "{status}: {error:?}");
    }
}
