//! A scan as it is told: from what the store knows, without looking at its cells.

use futures_util::TryStreamExt;
use protocol::ledger::Ledger;
use protocol::scan::{Scan, ScanState};
use protocol::store::{Row, Store, StoreError, Value};
use protocol::{ScanId, Status};

use super::api::{Missing, Moment, NewScan, ScanRow, ScanView, Stage};

/// A scan in a list.
pub(super) async fn row(store: &dyn Store, scan: &Scan) -> Result<ScanRow, StoreError> {
    Ok(counted(scan, &store.ledger(&scan.id).await?))
}

fn counted(scan: &Scan, ledger: &Ledger) -> ScanRow {
    ScanRow {
        scan: scan.id.clone(),
        state: scan.state,
        round: scan.round,
        owner: scan.owner.clone(),
        priority: scan.settings.priority,
        started_at: scan.started_at,
        finished_at: scan.finished_at,
        planned: ledger.planned(),
        known: ledger.known(),
        unknown: ledger.unknown(),
        in_use: ledger.count(Status::InUse),
    }
}

/// A scan with all that is told of it.
pub(super) async fn whole(store: &dyn Store, scan: Scan) -> Result<ScanView, StoreError> {
    let ledger = store.ledger(&scan.id).await?;
    let progress = store.progress(&scan.id).await?;
    let missing = missing(store, &scan.id).await?;
    Ok(ScanView {
        row: counted(&scan, &ledger),
        asked: NewScan::of(scan.settings),
        version: scan.version,
        catalog: scan.catalog.to_string(),
        discovered: scan.planned,
        accounts: progress.accounts,
        preflights_open: progress.preflights_open,
        batches_open: progress.batches_open,
        out: progress.out,
        ledger: ledger.cells.iter().map(|(status, cells)| (status.to_string(), *cells)).collect(),
        missing,
    })
}

/// A moment of a scan.
pub(super) async fn moment(store: &dyn Store, id: &ScanId) -> Result<Moment, StoreError> {
    let scan = store.scan(id).await?;
    let ledger = store.ledger(id).await?;
    let progress = store.progress(id).await?;
    let not_run = ledger.count(Status::NotRun);
    let stage = match scan.state {
        ScanState::Running if scan.planned => Stage::Scanning,
        ScanState::Running => Stage::Discovering,
        ScanState::Paused => Stage::Paused,
        ScanState::Finished | ScanState::Cancelled | ScanState::Interrupted => Stage::Ended,
    };
    Ok(Moment {
        scan: scan.id,
        state: scan.state,
        stage,
        round: scan.round,
        accounts: progress.accounts,
        planned: ledger.planned(),
        done: ledger.planned() - not_run,
        unknown: ledger.unknown() - not_run,
        preflights_open: progress.preflights_open,
        batches_open: progress.batches_open,
        out: progress.out,
    })
}

async fn missing(store: &dyn Store, id: &ScanId) -> Result<Vec<Missing>, StoreError> {
    let rows: Vec<Row> =
        store.query(include_str!("missing.sql"), id, Vec::new()).try_collect().await?;
    let text = |value: Option<Value>| match value {
        Some(Value::Text(text)) => text,
        _ => String::new(),
    };
    let read = |row: Row| {
        let mut values = row.into_iter();
        Missing {
            what: text(values.next()),
            code: text(values.next()),
            message: text(values.next()),
        }
    };
    Ok(rows.into_iter().map(read).collect())
}
