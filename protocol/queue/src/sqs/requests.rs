//! The three requests that carry ten entries: send, delete, change the visibility.

use std::fmt::Display;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry,
    DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry,
};
use protocol::queue::QueueError;

use super::MESSAGE_LIMIT;
use super::batcher::Operation;
use super::trouble::{of_code, of_sdk};
use crate::patience::Trouble;

/// One queue, as its requests name it.
#[derive(Clone)]
pub(super) struct Target {
    /// What asks.
    pub(super) client: Client,
    /// The URL by which SQS knows the queue.
    pub(super) url: String,
    /// What it is called, and where it is, for errors.
    pub(super) name: String,
}

/// Sends messages.
pub(super) struct Sending(pub(super) Target);

/// A message to send.
pub(super) struct Outgoing {
    /// Its text.
    pub(super) text: String,
    /// What it belongs to, where the queue is fair between groups.
    pub(super) group: Option<String>,
}

/// Deletes messages, by their receipt handles.
pub(super) struct Deleting(pub(super) Target);

/// Changes how long messages stay invisible.
pub(super) struct Hiding(pub(super) Target);

/// A message that stays invisible for a while from now on.
pub(super) struct Hidden {
    /// Its receipt handle.
    pub(super) handle: String,
    /// How long; 0 hands it back.
    pub(super) seconds: i32,
}

type Failed = Result<Vec<(usize, Trouble)>, Trouble>;

impl Operation for Sending {
    type Entry = Outgoing;
    const HEAVIEST: usize = MESSAGE_LIMIT;

    fn weight(entry: &Outgoing) -> usize {
        entry.text.len()
    }

    async fn send(&self, entries: Vec<&Outgoing>) -> Failed {
        let Target { client, url, name } = &self.0;
        let entry = |(place, outgoing): (usize, &Outgoing)| {
            SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(&outgoing.text)
                .set_message_group_id(outgoing.group.clone())
                .build()
        };
        let entries = built(entries.into_iter().enumerate().map(entry))?;
        let asked = format!("sending to {name}");
        let request = client.send_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| of_sdk(&asked, &error))?;
        Ok(failed(&asked, answer.failed()))
    }
}

impl Operation for Deleting {
    type Entry = String;
    const HEAVIEST: usize = usize::MAX;

    fn weight(_: &String) -> usize {
        0
    }

    async fn send(&self, entries: Vec<&String>) -> Failed {
        let Target { client, url, name } = &self.0;
        let entry = |(place, handle): (usize, &String)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(handle)
                .build()
        };
        let entries = built(entries.into_iter().enumerate().map(entry))?;
        let asked = format!("deleting from {name}");
        let request = client.delete_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| of_sdk(&asked, &error))?;
        Ok(failed(&asked, answer.failed()))
    }
}

impl Operation for Hiding {
    type Entry = Hidden;
    const HEAVIEST: usize = usize::MAX;

    fn weight(_: &Hidden) -> usize {
        0
    }

    async fn send(&self, entries: Vec<&Hidden>) -> Failed {
        let Target { client, url, name } = &self.0;
        let entry = |(place, hidden): (usize, &Hidden)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(&hidden.handle)
                .visibility_timeout(hidden.seconds)
                .build()
        };
        let entries = built(entries.into_iter().enumerate().map(entry))?;
        let asked = format!("keeping or handing back messages of {name}");
        let request =
            client.change_message_visibility_batch().queue_url(url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| of_sdk(&asked, &error))?;
        Ok(failed(&asked, answer.failed()))
    }
}

fn built<T, E: Display>(entries: impl Iterator<Item = Result<T, E>>) -> Result<Vec<T>, Trouble> {
    let refused = |error: E| Trouble::Lasting(QueueError::Refused(error.to_string()));
    entries.map(|entry| entry.map_err(refused)).collect()
}

fn failed(asked: &str, entries: &[BatchResultErrorEntry]) -> Vec<(usize, Trouble)> {
    let failed = |entry: &BatchResultErrorEntry| {
        let says = entry.message().unwrap_or("nothing more");
        let trouble = of_code(asked, entry.code(), says, !entry.sender_fault());
        Some((entry.id().parse().ok()?, trouble))
    };
    entries.iter().filter_map(failed).collect()
}
