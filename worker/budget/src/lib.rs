//! Budgets: who may call now, so that the fleet never spends more than its share.
//!
//! Every adapter passes [`conformance`].

mod adaptive;
pub mod conformance;
mod memory;

use std::sync::Arc;

use protocol::budget::{Budget, BudgetError};

pub use memory::MemoryBudget;

/// Opens the budgets that a URL names.
///
/// # Errors
/// [`BudgetError`] when this build has no budgets of that kind.
pub fn connect(url: &str) -> Result<Arc<dyn Budget>, BudgetError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("memory") => Ok(Arc::new(MemoryBudget::new())),
        _ => Err(BudgetError(format!(
            "{url:?} is not a limiter that this build knows; it knows memory:"
        ))),
    }
}
