//! How old an answer may be.

use chrono::{DateTime, Utc};
use schema::ports::{ReadMode, ReadOptions};
use std::time::Duration;

/// The ages that divide a cached answer's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// Up to this age it is as good as the ERP's own.
    pub(crate) fresh: Duration,
    /// Up to this age it is given at once, while the ERP is asked again.
    pub(crate) revalidate: Duration,
    /// Up to this age it stands in for an ERP that fails.
    pub(crate) on_error: Duration,
}

/// What to do with a cached answer, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    /// Give it.
    Fresh,
    /// Give it, and ask the ERP again behind the caller's back.
    Revalidate,
    /// Ask the ERP, and give it only if the ERP fails.
    IfErpFails,
    /// Leave it.
    Never,
}

impl Freshness {
    pub(super) fn of(&self, options: &ReadOptions, as_of: DateTime<Utc>, now: DateTime<Utc>) -> Use {
        if options.mode == ReadMode::Live {
            return Use::Never;
        }
        let age = (now - as_of).to_std().unwrap_or_default();
        let accepted = match options.max_age {
            Some(limit) if limit.is_zero() => None,
            Some(limit) if age <= limit => Some(Use::Fresh),
            Some(_) => None,
            None if age <= self.fresh => Some(Use::Fresh),
            None if age <= self.revalidate => Some(Use::Revalidate),
            None => None,
        };
        accepted.unwrap_or(if age <= self.on_error { Use::IfErpFails } else { Use::Never })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_an_answer() {
        let seconds = Duration::from_secs;
        let freshness = Freshness { fresh: seconds(30), revalidate: seconds(300), on_error: seconds(3600) };
        let now = DateTime::UNIX_EPOCH + seconds(100_000);
        let at = |age: u64, options: ReadOptions| freshness.of(&options, now - seconds(age), now);
        let auto = ReadOptions::default();
        assert_eq!(at(30, auto), Use::Fresh);
        assert_eq!(at(31, auto), Use::Revalidate);
        assert_eq!(at(301, auto), Use::IfErpFails);
        assert_eq!(at(3601, auto), Use::Never);
        let live = ReadOptions { mode: ReadMode::Live, ..auto };
        assert_eq!(at(0, live), Use::Never);
        let now_only = ReadOptions { max_age: Some(Duration::ZERO), ..auto };
        assert_eq!(at(0, now_only), Use::IfErpFails);
        let hour = ReadOptions { max_age: Some(seconds(3600)), ..auto };
        assert_eq!(at(3600, hour), Use::Fresh);
        let second = ReadOptions { max_age: Some(seconds(1)), ..auto };
        assert_eq!(at(2, second), Use::IfErpFails);
    }
}
