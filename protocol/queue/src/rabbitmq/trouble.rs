//! What an error of the client means: wait for it to pass, or say what to mend.

use std::io;

use lapin::ErrorKind;
use protocol::queue::QueueError;

use super::address::Address;
use crate::patience::Trouble;

/// What an error means.
pub(super) fn of_lapin(address: &Address, error: &lapin::Error) -> Trouble {
    const ACCESS_REFUSED: u16 = 403;
    const NOT_IMPLEMENTED: u16 = 540;
    const NOT_ALLOWED: u16 = 530;
    match error.kind() {
        ErrorKind::ProtocolError(told) => {
            let (user, vhost, says) = (address.user(), address.vhost(), told.get_message());
            match told.get_id() {
                ACCESS_REFUSED => refused(format!(
                    "{address} refuses the user {user:?}: mend the user or the password in --queue, or what \
                     the user may do in {vhost:?}; it says: {says}"
                )),
                NOT_ALLOWED => refused(format!(
                    "{address} refuses the virtual host {vhost:?} to the user {user:?}: make it there, or name \
                     another in --queue; it says: {says}"
                )),
                NOT_IMPLEMENTED => {
                    refused(format!("{address} is too old, 3.10 is needed; it says: {says}"))
                }
                _ => away(format!("{address} says: {says}")),
            }
        }
        // What speaks no TLS, or shows a certificate that nobody here trusts.
        ErrorKind::IOError(error) if error.kind() == io::ErrorKind::InvalidData => {
            refused(format!("no TLS with {address} (amqps:// in --queue): {error}"))
        }
        ErrorKind::ParsingError(_) | ErrorKind::InvalidProtocolVersion(_) => refused(format!(
            "what listens for {address} is no RabbitMQ, or only with TLS (amqps://): mend --queue"
        )),
        _ => away(format!("{address}: {error}")),
    }
}

/// The broker is away, for what we know.
pub(super) fn away(why: String) -> Trouble {
    Trouble::Passing(QueueError::Away(why))
}

fn refused(why: String) -> Trouble {
    Trouble::Lasting(QueueError::Refused(why))
}
