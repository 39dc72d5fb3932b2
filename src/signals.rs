//! The signals that end a service: the first drains, a second one ends at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::stop::{Exit, Stop};

/// Cancels `stop` on SIGTERM or SIGINT; on the second one the process ends at once.
///
/// # Errors
/// A sentence when signals cannot be heard.
pub(crate) fn stop_on_signal(stop: CancellationToken) -> Result<(), Stop> {
    let cannot = |error| Stop::failed(format!("signals cannot be heard: {error}"));
    let mut term = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut int = signal(SignalKind::interrupt()).map_err(cannot)?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            if stop.is_cancelled() {
                tracing::warn!("a second signal: ending at once; what was under way is done again");
                std::process::exit(Exit::Interrupted as i32);
            }
            tracing::info!("stopping: what is under way is finished or handed back");
            stop.cancel();
        }
    });
    Ok(())
}
