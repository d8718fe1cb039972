//! What can go wrong with an ERP, on demand.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// Nothing: requests are served.
    None,
    /// An answer with this status; nothing is carried out. Without a `body`, the one that this ERP sends.
    Status {
        /// The HTTP status, such as 500, 503 or 429.
        status: u16,
        /// The body.
        #[serde(default)]
        body: Option<String>,
        /// Seconds for a `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The right answer, of which only the first half of the body arrives. It was carried out.
    TruncatedJson,
    /// A page of HTML with status 200, as a proxy or a captive portal sends it; nothing is carried out.
    HtmlPage,
    /// No answer until the client goes; nothing is carried out.
    Hang,
    /// The right answer, but later. It is carried out after the delay, even when the client has gone by then.
    Delay {
        /// How late, in milliseconds.
        ms: u64,
    },
    /// It is carried out at once, and answered later.
    DelayAnswer {
        /// How late, in milliseconds.
        ms: u64,
    },
    /// The connection breaks; nothing is carried out.
    Disconnect,
    /// It is carried out, and the connection breaks before the answer.
    LostAnswer,
    /// All sessions end before the request is looked at, so that it finds its own expired.
    ExpireSessions,
}

impl Fault {
    /// An answer with this status and the body that this ERP sends with it.
    pub fn status(status: u16) -> Self {
        Self::Status { status, body: None, retry_after: None }
    }

    /// 503 with `Retry-After`.
    pub fn unavailable(retry_after: u64) -> Self {
        Self::Status { status: 503, body: None, retry_after: Some(retry_after) }
    }

    /// 429 with `Retry-After`.
    pub fn too_many_requests(retry_after: u64) -> Self {
        Self::Status { status: 429, body: None, retry_after: Some(retry_after) }
    }
}

/// Which requests fail, and how; the body of `POST /__faults`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultPlan {
    /// How.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests are served before the first one fails.
    #[serde(default)]
    pub after: u64,
    /// How many fail; all when missing.
    #[serde(default)]
    pub times: Option<u64>,
    /// Also requests that sign in or ask for health; otherwise only those for data.
    #[serde(default)]
    pub all: bool,
    /// Only requests whose path contains this.
    #[serde(default)]
    pub path: Option<String>,
}

impl From<Fault> for FaultPlan {
    fn from(fault: Fault) -> Self {
        Self { fault, after: 0, times: None, all: false, path: None }
    }
}

impl FaultPlan {
    /// Only the next `times` requests.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Only after `requests` more have been served.
    pub fn after(mut self, requests: u64) -> Self {
        self.after = requests;
        self
    }

    /// Sign-in and health too.
    pub fn all(mut self) -> Self {
        self.all = true;
        self
    }

    /// Only requests whose path contains `part`.
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }
}

/// The plan in force, and the share of requests that fail by chance.
#[derive(Debug)]
pub struct Faults {
    rate: f64,
    state: Mutex<(FaultPlan, Rng)>,
}

impl Faults {
    pub(crate) fn new(rate: f64, seed: u64) -> Self {
        Self { rate, state: Mutex::new((Fault::None.into(), Rng::keyed(seed, "faults", 0))) }
    }

    /// Puts a plan in the place of the one in force: `faults.set(Fault::status(500))`, or
    /// `faults.set(FaultPlan::from(Fault::Hang).times(1))`.
    pub fn set(&self, plan: impl Into<FaultPlan>) {
        self.lock().0 = plan.into();
    }

    /// Ends the plan in force.
    pub fn clear(&self) {
        self.set(Fault::None);
    }

    /// The plan in force, with what is left of it.
    pub fn plan(&self) -> FaultPlan {
        self.lock().0.clone()
    }

    /// What happens to the next request.
    pub(crate) fn next(&self, path: &str, data: bool) -> Fault {
        let mut state = self.lock();
        let (plan, rng) = &mut *state;
        let meant = (data || plan.all) && plan.path.as_ref().is_none_or(|part| path.contains(part));
        if plan.fault != Fault::None && meant {
            if plan.after > 0 {
                plan.after -= 1;
                return Fault::None;
            }
            let fault = plan.fault.clone();
            if let Some(times) = &mut plan.times {
                *times = times.saturating_sub(1);
                if *times == 0 {
                    *plan = Fault::None.into();
                }
            }
            return fault;
        }
        if !data || rng.share() >= self.rate {
            return Fault::None;
        }
        match rng.below(5) {
            0 => Fault::status(500),
            1 => Fault::unavailable(1),
            2 => Fault::too_many_requests(1),
            3 => Fault::TruncatedJson,
            _ => Fault::Disconnect,
        }
    }

    fn lock(&self) -> MutexGuard<'_, (FaultPlan, Rng)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_fails_the_requests_it_names_and_no_others() {
        let faults = Faults::new(0.0, 1);
        faults.set(FaultPlan::from(Fault::Hang).after(1).times(1).path("/orders"));
        let next = |path, data| faults.next(path, data) == Fault::Hang;
        assert!(!next("/invoices", true) && !next("/orders", false) && !next("/orders", true));
        assert!(next("/orders", true));
        assert!(!next("/orders", true));
        assert_eq!(faults.plan(), Fault::None.into());
    }

    #[test]
    fn a_plan_reads_from_json() {
        let plan: FaultPlan =
            serde_json::from_str(r#"{"fault":"status","status":503,"retry_after":2,"times":3}"#).unwrap();
        assert_eq!(plan, FaultPlan::from(Fault::unavailable(2)).times(3));
    }

    #[test]
    fn the_rate_is_a_share_of_the_data_requests() {
        let faults = Faults::new(0.2, 1);
        let failed = (0..1000).filter(|_| faults.next("/", true) != Fault::None).count();
        assert!((150..250).contains(&failed), "{failed}");
        assert!((0..1000).all(|_| faults.next("/", false) == Fault::None));
    }
}
