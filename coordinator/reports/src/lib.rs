//! Reports: each a file and a query, rendered once for all outlets.
//!
//! A report yields tables of typed columns ([`shape`]); the outlets (terminal, JSON, CSV, page)
//! know nothing of scans. Reports that may have a row for each cell are streamed. Unknown is never
//! shown as off: statuses are combined in one place ([`rollup`]), and the head of every report says
//! how much is unknown.

pub mod accounts;
mod advice;
mod by_account;
mod by_ou;
mod by_region;
mod by_service;
mod calls;
mod cells;
mod census;
mod checker;
mod context;
mod denials;
pub mod diff;
mod enablement;
mod error;
mod failures;
mod format;
pub mod graph;
pub mod guards;
mod inventory;
mod ledger;
mod members;
mod nearest;
mod notes;
mod organization;
mod overview;
mod page;
mod recommend;
mod redact;
mod render;
mod resources;
pub mod rollup;
mod row;
mod set;
pub mod shape;
mod streamed;
mod summary;
mod trend;
mod unknown;

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use protocol::ScanId;
use protocol::store::Store;

pub use crate::error::ReportError;
pub use crate::format::Format;
pub use crate::redact::Redaction;
pub use crate::set::FILES as SET;

use crate::context::Context;
use crate::nearest::nearest;

/// The names of all reports.
pub const NAMES: &[&str] = &[
    "enablement",
    "by-region",
    "by-account",
    "by-service",
    "by-ou",
    "organization",
    "trend",
    "resources",
    "ledger",
    "failures",
    "denials",
    "cells",
    "calls",
    "inventory",
    "members",
    "accounts",
    "summary",
    ENABLEMENT_FILES,
];

/// The report that is a set of files.
pub const ENABLEMENT_FILES: &str = "enablement-files";

/// Says in a line what a report tells; nothing for a name that is none.
#[must_use]
pub fn about(name: &str) -> Option<&'static str> {
    Some(match name {
        "enablement" => "account x service with the regions behind it; as html: the heat map",
        "by-region" => "what is in each region, things of global services that live there among it",
        "by-account" => "what each account uses, and how much of it could not be seen",
        "by-service" => "which services are in use, in how many accounts and regions",
        "by-ou" => "each organizational unit with everything below it",
        "organization" => {
            "the tree of units, each with everything below it, and what each account uses and hides"
        }
        "trend" => {
            "services and cells in use and the unknown share, over the last scans of the same selection"
        }
        "resources" => "everything that was seen and kept",
        "ledger" => "what became of every planned cell; sums to the plan",
        "failures" => "what is unknown, why, where, when, and what to do about it",
        "denials" => {
            "which policy of the organization denies what, where it is attached, by which statement"
        }
        "cells" => "one row a cell: the contract for other programs",
        "calls" => "calls, retries and throttles by service and account",
        "inventory" => {
            "the organization: accounts, units, policies, administrators, what happened, what could not be read"
        }
        "members" => {
            "every account of the list: who lets us in, who does not and why, who is left out; each organization's state"
        }
        "accounts" => {
            "each account with its organization, unit, tags that mean something, and regions in use"
        }
        "summary" => "the scan in a page of figures",
        ENABLEMENT_FILES => "the enablement checker's nine files, into a folder",
        _ => return None,
    })
}

/// How reports are made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Pseudonyms for account ids, everywhere.
    pub redact: Option<Redaction>,
    /// The terminal's width in columns, for tables.
    pub width: u16,
    /// The present moment, which an unfinished scan is measured against.
    pub now: DateTime<Utc>,
    /// Files that were written for the scan, for the summary.
    pub files: Vec<String>,
}

/// Finds a report's exact name.
///
/// # Errors
/// [`ReportError::NoReport`] with the nearest name.
pub fn find(name: &str) -> Result<&'static str, ReportError> {
    NAMES.iter().copied().find(|known| *known == name).ok_or_else(|| ReportError::NoReport {
        name: name.chars().take(80).collect(),
        nearest: nearest(name, NAMES.iter().copied()),
        all: NAMES.join(", "),
    })
}

