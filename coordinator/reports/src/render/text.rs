//! Tables for a terminal.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table as Grid, TableStyle, Width,
    presets,
};

use super::Out;
use super::words::{in_terminal, percent, spaced, thousands, word};
use crate::error::ReportError;
use crate::shape::{Head, Item, Kind, Report, Table};

/// The most rows of a table that is not the report's main one.
const SIDE_ROWS: usize = 60;
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
        for line in wrapped(&clean(note), usize::from(width)) {
            writeln!(out, "{line}")?;
        }
    }
    for (at, table) in report.tables.iter().enumerate() {
        if at > 0 && table.rows.is_empty() {
            continue;
        }
        writeln!(out)?;
        if at > 0 {
            writeln!(out, "{}", table.title)?;
        }
        let most = if at == 0 { table.rows.len() } else { SIDE_ROWS };
        let grid = grid(table, most, width);
        for line in grid.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        if table.rows.len() > most {
            let left = table.rows.len() - most;
            writeln!(out, "… and {left} more rows; --format json has all of them")?;
        }
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

fn grid(table: &Table, most: usize, width: u16) -> Grid {
    let shown = in_terminal(table);
    let mut grid = Grid::new();
    grid.load_style(style());
    grid.set_content_arrangement(ContentArrangement::Dynamic);
    grid.force_no_tty();
    grid.set_width(width);
    grid.set_header(shown.iter().map(|&at| Cell::new(spaced(&table.columns[at].name))));
    for row in table.rows.iter().take(most) {
        grid.add_row(shown.iter().map(|&at| cell(&row[at])));
    }
    for (place, &at) in shown.iter().enumerate() {
        let Some(column) = grid.column_mut(place) else { continue };
        column.set_padding((0, 2));
        if table.columns[at].kind == Kind::Number {
            column.set_cell_alignment(CellAlignment::Right);
        }
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least(table, at))));
    }
    grid
}

/// A line under the head and nothing else.
fn style() -> TableStyle {
    let mut style = presets::NOTHING;
    style.header_separator = presets::UTF8_HORIZONTAL_ONLY.header_separator;
    style
}

/// The width that a column needs so that no number and no word of its head is broken; texts may be.
fn least(table: &Table, at: usize) -> u16 {
    let column = &table.columns[at];
    let head = spaced(&column.name).split(' ').map(str::len).max().unwrap_or(0);
    let whole = matches!(column.kind, Kind::Number | Kind::Account)
        || (column.kind == Kind::Word && column.name != "what_to_do" && column.name != "issue");
    let items = table.rows.iter().map(|row| word(&row[at]).chars().count());
    let items = items.filter(|_| whole).max().unwrap_or(0);
    u16::try_from(head.max(items).min(usize::from(NARROWEST)) + 2).unwrap_or(NARROWEST)
}

fn cell(item: &Item) -> Cell {
    Cell::new(clean(&word(item)))
}

/// The text in lines of at most `width` characters, broken at spaces where there are some.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width
        });
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
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
