//! Sets of probes, remembered: a scan has one for each kind of region, and thousands of rows name them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::store::StoreError;
use protocol::{ProbeId, Status};

use crate::database::binds;
use crate::port::Open;
use crate::record::Columns;

/// The most sets that are remembered; a scan has some dozens.
const MOST: usize = 1024;

const READ: &str = "select probe, verdict from probe_sets where set_id = $1 order by probe";

/// What is in a set.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// Probes that need a call, in order.
    pub(crate) callable: Vec<ProbeId>,
    /// Probes that need none, with their status.
    pub(crate) settled: HashMap<ProbeId, Status>,
}

impl Members {
    /// Whether the probe is in the set and needs a call.
    pub(crate) fn calls(&self, probe: &ProbeId) -> bool {
        self.callable.binary_search(probe).is_ok()
    }
}

/// Sets that were read before; their ids are made of their contents, so that they never change.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    known: Mutex<HashMap<String, Arc<Members>>>,
}

impl Sets {
    fn get(&self, id: &str) -> Option<Arc<Members>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, id: &str, members: &Arc<Members>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(id.to_owned(), Arc::clone(members));
    }
}

impl Open<'_> {
    /// What is in the set; nothing for an id that no plan wrote.
    pub(crate) async fn members(&mut self, set: &str) -> Result<Arc<Members>, StoreError> {
        if let Some(members) = self.store.sets.get(set) {
            return Ok(members);
        }
        let mut members = Members::default();
        for row in self.fetch(READ, binds![set]).await? {
            let mut columns = Columns::from(row);
            let probe: ProbeId = columns.word()?;
            match columns.maybe_word()? {
                Some(status) => {
                    members.settled.insert(probe, status);
                }
                None => members.callable.push(probe),
            }
        }
        members.callable.sort();
        let members = Arc::new(members);
        self.store.sets.keep(set, &members);
        Ok(members)
    }
}
