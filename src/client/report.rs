//! Reports of a coordinator: to the terminal, into a file, or as the set of `--out`.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use coordinator::http::api::{self, ScanView};
use http_body_util::BodyExt;
use reports::Format;
use reports::diff::Of;

use super::address::part;
use super::link::{Fault, Link};
use crate::args::{Diff, Report};
use crate::output::{Cells, print};
use crate::stop::{Exit, Stop};

/// Writes a report, or lists the names of all.
pub(super) async fn report(args: Report) -> Result<Exit, Stop> {
    let link = Link::open(&args.server)?;
    let Some(name) = &args.name else {
        let told: api::Reports = link.get("/api/v1/reports").await?;
        let rows = told.reports.into_iter().map(|report| vec![report.name, report.about]);
        print(&Cells { header: &["report", "what it tells"], rows: rows.collect() })?;
        return Ok(Exit::Known);
    };
    let format = Format::parse(&args.format).map_err(Stop::usage)?;
    let place = place(&args.scan, name, format, args.redact);
    deliver(&link, &place, args.out.as_deref()).await
}

/// Writes what differs between two scans.
pub(super) async fn diff(args: Diff) -> Result<Exit, Stop> {
    let link = Link::open(&args.server)?;
    let of = Of::parse(&args.of).map_err(Stop::usage)?;
    let format = Format::parse(&args.format).map_err(Stop::usage)?;
    let place = format!(
        "/api/v1/scans/{}/diff?before={}&of={}&{}",
        part(&args.after),
        part(&args.before),
        of.as_str(),
        look(format, args.redact)
    );
    deliver(&link, &place, args.out.as_deref()).await
}

async fn deliver(link: &Link, place: &str, out: Option<&Path>) -> Result<Exit, Stop> {
    match out {
        None => write(link, place, &mut std::io::stdout()).await?,
        Some(path) => into_file(link, place, path).await?,
    }
    Ok(Exit::Known)
}

/// Where a report is.
pub(super) fn place(scan: &str, name: &str, format: Format, redact: bool) -> String {
    let (scan, name) = (part(scan), part(name));
    format!("/api/v1/scans/{scan}/reports/{name}?{}", look(format, redact))
}

/// How it is to look, as a part of an address.
fn look(format: Format, redact: bool) -> String {
    let width = comfy_table::Table::new().width().unwrap_or(120).clamp(40, 500);
    format!("format={}&redact={redact}&width={width}", format.as_str())
}

/// Writes the set of `--out` into a folder, which is made.
pub(super) async fn set(
    link: &Link,
    scan: &ScanView,
    redact: bool,
    dir: &Path,
) -> Result<Vec<PathBuf>, Stop> {
    std::fs::create_dir_all(dir).map_err(|error| {
        Stop::usage(format!("--out: {} cannot be made: {error}", dir.display()))
    })?;
    let mut paths = Vec::new();
    for (name, format) in reports::SET.iter().chain(&[("summary", Format::Json)]) {
        let path = dir.join(format!("{name}.{}", format.as_str()));
        into_file(link, &place(scan.row.scan.as_str(), name, *format, redact), &path).await?;
        paths.push(path);
    }
    Ok(paths)
}

/// What bears the file's name is whole: it is written under another name first.
async fn into_file(link: &Link, place: &str, path: &Path) -> Result<(), Stop> {
    let cannot = |error: std::io::Error| {
        Stop::usage(format!("--out: {} cannot be written: {error}", path.display()))
    };
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    let mut file = File::create(&draft).map_err(cannot)?;
    let written = write(link, place, &mut file).await;
    let kept = match written {
        Ok(()) => file.sync_all().and_then(|()| std::fs::rename(&draft, path)).map_err(cannot),
        Err(stop) => Err(stop),
    };
    if kept.is_err() {
        // The error that stopped the writing is the one to tell.
        std::fs::remove_file(&draft).ok();
    }
    kept
}

/// Writes a report as it comes.
pub(super) async fn write(
    link: &Link,
    place: &str,
    out: &mut (dyn Write + Send),
) -> Result<(), Stop> {
    let mut body = link.stream(place).await?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Fault::Away(format!("the report was cut on its way from {}: {error}", link.base()))
        })?;
        let Some(piece) = frame.data_ref() else { continue };
        match out.write_all(piece) {
            // `orgsweep report … | head` is no failure.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written
                .map_err(|error| Stop::failed(format!("the report cannot be written: {error}")))?,
        }
    }
    out.flush().map_err(|error| Stop::failed(format!("the report cannot be written: {error}")))
}
