//! A queue that takes no large messages, and counts receives that were given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError};
use queue::MemoryQueue;

/// A queue in memory, watched.
pub(crate) struct Watched {
    inner: MemoryQueue,
    limit: usize,
    given_up: AtomicUsize,
}

/// A receive that is under way.
struct Underway<'a>(&'a AtomicUsize);

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Watched {
    /// A queue whose messages have `limit` bytes at most.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { inner: MemoryQueue::new(), limit, given_up: AtomicUsize::new(0) })
    }

    /// How many receives of answers were given up.
    pub(crate) fn given_up(&self) -> usize {
        self.given_up.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Queue for Watched {
    async fn publish(&self, line: Line, messages: Vec<Message>) -> Result<(), QueueError> {
        let large =
            messages.iter().map(|message| message.body.len()).find(|size| *size > self.limit);
        match large {
            Some(bytes) => Err(QueueError::TooLarge { bytes, limit: self.limit }),
            None => self.inner.publish(line, messages).await,
        }
    }

    async fn receive(&self, line: Line, most: usize) -> Result<Vec<Delivery>, QueueError> {
        let underway = (line == Line::Results).then(|| Underway(&self.given_up));
        let received = self.inner.receive(line, most).await;
        std::mem::forget(underway);
        received
    }

    async fn close(&self, line: Line) {
        self.inner.close(line).await;
    }

    fn message_limit(&self) -> usize {
        self.limit
    }

    async fn depth(&self, line: Line) -> Result<u64, QueueError> {
        self.inner.depth(line).await
    }
}
