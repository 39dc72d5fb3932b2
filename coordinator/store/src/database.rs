//! What the store asks of a database: one text of SQL, two kinds of values.
//!
//! Everything else in this crate is written once against these two traits; a database is one
//! file that implements them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::many::Style;
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use protocol::store::{Row, StoreError, Value};
use protocol::{AccountId, ProbeId, Region, ScanId};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// The text of a statement: fixed, or generated and kept.
#[derive(Debug, Clone)]
pub(crate) enum Sql {
    /// A text of this crate or of a report.
    Fixed(&'static str),
    /// A text that was put together from texts of this crate; values are never part of it.
    Made(Arc<str>),
}

impl Sql {
    /// The text as sqlx takes it.
    pub(crate) fn into_text(self) -> SqlStr {
        match self {
            Self::Fixed(text) => text.into_sql_str(),
            Self::Made(text) => AssertSqlSafe(text).into_sql_str(),
        }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self::Made(Arc::from(text))
    }
}

/// A value that is bound, with its type even where it is null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bind {
    /// A whole number.
    Int(Option<i64>),
    /// Text; shared where many rows have it.
    Text(Option<Arc<str>>),
    /// A column of whole numbers.
    Ints(Vec<Option<i64>>),
    /// A column of text.
    Texts(Vec<Option<Arc<str>>>),
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<u32> for Bind {
    fn from(number: u32) -> Self {
        Self::Int(Some(i64::from(number)))
    }
}

impl From<bool> for Bind {
    fn from(flag: bool) -> Self {
        Self::Int(Some(i64::from(flag)))
    }
}

impl From<Option<i64>> for Bind {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(Some(storable(text).into()))
    }
}

impl From<String> for Bind {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Option<&str>> for Bind {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Text(None), Self::from)
    }
}

impl From<Option<String>> for Bind {
    fn from(text: Option<String>) -> Self {
        Self::from(text.as_deref())
    }
}

/// Ids, whose text is shared and has no character that is not stored.
macro_rules! ids {
    ($($id:ty),*) => { $(impl From<&$id> for Bind {
        fn from(id: &$id) -> Self {
            Self::Text(Some(id.into()))
        }
    })* };
}
ids!(ScanId, AccountId, Region, ProbeId);

/// Text without the one character that Postgres does not store; it comes from outside, so it may be there.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

impl From<Value> for Bind {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Text(None),
            Value::Int(number) => Self::Int(Some(number)),
            Value::Text(text) => Self::from(text),
        }
    }
}

/// Binds of different types in a row.
macro_rules! binds {
    ($($value:expr),* $(,)?) => { [$($crate::database::Bind::from($value)),*] };
}
pub(crate) use binds;

/// How a row is kept from other transactions until this one ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Others may hold it too, but none alone; its columns beside the key may change.
    Together,
    /// Nobody else may hold or change it.
    Alone,
}

/// A database that holds a store.
#[async_trait]
pub(crate) trait Database: Send + Sync + 'static {
    /// Whether no other process can write as long as this one has it open.
    fn is_exclusive(&self) -> bool;

    /// The end of a `select` in a transaction that holds its rows.
    fn hold(&self, hold: Hold) -> &'static str;

    /// Opens a transaction that may write; dropping it undoes it.
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// Reads rows outside a transaction.
    async fn fetch(&self, sql: Sql, binds: Vec<Bind>) -> Result<Vec<Row>, StoreError>;

    /// Streams rows outside a transaction.
    fn stream(&self, sql: Sql, binds: Vec<Bind>) -> BoxStream<'_, Result<Row, StoreError>>;

    /// How it takes many rows at once.
    fn style(&self) -> Style;

    /// What a transaction says before it asks about all cells of a scan at once.
    fn over_whole_scans(&self) -> Option<&'static str>;
}

/// A transaction that may write.
#[async_trait]
pub(crate) trait Transaction: Send {
    /// Runs a statement; returns how many rows it changed.
    async fn execute(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<u64, StoreError>;

    /// Runs a statement that answers with rows.
    async fn fetch(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<Vec<Row>, StoreError>;

    /// Makes it so.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
