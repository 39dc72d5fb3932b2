//! Comma separated values: the main table, every column, safe to open in a spreadsheet.

use std::borrow::Cow;

use chrono::SecondsFormat;
use csv::Writer;

use super::Out;
use super::json::rounded;
use crate::error::ReportError;
use crate::shape::{Column, Item, Report};

/// Writes the main table of a report.
pub(crate) fn write(report: &Report, out: Out<'_>) -> Result<(), ReportError> {
    let Some(table) = report.tables.first() else { return Ok(()) };
    let mut sheet = Sheet::new(&table.columns, out)?;
    for row in &table.rows {
        sheet.write(row)?;
    }
    sheet.end()
}

/// A sheet whose rows come one by one.
pub(crate) struct Sheet<'o>(Writer<Out<'o>>);

impl<'o> Sheet<'o> {
    /// Begins with the header.
    pub(crate) fn new(columns: &[Column], out: Out<'o>) -> Result<Self, ReportError> {
        let mut writer = Writer::from_writer(out);
        writer.write_record(columns.iter().map(|column| plain(&column.name).into_owned()))?;
        Ok(Self(writer))
    }

    /// Writes one row.
    pub(crate) fn write(&mut self, items: &[Item]) -> Result<(), ReportError> {
        for item in items {
            self.0.write_field(field(item)?.as_bytes())?;
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Ends the sheet; what was written before is lost unless this succeeds.
    pub(crate) fn end(mut self) -> Result<(), ReportError> {
        self.0.flush()?;
        Ok(())
    }
}

fn field(item: &Item) -> Result<Cow<'_, str>, ReportError> {
    Ok(match item {
        Item::Nothing => Cow::Borrowed(""),
        Item::Count(count) => Cow::Owned(count.to_string()),
        Item::Number(number) => Cow::Owned(rounded(*number, 1000.0).to_string()),
        Item::Share(share) => Cow::Owned(rounded(*share, 1_000_000.0).to_string()),
        Item::Millis(millis) => Cow::Owned(millis.to_string()),
        Item::Time(at) => Cow::Owned(at.to_rfc3339_opts(SecondsFormat::Millis, true)),
        Item::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Item::Text(text) => plain(text),
        Item::List(list) if list.is_empty() => Cow::Borrowed(""),
        // A list stays readable for programs: one JSON array in the field.
        Item::List(list) => Cow::Owned(serde_json::to_string(list)?),
    })
}

/// The text, with an apostrophe before anything that a spreadsheet would take for a formula.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_stays_text() {
        for hostile in ["=1+1", "+1", "-1", "@sum", "\tx", "\r=1"] {
            assert_eq!(plain(hostile), format!("'{hostile}"));
        }
        assert_eq!(plain("plain=text"), "plain=text");
    }
}
