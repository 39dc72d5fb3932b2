//! Trying again while a server is away: how long, how often, and what ends it.

use std::time::Duration;

use protocol::queue::QueueError;
use tokio::time::{Instant, sleep_until};

/// How long a server may be away before its absence is an error.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The pause after a first failure; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// What worked for this long was no failure to begin with: patience starts anew.
const STEADY: Duration = Duration::from_secs(10);

/// Why an attempt failed, and what that means for the next one.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No further attempt helps.
    Lasting(QueueError),
    /// The same may work after a while.
    Passing(QueueError),
    /// It worked for a good while, and may again.
    Late(QueueError),
}

impl Trouble {
    /// The trouble of an attempt that is known to have worked for so long. How long an attempt took
    /// to fail says nothing: a server that swallows what it is sent is away all the same.
    pub(crate) fn after(self, worked: Duration) -> Self {
        match self {
            Self::Passing(error) if worked >= STEADY => Self::Late(error),
            trouble => trouble,
        }
    }
}

/// What is left of the patience with one undertaking.
#[derive(Debug)]
pub(crate) struct Patience {
    bound: Duration,
    pause: Duration,
    /// When it failed first, since when it never worked for long.
    failing_since: Option<Instant>,
    /// When the last attempt that failed was due to be made again.
    due_at: Instant,
}

impl Patience {
    /// Patience for `bound`, counted from the first failure.
    pub(crate) fn new(bound: Duration) -> Self {
        Self { bound, pause: FIRST_PAUSE, failing_since: None, due_at: Instant::now() }
    }

    /// Whether an attempt has failed since the last one that held.
    pub(crate) fn is_tried(&self) -> bool {
        self.failing_since.is_some()
    }

    /// Starts anew, after an attempt that worked.
    pub(crate) fn renew(&mut self) {
        *self = Self::new(self.bound);
    }

    /// Starts anew where nobody has tried for as long as the bound: what failed then says nothing
    /// of now. For patience that outlives an undertaking, before its next one.
    pub(crate) fn resume(&mut self) {
        if self.due_at.elapsed() > self.bound {
            self.renew();
        }
    }

    /// Waits until the next attempt is due.
    ///
    /// # Errors
    /// The trouble itself, when it lasts, or has lasted for longer than the bound.
    pub(crate) async fn bear(&mut self, trouble: Trouble) -> Result<(), QueueError> {
        let error = match trouble {
            Trouble::Lasting(error) => return Err(error),
            Trouble::Passing(error) => error,
            Trouble::Late(error) => {
                self.renew();
                error
            }
        };
        let now = Instant::now();
        let since = *self.failing_since.get_or_insert(now);
        self.due_at = now + self.pause;
        if self.due_at > since + self.bound {
            return Err(error);
        }
        sleep_until(self.due_at).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

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
    async fn attempts_that_are_slow_to_fail_use_patience_up() {
        let bound = Duration::from_secs(60);
        let started = Instant::now();
        let mut patience = Patience::new(bound);
        let mut attempts = 0;
        loop {
            attempts += 1;
            assert!(attempts < 10, "patience has no end");
            sleep(2 * STEADY).await;
            if patience.bear(away()).await.is_err() {
                break;
            }
        }
        let lasted = started.elapsed();
        assert!(
            lasted <= bound + 4 * STEADY,
            "the first attempt and the last are outside: {lasted:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn patience_starts_anew_after_an_attempt_that_worked_for_long() {
        let mut patience = Patience::new(Duration::from_secs(30));
        for _ in 0..20 {
            sleep(STEADY).await;
            let trouble = away().after(STEADY);
            assert_eq!(patience.bear(trouble).await, Ok(()), "each failure is a first one");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn patience_that_nobody_used_for_long_starts_anew() {
        let bound = Duration::from_secs(30);
        let mut patience = Patience::new(bound);
        while patience.bear(away()).await.is_ok() {}
        patience.resume();
        assert!(patience.bear(away()).await.is_err(), "who asks at once gets one attempt");
        sleep(2 * bound).await;
        patience.resume();
        assert_eq!(patience.bear(away()).await, Ok(()));
    }
}
