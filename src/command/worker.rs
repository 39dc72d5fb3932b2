//! `worker`: one of any number of workers of a fleet.

use std::sync::Arc;

use aws::{Configured, NamedConnection, Options};
use catalog::Catalog;
use protocol::Clock;
use protocol::clock::SystemClock;
use protocol::scan::{Pace, Settings};
use tokio_util::sync::CancellationToken;
use worker::Pulse;

use crate::args::Worker;
use crate::connections_file::connections;
use crate::health;
use crate::signals::stop_on_signal;
use crate::spawned::spawned;
use crate::stop::{Exit, Stop};

/// Works until it is told to stop; says meanwhile whether it lives.
pub(crate) async fn worker(args: Worker) -> Result<Exit, Stop> {
    let listener = health::listen(args.shared.health).await?;
    let pulse = Pulse::default();
    tokio::select! {
        ended = work(args, pulse.clone()) => ended,
        never = health::answer(listener, || pulse.lives()) => match never {},
    }
}

/// Works until it is told to stop; then hands back or finishes what it has.
async fn work(args: Worker, pulse: Pulse) -> Result<Exit, Stop> {
    let options = Options::from_env();
    let connections = connections(&args.shared.connections)?;
    let connections: Vec<NamedConnection> =
        connections.into_iter().map(|owned| owned.connection).collect();
    let catalog = Catalog::embedded().map_err(Stop::failed)?;
    let queue = queue::connect(&args.shared.queue).await.map_err(Stop::usage)?;
    let budget = budget::connect(&args.shared.budgets).await.map_err(Stop::usage)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let call_timeout_ms = u64::try_from(args.call_timeout.as_millis()).unwrap_or(u64::MAX);
    let pace = Pace { call_timeout_ms, ..Pace::default() };
    let settings = Settings { pace, ..Settings::default() };
    let provider =
        Configured::connect(&connections, &settings, &options, &catalog, &budget, &clock)
            .map_err(Stop::usage)?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let provider = Arc::new(provider);
    let parts = worker::Parts { queue, budget, provider, catalog, clock, pulse };
    let in_flight = usize::try_from(args.max_in_flight).unwrap_or(usize::MAX);
    tracing::info!(in_flight, connections = connections.len(), "this worker takes batches");
    let settings = worker::Settings::new(in_flight);
    spawned(worker::run(parts, settings, stop)).await.map_err(Stop::failed)?;
    tracing::info!("this worker has handed back or finished all that it had");
    Ok(Exit::Known)
}
