//! From the one shape of a report to its outlets.

pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod text;
pub(crate) mod words;

use std::io::Write;

use futures_util::TryStreamExt as _;

use crate::context::Context;
use crate::error::ReportError;
use crate::format::Format;
use crate::shape::{Report, Table};
use crate::streamed::Streamed;

/// Where a report is written to.
pub(crate) type Out<'o> = &'o mut (dyn Write + Send);

/// The most rows of a streamed report that a terminal gets.
pub(crate) const TERMINAL_ROWS: usize = 1000;
/// The most rows of a streamed report that a page gets.
pub(crate) const PAGE_ROWS: usize = 20_000;

/// Renders a whole report.
pub(crate) fn whole(
    context: &Context<'_>,
    mut report: Report,
    format: Format,
    out: Out<'_>,
) -> Result<(), ReportError> {
    context.redactor.report(&mut report);
    match format {
        Format::Table => text::write(&context.head(), &report, context.options.width, out),
        Format::Json => json::write(&context.head(), &report, out),
        Format::Jsonl => json::write_lines(&report, out),
        Format::Csv => csv::write(&report, out),
        Format::Html => html::write(&context.head(), &report, out),
    }
}

/// Renders a streamed report: for programs every row, for people the first ones.
pub(crate) async fn streamed(
    context: &Context<'_>,
    report: &Streamed,
    format: Format,
    out: Out<'_>,
) -> Result<(), ReportError> {
    match format {
        Format::Table => people(context, report, format, TERMINAL_ROWS, out).await,
        Format::Html => people(context, report, format, PAGE_ROWS, out).await,
        Format::Json => {
            json::begin(&context.head(), report.name, report.title, out)?;
            let mut rows = context.stream(report.sql, vec![]);
            let mut line = json::Line::new(&report.columns);
            let mut first = true;
            while let Some(row) = rows.try_next().await? {
                let items = report.row(context, row)?;
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                line.write(&items, out)?;
            }
            json::end(out)
        }
        Format::Jsonl => {
            let mut rows = context.stream(report.sql, vec![]);
            let mut line = json::Line::new(&report.columns);
            while let Some(row) = rows.try_next().await? {
                line.write(&report.row(context, row)?, out)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        }
        Format::Csv => {
            let mut rows = context.stream(report.sql, vec![]);
            let mut sheet = csv::Sheet::new(&report.columns, out)?;
            while let Some(row) = rows.try_next().await? {
                sheet.write(&report.row(context, row)?)?;
            }
            sheet.end()
        }
    }
}

/// The first rows, with the columns that people read.
async fn people(
    context: &Context<'_>,
    report: &Streamed,
    format: Format,
    most: usize,
    out: Out<'_>,
) -> Result<(), ReportError> {
    let shown: Vec<usize> = (0..report.columns.len())
        .filter(|&at| report.people.contains(&report.columns[at].name))
        .collect();
    let mut kept = Vec::new();
    let mut all = 0_usize;
    let mut rows = context.stream(report.sql, vec![]);
    while let Some(row) = rows.try_next().await? {
        all += 1;
        if kept.len() < most {
            let mut items = report.row(context, row)?;
            kept.push(
                shown
                    .iter()
                    .map(|&at| std::mem::replace(&mut items[at], crate::shape::Item::Nothing))
                    .collect(),
            );
        }
    }
    let mut notes = vec![report.note.to_owned()];
    if all > kept.len() {
        notes.push(format!(
            "The first {} of {all} rows; --format csv, json or jsonl has all of them, with every column.",
            kept.len()
        ));
    }
    let columns = shown.iter().map(|&at| report.columns[at]).collect();
    let table = Table { name: "rows", title: report.title.to_owned(), columns, rows: kept };
    let report =
        Report { name: report.name, title: report.title.to_owned(), notes, tables: vec![table] };
    // The rows are redacted already.
    match format {
        Format::Html => html::write(&context.head(), &report, out),
        _ => text::write(&context.head(), &report, context.options.width, out),
    }
}
