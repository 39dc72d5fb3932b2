//! Writes down what workers answer, and acknowledges it once it is written.

use std::collections::BTreeMap;

use protocol::ScanId;
use protocol::queue::{Delivery, Line, QueueError};
use protocol::result::{Answer, ResultPage};
use protocol::scan::{Detail, Scan};
use tokio_util::sync::CancellationToken;

use crate::shared::Shared;
use crate::verdict::verdicts;
use crate::{Error, Parts};

/// Result pages written in one transaction.
const PAGES: usize = 64;

/// Ingests until the results line is closed, or `done` is cancelled.
pub(crate) async fn run(
    parts: &Parts,
    scan: &Scan,
    shared: &Shared,
    done: &CancellationToken,
) -> Result<(), Error> {
    loop {
        let deliveries = tokio::select! {
            biased;
            deliveries = parts.queue.receive(Line::Results, PAGES) => deliveries,
            () = done.cancelled() => return Ok(()),
        };
        let deliveries = match deliveries {
            Ok(deliveries) => deliveries,
            Err(QueueError::Closed) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut rounds: BTreeMap<(ScanId, u32), Vec<Answer>> = BTreeMap::new();
        for delivery in &deliveries {
            if let Some(page) = read(delivery) {
                rounds.entry((page.scan, page.round)).or_default().extend(page.answers);
            }
        }
        for ((id, round), answers) in rounds {
            write(parts, scan, shared, &id, round, answers).await?;
        }
        for delivery in deliveries {
            delivery.receipt.ack().await?;
        }
        shared.nudge();
    }
}

fn read(delivery: &Delivery) -> Option<ResultPage> {
    match serde_json::from_slice(&delivery.body) {
        Ok(page) => Some(page),
        Err(error) => {
            tracing::error!(%error, "a message that is no result page is dropped; its work becomes due again");
            None
        }
    }
}

async fn write(
    parts: &Parts,
    scan: &Scan,
    shared: &Shared,
    id: &ScanId,
    round: u32,
    answers: Vec<Answer>,
) -> Result<(), Error> {
    let now = parts.clock.now();
    let back = answers.iter().filter(|answer| ends_a_dispatch(answer)).count();
    let (entries, mut answers): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| matches!(answer, Answer::Preflight { .. }));
    keep(&mut answers, scan.settings.resources);
    let ingested = parts.store.ingest(id, round, &answers, now).await?;
    for entry in &entries {
        let Answer::Preflight { account, dispatch, outcome } = entry else { continue };
        let verdicts = verdicts(outcome, &shared.known());
        parts.store.end_preflight(id, account, *dispatch, outcome, &verdicts, now).await?;
    }
    shared.count(ingested);
    shared.come_back(back as u64);
    Ok(())
}

fn ends_a_dispatch(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Settled { .. } | Answer::Preflight { .. } | Answer::PreflightHeld { .. }
    )
}

/// Drops what the scan does not keep of the things that were seen.
fn keep(answers: &mut Vec<Answer>, detail: Detail) {
    if detail == Detail::All {
        return;
    }
    answers.retain(|answer| !matches!(answer, Answer::Objects { .. }));
    if detail == Detail::None {
        for answer in answers {
            if let Answer::Cell(cell) = answer {
                cell.sample.clear();
            }
        }
    }
}
