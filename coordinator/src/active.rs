//! One scan that is worked on: its discovery runs beside, its work goes out when somebody looks; what else there is to
//! know of its organizations is read behind it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use protocol::ScanId;
use protocol::provider::Provider;
use protocol::scan::{Scan, ScanState};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::shared::Shared;
use crate::{End, Error, Parts, Phase, Snapshot, behind, discover, dispatch};

/// How often lost dispatches are looked for, and what is out is counted again.
const RECLAIM: Duration = Duration::from_secs(60);
/// How often what is out is counted again in the store.
const RECOUNT: Duration = Duration::from_secs(5);

/// A scan that is worked on.
pub(crate) struct Active {
    /// What its parts tell each other.
    pub(crate) shared: Arc<Shared>,
    discovering: Option<JoinHandle<Result<(), Error>>>,
    reading: Option<behind::Running>,
    looked_for_lost: Instant,
    counted: Instant,
}

/// What is to be done with a scan at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Its work goes out.
    Work,
    /// Nothing goes out.
    Rest,
    /// It is over.
    Over(End),
}

impl Active {
    /// Begins, or goes on with, a scan.
    ///
    /// # Errors
    /// [`Error`] when the catalog is another one, or the store fails.
    pub(crate) async fn begin(
        parts: &Parts,
        scan: &Scan,
        watch: watch::Sender<Snapshot>,
        changed: Arc<Notify>,
    ) -> Result<Self, Error> {
        check_catalog(parts, scan)?;
        let out = parts.store.progress(&scan.id).await?.out;
        let shared = Arc::new(Shared::new(scan.settings.resources, out, watch, changed));
        let (parts, scan, told) = (parts.clone(), scan.clone(), Arc::clone(&shared));
        let discovering = tokio::spawn(async move { discover(&parts, &scan, &told).await });
        Ok(Self {
            shared,
            discovering: Some(discovering),
            reading: None,
            looked_for_lost: Instant::now(),
            counted: Instant::now(),
        })
    }

    /// What is to be done with the scan, which is as the store has it.
    ///
    /// # Errors
    /// [`Error`] when its accounts cannot be discovered.
    pub(crate) async fn look(&mut self, parts: &Parts, scan: &Scan) -> Result<Look, Error> {
        if self.discovering.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(ended) = self.discovering.take()
        {
            ended.await.unwrap_or_else(|error| Err(Error::Panicked(error.to_string())))?;
            self.reading = Some(behind::begin(parts, scan));
        }
        if self.reading.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(read) = self.reading.take()
        {
            behind::ended(read).await?;
        }
        self.shared.pause(scan.state == ScanState::Paused);
        Ok(match scan.state {
            ScanState::Cancelled => Look::Over(End::Cancelled),
            ScanState::Interrupted => Look::Over(End::Interrupted),
            ScanState::Paused => Look::Rest,
            ScanState::Running | ScanState::Finished => Look::Work,
        })
    }

    /// Whether every cell has a status; what is read behind the scan may go on.
    pub(crate) async fn is_done(&self, parts: &Parts, id: &ScanId) -> Result<bool, Error> {
        if self.discovering.is_some() || self.shared.out() > 0 {
            return Ok(false);
        }
        let progress = parts.store.progress(id).await?;
        Ok(progress.preflights_open == 0 && progress.batches_open == 0)
    }

    /// Makes due again what nobody has answered for `lost_after`, now and then.
    pub(crate) async fn reclaim(
        &mut self,
        parts: &Parts,
        id: &ScanId,
        now: DateTime<Utc>,
        lost_after: Duration,
    ) -> Result<(), Error> {
        if self.looked_for_lost.elapsed() >= RECLAIM.min(lost_after) {
            self.looked_for_lost = Instant::now();
            let lost = parts.store.reclaim(id, now - lost_after).await?;
            if lost > 0 {
                tracing::warn!(scan = %id, lost, "dispatches without an answer become due again");
                self.counted = self.looked_for_lost - RECOUNT;
            }
        }
        if self.counted.elapsed() >= RECOUNT {
            self.counted = Instant::now();
            self.shared.has_out(parts.store.progress(id).await?.out);
        }
        Ok(())
    }

    /// What is still being read behind the scan, now that it is over.
    pub(crate) fn into_reading(self) -> Option<behind::Running> {
        self.reading
    }

    /// Ends the discovery and what is read behind, where they still run.
    pub(crate) async fn end(self) {
        if let Some(reading) = self.reading {
            behind::end(reading).await;
        }
        if let Some(discovering) = self.discovering {
            discovering.abort();
            if let Err(error) = discovering.await
                && !error.is_cancelled()
            {
                tracing::error!(%error, "a discovery ended abnormally");
            }
        }
    }

    /// Sends up to `most` batches; says how many.
    pub(crate) async fn send(
        &self,
        parts: &Parts,
        scan: &Scan,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<usize, Error> {
        dispatch::send(parts, scan, &self.shared, most, now).await
    }
}

async fn discover(parts: &Parts, scan: &Scan, shared: &Shared) -> Result<(), Error> {
    let provider = parts.providers.of(scan).map_err(Error::Discover)?;
    if scan.planned {
        know_regions(&*provider, scan, shared).await?;
    } else {
        discover::plan(parts, &*provider, scan, shared).await?;
    }
    shared.update(|snapshot| snapshot.phase = Phase::Scanning);
    shared.nudge();
    Ok(())
}

async fn know_regions(provider: &dyn Provider, scan: &Scan, shared: &Shared) -> Result<(), Error> {
    for (connection, _) in scan.settings.connections() {
        shared.know(provider.regions(&connection).await.map_err(Error::Discover)?);
    }
    Ok(())
}

fn check_catalog(parts: &Parts, scan: &Scan) -> Result<(), Error> {
    let ours = parts.catalog.digest();
    if scan.catalog == *ours {
        return Ok(());
    }
    Err(Error::Catalog {
        scan: scan.id.to_string(),
        planned: scan.catalog.to_string(),
        ours: ours.to_string(),
        version: scan.version.clone(),
    })
}
