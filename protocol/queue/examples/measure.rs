//! Measures a queue with messages of 2 KB: `cargo run --release -p queue --features fleet --example measure -- URL [COUNT]`.
//!
//! It works on the queues that the URL names, which should be nobody else's and empty.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use futures_util::future::{join_all, try_join_all};
use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::queue::{Line, Message, Queue, QueueError};
use tokio::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Bytes of a message.
const SIZE: usize = 2048;
/// Messages of a call that publishes many.
const CALL: usize = 100;
/// Callers that publish one message at a time, as the workers' batches do.
const CALLERS: usize = 64;
/// Messages that the coordinator takes at once, and that a worker does.
const PAGES: usize = 64;
const BATCHES: usize = 16;
const WORKERS: usize = 4;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("which queue? a URL")?;
    let count: usize = args.next().unwrap_or_else(|| "10000".to_owned()).parse()?;
    let queue = queue::connect(&url).await?;

    let began = Instant::now();
    for start in (0..count).step_by(CALL) {
        let messages = (start..count.min(start + CALL)).map(message).collect();
        queue.publish(Line::Results, messages).await?;
    }
    report("published, 100 a call", count, began)?;

    let began = Instant::now();
    let mut left = count;
    while left > 0 {
        let deliveries = queue.receive(Line::Results, PAGES).await?;
        left = left.saturating_sub(deliveries.len());
        for delivery in deliveries {
            delivery.receipt.ack().await?;
        }
    }
    report("received by 64, acknowledged one after another", count, began)?;

    let began = Instant::now();
    stream::iter(0..count)
        .map(|number| queue.publish(Line::Tasks, vec![message(number)]))
        .buffer_unordered(CALLERS)
        .try_collect::<()>()
        .await?;
    report("published, one a call, 64 callers", count, began)?;

    let began = Instant::now();
    let share = count / WORKERS;
    let working = (0..WORKERS).map(|_| work(Arc::clone(&queue), share));
    try_join_all(working).await?;
    report("received by 16 and acknowledged side by side, 4 receivers", share * WORKERS, began)?;
    Ok(())
}

async fn work(queue: Arc<dyn Queue>, share: usize) -> Result<(), QueueError> {
    let mut left = share;
    while left > 0 {
        let deliveries = queue.receive(Line::Tasks, BATCHES.min(left)).await?;
        left -= deliveries.len();
        let acks = deliveries.into_iter().map(|delivery| delivery.receipt.ack());
        join_all(acks).await.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(())
}

fn message(number: usize) -> Message {
    Message { body: vec![b'x'; SIZE], group: format!("{:012}", number % 100) }
}

fn report(what: &str, count: usize, began: Instant) -> Outcome<()> {
    let rate = count as f64 / began.elapsed().as_secs_f64();
    Ok(writeln!(std::io::stdout(), "{rate:8.0} messages/s {what}")?)
}