/// Writes a report.
///
/// Writing blocks: `out` should be a buffer, a file or a terminal. It is flushed at the end.
///
/// # Errors
/// [`ReportError`]: an unknown name, a store that cannot be read, an outlet that cannot be written,
/// or a report that needs a folder ([`ENABLEMENT_FILES`]).
pub async fn write(
    store: &dyn Store,
    scan: &ScanId,
    name: &str,
    format: Format,
    options: &Options,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    let name = find(name)?;
    if name == ENABLEMENT_FILES {
        return Err(ReportError::NeedsFolder(ENABLEMENT_FILES));
    }
    let context = Context::load(store, scan, options).await?;
    make(&context, name, format, out).await?;
    Ok(out.flush()?)
}

/// Says of which predictions a sample of cells answered otherwise: a sentence each, with what to do.
///
/// # Errors
/// [`ReportError`] when the store cannot be read.
pub async fn wrong_predictions(
    store: &dyn Store,
    scan: &ScanId,
    options: &Options,
) -> Result<Vec<String>, ReportError> {
    let context = Context::load(store, scan, options).await?;
    denials::wrong_predictions(&context).await
}

/// Writes the set of files of `scan --out`; returns their paths. `dir` is made if it is not there.
///
/// Each file is written under another name first, so that what bears its name is whole.
///
/// # Errors
/// [`ReportError`]: as [`write()`], with the file that could not be written.
pub async fn write_set(
    store: &dyn Store,
    scan: &ScanId,
    dir: &Path,
    options: &Options,
) -> Result<Vec<PathBuf>, ReportError> {
    let mut context = Context::load(store, scan, options).await?;
    context.in_set = true;
    set::write(&context, dir).await
}

/// Writes the enablement checker's nine files, and the two of its analyzer, into `dir`; returns
/// their paths.
///
/// # Errors
/// [`ReportError`]: as [`write_set`].
pub async fn write_enablement_files(
    store: &dyn Store,
    scan: &ScanId,
    dir: &Path,
    options: &Options,
) -> Result<Vec<PathBuf>, ReportError> {
    let context = Context::load(store, scan, options).await?;
    checker::write(&context, dir).await
}

/// Makes the report and renders it.
async fn make(
    context: &Context<'_>,
    name: &'static str,
    format: Format,
    out: render::Out<'_>,
) -> Result<(), ReportError> {
    let report = match name {
        "enablement" if format == Format::Html => return page::write(context, out).await,
        "enablement" => return render::streamed(context, &enablement::report(), format, out).await,
        "resources" => return render::streamed(context, &resources::report(), format, out).await,
        "cells" => return render::streamed(context, &cells::report(), format, out).await,
        "by-region" => by_region::report(context).await?,
        "by-account" => by_account::report(context).await?,
        "by-service" => by_service::report(context).await?,
        "by-ou" => by_ou::report(context).await?,
        "organization" if format == Format::Html => return page::tree::write(context, out).await,
        "organization" => organization::report(context).await?,
        "trend" if format == Format::Html => return page::lines::write(context, out).await,
        "trend" => trend::report(context).await?.0,
        "ledger" => ledger::report(context).await?,
        "failures" => failures::report(context).await?,
        "denials" => denials::report(context).await?,
        "calls" => calls::report(context).await?,
        "inventory" => inventory::report(context).await?,
        "members" => members::report(context).await?,
        "accounts" => accounts::report(context).await?,
        "summary" => summary::report(context, &context.options.files).await?,
        other => {
            return Err(ReportError::NoReport {
                name: other.to_owned(),
                nearest: nearest(other, NAMES.iter().copied()),
                all: NAMES.join(", "),
            });
        }
    };
    render::whole(context, report, format, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_says_what_it_tells() {
        for name in NAMES {
            assert!(about(name).is_some(), "{name}");
        }
        assert_eq!(about("nothing"), None);
    }

    #[test]
    fn a_slip_gets_the_nearest_name() {
        let error = find("by-acount").expect_err("there is no such report");
        assert!(error.to_string().contains("did you mean \"by-account\"?"), "{error}");
    }
}
