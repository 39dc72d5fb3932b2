//! The RabbitMQ of the tests, and what they leave on it: nothing.

use std::sync::{Arc, Mutex};

use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use protocol::queue::{Line, Queue};
use queue::{RabbitQueue, RabbitSettings};
use url::Url;

use crate::variables::{fresh_name, server};

/// A broker on which every test has queues of its own.
#[derive(Default)]
pub(crate) struct Broker {
    prefixes: Mutex<Vec<String>>,
}

/// Runs a test, and then deletes its queues, however it ended.
pub(crate) async fn on_a_broker<F>(test: impl FnOnce(Arc<Broker>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let broker = Arc::new(Broker::default());
    let ended = tokio::spawn(test(Arc::clone(&broker))).await;
    broker.clean().await;
    if let Err(failed) = ended {
        std::panic::resume_unwind(failed.into_panic());
    }
}

impl Broker {
    /// The URL of queues that nobody else has.
    pub(crate) fn url(&self) -> Url {
        let prefix = fresh_name();
        let mut url = Url::parse(&server("ORGSWEEP_TEST_RABBITMQ")).unwrap();
        url.query_pairs_mut().append_pair("prefix", &prefix);
        self.prefixes.lock().unwrap().push(prefix);
        url
    }

    /// Queues that nobody else has.
    pub(crate) async fn queue(&self) -> Arc<dyn Queue> {
        connect(&self.url(), RabbitSettings::default()).await
    }

    /// A connection beside the adapter's.
    pub(crate) async fn connection(&self) -> Connection {
        let url = server("ORGSWEEP_TEST_RABBITMQ");
        Connection::connect(&url, ConnectionProperties::default()).await.unwrap()
    }

    /// Deletes the queue of a line.
    pub(crate) async fn delete(&self, url: &Url, line: Line) {
        let prefix = url.query_pairs().find(|(key, _)| key == "prefix").unwrap().1;
        let connection = self.connection().await;
        let channel = connection.create_channel().await.unwrap();
        let queue = format!("{prefix}.{line}");
        channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    }

    async fn clean(&self) {
        let prefixes = std::mem::take(&mut *self.prefixes.lock().unwrap());
        let connection = self.connection().await;
        let channel = connection.create_channel().await.unwrap();
        for (prefix, line) in
            prefixes.iter().flat_map(|prefix| Line::ALL.iter().map(move |line| (prefix, line)))
        {
            let queue = format!("{prefix}.{line}");
            channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
        }
    }
}

/// Opens the queues of a URL.
pub(crate) async fn connect(url: &Url, settings: RabbitSettings) -> Arc<dyn Queue> {
    match RabbitQueue::connect(url.as_str(), settings).await {
        Ok(queue) => Arc::new(queue),
        Err(error) => panic!("{error}"),
    }
}
