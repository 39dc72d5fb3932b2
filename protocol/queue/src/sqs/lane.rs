//! One line's queue: sending, receiving, and keeping what is out.
//!
//! A message that was handed out stays invisible for a minute at a time. While its receipt is held,
//! that is renewed three times a minute, for fifteen minutes at most; a process that dies holds
//! nothing for longer than a minute.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::{Message as Incoming, MessageSystemAttributeName, QueueAttributeName};
use futures_util::future::{join_all, try_join_all};
use protocol::queue::{Delivery, Message, QueueError, Receipt};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::batcher::Batcher;
use super::requests::{Deleting, Hidden, Hiding, Outgoing, Sending, Target};
use super::setup::attribute;
use super::trouble::of_sdk;
use super::{MESSAGE_LIMIT, SqsSettings};
use crate::limits::too_large;
use crate::patience::{Patience, Trouble};

/// How often held messages are kept for another while, in a while.
const BEATS: u32 = 3;

/// How long a message is kept at most: longer than any batch lives.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How long a call waits for the first message, in seconds: SQS's most.
const LONG_POLL: i32 = 20;

/// Messages of one request.
const REQUEST: usize = 10;

/// Messages of one call, by requests side by side.
const MOST: usize = 100;

/// The queue of one line.
pub(super) struct Lane {
    target: Target,
    is_fair: bool,
    settings: SqsSettings,
    sending: Batcher<Sending>,
    deleting: Batcher<Deleting>,
    hiding: Batcher<Hiding>,
    held: Mutex<Held>,
}

/// What is out with receivers.
#[derive(Default)]
struct Held {
    next: u64,
    by_number: BTreeMap<u64, Grip>,
}

struct Grip {
    handle: String,
    since: Instant,
}

impl Lane {
    /// A lane, and who keeps what is out for as long as the lane lives.
    pub(super) fn start(target: Target, is_fair: bool, settings: SqsSettings) -> Arc<Self> {
        let bound = settings.patience;
        let lane = Arc::new(Self {
            sending: Batcher::start(Sending(target.clone()), bound),
            deleting: Batcher::start(Deleting(target.clone()), bound),
            hiding: Batcher::start(Hiding(target.clone()), bound),
            held: Mutex::default(),
            target,
            is_fair,
            settings,
        });
        let beat = settings.visibility / BEATS;
        tokio::spawn(keep(Arc::downgrade(&lane), beat));
        lane
    }

    /// Sends messages until SQS has all of them.
    ///
    /// # Errors
    /// [`QueueError::TooLarge`] and what is no text before any is sent; others as they come.
    pub(super) async fn publish(&self, messages: &[Message]) -> Result<(), QueueError> {
        too_large(messages.iter().map(|message| message.body.len()), MESSAGE_LIMIT)?;
        let texts: Vec<Cow<'_, str>> =
            messages.iter().map(|message| text(&message.body)).collect::<Result<_, _>>()?;
        too_large(texts.iter().map(|text| text.len()), MESSAGE_LIMIT)?;
        let group = |message: &Message| {
            (self.is_fair && !message.group.is_empty()).then(|| message.group.clone())
        };
        let sent = texts.into_iter().zip(messages).map(|(text, message)| {
            self.sending.send(Outgoing { text: text.into_owned(), group: group(message) })
        });
        try_join_all(sent).await.map(drop)
    }

    /// Receives 1 to `most` messages; waits for the first one.
    ///
    /// # Errors
    /// [`QueueError::Away`] when SQS is away for longer than the bound, [`QueueError::Refused`].
    pub(super) async fn receive(
        self: &Arc<Self>,
        most: usize,
    ) -> Result<Vec<Delivery>, QueueError> {
        let mut patience = Patience::new(self.settings.patience);
        loop {
            // A task of its own: a poll that nobody waits for any more is not cut off, since SQS
            // might answer it all the same; what it brings is handed back at once.
            let (told, polled) = oneshot::channel();
            tokio::spawn(poll(Arc::clone(self), most.clamp(1, MOST), told));
            let cut_off = || QueueError::Away("receiving was cut off".to_owned());
            match polled.await.map_err(|_| cut_off())? {
                Ok(deliveries) => return Ok(deliveries),
                Err(trouble) => patience.bear(trouble).await?,
            }
        }
    }

    /// Counts what waits, as SQS estimates it.
    ///
    /// # Errors
    /// As [`Self::receive`].
    pub(super) async fn depth(&self) -> Result<u64, QueueError> {
        let mut patience = Patience::new(self.settings.patience);
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        loop {
            match attribute(&self.target.client, &self.target, name.clone()).await {
                Ok(count) => {
                    let count = count.unwrap_or_default();
                    let unreadable =
                        |_| QueueError::Refused(format!("{} counts {count:?}", self.target.name));
                    return count.parse().map_err(unreadable);
                }
                Err(trouble) => patience.bear(trouble).await?,
            }
        }
    }

