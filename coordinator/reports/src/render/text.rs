//! Tables for a terminal.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table as Grid, presets};

use super::Out;
use super::words::{percent, shown, spaced, thousands, word};
use crate::error::ReportError;
use crate::shape::{Head, Item, Kind, Report, Table};

/// The narrowest terminal that is served; less is treated as this.
const NARROWEST: u16 = 40;

/// Writes a report for a terminal of `width` columns.
pub(crate) fn write(
    head: &Head,
    report: &Report,
    width: u16,
    out: Out<'_>,
) -> Result<(), ReportError> {
    let width = width.max(NARROWEST);
    writeln!(out, "{}", report.title)?;
    writeln!(out, "{}", head_line(head))?;
    for note in &report.notes {
        writeln!(out, "{}", clean(note))?;
    }
    for (at, table) in report.tables.iter().enumerate() {
        if at > 0 && table.rows.is_empty() {
            continue;
        }
        writeln!(out)?;
        if at > 0 {
            writeln!(out, "{}", table.title)?;
        }
        writeln!(out, "{}", grid(table, width).trim_fmt())?;
    }
    Ok(())
}

/// The scan and what is unknown of it, in a line.
fn head_line(head: &Head) -> String {
    let count = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    format!(
        "scan {}, {}, round {}: {} cells, {} unknown ({})",
        head.scan,
        head.state,
        head.round,
        count(head.planned),
        count(head.unknown),
        percent(head.unknown_share)
    )
}

fn grid(table: &Table, width: u16) -> Grid {
    let shown = shown(table);
    let mut grid = Grid::new();
    grid.load_style(presets::UTF8_HORIZONTAL_ONLY);
    grid.set_content_arrangement(ContentArrangement::Dynamic);
    grid.force_no_tty();
    grid.set_width(width);
    grid.set_header(shown.iter().map(|&at| Cell::new(spaced(table.columns[at].name))));
    for row in &table.rows {
        grid.add_row(shown.iter().map(|&at| cell(&row[at])));
    }
    for (place, &at) in shown.iter().enumerate() {
        let right = table.columns[at].kind == Kind::Number;
        if let Some(column) = grid.column_mut(place).filter(|_| right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    grid
}

fn cell(item: &Item) -> Cell {
    let cell = Cell::new(clean(&word(item)));
    match item {
        Item::Count(_) | Item::Number(_) | Item::Share(_) | Item::Millis(_) => {
            cell.set_alignment(CellAlignment::Right)
        }
        _ => cell,
    }
}

/// The text without anything that a terminal would obey.
fn clean(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\r\n"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}");
    }
}
