//! Entries of many callers, ten a request.
//!
//! Nobody waits for a request to fill: what comes goes out at once while few requests are out, and
//! together with what came meanwhile when many are.

use std::sync::Arc;
use std::time::Duration;

use protocol::queue::QueueError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::patience::{Patience, Trouble};

/// Entries of a request, as SQS bounds them.
const ENTRIES: usize = 10;

/// Requests that are out at once.
const REQUESTS: usize = 16;

/// Entries that wait for a request; more wait with their callers.
const WAITING: usize = 1024;

/// An operation that takes entries by the ten.
pub(super) trait Operation: Send + Sync + 'static {
    /// One entry.
    type Entry: Send + Sync + 'static;

    /// What one request may weigh.
    const HEAVIEST: usize;

    /// What an entry weighs.
    fn weight(entry: &Self::Entry) -> usize;

    /// Sends one request; tells which entries failed, by their place, and why.
    fn send(
        &self,
        entries: Vec<&Self::Entry>,
    ) -> impl Future<Output = Result<Vec<(usize, Trouble)>, Trouble>> + Send;
}

/// Where entries are handed in.
pub(super) struct Batcher<O: Operation> {
    entries: mpsc::Sender<Waiting<O::Entry>>,
    bound: Duration,
}

struct Waiting<E> {
    entry: E,
    told: oneshot::Sender<Result<(), QueueError>>,
}

impl<O: Operation> Batcher<O> {
    /// Starts one; it ends with its last caller. Each request is tried again for `bound`.
    pub(super) fn start(operation: O, bound: Duration) -> Self {
        let (entries, waiting) = mpsc::channel(WAITING);
        tokio::spawn(gather(Arc::new(operation), waiting, bound));
        Self { entries, bound }
    }

    /// Sends an entry, and waits until SQS has taken it.
    ///
    /// # Errors
    /// [`QueueError`] when it was not taken, or not within twice the bound.
    pub(super) async fn send(&self, entry: O::Entry) -> Result<(), QueueError> {
        let (told, answer) = oneshot::channel();
        let gone = || QueueError::Away("requests to SQS have ended".to_owned());
        let sent = async {
            self.entries.send(Waiting { entry, told }).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        };
        match timeout(self.bound * 2, sent).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(QueueError::Away("SQS took nothing for too long".to_owned())),
        }
    }

    /// Sends an entry that nobody waits for; whether there was room for it.
    pub(super) fn send_later(&self, entry: O::Entry) -> bool {
        let (told, _) = oneshot::channel();
        self.entries.try_send(Waiting { entry, told }).is_ok()
    }
}

