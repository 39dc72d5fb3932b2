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
mod members;
mod migrations;
mod objects;
mod parked;
mod pauses;
mod port;
#[cfg(feature = "fleet")]
mod postgres;
mod preflight;
mod prune;
mod readings;
mod record;
mod registry;
mod requeue;
mod returned;
mod scans;
mod schedules;
mod sets;
mod shares;
mod sqlite;
mod stints;
mod tokens;
mod turn;

use std::sync::Arc;

use protocol::store::StoreError;

pub use port::SqlStore;

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To run scans: makes the store where there is none. A file keeps other runners out, and is
    /// brought up to date. A server does neither: runners exclude each other by the lead
    /// ([`protocol::registry::Registry::lead`]), and tables that are older are [`migrate`]d on purpose.
    Run,
    /// To pause, cancel or re-queue a scan that is there, whoever runs it.
    Control,
    /// To read scans that are there.
    Read,
}

/// Opens the store at `url`: `sqlite:PATH`, `sqlite::memory:` for one that dies with the process, or, in
/// a build with the feature `fleet`, `postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME` (the
/// schema may be left out). A runner waits up to a minute for a server that is not there yet.
///
/// # Errors
/// [`StoreError::Busy`] when another process runs scans on it, [`StoreError::Newer`] when a newer
/// orgsweep wrote it, [`StoreError::Unusable`] when it is not there to be read, cannot be opened,
/// or is no store.
pub async fn connect(url: &str, access: Access) -> Result<Arc<SqlStore>, StoreError> {
    let store = match place_of(url)? {
        Place::File(path) => SqlStore::new(sqlite::open(path, access).await?),
        #[cfg(feature = "fleet")]
        Place::Server => SqlStore::new(postgres::open(url, access).await?),
    };
    Ok(Arc::new(store))
}

/// Makes the tables of the store at `url`, or brings them up to date.
///
/// # Errors
/// As [`connect`].
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    match place_of(url)? {
        Place::File(path) => sqlite::open(path, Access::Run).await.map(drop),
        #[cfg(feature = "fleet")]
        Place::Server => postgres::bring_up_to_date(url).await,
    }
}

/// What a URL names.
enum Place<'a> {
    File(&'a str),
    #[cfg(feature = "fleet")]
    Server,
}

fn place_of(url: &str) -> Result<Place<'_>, StoreError> {
    let unusable = |place: &str, why: &str| {
        Err(StoreError::Unusable { place: place.to_owned(), why: why.to_owned() })
    };
    let Some((scheme, place)) = url.split_once(':') else {
        return unusable(url, "a store is named by a URL, e.g. `sqlite:orgsweep.db`");
    };
    // The rest of a URL that is not a file's may hold a password.
    match scheme {
        "sqlite" => Ok(Place::File(place.strip_prefix("//").unwrap_or(place))),
        #[cfg(feature = "fleet")]
        "postgres" | "postgresql" => Ok(Place::Server),
        #[cfg(not(feature = "fleet"))]
        "postgres" | "postgresql" => unusable(
            "postgres:",
            "this build knows only `sqlite:PATH`; one with the feature `fleet`, such as the image, knows PostgreSQL",
        ),
        other => unusable(
            &format!("{other}:"),
            "a store is `sqlite:PATH`, `sqlite::memory:` or `postgres://…`",
        ),
    }
}
