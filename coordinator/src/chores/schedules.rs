//! Recurring scans: starts those that are due, once each.

use std::time::Duration;

use async_trait::async_trait;
use protocol::scan::ScanState;

use super::Chore;
use crate::serve::Service;
use crate::{Error, Order, create, cron};

/// Starts the scans of schedules that are due. A time that passed while nobody led starts one scan, not several; one that
/// comes while the schedule's last scan is open starts none, so that scans which do not end do not pile up.
pub(super) struct Starter;

#[async_trait]
impl Chore for Starter {
    const PERIOD: Duration = Duration::from_secs(5);

    async fn mend(&mut self, service: &Service) -> Result<(), Error> {
        let parts = &service.parts;
        let now = parts.clock.now();
        for schedule in service.registry.due_schedules(now).await? {
            let next = match cron::next(&schedule.cron, now) {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(schedule = %schedule.id, error, "a schedule cannot go on");
                    continue;
                }
            };
            // Moved on first: a coordinator that dies here skips one scan, rather than starting it twice.
            if !service.registry.move_schedule(&schedule, next).await? {
                continue;
            }
            let (workspace, owner) =
                (schedule.workspace.clone(), format!("schedule {}", schedule.id));
            let open = service.registry.open_scans().await?;
            if let Some(last) =
                open.iter().find(|scan| scan.workspace == workspace && scan.owner == owner)
            {
                tracing::warn!(schedule = %schedule.id, %workspace, scan = %last.id,
                    "a schedule started no scan: its last one has not ended");
                continue;
            }
            let order = Order { workspace, owner, state: ScanState::Running };
            let settings = schedule.settings.clone();
            match create(&*parts.store, &parts.catalog, &*parts.clock, settings, order).await {
                Ok(scan) => {
                    tracing::info!(%scan, schedule = %schedule.id, "a schedule started a scan")
                }
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::error!(schedule = %schedule.id, %error, "a schedule could not start a scan");
                }
            }
        }
        Ok(())
    }
}
