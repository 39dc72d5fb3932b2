//! What each command does.

pub(crate) mod accounts;
pub(crate) mod catalog;
pub(crate) mod check_access;
#[cfg(feature = "fleet")]
pub(crate) mod coordinator;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod graph;
#[cfg(feature = "fleet")]
pub(crate) mod migrate;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod requeue;
pub(crate) mod scan;
pub(crate) mod scans;
#[cfg(feature = "fleet")]
pub(crate) mod schedule;
#[cfg(feature = "fleet")]
pub(crate) mod token;
#[cfg(feature = "fleet")]
pub(crate) mod worker;

use protocol::store::Store;
use protocol::{ScanId, WorkspaceId, scan::Scan};

use crate::stop::Stop;

/// The scan before one.
pub(crate) async fn previous(store: &dyn Store, scan: &Scan) -> Result<Scan, Stop> {
    let earlier = store.earlier_scans(scan, 1).await?.into_iter().next();
    earlier.ok_or_else(|| {
        Stop::usage(format!("there is no scan before {} to compare it with", scan.id))
    })
}

/// Finds a scan by its id, or the latest.
pub(crate) async fn find(store: &dyn Store, name: &str) -> Result<Scan, Stop> {
    if name != "latest" {
        let id = ScanId::new(name).map_err(Stop::usage)?;
        return Ok(store.scan(&id).await?);
    }
    let latest = store.scans(&WorkspaceId::main(), 1).await?.into_iter().next();
    latest
        .ok_or_else(|| Stop::usage("there is no scan in this store yet; `orgsweep scan` makes one"))
}
