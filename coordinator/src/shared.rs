//! What the parts of one run tell each other: how far it is, which regions there are, and a nudge.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::provider::KnownRegion;
use protocol::scan::Detail;
use protocol::store::Ingested;
use tokio::sync::{Notify, watch};

use crate::predicted::Predicting;
use crate::{Phase, Snapshot};

/// What the parts of a run tell each other about one scan.
pub(crate) struct Shared {
    /// How much of the things that are seen the scan keeps.
    pub(crate) detail: Detail,
    snapshot: watch::Sender<Snapshot>,
    changed: Arc<Notify>,
    regions: Mutex<Vec<KnownRegion>>,
    /// What is predicted of the scan's cells; one batch of work after the other asks it.
    pub(crate) predicting: tokio::sync::Mutex<Predicting>,
}

impl Shared {
    /// A run that has just begun, with so many batches out from a run before; `changed` is nudged when there may
    /// be something to send.
    pub(crate) fn new(
        detail: Detail,
        out: u64,
        snapshot: watch::Sender<Snapshot>,
        changed: Arc<Notify>,
    ) -> Self {
        snapshot.send_replace(Snapshot { out, ..Snapshot::default() });
        let predicting = tokio::sync::Mutex::default();
        Self { detail, snapshot, changed, regions: Mutex::default(), predicting }
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        self.snapshot.send_modify(change);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.snapshot.borrow().phase
    }

    pub(crate) fn pause(&self, paused: bool) {
        let phase = self.phase();
        if paused && phase == Phase::Scanning {
            self.update(|snapshot| snapshot.phase = Phase::Paused);
        } else if !paused && phase == Phase::Paused {
            self.update(|snapshot| snapshot.phase = Phase::Scanning);
        }
    }

    pub(crate) fn add_planned(&self, accounts: u64, cells: u64) {
        self.update(|snapshot| {
            snapshot.accounts += accounts;
            snapshot.planned += cells;
        });
        self.nudge();
    }

    pub(crate) fn count(&self, ingested: Ingested) {
        self.update(|snapshot| {
            snapshot.done += ingested.cells;
            snapshot.unknown += ingested.unknown;
            snapshot.calls += ingested.calls;
            snapshot.throttles += ingested.throttles;
        });
    }

    pub(crate) fn out(&self) -> u64 {
        self.snapshot.borrow().out
    }

    pub(crate) fn send_out(&self, batches: u64) {
        self.update(|snapshot| snapshot.out += batches);
    }

    pub(crate) fn come_back(&self, batches: u64) {
        self.update(|snapshot| snapshot.out = snapshot.out.saturating_sub(batches));
    }

    pub(crate) fn know(&self, regions: Vec<KnownRegion>) {
        let mut known = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<_> = regions.into_iter().filter(|region| !known.contains(region)).collect();
        known.extend(new);
    }

    pub(crate) fn known(&self) -> Vec<KnownRegion> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn nudge(&self) {
        self.changed.notify_one();
    }

    pub(crate) fn has_out(&self, batches: u64) {
        self.update(|snapshot| snapshot.out = batches);
    }
}
