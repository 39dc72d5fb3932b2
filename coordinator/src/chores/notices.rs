//! Tells somebody else that a scan ended: once a round, with what is known and what is not.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use protocol::scan::Scan;
use serde::Serialize;

use super::Chore;
use crate::Error;
use crate::serve::Service;

/// Ends that are told in one go.
const MOST: u32 = 20;

/// What is told of the end of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The version of this text's format.
    pub version: u16,
    /// The scan.
    pub scan: String,
    /// Its workspace.
    pub workspace: String,
    /// Who started it.
    pub owner: String,
    /// How it ended: finished, cancelled or interrupted.
    pub state: &'static str,
    /// The round that ended.
    pub round: u32,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When the round ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Cells that were planned.
    pub planned: u64,
    /// Cells whose truth is known.
    pub known: u64,
    /// Cells whose truth is not known.
    pub unknown: u64,
}

/// Who is told.
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Tells it; whoever hears it twice is to recognise it by scan and round.
    ///
    /// # Errors
    /// A sentence: it is told again later.
    async fn tell(&self, notice: &Notice) -> Result<(), String>;
}

/// Tells of ends that were not told.
pub(super) struct Teller {
    pub(super) notifier: Arc<dyn Notifier>,
}

#[async_trait]
impl Chore for Teller {
    const PERIOD: Duration = Duration::from_secs(5);

    async fn mend(&mut self, service: &Service) -> Result<(), Error> {
        for scan in service.registry.untold(MOST).await? {
            let notice = notice(service, &scan).await?;
            match self.notifier.tell(&notice).await {
                Ok(()) => service.registry.set_told(&scan.id, scan.round).await?,
                Err(error) => {
                    tracing::warn!(scan = %scan.id, error, "the end of a scan could not be told; it is told again");
                }
            }
        }
        Ok(())
    }
}

async fn notice(service: &Service, scan: &Scan) -> Result<Notice, Error> {
    let ledger = service.parts.store.ledger(&scan.id).await?;
    Ok(Notice {
        version: 1,
        scan: scan.id.to_string(),
        workspace: scan.workspace.to_string(),
        owner: scan.owner.clone(),
        state: scan.state.as_str(),
        round: scan.round,
        started_at: scan.started_at,
        finished_at: scan.finished_at,
        planned: ledger.planned(),
        known: ledger.known(),
        unknown: ledger.unknown(),
    })
}
