//! Sends what is due, as long as not too much is out; finds out when a scan is done.

use std::time::Duration;

use chrono::{DateTime, Utc};
use protocol::batch::{Batch, BatchPace, Work};
use protocol::message::Versioned;
use protocol::queue::{Line, Message, QueueError};
use protocol::scan::{Scan, ScanState};
use protocol::store::{Due, DueWork};
use protocol::{Region, ScanId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::shared::Shared;
use crate::{End, Error, Parts, Phase, Settings};

/// The longest wait before the store is looked at again.
const LOOK: Duration = Duration::from_millis(500);
/// How often lost dispatches are looked for.
const RECLAIM: Duration = Duration::from_secs(60);

/// Dispatches until the scan ends or is stopped.
pub(crate) async fn run(
    parts: &Parts,
    settings: Settings,
    scan: &Scan,
    shared: &Shared,
    stop: &CancellationToken,
) -> Result<End, Error> {
    let mut looked_for_lost = Instant::now();
    loop {
        if stop.is_cancelled() {
            return Ok(End::Interrupted);
        }
        let now = parts.clock.now();
        let state = parts.store.scan(&scan.id).await?.state;
        shared.pause(state == ScanState::Paused);
        match state {
            ScanState::Cancelled => return Ok(End::Cancelled),
            ScanState::Interrupted => return Ok(End::Interrupted),
            ScanState::Paused => {}
            ScanState::Running | ScanState::Finished => {
                let sent = send(parts, settings, scan, shared, now).await?;
                if sent == 0 && is_done(parts, scan, shared).await? {
                    return Ok(End::Finished);
                }
            }
        }
        if looked_for_lost.elapsed() >= RECLAIM {
            looked_for_lost = Instant::now();
            let lost = reclaim(parts, &scan.id, now - settings.lost_after).await?;
            shared.come_back(lost);
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = shared.nudged() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn reclaim(parts: &Parts, scan: &ScanId, before: DateTime<Utc>) -> Result<u64, Error> {
    let lost = parts.store.reclaim(scan, before).await?;
    if lost > 0 {
        tracing::warn!(%scan, lost, "dispatches without an answer become due again");
    }
    Ok(lost)
}

async fn send(
    parts: &Parts,
    settings: Settings,
    scan: &Scan,
    shared: &Shared,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let out = usize::try_from(shared.out()).unwrap_or(usize::MAX);
    let free = settings.ahead.saturating_sub(out);
    // Reading a few at a time would read the store for every batch that comes back.
    if free == 0 || (out > 0 && free < settings.ahead / 8) {
        return Ok(0);
    }
    let due = parts.store.take_due(&scan.id, now, u32::try_from(free).unwrap_or(u32::MAX)).await?;
    let sent = due.len();
    let messages: Result<Vec<Message>, Error> =
        due.into_iter().map(|due| message(scan, due)).collect();
    shared.send_out(sent as u64);
    parts.queue.publish(Line::Tasks, messages?).await?;
    Ok(sent)
}

fn message(scan: &Scan, due: Due) -> Result<Message, Error> {
    let (region, work) = match due.work {
        DueWork::Preflight { attempt } => (Region::global(), Work::Preflight { attempt }),
        DueWork::Probes { region, tasks } => (region, Work::Probes(tasks)),
    };
    let group = due.account.to_string();
    let batch = Batch {
        version: Batch::VERSION,
        scan: scan.id.clone(),
        round: scan.round,
        dispatch: due.dispatch,
        catalog: scan.catalog.clone(),
        account: due.account,
        connection: due.connection,
        region,
        pace: BatchPace::from(&scan.settings.pace),
        trace: None,
        work,
    };
    let body = serde_json::to_vec(&batch)
        .map_err(|error| QueueError::Refused(format!("a batch: {error}")))?;
    Ok(Message { body, group })
}

async fn is_done(parts: &Parts, scan: &Scan, shared: &Shared) -> Result<bool, Error> {
    if shared.phase() == Phase::Discovering || shared.out() > 0 {
        return Ok(false);
    }
    let progress = parts.store.progress(&scan.id).await?;
    Ok(progress.preflights_open == 0 && progress.batches_open == 0)
}
