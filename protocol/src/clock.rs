//! The one place that asks what time it is.

use chrono::{DateTime, SubsecRound, Utc};

/// A source of the present moment; production code gets [`SystemClock`], tests their own.
pub trait Clock: Send + Sync {
    /// The present moment, cut to milliseconds (what every store keeps).
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(3)
    }
}
