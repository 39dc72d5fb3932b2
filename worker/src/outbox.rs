//! The answers of one batch, published in pages of bounded size.

use std::sync::Arc;
use std::time::Duration;

use protocol::ScanId;
use protocol::message::Versioned;
use protocol::queue::{Line, Message, QueueError};
use protocol::result::{Answer, ResultPage};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::broker::Broker;

/// Things in one page; a page is published once it has as many.
const PAGE_OBJECTS: usize = 1000;
/// Answers do not wait longer than this for others of their batch.
const PAGE_TIME: Duration = Duration::from_millis(500);

/// Collects answers of one batch.
pub(crate) struct Outbox {
    broker: Arc<Broker>,
    scan: ScanId,
    round: u32,
    group: String,
    page: Mutex<Pending>,
}

struct Pending {
    answers: Vec<Answer>,
    objects: usize,
    begun: Instant,
}

impl Pending {
    fn new() -> Self {
        Self { answers: Vec::new(), objects: 0, begun: Instant::now() }
    }

    fn is_full(&self) -> bool {
        self.objects >= PAGE_OBJECTS || self.begun.elapsed() >= PAGE_TIME
    }
}

impl Outbox {
    pub(crate) fn new(broker: Arc<Broker>, scan: ScanId, round: u32, group: String) -> Self {
        Self { broker, scan, round, group, page: Mutex::new(Pending::new()) }
    }

    /// Adds an answer; publishes when the page is full.
    pub(crate) async fn add(&self, answer: Answer) -> Result<(), QueueError> {
        let mut page = self.page.lock().await;
        if let Answer::Objects { objects, .. } = &answer {
            page.objects += objects.len();
        }
        page.answers.push(answer);
        if !page.is_full() {
            return Ok(());
        }
        let full = std::mem::replace(&mut *page, Pending::new());
        drop(page);
        self.publish(full.answers).await
    }

    /// Publishes what is left.
    pub(crate) async fn flush(&self) -> Result<(), QueueError> {
        let rest = std::mem::replace(&mut *self.page.lock().await, Pending::new());
        self.publish(rest.answers).await
    }

    async fn publish(&self, answers: Vec<Answer>) -> Result<(), QueueError> {
        if answers.is_empty() {
            return Ok(());
        }
        let version = ResultPage::VERSION;
        let page = ResultPage { version, scan: self.scan.clone(), round: self.round, answers };
        let body = serde_json::to_vec(&page)
            .map_err(|error| QueueError::Refused(format!("a result page: {error}")))?;
        let message = Message { body, group: self.group.clone() };
        self.broker.publish(Line::Results, vec![message]).await
    }
}
