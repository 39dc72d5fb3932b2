//! The coordinator: discovers accounts, expands them into cells, dispatches what is due, and
//! writes down what workers answer.
//!
//! The store is the truth and the queue is transport: whatever a queue or a worker loses becomes
//! due again, and whatever comes twice changes nothing.

mod active;
mod behind;
mod board;
mod choose;
mod chores;
mod chosen;
mod create;
pub mod cron;
mod discover;
mod dispatch;
mod entered;
pub mod enumerate;
pub mod estimate;
pub mod expand;
mod fair;
pub mod forecast;
#[cfg(feature = "fleet")]
pub mod http;
mod ingest;
mod led;
mod metrics;
mod predicted;
mod providers;
mod run;
mod serve;
mod shared;
mod snapshot;
mod survey;
mod trace;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use protocol::queue::{Queue, QueueError};
use protocol::store::{Store, StoreError};
use protocol::{Clock, Failure};

pub use behind::{is_read, read_rest};
pub use chores::{Notice, Notifier};
pub use chosen::{Meant, meant};
pub use create::{Order, create};
pub use providers::{OneProvider, Providers};
pub use run::run;
pub use serve::{Service, ServiceSettings, serve};
pub use snapshot::{Phase, Snapshot};
pub use survey::{Chosen, survey};
pub use trace::traceparent;

/// What a coordinator is made of.
#[derive(Clone)]
pub struct Parts {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Where batches go to and results come from.
    pub queue: Arc<dyn Queue>,
    /// The clouds, as scans reach them.
    pub providers: Arc<dyn Providers>,
    /// What to ask.
    pub catalog: Catalog,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// How a coordinator works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Batches that may be out at once: about two minutes of work.
    pub ahead: usize,
    /// A dispatch that is not answered for this long is lost and becomes due again.
    pub lost_after: Duration,
    /// Whether dispatches from before this coordinator began are lost for sure (a queue in memory).
    pub queue_is_new: bool,
}

/// How a run of a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every cell has a status.
    Finished,
    /// It was asked to stop; the scan can be resumed.
    Interrupted,
    /// The scan was cancelled.
    Cancelled,
}

/// Why a scan cannot go on; it stays resumable.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A part of it ended abnormally.
    #[error("a part of the coordinator ended abnormally: {0}")]
    Panicked(String),
    /// The policies that predict denials cannot be read from the store.
    #[error("the policies that predict denials cannot be read: {0}")]
    Policies(String),
    /// Nobody could be found to look at.
    #[error("the accounts cannot be listed: {0}")]
    Discover(Failure),
    /// The selection names something that there is not.
    #[error("{0}")]
    Selection(String),
    /// The scan was planned with another catalog.
    #[error(
        "scan {scan} was planned with catalog {planned}, this orgsweep has {ours}; resume it with orgsweep {version}"
    )]
    Catalog {
        /// The scan.
        scan: String,
        /// The catalog that it was planned with.
        planned: String,
        /// The catalog of this build.
        ours: String,
        /// The version that planned it.
        version: String,
    },
}
