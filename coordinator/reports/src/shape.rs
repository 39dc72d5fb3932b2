//! The one shape of every report: tables with typed columns, which each outlet renders its own way.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What a column holds; decides alignment, redaction and escaping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word of our own: a status, a service, a flag.
    Word,
    /// An account's id.
    Account,
    /// Text from outside: names, messages, ARNs, codes.
    Text,
    /// Several texts from outside.
    List,
    /// A JSON document from outside.
    Json,
    /// A number, a share, a duration: set to the right.
    Number,
    /// A moment.
    Time,
}

/// Where a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Everywhere.
    Always,
    /// In a terminal only where some row has a value that is not zero; elsewhere always.
    IfAny,
    /// On pages and for programs: a terminal is too narrow.
    Page,
    /// For programs only.
    Programs,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name as programs see it; people see it with spaces.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
    /// Where it is shown.
    pub show: Show,
}

/// A column that is shown everywhere.
pub(crate) const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name: Cow::Borrowed(name), kind, show: Show::Always }
}

/// A column that a terminal has only where it says something.
pub(crate) const fn if_any(name: &'static str, kind: Kind) -> Column {
    Column { name: Cow::Borrowed(name), kind, show: Show::IfAny }
}

/// A column that a terminal has no room for.
pub(crate) const fn paged(name: &'static str, kind: Kind) -> Column {
    Column { name: Cow::Borrowed(name), kind, show: Show::Page }
}

/// A column that only programs see.
pub(crate) const fn programs(name: &'static str, kind: Kind) -> Column {
    Column { name: Cow::Borrowed(name), kind, show: Show::Programs }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Nothing.
    Nothing,
    /// A whole number.
    Count(i64),
    /// A number that is not whole.
    Number(f64),
    /// A share, 0 to 1.
    Share(f64),
    /// A duration in milliseconds.
    Millis(u64),
    /// A moment.
    Time(DateTime<Utc>),
    /// Yes or no.
    Flag(bool),
    /// Text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}

impl Item {
    /// Takes a text, or nothing.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Takes a count; one beyond what fits becomes the largest that does.
    pub(crate) fn count(count: u64) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Takes a share, or nothing.
    pub(crate) fn share(share: Option<f64>) -> Self {
        share.map_or(Self::Nothing, Self::Share)
    }

    /// Whether it says nothing: absent, zero, empty.
    pub(crate) fn is_void(&self) -> bool {
        match self {
            Self::Nothing | Self::Count(0) => true,
            Self::Text(text) => text.is_empty(),
            Self::List(list) => list.is_empty(),
            _ => false,
        }
    }
}

impl From<Option<String>> for Item {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

/// Rows under columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name as programs see it; `rows` for a report's main table.
    pub name: &'static str,
    /// Its title for people.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with an item for each column.
    pub rows: Vec<Vec<Item>>,
}

impl Table {
    /// Whether each row is a figure with its name: such a table is an object for programs.
    #[must_use]
    pub fn is_figures(&self) -> bool {
        self.columns.first().is_some_and(|column| column.name == METRIC)
    }
}

/// The column that names a figure.
pub(crate) const METRIC: &str = "metric";

/// What stands at the head of every report: which scan, and how much of it is unknown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    /// The scan.
    pub scan: String,
    /// Its state.
    pub state: String,
    /// Its round.
    pub round: u32,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When its round was closed.
    pub finished_at: Option<DateTime<Utc>>,
    /// All cells.
    pub planned: u64,
    /// Cells whose truth is known.
    pub known: u64,
    /// Cells whose truth is not known.
    pub unknown: u64,
    /// Their share, 0 to 1.
    pub unknown_share: f64,
}

/// A report: tables under a head, the main one first.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its name.
    pub name: &'static str,
    /// Its title for people.
    pub title: String,
    /// What a reader should know before reading it.
    pub notes: Vec<String>,
    /// Its tables.
    pub tables: Vec<Table>,
}
