//! JSON documents and lines.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::Out;
use crate::error::ReportError;
use crate::shape::{Column, Head, Item, Kind, Report, Table};

/// Writes a report as one document: its head, and each table under its name.
pub(crate) fn write(head: &Head, report: &Report, out: Out<'_>) -> Result<(), ReportError> {
    start(head, report.name, &report.title, out)?;
    write!(out, "  \"notes\": ")?;
    serde_json::to_writer(&mut *out, &report.notes)?;
    for table in &report.tables {
        if table.is_figures() {
            write!(out, ",\n  \"{}\": ", table.name)?;
            figures(table, out)?;
            continue;
        }
        write!(out, ",\n  \"{}\": [", table.name)?;
        rows(table, out)?;
        write!(out, "\n  ]")?;
    }
    writeln!(out, "\n}}")?;
    Ok(())
}

/// Writes figures as one object.
fn figures(table: &Table, out: Out<'_>) -> Result<(), ReportError> {
    let mut object = Vec::new();
    for row in &table.rows {
        let [Item::Text(metric), item, ..] = row.as_slice() else { continue };
        object.push(if object.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut object, metric)?;
        object.push(b':');
        value(Kind::Text, item, &mut object)?;
    }
    object.push(b'}');
    Ok(out.write_all(&object)?)
}

fn rows(table: &Table, out: Out<'_>) -> Result<(), ReportError> {
    let mut line = Line::new(&table.columns);
    for (at, row) in table.rows.iter().enumerate() {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        line.write(row, out)?;
    }
    Ok(())
}

/// Writes the rows of the main table, one a line.
pub(crate) fn write_lines(report: &Report, out: Out<'_>) -> Result<(), ReportError> {
    let Some(table) = report.tables.first() else { return Ok(()) };
    if table.is_figures() {
        figures(table, out)?;
        return Ok(out.write_all(b"\n")?);
    }
    let mut line = Line::new(&table.columns);
    for row in &table.rows {
        line.write(row, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Begins a document whose rows follow one by one.
pub(crate) fn begin(head: &Head, name: &str, title: &str, out: Out<'_>) -> Result<(), ReportError> {
    start(head, name, title, out)?;
    write!(out, "  \"rows\": [")?;
    Ok(())
}

/// Ends such a document.
pub(crate) fn end(out: Out<'_>) -> Result<(), ReportError> {
    writeln!(out, "\n  ]\n}}")?;
    Ok(())
}

fn start(head: &Head, name: &str, title: &str, out: Out<'_>) -> Result<(), ReportError> {
    let head = serde_json::to_string(head)?;
    let (name, title) = (json!(name), json!(title));
    write!(out, "{{\n  \"report\": {name},\n  \"title\": {title},\n  \"scan\": {head},\n")?;
    Ok(())
}

/// Writes rows as objects, without building any value for a plain item.
pub(crate) struct Line {
    keys: Vec<(String, Kind)>,
    buffer: Vec<u8>,
}

impl Line {
    /// Prepares the keys.
    pub(crate) fn new(columns: &[Column]) -> Self {
        let key = |(at, column): (usize, &Column)| {
            let comma = if at == 0 { "{" } else { "," };
            (format!("{comma}{}:", json!(column.name)), column.kind)
        };
        Self { keys: columns.iter().enumerate().map(key).collect(), buffer: Vec::new() }
    }

    /// Writes one row.
    pub(crate) fn write(&mut self, items: &[Item], out: Out<'_>) -> Result<(), ReportError> {
        self.buffer.clear();
        for ((key, kind), item) in self.keys.iter().zip(items) {
            self.buffer.extend_from_slice(key.as_bytes());
            value(*kind, item, &mut self.buffer)?;
        }
        self.buffer.push(b'}');
        out.write_all(&self.buffer)?;
        Ok(())
    }
}

fn value(kind: Kind, item: &Item, into: &mut Vec<u8>) -> Result<(), ReportError> {
    match item {
        Item::Nothing => into.extend_from_slice(b"null"),
        Item::Count(count) => serde_json::to_writer(into, count)?,
        Item::Number(number) => serde_json::to_writer(into, &rounded(*number, 1000.0))?,
        Item::Share(share) => serde_json::to_writer(into, &rounded(*share, 1_000_000.0))?,
        Item::Millis(millis) => serde_json::to_writer(into, millis)?,
        Item::Time(at) => {
            serde_json::to_writer(into, &at.to_rfc3339_opts(SecondsFormat::Millis, true))?;
        }
        Item::Flag(flag) => serde_json::to_writer(into, flag)?,
        // What is not JSON though it should be stays a text.
        Item::Text(text) if kind == Kind::Json => match serde_json::from_str::<Value>(text) {
            Ok(document) => serde_json::to_writer(into, &document)?,
            Err(_) => serde_json::to_writer(into, text)?,
        },
        Item::Text(text) => serde_json::to_writer(into, text)?,
        Item::List(list) => serde_json::to_writer(into, list)?,
    }
    Ok(())
}

/// A number without the digits that nobody can read.
pub(crate) fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}
