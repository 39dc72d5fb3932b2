//! Waiting without holding a permit, and no longer than the worker goes on.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Waits; `false` means that the worker drains and the work is to be handed back.
pub(crate) async fn pause(time: Duration, drain: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = drain.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}
