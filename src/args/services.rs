//! What can be typed for the services of a fleet.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::groups::StoreArg;
use crate::duration;

/// Where messages travel and budgets are counted.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Parts")]
pub(crate) struct Shared {
    /// Where batches and answers travel: amqp://USER:PASSWORD@HOST:PORT/VHOST?prefix=NAME or sqs://REGION/PREFIX?fair=true
    ///
    /// RabbitMQ 3.10 or newer, amqps:// with TLS. What is not given: USER and PASSWORD are guest, PORT is 5672 (with TLS
    /// 5671), VHOST is /, and the queues' names begin with orgsweep. `prefix` has letters, digits and -_. and no more than
    /// 200 of them.
    ///
    /// Amazon SQS: the queues' names begin with PREFIX (letters, digits, - and _, 70 at most). `fair=false` leaves out
    /// that messages name their account as their group, by which SQS is fair. Credentials and endpoint are AWS's own
    /// settings.
    #[arg(long, value_name = "URL", env = "ORGSWEEP_QUEUE", hide_env_values = true)]
    pub(crate) queue: String,
    /// Where spent budgets are counted: redis://USER:PASSWORD@HOST:PORT/DB?prefix=NAME
    ///
    /// rediss:// with TLS. What is not given: nobody logs in, PORT is 6379, DB is 0, and the keys begin with orgsweep.
    /// `prefix` has letters, digits and -_.: and no more than 64 of them.
    #[arg(long, value_name = "URL", env = "ORGSWEEP_BUDGETS", hide_env_values = true)]
    pub(crate) budgets: String,
    /// The file that names connections: how to get into which organization
    #[arg(long, value_name = "FILE", env = "ORGSWEEP_CONNECTIONS")]
    pub(crate) connections: PathBuf,
    /// Send traces and metrics to this collector, by OTLP over HTTP, e.g. http://127.0.0.1:4318
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp: Option<String>,
    /// Say on this port of loopback whether the service lives; `orgsweep health` asks there, e.g. 127.0.0.1:8079
    #[arg(long, value_name = "ADDRESS", env = "ORGSWEEP_HEALTH")]
    pub(crate) health: Option<SocketAddr>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Health {
    /// Where the service says whether it lives
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8079", env = "ORGSWEEP_HEALTH")]
    pub(crate) health: SocketAddr,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Coordinator {
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(flatten)]
    pub(crate) interface: Interface,
    /// Batches that may be out with workers at once: about two minutes of their work
    #[arg(long, value_name = "N", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(8..=100_000), env = "ORGSWEEP_AHEAD")]
    pub(crate) ahead: u32,
    /// Dispatch again what was not answered for so long
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration::parse_long, env = "ORGSWEEP_LOST_AFTER")]
    pub(crate) lost_after: Duration,
    /// Remove scans that ended so long ago, e.g. 90d; without it they are kept. Tokens that ended go then too, after a month at the earliest
    #[arg(long, value_name = "TIME", value_parser = duration::parse_long, env = "ORGSWEEP_RETENTION")]
    pub(crate) retention: Option<Duration>,
    /// The secret that pseudonyms in redacted reports are made with: the same file for every coordinator
    #[arg(long, value_name = "FILE", env = "ORGSWEEP_REDACT_KEY")]
    pub(crate) redact_key: Option<PathBuf>,
    /// Tell this address, by POST, when a scan ends
    #[arg(long, value_name = "URL", env = "ORGSWEEP_WEBHOOK", hide_env_values = true)]
    pub(crate) webhook: Option<String>,
    /// The file with the secret that signs what the webhook is told (HMAC-SHA256)
    #[arg(long, value_name = "FILE", requires = "webhook", env = "ORGSWEEP_WEBHOOK_SECRET")]
    pub(crate) webhook_secret: Option<PathBuf>,
}

/// How programs and people reach the coordinator.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Interface")]
pub(crate) struct Interface {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "ORGSWEEP_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// A host name by which it is called; needed beyond loopback
    #[arg(long, value_delimiter = ',', value_name = "NAME", env = "ORGSWEEP_HOST")]
    pub(crate) host: Vec<String>,
    /// A proxy that speaks TLS stands before it
    #[arg(long, conflicts_with = "tls_cert", env = "ORGSWEEP_BEHIND_PROXY")]
    pub(crate) behind_proxy: bool,
    /// The certificate and those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "ORGSWEEP_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "ORGSWEEP_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Worker {
    #[command(flatten)]
    pub(crate) shared: Shared,
    /// Calls in flight at once; getting into accounts has 32 of its own
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=16_384), env = "ORGSWEEP_MAX_IN_FLIGHT")]
    pub(crate) max_in_flight: u32,
    /// The deadline of one call, e.g. 10s or 1500ms
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse, env = "ORGSWEEP_CALL_TIMEOUT")]
    pub(crate) call_timeout: Duration,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    pub(crate) store: StoreArg,
}
