//! Receiving: a consumer for each call, which ends with it.
//!
//! A consumer that stays would hold messages in this process that nobody here has asked for, and
//! that others could work on; and each that is handed back counts as a delivery. So a call consumes
//! with a prefetch of what was asked for, and cancels when it has that, or when nothing more comes:
//! a quorum queue takes back what it was sending at the moment of a cancel, and such a message comes
//! to the next consumer as one that was delivered before. While nothing is there it waits without
//! asking again.
//!
//! The broker takes back what is not acknowledged within its `consumer_timeout`, 30 minutes by
//! default, and closes the channel. A batch lives for less than five.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Acker, Channel, Connection};
use protocol::queue::{Delivery, Line, QueueError, Receipt};
use tokio::sync::{Mutex, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::address::Address;
use super::link::{Channels, Link, Open};
use super::trouble::{away, of_lapin};
use crate::patience::{Patience, Trouble};

/// The most messages that one call gets.
const MOST: u16 = 256;

/// Nothing more comes when nothing has come for so long: a broker that has more sends it within a fraction of this.
const QUIET: Duration = Duration::from_millis(10);

/// The channels that receive, one a line, and one that asks.
pub(super) struct Receiving {
    lines: Vec<Inlet>,
    asking: Channel,
}

/// The channel of one line.
struct Inlet {
    channel: Channel,
    /// What consumers that begin now may hold; the number and its consumer go together.
    prefetch: Mutex<u16>,
}

impl Channels for Receiving {
    const PURPOSE: &'static str = "receiving";

    async fn open(connection: &Connection) -> lapin::Result<Self> {
        let mut lines = Vec::new();
        for _ in Line::ALL {
            let channel = connection.create_channel().await?;
            lines.push(Inlet { channel, prefetch: Mutex::new(0) });
        }
        Ok(Self { lines, asking: connection.create_channel().await? })
    }

    fn all(&self) -> impl Iterator<Item = &Channel> {
        self.lines.iter().map(|inlet| &inlet.channel).chain([&self.asking])
    }
}

/// Receives 1 to `most` messages; waits for the first one, also while the broker is away.
///
/// # Errors
/// [`QueueError::Away`] when the broker is away for longer than `bound`, [`QueueError::Refused`].
pub(super) async fn receive(
    link: &Link<Receiving>,
    address: &Arc<Address>,
    line: Line,
    most: usize,
    bound: Duration,
) -> Result<Vec<Delivery>, QueueError> {
    let most = u16::try_from(most).unwrap_or(MOST).clamp(1, MOST);
    let mut patience = Patience::new(bound);
    loop {
        let open = link.open().await?;
        // A task of its own: who stops waiting for this call must not leave a consumer behind, or
        // messages that nobody holds.
        let (told, taken) = oneshot::channel();
        tokio::spawn(take(Arc::clone(&open), Arc::clone(address), line, most, told));
        let taken = taken.await.unwrap_or_else(|_| Err(away("receiving was cut off".to_owned())));
        match taken {
            Ok(deliveries) => return Ok(deliveries),
            Err(trouble) => {
                open.condemn();
                patience.bear(trouble).await?;
            }
        }
    }
}

/// Counts what waits.
///
/// # Errors
/// As [`receive`].
pub(super) async fn depth(
    link: &Link<Receiving>,
    address: &Address,
    line: Line,
    bound: Duration,
) -> Result<u64, QueueError> {
    let mut patience = Patience::new(bound);
    loop {
        let open = link.open().await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let asking = &open.channels.asking;
        let asked =
            asking.queue_declare(address.queue(line).into(), options, FieldTable::default());
        match open.answer(address, asked).await {
            Ok(queue) => return Ok(queue.message_count().into()),
            Err(trouble) => {
                open.condemn();
                patience.bear(trouble).await?;
            }
        }
    }
}

async fn take(
    open: Arc<Open<Receiving>>,
    address: Arc<Address>,
    line: Line,
    most: u16,
    mut told: oneshot::Sender<Result<Vec<Delivery>, Trouble>>,
) {
    let taken = consume(&open, &address, line, most, &mut told).await;
    // Nobody waits any more: the receipts that come back are dropped, which hands them back.
    drop(told.send(taken));
}

async fn consume(
    open: &Open<Receiving>,
    address: &Arc<Address>,
    line: Line,
    most: u16,
    told: &mut oneshot::Sender<Result<Vec<Delivery>, Trouble>>,
) -> Result<Vec<Delivery>, Trouble> {
    let inlet = &open.channels.lines[line as usize];
    let queue = address.queue(line);
    let mut consumer = {
        let mut prefetch = inlet.prefetch.lock().await;
        if *prefetch != most {
            let told = inlet.channel.basic_qos(most, BasicQosOptions::default());
            open.answer(address, told).await?;
            *prefetch = most;
        }
        let (tag, options) = ("".into(), BasicConsumeOptions::default());
        let consumed =
            inlet.channel.basic_consume(queue.as_str().into(), tag, options, FieldTable::default());
        open.answer(address, consumed).await?
    };
    let listening = Instant::now();
    let late = |trouble: Trouble| trouble.after(listening.elapsed());
    let first = tokio::select! {
        first = open.answer(address, consumer.next().map(Ok)) => first.map_err(late)?,
        () = told.closed() => None,
    };
    let is_over = first.is_none() && !told.is_closed();
    if is_over {
        return Err(late(away(format!("{address} has ended receiving from {queue:?}"))));
    }
    let mut received: Vec<lapin::Result<_>> = first.into_iter().collect();
    while received.len() < usize::from(most) {
        // Whether the broker sends nothing or has ended sending, the cancel below tells what is here.
        let Ok(Some(next)) = timeout(QUIET, consumer.next()).await else { break };
        received.push(next);
    }
    let cancelled = inlet.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
    open.answer(address, cancelled).await?;
    // What the broker sent before it cancelled is here by now.
    received.extend(open.answer(address, consumer.collect::<Vec<_>>().map(Ok)).await?);
    let received: lapin::Result<Vec<_>> = received.into_iter().collect();
    let received = received.map_err(|error| late(of_lapin(address, &error)))?;
    Ok(received.into_iter().map(|delivery| deliver(open, address, delivery)).collect())
}

fn deliver(
    open: &Open<Receiving>,
    address: &Arc<Address>,
    delivery: lapin::message::Delivery,
) -> Delivery {
    let receipt = RabbitReceipt {
        acker: delivery.acker,
        lost: open.lost().clone(),
        address: Arc::clone(address),
    };
    Delivery { body: delivery.data, redelivered: delivery.redelivered, receipt: Box::new(receipt) }
}

/// The right to acknowledge a message on the connection that it came by.
struct RabbitReceipt {
    acker: Acker,
    lost: CancellationToken,
    address: Arc<Address>,
}

impl RabbitReceipt {
    fn is_valid(&self) -> bool {
        self.acker.usable() && !self.lost.is_cancelled()
    }

    fn gone(&self) -> QueueError {
        QueueError::Away(format!(
            "the connection to {} that a message came by is gone",
            self.address
        ))
    }
}

#[async_trait]
impl Receipt for RabbitReceipt {
    async fn ack(self: Box<Self>) -> Result<(), QueueError> {
        tokio::select! {
            biased;
            () = self.lost.cancelled() => Err(self.gone()),
            acked = self.acker.ack(BasicAckOptions::default()) => match acked {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => Err(self.gone()),
            },
        }
    }

    /// Nothing has to be kept: a message is ours as long as its connection lives.
    async fn extend(&self, _by: Duration) -> Result<(), QueueError> {
        if self.is_valid() { Ok(()) } else { Err(self.gone()) }
    }
}

impl Drop for RabbitReceipt {
    fn drop(&mut self) {
        // What was acknowledged, or came by a connection that is gone, is not usable any more. The
        // first step of handing back is its only one here: nobody waits for the bytes to be written.
        if self.is_valid() {
            let options = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
            drop(self.acker.nack(options).now_or_never());
        }
    }
}
