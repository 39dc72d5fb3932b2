//! Whether a server can be reached: said once when it goes away, and once when it is back.

use std::fmt::Display;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::metrics;

/// What is known about reaching a server.
pub(crate) struct Reach {
    server: &'static str,
    what: &'static str,
    away: watch::Sender<Option<Away>>,
}

/// Since when it is away, and what was seen of it last.
struct Away {
    since: Instant,
    why: String,
}

impl Reach {
    /// A server that is thought to be there; `what` says in the log what does not work without.
    pub(crate) fn new(server: &'static str, what: &'static str) -> Self {
        Self { server, what, away: watch::Sender::new(None) }
    }

    /// Notes that it answered.
    pub(crate) fn found(&self) {
        if self.away.borrow().is_none() {
            return;
        }
        self.away.send_if_modified(|away| {
            let was = away.take();
            if let Some(away) = &was {
                tracing::info!(after = ?away.since.elapsed(), "{}: it works again", self.what);
            }
            was.is_some()
        });
    }

    /// Notes that it did not answer; says for how long it has not.
    pub(crate) fn lost(&self, why: &dyn Display) -> Duration {
        let mut time = Duration::ZERO;
        self.away.send_if_modified(|away| {
            if let Some(away) = away {
                time = away.since.elapsed();
                return false;
            }
            tracing::warn!(%why, "{}: waiting until it works", self.what);
            metrics::outage(self.server);
            *away = Some(Away { since: Instant::now(), why: why.to_string() });
            true
        });
        time
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// What was seen of it last, when it has been away for `patience`.
    pub(crate) async fn back(&self, patience: Duration) -> Result<(), String> {
        let mut seen = self.away.subscribe();
        loop {
            let end = match &*seen.borrow_and_update() {
                None => return Ok(()),
                Some(away) => away.since + patience,
            };
            if tokio::time::timeout_at(end, seen.changed()).await.is_err() {
                let why = seen.borrow().as_ref().map(|away| away.why.clone());
                return why.map_or(Ok(()), Err);
            }
        }
    }
}
