//! The control record: what workers are to leave, and shares that were changed, written where they read it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use protocol::budget::{Control, Paused};
use protocol::scan::{Scan, ScanState};
use protocol::{AccountId, ScanId, WorkspaceId};
use tokio::time::Instant;

use super::Chore;
use crate::Error;
use crate::serve::Service;

/// How often it is written though nothing changed: what holds it may have forgotten it.
const REWRITE: Duration = Duration::from_secs(10);
/// How long a scan that is no longer open stays in the record, so that every worker reads it.
const REMEMBER: Duration = Duration::from_secs(900);

/// Keeps the record as the store has it.
#[derive(Default)]
pub(super) struct Keeper {
    written: Option<(Control, Instant)>,
    open: BTreeMap<ScanId, ScanState>,
    ended: BTreeMap<ScanId, (ScanState, Instant)>,
}

#[async_trait]
impl Chore for Keeper {
    const PERIOD: Duration = Duration::from_secs(1);

    /// Writes the record if it is not as it should be.
    async fn mend(&mut self, service: &Service) -> Result<(), Error> {
        let control = self.wanted(service).await?;
        let stands = self
            .written
            .as_ref()
            .is_some_and(|(written, at)| *written == control && at.elapsed() < REWRITE);
        if stands {
            return Ok(());
        }
        match service.budget.set_control(&control).await {
            Ok(()) => self.written = Some((control, Instant::now())),
            Err(error) => tracing::warn!(%error, "workers cannot be told what to leave"),
        }
        Ok(())
    }
}

impl Keeper {
    async fn wanted(&mut self, service: &Service) -> Result<Control, Error> {
        let open = service.registry.open_scans().await?;
        let paused = left_alone(&open, service.registry.paused_accounts().await?);
        let now: BTreeMap<ScanId, ScanState> =
            open.into_iter().map(|scan| (scan.id, scan.state)).collect();
        for id in self.open.keys().filter(|id| !now.contains_key(*id)) {
            let state = service.parts.store.scan(id).await.map(|scan| scan.state);
            // A scan that was removed in the meantime is left like one that was cancelled.
            let state = state.unwrap_or(ScanState::Cancelled);
            if state != ScanState::Finished {
                self.ended.insert(id.clone(), (state, Instant::now()));
            }
        }
        self.ended.retain(|id, (_, at)| at.elapsed() < REMEMBER && !now.contains_key(id));
        let resting = now.iter().filter(|(_, state)| **state == ScanState::Paused);
        let ended = self.ended.iter().map(|(id, (state, _))| (id.clone(), *state));
        let scans = resting.map(|(id, state)| (id.clone(), *state)).chain(ended).collect();
        let shares = service.registry.shares().await?;
        self.open = now;
        Ok(Control {
            version: Control::VERSION,
            scans,
            paused,
            shares: shares.into_iter().collect(),
        })
    }
}

/// Which scans leave which accounts alone: those of the workspace that paused them.
fn left_alone(open: &[Scan], paused: Vec<(WorkspaceId, AccountId)>) -> Vec<Paused> {
    let mut of: BTreeMap<WorkspaceId, Paused> = BTreeMap::new();
    for (workspace, account) in paused {
        of.entry(workspace).or_default().accounts.insert(account);
    }
    for scan in open {
        if let Some(paused) = of.get_mut(&scan.workspace) {
            paused.scans.insert(scan.id.clone());
        }
    }
    of.into_values().filter(|paused| !paused.scans.is_empty()).collect()
}
