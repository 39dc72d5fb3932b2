//! Statements over many rows at once, with texts that stay prepared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::ScanId;
use protocol::cell::CellKey;

use crate::database::{Bind, Sql, binds};
use crate::dispatch::Place;

/// Rows a statement where each stands in its text, largest first; a list is cut into these, so each
/// template has six texts at most.
const SIZES: [usize; 6] = [512, 128, 32, 8, 2, 1];
/// The most rows of a statement that takes columns.
const COLUMNS: usize = 2048;
/// Stands in a template for the rows.
const ROWS: &str = "values :rows";

/// How a database takes many rows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `values (?, ?), (?, ?)`, with a bind for each value.
    Values,
    #[cfg_attr(
        not(any(feature = "fleet", test)),
        expect(dead_code, reason = "only Postgres takes columns")
    )]
    /// `select * from unnest($1::text[], $2::bigint[])`, with a bind for each column: one text for any
    /// number of rows, and no time spent on reading it.
    Columns,
}

/// Rows to bind, one after the other.
#[derive(Debug)]
pub(crate) struct Rows {
    width: usize,
    binds: Vec<Bind>,
}

impl Rows {
    /// No rows of so many columns.
    pub(crate) fn new(width: usize) -> Self {
        Self { width: width.max(1), binds: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = Bind>) {
        self.binds.extend(row);
        debug_assert_eq!(self.binds.len() % self.width, 0, "a row has {} columns", self.width);
    }

    /// Adds a row of texts.
    pub(crate) fn push_key(&mut self, key: &[&str]) {
        self.push(key.iter().map(|text| Bind::from(*text)));
    }

    /// Adds the key of a plan row.
    pub(crate) fn push_place(&mut self, scan: &ScanId, (account, region): &Place) {
        self.push(binds![scan, account, region]);
    }

    /// Adds the key of a cell.
    pub(crate) fn push_cell(&mut self, scan: &ScanId, key: &CellKey) {
        let CellKey { account, region, probe } = key;
        self.push(binds![scan, account, region, probe]);
    }

    /// The same rows, for another statement.
    pub(crate) fn again(&self) -> Self {
        Self { width: self.width, binds: self.binds.clone() }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.binds.len() / self.width
    }
}

/// The texts that were made so far.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    made: Mutex<HashMap<(&'static str, usize), Arc<str>>>,
}

impl Texts {
    /// The statements that a template makes of all rows, with `lead` bound before the rows of each.
    ///
    /// In a template `?` stands for each bind in order, and `values :rows` for the rows.
    pub(crate) fn statements(
        &self,
        style: Style,
        template: &'static str,
        lead: &[Bind],
        rows: Rows,
    ) -> Vec<(Sql, Vec<Bind>)> {
        let width = rows.width;
        let sizes = match style {
            Style::Values => sizes(rows.len()),
            Style::Columns => parts(rows.len()),
        };
        let mut binds = rows.binds.into_iter();
        let mut statement = |size: usize| {
            let rows = binds.by_ref().take(size * width);
            let binds: Vec<Bind> = match style {
                Style::Values => lead.iter().cloned().chain(rows).collect(),
                Style::Columns => lead.iter().cloned().chain(columns(width, rows)).collect(),
            };
            (self.text(style, template, size, &binds, lead.len()), binds)
        };
        sizes.into_iter().map(&mut statement).collect()
    }

