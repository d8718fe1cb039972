use super::*;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

/// Keeps the counters by name and labels, as they would be exposed.
#[derive(Default)]
struct Counters(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Counters {
    fn seen(&self, name: &str) -> Vec<(String, u64)> {
        let all = lock(&self.0);
        let named = all.iter().filter_map(|(key, n)| Some((key.strip_prefix(name)?, n)));
        named.map(|(labels, n)| (labels.to_owned(), n.load(Ordering::Relaxed))).collect()
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Counter::from_arc(Arc::clone(lock(&self.0).entry(name).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test(start_paused = true)]
async fn each_exchange_is_counted_by_what_really_happened() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let fake = Fake::new(|n, _| match n {
        0 => answer(503),
        1 => fails(ErrorKind::BadResponse),
        2 => hangs(),
        _ => answer(200),
    });
    let http = over(&fake, &host(Policy { attempts: 1, ..Policy::default() }));
    for _ in 0..5 {
        let _ = http.send(&sync(), post()).await;
    }
    let requests = counters.seen("erp_gateway_upstream_requests_total system=test erp=main operation=create outcome=");
    let expected = [("2xx", 2), ("5xx", 1), ("bad_response", 1), ("cancelled", 1)];
    assert_eq!(requests, expected.map(|(outcome, n)| (outcome.to_owned(), n)), "the timeout layer cut the hanging one");
    assert_eq!(counters.seen("erp_gateway_upstream_sent_bytes_total")[0].1, 5 * r#"{"name":"x"}"#.len() as u64);
    assert_eq!(counters.seen("erp_gateway_upstream_received_bytes_total")[0].1, 3 * "{}".len() as u64);
}
