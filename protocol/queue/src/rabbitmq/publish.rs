//! Publishing: many messages out, then all their confirms.

use std::time::Duration;

use futures_util::future::try_join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use protocol::queue::{Message, QueueError};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::address::Address;
use super::link::{Channels, Link, Open};
use super::trouble::away;
use crate::patience::{Patience, Trouble};

/// Messages that are out without their confirms, at most.
const UNCONFIRMED: usize = 256;

/// Bytes that are out without their confirms, at most; one message may be larger.
const UNCONFIRMED_BYTES: usize = 8 << 20;

/// AMQP's number for a message that outlives the broker.
const PERSISTENT: u8 = 2;

/// The channel that publishes.
pub(super) struct Publishing {
    channel: Channel,
    /// lapin numbers a message and sends it in two steps, which two tasks must not mix.
    turn: Mutex<()>,
}

impl Channels for Publishing {
    const PURPOSE: &'static str = "publishing";

    async fn open(connection: &Connection) -> lapin::Result<Self> {
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self { channel, turn: Mutex::new(()) })
    }

    fn all(&self) -> impl Iterator<Item = &Channel> {
        std::iter::once(&self.channel)
    }
}

/// Publishes until the broker has confirmed every message. What it has not confirmed when a
/// connection breaks is published again, and may then be there twice.
///
/// # Errors
/// [`QueueError::Away`] and [`QueueError::Refused`] when `bound` is over without a success.
pub(super) async fn publish(
    link: &Link<Publishing>,
    address: &Address,
    queue: &str,
    messages: &[Message],
    bound: Duration,
) -> Result<(), QueueError> {
    for window in windows(messages) {
        let mut left: Vec<&Message> = window.iter().collect();
        let mut patience = Patience::new(bound);
        while !left.is_empty() {
            let (open, before) = (link.open().await?, left.len());
            let sent = timeout(bound, send(&open, address, queue, &mut left)).await;
            let sent = sent.unwrap_or_else(|_elapsed| {
                open.condemn();
                Err(away(format!("{address} confirmed nothing on {queue} for {bound:?}")))
            });
            if left.len() < before {
                patience.renew();
            }
            if let Err(trouble) = sent {
                patience.bear(trouble).await?;
            }
        }
    }
    Ok(())
}

/// Sends what is left, and leaves what was not confirmed; all of it where it is cut off.
async fn send(
    open: &Open<Publishing>,
    address: &Address,
    queue: &str,
    left: &mut Vec<&Message>,
) -> Result<(), Trouble> {
    let channels = &open.channels;
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into());
    let confirms = {
        let _turn = channels.turn.lock().await;
        let sent = left.iter().map(|message| {
            let (body, properties) = (&message.body, properties.clone());
            channels.channel.basic_publish("".into(), queue.into(), options, body, properties)
        });
        open.answer(address, try_join_all(sent)).await?
    };
    let mut troubled = Ok(());
    let mut unconfirmed = Vec::new();
    for (message, confirm) in left.iter().zip(confirms) {
        match open.answer(address, confirm).await? {
            Confirmation::Ack(None) => continue,
            // Nobody routes it: the queue was deleted under us. A new connection declares it.
            Confirmation::Ack(Some(_)) | Confirmation::NotRequested => {
                open.condemn();
                troubled = refused(format!("{address} has lost the queue {queue:?}"));
            }
            Confirmation::Nack(_) => {
                troubled = troubled.and(refused(format!(
                    "{address} takes no more messages on {queue:?}: it is full, or has too few members"
                )));
            }
        }
        unconfirmed.push(*message);
    }
    *left = unconfirmed;
    troubled
}

fn refused(why: String) -> Result<(), Trouble> {
    Err(Trouble::Passing(QueueError::Refused(why)))
}

/// Cuts messages into runs that may be out at once.
fn windows(messages: &[Message]) -> impl Iterator<Item = &[Message]> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |message: &&Message| {
            bytes += message.body.len();
            bytes <= UNCONFIRMED_BYTES
        };
        let count = rest.iter().take(UNCONFIRMED).take_while(fits).count();
        let (window, after) = rest.split_at(count.max(1).min(rest.len()));
        rest = after;
        (!window.is_empty()).then_some(window)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(sizes: &[usize]) -> Vec<usize> {
        let messages: Vec<Message> = sizes
            .iter()
            .map(|size| Message { body: vec![0; *size], group: String::new() })
            .collect();
        windows(&messages).map(<[Message]>::len).collect()
    }

    #[test]
    fn a_window_is_bounded_in_messages_and_in_bytes() {
        assert_eq!(cut(&[]), Vec::<usize>::new());
        assert_eq!(cut(&[10; 600]), [256, 256, 88]);
        assert_eq!(cut(&[3 << 20; 5]), [2, 2, 1]);
        assert_eq!(cut(&[1, 9 << 20, 1]), [1, 1, 1], "what is larger goes alone");
    }
}