    fn text(
        &self,
        style: Style,
        template: &'static str,
        size: usize,
        binds: &[Bind],
        lead: usize,
    ) -> Sql {
        // Columns are of the same types in all statements of a template.
        let kept = if style == Style::Values { size } else { 0 };
        let spell = || match style {
            Style::Values => {
                spell(template, &values(size, (binds.len() - lead) / size), |_| "?".to_owned())
            }
            Style::Columns => {
                spell(template, &unnested(binds, lead), |position| format!("${position}"))
            }
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let text = made.entry((template, kept)).or_insert_with(|| Arc::from(spell()));
        Sql::Made(Arc::clone(text))
    }
}

/// The sizes that a list is cut into.
fn sizes(mut rows: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    for size in SIZES {
        sizes.extend(std::iter::repeat_n(size, rows / size));
        rows %= size;
    }
    sizes
}

/// The sizes of the parts of a list that is taken by columns.
fn parts(rows: usize) -> Vec<usize> {
    (0..rows).step_by(COLUMNS).map(|at| (rows - at).min(COLUMNS)).collect()
}

/// Rows as columns; a column's first value tells its type.
fn columns(width: usize, rows: impl Iterator<Item = Bind>) -> Vec<Bind> {
    let mut columns: Vec<Bind> = Vec::with_capacity(width);
    for (at, bind) in rows.enumerate() {
        let column = at % width;
        match (columns.get_mut(column), bind) {
            (None, Bind::Int(number)) => columns.push(Bind::Ints(vec![number])),
            (None, Bind::Text(text)) => columns.push(Bind::Texts(vec![text])),
            (Some(Bind::Ints(numbers)), Bind::Int(number)) => numbers.push(number),
            (Some(Bind::Texts(texts)), Bind::Text(text)) => texts.push(text),
            (_, other) => debug_assert!(false, "column {column} holds {other:?} too"),
        }
    }
    columns
}

fn values(rows: usize, width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(", "));
    format!("values {}", vec![row; rows].join(", "))
}

fn unnested(binds: &[Bind], lead: usize) -> String {
    let columns = binds.iter().enumerate().skip(lead).map(|(at, bind)| {
        let kind = if matches!(bind, Bind::Ints(_)) { "bigint" } else { "text" };
        format!("${}::{kind}[]", at + 1)
    });
    format!("select * from unnest({})", columns.collect::<Vec<_>>().join(", "))
}

/// A template with its rows, and with its marks, which all stand before the rows.
fn spell(template: &str, rows: &str, mark: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    let mut parts = template.split('?');
    text.push_str(parts.next().unwrap_or_default());
    for (at, part) in parts.enumerate() {
        text.push_str(&mark(at + 1));
        text.push_str(part);
    }
    text.replacen(ROWS, rows, 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEMPLATE: &str =
        "delete from t where s = ? and (a, b) in (select * from (values :rows) as keys)";

    fn statements(style: Style, many: i64) -> Vec<(Sql, Vec<Bind>)> {
        let mut rows = Rows::new(2);
        for number in 0..many {
            rows.push([Bind::from("x"), Bind::from(number)]);
        }
        Texts::default().statements(style, TEMPLATE, &[Bind::from("scan")], rows)
    }

    #[test]
    fn a_template_is_spelled_with_its_rows_or_with_their_columns() {
        let text = |style| statements(style, 2).remove(0).0.into_text().as_str().to_owned();
        let values = "delete from t where s = ? and (a, b) in (select * from (values (?, ?), (?, ?)) as keys)";
        assert_eq!(text(Style::Values), values);
        let columns = "delete from t where s = $1 and (a, b) in (select * from (select * from unnest($2::text[], $3::bigint[])) as keys)";
        assert_eq!(text(Style::Columns), columns);
    }

    #[test]
    fn rows_become_columns_with_what_stands_before_them() {
        let binds = statements(Style::Columns, 2).remove(0).1;
        let text = |text: &str| Some(text.into());
        let columns = [Bind::Texts(vec![text("x"), text("x")]), Bind::Ints(vec![Some(0), Some(1)])];
        assert_eq!(binds, [&[Bind::from("scan")], &columns[..]].concat());
    }

    proptest! {
        #[test]
        fn a_list_is_cut_without_a_rest(rows in 0_usize..5000) {
            prop_assert_eq!(sizes(rows).iter().sum::<usize>(), rows);
            prop_assert!(sizes(rows).iter().all(|size| SIZES.contains(size)));
            prop_assert_eq!(parts(rows).iter().sum::<usize>(), rows);
            prop_assert!(parts(rows).iter().all(|size| (1..=COLUMNS).contains(size)));
        }
    }
}
