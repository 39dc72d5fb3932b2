//! The truth about scans, kept in a database: the adapters of [`protocol::store::Store`] and
//! [`protocol::registry::Registry`].
//!
//! The store's rules are written once, in one text of SQL that SQLite and Postgres take; a
//! database is one file beside it. The plan is stored small: a row for each account and region
//! with the id of its set of probes. Only answers are stored cell by cell; the view `scan_cells`
//! multiplies the plan out. Tables and views: `migrations/`.

mod backlog;
mod cells;
mod database;
mod dispatch;
mod ends;
mod ingest;
mod inventory;
mod lead;
mod ledger;
mod lock;
mod many;
mod migrations;
mod objects;
mod parked;
mod pauses;
mod port;
mod preflight;
mod prune;
mod record;
mod registry;
mod requeue;
mod returned;
mod scans;
mod schedules;
mod sets;
mod shares;
mod sqlite;
mod tokens;
mod turn;

use std::sync::Arc;

use protocol::store::StoreError;

pub use port::SqlStore;

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To run scans: makes the store where there is none, and keeps other runners out.
    Run,
    /// To pause, cancel or re-queue a scan that is there, whoever runs it.
    Control,
    /// To read scans that are there.
    Read,
}

/// Opens the store at `url`: `sqlite:PATH`, or `sqlite::memory:` for one that dies with the process.
///
/// # Errors
/// [`StoreError::Busy`] when another process runs scans on it, [`StoreError::Newer`] when a newer
/// orgsweep wrote it, [`StoreError::Unusable`] when it is not there to be read, cannot be opened,
/// or is no store.
pub async fn connect(url: &str, access: Access) -> Result<Arc<SqlStore>, StoreError> {
    let Some((scheme, place)) = url.split_once(':') else {
        let why = "a store is named by a URL, e.g. `sqlite:orgsweep.db`".to_owned();
        return Err(StoreError::Unusable { place: url.to_owned(), why });
    };
    match scheme {
        "sqlite" => {
            let place = place.strip_prefix("//").unwrap_or(place);
            Ok(Arc::new(SqlStore::new(sqlite::open(place, access).await?)))
        }
        // The rest of such a URL may hold a password.
        other => Err(StoreError::Unusable {
            place: format!("{other}:"),
            why: "this build knows `sqlite:PATH` and `sqlite::memory:`".to_owned(),
        }),
    }
}
