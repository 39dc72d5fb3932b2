//! The account graph: the organization that a scan found as nodes and relationships, in the shape that the account-graph
//! system gives them.
//!
//! One set of statements (`statements`) serves the file for `cypher-shell` and a connection over Bolt; the files for a
//! bulk import are made from the same nodes. All of it can be done again without a change, and nothing is removed from an
//! organization that was not read whole.

mod cypher;
mod import;
mod nodes;
mod read;
mod statements;
mod whole;

use std::io::Write;
use std::path::{Path, PathBuf};

use protocol::ScanId;
use protocol::store::Store;

use crate::Options;
use crate::context::Context;
use crate::error::ReportError;
use nodes::{Account, Organization, Root, Unit};

/// The most rows of one statement: what is sent, and done, at once.
pub const BATCH: usize = 500;

/// A property's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Not known.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        text.as_deref().map_or(Self::Nothing, Self::from)
    }
}

/// A row of a statement: names and values.
pub type Row = Vec<(&'static str, Value)>;

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it writes or removes, for people.
    pub about: &'static str,
    /// The text, which is always the same.
    pub text: &'static str,
    /// `$rows`: at most [`BATCH`]; none where the text has no parameters.
    pub rows: Vec<Row>,
    /// `$update_tag`.
    pub update_tag: i64,
}

/// The graph of a scan.
#[derive(Debug)]
pub struct Graph {
    scan: ScanId,
    update_tag: i64,
    /// When new nodes are first seen, in milliseconds since 1970, where no database says so.
    made_at: i64,
    organizations: Vec<Organization>,
    roots: Vec<Root>,
    units: Vec<Unit>,
    accounts: Vec<Account>,
    notes: Vec<String>,
}

impl Graph {
    /// Reads the graph of a scan. `update_tag` is put on every node and relationship.
    ///
    /// # Errors
    /// [`ReportError`] when the store cannot be read.
    pub async fn load(
        store: &dyn Store,
        scan: &ScanId,
        options: &Options,
        update_tag: i64,
    ) -> Result<Self, ReportError> {
        let context = Context::load(store, scan, options).await?;
        read::graph(&context, update_tag).await
    }

    /// What a reader should know: which organizations nothing is removed from, and why.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        let principals = self.accounts.iter().filter(|account| account.principal.is_some());
        self.organizations.len()
            + self.roots.len()
            + self.units.len()
            + self.accounts.len()
            + principals.count()
    }

    /// How many relationships there are.
    #[must_use]
    pub fn relationships(&self) -> usize {
        nodes::edges(self).iter().map(|(_, pairs)| pairs.len()).sum()
    }

    /// Everything to run, in this order: indexes, nodes, relationships, what is foreign, and what is to be removed.
    #[must_use]
    pub fn statements(&self) -> Vec<Statement> {
        statements::of(self)
    }

    /// Writes a file for `cypher-shell`.
    ///
    /// # Errors
    /// [`ReportError`] when it cannot be written.
    pub fn write_cypher(&self, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
        cypher::write(self, out)
    }

    /// Writes the files for a bulk import into `dir`, which is made if it is not there; returns their paths.
    ///
    /// # Errors
    /// [`ReportError`] with the file that cannot be written.
    pub fn write_csv(&self, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
        import::write(self, dir)
    }
}
