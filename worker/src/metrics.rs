//! What a worker tells of itself, as events that a metrics layer turns into measurements.
//!
//! | Metric | Labels | What it is |
//! |---|---|---|
//! | `orgsweep.calls` | service, outcome (`ok`, or a failure's kind) | calls that were made |
//! | `orgsweep.call_seconds` | service, outcome | how long they took |
//! | `orgsweep.throttles` | service | calls that were answered with a throttle |
//! | `orgsweep.budget_wait_seconds` | service | waits for a token that a budget asked for |
//! | `orgsweep.tasks` | service, outcome (a status, `put_off` or `handed_back`) | tasks that ended here |
//! | `orgsweep.batches` | outcome (`answered`, `unanswered`, `parked`, or a reason of a return) | messages that ended here |
//! | `orgsweep.batch_seconds` | outcome | how long they were here |
//! | `orgsweep.result_pages` | | result pages that were published |
//! | `orgsweep.result_bytes` | | their bytes |
//! | `orgsweep.publish_seconds` | | how long the queue took for those that went out together |
//! | `orgsweep.outages` | server (`publish`, `receive`, `budgets`, `control`) | times that a server went away |
//! | `orgsweep.in_flight` | | calls in flight, every ten seconds |
//! | `orgsweep.seated` | | tasks under way, every ten seconds |
//!
//! The first twelve are counters (`_seconds`: histograms), the last two are gauges.

use std::convert::Infallible;
use std::time::Duration;

use protocol::provider::Page;
use protocol::queue::Message;
use protocol::result::Answer;
use protocol::{Failure, ProbeId};
use tracing::{Level, event};

use crate::Worker;

/// Where these events go: nothing but a metrics layer listens.
const TARGET: &str = "orgsweep::metrics";
/// How often what is under way is counted.
const SAMPLE: Duration = Duration::from_secs(10);

/// A call was made.
pub(crate) fn called(probe: &ProbeId, answer: &Result<Page, Failure>, took: Duration) {
    let outcome = answer.as_ref().map_or_else(|failure| failure.kind.as_str(), |_| "ok");
    event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.calls = 1_u64,
        histogram.orgsweep.call_seconds = took.as_secs_f64(), service = service(probe), outcome);
}

/// A call was throttled.
pub(crate) fn throttled(probe: &ProbeId) {
    event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.throttles = 1_u64, service = service(probe));
}

/// A call has to wait for its token.
pub(crate) fn waits(probe: &ProbeId, wait: Duration) {
    event!(target: TARGET, Level::INFO, histogram.orgsweep.budget_wait_seconds = wait.as_secs_f64(),
        service = service(probe));
}

/// A task ended here.
pub(crate) fn task(probe: &ProbeId, answer: &Answer) {
    let outcome = match answer {
        Answer::Cell(cell) => cell.status.as_str(),
        Answer::Held(held) if held.why.is_some() => "put_off",
        _ => "handed_back",
    };
    event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.tasks = 1_u64, service = service(probe), outcome);
}

/// A message ended here.
pub(crate) fn batch(outcome: &'static str, took: Duration) {
    event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.batches = 1_u64,
        histogram.orgsweep.batch_seconds = took.as_secs_f64(), outcome);
}

/// Result pages went out together.
pub(crate) fn published(pages: &[Message], took: Duration) {
    event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.result_pages = pages.len() as u64,
        monotonic_counter.orgsweep.result_bytes = pages.iter().map(|page| page.body.len() as u64).sum::<u64>());
    event!(target: TARGET, Level::INFO, histogram.orgsweep.publish_seconds = took.as_secs_f64());
}

/// A server went away.
pub(crate) fn outage(server: &'static str) {
    event!(target: TARGET, Level::INFO, monotonic_counter.orgsweep.outages = 1_u64, server);
}

/// Counts what is under way, again and again.
pub(crate) async fn sample(worker: &Worker) -> Infallible {
    loop {
        let in_flight = worker.calls.saturating_sub(worker.permits.available_permits()) as u64;
        event!(target: TARGET, Level::INFO, gauge.orgsweep.in_flight = in_flight);
        let seated = worker.all_seats.saturating_sub(worker.seats.available_permits()) as u64;
        event!(target: TARGET, Level::INFO, gauge.orgsweep.seated = seated);
        tokio::time::sleep(SAMPLE).await;
    }
}

fn service(probe: &ProbeId) -> &str {
    let probe = probe.as_str();
    probe.split_once('.').map_or(probe, |(service, _)| service)
}
