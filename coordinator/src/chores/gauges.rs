//! What those who scale and watch the fleet need: the admissible backlog, and how deep the queue is.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use protocol::queue::Line;

use super::Chore;
use crate::serve::Service;
use crate::{Error, metrics};

/// Measures what waits.
pub(super) struct Gauges;

#[async_trait]
impl Chore for Gauges {
    const PERIOD: Duration = Duration::from_secs(10);

    async fn mend(&mut self, service: &Service) -> Result<(), Error> {
        let now = service.parts.clock.now();
        let backlog = service.registry.backlog(now).await?;
        let age = |since: DateTime<Utc>| (now - since).to_std().unwrap_or_default();
        metrics::backlog(&backlog, backlog.oldest.map_or(Duration::ZERO, age));
        for line in Line::ALL {
            metrics::depth(*line, service.parts.queue.depth(*line).await?);
        }
        Ok(())
    }
}
