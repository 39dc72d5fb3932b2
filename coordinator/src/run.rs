//! One run of one scan: discovery, dispatch and ingest side by side, to its end or to a stop.

use std::sync::Arc;
use std::time::Duration;

use protocol::scan::ScanState;
use protocol::{ScanId, Status};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::active::{Active, Look};
use crate::behind;
use crate::board::Board;
use crate::shared::Shared;
use crate::{End, Error, Parts, Phase, Settings, Snapshot, ingest};

/// The longest wait before the store is looked at again.
const LOOK: Duration = Duration::from_millis(500);

/// Runs a scan until it is finished or `stop` is cancelled. After a stop it goes on writing down
/// answers until the results line is closed, which is how a draining worker ends it. After the scan's end it goes on
/// until its organizations are read, or until a stop: nobody else would.
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
    let now = parts.clock.now();
    // Where somebody has just moved it on, the first look finds that.
    parts.store.set_state(id, &[scan.state], ScanState::Running, now).await?;
    if settings.queue_is_new {
        parts.store.reclaim(id, now).await?;
    }
    let changed = Arc::new(Notify::new());
    let active = Active::begin(parts, &scan, watch, Arc::clone(&changed)).await?;
    let shared = Arc::clone(&active.shared);
    let board = Board::default();
    board.put(id.clone(), Arc::clone(&shared));
    let done = CancellationToken::new();
    let work = async {
        let end = work(parts, settings, id, active, &changed, stop).await;
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
    let writing = ingest::run(parts, &board, &done);
    let (end, written, watched) = tokio::join!(work, writing, watching);
    let end = end?;
    written?;
    watched?;
    if end == End::Interrupted {
        let (open, now) = ([ScanState::Running, ScanState::Paused], parts.clock.now());
        parts.store.set_state(id, &open, ScanState::Interrupted, now).await?;
    }
    Ok(end)
}

async fn work(
    parts: &Parts,
    settings: Settings,
    id: &ScanId,
    mut active: Active,
    changed: &Notify,
    stop: &CancellationToken,
) -> Result<End, Error> {
    let end = loop {
        if stop.is_cancelled() {
            break Ok(End::Interrupted);
        }
        match step(parts, settings, id, &mut active).await {
            Ok(None) => {}
            Ok(Some(end)) => break Ok(end),
            Err(error) => break Err(error),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = changed.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    };
    if !matches!(end, Ok(End::Finished)) {
        active.end().await;
        return end;
    }
    active.shared.update(|snapshot| snapshot.phase = Phase::Reading);
    // What is not read by now, reports tell as not read, and a resume goes on with.
    if let Some(reading) = active.into_reading()
        && let Err(error) = behind::read_on(reading, stop).await
    {
        tracing::error!(%error, "the organization was not read to its end");
    }
    end
}

/// Looks at the scan once, and does what there is to do; says whether it is over.
async fn step(
    parts: &Parts,
    settings: Settings,
    id: &ScanId,
    active: &mut Active,
) -> Result<Option<End>, Error> {
    let now = parts.clock.now();
    let scan = parts.store.scan(id).await?;
    match active.look(parts, &scan).await? {
        Look::Over(end) => return Ok(Some(end)),
        Look::Rest => {}
        Look::Work => {
            let out = usize::try_from(active.shared.out()).unwrap_or(usize::MAX);
            let free = settings.ahead.saturating_sub(out);
            // Reading a few at a time would read the store for every batch that comes back.
            let worth = free > 0 && (out == 0 || free >= settings.ahead / 8);
            let sent = if worth { active.send(parts, &scan, free, now).await? } else { 0 };
            let done = sent == 0 && active.is_done(parts, id).await?;
            if done && parts.store.finish(id, now).await? {
                return Ok(Some(End::Finished));
            }
        }
    }
    active.reclaim(parts, id, now, settings.lost_after).await?;
    Ok(None)
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
