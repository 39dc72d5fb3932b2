//! `migrate`: a store's tables, made or brought up to date.

use crate::args::Migrate;
use crate::stop::{Exit, Stop};

/// Makes the tables, or brings them up to date.
pub(crate) async fn migrate(args: Migrate) -> Result<Exit, Stop> {
    // Opening a store to run scans on it makes its tables.
    drop(store::connect(&args.store.store, store::Access::Run).await?);
    Ok(Exit::Known)
}
