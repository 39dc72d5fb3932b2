//! The worker: takes batches, executes their tasks, settles each once, and publishes what it saw.
//!
//! A worker holds no state that a restart would miss: what it has not acknowledged is delivered
//! again, and answers that come twice are harmless. It works for any number of scans at once: what
//! belongs to a scan comes with its batches, what belongs to the fleet with the control record.

mod admit;
mod ask;
mod batch;
mod broker;
mod consume;
mod control;
mod execute;
mod left_out;
mod metrics;
mod outbox;
mod pages;
mod publish;
mod pulse;
mod reach;
mod settle;
mod trace;
mod wait;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use protocol::Clock;
use protocol::budget::{Budget, Control};
use protocol::provider::Provider;
use protocol::queue::{Queue, QueueError};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::publish::Publisher;
use crate::reach::Reach;

pub use consume::run;
pub use pulse::Pulse;
pub use settle::{Decision, Policy, decide};

/// What a worker is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where batches come from and results go to.
    pub queue: Arc<dyn Queue>,
    /// Who may call now, and what the coordinator says to all workers.
    pub budget: Arc<dyn Budget>,
    /// The cloud.
    pub provider: Arc<dyn Provider>,
    /// What to ask.
    pub catalog: Catalog,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What tells that the worker lives.
    pub pulse: Pulse,
}

/// What is a worker's own; how hard to work for a scan comes with its batches.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Calls in flight at once.
    pub max_in_flight: usize,
    /// How long draining may take; what is not done by then is dropped, and delivered again.
    pub drain: Duration,
}

impl Settings {
    /// So many calls in flight, and [`DRAIN`] to drain.
    #[must_use]
    pub fn new(max_in_flight: usize) -> Self {
        Self { max_in_flight, drain: DRAIN }
    }
}

/// Why a worker cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The broker did not come back.
    #[error(
        "the broker was away for {minutes} minutes, which is as long as a worker waits; \
         start it again when the broker is there: {why}"
    )]
    Away {
        /// For how long.
        minutes: u64,
        /// What was seen of it last.
        why: QueueError,
    },
    /// The broker refuses.
    #[error("batches cannot be taken: {0}")]
    Refused(QueueError),
}

impl Error {
    fn away(why: QueueError) -> Self {
        Self::Away { minutes: PATIENCE.as_secs() / 60, why }
    }
}

/// The time to drain in, within the 90 s that those who stop a worker give it.
pub const DRAIN: Duration = Duration::from_secs(80);

/// How long a worker waits for a broker that is away.
const PATIENCE: Duration = Duration::from_secs(600);

/// Waits up to this long are timers in the worker, holding no call permit; longer ones are handed
/// back to the coordinator.
const SHORT_WAIT: Duration = Duration::from_secs(5);

/// What the parts of a running worker share.
struct Worker {
    parts: Parts,
    broker: Broker,
    publisher: Arc<Publisher>,
    /// What the coordinator says, as it was last read.
    orders: watch::Receiver<Arc<Control>>,
    budgets: Reach,
    /// Calls in flight, and how many there may be.
    permits: Semaphore,
    calls: usize,
    /// Tasks under way, and how many there may be.
    seats: Arc<Semaphore>,
    all_seats: usize,
    drain: CancellationToken,
}
