//! OAuth tokens: sealed, renewed by one gateway at a time, and never lost.

use crate::support::{Beside, NOW, erp};
use adapters::{
    Result,
    adapter::Adapter,
    catalog::{self, Services},
    model::ErpId,
    tokens::{Lease, TokenStore, Tokens},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use gateway::store::{ConsentState, LEASE, SealedTokens, Store};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tests::{Base, Target, master_key, on_both_stores};

on_both_stores!(
    tokens_are_sealed_and_bound_to_their_erp,
    a_lease_is_one_gateway_s_until_it_ends,
    a_lease_that_ran_out_is_not_given_back,
    two_gateways_renew_once,
    a_gateway_that_dies_after_a_renewal_loses_nothing,
    a_consent_is_taken_once,
);

fn now() -> DateTime<Utc> {
    NOW
}

fn when_a_lease_has_run_out() -> DateTime<Utc> {
    NOW + LEASE
}

fn books() -> ErpId {
    "books".into()
}

fn tokens(name: &str) -> Tokens {
    let (access, refresh) = (format!("access-{name}"), format!("refresh-{name}"));
    Tokens { access: access.into(), access_expires_at: NOW + TimeDelta::hours(1), refresh: refresh.into() }
}

fn exposed(tokens: Option<Tokens>) -> Option<(String, String, DateTime<Utc>)> {
    let tokens = tokens?;
    Some((tokens.access.expose_secret().into(), tokens.refresh.expose_secret().into(), tokens.access_expires_at))
}

/// Two gateways that share a store, with an ERP in it.
async fn gateways(base: &Base) -> [Store; 2] {
    let key = master_key();
    let stores = [base.store(&key).await, base.store(&key).await];
    assert!(stores[0].add_erp(&erp("books", "x")).await.expect("added"));
    stores
}

async fn tokens_are_sealed_and_bound_to_their_erp(base: Base) {
    let [one, other] = gateways(&base).await;
    one.add_erp(&erp("shop", "x")).await.expect("added");
    assert_eq!(exposed(one.tokens(&books()).await.expect("a store")), None);
    one.save_tokens(&books(), &tokens("1")).await.expect("saved");
    one.save_tokens(&books(), &tokens("2")).await.expect("saved");
    assert_eq!(exposed(other.tokens(&books()).await.expect("a store")), exposed(Some(tokens("2"))));
    let mut beside = Beside::of(&base).await;
    let sealed = beside.sealed(("oauth_tokens", "erp"), "books").await;
    assert!(!sealed.windows(7).any(|part| part == b"refresh"), "sealed");
    one.save_tokens(&"shop".into(), &tokens("3")).await.expect("saved");
    beside.seal(("oauth_tokens", "erp"), "shop", &sealed).await;
    let error = other.tokens(&"shop".into()).await.expect_err("moved");
    assert!(error.to_string().contains("moved from another row"), "{error}");
}

async fn lease(store: &Store, clock: fn() -> DateTime<Utc>) -> Option<Lease> {
    SealedTokens::new(store.clone(), clock).lease(&books()).await.expect("a store")
}

/// Gives a lease back and waits until the store knows.
async fn give_back(lease: Lease, base: &Base) {
    drop(lease);
    let mut beside = Beside::of(base).await;
    while !beside.texts("SELECT lease FROM oauth_tokens WHERE lease IS NOT NULL").await.is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn a_lease_is_one_gateway_s_until_it_ends(base: Base) {
    let [one, other] = gateways(&base).await;
    let first = lease(&one, now).await.expect("nobody has it");
    assert!(lease(&one, now).await.is_none() && lease(&other, now).await.is_none(), "one at a time");
    // Tokens that are saved meanwhile end it as little as they hinder it.
    one.save_tokens(&books(), &tokens("1")).await.expect("saved");
    assert!(lease(&other, now).await.is_none());
    give_back(first, &base).await;
    let second = lease(&other, now).await.expect("given back");
    assert!(lease(&one, now).await.is_none());
    assert_eq!(exposed(other.tokens(&books()).await.expect("a store")), exposed(Some(tokens("1"))));
    std::mem::forget(second);
    assert!(lease(&one, now).await.is_none(), "its holder died a moment ago");
    assert!(lease(&one, when_a_lease_has_run_out).await.is_some(), "it has run out");
}

async fn a_lease_that_ran_out_is_not_given_back(base: Base) {
    let [one, other] = gateways(&base).await;
    let late = lease(&one, now).await.expect("nobody has it");
    let next = lease(&other, when_a_lease_has_run_out).await.expect("it has run out");
    drop(late);
    // What gave nothing back is done when the store has taken another write of the same process.
    for _ in 0..10 {
        one.save_tokens(&books(), &tokens("1")).await.expect("saved");
    }
    assert!(lease(&one, when_a_lease_has_run_out).await.is_none(), "it is another one's now");
    give_back(next, &base).await;
}

/// What a gateway's adapter speaks to QuickBooks with.
fn adapter(target: &Target, tokens: Arc<dyn TokenStore>) -> Arc<dyn Adapter> {
    let services = Services { hosts: Arc::default(), tokens, allow_link_local: false };
    let settings = target.settings().into_iter().map(|(key, value)| (key.to_owned(), value));
    catalog::build("quickbooks", &books(), settings, &services).expect("good settings")
}

async fn two_gateways_renew_once(base: Base) {
    let stores = gateways(&base).await;
    let target = Target::start(tests::targets::quickbooks()).await;
    let adapters: Vec<_> =
        stores.iter().map(|store| adapter(&target, Arc::new(SealedTokens::new(store.clone(), now)))).collect();
    for round in 1..=3 {
        let ctx = target.ctx();
        // Each of them for several callers.
        let probes = (0..8).map(|n| adapters[n % 2].probe(&ctx));
        let answers = futures_util::future::join_all(probes).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let stats = target.simulator.stats();
        assert_eq!(stats.by_operation.get("refresh"), Some(&round), "{stats:?}");
        target.simulator.simulator().clock().advance(std::time::Duration::from_secs(58 * 60));
    }
}

/// Keeps tokens, and dies when they are to be used.
struct Mortal(SealedTokens);

#[async_trait]
impl TokenStore for Mortal {
    async fn load(&self, erp: &ErpId) -> Result<Option<Tokens>> {
        self.0.load(erp).await
    }

    async fn save(&self, erp: &ErpId, tokens: &Tokens) -> Result<()> {
        self.0.save(erp, tokens).await?;
        std::future::pending().await
    }

    async fn lease(&self, erp: &ErpId) -> Result<Option<Lease>> {
        // A process that dies gives nothing back.
        Ok(self.0.lease(erp).await?.map(|lease| {
            std::mem::forget(lease);
            Lease::new(|| {})
        }))
    }
}

async fn a_gateway_that_dies_after_a_renewal_loses_nothing(base: Base) {
    let [one, other] = gateways(&base).await;
    let target = Target::start(tests::targets::quickbooks()).await;
    let dying = adapter(&target, Arc::new(Mortal(SealedTokens::new(one.clone(), now))));
    let ctx = target.ctx();
    let probe = tokio::spawn(async move { dying.probe(&ctx).await });
    while other.tokens(&books()).await.expect("a store").is_none() {
        tokio::task::yield_now().await;
    }
    probe.abort();
    // The entered refresh token is used up, and the lease not given back: what was stored is all there is, and good.
    let survivor = adapter(&target, Arc::new(SealedTokens::new(other.clone(), now)));
    survivor.probe(&target.ctx()).await.expect("the dead gateway's tokens");
    assert_eq!(target.simulator.stats().by_operation.get("refresh"), Some(&1));
    target.simulator.simulator().clock().advance(std::time::Duration::from_secs(2 * 60 * 60));
    let later = adapter(&target, Arc::new(SealedTokens::new(other, when_a_lease_has_run_out)));
    later.probe(&target.ctx()).await.expect("renewed once the lease has run out");
    assert_eq!(target.simulator.stats().by_operation.get("refresh"), Some(&2));
}

async fn a_consent_is_taken_once(base: Base) {
    let [one, other] = gateways(&base).await;
    let consent = |verifier: Option<&str>, minutes| ConsentState {
        erp: books(),
        verifier: verifier.map(SecretString::from),
        subject: "ann".into(),
        expires_at: NOW + TimeDelta::minutes(minutes),
    };
    one.add_consent("a", &consent(Some("verifier-1"), 10), NOW).await.expect("added");
    one.add_consent("b", &consent(None, 10), NOW).await.expect("added");
    let mut beside = Beside::of(&base).await;
    let sealed = beside.sealed(("oauth_states", "id"), "a").await;
    assert!(!sealed.windows(8).any(|part| part == b"verifier"));
    let taken = futures_util::future::join_all((0..6).map(|n| [&one, &other][n % 2].take_consent("a"))).await;
    let mut taken = taken.into_iter().filter_map(|taken| taken.expect("a store"));
    let first = taken.next().expect("there");
    assert!(taken.next().is_none(), "once");
    assert_eq!((first.erp, first.subject.as_str(), first.expires_at), (books(), "ann", NOW + TimeDelta::minutes(10)));
    assert_eq!(first.verifier.expect("a verifier").expose_secret(), "verifier-1");
    // A later one clears away what nobody gave.
    one.add_consent("c", &consent(None, 30), NOW + TimeDelta::minutes(10)).await.expect("added");
    assert!(other.take_consent("b").await.expect("a store").is_none());
    assert!(other.take_consent("c").await.expect("a store").expect("there").verifier.is_none());
}
