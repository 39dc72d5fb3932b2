//! The three queues, as they are declared.
//!
//! Quorum queues: replicated where there are several brokers, and the only ones that count
//! deliveries. What this build declares, every RabbitMQ from 3.10 on understands; another build that
//! declares it otherwise is refused, so these arguments change only with the prefix.

use std::collections::BTreeMap;

use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Connection, ErrorKind};
use protocol::queue::{Line, MAX_DELIVERIES, QueueError};

use super::address::Address;
use super::trouble::of_lapin;
use crate::patience::Trouble;

/// The delivery limit of the parked queue, from which nothing may be lost: newer brokers have a
/// limit of their own where none is declared, and older ones know no word for none.
const NO_LIMIT: i64 = 1_000_000_000;

/// Declares the queues; what is there already as declared stays as it is.
pub(super) async fn declare(
    connection: &Connection,
    address: &Address,
    capacity: u32,
) -> Result<(), Trouble> {
    // Parked first: the others lead there.
    for line in [Line::Parked, Line::Tasks, Line::Results] {
        // A channel each: a declaration that is refused closes its channel.
        let channel =
            connection.create_channel().await.map_err(|error| of_lapin(address, &error))?;
        let name = address.queue(line);
        channel
            .queue_declare(
                name.as_str().into(),
                QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() },
                arguments(address, line, capacity),
            )
            .await
            .map_err(|error| of_declaring(address, &name, &error))?;
    }
    Ok(())
}

fn arguments(address: &Address, line: Line, capacity: u32) -> FieldTable {
    let text = |text: &str| AMQPValue::LongString(text.into());
    let mut arguments: BTreeMap<ShortString, AMQPValue> = BTreeMap::new();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(capacity.into()));
    // A full queue refuses what is published; and dead-lettering at least once asks for it.
    arguments.insert("x-overflow".into(), text("reject-publish"));
    if line == Line::Parked {
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(NO_LIMIT));
    } else {
        // The broker counts returns: the limit is passed by the return after it.
        let returns = i64::from(MAX_DELIVERIES) - 1;
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(returns));
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        arguments.insert("x-dead-letter-exchange".into(), text(""));
        let parked = address.queue(Line::Parked);
        arguments.insert("x-dead-letter-routing-key".into(), text(&parked));
    }
    arguments.into()
}

fn of_declaring(address: &Address, name: &str, error: &lapin::Error) -> Trouble {
    const RESOURCE_LOCKED: u16 = 405;
    const PRECONDITION_FAILED: u16 = 406;
    match error.kind() {
        ErrorKind::ProtocolError(told)
            if [RESOURCE_LOCKED, PRECONDITION_FAILED].contains(&told.get_id()) =>
        {
            Trouble::Lasting(QueueError::Refused(format!(
                "{address} has a queue {name:?} that was declared otherwise: delete it, or name another prefix \
                 in --queue (?prefix=NAME); it says: {}",
                told.get_message()
            )))
        }
        _ => of_lapin(address, error),
    }
}
