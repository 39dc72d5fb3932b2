//! What a scan is doing right now, for those who watch.

/// What a scan is busy with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Finding accounts; work on those that were found goes on beside it.
    #[default]
    Discovering,
    /// All accounts are known.
    Scanning,
    /// Paused: nothing is dispatched.
    Paused,
    /// Every cell has a status; what else there is to know of the organization is still being read.
    Reading,
    /// Stopping: what is under way is finished or handed back.
    Draining,
}

/// A moment of a scan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What it is busy with.
    pub phase: Phase,
    /// Accounts that are known.
    pub accounts: u64,
    /// Cells that are planned so far.
    pub planned: u64,
    /// Cells that have a status.
    pub done: u64,
    /// Of these, cells whose truth is not known.
    pub unknown: u64,
    /// Calls that this run has made.
    pub calls: u64,
    /// Calls among them that were throttled.
    pub throttles: u64,
    /// Batches that are out with workers.
    pub out: u64,
}
