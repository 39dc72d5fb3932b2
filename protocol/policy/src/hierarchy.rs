//! The policies of an organization along one path: root, OUs, account.
//!
//! The rule of AWS: every level must allow, and no level may deny. A level at which nothing is
//! attached allows nothing. Whoever the policies do not bind (the management account,
//! service-linked roles) is exempt.

use std::collections::BTreeSet;

use crate::decision::{self, Decision, Grant, Tally};
use crate::evaluate::count;
use crate::model::Policy;
use crate::request::Request;
use crate::truth::Missing;

/// A level: the root, an OU or the account, with the policies of one kind attached to it.
#[derive(Debug, Clone, Copy)]
pub struct Level<'a> {
    /// Its name, for the answer.
    pub name: &'a str,
    /// What is attached directly to it.
    pub policies: &'a [Attached<'a>],
    /// Whether all that is attached is listed; an incomplete level can only deny for certain.
    pub complete: bool,
}

/// A policy that is attached to a level.
#[derive(Debug, Clone, Copy)]
pub struct Attached<'a> {
    /// Its id, for the answer.
    pub id: &'a str,
    /// The policy; nothing where its text could not be had or read.
    pub policy: Option<&'a Policy>,
}

/// What the policies of a path say about a request.
///
/// Without a level there is nothing that binds: give none only for an account that is in no
/// organization, or when the kind of policy is not enabled.
#[must_use]
pub fn decide(levels: &[Level<'_>], request: &Request, exempt: bool) -> Decision {
    if exempt {
        return Decision::Allowed(Grant::Exempt);
    }
    decision::decide(levels.iter().map(|level| tally(level, request)).collect())
}

fn tally(level: &Level<'_>, request: &Request) -> Tally {
    let mut tally = Tally { level: Some(level.name.to_owned()), ..Tally::default() };
    let mut open = BTreeSet::new();
    for attached in level.policies {
        match attached.policy {
            Some(policy) => count(&mut tally, Some(attached.id), policy, request),
            None => {
                open.insert(Missing::Policy {
                    level: level.name.to_owned(),
                    id: attached.id.to_owned(),
                });
            }
        }
    }
    if !level.complete {
        open.insert(Missing::Attachments { level: level.name.to_owned() });
    }
    tally.may_deny.add(open.clone(), None);
    tally.may_allow.add(open, None);
    tally
}
