//! The clock that requests are signed by: the one handed in, corrected by what AWS says.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use protocol::Clock;

/// A smaller difference is the time that the answer took.
const NEGLIGIBLE: TimeDelta = TimeDelta::seconds(30);

/// A larger difference is nonsense, not skew: a century.
const NONSENSE: TimeDelta = TimeDelta::days(36_525);

/// A clock with an offset that all requests share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SkewedClock {
    clock: Arc<dyn Clock>,
    offset_ms: Arc<AtomicI64>,
}

impl SkewedClock {
    /// A clock that runs as `clock` does.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offset_ms: Arc::default() }
    }

    /// The present moment, as AWS sees it.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let offset = TimeDelta::milliseconds(self.offset_ms.load(Ordering::Relaxed));
        self.clock.now() + offset
    }

    /// Takes over the time of an answer's `Date` header; answers whether that changed anything.
    pub(crate) fn correct(&self, date: Option<&str>) -> bool {
        let Some(theirs) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
            return false;
        };
        let change = theirs.to_utc() - self.now();
        let offset = theirs.to_utc() - self.clock.now();
        if change.abs() < NEGLIGIBLE || offset.abs() > NONSENSE {
            return false;
        }
        self.offset_ms.store(offset.num_milliseconds(), Ordering::Relaxed);
        tracing::warn!(seconds = offset.num_seconds(), "this machine's clock differs from AWS's");
        true
    }
}

impl fmt::Debug for SkewedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SkewedClock").field("offset_ms", &self.offset_ms).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(1_800_000_000, 0).expect("a moment")
        }
    }

    #[test]
    fn the_answers_date_corrects_the_clock_once() {
        let clock = SkewedClock::new(Arc::new(Fixed));
        let theirs = Fixed.now() + TimeDelta::hours(2);
        let date = theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        assert!(clock.correct(Some(&date)));
        assert_eq!(clock.now(), theirs);
        assert!(!clock.correct(Some(&date)));
    }

    #[test]
    fn what_is_no_date_or_no_skew_changes_nothing() {
        let clock = SkewedClock::new(Arc::new(Fixed));
        for date in [None, Some(""), Some("yesterday"), Some("Fri, 01 Jan 9999 00:00:00 GMT")] {
            assert!(!clock.correct(date), "{date:?}");
        }
        assert_eq!(clock.now(), Fixed.now());
    }
}
