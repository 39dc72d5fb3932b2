//! Budgets: who may call now, so that the fleet never spends more than its share.
//!
//! Every adapter passes [`conformance`].

mod adaptive;
pub mod conformance;
mod memory;
#[cfg(feature = "fleet")]
mod redis;

use std::sync::Arc;

use protocol::budget::{Budget, BudgetError};

pub use memory::MemoryBudget;

/// How long the services of a fleet wait for a server that is not there yet.
#[cfg(feature = "fleet")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Opens the budgets that a URL names; waits a minute for a server that is not there yet.
///
/// # Errors
/// [`BudgetError`] when this build has no budgets of that kind, or the server cannot be used.
pub async fn connect(url: &str) -> Result<Arc<dyn Budget>, BudgetError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("memory") => Ok(Arc::new(MemoryBudget::new())),
        #[cfg(feature = "fleet")]
        Some("redis" | "rediss") => Ok(Arc::new(redis::RedisBudget::open(url, PATIENCE).await?)),
        #[cfg(not(feature = "fleet"))]
        Some("redis" | "rediss") => Err(BudgetError(
            "--budgets names a Redis, which this build does not know: take the image, or build with --features fleet"
                .to_owned(),
        )),
        // The rest of the URL may hold a password.
        scheme => Err(BudgetError(format!(
            "--budgets is of a kind {:?} that is not known: it is memory:, redis: or rediss:",
            scheme.unwrap_or_default()
        ))),
    }
}
