//! Publishes the result pages of all batches: those that are ready at the same time go out
//! together, and each batch goes on when its own are taken.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use protocol::queue::{Line, Message, QueueError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::broker::Broker;
use crate::metrics;

/// Pages that go out together at most.
const TOGETHER: usize = 64;
/// How long a page waits for others.
const LINGER: Duration = Duration::from_millis(5);

/// Where batches hand in their pages.
pub(crate) struct Publisher {
    parcels: mpsc::Sender<Parcel>,
}

/// A page, and who waits until it is taken.
pub(crate) struct Parcel {
    page: Message,
    taken: oneshot::Sender<Result<(), QueueError>>,
}

impl Publisher {
    /// A publisher, and what it publishes for [`serve`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<Parcel>) {
        let (parcels, handed_in) = mpsc::channel(TOGETHER);
        (Self { parcels }, handed_in)
    }

    /// Publishes a page; returns when the queue has taken it.
    pub(crate) async fn publish(&self, page: Message) -> Result<(), QueueError> {
        let (taken, answer) = oneshot::channel();
        if self.parcels.send(Parcel { page, taken }).await.is_err() {
            return Err(QueueError::Closed);
        }
        answer.await.unwrap_or(Err(QueueError::Closed))
    }
}

/// Publishes what is handed in, again and again.
pub(crate) async fn serve(broker: &Broker, mut handed_in: mpsc::Receiver<Parcel>) -> Infallible {
    let mut parcels = Vec::with_capacity(TOGETHER);
    while handed_in.recv_many(&mut parcels, TOGETHER).await > 0 {
        let end = Instant::now() + LINGER;
        while parcels.len() < TOGETHER {
            let room = TOGETHER - parcels.len();
            let more = timeout_at(end, handed_in.recv_many(&mut parcels, room)).await;
            if more.unwrap_or(0) == 0 {
                break;
            }
        }
        let (pages, waiting): (Vec<_>, Vec<_>) =
            parcels.drain(..).map(|parcel| (parcel.page, parcel.taken)).unzip();
        let start = Instant::now();
        let together = broker.publish(Line::Results, &pages).await;
        metrics::published(&pages, start.elapsed());
        let alone = matches!(together, Err(QueueError::Refused(_) | QueueError::TooLarge { .. }));
        for (page, taken) in pages.iter().zip(waiting) {
            // A page that is refused takes no other with it.
            let outcome = match &together {
                Err(_) if alone => broker.publish(Line::Results, std::slice::from_ref(page)).await,
                together => together.clone(),
            };
            // A batch that has gone meanwhile is delivered again.
            taken.send(outcome).ok();
        }
    }
    pending().await
}
