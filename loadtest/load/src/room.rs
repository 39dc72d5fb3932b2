//! A place of a run's own on the servers of a fleet: a schema, a prefix of keys, a prefix of queues.

#[cfg(feature = "fleet")]
mod removal;

use std::path::Path;

use uuid::Uuid;

use crate::run::Servers;

/// Whether this build can remove what a fleet leaves behind.
pub(crate) const CAN_REMOVE: bool = cfg!(feature = "fleet");

/// The parts of an orgsweep; one process has its queue and budgets within itself.
#[derive(Debug, Clone)]
pub(crate) struct Urls {
    pub(crate) store: String,
    pub(crate) queue: Option<String>,
    pub(crate) budgets: Option<String>,
}

impl Urls {
    /// A file in a folder, and nothing else.
    pub(crate) fn embedded(home: &Path) -> Self {
        let store = format!("sqlite:{}", home.join("store.sqlite").display());
        Self { store, queue: None, budgets: None }
    }
}

/// A place of a run's own.
#[derive(Debug)]
pub(crate) struct Room {
    name: String,
    servers: Servers,
}

impl Room {
    /// A place that is not there yet; whoever opens it makes it.
    pub(crate) fn new(servers: Servers) -> Self {
        Self { name: format!("load_{}", Uuid::now_v7().simple()), servers }
    }

    /// Its URLs.
    pub(crate) fn urls(&self) -> Urls {
        let Servers { postgres, redis, rabbitmq } = &self.servers;
        let with = |url: &str, key: &str| {
            let joint = if url.contains('?') { '&' } else { '?' };
            format!("{url}{joint}{key}={}", self.name)
        };
        Urls {
            store: with(postgres, "schema"),
            queue: Some(with(rabbitmq, "prefix")),
            budgets: Some(with(redis, "prefix")),
        }
    }

    /// Removes all that is in it.
    #[cfg(feature = "fleet")]
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        removal::remove(&self.name, &self.servers).await
    }

    /// Has nothing to remove: this build starts no fleet.
    #[cfg(not(feature = "fleet"))]
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        Ok(())
    }
}
