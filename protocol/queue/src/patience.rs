//! Trying again while a server is away: how long, how often, and what ends it.

use std::time::Duration;

use protocol::queue::QueueError;
use tokio::time::{Instant, sleep};

/// How long a server may be away before its absence is an error.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The pause after a first failure; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// What holds this long was no failure to begin with: patience starts anew.
const STEADY: Duration = Duration::from_secs(10);

/// Why an attempt failed, and what that means for the next one.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No further attempt helps.
    Lasting(QueueError),
    /// The same may work after a while.
    Passing(QueueError),
}

/// What is left of the patience with one undertaking.
#[derive(Debug)]
pub(crate) struct Patience {
    bound: Duration,
    pause: Duration,
    /// When it failed first, since when it never held for long.
    failing_since: Option<Instant>,
    attempted_at: Instant,
}

impl Patience {
    /// Patience for `bound`, counted from the first failure.
    pub(crate) fn new(bound: Duration) -> Self {
        Self { bound, pause: FIRST_PAUSE, failing_since: None, attempted_at: Instant::now() }
    }

    /// Whether an attempt has failed since the last one that held.
    pub(crate) fn is_tried(&self) -> bool {
        self.failing_since.is_some()
    }

    /// Starts anew, after an attempt that worked.
    pub(crate) fn renew(&mut self) {
        *self = Self::new(self.bound);
    }

    /// Waits until the next attempt is due.
    ///
    /// # Errors
    /// The trouble itself, when it lasts, or has lasted for longer than the bound.
    pub(crate) async fn bear(&mut self, trouble: Trouble) -> Result<(), QueueError> {
        let error = match trouble {
            Trouble::Lasting(error) => return Err(error),
            Trouble::Passing(error) => error,
        };
        let now = Instant::now();
        if now - self.attempted_at >= STEADY {
            self.renew();
        }
        let since = *self.failing_since.get_or_insert(now);
        if now + self.pause > since + self.bound {
            return Err(error);
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.attempted_at = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> Trouble {
        Trouble::Passing(QueueError::Away("x".into()))
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_at_its_bound_with_the_last_error() {
        let started = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(60));
        while patience.bear(away()).await.is_ok() {}
        let lasted = started.elapsed();
        assert!(
            lasted > Duration::from_secs(50) && lasted <= Duration::from_secs(60),
            "{lasted:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_lasts_is_not_borne_at_all() {
        let refused = QueueError::Refused("x".into());
        let mut patience = Patience::new(PATIENCE);
        assert_eq!(patience.bear(Trouble::Lasting(refused.clone())).await, Err(refused));
        assert!(!patience.is_tried());
    }

    #[tokio::test(start_paused = true)]
    async fn patience_starts_anew_after_an_attempt_that_held() {
        let mut patience = Patience::new(Duration::from_secs(30));
        for _ in 0..20 {
            sleep(STEADY).await;
            assert_eq!(patience.bear(away()).await, Ok(()), "each failure is a first one");
        }
    }
}
