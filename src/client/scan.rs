//! `scan` and `requeue` on a coordinator: started there, followed from here.

use std::io::IsTerminal;

use coordinator::Snapshot;
use coordinator::http::api::{NewScan, Requeue, Requeued, ScanView, Select};
use protocol::inventory::Found;
use protocol::scan::{Detail, ScanState};
use protocol::selection::Selection;
use protocol::{ConnectionId, Region};
use reports::Format;
use tokio::sync::watch;

use super::address::part;
use super::follow::follow;
use super::{Link, report, say};
use crate::args::{self, Group, Listing, Ordered, Output, Pace, Which};
use crate::command::scan::Folder;
use crate::progress;
use crate::settings::{account_selection, accounts, probes, read_pace, services};
use crate::stop::{Exit, Stop};

/// Starts a scan, follows it to its end, and reports.
pub(super) async fn scan(args: args::Scan) -> Result<Exit, Stop> {
    let out = Folder::check(args.output.out.as_deref())?;
    let resources = crate::settings::detail(args.resources);
    let asked = select(&args.which, &args.pace, resources, &args.ordered)?;
    let (account_tags, skip_predicted_denials) = (args.account_tags, args.skip_predicted_denials);
    let asked = NewScan { account_tags, skip_predicted_denials, ..asked };
    let link = Link::open(&args.server)?;
    let view: ScanView = link.post("/api/v1/scans", &asked).await?;
    to_the_end(&link, view.row.scan.as_str(), out, &args.output).await
}

/// Queues the cells that match again, follows the scan to its end, and reports.
pub(super) async fn requeue(args: args::Requeue) -> Result<Exit, Stop> {
    let out = Folder::check(args.output.out.as_deref())?;
    let asked = Requeue {
        statuses: args.status.clone(),
        accounts: accounts("--account", &args.account)?,
        units: args.ou.clone(),
        regions: regions("--region", &args.region)?,
        services: services("--service", &args.service)?,
        codes: args.code.clone(),
    };
    let link = Link::open(&args.server)?;
    let path = format!("/api/v1/scans/{}/requeue", part(&args.scan));
    let done: Requeued = link.post(&path, &asked).await?;
    say(&format!("{} cells of scan {} run again", done.cells, done.scan));
    to_the_end(&link, done.scan.as_str(), out, &args.output).await
}

/// What a scan is asked to do; whether the names are right, the coordinator knows.
pub(crate) fn select(
    which: &Which,
    pace: &Pace,
    resources: Detail,
    ordered: &Ordered,
) -> Result<NewScan, Stop> {
    let connection = |name: &String| {
        ConnectionId::new(name).map_err(|error| Stop::usage(format!("--connection: {error}")))
    };
    let selection = Selection {
        regions: regions("--region", &which.region)?,
        exclude_regions: regions("--exclude-region", &which.exclude_region)?,
        services: services("--service", &which.service)?,
        exclude_services: services("--exclude-service", &which.exclude_service)?,
        all_services: which.services == Group::All,
        probes: probes(&which.probes)?,
        ..account_selection(&which.accounts)?
    };
    Ok(NewScan {
        connections: ordered.connection.iter().map(connection).collect::<Result<_, _>>()?,
        selection: Select::from(selection),
        pace: read_pace(pace).into(),
        resources,
        priority: ordered.priority,
        account_tags: false,
        skip_predicted_denials: false,
    })
}

fn regions(flag: &str, texts: &[String]) -> Result<Vec<Region>, Stop> {
    let read =
        |text: &String| Region::new(text).map_err(|error| Stop::usage(format!("{flag}: {error}")));
    texts.iter().map(read).collect()
}

/// Follows a scan to its end, writes what was asked for, and tells the exit code by what is known.
async fn to_the_end(
    link: &Link,
    scan: &str,
    out: Option<Folder>,
    output: &Output,
) -> Result<Exit, Stop> {
    if !output.show.quiet {
        say(&format!("scan {scan} runs on {}", link.base()));
    }
    let (watch, seen) = watch::channel(Snapshot::default());
    let terminal = std::io::stderr().is_terminal();
    let showing = tokio::spawn(progress::show(seen, output.show, terminal));
    let ended = tokio::select! {
        ended = follow(link, scan, &watch) => ended,
        _ = tokio::signal::ctrl_c() => Err(Stop {
            exit: Exit::Interrupted,
            message: format!(
                "detached: scan {scan} goes on; `orgsweep status {scan} --server {0}` tells of it, `orgsweep cancel {scan} --server {0}` ends it",
                link.base()
            ),
        }),
    };
    drop(watch);
    showing.await.map_err(Stop::failed)?;
    let state = ended?.state;
    if state != ScanState::Finished {
        let message = format!(
            "scan {scan} is {state}; `orgsweep requeue {scan} --server {}` runs what is unknown again",
            link.base()
        );
        return Err(Stop { exit: Exit::Interrupted, message });
    }
    finish(link, scan, out, output).await
}

async fn finish(
    link: &Link,
    scan: &str,
    out: Option<Folder>,
    output: &Output,
) -> Result<Exit, Stop> {
    let view: ScanView = link.get(&format!("/api/v1/scans/{}", part(scan))).await?;
    if let Some(folder) = out {
        let dir = folder.of(&view.row.scan);
        let files = report::set(link, &view, output.redact, &dir).await?;
        folder.point_latest_at(&dir)?;
        if !output.show.quiet {
            say(&format!("{} files are in {}", files.len(), dir.display()));
        }
    }
    if !output.show.quiet {
        let format = match output.format {
            Listing::Table => Format::Table,
            Listing::Json => Format::Json,
        };
        let mut stdout = std::io::stdout();
        report::write(link, &report::place(scan, "summary", format, output.redact), &mut stdout)
            .await?;
    }
    let is_whole =
        view.row.unknown == 0 && view.missing.iter().all(|missing| missing.code == Found::COVERED);
    Ok(if is_whole { Exit::Known } else { Exit::Unknowns })
}
