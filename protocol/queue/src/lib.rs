//! Queues: transport between coordinator and workers, behind one port.
//!
//! Every adapter passes [`conformance`].

pub mod conformance;
mod memory;

use std::sync::Arc;

use protocol::queue::{Queue, QueueError};

pub use memory::MemoryQueue;

/// Opens the queue that a URL names.
///
/// # Errors
/// [`QueueError::Refused`] when this build has no queue of that kind.
pub fn connect(url: &str) -> Result<Arc<dyn Queue>, QueueError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("memory") => Ok(Arc::new(MemoryQueue::new())),
        _ => Err(QueueError::Refused(format!(
            "{url:?} is not a queue that this build knows; it knows memory:"
        ))),
    }
}
