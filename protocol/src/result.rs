//! The message from workers: what became of tasks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, CellKey};
use crate::failure::Failure;
use crate::ids::{AccountId, Region, ScanId, StintId};
use crate::message::Versioned;
use crate::object::Object;
use crate::preflight::Preflight;
use crate::status::words;
use crate::task::Task;

/// Answers of one scan, in the order in which a worker found them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultPage {
    /// The version of this message's format.
    pub version: u16,
    /// The scan.
    pub scan: ScanId,
    /// The round that was worked for.
    pub round: u32,
    /// Where it stands among the pages of its stint; none from workers of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The answers.
    pub answers: Vec<Answer>,
}

/// Where a page stands among those that one worker writes about one batch. What it says may rest on all
/// pages before it: a cell counts things that they tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// The worker's work on the batch.
    pub stint: StintId,
    /// How many pages stand before it.
    pub number: u32,
}

/// A result page as the store takes it: scan and round are said beside.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Where it stands among the pages of its stint; none where it rests on no other.
    pub part: Option<&'a Part>,
    /// The answers.
    pub answers: &'a [Answer],
}

impl<'a> From<&'a ResultPage> for Page<'a> {
    fn from(page: &'a ResultPage) -> Self {
        Self { part: page.part.as_ref(), answers: &page.answers }
    }
}

impl<'a> From<&'a [Answer]> for Page<'a> {
    fn from(answers: &'a [Answer]) -> Self {
        Self { part: None, answers }
    }
}

impl Versioned for ResultPage {
    const WHAT: &'static str = "result page";
    const VERSION: u16 = 1;

    fn version(&self) -> u16 {
        self.version
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// An account was entered, or could not be.
    Preflight {
        /// The account.
        account: AccountId,
        /// The dispatch that is answered.
        dispatch: u32,
        /// What entering it told.
        outcome: Result<Preflight, Failure>,
    },
    /// The pre-flight is to be tried again.
    PreflightHeld {
        /// The account.
        account: AccountId,
        /// The dispatch that is answered.
        dispatch: u32,
        /// The attempt that comes next.
        attempt: u32,
        /// When to try again.
        until: DateTime<Utc>,
        /// Why it did not work this time.
        failure: Failure,
    },
    /// Things that were seen; they come before the end of their cell.
    Objects {
        /// The cell that saw them.
        cell: CellKey,
        /// Which of the probe's calls saw them, from 0: of a thing that several saw, the last call knows most.
        #[serde(default)]
        call: u32,
        /// The things.
        objects: Vec<Object>,
    },
    /// A cell is final.
    Cell(Cell),
    /// A task is put off.
    Held(Held),
    /// Every task of a dispatch has been answered with `Cell` or `Held`.
    Settled {
        /// The account of the batch.
        account: AccountId,
        /// The region of the batch.
        region: Region,
        /// The dispatch that is answered.
        dispatch: u32,
    },
    /// A dispatch comes back without having been worked on; none of its tasks is answered.
    Returned {
        /// The account of the batch.
        account: AccountId,
        /// The region of the batch; none for a pre-flight.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<Region>,
        /// The dispatch that is answered.
        dispatch: u32,
        /// Why it was not worked on.
        why: Return,
    },
}

impl Answer {
    /// Whether it is the last about its dispatch.
    #[must_use]
    pub fn ends_a_dispatch(&self) -> bool {
        match self {
            Self::Preflight { .. }
            | Self::PreflightHeld { .. }
            | Self::Settled { .. }
            | Self::Returned { .. } => true,
            Self::Objects { .. } | Self::Cell(_) | Self::Held(_) => false,
        }
    }
}

words! {
    /// Why a dispatch was not worked on.
    Return, "reason of a return" {
        /// It was delivered a second time: whoever had it first ended without an answer. Its tasks go out
        /// one by one; one that does it alone again and again ends as an error.
        Redelivered = "redelivered",
        /// The worker has another catalog than the scan was planned with; due again after a while.
        Catalog = "catalog",
        /// The worker stops, or the scan or the account is paused or cancelled; due again at once.
        Stopped = "stopped",
    }
}

/// A task that is put off, as it should be dispatched again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The account of the task.
    pub account: AccountId,
    /// The region of the task.
    pub region: Region,
    /// The task to dispatch.
    pub task: Task,
    /// When it is due.
    pub until: DateTime<Utc>,
    /// Why it was put off: a failure to retry; none where it only hands back work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Failure>,
}
