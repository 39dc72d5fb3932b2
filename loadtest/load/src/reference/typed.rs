//! Typed SDK clients, one for each service, shared over accounts and regions: SQS (JSON), SNS (query,
//! XML) and EFS (REST, JSON).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::RetryConfig;
use loadtest::Recorded;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Done;
use super::sessions::{endpoint, read, sessions, wait_for_the_end, wait_for_the_start};

/// The regions that are asked.
const REGIONS: [&str; 6] =
    ["us-east-1", "eu-west-1", "us-west-2", "eu-central-1", "ap-southeast-2", "us-east-2"];
/// The most tasks: each account has so many as there are regions, of three services.
const MOST: usize = 18_000;

struct Shared {
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    efs: aws_sdk_efs::Client,
    sessions: Vec<(Recorded, Credentials)>,
    next: AtomicUsize,
    calls: AtomicU64,
    failed: AtomicU64,
}

/// Lists queues, topics and file systems of every account that the recorded requests have a session
/// of, so many calls at once.
///
/// # Errors
/// Where the requests cannot be read; what is answered badly is counted.
pub async fn typed(file: &Path, in_flight: usize) -> anyhow::Result<()> {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = Builder::new().tls_provider(ring).build_https();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint()?)
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .build();
    let credentials = |one: Recorded| {
        let (id, secret) = (one.access_key_id.clone(), one.secret_access_key.clone());
        let credentials = Credentials::new(id, secret, one.token.clone(), None, "recorded");
        (one, credentials)
    };
    let shared = Arc::new(Shared {
        sqs: aws_sdk_sqs::Client::new(&config),
        sns: aws_sdk_sns::Client::new(&config),
        efs: aws_sdk_efs::Client::new(&config),
        sessions: sessions(read(file)?).into_iter().map(credentials).collect(),
        next: AtomicUsize::new(0),
        calls: AtomicU64::new(0),
        failed: AtomicU64::new(0),
    });
    wait_for_the_start()?;
    let began = Instant::now();
    let mut loops = JoinSet::new();
    for _ in 0..in_flight {
        let shared = Arc::clone(&shared);
        loops.spawn(async move { shared.work().await });
    }
    while let Some(ended) = loops.join_next().await {
        ended?;
    }
    wait_for_the_end(&Done {
        calls: shared.calls.load(Ordering::Relaxed),
        failed: shared.failed.load(Ordering::Relaxed),
        seconds: began.elapsed().as_secs_f64(),
    })
}

impl Shared {
    async fn work(&self) {
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            let (account, place) = (task / (REGIONS.len() * 3), task % (REGIONS.len() * 3));
            let session = self.sessions.get(account).filter(|_| task < MOST);
            let (Some((_, credentials)), Some(region)) = (session, REGIONS.get(place / 3)) else {
                return;
            };
            let provider = SharedCredentialsProvider::new(credentials.clone());
            let region = Region::new(*region);
            let mut token = None;
            loop {
                self.calls.fetch_add(1, Ordering::Relaxed);
                let (provider, region) = (provider.clone(), region.clone());
                let next = match place % 3 {
                    0 => self.queues(provider, region, token).await,
                    1 => self.topics(provider, region, token).await,
                    _ => self.file_systems(provider, region, token).await,
                };
                match next {
                    Ok(Some(next)) => token = Some(next),
                    Ok(None) => break,
                    Err(()) => {
                        self.failed.fetch_add(1, Ordering::Relaxed);
                        break;
                    }
                }
            }
        }
    }

    async fn queues(
        &self,
        provider: SharedCredentialsProvider,
        region: Region,
        token: Option<String>,
    ) -> Result<Option<String>, ()> {
        let config = aws_sdk_sqs::Config::builder().credentials_provider(provider).region(region);
        let call = self.sqs.list_queues().max_results(1000).set_next_token(token).customize();
        let told = call.config_override(config).send().await.map_err(drop)?;
        Ok(told.next_token)
    }

    async fn topics(
        &self,
        provider: SharedCredentialsProvider,
        region: Region,
        token: Option<String>,
    ) -> Result<Option<String>, ()> {
        let config = aws_sdk_sns::Config::builder().credentials_provider(provider).region(region);
        let call = self.sns.list_topics().set_next_token(token).customize();
        let told = call.config_override(config).send().await.map_err(drop)?;
        Ok(told.next_token)
    }

    async fn file_systems(
        &self,
        provider: SharedCredentialsProvider,
        region: Region,
        token: Option<String>,
    ) -> Result<Option<String>, ()> {
        let config = aws_sdk_efs::Config::builder().credentials_provider(provider).region(region);
        let call = self.efs.describe_file_systems().max_items(100).set_marker(token).customize();
        let told = call.config_override(config).send().await.map_err(drop)?;
        Ok(told.next_marker)
    }
}
