//! The answers of one batch, on their way into pages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::cell::CellKey;
use protocol::object::Object;
use protocol::queue::{Message, QueueError};
use protocol::result::Answer;
use tokio::time::Instant;

use crate::pages::Pages;
use crate::publish::Publisher;

/// Answers do not wait longer than this for others of their batch.
const PAGE_TIME: Duration = Duration::from_millis(500);

/// Collects answers of one batch. Those of one task stay in their order.
pub(crate) struct Outbox {
    publisher: Arc<Publisher>,
    group: String,
    desk: Mutex<Desk>,
}

struct Desk {
    pages: Pages,
    begun: Instant,
}

impl Outbox {
    pub(crate) fn new(publisher: Arc<Publisher>, pages: Pages, group: String) -> Self {
        let desk = Mutex::new(Desk { pages, begun: Instant::now() });
        Self { publisher, group, desk }
    }

    /// Adds an answer; publishes when a page is full.
    pub(crate) async fn add(&self, answer: &Answer) -> Result<(), QueueError> {
        self.put(|pages| pages.put(answer)).await
    }

    /// Adds things that a call of a cell saw.
    pub(crate) async fn add_objects(
        &self,
        cell: &CellKey,
        call: u32,
        objects: &[&Object],
    ) -> Result<(), QueueError> {
        self.put(|pages| pages.put_objects(cell, call, objects)).await
    }

    /// Publishes what is left.
    pub(crate) async fn flush(&self) -> Result<(), QueueError> {
        let rest = {
            let mut desk = self.desk();
            desk.pages.close()?;
            desk.pages.take()
        };
        self.publish(rest).await
    }

    async fn put(
        &self,
        put: impl FnOnce(&mut Pages) -> Result<(), QueueError>,
    ) -> Result<(), QueueError> {
        let full = {
            let mut desk = self.desk();
            put(&mut desk.pages)?;
            if desk.begun.elapsed() >= PAGE_TIME {
                desk.pages.close()?;
            }
            let full = desk.pages.take();
            if !full.is_empty() {
                desk.begun = Instant::now();
            }
            full
        };
        self.publish(full).await
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn publish(&self, pages: Vec<Vec<u8>>) -> Result<(), QueueError> {
        for body in pages {
            let page = Message { body, group: self.group.clone() };
            self.publisher.publish(page).await?;
        }
        Ok(())
    }
}
