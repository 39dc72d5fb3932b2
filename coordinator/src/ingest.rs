//! Writes down what workers answer, and acknowledges it once it is written.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use protocol::ScanId;
use protocol::message::read;
use protocol::queue::{Delivery, Line, QueueError};
use protocol::result::{Answer, Page, ResultPage};
use protocol::scan::Detail;
use protocol::store::StoreError;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::shared::Shared;
use crate::{Error, Parts, entered, metrics};

/// Result pages received at once; one transaction writes less than twice as many.
const PAGES: usize = 64;
/// How long few pages wait for others: a transaction costs much the same for one as for all of them.
const GATHER: Duration = Duration::from_millis(200);
/// Pages of which so many come while they wait are of a busy scan.
const BUSY: usize = 8;
/// How long those wait: nobody waits for any one of them.
const GATHER_BUSY: Duration = Duration::from_millis(500);
/// How long a store that fails is tried again before this coordinator gives up.
const PATIENCE: Duration = Duration::from_secs(300);
/// The wait before a write is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Ingests until the results line is closed, or `done` is cancelled.
pub(crate) async fn run(
    parts: &Parts,
    board: &Board,
    done: &CancellationToken,
) -> Result<(), Error> {
    let receive = || parts.queue.receive(Line::Results, PAGES);
    // Never given up before the end: what it would bring then was delivered once for nothing, and what is delivered
    // too often is parked.
    let mut coming = receive();
    loop {
        // The end first: while answers keep coming, it would not be seen. They go to who leads next.
        let first = tokio::select! {
            biased;
            () = done.cancelled() => return Ok(()),
            first = &mut coming => first,
        };
        coming = receive();
        let mut deliveries = match first {
            Ok(deliveries) => deliveries,
            Err(QueueError::Closed) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let begun = Instant::now();
        while deliveries.len() < PAGES {
            let gather = if deliveries.len() < BUSY { GATHER } else { GATHER_BUSY };
            let more = tokio::select! {
                biased;
                more = &mut coming => more,
                () = done.cancelled() => break,
                () = sleep_until(begun + gather) => break,
            };
            coming = receive();
            // An error comes again.
            let Ok(more) = more else { break };
            deliveries.extend(more);
        }
        let mut rounds: BTreeMap<(ScanId, u32), Vec<ResultPage>> = BTreeMap::new();
        let mut readable = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match read::<ResultPage>(&delivery.body) {
                Ok(page) => {
                    rounds.entry((page.scan.clone(), page.round)).or_default().push(page);
                    readable.push(delivery);
                }
                Err(unreadable) => park(parts, delivery, &unreadable.to_string()).await?,
            }
        }
        for ((id, round), pages) in rounds {
            patiently(parts, board, &id, round, pages, done).await?;
        }
        acknowledge(readable).await;
    }
}

/// Acknowledges; what cannot be comes again, and changes nothing then.
pub(crate) async fn acknowledge(deliveries: Vec<Delivery>) {
    let acks = deliveries.into_iter().map(|delivery| delivery.receipt.ack());
    if let Err(error) = try_join_all(acks).await {
        tracing::warn!(%error, "results could not be acknowledged; they come again and change nothing");
    }
}

/// Hands what cannot be read to the parked line.
async fn park(parts: &Parts, delivery: Delivery, why: &str) -> Result<(), Error> {
    tracing::error!(why, "a message on the results line is parked; its work becomes due again");
    let message = protocol::queue::Message { body: delivery.body, group: "parked".to_owned() };
    parts.queue.publish(Line::Parked, vec![message]).await?;
    acknowledge(vec![Delivery { body: Vec::new(), ..delivery }]).await;
    Ok(())
}

/// Writes answers down, again while the store fails for a while.
async fn patiently(
    parts: &Parts,
    board: &Board,
    id: &ScanId,
    round: u32,
    mut pages: Vec<ResultPage>,
    done: &CancellationToken,
) -> Result<(), Error> {
    let start = Instant::now();
    let shared = board.get(id);
    loop {
        let failed = match write(parts, shared.as_deref(), id, round, &mut pages).await {
            Ok(()) => return Ok(()),
            Err(Error::Store(StoreError::NoScan(_))) => {
                tracing::warn!(scan = %id, "answers of a scan that was removed are dropped");
                return Ok(());
            }
            Err(Error::Store(StoreError::Failed(why))) => why,
            Err(error) => return Err(error),
        };
        if start.elapsed() > PATIENCE || done.is_cancelled() {
            return Err(StoreError::Failed(failed).into());
        }
        tracing::warn!(scan = %id, error = failed, "answers cannot be written down; trying again");
        tokio::time::sleep(AGAIN).await;
    }
}

/// Writes pages of a round down, without what its scan does not keep.
pub(crate) async fn write(
    parts: &Parts,
    shared: Option<&Shared>,
    id: &ScanId,
    round: u32,
    pages: &mut [ResultPage],
) -> Result<(), Error> {
    let detail = match shared {
        Some(shared) => shared.detail,
        // Nobody here works on the scan yet, or any more.
        None => parts.store.scan(id).await?.settings.resources,
    };
    pages.iter_mut().for_each(|page| keep(&mut page.answers, detail));
    let pages: Vec<Page<'_>> = pages.iter().map(Page::from).collect();
    let (start, now) = (Instant::now(), parts.clock.now());
    let ingested = parts.store.ingest(id, round, &pages, now).await?;
    let answers = || pages.iter().flat_map(|page| page.answers);
    entered::end(parts, shared, id, round, answers(), now).await?;
    if let Some(shared) = shared {
        shared.count(ingested);
        shared.come_back(answers().filter(|answer| answer.ends_a_dispatch()).count() as u64);
        shared.nudge();
    }
    metrics::ingested(&ingested, answers(), start.elapsed());
    Ok(())
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
