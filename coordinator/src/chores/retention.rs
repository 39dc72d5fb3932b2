//! Removes scans that ended long ago.

use std::time::Duration;

use async_trait::async_trait;

use super::Chore;
use crate::Error;
use crate::serve::Service;

/// Scans that are removed in one go.
const MOST: u32 = 5;

/// Removes scans that ended longer ago than they are kept.
pub(super) struct Pruner {
    pub(super) keep: Duration,
}

#[async_trait]
impl Chore for Pruner {
    const PERIOD: Duration = Duration::from_secs(600);

    async fn mend(&mut self, service: &Service) -> Result<(), Error> {
        let before = service.parts.clock.now() - self.keep;
        loop {
            let removed = service.registry.prune(before, MOST).await?;
            for id in &removed {
                tracing::info!(scan = %id, "a scan was removed: its retention is over");
            }
            if removed.is_empty() {
                return Ok(());
            }
        }
    }
}
