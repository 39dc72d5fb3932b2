//! The queue, with patience: what cannot be reached for a while is waited for.

use std::sync::Arc;
use std::time::Duration;

use protocol::queue::{Delivery, Line, Message, Queue, QueueError};
use tokio_util::sync::CancellationToken;

use crate::PATIENCE;
use crate::reach::Reach;
use crate::wait::pause;

/// The pause before a broker that is away is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The queue, and whether it can be reached.
pub(crate) struct Broker {
    queue: Arc<dyn Queue>,
    sending: Reach,
    taking: Reach,
}

impl Broker {
    /// A queue that is thought to be there.
    pub(crate) fn new(queue: Arc<dyn Queue>) -> Self {
        let sending = Reach::new("publish", "answers cannot be published");
        Self { queue, sending, taking: Reach::new("receive", "batches cannot be taken") }
    }

    /// Publishes; tries again while the broker is away, up to [`PATIENCE`].
    pub(crate) async fn publish(&self, line: Line, messages: &[Message]) -> Result<(), QueueError> {
        loop {
            let Err(error) = self.queue.publish(line, messages.to_vec()).await else {
                self.sending.found();
                return Ok(());
            };
            let QueueError::Away(why) = &error else { return Err(error) };
            if self.sending.lost(why) >= PATIENCE {
                return Err(error);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Receives batches; tries again while the broker is away, up to [`PATIENCE`], or until `drain`.
    pub(crate) async fn receive(
        &self,
        most: usize,
        drain: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        loop {
            let error = match self.queue.receive(Line::Tasks, most).await {
                Ok(deliveries) => {
                    self.taking.found();
                    return Ok(deliveries);
                }
                Err(error) => error,
            };
            let QueueError::Away(why) = &error else { return Err(error) };
            if self.taking.lost(why) >= PATIENCE {
                return Err(error);
            }
            if !pause(RETRY, drain).await {
                return Err(QueueError::Closed);
            }
        }
    }

    /// Waits until answers can be published.
    ///
    /// # Errors
    /// [`QueueError::Away`] when that takes longer than [`PATIENCE`].
    pub(crate) async fn sends(&self) -> Result<(), QueueError> {
        self.sending.back(PATIENCE).await.map_err(QueueError::Away)
    }

    /// Takes no more batches than those that this process already has.
    pub(crate) async fn close_tasks(&self) {
        self.queue.close(Line::Tasks).await;
    }

    /// The largest message, in bytes.
    pub(crate) fn message_limit(&self) -> usize {
        self.queue.message_limit()
    }
}