async fn gather<O: Operation>(
    operation: Arc<O>,
    mut waiting: mpsc::Receiver<Waiting<O::Entry>>,
    bound: Duration,
) {
    let requests = Arc::new(Semaphore::new(REQUESTS));
    let mut too_heavy = None;
    loop {
        let Ok(request) = Arc::clone(&requests).acquire_owned().await else { return };
        let first = match too_heavy.take() {
            Some(first) => first,
            None => match waiting.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        let mut weight = O::weight(&first.entry);
        let mut batch = vec![first];
        while batch.len() < ENTRIES {
            let Ok(next) = waiting.try_recv() else { break };
            weight += O::weight(&next.entry);
            if weight > O::HEAVIEST {
                too_heavy = Some(next);
                break;
            }
            batch.push(next);
        }
        tokio::spawn(deliver(Arc::clone(&operation), batch, bound, request));
    }
}

/// Sends a batch until every entry is taken, or refused.
async fn deliver<O: Operation>(
    operation: Arc<O>,
    mut batch: Vec<Waiting<O::Entry>>,
    bound: Duration,
    _request: OwnedSemaphorePermit,
) {
    let mut patience = Patience::new(bound);
    while !batch.is_empty() {
        let asked = batch.len();
        let sent = operation.send(batch.iter().map(|waiting| &waiting.entry).collect()).await;
        let (trouble, left) = match sent {
            Ok(failed) => split(batch, failed),
            Err(trouble) => (trouble, batch),
        };
        if left.len() < asked {
            patience.renew();
        }
        batch = left;
        if batch.is_empty() {
            return;
        }
        if let Err(error) = patience.bear(trouble).await {
            batch.drain(..).for_each(|waiting| answer(waiting, Err(error.clone())));
        }
    }
}

/// Answers what was taken, and what never will be; returns what may be taken later, and why not now.
fn split<E>(batch: Vec<Waiting<E>>, failed: Vec<(usize, Trouble)>) -> (Trouble, Vec<Waiting<E>>) {
    let mut passing = QueueError::Away("SQS took a part of a batch".to_owned());
    let mut failed: std::collections::BTreeMap<usize, Trouble> = failed.into_iter().collect();
    let mut left = Vec::new();
    for (place, waiting) in batch.into_iter().enumerate() {
        match failed.remove(&place) {
            None => answer(waiting, Ok(())),
            Some(Trouble::Lasting(error)) => answer(waiting, Err(error)),
            Some(Trouble::Passing(error) | Trouble::Late(error)) => {
                passing = error;
                left.push(waiting);
            }
        }
    }
    (Trouble::Passing(passing), left)
}

fn answer<E>(waiting: Waiting<E>, answer: Result<(), QueueError>) {
    // Who has stopped waiting does not want to know.
    drop(waiting.told.send(answer));
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::join_all;

    use super::*;

    /// Remembers requests; refuses odd entries for good, and three-fold ones once.
    #[derive(Default)]
    struct Requests {
        seen: Arc<Mutex<Vec<Vec<usize>>>>,
        away: bool,
    }

    impl Operation for Requests {
        type Entry = usize;
        const HEAVIEST: usize = 100;

        fn weight(entry: &usize) -> usize {
            *entry
        }

        async fn send(&self, entries: Vec<&usize>) -> Result<Vec<(usize, Trouble)>, Trouble> {
            let is_first = self.seen.lock().unwrap().is_empty();
            self.seen.lock().unwrap().push(entries.iter().map(|entry| **entry).collect());
            if self.away {
                return Err(Trouble::Passing(QueueError::Away("away".into())));
            }
            let failed = |entry: &usize| match *entry {
                7 => Some(Trouble::Lasting(QueueError::Refused("seven".into()))),
                9 if is_first => Some(Trouble::Passing(QueueError::Away("later".into()))),
                _ => None,
            };
            let failed = entries.iter().enumerate().map(|(place, entry)| (place, failed(entry)));
            Ok(failed.filter_map(|(place, trouble)| Some((place, trouble?))).collect())
        }
    }

    const BOUND: Duration = Duration::from_secs(30);

    async fn send(
        away: bool,
        entries: Vec<usize>,
    ) -> (Vec<Result<(), QueueError>>, Vec<Vec<usize>>) {
        let seen = Arc::default();
        let batcher = Batcher::start(Requests { seen: Arc::clone(&seen), away }, BOUND);
        let answers = join_all(entries.into_iter().map(|entry| batcher.send(entry))).await;
        let seen = seen.lock().unwrap().clone();
        (answers, seen)
    }

    #[tokio::test(start_paused = true)]
    async fn entries_go_ten_at_a_time() {
        let (answers, seen) = send(false, vec![1; 25]).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_not_heavier_than_it_may_be() {
        let (answers, seen) = send(false, vec![60, 40, 1, 99, 100, 2]).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(seen, [vec![60, 40], vec![1, 99], vec![100], vec![2]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_failed_goes_again_and_what_is_refused_is_told() {
        let (answers, seen) = send(false, vec![5, 7, 9]).await;
        let refused = QueueError::Refused("seven".into());
        assert_eq!(answers, [Ok(()), Err(refused), Ok(())]);
        assert_eq!(seen, [vec![5, 7, 9], vec![9]]);
    }

    #[tokio::test(start_paused = true)]
    async fn callers_are_answered_when_patience_ends() {
        let (answers, seen) = send(true, vec![1, 2]).await;
        assert_eq!(answers, vec![Err(QueueError::Away("away".into())); 2]);
        assert!(seen.len() > 3, "it was tried again: {seen:?}");
    }
}
