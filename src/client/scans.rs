//! `scans`, `status`, `cancel`, `pause`, `continue` on a coordinator.

use std::time::Duration;

use coordinator::http::api::{ScanRow, ScanView, Scans};
use protocol::scan::ScanState;

use super::Link;
use super::address::part;
use crate::args;
use crate::args::{Listing, OnScan, Status};
use crate::output::{Cells, print, print_json};
use crate::stop::{Exit, Stop};

/// How often `status --watch` says it again.
const WATCH: Duration = Duration::from_secs(2);
/// The most scans of a page.
const PAGE: usize = 50;

/// Lists scans, page after page, as many as are asked for.
pub(super) async fn scans(args: args::Scans) -> Result<Exit, Stop> {
    let link = Link::open(&args.server)?;
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut rows: Vec<ScanRow> = Vec::new();
    let mut before = String::new();
    while rows.len() < wanted {
        let limit = (wanted - rows.len()).min(PAGE);
        let page: Scans = link.get(&format!("/api/v1/scans?limit={limit}{before}")).await?;
        rows.extend(page.scans);
        let Some(next) = page.next else { break };
        before = format!("&before={}", part(&next));
    }
    if args.format == Listing::Json {
        print_json(&rows)?;
        return Ok(Exit::Known);
    }
    let header = ["scan", "state", "round", "started", "planned", "known", "unknown", "in use"];
    let cells = rows.into_iter().map(|row| {
        vec![
            row.scan.to_string(),
            row.state.to_string(),
            row.round.to_string(),
            row.started_at.to_rfc3339(),
            row.planned.to_string(),
            row.known.to_string(),
            row.unknown.to_string(),
            row.in_use.to_string(),
        ]
    });
    print(&Cells { header: &header, rows: cells.collect() })?;
    Ok(Exit::Known)
}

/// Says how far a scan is.
pub(super) async fn status(args: Status) -> Result<Exit, Stop> {
    let link = Link::open(&args.server)?;
    loop {
        let view: ScanView = link.get(&format!("/api/v1/scans/{}", part(&args.scan))).await?;
        show(&view, args.format)?;
        let over = !matches!(view.row.state, ScanState::Running | ScanState::Paused);
        if !args.watch || over {
            let unknowns = view.row.state == ScanState::Finished && view.row.unknown > 0;
            return Ok(if unknowns { Exit::Unknowns } else { Exit::Known });
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// Moves a scan to another state.
pub(super) async fn control(args: OnScan, verb: &str) -> Result<Exit, Stop> {
    let link = Link::open(&args.server)?;
    let path = format!("/api/v1/scans/{}/{verb}", part(&args.scan));
    link.tell::<ScanView>(&path).await?;
    Ok(Exit::Known)
}

fn show(view: &ScanView, format: Listing) -> Result<(), Stop> {
    if format == Listing::Json {
        return print_json(view);
    }
    let row = &view.row;
    let ledger: Vec<String> =
        view.ledger.iter().map(|(status, cells)| format!("{status} {cells}")).collect();
    let finished = row.finished_at.map_or(String::new(), |at| at.to_rfc3339());
    let missing: Vec<&str> = view.missing.iter().map(|missing| missing.what.as_str()).collect();
    let rows = [
        ("scan", row.scan.to_string()),
        ("state", row.state.to_string()),
        ("round", row.round.to_string()),
        ("owner", row.owner.clone()),
        ("started_at", row.started_at.to_rfc3339()),
        ("finished_at", finished),
        ("accounts", view.accounts.to_string()),
        ("planned", row.planned.to_string()),
        ("known", row.known.to_string()),
        ("unknown", row.unknown.to_string()),
        ("in_use", row.in_use.to_string()),
        ("batches_open", view.batches_open.to_string()),
        ("preflights_open", view.preflights_open.to_string()),
        ("ledger", ledger.join(", ")),
        ("could not be read", missing.join(", ")),
    ];
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    print(&Cells { header: &["", ""], rows })
}
