//! Listings on standard output: a table for people, JSON for programs.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::stop::Stop;

/// A listing.
pub(crate) struct Cells<'a> {
    /// The names of the columns.
    pub(crate) header: &'a [&'a str],
    /// The rows, each as wide as the header.
    pub(crate) rows: Vec<Vec<String>>,
}

/// Writes text to standard output.
pub(crate) fn print_text(text: &str) -> Result<(), Stop> {
    match std::io::stdout().write_all(text.as_bytes()) {
        // `orgsweep … | head` is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Stop::failed),
    }
}

/// Writes a listing for people.
pub(crate) fn print(cells: &Cells<'_>) -> Result<(), Stop> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if cells.header.iter().any(|name| !name.is_empty()) {
        table.set_header(cells.header.iter().copied());
    }
    for row in &cells.rows {
        table.add_row(row);
    }
    print_text(&format!("{table}\n"))
}

/// Writes a value for programs.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(value).map_err(Stop::failed)?;
    print_text(&format!("{text}\n"))
}
