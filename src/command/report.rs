//! `report`: one report of a stored scan, to the terminal or into a file.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use reports::{Format, ReportError};
use store::Access;

use crate::args::Report;
use crate::command::find;
use crate::command::scan::options;
use crate::output::{Cells, print};
use crate::stop::{Exit, Stop};

/// Writes a report, or lists the names of all.
pub(crate) async fn report(args: Report) -> Result<Exit, Stop> {
    let Some(name) = &args.name else {
        let about = |name: &&str| {
            vec![(*name).to_owned(), reports::about(name).unwrap_or_default().to_owned()]
        };
        let rows = reports::NAMES.iter().map(about).collect();
        print(&Cells { header: &["report", "what it tells"], rows })?;
        return Ok(Exit::Known);
    };
    let name = reports::find(name).map_err(Stop::usage)?;
    let format = Format::parse(&args.format).map_err(Stop::usage)?;
    let store = store::connect(&args.store.store, Access::Read).await?;
    let scan = find(&*store, &args.scan).await?;
    let options = options(&args.store.store, args.redact)?;
    if name == reports::ENABLEMENT_FILES {
        let Some(dir) = &args.out else {
            return Err(Stop::usage(
                "enablement-files is a set of files: name their folder with --out",
            ));
        };
        let files = reports::write_enablement_files(&*store, &scan.id, dir, &options).await;
        for file in files.map_err(failure)? {
            crate::output::print_text(&format!("{}\n", file.display()))?;
        }
        return Ok(Exit::Known);
    }
    deliver(args.out.as_deref(), async |out| {
        reports::write(&*store, &scan.id, name, format, &options, out).await
    })
    .await?;
    Ok(Exit::Known)
}

/// Lets something be written to standard output, or into a file.
pub(crate) async fn deliver(
    path: Option<&Path>,
    write: impl AsyncFnOnce(&mut (dyn Write + Send)) -> Result<(), ReportError>,
) -> Result<(), Stop> {
    let Some(path) = path else {
        let mut out = BufWriter::new(std::io::stdout());
        return match write(&mut out).await {
            // `orgsweep report … | head` is no failure.
            Err(ReportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(failure),
        };
    };
    let cannot = |error: std::io::Error| {
        Stop::usage(format!("--out: {} cannot be written: {error}", path.display()))
    };
    // What bears the file's name is whole: it is written under another name first.
    let mut part = path.to_owned().into_os_string();
    part.push(".part");
    let file = std::fs::File::create(&part).map_err(cannot)?;
    let mut out = BufWriter::new(file);
    write(&mut out).await.map_err(failure)?;
    out.flush().map_err(cannot)?;
    std::fs::rename(&part, path).map_err(cannot)
}

fn failure(error: ReportError) -> Stop {
    Stop::failed(error)
}
