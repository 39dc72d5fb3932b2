//! Why a report could not be made.

use std::path::PathBuf;

use protocol::store::StoreError;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no such report.
    #[error("there is no report {name:?}; did you mean {nearest:?}? There are: {all}")]
    NoReport {
        /// What was asked for.
        name: String,
        /// The nearest that there is.
        nearest: &'static str,
        /// All that there are.
        all: String,
    },
    /// There is no such format.
    #[error(
        "there is no format {name:?}; did you mean {nearest:?}? There are: table, json, jsonl, csv, html"
    )]
    NoFormat {
        /// What was asked for.
        name: String,
        /// The nearest that there is.
        nearest: &'static str,
    },
    /// There is no such part of a comparison.
    #[error(
        "a comparison has no part {name:?}; did you mean {nearest:?}? There are: summary, accounts, cells"
    )]
    NoPart {
        /// What was asked for.
        name: String,
        /// The nearest that there is.
        nearest: &'static str,
    },
    /// There is no such column of a listing of accounts.
    #[error(
        "a listing of accounts has no column {name:?}; did you mean {nearest:?}? tag:KEY is the value of a tag"
    )]
    NoColumn {
        /// What was asked for.
        name: String,
        /// The nearest that there is.
        nearest: &'static str,
    },
    /// There is no such layout of a listing of accounts.
    #[error("there is no layout {name:?}; did you mean {nearest:?}? There are: {all}")]
    NoLayout {
        /// What was asked for.
        name: String,
        /// The nearest that there is.
        nearest: &'static str,
        /// All that there are.
        all: String,
    },
    /// A group of regions is none.
    #[error("groups of regions: {0}")]
    BadGroup(String),
    /// A spelling of a tag is none.
    #[error("tags of accounts: {0}")]
    BadSpelling(String),
    /// A scan has no cells of a probe.
    #[error(
        "scan {scan} has no cells of {probe}: scan with --probes {probe}, or leave --scan out and look at the organization now"
    )]
    NoCells {
        /// The scan.
        scan: String,
        /// The probe.
        probe: &'static str,
    },
    /// The report is a folder of files.
    #[error("the report {0} is a set of files; name a folder for it with --out")]
    NeedsFolder(&'static str),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store holds something that no scan writes.
    #[error("the store holds {value} where {what} should be; it was changed by another program")]
    Odd {
        /// What should be there.
        what: &'static str,
        /// What is there.
        value: String,
    },
    /// The outlet cannot be written.
    #[error("the report cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// A file of the set cannot be written.
    #[error("{} cannot be written: {why}; name another folder with --out", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// A page could not be filled.
    #[error("the page cannot be made: {0}")]
    Page(String),
}

impl From<csv::Error> for ReportError {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(io) => Self::Write(io),
            other => Self::Page(format!("{other:?}")),
        }
    }
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}

impl From<askama::Error> for ReportError {
    fn from(error: askama::Error) -> Self {
        Self::Page(error.to_string())
    }
}