    async fn request(self: &Arc<Self>, most: usize, wait: i32) -> Result<Vec<Delivery>, Trouble> {
        let most = i32::try_from(most.min(REQUEST)).unwrap_or(1);
        let request = self
            .target
            .client
            .receive_message()
            .queue_url(&self.target.url)
            .max_number_of_messages(most)
            .wait_time_seconds(wait)
            .visibility_timeout(seconds(self.settings.visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let asked = format!("receiving from {}", self.target.name);
        let answer = request.send().await.map_err(|error| of_sdk(&asked, &error))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages.into_iter().map(|message| self.deliver(message)).collect())
    }

    fn deliver(self: &Arc<Self>, message: Incoming) -> Delivery {
        let count = MessageSystemAttributeName::ApproximateReceiveCount;
        let count = message.attributes.as_ref().and_then(|attributes| attributes.get(&count));
        let handle = message.receipt_handle.unwrap_or_default();
        let number = self.held().hold(handle.clone());
        let receipt = SqsReceipt { lane: Arc::clone(self), handle, number, is_acked: false };
        Delivery {
            body: message.body.unwrap_or_default().into_bytes(),
            redelivered: count.is_some_and(|count| count != "1"),
            receipt: Box::new(receipt),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep_one(&self, number: u64, handle: String) {
        let kept = self.hiding.send(hidden(handle, self.settings.visibility)).await;
        // One that was acknowledged meanwhile cannot be kept, and need not be.
        if let (Err(error), true) = (kept, self.held().by_number.contains_key(&number)) {
            tracing::warn!(%error, queue = self.target.name, "a held message may come again elsewhere");
        }
    }
}

impl Held {
    fn hold(&mut self, handle: String) -> u64 {
        self.next += 1;
        self.by_number.insert(self.next, Grip { handle, since: Instant::now() });
        self.next
    }
}

async fn poll(lane: Arc<Lane>, most: usize, told: oneshot::Sender<Result<Vec<Delivery>, Trouble>>) {
    let began = Instant::now();
    let mut worked = Duration::ZERO;
    let polled = loop {
        match lane.request(most, LONG_POLL).await {
            Ok(first) if first.is_empty() && !told.is_closed() => worked = began.elapsed(),
            Ok(mut deliveries) => {
                if deliveries.len() == REQUEST {
                    let others = (REQUEST..most).step_by(REQUEST);
                    let others = join_all(others.map(|got| lane.request(most - got, 0))).await;
                    for other in others {
                        match other {
                            Ok(more) => deliveries.extend(more),
                            // What else is there comes with the next call, or that fails too.
                            Err(trouble) => {
                                tracing::debug!(?trouble, "fewer messages than asked for")
                            }
                        }
                    }
                }
                break Ok(deliveries);
            }
            Err(trouble) => break Err(trouble.after(worked)),
        }
    };
    // Nobody waits any more: the receipts that come back are dropped, which hands them back.
    drop(told.send(polled));
}

/// Keeps what is held from being delivered again, beat by beat.
async fn keep(lane: Weak<Lane>, beat: Duration) {
    loop {
        sleep(beat).await;
        let Some(lane) = lane.upgrade() else { return };
        let grips: Vec<(u64, String)> = {
            let mut held = lane.held();
            let before = held.by_number.len();
            held.by_number.retain(|_, grip| grip.since.elapsed() < LONGEST);
            let lost = before - held.by_number.len();
            if lost > 0 {
                tracing::warn!(
                    lost,
                    queue = lane.target.name,
                    "held for too long; they come again"
                );
            }
            held.by_number.iter().map(|(number, grip)| (*number, grip.handle.clone())).collect()
        };
        join_all(grips.into_iter().map(|(number, handle)| lane.keep_one(number, handle))).await;
    }
}

fn hidden(handle: String, lasting: Duration) -> Hidden {
    Hidden { handle, seconds: seconds(lasting) }
}

/// A time as SQS hides messages: 12 hours at most.
fn seconds(lasting: Duration) -> i32 {
    const LONGEST_HIDDEN: i32 = 12 * 3600;
    i32::try_from(lasting.as_secs()).unwrap_or(LONGEST_HIDDEN).min(LONGEST_HIDDEN)
}

/// A body as SQS takes it: what XML cannot hold is escaped as JSON does it, in whose strings alone
/// it can stand.
fn text(body: &[u8]) -> Result<Cow<'_, str>, QueueError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| QueueError::Refused(format!("SQS takes text only: {error}")))?;
    if !text.contains(['\u{fffe}', '\u{ffff}']) {
        return Ok(Cow::Borrowed(text));
    }
    Ok(text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff").into())
}

/// The right to delete a message; what is dropped becomes visible again at once.
struct SqsReceipt {
    lane: Arc<Lane>,
    handle: String,
    number: u64,
    is_acked: bool,
}

#[async_trait]
impl Receipt for SqsReceipt {
    async fn ack(mut self: Box<Self>) -> Result<(), QueueError> {
        self.is_acked = true;
        self.lane.held().by_number.remove(&self.number);
        self.lane.deleting.send(self.handle.clone()).await
    }

    async fn extend(&self, by: Duration) -> Result<(), QueueError> {
        self.lane
            .hiding
            .send(hidden(self.handle.clone(), by.max(self.lane.settings.visibility)))
            .await
    }
}

impl Drop for SqsReceipt {
    fn drop(&mut self) {
        if self.is_acked {
            return;
        }
        self.lane.held().by_number.remove(&self.number);
        let handle = std::mem::take(&mut self.handle);
        if !self.lane.hiding.send_later(hidden(handle, Duration::ZERO)) {
            tracing::debug!(queue = self.lane.target.name, "handed back when its time is over");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_text_that_xml_can_hold() {
        assert_eq!(text("{\"a\":\"ä\\u0001\"}".as_bytes()).unwrap(), "{\"a\":\"ä\\u0001\"}");
        assert_eq!(text("\"\u{ffff}\u{fffe}\"".as_bytes()).unwrap(), "\"\\uffff\\ufffe\"");
        assert!(matches!(text(&[0xff]), Err(QueueError::Refused(_))));
    }
}
