//! The queue of one process: two bounded lines in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError, Receipt};
use tokio::sync::Notify;

/// Messages that one line holds, those out with receivers among them; publishing waits beyond it.
const CAPACITY: usize = 1024;

/// The largest body that a message may have, in bytes.
const MESSAGE_LIMIT: usize = 4 << 20;

/// A queue that lives and dies with its process.
#[derive(Debug, Default)]
pub struct MemoryQueue {
    tasks: Arc<Track>,
    results: Arc<Track>,
    parked: Arc<Track>,
}

impl MemoryQueue {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn track(&self, line: Line) -> &Arc<Track> {
        match line {
            Line::Tasks => &self.tasks,
            Line::Results => &self.results,
            Line::Parked => &self.parked,
        }
    }
}

/// One line of messages.
#[derive(Debug, Default)]
struct Track {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    out: usize,
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    body: Vec<u8>,
    redelivered: bool,
}

impl Track {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offer(&self, message: Message) -> Result<(), Offer> {
        let mut state = self.state();
        if state.closed {
            return Err(Offer::Closed);
        }
        if state.waiting.len() + state.out >= CAPACITY {
            return Err(Offer::Full(message));
        }
        state.waiting.push_back(Waiting { body: message.body, redelivered: false });
        Ok(())
    }

    fn take(self: &Arc<Self>, most: usize) -> Result<Vec<Delivery>, QueueError> {
        let mut state = self.state();
        let count = most.max(1).min(state.waiting.len());
        state.out += count;
        let taken: Vec<Waiting> = state.waiting.drain(..count).collect();
        if taken.is_empty() && state.closed {
            return Err(QueueError::Closed);
        }
        drop(state);
        let deliver = |waiting: Waiting| Delivery {
            redelivered: waiting.redelivered,
            receipt: Box::new(MemoryReceipt {
                track: Arc::clone(self),
                body: Some(waiting.body.clone()),
            }),
            body: waiting.body,
        };
        Ok(taken.into_iter().map(deliver).collect())
    }
}

enum Offer {
    Full(Message),
    Closed,
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn publish(&self, line: Line, messages: Vec<Message>) -> Result<(), QueueError> {
        let track = self.track(line);
        for mut message in messages {
            loop {
                let changed = track.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                match track.offer(message) {
                    Ok(()) => break,
                    Err(Offer::Closed) => return Err(QueueError::Closed),
                    Err(Offer::Full(back)) => message = back,
                }
                changed.await;
            }
            track.changed.notify_waiters();
        }
        Ok(())
    }

    async fn receive(&self, line: Line, most: usize) -> Result<Vec<Delivery>, QueueError> {
        let track = self.track(line);
        loop {
            let changed = track.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let deliveries = track.take(most)?;
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            changed.await;
        }
    }

    async fn close(&self, line: Line) {
        let track = self.track(line);
        track.state().closed = true;
        track.changed.notify_waiters();
    }

    fn message_limit(&self) -> usize {
        MESSAGE_LIMIT
    }

    async fn depth(&self, line: Line) -> Result<u64, QueueError> {
        Ok(self.track(line).state().waiting.len() as u64)
    }
}

/// Holds the message until it is acknowledged; dropping it puts the message back in front.
struct MemoryReceipt {
    track: Arc<Track>,
    body: Option<Vec<u8>>,
}

#[async_trait]
impl Receipt for MemoryReceipt {
    async fn ack(mut self: Box<Self>) -> Result<(), QueueError> {
        self.body = None;
        Ok(())
    }

    async fn extend(&self, _by: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

impl Drop for MemoryReceipt {
    fn drop(&mut self) {
        let mut state = self.track.state();
        state.out -= 1;
        if let Some(body) = self.body.take() {
            state.waiting.push_front(Waiting { body, redelivered: true });
        }
        drop(state);
        self.track.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_conforms() {
        crate::conformance::exercise(|| async { Arc::new(MemoryQueue::new()) as Arc<dyn Queue> })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn publishing_waits_while_the_line_is_full() {
        let queue = Arc::new(MemoryQueue::new());
        let message = || Message { body: vec![1], group: "g".into() };
        queue.publish(Line::Tasks, (0..CAPACITY).map(|_| message()).collect()).await.unwrap();
        let late = tokio::time::timeout(
            Duration::from_secs(60),
            queue.publish(Line::Tasks, vec![message()]),
        );
        assert!(late.await.is_err(), "the line is full");
        for delivery in queue.receive(Line::Tasks, 1).await.unwrap() {
            delivery.receipt.ack().await.unwrap();
        }
        queue.publish(Line::Tasks, vec![message()]).await.unwrap();
    }
}
