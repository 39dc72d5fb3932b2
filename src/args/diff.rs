//! What can be typed to compare two scans.

use std::path::PathBuf;

use super::{ServerArg, StoreArg};

#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The earlier scan: an id, `latest`, or `previous` for the one before the later
    #[arg(default_value = "previous")]
    pub(crate) before: String,
    /// The later scan: an id, `latest` or `previous`
    #[arg(default_value = "latest")]
    pub(crate) after: String,
    /// summary (counts, accounts, causes), accounts (what happened to each), or cells (each that is not as it was)
    #[arg(long, value_name = "PART", default_value = "summary")]
    pub(crate) of: String,
    /// table, json, jsonl, csv or html
    #[arg(long, default_value = "table", env = "ORGSWEEP_FORMAT")]
    pub(crate) format: String,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Put stable pseudonyms in place of account ids
    #[arg(long, env = "ORGSWEEP_REDACT")]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}
