//! The scans that are worked on here, for those who write their answers down.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ScanId;

use crate::shared::Shared;

/// The scans that are worked on here.
#[derive(Default)]
pub(crate) struct Board {
    scans: Mutex<BTreeMap<ScanId, Arc<Shared>>>,
}

impl Board {
    fn scans(&self) -> MutexGuard<'_, BTreeMap<ScanId, Arc<Shared>>> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, id: ScanId, shared: Arc<Shared>) {
        self.scans().insert(id, shared);
    }

    pub(crate) fn get(&self, id: &ScanId) -> Option<Arc<Shared>> {
        self.scans().get(id).cloned()
    }

    pub(crate) fn remove(&self, id: &ScanId) {
        self.scans().remove(id);
    }
}
