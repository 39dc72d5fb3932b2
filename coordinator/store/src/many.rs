//! Statements over many rows at once: their texts in a few sizes, so that they stay prepared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::database::{Bind, Database, Sql};

/// Rows a statement, largest first; a list is cut into these, so each template has six texts at most.
const SIZES: [usize; 6] = [512, 128, 32, 8, 2, 1];
/// Stands in a template for the rows: `(?, ?), (?, ?)`.
const ROWS: &str = ":rows";

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

    /// Adds a row of two to four texts: the key of a plan row, of a cell, with its scan or without.
    pub(crate) fn push_key(&mut self, key: &[&str]) {
        self.push(key.iter().map(|text| Bind::from(*text)));
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
    /// In a template `?` stands for each bind in order, and `:rows` for the rows.
    pub(crate) fn statements(
        &self,
        database: &dyn Database,
        template: &'static str,
        lead: &[Bind],
        rows: Rows,
    ) -> Vec<(Sql, Vec<Bind>)> {
        let width = rows.width;
        let sizes = sizes(rows.len());
        let mut binds = rows.binds.into_iter();
        let mut bound = |size: usize| -> Vec<Bind> {
            lead.iter().cloned().chain(binds.by_ref().take(size * width)).collect()
        };
        sizes
            .into_iter()
            .map(|size| (self.text(database, template, width, size), bound(size)))
            .collect()
    }

    fn text(
        &self,
        database: &dyn Database,
        template: &'static str,
        width: usize,
        size: usize,
    ) -> Sql {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let text = made
            .entry((template, size))
            .or_insert_with(|| Arc::from(spell(database, template, width, size)));
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

fn spell(database: &dyn Database, template: &str, width: usize, size: usize) -> String {
    let mut text = String::new();
    let mut position = 0;
    let mut mark = |text: &mut String| {
        position += 1;
        database.mark(position, text);
    };
    let (before, after) = template.split_once(ROWS).unwrap_or((template, ""));
    let copy = |part: &str, text: &mut String, mark: &mut dyn FnMut(&mut String)| {
        for letter in part.chars() {
            if letter == '?' { mark(text) } else { text.push(letter) }
        }
    };
    copy(before, &mut text, &mut mark);
    for row in 0..size {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            if column > 0 {
                text.push_str(", ");
            }
            mark(&mut text);
        }
        text.push(')');
    }
    copy(after, &mut text, &mut mark);
    text
}

#[cfg(test)]
mod tests {
    use futures_util::stream::BoxStream;
    use proptest::prelude::*;
    use protocol::store::{Row, StoreError};

    use super::*;
    use crate::database::{Hold, Transaction};

    struct Numbered;

    #[async_trait::async_trait]
    impl Database for Numbered {
        fn is_exclusive(&self) -> bool {
            false
        }
        fn hold(&self, _: Hold) -> &'static str {
            ""
        }
        async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
            Err(StoreError::Failed("only spells".to_owned()))
        }
        async fn fetch(&self, _: Sql, _: Vec<Bind>) -> Result<Vec<Row>, StoreError> {
            Ok(Vec::new())
        }
        fn stream(&self, _: Sql, _: Vec<Bind>) -> BoxStream<'_, Result<Row, StoreError>> {
            Box::pin(futures_util::stream::empty())
        }
        fn mark(&self, position: usize, text: &mut String) {
            text.push('$');
            text.push_str(&position.to_string());
        }
    }

    #[test]
    fn a_template_is_spelled_with_its_marks_in_order() {
        let text = spell(&Numbered, "delete from t where s = ? and (a, b) in (values :rows)", 2, 2);
        assert_eq!(text, "delete from t where s = $1 and (a, b) in (values ($2, $3), ($4, $5))");
    }

    proptest! {
        #[test]
        fn a_list_is_cut_into_known_sizes_without_a_rest(rows in 0_usize..5000) {
            let sizes = sizes(rows);
            prop_assert_eq!(sizes.iter().sum::<usize>(), rows);
            prop_assert!(sizes.iter().all(|size| SIZES.contains(size)));
        }
    }
}
