//! The parked line: what nobody could work on is made due again where it can be told what it was, and kept.

use std::time::Duration;

use protocol::batch::{Batch, Work};
use protocol::message::{Versioned, read};
use protocol::queue::{Delivery, Line, QueueError};
use protocol::registry::Parked;
use protocol::result::{Answer, ResultPage, Return};
use protocol::store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::serve::Service;
use crate::{Error, ingest, metrics};

/// Messages that are looked at in one go.
const MOST: usize = 10;
/// The wait after a failure.
const AGAIN: Duration = Duration::from_secs(5);

/// Reads the parked line until `over`.
pub(super) async fn run(service: &Service, over: &CancellationToken) -> Result<(), Error> {
    loop {
        let deliveries = tokio::select! {
            biased;
            () = over.cancelled() => return Ok(()),
            deliveries = service.parts.queue.receive(Line::Parked, MOST) => deliveries,
        };
        let deliveries = match deliveries {
            Ok(deliveries) => deliveries,
            Err(QueueError::Closed) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for delivery in deliveries {
            match take(service, &delivery).await {
                Ok(()) => ingest::acknowledge(vec![delivery]).await,
                Err(Error::Store(StoreError::Deposed)) => return Err(StoreError::Deposed.into()),
                Err(error) => {
                    tracing::warn!(%error, "a parked message could not be taken; it comes again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}

async fn take(service: &Service, delivery: &Delivery) -> Result<(), Error> {
    metrics::parked();
    let why = match read::<Batch>(&delivery.body) {
        Ok(batch) => {
            tracing::warn!(scan = %batch.scan, account = %batch.account, region = %batch.region,
                "a batch was parked; its tasks go out again");
            return write(service, returned(batch)).await;
        }
        Err(unreadable) => unreadable,
    };
    if let Ok(page) = read::<ResultPage>(&delivery.body) {
        return write(service, page).await;
    }
    tracing::error!(why = %why, "a parked message is kept; nobody here can read it");
    let parked = Parked {
        body: String::from_utf8_lossy(&delivery.body).into_owned(),
        why: why.to_string(),
        at: service.parts.clock.now(),
    };
    Ok(service.registry.park(&parked).await?)
}

async fn write(service: &Service, page: ResultPage) -> Result<(), Error> {
    let (scan, round, mut pages) = (page.scan.clone(), page.round, [page]);
    match ingest::write(&service.parts, None, &scan, round, &mut pages).await {
        // A scan that was removed has no use for it.
        Err(Error::Store(StoreError::NoScan(_))) => Ok(()),
        written => written,
    }
}

/// What a batch that was parked says to the store: whoever had it ended without an answer.
fn returned(batch: Batch) -> ResultPage {
    let Batch { scan, round, account, dispatch, .. } = batch;
    let region = match batch.work {
        Work::Preflight { .. } => None,
        Work::Probes(_) => Some(batch.region),
    };
    let why = Return::Redelivered;
    let answers = vec![Answer::Returned { account, region, dispatch, why }];
    ResultPage { version: ResultPage::VERSION, scan, round, part: None, answers }
}
