//! The worker: takes batches, executes their tasks, settles each once, and publishes what it saw.
//!
//! A worker holds no state that a restart would miss: what it has not acknowledged is delivered
//! again, and answers that come twice are harmless.

mod ask;
mod batch;
mod consume;
mod execute;
mod outbox;
mod settle;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use protocol::Clock;
use protocol::budget::Budget;
use protocol::provider::Provider;
use protocol::queue::Queue;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use consume::run;
pub use settle::{Decision, Policy, decide};

/// What a worker is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where batches come from and results go to.
    pub queue: Arc<dyn Queue>,
    /// Who may call now.
    pub budget: Arc<dyn Budget>,
    /// The cloud.
    pub provider: Arc<dyn Provider>,
    /// What to ask.
    pub catalog: Catalog,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// How a worker works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Calls in flight at once.
    pub max_in_flight: usize,
    /// The share of every documented bucket that may be spent, in per cent.
    pub budget_share: u8,
    /// How often a failing task is tried.
    pub policy: Policy,
}

impl Settings {
    /// The settings that a scan's pace asks for.
    #[must_use]
    pub fn of(pace: &protocol::scan::Pace) -> Self {
        Self {
            max_in_flight: usize::try_from(pace.max_in_flight).unwrap_or(usize::MAX),
            budget_share: pace.budget_share,
            policy: Policy { max_attempts: pace.max_attempts },
        }
    }
}

/// Waits up to this long are timers in the worker, holding no call permit; longer ones are handed
/// back to the coordinator.
const SHORT_WAIT: Duration = Duration::from_secs(5);

/// What the parts of a running worker share.
#[derive(Clone)]
struct Worker {
    parts: Parts,
    settings: Settings,
    permits: Arc<Semaphore>,
    drain: CancellationToken,
}
