//! The queue of one process: bounded lines in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use protocol::queue::{Delivery, Line, MAX_DELIVERIES, Message, Queue, QueueError, Receipt};
use tokio::sync::Notify;

use crate::limits::too_large;

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

    fn deliver(&self, line: Line, message: Waiting) -> Delivery {
        let message = Waiting { handed_out: message.handed_out.saturating_add(1), ..message };
        let parked = (line != Line::Parked).then(|| Arc::clone(&self.parked));
        Delivery {
            body: message.body.clone(),
            redelivered: message.handed_out > 1,
            receipt: Box::new(MemoryReceipt {
                track: Arc::clone(self.track(line)),
                parked,
                message: Some(message),
            }),
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
    /// How often it was handed out.
    handed_out: u32,
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
        state.waiting.push_back(Waiting { body: message.body, handed_out: 0 });
        Ok(())
    }

    fn take(&self, most: usize) -> Result<Vec<Waiting>, QueueError> {
        let mut state = self.state();
        let count = most.max(1).min(state.waiting.len());
        state.out += count;
        let taken: Vec<Waiting> = state.waiting.drain(..count).collect();
        if taken.is_empty() && state.closed {
            return Err(QueueError::Closed);
        }
        Ok(taken)
    }

    /// Takes a message that another line gives up; hands it back where there is no room.
    fn park(&self, message: Waiting) -> Option<Waiting> {
        let mut state = self.state();
        if state.waiting.len() + state.out >= CAPACITY {
            return Some(message);
        }
        state.waiting.push_back(Waiting { handed_out: 0, ..message });
        drop(state);
        self.changed.notify_waiters();
        None
    }

    /// Ends a delivery: the message is done with, or comes first again.
    fn settle(&self, back: Option<Waiting>) {
        let mut state = self.state();
        state.out -= 1;
        if let Some(message) = back {
            state.waiting.push_front(message);
        }
        drop(state);
        self.changed.notify_waiters();
    }
}

enum Offer {
    Full(Message),
    Closed,
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn publish(&self, line: Line, messages: Vec<Message>) -> Result<(), QueueError> {
        too_large(messages.iter().map(|message| message.body.len()), MESSAGE_LIMIT)?;
        let track = self.track(line);
        if track.state().closed {
            return Err(QueueError::Closed);
        }
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
            let taken = track.take(most)?;
            if !taken.is_empty() {
                return Ok(taken.into_iter().map(|message| self.deliver(line, message)).collect());
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

/// Holds the message until it is acknowledged; dropping it puts the message back in front, or parks
/// it.
struct MemoryReceipt {
    track: Arc<Track>,
    /// Where the message ends that nobody acknowledges; nowhere from the parked line itself.
    parked: Option<Arc<Track>>,
    message: Option<Waiting>,
}

#[async_trait]
impl Receipt for MemoryReceipt {
    async fn ack(mut self: Box<Self>) -> Result<(), QueueError> {
        self.message = None;
        Ok(())
    }

    async fn extend(&self, _by: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

impl Drop for MemoryReceipt {
    fn drop(&mut self) {
        let mut back = self.message.take();
        if let Some(parked) = &self.parked {
            let worn_out = back.take_if(|message| message.handed_out >= MAX_DELIVERIES);
            back = back.or_else(|| parked.park(worn_out?));
        }
        self.track.settle(back);
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

    #[tokio::test(start_paused = true)]
    async fn a_message_comes_again_while_the_parked_line_is_full() {
        let queue = MemoryQueue::new();
        let message = |body: &str| Message { body: body.into(), group: "g".into() };
        queue.publish(Line::Parked, (0..CAPACITY).map(|_| message("old")).collect()).await.unwrap();
        queue.publish(Line::Tasks, vec![message("poison")]).await.unwrap();
        for _ in 0..MAX_DELIVERIES + 1 {
            assert_eq!(queue.receive(Line::Tasks, 1).await.unwrap()[0].body, b"poison");
        }
        assert_eq!(queue.depth(Line::Parked).await, Ok(CAPACITY as u64));
    }
}
