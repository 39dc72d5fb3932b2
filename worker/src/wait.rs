//! Waiting without holding a permit, and no longer than the worker goes on.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Waits; `false` means that the work is to stop, and to be handed back.
pub(crate) async fn pause(time: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}
