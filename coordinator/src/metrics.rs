//! What a coordinator tells of itself, as events that a metrics layer turns into measurements.
//!
//! | Metric | What it is |
//! |---|---|
//! | `orgsweep.cells` {status} | cells that became final |
//! | `orgsweep.ingest_seconds` | how long writing answers down took, a transaction |
//! | `orgsweep.stale` | answers that were known before, or came for an earlier round or dispatch |
//! | `orgsweep.backlog.ready` | admissible backlog: batches that are due, of scans and accounts that are not paused |
//! | `orgsweep.backlog.out` | batches that are out with workers |
//! | `orgsweep.backlog.oldest_seconds` | for how long the oldest of the ready ones is due |
//! | `orgsweep.queue.depth` {line} | messages that wait on a line of the queue |
//! | `orgsweep.scans` {state} | scans that are open |
//! | `orgsweep.parked` | messages that nobody could work on |
//! | `orgsweep.leader` | 1 while this coordinator leads, else 0 |
//!
//! `orgsweep.backlog`, `orgsweep.queue` and `orgsweep.scans` are known to the coordinator that leads alone: they are told
//! again and again, and end when nobody tells them.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::queue::Line;
use protocol::registry::Backlog;
use protocol::result::Answer;
use protocol::scan::{Scan, ScanState};
use protocol::store::Ingested;
use tracing::Level;

/// Where these events go: nothing but a metrics layer listens.
const TARGET: &str = "orgsweep::metrics";
/// Where those go that hold only while this coordinator leads.
const LEAD: &str = "orgsweep::metrics::lead";

/// Answers were written down.
pub(crate) fn ingested<'a>(
    ingested: &Ingested,
    answers: impl Iterator<Item = &'a Answer>,
    took: Duration,
) {
    if !tracing::enabled!(target: TARGET, Level::INFO) {
        return;
    }
    let mut statuses: BTreeMap<&'static str, u64> = BTreeMap::new();
    for answer in answers {
        if let Answer::Cell(cell) = answer {
            *statuses.entry(cell.status.as_str()).or_default() += 1;
        }
    }
    for (status, cells) in statuses {
        tracing::event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.cells = cells, status);
    }
    let seconds = took.as_secs_f64();
    tracing::event!(target: TARGET, Level::INFO, histogram.orgsweep.ingest_seconds = seconds);
    tracing::event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.stale = ingested.stale);
}

/// The work that could go out now, and that is out.
pub(crate) fn backlog(backlog: &Backlog, oldest: Duration) {
    tracing::event!(target: LEAD, Level::INFO, gauge.orgsweep.backlog.ready = backlog.ready);
    tracing::event!(target: LEAD, Level::INFO, gauge.orgsweep.backlog.out = backlog.out);
    let seconds = oldest.as_secs_f64();
    tracing::event!(target: LEAD, Level::INFO, gauge.orgsweep.backlog.oldest_seconds = seconds);
}

/// How many messages wait on a line.
pub(crate) fn depth(line: Line, messages: u64) {
    tracing::event!(target: LEAD, Level::INFO, gauge.orgsweep.queue.depth = messages, line = line.as_str());
}

/// The scans that are open.
pub(crate) fn scans(open: &[Scan]) {
    for state in [ScanState::Running, ScanState::Paused] {
        let count = open.iter().filter(|scan| scan.state == state).count() as u64;
        tracing::event!(target: LEAD, Level::INFO, gauge.orgsweep.scans = count, state = state.as_str());
    }
}

/// A message was parked.
pub(crate) fn parked() {
    tracing::event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.parked = 1_u64);
}

/// Whether this coordinator leads.
pub(crate) fn leads(leads: bool) {
    tracing::event!(target: TARGET, Level::INFO, gauge.orgsweep.leader = u64::from(leads));
}
