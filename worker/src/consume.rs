//! Takes batches while there are seats for their tasks, and acknowledges each when its answers are
//! published.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use protocol::batch::{Batch, Work};
use protocol::budget::Control;
use protocol::message::{self, Unreadable};
use protocol::queue::{Delivery, Line, Message, QueueError, Receipt};
use protocol::result::Return;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::broker::Broker;
use crate::publish::Publisher;
use crate::reach::Reach;
use crate::{Error, Parts, Settings, Worker, control, metrics, publish, trace};

/// Batches received at once; so many at most wait here for seats.
const RECEIVE: usize = 16;
/// Tasks under way for each call in flight: while some wait for tokens, others call.
const SEATS: usize = 4;
/// The most calls in flight.
const MOST_IN_FLIGHT: usize = 1 << 16;
/// How often a batch that is worked on is kept from being delivered again.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// For how long: a heartbeat or two may be lost.
const EXTENSION: Duration = Duration::from_secs(180);

/// Works until `drain` is cancelled or the tasks line is closed; then finishes or hands back what
/// it has, and returns.
///
/// A drain takes [`Settings::drain`] at most; what has not ended by then is dropped, and delivered
/// again.
///
/// # Errors
/// [`Error`] when the broker refuses, or is away for too long.
pub async fn run(parts: Parts, settings: Settings, drain: CancellationToken) -> Result<(), Error> {
    let budget = Arc::clone(&parts.budget);
    let record = Reach::new("control", "the control record cannot be read, the last one stands");
    let (orders, read) = watch::channel(Arc::new(Control::default()));
    let (publisher, pages) = Publisher::new();
    let calls = settings.max_in_flight.clamp(1, MOST_IN_FLIGHT);
    let worker = Arc::new(Worker {
        broker: Broker::new(Arc::clone(&parts.queue)),
        publisher: Arc::new(publisher),
        parts,
        orders: read,
        budgets: Reach::new("budgets", "the budgets cannot be asked, no budget no call"),
        permits: Semaphore::new(calls),
        calls,
        seats: Arc::new(Semaphore::new(calls * SEATS)),
        all_seats: calls * SEATS,
        drain: drain.clone(),
    });
    control::read(&*budget, &record, &orders).await;
    let mut running = JoinSet::new();
    let end = tokio::select! {
        ended = work(&worker, &mut running) => Some(ended),
        never = control::follow(&*budget, &record, &orders) => match never {},
        never = publish::serve(&worker.broker, pages) => match never {},
        never = metrics::sample(&worker) => match never {},
        never = worker.parts.pulse.beat() => match never {},
        never = close(&worker) => match never {},
        () = late(&drain, settings.drain) => None,
    };
    end.unwrap_or_else(|| {
        tracing::warn!(batches = running.len(), after = ?settings.drain,
            "draining took too long: the rest is dropped, and delivered again");
        Ok(())
    })
}

async fn work(worker: &Arc<Worker>, running: &mut JoinSet<()>) -> Result<(), Error> {
    let ended = consume(worker, running).await;
    while let Some(finished) = running.join_next().await {
        log_panic(finished);
    }
    ended
}

/// Closes the tasks line once the worker drains: what waits in this process is handed back.
async fn close(worker: &Worker) -> Infallible {
    worker.drain.cancelled().await;
    worker.broker.close_tasks().await;
    pending().await
}

async fn late(drain: &CancellationToken, time: Duration) {
    drain.cancelled().await;
    tokio::time::sleep(time).await;
}

async fn consume(worker: &Arc<Worker>, running: &mut JoinSet<()>) -> Result<(), Error> {
    loop {
        while let Some(finished) = running.try_join_next() {
            log_panic(finished);
        }
        tokio::select! {
            biased;
            () = worker.drain.cancelled() => {}
            ready = ready(worker) => ready?,
        }
        let most = worker.seats.available_permits().clamp(1, RECEIVE);
        let deliveries = match worker.broker.receive(most, &worker.drain).await {
            Ok(deliveries) => deliveries,
            Err(QueueError::Closed) => return Ok(()),
            Err(error @ QueueError::Away(_)) => return Err(Error::away(error)),
            Err(error) => return Err(Error::Refused(error)),
        };
        for delivery in deliveries {
            let worker = Arc::clone(worker);
            running.spawn(async move { handle(&worker, delivery).await });
        }
    }
}

