//! Writes a new scan down, whoever asks for it: a person, a schedule, a program.

use catalog::Catalog;
use protocol::scan::{Scan, ScanState, Settings};
use protocol::store::Store;
use protocol::{Clock, ScanId, WorkspaceId};

use crate::Error;

/// Who asks for a scan, and how it begins.
#[derive(Debug, Clone)]
pub struct Order {
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// Who asks.
    pub owner: String,
    /// `Running` for a coordinator to find it; `Interrupted` for a runner that begins it itself.
    pub state: ScanState,
}

/// Writes a new scan down, with the digest of the catalog and the facts of its probes.
///
/// # Errors
/// [`Error::Selection`] when the selection names what the catalog does not have, [`Error::Store`].
pub async fn create(
    store: &dyn Store,
    catalog: &Catalog,
    clock: &dyn Clock,
    settings: Settings,
    order: Order,
) -> Result<ScanId, Error> {
    let probes = catalog.select(&settings.selection);
    let probes = probes.map_err(|error| Error::Selection(error.to_string()))?;
    let facts: Vec<_> = probes.iter().map(|probe| probe.facts(catalog)).collect();
    let now = clock.now();
    let dice = uuid::Uuid::now_v7().as_u128() & u128::from(u32::MAX);
    let id = ScanId::generate(now, u32::try_from(dice).unwrap_or(u32::MAX));
    let scan = Scan {
        id: id.clone(),
        workspace: order.workspace,
        owner: order.owner,
        state: order.state,
        round: 1,
        settings,
        catalog: catalog.digest().clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        planned: false,
        started_at: now,
        finished_at: None,
    };
    store.create_scan(&scan, &facts).await?;
    Ok(id)
}
