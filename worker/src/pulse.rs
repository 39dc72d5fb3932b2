//! Whether a worker's loop still turns, for whoever may start the worker anew.
//!
//! It beats beside everything that the worker waits for, in the same task: when that task or the whole runtime is
//! stuck, the pulse stops. It says nothing of servers that are away, which a new start would not bring back, nor of a
//! batch that hangs, which is cut and comes back by itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How often it beats.
const BEAT: Duration = Duration::from_secs(5);
/// A pulse that has not beaten for so long has stopped.
const STOPPED: Duration = Duration::from_secs(60);

/// The pulse of a worker. Before the first beat the worker lives: it waits for its servers, which has a bound of its own.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<watch::Sender<Option<Instant>>>);

impl Default for Pulse {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Pulse {
    /// Whether the worker lives.
    #[must_use]
    pub fn lives(&self) -> bool {
        self.0.borrow().is_none_or(|beaten| beaten.elapsed() < STOPPED)
    }

    /// Beats again and again.
    pub(crate) async fn beat(&self) -> Infallible {
        loop {
            self.0.send_replace(Some(Instant::now()));
            tokio::time::sleep(BEAT).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pulse_that_stops_is_noticed() {
        let pulse = Pulse::default();
        tokio::time::advance(STOPPED * 10).await;
        assert!(pulse.lives(), "it has not begun");
        let beating = tokio::time::timeout(STOPPED * 3, pulse.beat());
        assert!(beating.await.is_err() && pulse.lives());
        tokio::time::advance(STOPPED).await;
        assert!(!pulse.lives());
    }
}
