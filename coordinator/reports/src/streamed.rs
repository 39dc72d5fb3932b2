//! Reports that may have a row for each cell: read row by row, never held whole.

use protocol::store::Row;

use crate::context::Context;
use crate::error::ReportError;
use crate::shape::{Column, Item};

/// A report that is streamed.
pub(crate) struct Streamed {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its title for people.
    pub(crate) title: &'static str,
    /// What a reader should know before reading it.
    pub(crate) note: &'static str,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// The columns that people see.
    pub(crate) people: &'static [&'static str],
    /// Its query.
    pub(crate) sql: &'static str,
    /// From a row of the query to the items under the columns.
    pub(crate) read: fn(&[Column], Row) -> Result<Vec<Item>, ReportError>,
}

impl Streamed {
    /// Reads one row: fills what the query leaves to us, and redacts.
    pub(crate) fn row(&self, context: &Context<'_>, row: Row) -> Result<Vec<Item>, ReportError> {
        let mut items = (self.read)(&self.columns, row)?;
        self.name_account(context, &mut items);
        context.redactor.row(&self.columns, &mut items);
        Ok(items)
    }

    /// Fills the account's name and unit where the query leaves them to us.
    fn name_account(&self, context: &Context<'_>, items: &mut [Item]) {
        let [Item::Text(id), name @ Item::Nothing, unit @ Item::Nothing, ..] = items else {
            return;
        };
        if self.columns.get(1).map(|column| column.name) != Some("account_name") {
            return;
        }
        if let Some(account) = context.accounts.get(id) {
            *name = Item::text(&account.name);
            *unit = account.unit_path.clone().into();
        }
    }
}
