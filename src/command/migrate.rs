//! `migrate`: a store's tables, made or brought up to date.

use crate::args::Migrate;
use crate::stop::{Exit, Stop};

/// Makes the tables, or brings them up to date.
pub(crate) async fn migrate(args: Migrate) -> Result<Exit, Stop> {
    store::migrate(&args.store.store).await?;
    Ok(Exit::Known)
}
