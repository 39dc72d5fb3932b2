//! The chores of the coordinator that leads: each compares what is with what should be, and mends it.

mod control;
mod gauges;
mod notices;
mod parked;
mod retention;
mod schedules;

use std::time::Duration;

use async_trait::async_trait;
use protocol::store::StoreError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::serve::{Service, ServiceSettings};

pub use notices::{Notice, Notifier};

/// Something that is compared with what it should be, now and then.
#[async_trait]
trait Chore: Send + 'static {
    /// How often.
    const PERIOD: Duration;

    /// Compares once, and mends.
    async fn mend(&mut self, service: &Service) -> Result<(), Error>;
}

/// Starts all chores; each runs until `over`.
pub(crate) fn spawn(
    tasks: &mut JoinSet<Result<(), Error>>,
    service: &Service,
    settings: &ServiceSettings,
    over: &CancellationToken,
) {
    let (own, token) = (service.clone(), over.clone());
    tasks.spawn(async move { parked::run(&own, &token).await });
    tasks.spawn(every(control::Keeper::default(), service.clone(), over.clone()));
    tasks.spawn(every(gauges::Gauges, service.clone(), over.clone()));
    tasks.spawn(every(schedules::Starter, service.clone(), over.clone()));
    if let Some(notifier) = service.notifier.clone() {
        tasks.spawn(every(notices::Teller { notifier }, service.clone(), over.clone()));
    }
    let pruner = retention::Pruner { keep: settings.retention };
    tasks.spawn(every(pruner, service.clone(), over.clone()));
}

/// Does a chore now and after each period; one that fails is tried again the next time.
async fn every<C: Chore>(
    mut chore: C,
    service: Service,
    over: CancellationToken,
) -> Result<(), Error> {
    loop {
        match chore.mend(&service).await {
            Ok(()) => {}
            Err(Error::Store(StoreError::Deposed)) => return Err(StoreError::Deposed.into()),
            Err(error) => tracing::warn!(%error, "a chore could not be done; it is tried again"),
        }
        tokio::select! {
            () = over.cancelled() => return Ok(()),
            () = tokio::time::sleep(C::PERIOD) => {}
        }
    }
}
