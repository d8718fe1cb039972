//! What all stacks to one host with one login share, and the registry that hands it out.

use super::{Auth, Breaker, BreakerState, Policy, Quota, QuotaSnapshot, lock, retry::Jitter, session::Session};
use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, Mutex, Weak},
};

/// Breaker, quota and session of one host and login.
pub struct HostState {
    pub(super) policy: Policy,
    pub(super) breaker: Arc<Breaker>,
    pub(super) quota: Arc<Quota>,
    pub(super) session: Arc<Session>,
    pub(super) jitter: Jitter,
}

impl HostState {
    /// A fresh state. `name` appears in logs: host and login, never a secret.
    pub fn new(name: impl Into<String>, policy: Policy, auth: Arc<dyn Auth>) -> Self {
        Self {
            breaker: Arc::new(Breaker::new(name.into(), policy.breaker, policy.fair_time)),
            quota: Arc::new(Quota::new(&policy)),
            session: Arc::new(Session::new(auth, policy.login)),
            jitter: Jitter::random(),
            policy,
        }
    }

    /// The same with a jitter that tests can foresee.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.jitter = Jitter::seeded(seed);
        self
    }

    /// What the breaker does with a call now.
    pub fn breaker(&self) -> BreakerState {
        self.breaker.state()
    }

    /// The quota as it is now.
    pub fn quota(&self, now: DateTime<Utc>) -> QuotaSnapshot {
        self.quota.snapshot(now)
    }
}

/// The states in use. It holds them weakly: a state lives as long as a stack over it.
#[derive(Default)]
pub struct Hosts {
    /// Keyed at random, so that the fingerprints tell nothing about the credentials.
    hasher: RandomState,
    states: Mutex<HashMap<(String, u64), Weak<HostState>>>,
}

impl Hosts {
    /// The state of a host and login: the one in use, or a new one.
    ///
    /// `key` says what the ERP counts and remembers by, for example `https://b1.example.com:50000 manager SBODEMO`; it is also
    /// the state's name in logs. `credentials` is what the operator set to prove the login (not a token that rotates); only a
    /// fingerprint of it is kept. Changed credentials make another state, which has forgotten earlier refusals; and who
    /// knows the login but not the password does not get at a session that somebody else opened. Where stacks that share
    /// differ in policy, the first one's holds.
    pub fn share(
        &self,
        key: &str,
        credentials: &(impl Hash + ?Sized),
        policy: Policy,
        auth: impl FnOnce() -> Arc<dyn Auth>,
    ) -> Arc<HostState> {
        let id = (key.to_owned(), self.hasher.hash_one(credentials));
        let mut states = lock(&self.states);
        if let Some(state) = states.get(&id).and_then(Weak::upgrade) {
            return state;
        }
        states.retain(|_, state| state.strong_count() > 0);
        let state = Arc::new(HostState::new(key, policy, auth()));
        states.insert(id, Arc::downgrade(&state));
        state
    }
    /// Forgets a state: whoever asks for its host and login next gets a new one, with a closed breaker, no session and no memory
    /// of refusals. Stacks that have it go on with it.
    pub fn forget(&self, state: &Arc<HostState>) {
        lock(&self.states).retain(|_, held| held.as_ptr() != Arc::as_ptr(state));
    }
}
