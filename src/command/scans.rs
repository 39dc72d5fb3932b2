//! `scans`, `status`, `cancel`, `pause`, `continue`: what a store knows of its scans.

use std::time::Duration;

use protocol::clock::{Clock, SystemClock};
use protocol::scan::{Scan, ScanState};
use protocol::store::Store;
use serde_json::json;
use store::Access;

use crate::args::{Listing, OnScan, Scans, Status};
use crate::command::find;
use crate::output::{Cells, print, print_json};
use crate::stop::{Exit, Stop};

/// How often `status --watch` says it again.
const WATCH: Duration = Duration::from_secs(2);

/// Lists the scans of a store.
pub(crate) async fn scans(args: Scans) -> Result<Exit, Stop> {
    let store = store::connect(&args.store.store, Access::Read).await?;
    let scans = store.scans(&protocol::WorkspaceId::main(), args.limit).await?;
    let mut rows = Vec::new();
    for scan in &scans {
        rows.push(row(&*store, scan).await?);
    }
    if args.format == Listing::Json {
        print_json(&rows)?;
        return Ok(Exit::Known);
    }
    let header = ["scan", "state", "round", "started", "planned", "known", "unknown", "in use"];
    let cells = rows.iter().map(|row| {
        let text = |key: &str| match &row[key] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        ["scan", "state", "round", "started_at", "planned", "known", "unknown", "in_use"]
            .map(text)
            .to_vec()
    });
    print(&Cells { header: &header, rows: cells.collect() })?;
    Ok(Exit::Known)
}

/// Says how far a scan is.
pub(crate) async fn status(args: Status) -> Result<Exit, Stop> {
    let store = store::connect(&args.store.store, Access::Read).await?;
    loop {
        let scan = find(&*store, &args.scan).await?;
        let row = row(&*store, &scan).await?;
        match args.format {
            Listing::Json => print_json(&row)?,
            Listing::Table => {
                let fields = row.as_object().into_iter().flatten();
                let rows = fields.map(|(key, value)| {
                    vec![
                        key.clone(),
                        value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                    ]
                });
                print(&Cells { header: &["", ""], rows: rows.collect() })?;
            }
        }
        let over = !matches!(scan.state, ScanState::Running | ScanState::Paused);
        if !args.watch || over {
            let unknown = row["unknown"].as_u64().unwrap_or(0);
            let done = scan.state == ScanState::Finished;
            return Ok(if done && unknown > 0 { Exit::Unknowns } else { Exit::Known });
        }
        tokio::time::sleep(WATCH).await;
    }
}

async fn row(store: &dyn Store, scan: &Scan) -> Result<serde_json::Value, Stop> {
    let ledger = store.ledger(&scan.id).await?;
    let progress = store.progress(&scan.id).await?;
    Ok(json!({
        "scan": scan.id.to_string(),
        "state": scan.state.as_str(),
        "round": scan.round,
        "started_at": scan.started_at.to_rfc3339(),
        "finished_at": scan.finished_at.map(|at| at.to_rfc3339()),
        "accounts": progress.accounts,
        "planned": ledger.planned(),
        "known": ledger.known(),
        "unknown": ledger.unknown(),
        "in_use": ledger.count(protocol::Status::InUse),
        "batches_open": progress.batches_open,
        "preflights_open": progress.preflights_open,
        "ledger": ledger.cells.iter().map(|(status, count)| (status.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
    }))
}

/// Changes the state of a scan, whoever runs it.
pub(crate) async fn control(args: OnScan, to: ScanState) -> Result<Exit, Stop> {
    let store = store::connect(&args.store.store, Access::Control).await?;
    let scan = find(&*store, &args.scan).await?;
    let from: &[ScanState] = match to {
        ScanState::Paused => &[ScanState::Running],
        ScanState::Running => &[ScanState::Paused],
        _ => &[ScanState::Running, ScanState::Paused, ScanState::Interrupted],
    };
    if store.set_state(&scan.id, from, to, SystemClock.now()).await? {
        return Ok(Exit::Known);
    }
    let Scan { id, state, .. } = store.scan(&scan.id).await?;
    Err(Stop::usage(format!("scan {id} is {state} and cannot become {to}")))
}
