//! One run of a scan: discovery, dispatch and ingest side by side, to its end or to a stop.

use std::time::Duration;

use protocol::scan::{Scan, ScanState};
use protocol::{ScanId, Status};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::shared::Shared;
use crate::{End, Error, Parts, Phase, Settings, Snapshot, discover, dispatch, ingest};

/// Runs a scan until it is finished or `stop` is cancelled. After a stop it goes on writing down
/// answers until the results line is closed, which is how a draining worker ends it.
///
/// # Errors
/// [`Error`]: the scan stays as it is and can be resumed.
pub async fn run(
    parts: &Parts,
    settings: Settings,
    id: &ScanId,
    stop: &CancellationToken,
    watch: watch::Sender<Snapshot>,
) -> Result<End, Error> {
    let scan = parts.store.scan(id).await?;
    check_catalog(parts, &scan)?;
    let now = parts.clock.now();
    parts.store.set_state(id, ScanState::Running, now).await?;
    if settings.queue_is_new {
        parts.store.reclaim(id, now).await?;
    }
    let shared = Shared::new(watch);
    let done = CancellationToken::new();
    let work = async {
        let end = work(parts, settings, &scan, &shared, stop).await;
        match &end {
            Ok(End::Finished) | Err(_) => done.cancel(),
            Ok(End::Interrupted | End::Cancelled) => {
                shared.update(|snapshot| snapshot.phase = Phase::Draining);
                stop.cancel();
            }
        }
        end
    };
    let watching = async {
        tokio::select! {
            ended = refresh(parts, id, &shared) => ended,
            () = done.cancelled() => Ok(()),
            () = stop.cancelled() => Ok(()),
        }
    };
    let writing = ingest::run(parts, &scan, &shared, &done);
    let (end, written, watched) = tokio::join!(work, writing, watching);
    written?;
    watched?;
    let end = end?;
    let state = match end {
        End::Finished => ScanState::Finished,
        End::Interrupted => ScanState::Interrupted,
        End::Cancelled => ScanState::Cancelled,
    };
    parts.store.set_state(id, state, parts.clock.now()).await?;
    Ok(end)
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

async fn work(
    parts: &Parts,
    settings: Settings,
    scan: &Scan,
    shared: &Shared,
    stop: &CancellationToken,
) -> Result<End, Error> {
    let discovering = async {
        let trees = if scan.planned {
            for (connection, _) in scan.settings.connections() {
                let regions = parts.provider.regions(&connection).await;
                shared.know(regions.map_err(Error::Discover)?);
            }
            Vec::new()
        } else {
            discover::plan(parts, scan, shared).await?
        };
        shared.update(|snapshot| snapshot.phase = Phase::Scanning);
        shared.nudge();
        discover::read_trees(parts, &scan.id, &trees).await
    };
    let discovering = async {
        tokio::select! {
            found = discovering => found,
            () = stop.cancelled() => Ok(()),
        }
    };
    let dispatching = dispatch::run(parts, settings, scan, shared, stop);
    let ((), end) = tokio::try_join!(discovering, dispatching)?;
    // A tree that was still being read is not a finished scan.
    if end == End::Finished && stop.is_cancelled() { Ok(End::Interrupted) } else { Ok(end) }
}

/// Counts the ledger now and then, so that what is shown is what is stored.
async fn refresh(parts: &Parts, id: &ScanId, shared: &Shared) -> Result<(), Error> {
    let mut pause = Duration::ZERO;
    loop {
        tokio::time::sleep(pause).await;
        let start = Instant::now();
        let ledger = parts.store.ledger(id).await?;
        // A count may cost a tenth of the time at most.
        pause = (start.elapsed() * 10).max(Duration::from_secs(1));
        let not_run = ledger.count(Status::NotRun);
        shared.update(|snapshot| {
            snapshot.planned = ledger.planned();
            snapshot.done = ledger.planned() - not_run;
            snapshot.unknown = ledger.unknown() - not_run;
        });
    }
}
