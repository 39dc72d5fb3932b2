//! The unit of execution, retry, accounting and re-queue.

use serde::{Deserialize, Serialize};

use crate::ids::ProbeId;
use crate::judge::Tally;

/// One probe to run in the account and region of its batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The probe to run.
    pub probe: ProbeId,
    /// How often it has failed and been tried again, from 0.
    pub attempt: u32,
    /// How often it was put off by a throttle; a throttle spends no attempt.
    pub throttled: u32,
    /// How often a worker that had it alone ended without an answer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deaths: u32,
    /// Where to go on, for a task that handed back part of its work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<Continuation>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Task {
    /// Workers that a task may take with it before it ends as an error.
    pub const MAX_DEATHS: u32 = 3;

    /// A probe that has not been tried.
    #[must_use]
    pub fn new(probe: ProbeId) -> Self {
        Self { probe, attempt: 0, throttled: 0, deaths: 0, continuation: None }
    }
}

/// Where a task goes on: the call, its page, and what is known so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// The index of the probe's root call that is being read.
    pub call: usize,
    /// The page to ask for; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// How many things of that page are done already, for calls with `for_each` calls.
    #[serde(default)]
    pub skip: usize,
    /// What the pages before answered.
    pub tally: Tally,
}
