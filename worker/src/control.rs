//! What the coordinator says to all workers: the control record, read again and again.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use protocol::AccountId;
use protocol::ScanId;
use protocol::budget::{Budget, BudgetError, Control};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::reach::Reach;

/// The pause between two readings.
const PAUSE: Duration = Duration::from_secs(3);
/// The longest that one reading may take: with the pause, five seconds.
const READING: Duration = Duration::from_secs(2);

/// Reads the record now.
pub(crate) async fn read(
    budget: &dyn Budget,
    record: &Reach,
    orders: &watch::Sender<Arc<Control>>,
) {
    let late = |_| Err(BudgetError(format!("no answer within {READING:?}")));
    match tokio::time::timeout(READING, budget.control()).await.unwrap_or_else(late) {
        Ok(control) => {
            record.found();
            orders.send_if_modified(|last| {
                let changed = **last != control;
                if changed {
                    tracing::info!(
                        scans = control.scans.len(),
                        accounts = control
                            .paused
                            .iter()
                            .map(|paused| paused.accounts.len())
                            .sum::<usize>(),
                        shares = control.shares.len(),
                        "the control record changed"
                    );
                    *last = Arc::new(control);
                }
                changed
            });
        }
        // The last record stands.
        Err(error) => {
            record.lost(&error);
        }
    }
}

/// Reads the record again and again.
pub(crate) async fn follow(
    budget: &dyn Budget,
    record: &Reach,
    orders: &watch::Sender<Arc<Control>>,
) -> Infallible {
    loop {
        tokio::time::sleep(PAUSE).await;
        read(budget, record, orders).await;
    }
}

/// Cancels `stop` once work of a scan in an account is to stop.
pub(crate) async fn obey(
    mut orders: watch::Receiver<Arc<Control>>,
    scan: &ScanId,
    account: &AccountId,
    stop: &CancellationToken,
) -> Infallible {
    if orders.wait_for(|control| control.stops(scan, account)).await.is_ok() {
        stop.cancel();
    }
    pending().await
}
