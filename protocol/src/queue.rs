//! The queue: transport only, at least once, no order promised. The port.

use std::time::Duration;

use async_trait::async_trait;

use crate::status::words;

words! {
    /// The lines of messages.
    Line, "queue line" {
        /// From the coordinator to workers.
        Tasks = "tasks",
        /// From workers to the coordinator.
        Results = "results",
        /// What nobody could read, or what was handed out [`MAX_DELIVERIES`] times and never acknowledged; the
        /// coordinator reads it.
        Parked = "parked",
    }
}

/// How often a message is handed out without being acknowledged before it is parked.
pub const MAX_DELIVERIES: u32 = 5;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The bytes.
    pub body: Vec<u8>,
    /// What it belongs to (the account), for queues that are fair between groups.
    pub group: String,
}

/// Why the queue could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The broker cannot be reached, or went away.
    #[error("the queue cannot be reached: {0}")]
    Away(String),
    /// A message is larger than the queue takes.
    #[error("a message of {bytes} bytes is larger than the {limit} that the queue takes")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that the queue takes.
        limit: usize,
    },
    /// The broker refused.
    #[error("the queue refused: {0}")]
    Refused(String),
    /// The queue is closed: this process is stopping.
    #[error("the queue is closed")]
    Closed,
}

/// A message that was received; it is delivered again unless it is acknowledged.
pub struct Delivery {
    /// The bytes.
    pub body: Vec<u8>,
    /// Whether it was delivered before and not acknowledged.
    pub redelivered: bool,
    /// What acknowledges it.
    pub receipt: Box<dyn Receipt>,
}

/// The right to acknowledge a delivery once; dropping it hands the message back.
#[async_trait]
pub trait Receipt: Send + Sync {
    /// Takes the message off the queue for good.
    ///
    /// # Errors
    /// [`QueueError`]: the message may be delivered again.
    async fn ack(self: Box<Self>) -> Result<(), QueueError>;

    /// Keeps the message from being delivered again for another while.
    ///
    /// # Errors
    /// [`QueueError`]: the message may be delivered again.
    async fn extend(&self, by: Duration) -> Result<(), QueueError>;
}

/// The port. Adapters: memory, RabbitMQ, SQS.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Sends messages; returns when the queue has taken all of them. Waits while the queue is full.
    ///
    /// # Errors
    /// [`QueueError`]: some of them may have been taken.
    async fn publish(&self, line: Line, messages: Vec<Message>) -> Result<(), QueueError>;

    /// Receives 1 to `most` messages; waits for the first one.
    ///
    /// # Errors
    /// [`QueueError::Closed`] once the queue is closed and empty; other errors as they come.
    async fn receive(&self, line: Line, most: usize) -> Result<Vec<Delivery>, QueueError>;

    /// Ends receiving: every `receive`, waiting or to come, answers [`QueueError::Closed`] once
    /// nothing is left to hand out here. Publishing answers it at once.
    async fn close(&self, line: Line);

    /// The largest body that a message may have, in bytes.
    fn message_limit(&self) -> usize;

    /// How many messages wait, those that are out with receivers not counted.
    ///
    /// # Errors
    /// [`QueueError`] when the broker does not answer.
    async fn depth(&self, line: Line) -> Result<u64, QueueError>;
}
