//! Removes what ended long ago: scans, and access tokens.

use std::time::Duration;

use async_trait::async_trait;

use super::Chore;
use crate::Error;
use crate::serve::Service;

/// Scans that are removed in one go.
const SCANS: u32 = 5;
/// Tokens that are removed in one go.
const TOKENS: u32 = 1000;
/// How long a token is told of after its end, at least: who held it, and until when. Sessions of browsers are tokens
/// too, so that they go also where scans are kept for ever.
const GRACE: Duration = Duration::from_secs(30 * 86_400);

/// Removes what ended longer ago than it is kept.
pub(super) struct Pruner {
    /// How long scans are kept; none means for ever.
    pub(super) keep: Option<Duration>,
}

#[async_trait]
impl Chore for Pruner {
    const PERIOD: Duration = Duration::from_secs(600);

    async fn mend(&mut self, service: &Service) -> Result<(), Error> {
        if let Some(keep) = self.keep {
            scans(service, keep).await?;
        }
        tokens(service, self.keep.map_or(GRACE, |keep| keep.max(GRACE))).await
    }
}

async fn scans(service: &Service, keep: Duration) -> Result<(), Error> {
    let before = service.parts.clock.now() - keep;
    loop {
        let removed = service.registry.prune(before, SCANS).await?;
        for id in &removed {
            tracing::info!(scan = %id, "a scan was removed: its retention is over");
        }
        if removed.is_empty() {
            return Ok(());
        }
    }
}

async fn tokens(service: &Service, keep: Duration) -> Result<(), Error> {
    let before = service.parts.clock.now() - keep;
    loop {
        let removed = service.registry.prune_tokens(before, TOKENS).await?;
        if removed > 0 {
            tracing::info!(removed, "tokens that ended long ago were removed");
        }
        if removed < u64::from(TOKENS) {
            return Ok(());
        }
    }
}
