//! Queues on RabbitMQ 3.10 or newer.

mod address;
mod link;
mod publish;
mod receive;
mod topology;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError};
use tokio_util::sync::CancellationToken;

use crate::limits::too_large;
use crate::patience::PATIENCE;
use address::Address;
use link::Link;
use publish::Publishing;
use receive::Receiving;

/// The largest body that a message may have, in bytes: far below what brokers take.
const MESSAGE_LIMIT: usize = 4 << 20;

/// Messages that a queue holds; publishing waits beyond it.
const CAPACITY: u32 = 200_000;

/// How long, and how much.
#[derive(Debug, Clone, Copy)]
pub struct RabbitSettings {
    /// How long the broker may be away before that is an error.
    pub patience: Duration,
    /// Messages that each queue holds, at most; a queue that is there with another number is refused.
    pub capacity: u32,
}

impl Default for RabbitSettings {
    fn default() -> Self {
        Self { patience: PATIENCE, capacity: CAPACITY }
    }
}

/// Three queues of one prefix on one broker, or cluster.
///
/// It has two connections, so that a broker that holds up publishers, because its memory or disk is
/// short, takes acknowledgements all the same.
pub struct RabbitQueue {
    address: Arc<Address>,
    settings: RabbitSettings,
    publishing: Link<Publishing>,
    receiving: Link<Receiving>,
    closed: Vec<CancellationToken>,
}

impl RabbitQueue {
    /// Connects, and declares the queues; waits for a broker that is away.
    ///
    /// # Errors
    /// [`QueueError::Refused`] when the URL, the user, the virtual host or a queue is not as it
    /// should be; [`QueueError::Away`] when patience ends.
    pub async fn connect(url: &str, settings: RabbitSettings) -> Result<Self, QueueError> {
        let address = Arc::new(Address::read(url)?);
        let RabbitSettings { patience, capacity } = settings;
        let queue = Self {
            publishing: Link::new(Arc::clone(&address), capacity, patience),
            receiving: Link::new(Arc::clone(&address), capacity, patience),
            closed: Line::ALL.iter().map(|_| CancellationToken::new()).collect(),
            address,
            settings,
        };
        queue.publishing.open().await?;
        queue.receiving.open().await?;
        Ok(queue)
    }

    fn closed(&self, line: Line) -> &CancellationToken {
        &self.closed[line as usize]
    }
}

#[async_trait]
impl Queue for RabbitQueue {
    async fn publish(&self, line: Line, messages: Vec<Message>) -> Result<(), QueueError> {
        too_large(messages.iter().map(|message| message.body.len()), MESSAGE_LIMIT)?;
        let name = self.address.queue(line);
        let patience = self.settings.patience;
        let published =
            publish::publish(&self.publishing, &self.address, &name, &messages, patience);
        tokio::select! {
            biased;
            () = self.closed(line).cancelled() => Err(QueueError::Closed),
            published = published => published,
        }
    }

    async fn receive(&self, line: Line, most: usize) -> Result<Vec<Delivery>, QueueError> {
        let patience = self.settings.patience;
        let received = receive::receive(&self.receiving, &self.address, line, most, patience);
        tokio::select! {
            biased;
            () = self.closed(line).cancelled() => Err(QueueError::Closed),
            received = received => received,
        }
    }

    async fn close(&self, line: Line) {
        self.closed(line).cancel();
    }

    fn message_limit(&self) -> usize {
        MESSAGE_LIMIT
    }

    async fn depth(&self, line: Line) -> Result<u64, QueueError> {
        receive::depth(&self.receiving, &self.address, line, self.settings.patience).await
    }
}
