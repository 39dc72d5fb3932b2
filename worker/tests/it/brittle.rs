//! A queue that can be away, counts how often its deliveries are kept, and takes only so much.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError, Receipt};
use queue::MemoryQueue;

/// A queue in memory that behaves badly when told.
#[derive(Default)]
pub(crate) struct Brittle {
    inner: MemoryQueue,
    /// Lines that cannot be reached.
    pub(crate) away: Mutex<Vec<Line>>,
    limit: Option<usize>,
    pub(crate) extended: Arc<AtomicUsize>,
    pub(crate) received: AtomicUsize,
    pub(crate) publishes: AtomicUsize,
}

impl Brittle {
    /// One that takes messages of so many bytes at most.
    pub(crate) fn taking(bytes: usize) -> Self {
        Self { limit: Some(bytes), ..Self::default() }
    }

    fn reach(&self, line: Line) -> Result<(), QueueError> {
        let away = self.away.lock().unwrap().contains(&line);
        if away { Err(QueueError::Away("cut".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Queue for Brittle {
    async fn publish(&self, line: Line, messages: Vec<Message>) -> Result<(), QueueError> {
        self.reach(line)?;
        let limit = self.message_limit();
        if let Some(large) = messages.iter().find(|message| message.body.len() > limit) {
            return Err(QueueError::TooLarge { bytes: large.body.len(), limit });
        }
        self.publishes.fetch_add(1, Ordering::SeqCst);
        self.inner.publish(line, messages).await
    }

    async fn receive(&self, line: Line, most: usize) -> Result<Vec<Delivery>, QueueError> {
        self.reach(line)?;
        let deliveries = self.inner.receive(line, most).await?;
        self.received.fetch_add(deliveries.len(), Ordering::SeqCst);
        let counted = |delivery: Delivery| {
            let extended = Arc::clone(&self.extended);
            let receipt = Box::new(Counted { inner: delivery.receipt, extended });
            Delivery { receipt, ..delivery }
        };
        Ok(deliveries.into_iter().map(counted).collect())
    }

    async fn close(&self, line: Line) {
        self.inner.close(line).await;
    }

    fn message_limit(&self) -> usize {
        self.limit.unwrap_or_else(|| self.inner.message_limit())
    }

    async fn depth(&self, line: Line) -> Result<u64, QueueError> {
        self.inner.depth(line).await
    }
}

struct Counted {
    inner: Box<dyn Receipt>,
    extended: Arc<AtomicUsize>,
}

#[async_trait]
impl Receipt for Counted {
    async fn ack(self: Box<Self>) -> Result<(), QueueError> {
        self.inner.ack().await
    }

    async fn extend(&self, by: Duration) -> Result<(), QueueError> {
        self.extended.fetch_add(1, Ordering::SeqCst);
        self.inner.extend(by).await
    }
}
