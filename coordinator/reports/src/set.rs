//! The files of `scan --out`: the page, the tables, the contract.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::ReportError;
use crate::format::Format;
use crate::make;
use crate::render;

/// The reports of the set, each with its format: the files `NAME.FORMAT`. The summary comes last, and names them all.
pub const FILES: &[(&str, Format)] = &[
    ("enablement", Format::Html),
    ("enablement", Format::Csv),
    ("enablement", Format::Json),
    ("organization", Format::Html),
    ("trend", Format::Html),
    ("by-region", Format::Csv),
    ("by-account", Format::Csv),
    ("by-service", Format::Csv),
    ("by-ou", Format::Csv),
    ("resources", Format::Csv),
    ("ledger", Format::Json),
    ("failures", Format::Json),
    ("failures", Format::Csv),
    ("cells", Format::Jsonl),
    ("calls", Format::Csv),
];

/// Writes the set.
pub(crate) async fn write(context: &Context<'_>, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    make_folder(dir)?;
    let mut paths = Vec::new();
    for (name, format) in FILES {
        let mut file = Draft::create(dir.join(format!("{name}.{}", format.as_str())))?;
        let written = make(context, name, *format, file.out()).await;
        paths.push(file.keep(written)?);
    }
    let path = dir.join("summary.json");
    let files = paths.iter().chain([&path]).filter_map(|path| path.file_name());
    let files: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    let report = crate::summary::report(context, &files).await?;
    let mut file = Draft::create(path)?;
    let written = render::whole(context, report, Format::Json, file.out());
    paths.push(file.keep(written)?);
    Ok(paths)
}

/// Makes a folder with all above it.
pub(crate) fn make_folder(dir: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(dir).map_err(|why| ReportError::File { path: dir.to_owned(), why })
}

/// A file that gets its name when it is whole; dropped before, it leaves nothing.
pub(crate) struct Draft {
    path: PathBuf,
    draft: PathBuf,
    out: BufWriter<File>,
    kept: bool,
}

impl Draft {
    /// Begins a file.
    pub(crate) fn create(path: PathBuf) -> Result<Self, ReportError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let draft = path.with_file_name(name);
        let file =
            File::create(&draft).map_err(|why| ReportError::File { path: path.clone(), why })?;
        Ok(Self { path, draft, out: BufWriter::with_capacity(1 << 18, file), kept: false })
    }

    /// Where to write.
    pub(crate) fn out(&mut self) -> &mut (dyn Write + Send) {
        &mut self.out
    }

    /// Writes a text.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), ReportError> {
        let named = |why| ReportError::File { path: self.path.clone(), why };
        self.out.write_all(text.as_bytes()).map_err(named)
    }

    /// Gives the file its name if it was `written`.
    pub(crate) fn keep(mut self, written: Result<(), ReportError>) -> Result<PathBuf, ReportError> {
        let path = self.path.clone();
        let named = |why| ReportError::File { path: path.clone(), why };
        match written {
            Err(ReportError::Write(why)) => return Err(named(why)),
            other => other?,
        }
        self.out.flush().map_err(named)?;
        self.out.get_ref().sync_all().map_err(named)?;
        fs::rename(&self.draft, &self.path).map_err(named)?;
        self.kept = true;
        Ok(path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // The error that stopped the writing is the one to tell; a leftover harms nobody.
            fs::remove_file(&self.draft).ok();
        }
    }
}
