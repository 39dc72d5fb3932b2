//! Queues on Amazon SQS.

mod address;
mod batcher;
mod lane;
mod requests;
mod setup;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::Client;
use aws_smithy_http_client::tls;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError};
use tokio_util::sync::CancellationToken;

use crate::patience::{PATIENCE, Patience, Trouble};
use address::Address;
use lane::Lane;

/// The largest body that a message may have, and all of one request together, in bytes: what SQS
/// has taken always, and everywhere.
const MESSAGE_LIMIT: usize = 256 << 10;

/// How long a message that was handed out stays invisible at a time.
const VISIBILITY: Duration = Duration::from_secs(60);

/// How long one connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long one attempt of a request may take: longer than a long poll.
const ATTEMPT: Duration = Duration::from_secs(40);

/// How often the SDK sends a request that was throttled, or failed on SQS's side.
const ATTEMPTS: u32 = 5;

/// How long.
#[derive(Debug, Clone, Copy)]
pub struct SqsSettings {
    /// How long SQS may be away before that is an error.
    pub patience: Duration,
    /// How long a message that was handed out stays invisible at a time; whole seconds. It is
    /// renewed while its receipt is held.
    pub visibility: Duration,
}

impl Default for SqsSettings {
    fn default() -> Self {
        Self { patience: PATIENCE, visibility: VISIBILITY }
    }
}

/// Three queues of one prefix in one region.
pub struct SqsQueue {
    lanes: Vec<Arc<Lane>>,
    closed: Vec<CancellationToken>,
}

impl SqsQueue {
    /// Opens queues with the credentials and endpoints that AWS's own settings name (environment,
    /// profile, role of the task or instance); makes those that are missing where that is allowed.
    ///
    /// # Errors
    /// [`QueueError::Refused`] when the URL, the credentials, a permission or a queue is not as it
    /// should be; [`QueueError::Away`] when patience ends.
    pub async fn connect(url: &str, settings: SqsSettings) -> Result<Self, QueueError> {
        let region = Region::new(Address::read(url)?.region);
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT);
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(region)
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts.build())
            // A long poll is silent for as long as nothing comes.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        Self::over(&Client::new(&config), url, settings).await
    }

    /// Opens queues with a client of one's own.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn over(
        client: &Client,
        url: &str,
        settings: SqsSettings,
    ) -> Result<Self, QueueError> {
        let address = Address::read(url)?;
        let mut patience = Patience::new(settings.patience);
        let targets = loop {
            match setup::find_or_make(client, &address).await {
                Ok(targets) => break targets,
                Err(trouble) => {
                    if let (Trouble::Passing(error), false) = (&trouble, patience.is_tried()) {
                        tracing::warn!(%error, "waiting {:?} for {address}", settings.patience);
                    }
                    patience.bear(trouble).await?;
                }
            }
        };
        let lane = |target| Lane::start(target, address.is_fair, settings);
        Ok(Self {
            lanes: targets.into_iter().map(lane).collect(),
            closed: Line::ALL.iter().map(|_| CancellationToken::new()).collect(),
        })
    }

    fn lane(&self, line: Line) -> &Arc<Lane> {
        &self.lanes[line as usize]
    }

    fn closed(&self, line: Line) -> &CancellationToken {
        &self.closed[line as usize]
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn publish(&self, line: Line, messages: Vec<Message>) -> Result<(), QueueError> {
        tokio::select! {
            biased;
            () = self.closed(line).cancelled() => Err(QueueError::Closed),
            published = self.lane(line).publish(&messages) => published,
        }
    }

    async fn receive(&self, line: Line, most: usize) -> Result<Vec<Delivery>, QueueError> {
        tokio::select! {
            biased;
            () = self.closed(line).cancelled() => Err(QueueError::Closed),
            received = self.lane(line).receive(most) => received,
        }
    }

    async fn close(&self, line: Line) {
        self.closed(line).cancel();
    }

    fn message_limit(&self) -> usize {
        MESSAGE_LIMIT
    }

    async fn depth(&self, line: Line) -> Result<u64, QueueError> {
        self.lane(line).depth().await
    }
}
