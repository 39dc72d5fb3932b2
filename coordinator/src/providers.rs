//! Clouds as scans reach them: a laptop has one way in, a fleet's scans name theirs.

use std::sync::Arc;

use protocol::Failure;
use protocol::provider::Provider;
use protocol::scan::Scan;

/// Where the provider of a scan comes from.
pub trait Providers: Send + Sync + 'static {
    /// The cloud as this scan reaches it; nothing is called yet.
    ///
    /// # Errors
    /// The failure that keeps the scan from being begun, such as a connection that is not configured.
    fn of(&self, scan: &Scan) -> Result<Arc<dyn Provider>, Failure>;
}

/// The same provider for every scan.
pub struct OneProvider(pub Arc<dyn Provider>);

impl Providers for OneProvider {
    fn of(&self, _: &Scan) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::clone(&self.0))
    }
}
