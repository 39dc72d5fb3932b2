//! What is read of organizations behind a scan: their trees, and what they hold. No scan waits for it to end.
//!
//! Each part is recorded when it was read, however completely; so what a coordinator did not come to, another goes on with.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::holding::{Holding, Part, Reading};
use protocol::inventory::Tree;
use protocol::provider::Provider;
use protocol::registry::Registry;
use protocol::scan::{Scan, Settings};
use protocol::store::{Store, StoreError};
use protocol::{ConnectionId, OrgId, ScanId};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Error, Parts};

/// The most scans that have ended and whose organizations are still being read; the longest-ended gives way.
const MOST: usize = 32;

/// How long after its end a scan's organizations are still begun to be read by a new coordinator.
const LATE: Duration = Duration::from_secs(6 * 3600);

/// Whether somebody is recorded to have read every part of a scan's organizations.
///
/// # Errors
/// [`Error`] when the store cannot be read.
pub async fn is_read(store: &dyn Store, scan: &Scan) -> Result<bool, Error> {
    Ok(store.unread(&scan.id, &wanted(&scan.settings)).await?.is_empty())
}

/// Reads what nobody has read yet of a scan's organizations, until `stop` is cancelled.
///
/// # Errors
/// [`Error`] when nobody lets us in, or the store fails.
pub async fn read_rest(parts: &Parts, scan: &Scan, stop: &CancellationToken) -> Result<(), Error> {
    read_on(begin(parts, scan), stop).await
}

/// Waits for a reading to end, or gives it up when `stop` is cancelled.
pub(crate) async fn read_on(mut running: Running, stop: &CancellationToken) -> Result<(), Error> {
    tokio::select! {
        ended = &mut running => ended.unwrap_or_else(|error| Err(Error::Panicked(error.to_string()))),
        () = stop.cancelled() => {
            end(running).await;
            Ok(())
        }
    }
}

/// A reading that runs beside everything else.
pub(crate) type Running = JoinHandle<Result<(), Error>>;

/// Begins to read what nobody has read yet.
pub(crate) fn begin(parts: &Parts, scan: &Scan) -> Running {
    let (parts, scan) = (parts.clone(), scan.clone());
    tokio::spawn(async move {
        let provider = parts.providers.of(&scan).map_err(Error::Discover)?;
        read(&parts, &*provider, &scan).await
    })
}

/// How a reading ended.
///
/// # Errors
/// [`Error`] when the store failed.
pub(crate) async fn ended(running: Running) -> Result<(), Error> {
    running.await.unwrap_or_else(|error| Err(Error::Panicked(error.to_string())))
}

/// Gives a reading up.
pub(crate) async fn end(running: Running) {
    running.abort();
    if let Err(error) = running.await
        && !error.is_cancelled()
    {
        tracing::error!(%error, "a reading of an organization ended abnormally");
    }
}

/// The parts that are read behind a scan, in the order in which reports need them.
fn wanted(settings: &Settings) -> Vec<Part> {
    let tags = settings.account_tags.then_some(Part::Tags);
    [Part::Tree, Part::Policies, Part::Administrators, Part::Services]
        .into_iter()
        .chain(tags)
        .collect()
}

/// Reads part by part; what cannot be read is recorded.
async fn read(parts: &Parts, provider: &dyn Provider, scan: &Scan) -> Result<(), Error> {
    read_parts(parts, provider, scan, &wanted(&scan.settings)).await
}

/// Reads these parts where nobody has; what cannot be read is recorded.
pub(crate) async fn read_parts(
    parts: &Parts,
    provider: &dyn Provider,
    scan: &Scan,
    wanted: &[Part],
) -> Result<(), Error> {
    let unread = parts.store.unread(&scan.id, wanted).await?;
    for (organization, connection, part) in unread {
        let holding = match part {
            Part::Tree => tree(parts, provider, &scan.id, (&organization, &connection)).await?,
            part => provider.holding(&scan.id, &connection, &organization, part).await,
        };
        if let (Some(lacks), Some(lack)) = (holding.lacks(), holding.missing.first()) {
            let why = &lack.why;
            tracing::warn!(scan = %scan.id, %organization, %part, lacks, %why, "not all of it could be read");
        }
        let reading = Reading {
            part,
            connection,
            organization: Some(organization),
            completeness: holding.completeness(),
            at: parts.clock.now(),
        };
        parts.store.put_reading(&scan.id, &reading, &holding).await?;
    }
    Ok(())
}

async fn tree(
    parts: &Parts,
    provider: &dyn Provider,
    scan: &ScanId,
    (organization, connection): (&OrgId, &ConnectionId),
) -> Result<Holding, Error> {
    match provider.tree(scan, connection, organization).await {
        Ok(tree) => {
            parts.store.put_tree(scan, organization, &tree).await?;
            Ok(Holding::default())
        }
        Err(failure) => {
            let what = format!("{}{organization}", Tree::OF);
            parts.store.put_missing(scan, &what, &failure).await?;
            Ok(Holding::lacking("units and who is in them", failure))
        }
    }
}

/// The readings behind scans that have ended.
#[derive(Default)]
pub(crate) struct Behind {
    running: BTreeMap<ScanId, (Scan, Running)>,
    /// In the order in which they ended.
    order: Vec<ScanId>,
}

impl Behind {
    /// Goes on with what another coordinator may have left.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub(crate) async fn take_up(
        &mut self,
        parts: &Parts,
        registry: &dyn Registry,
    ) -> Result<(), Error> {
        let most = u32::try_from(MOST).unwrap_or(u32::MAX);
        let mut scans = registry.finished_since(parts.clock.now() - LATE, most).await?;
        scans.reverse();
        for scan in scans {
            if !is_read(&*parts.store, &scan).await? {
                let running = begin(parts, &scan);
                self.keep(scan, running).await;
            }
        }
        Ok(())
    }

    /// Keeps the reading of a scan that has ended.
    pub(crate) async fn keep(&mut self, scan: Scan, running: Running) {
        self.leave(&scan.id).await;
        if self.order.len() >= MOST
            && let Some(first) = self.order.first().cloned()
        {
            tracing::warn!(scan = %first, "its organization is not read to the end: too many are being read");
            self.leave(&first).await;
        }
        self.order.push(scan.id.clone());
        self.running.insert(scan.id.clone(), (scan, running));
    }

    /// Gives the reading of a scan up, if there is one: somebody else goes on with it.
    pub(crate) async fn leave(&mut self, id: &ScanId) {
        self.order.retain(|known| known != id);
        if let Some((_, running)) = self.running.remove(id) {
            end(running).await;
        }
    }

    /// Lets go of those that are done; what a store that was away cut short begins again.
    pub(crate) async fn tend(&mut self, parts: &Parts) {
        let done = self.running.iter().filter(|(_, (_, running))| running.is_finished());
        let done: Vec<ScanId> = done.map(|(id, _)| id.clone()).collect();
        for id in done {
            self.order.retain(|known| *known != id);
            let Some((scan, running)) = self.running.remove(&id) else { continue };
            match ended(running).await {
                Ok(()) => tracing::info!(scan = %id, "its organization has been read"),
                Err(Error::Store(StoreError::Failed(error))) => {
                    tracing::warn!(scan = %id, error, "its organization is read again from where that stands");
                    let running = begin(parts, &scan);
                    self.keep(scan, running).await;
                }
                Err(error) => {
                    tracing::error!(scan = %id, %error, "its organization was not read to the end");
                }
            }
        }
    }

    /// Gives all of them up.
    pub(crate) async fn end(self) {
        for (_, running) in self.running.into_values() {
            end(running).await;
        }
    }
}
