//! What can be asked: every distinct call of the catalog, made ready to be recognised and answered.
//!
//! Calls of several probes or entries that look alike on the wire are one question with one
//! answer (the lists of S3 buckets of `s3` and `s3.policies`), so the question, not the probe, owns the things.

mod gather;
mod recognise;
mod things;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::entry::{Call, Condition, ErrorRow, Paging, Scope, Wire};
use protocol::budget::Bucket;
use protocol::{ProbeId, ServiceId};

pub(crate) use gather::{MORE, TOKEN, gather};
pub(crate) use recognise::{Captured, Request, captured};

use crate::tree::{Kind, Node};

/// How a request says which operation it wants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// The whole `X-Amz-Target`.
    Target(String),
    /// Signing name, version and action.
    Action(String, String, String),
    /// Signing name and operation, found by method and path.
    Route(String, String),
}

/// A distinct call.
#[derive(Debug)]
pub(crate) struct Question {
    /// What requests are signed for.
    pub(crate) signing: String,
    /// How it speaks.
    pub(crate) wire: Wire,
    /// The operation.
    pub(crate) operation: String,
    /// The service on the wire, whose moods and use its answers follow.
    pub(crate) service: String,
    /// The entries that ask it.
    pub(crate) entries: Vec<ServiceId>,
    /// What its dice are thrown for.
    pub(crate) tag: u64,
    /// Regions where the table says that no entry that asks it is offered.
    pub(crate) not_offered: BTreeSet<String>,
    /// Where its cells are.
    pub(crate) scope: Scope,
    /// Where what there is once is called and signed for.
    pub(crate) home: Option<String>,
    /// A call that fits it; its templates recognise requests.
    pub(crate) call: Call,
    /// The question for whose things it is asked.
    pub(crate) parent: Option<usize>,
    /// Questions that are asked for its things.
    pub(crate) children: Vec<usize>,
    /// The answer around the things: slot 0 is the token, slot 1 says that there is more.
    pub(crate) outer: Node,
    /// Whether there is exactly one thing, the answer or a part of it.
    pub(crate) single: bool,
    /// One thing.
    pub(crate) thing: ThingShape,
    /// What AWS says of each thing beside that, as it is written.
    pub(crate) ballast: String,
    /// How its pages follow each other.
    pub(crate) page: Option<Paging>,
    /// What its codes mean: the call's rows before the entry's.
    pub(crate) errors: Vec<ErrorRow>,
    /// Its token bucket.
    pub(crate) bucket: Bucket,
    /// Which bucket: the class and whether each region has its own.
    pub(crate) class: usize,
    /// Whether each region has a bucket of its own.
    pub(crate) regional_bucket: bool,
    /// The action that it needs.
    pub(crate) action: String,
    /// Whether the whole body is a document (a bucket's policy).
    pub(crate) body_is_document: bool,
    /// Whether any probe counts its things as proof of use; else it only leads to details.
    pub(crate) counts: bool,
    /// Whether it or a child of it says that a switch is on.
    pub(crate) is_switch: bool,
    /// Whether AWS's own things are told apart here or in a child.
    pub(crate) tells_owner: bool,
}

/// One thing of a question: its tree, its slots, and the conditions on it.
#[derive(Debug, Default)]
pub(crate) struct ThingShape {
    /// The tree.
    pub(crate) tree: Node,
    /// What each slot is.
    pub(crate) slots: Vec<Slot>,
    /// The types of the slots.
    pub(crate) kinds: Vec<Kind>,
    /// The conditions on it, in the order in which they are met.
    pub(crate) goals: Vec<Goal>,
}

/// A value of a thing.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The path to it.
    pub(crate) path: String,
    /// What it is.
    pub(crate) role: Role,
    /// What its name lets expect.
    pub(crate) expect: crate::filler::Expect,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The thing's id.
    Id,
    /// The region that the thing is in.
    Home,
    /// What a call for the thing is filled with.
    Input,
    /// A document.
    Document,
    /// Anything else.
    Plain,
}

/// Conditions that are met, or not, together.
#[derive(Debug)]
pub(crate) struct Goal {
    /// What they decide.
    pub(crate) about: About,
    /// The conditions, each with its slot.
    pub(crate) conditions: Vec<(usize, Condition)>,
}

/// What conditions decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// Whose a thing is.
    Owner,
    /// Whether a switch is on.
    Switch,
    /// Whether a child call is made.
    Child,
}

/// How a call of a probe reads the answers of its question.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The question.
    pub(crate) question: usize,
    /// The call in the probe that the parent's answers are read by.
    pub(crate) parent: Option<usize>,
    /// Which of the parent's things it is asked for.
    pub(crate) only: Vec<(usize, Condition)>,
    /// What makes a thing the customer's own.
    pub(crate) own: Vec<(usize, Condition)>,
    /// What proves that the switch is on.
    pub(crate) on: Vec<(usize, Condition)>,
    /// Whether its things count.
    pub(crate) counts: bool,
    /// What its codes mean.
    pub(crate) errors: Vec<ErrorRow>,
}

/// Every question of a catalog.
pub(crate) struct Questions {
    /// The questions.
    pub(crate) all: Vec<Question>,
    /// The readings of each probe's calls.
    pub(crate) by_probe: HashMap<ProbeId, Vec<Reading>>,
    /// The names of bucket classes.
    pub(crate) classes: Vec<String>,
    by_name: HashMap<Name, Vec<usize>>,
    /// Root questions of each service on the wire, by their places.
    pub(crate) roots: BTreeMap<String, Vec<usize>>,
}

impl Questions {
    /// The questions that a name may mean.
    pub(crate) fn named(&self, name: &Name) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}
