//! What policies say about a request, and which statement says it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::truth::Missing;

/// What one policy, or a hierarchy of them, says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It lets the request through.
    Allowed(Grant),
    /// It stops the request.
    Denied(Denial),
    /// It depends on something that is not known.
    CannotTell(Doubt),
}

/// Why a request is let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// These statements allow it, at least one at every level.
    Statements(Vec<Place>),
    /// The policies do not bind the caller.
    Exempt,
}

/// Why a request is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// These statements deny it.
    Statements(Vec<Place>),
    /// No statement allows it, at this level where there are levels.
    Unallowed {
        /// The first level from the top at which nothing allows it.
        level: Option<String>,
    },
}

/// Why nobody can tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Doubt {
    /// What the answer depends on.
    pub missing: BTreeSet<Missing>,
    /// The statements that depend on it.
    pub statements: Vec<Place>,
}

/// A statement, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The level that the policy is attached to; nothing where one policy was asked.
    pub level: Option<String>,
    /// The id of the policy; nothing where one policy was asked.
    pub policy: Option<String>,
    /// The statement's index in the policy, from 0.
    pub statement: usize,
    /// Its name, where it has one.
    pub sid: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {}", self.statement)?;
        if let Some(sid) = &self.sid {
            write!(f, " ({sid})")?;
        }
        if let Some(policy) = &self.policy {
            write!(f, " of {policy}")?;
        }
        if let Some(level) = &self.level {
            write!(f, " at {level}")?;
        }
        Ok(())
    }
}

/// What the policies of one level say, before anything is decided.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) level: Option<String>,
    pub(crate) denies: Vec<Place>,
    pub(crate) may_deny: Doubt,
    pub(crate) allows: Vec<Place>,
    pub(crate) may_allow: Doubt,
}

impl Doubt {
    pub(crate) fn add(&mut self, missing: BTreeSet<Missing>, statement: Option<Place>) {
        self.missing.extend(missing);
        self.statements.extend(statement);
    }

    fn is_none(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Decides: a denial anywhere wins, then every level must allow.
pub(crate) fn decide(tallies: Vec<Tally>) -> Decision {
    if tallies.iter().any(|tally| !tally.denies.is_empty()) {
        let denies = tallies.into_iter().flat_map(|tally| tally.denies).collect();
        return Decision::Denied(Denial::Statements(denies));
    }
    let silent = |tally: &&Tally| tally.allows.is_empty() && tally.may_allow.is_none();
    if let Some(tally) = tallies.iter().find(silent) {
        return Decision::Denied(Denial::Unallowed { level: tally.level.clone() });
    }
    let mut doubt = Doubt::default();
    let mut grounds = Vec::new();
    for tally in tallies {
        let open = tally.allows.is_empty().then_some(tally.may_allow);
        for part in [Some(tally.may_deny), open].into_iter().flatten() {
            doubt.missing.extend(part.missing);
            doubt.statements.extend(part.statements);
        }
        grounds.extend(tally.allows);
    }
    if doubt.is_none() {
        Decision::Allowed(Grant::Statements(grounds))
    } else {
        Decision::CannotTell(doubt)
    }
}
