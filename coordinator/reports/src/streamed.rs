//! Reports that may have a row for each cell: read row by row, never held whole.

use futures_util::TryStreamExt as _;
use protocol::store::{Row, Value};

use crate::census::{self, AccountCells, Names};
use crate::context::Context;
use crate::diff::{self, Compared};
use crate::error::ReportError;
use crate::shape::{Column, Item};

/// A report that is streamed.
pub(crate) struct Streamed<'s> {
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
    /// Where its rows come from.
    pub(crate) source: Source<'s>,
}

/// Reads a row of a query: the rows of the report that it makes.
pub(crate) type ReadRow = fn(&Context<'_>, Row) -> Result<Vec<Vec<Item>>, ReportError>;

/// Whether more rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    Yes,
    No,
}

/// Where rows come from.
pub(crate) enum Source<'s> {
    /// A query.
    Query {
        /// Its text.
        sql: &'static str,
        /// What it binds after the scan's id.
        binds: fn() -> Vec<Value>,
        /// Which rows of the report one of its rows makes.
        read: ReadRow,
    },
    /// The census, and which rows an account makes.
    Census(fn(&Context<'_>, &Names, &AccountCells) -> Vec<Vec<Item>>),
    /// The cells of two scans; the later one is the report's own.
    Pairs(&'s Compared<'s>),
}

impl Streamed<'_> {
    /// Reads every row, redacted, and hands it on; `take` says whether it wants more.
    pub(crate) async fn each(
        &self,
        context: &Context<'_>,
        mut take: impl FnMut(Vec<Item>) -> Result<More, ReportError> + Send,
    ) -> Result<(), ReportError> {
        match self.source {
            Source::Query { sql, binds, read } => {
                let mut rows = context.stream(sql, binds());
                while let Some(row) = rows.try_next().await? {
                    for mut items in read(context, row)? {
                        context.redactor.row(&self.columns, &mut items);
                        if take(items)? == More::No {
                            return Ok(());
                        }
                    }
                }
            }
            Source::Census(rows) => {
                census::read(context, |names, account| {
                    for mut items in rows(context, names, account) {
                        context.redactor.row(&self.columns, &mut items);
                        take(items)?;
                    }
                    Ok(())
                })
                .await?;
            }
            Source::Pairs(compared) => {
                diff::pairs::read(&compared.before, &compared.after, |account, pairs| {
                    for mut items in diff::cells::rows(compared, account, pairs) {
                        context.redactor.row(&self.columns, &mut items);
                        if take(items)? == More::No {
                            return Ok(More::No);
                        }
                    }
                    Ok(More::Yes)
                })
                .await?;
            }
        }
        Ok(())
    }
}
