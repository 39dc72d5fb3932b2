//! From the one shape of a report to its outlets.

pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod text;
pub(crate) mod words;

use std::io::Write;

use crate::context::Context;
use crate::error::ReportError;
use crate::format::Format;
use crate::shape::{Item, Report, Table};
use crate::streamed::{More, Streamed};

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
    report: &Streamed<'_>,
    format: Format,
    out: Out<'_>,
) -> Result<(), ReportError> {
    match format {
        Format::Table => people(context, report, format, TERMINAL_ROWS, out).await,
        Format::Html => people(context, report, format, PAGE_ROWS, out).await,
        Format::Json => {
            json::begin(&context.head(), report.name, report.title, out)?;
            let mut line = json::Line::new(&report.columns);
            let mut first = true;
            report
                .each(context, |items| {
                    out.write_all(if first { b"\n" } else { b",\n" })?;
                    first = false;
                    line.write(&items, out)?;
                    Ok(More::Yes)
                })
                .await?;
            json::end(out)
        }
        Format::Jsonl => {
            let mut line = json::Line::new(&report.columns);
            report
                .each(context, |items| {
                    line.write(&items, out)?;
                    out.write_all(b"\n")?;
                    Ok(More::Yes)
                })
                .await
        }
        Format::Csv => {
            let mut sheet = csv::Sheet::new(&report.columns, out)?;
            let write = |items: Vec<Item>| sheet.write(&items).map(|()| More::Yes);
            report.each(context, write).await?;
            sheet.end()
        }
    }
}

/// The first rows, with the columns that people read.
async fn people(
    context: &Context<'_>,
    report: &Streamed<'_>,
    format: Format,
    most: usize,
    out: Out<'_>,
) -> Result<(), ReportError> {
    let shown: Vec<usize> = (0..report.columns.len())
        .filter(|&at| report.people.contains(&&*report.columns[at].name))
        .collect();
    let mut kept = Vec::new();
    let mut cut = false;
    report
        .each(context, |mut items| {
            cut = kept.len() == most;
            if cut {
                return Ok(More::No);
            }
            let take = |&at: &usize| std::mem::replace(&mut items[at], Item::Nothing);
            kept.push(shown.iter().map(take).collect());
            Ok(More::Yes)
        })
        .await?;
    let mut notes = vec![report.note.to_owned()];
    if cut {
        notes.push(format!(
            "Only the first {most} rows; --format csv, json or jsonl has all of them, with every column."
        ));
    }
    let columns = shown.iter().map(|&at| report.columns[at].clone()).collect();
    let table = Table { name: "rows", title: report.title.to_owned(), columns, rows: kept };
    let report =
        Report { name: report.name, title: report.title.to_owned(), notes, tables: vec![table] };
    // The rows are redacted already.
    match format {
        Format::Html => html::write(&context.head(), &report, out),
        _ => text::write(&context.head(), &report, context.options.width, out),
    }
}