/// Waits until a batch could be worked on: its answers published, and everything seated that was
/// taken before.
async fn ready(worker: &Worker) -> Result<(), Error> {
    worker.broker.sends().await.map_err(Error::away)?;
    // Those who wait are served in turn.
    drop(worker.seats.acquire().await);
    Ok(())
}

/// Works one delivery off; it is acknowledged only when its answers are on the queue.
async fn handle(worker: &Worker, delivery: Delivery) {
    let batch: Batch = match message::read(&delivery.body) {
        Ok(batch) => batch,
        Err(why) => return park(worker, delivery, &why).await,
    };
    let span = tracing::info_span!("batch", scan = %batch.scan, account = %batch.account,
        region = %batch.region, dispatch = batch.dispatch);
    trace::adopt(&span, batch.trace.as_deref());
    let Delivery { redelivered, receipt, .. } = delivery;
    let work = async {
        let start = Instant::now();
        let done = tokio::select! {
            done = answer(worker, &batch, redelivered) => done,
            never = keep(&*receipt) => match never {},
        };
        let outcome = match done {
            Ok(outcome) => {
                acknowledge(receipt).await;
                outcome
            }
            Err(error) => {
                tracing::error!(%error, "the answers of a batch could not be published; it is delivered again");
                "unanswered"
            }
        };
        metrics::batch(outcome, start.elapsed());
    };
    work.instrument(span).await;
}

/// Works a batch off or hands it back; says which, or why.
async fn answer(
    worker: &Worker,
    batch: &Batch,
    redelivered: bool,
) -> Result<&'static str, QueueError> {
    let seats = tokio::select! {
        biased;
        seats = seats(worker, batch) => seats,
        () = worker.drain.cancelled() => None,
    };
    let refusal = worker.refusal(batch, redelivered);
    let why = match (refusal, seats) {
        (None, Some(seats)) => return worker.work(batch, seats).await.map(|()| "answered"),
        (why, _) => why.unwrap_or(Return::Stopped),
    };
    worker.hand_back(batch, why).await?;
    Ok(why.as_str())
}

/// A seat for each task of a batch.
async fn seats(worker: &Worker, batch: &Batch) -> Option<OwnedSemaphorePermit> {
    let tasks = match &batch.work {
        Work::Preflight { .. } => 1,
        Work::Probes(tasks) => tasks.len().clamp(1, worker.all_seats),
    };
    let seats = Arc::clone(&worker.seats);
    seats.acquire_many_owned(u32::try_from(tasks).unwrap_or(u32::MAX)).await.ok()
}

/// Keeps a batch from being delivered again while it is worked on.
async fn keep(receipt: &dyn Receipt) -> Infallible {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        if let Err(error) = receipt.extend(EXTENSION).await {
            tracing::warn!(%error, "a batch could not be kept; it may be delivered again");
        }
    }
}

/// Puts aside what cannot be read; it is acknowledged only when it lies there.
async fn park(worker: &Worker, delivery: Delivery, why: &Unreadable) {
    tracing::error!(%why, bytes = delivery.body.len(), "a message is parked");
    let Delivery { body, receipt, .. } = delivery;
    let message = Message { body, group: Line::Parked.to_string() };
    match worker.broker.publish(Line::Parked, &[message]).await {
        Ok(()) => {
            acknowledge(receipt).await;
            metrics::batch("parked", Duration::ZERO);
        }
        Err(error) => {
            tracing::error!(%error, "a message could not be parked; it is delivered again");
        }
    }
}

async fn acknowledge(receipt: Box<dyn Receipt>) {
    if let Err(error) = receipt.ack().await {
        tracing::warn!(%error, "a batch could not be acknowledged; it may be delivered again");
    }
}

fn log_panic(finished: Result<(), JoinError>) {
    if let Err(error) = finished {
        tracing::error!(%error, "a batch ended abnormally; it is delivered again, and then handed back");
    }
}
