//! `scan` and `resume`: run, then report.

use std::io::Write;
use std::path::{Path, PathBuf};

use coordinator::End;
use futures_util::StreamExt;
use protocol::ScanId;
use protocol::clock::{Clock, SystemClock};
use protocol::scan::{ScanState, Settings};
use protocol::store::{Store, Value};
use reports::Format;

use crate::args::{Listing, Output, Resume, Scan};
use crate::command::find;
use crate::local::{House, say};
use crate::redaction;
use crate::settings::settings;
use crate::stop::{Exit, Stop};

/// Runs a new scan.
pub(crate) async fn scan(args: Scan) -> Result<Exit, Stop> {
    let out = Folder::check(args.output.out.as_deref())?;
    let house = House::open(&args.parts, args.output.show).await?;
    let settings = settings(
        &args.sources,
        &args.access,
        &args.which,
        &args.pace,
        args.resources,
        &house.options,
        &house.catalog,
    )
    .await?;
    let (priority, account_tags) = (args.ordered.priority, args.account_tags);
    let skip_predicted_denials = args.skip_predicted_denials;
    let settings = Settings { priority, account_tags, skip_predicted_denials, ..settings };
    // Credentials that lead nowhere are found out before anything is written.
    house.provider(&settings).await?;
    let id = house.create(settings).await?;
    run(&house, &id, out, &args.output).await
}

/// Goes on with a scan.
pub(crate) async fn resume(args: Resume) -> Result<Exit, Stop> {
    let out = Folder::check(args.output.out.as_deref())?;
    let house = House::open(&args.parts, args.output.show).await?;
    let scan = find(&*house.store, &args.scan).await?;
    if scan.state == ScanState::Finished && !coordinator::is_read(&*house.store, &scan).await? {
        say(&format!("scan {} is finished; what is left of its organization is read", scan.id));
        house.read_rest(&scan).await?;
        return finish(&house, &scan.id, out, &args.output).await;
    }
    if scan.state == ScanState::Finished {
        return Err(Stop::usage(format!(
            "scan {} is finished; `orgsweep requeue {0}` runs cells of it again",
            scan.id
        )));
    }
    run(&house, &scan.id, out, &args.output).await
}

/// Runs a scan that is written down, and reports.
pub(crate) async fn run(
    house: &House,
    id: &ScanId,
    out: Option<Folder>,
    output: &Output,
) -> Result<Exit, Stop> {
    to_its_end(house, id).await?;
    finish(house, id, out, output).await
}

/// Runs a scan that is written down to its end.
///
/// # Errors
/// A sentence that says why it is not at its end, and how to go on.
pub(crate) async fn to_its_end(house: &House, id: &ScanId) -> Result<(), Stop> {
    let stopped = |message| Stop { exit: Exit::Interrupted, message };
    match house.run(id).await {
        Ok(End::Finished) => Ok(()),
        Ok(End::Interrupted) => {
            Err(stopped(format!("scan {id} is interrupted; go on with `orgsweep resume {id}`")))
        }
        Ok(End::Cancelled) => Err(stopped(format!(
            "scan {id} is cancelled; `orgsweep resume {id}` takes it up again"
        ))),
        Err(stop) => {
            let message = format!("{}; scan {id} can be resumed", stop.message);
            Err(Stop { message, ..stop })
        }
    }
}

/// Writes what was asked for, and tells the exit code by what is known.
async fn finish(
    house: &House,
    id: &ScanId,
    out: Option<Folder>,
    output: &Output,
) -> Result<Exit, Stop> {
    let store = &*house.store;
    if !coordinator::is_read(store, &store.scan(id).await?).await? {
        say(&format!(
            "its organization was not read to the end; go on with `orgsweep resume {id}`"
        ));
    }
    let mut options = options(&house.store_url, output.redact)?;
    if store.scan(id).await?.settings.skip_predicted_denials {
        let wrong = reports::wrong_predictions(store, id, &options).await.map_err(Stop::failed)?;
        wrong.iter().for_each(|sentence| say(sentence));
    }
    if let Some(folder) = out {
        let dir = folder.of(id);
        let files = reports::write_set(store, id, &dir, &options).await.map_err(Stop::failed)?;
        folder.point_latest_at(&dir)?;
        options.files = files.iter().map(|file| file.display().to_string()).collect();
    }
    if !output.show.quiet {
        let format = match output.format {
            Listing::Table => Format::Table,
            Listing::Json => Format::Json,
        };
        let mut text = Vec::new();
        reports::write(store, id, "summary", format, &options, &mut text)
            .await
            .map_err(Stop::failed)?;
        std::io::stdout().write_all(&text).map_err(Stop::failed)?;
    }
    let ledger = store.ledger(id).await?;
    let is_whole = ledger.unknown() == 0 && !lacks_inventory(store, id).await?;
    Ok(if is_whole { Exit::Known } else { Exit::Unknowns })
}

/// Whether there is something that discovery could not read, so that it is in no cell.
async fn lacks_inventory(store: &dyn Store, id: &ScanId) -> Result<bool, Stop> {
    let sql = include_str!("scan_missing.sql");
    let row = store.query(sql, id, Vec::new()).next().await.transpose()?;
    Ok(row.is_some_and(|row| row.first() != Some(&Value::Int(0))))
}

/// How reports of a scan are made.
pub(crate) fn options(store_url: &str, redact: bool) -> Result<reports::Options, Stop> {
    Ok(reports::Options {
        redact: if redact { Some(redaction::of(store_url)?) } else { None },
        width: comfy_table::Table::new().width().unwrap_or(120),
        now: SystemClock.now(),
        files: Vec::new(),
    })
}

/// The folder that sets of reports go into.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Finds out, before any work, whether the folder can be written.
    pub(crate) fn check(dir: Option<&Path>) -> Result<Option<Self>, Stop> {
        let Some(dir) = dir else { return Ok(None) };
        let cannot = |error: std::io::Error| {
            Stop::usage(format!("--out: {} cannot be written: {error}", dir.display()))
        };
        std::fs::create_dir_all(dir).map_err(cannot)?;
        let probe = dir.join(format!(".orgsweep-{}", std::process::id()));
        std::fs::write(&probe, b"").map_err(cannot)?;
        std::fs::remove_file(&probe).map_err(cannot)?;
        Ok(Some(Self(dir.to_owned())))
    }

    /// The folder of one writing of a scan's reports; it is never one that is there.
    pub(crate) fn of(&self, id: &ScanId) -> PathBuf {
        let time = SystemClock.now().format("%Y%m%dT%H%M%S");
        self.0.join(format!("scan_{time}_{id}"))
    }

    /// Points `latest` at one of its folders.
    pub(crate) fn point_latest_at(&self, dir: &Path) -> Result<(), Stop> {
        let latest = self.0.join("latest");
        let cannot = |error: std::io::Error| {
            Stop::failed(format!("{} cannot be written: {error}", latest.display()))
        };
        let Some(name) = dir.file_name() else { return Ok(()) };
        let new = self.0.join(format!(".latest-{}", std::process::id()));
        link(name.as_ref(), &new).map_err(cannot)?;
        std::fs::rename(&new, &latest).map_err(cannot)
    }
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

/// Where links need a privilege, `latest` is a file that holds the folder's name.
#[cfg(not(unix))]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::fs::write(at, to.as_os_str().as_encoded_bytes())
}
