//! Takes batches while there is room, and acknowledges each when its answers are published.

use std::sync::Arc;

use protocol::batch::Batch;
use protocol::queue::{Delivery, Line, QueueError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Parts, Settings, Worker};

/// Batches received at once.
const RECEIVE: usize = 16;

/// Works until `drain` is cancelled or the tasks line is closed; then finishes or hands back what
/// it has, and returns.
///
/// # Errors
/// [`QueueError`] when the queue fails for good.
pub async fn run(
    parts: Parts,
    settings: Settings,
    drain: CancellationToken,
) -> Result<(), QueueError> {
    let permits = Arc::new(Semaphore::new(settings.max_in_flight.clamp(1, Semaphore::MAX_PERMITS)));
    // Some batches wait for tokens while others call: twice as many keep the permits busy.
    let room = Arc::new(Semaphore::new(settings.max_in_flight.clamp(8, 4096) / 4 * 2));
    let worker = Worker { parts, settings, permits, drain };
    let mut running = JoinSet::new();
    let ended = consume(&worker, &room, &mut running).await;
    while let Some(finished) = running.join_next().await {
        log_panic(finished);
    }
    ended
}

async fn consume(
    worker: &Worker,
    room: &Arc<Semaphore>,
    running: &mut JoinSet<()>,
) -> Result<(), QueueError> {
    loop {
        while let Some(finished) = running.try_join_next() {
            log_panic(finished);
        }
        let free = tokio::select! {
            biased;
            () = worker.drain.cancelled() => return Ok(()),
            permit = Arc::clone(room).acquire_owned() => permit,
        };
        let Ok(first) = free else { return Ok(()) };
        let deliveries = tokio::select! {
            biased;
            () = worker.drain.cancelled() => return Ok(()),
            deliveries = worker.parts.queue.receive(Line::Tasks, RECEIVE.min(room.available_permits() + 1)) => deliveries,
        };
        let deliveries = match deliveries {
            Ok(deliveries) => deliveries,
            Err(QueueError::Closed) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut first = Some(first);
        for delivery in deliveries {
            let permit = match first.take() {
                Some(permit) => permit,
                None => match Arc::clone(room).acquire_owned().await {
                    Ok(permit) => permit,
                    Err(_closed) => return Ok(()),
                },
            };
            let worker = worker.clone();
            running.spawn(async move {
                handle(&worker, delivery).await;
                drop(permit);
            });
        }
    }
}

/// Works one delivery off; it is acknowledged only when its answers are on the queue.
async fn handle(worker: &Worker, delivery: Delivery) {
    let batch: Batch = match serde_json::from_slice(&delivery.body) {
        Ok(batch) => batch,
        Err(error) => {
            tracing::error!(%error, "a message that is no batch is dropped; its work becomes due again");
            acknowledge(delivery).await;
            return;
        }
    };
    match worker.work(&batch).await {
        Ok(()) => acknowledge(delivery).await,
        Err(error) => {
            tracing::error!(%error, scan = %batch.scan, account = %batch.account, region = %batch.region,
                "the answers of a batch could not be published; it is delivered again");
        }
    }
}

async fn acknowledge(delivery: Delivery) {
    if let Err(error) = delivery.receipt.ack().await {
        tracing::warn!(%error, "a batch could not be acknowledged; it may be delivered again");
    }
}

fn log_panic(finished: Result<(), tokio::task::JoinError>) {
    if let Err(error) = finished {
        tracing::error!(%error, "a batch ended abnormally; its work becomes due again");
    }
}
