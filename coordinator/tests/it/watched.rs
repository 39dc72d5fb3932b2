//! A queue that takes no large messages, and counts receives that were given up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use protocol::batch::Batch;
use protocol::message::Versioned;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError};
use protocol::result::ResultPage;
use queue::MemoryQueue;

/// A queue in memory, watched.
pub(crate) struct Watched {
    inner: MemoryQueue,
    limit: usize,
    given_up: AtomicUsize,
    /// What is received beside everything else, without end.
    flood: Mutex<Option<Vec<u8>>>,
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
        Arc::new(Self {
            inner: MemoryQueue::new(),
            limit,
            given_up: AtomicUsize::new(0),
            flood: Mutex::default(),
        })
    }

    /// From now on there is always an answer that says nothing about a batch's scan.
    pub(crate) fn flood(&self, batch: &Batch) {
        let (scan, round) = (batch.scan.clone(), batch.round);
        let version = ResultPage::VERSION;
        let page = ResultPage { version, scan, round, part: None, answers: Vec::new() };
        let body = serde_json::to_vec(&page).expect("a page");
        *self.flood.lock().expect("a lock") = Some(body);
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
        let flood = self.flood.lock().expect("a lock").clone().filter(|_| line == Line::Results);
        if let Some(body) = flood {
            self.inner.publish(line, vec![Message { body, group: String::new() }]).await?;
        }
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
