//! Refused credentials in the audit log: however many there are, no flood of them fills the disk.

use super::Denied;
use crate::audit::{Act, Actor, Audit};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// An address gets at most one entry in so long, and one more for what came since.
const WINDOW: Duration = Duration::from_secs(60);
/// So many addresses are told apart at once. The others share one entry.
const ADDRESSES: usize = 256;

/// Counts refused credentials.
#[derive(Clone)]
pub(super) struct Attempts {
    audit: Audit,
    /// How many came from each address since its last entry.
    counts: Arc<Mutex<HashMap<Option<IpAddr>, u32>>>,
}

impl Attempts {
    pub(super) fn new(audit: Audit) -> Self {
        Self { audit, counts: Arc::default() }
    }

    /// Notes one: the first of an address at once, those that follow when a minute is over.
    pub(super) fn note(&self, address: Option<IpAddr>, denied: &Denied) {
        let mut from = address.map(network);
        {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if counts.len() >= ADDRESSES && !counts.contains_key(&from) {
                from = None;
            }
            if let Some(count) = counts.get_mut(&from) {
                *count = count.saturating_add(1);
                return;
            }
            counts.insert(from, 0);
        }
        let (this, act, code) = (self.clone(), act(denied), denied.error.code.word());
        tokio::spawn(async move {
            let mut count = 1;
            while count > 0 {
                this.audit.note(Actor::Unknown(from), act.clone().with("count", count), code).await;
                tokio::time::sleep(WINDOW).await;
                count = this.take(from);
            }
        });
    }

    /// How many came since the last entry. An address without any is forgotten.
    fn take(&self, from: Option<IpAddr>) -> u32 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get_mut(&from).map(std::mem::take).unwrap_or_default();
        if count == 0 {
            counts.remove(&from);
        }
        count
    }
}

fn act(denied: &Denied) -> Act {
    Act { action: "access.denied", subject: denied.key.clone(), ..Act::default() }.with("reason", denied.reason)
}

/// The address, or, where somebody has as many as they like, the network of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use chrono::{DateTime, Utc};
    use serde_json::json;

    #[tokio::test]
    async fn a_flood_is_an_entry_a_minute_for_each_address_and_few_addresses() {
        let (store, _folder) = Store::temporary().await.expect("a store");
        store.prepare().await.expect("ready");
        let attempts = Attempts::new(Audit::new(store.clone(), || DateTime::<Utc>::UNIX_EPOCH));
        let entries = async || store.audit_page(10_000, None, None).await.expect("entries").entries;
        let until = async |n: usize| {
            while entries().await.len() < n {
                tokio::task::yield_now().await;
            }
            assert_eq!(entries().await.len(), n);
        };
        let flood = |address: &str| {
            (0..100).for_each(|_| attempts.note(Some(address.parse().expect("an address")), &Denied::unknown()));
        };
        flood("192.0.2.1");
        flood("2001:db8::1");
        flood("2001:db8::2");
        until(2).await;
        let mut seen: Vec<_> = entries().await.into_iter().map(|entry| (entry.action, entry.detail)).collect();
        seen.sort_by_key(|(_, detail)| detail.to_string());
        let detail = |address| json!({ "address": address, "count": 1, "reason": "unknown" });
        assert_eq!(seen, ["192.0.2.1", "2001:db8::"].map(|address| ("access.denied".into(), detail(address))));
        for last in 0..2000u32 {
            flood(&IpAddr::from((0x0a00_0000 + last).to_be_bytes()).to_string());
        }
        until(ADDRESSES + 1).await;

        let address = |text: &str| Some(text.parse().expect("an address"));
        assert_eq!(attempts.take(address("192.0.2.1")), 99, "what the entry after a minute tells");
        assert_eq!(attempts.take(address("2001:db8::")), 199);
        assert_eq!(attempts.take(None), 1746 * 100 - 1);
        assert_eq!(attempts.take(None), 0, "forgotten");
    }
}
