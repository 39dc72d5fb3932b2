//! Queues: transport between coordinator and workers, behind one port.
//!
//! Every adapter passes [`conformance`].

pub mod conformance;
mod limits;
mod memory;
#[cfg(feature = "fleet")]
mod patience;
#[cfg(feature = "fleet")]
mod rabbitmq;
#[cfg(feature = "fleet")]
mod sqs;

use std::sync::Arc;

use protocol::queue::{Queue, QueueError};

pub use memory::MemoryQueue;
#[cfg(feature = "fleet")]
pub use patience::PATIENCE;
#[cfg(feature = "fleet")]
pub use rabbitmq::{RabbitQueue, RabbitSettings};
#[cfg(feature = "fleet")]
pub use sqs::{SqsQueue, SqsSettings};

/// Opens the queue that a URL names.
///
/// # Errors
/// [`QueueError::Refused`] when the URL names no queue, or none that this build has; and what the
/// queue's own opening tells.
pub async fn connect(url: &str) -> Result<Arc<dyn Queue>, QueueError> {
    // What is told never holds the URL: there may be a password in it.
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("memory") => Ok(Arc::new(MemoryQueue::new())),
        #[cfg(feature = "fleet")]
        Some("amqp" | "amqps") => {
            Ok(Arc::new(RabbitQueue::connect(url, RabbitSettings::default()).await?))
        }
        #[cfg(not(feature = "fleet"))]
        Some("amqp" | "amqps") => Err(missing("RabbitMQ")),
        #[cfg(feature = "fleet")]
        Some("sqs") => Ok(Arc::new(SqsQueue::connect(url, SqsSettings::default()).await?)),
        #[cfg(not(feature = "fleet"))]
        Some("sqs") => Err(missing("SQS")),
        _ => Err(QueueError::Refused(
            "--queue names no queue: it is memory:, amqp://USER:PASSWORD@HOST/VHOST, amqps://\u{2026}, or \
             sqs://REGION/PREFIX"
                .to_owned(),
        )),
    }
}

#[cfg(not(feature = "fleet"))]
fn missing(kind: &str) -> QueueError {
    QueueError::Refused(format!(
        "this build has no {kind}: build with --features fleet, or use the image"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_that_names_no_queue_is_refused_without_being_told() {
        for url in ["", "memory", "kafka://user:secret@host", "user:secret@host"] {
            let Err(QueueError::Refused(told)) = connect(url).await else {
                panic!("{url:?} was opened")
            };
            assert!(told.contains("--queue") && !told.contains("secret"), "{told}");
        }
    }

    #[cfg(not(feature = "fleet"))]
    #[tokio::test]
    async fn a_build_without_the_fleet_says_which_build_has_it() {
        for url in ["amqp://user:secret@host/", "amqps://user:secret@host/", "sqs://eu-west-1/x"] {
            let Err(QueueError::Refused(told)) = connect(url).await else {
                panic!("{url:?} was opened")
            };
            assert!(told.contains("--features fleet") && !told.contains("secret"), "{told}");
        }
    }
}
