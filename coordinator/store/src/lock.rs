//! One runner per store: a lock on a file beside it, which the system lifts when a process dies.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use protocol::store::StoreError;

/// Holds a store for one runner until it is dropped.
#[derive(Debug)]
pub(crate) struct RunnerLock {
    _file: File,
}

impl RunnerLock {
    /// Takes the store's lock, or says who is in the way.
    pub(crate) fn take(store: &Path) -> Result<Self, StoreError> {
        let path = place_of(store);
        let unusable = |error: std::io::Error| StoreError::Unusable {
            place: store.display().to_string(),
            why: format!("its lock {} cannot be taken: {error}", path.display()),
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy(store.display().to_string())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

fn place_of(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
