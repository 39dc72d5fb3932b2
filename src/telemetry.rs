//! What the process tells of itself: log lines on standard error, and in a fleet traces and metrics by OTLP.

#[cfg(feature = "fleet")]
mod gauges;
#[cfg(feature = "fleet")]
mod otlp;

use std::io::IsTerminal;

use tracing_subscriber::filter::{self, FilterExt};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::args::{Command, LogFormat};
use crate::stop::Stop;

/// The target of events that are measurements: no log line is made of them.
const METRICS: &str = "orgsweep::metrics";
/// The target of those that hold only while a coordinator leads.
const LEAD: &str = "orgsweep::metrics::lead";

/// What is to be flushed when the process ends.
pub(crate) struct Telemetry {
    #[cfg(feature = "fleet")]
    sent: Option<otlp::Sent>,
}

impl Telemetry {
    /// Sends what was not sent.
    pub(crate) fn end(self) {
        #[cfg(feature = "fleet")]
        if let Some(sent) = self.sent {
            sent.end();
        }
    }
}

/// The collector that a service is told to send to.
pub(crate) fn collector(command: &Command) -> Option<&str> {
    match command {
        Command::Coordinator(args) => args.shared.otlp.as_deref(),
        Command::Worker(args) => args.shared.otlp.as_deref(),
        _ => None,
    }
}

/// Begins to tell; must be called inside the runtime.
///
/// # Errors
/// A sentence when the filter or the collector's address is wrong.
pub(crate) fn begin(
    format: LogFormat,
    filter: &str,
    collector: Option<&str>,
) -> Result<Telemetry, Stop> {
    let filter =
        EnvFilter::try_new(filter).map_err(|error| Stop::usage(format!("--log: {error}")))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.without_time().with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let not_measured = filter::filter_fn(|metadata| ![METRICS, LEAD].contains(&metadata.target()));
    // One filter of both: what it refuses is never made. Two, one after the other, would ask at every span.
    let registry = tracing_subscriber::registry().with(lines.with_filter(filter.and(not_measured)));
    #[cfg(feature = "fleet")]
    if let Some(collector) = collector {
        let (layer, sent) = otlp::layer(collector)?;
        registry.with(layer).init();
        return Ok(Telemetry { sent: Some(sent) });
    }
    #[cfg(not(feature = "fleet"))]
    let _no_collector = collector;
    registry.init();
    Ok(Telemetry {
        #[cfg(feature = "fleet")]
        sent: None,
    })
}
