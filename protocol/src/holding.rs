//! What an organization holds beside its accounts and units, and how completely each part of it was read.

use chrono::{DateTime, Utc};

use crate::failure::{Failure, FailureKind};
use crate::ids::{AccountId, ConnectionId, OrgId, UnitId};
use crate::status::words;

words! {
    /// A part of an organization; each is read, and recorded as read, by itself.
    Part, "part of an organization" {
        /// The list of its accounts.
        Accounts = "accounts",
        /// Its roots and units, and which account is in which.
        Tree = "tree",
        /// The types of policies that its roots have enabled, and the policies of these types.
        Policies = "policies",
        /// Which account administers which service for all.
        Administrators = "delegated_administrators",
        /// The services that may work in all accounts.
        Services = "trusted_services",
        /// The tags of its accounts.
        Tags = "account_tags",
    }
}

words! {
    /// How completely a part was read.
    Completeness, "completeness" {
        /// All of it.
        Synced = "synced",
        /// All of it, through another connection of the same scan.
        AlreadySynced = "already_synced",
        /// The connection leads to an account that is in no organization.
        NotInOrganization = "not_in_organization",
        /// Nothing of it: access was denied.
        Denied = "access_denied",
        /// Not all of it.
        Incomplete = "incomplete",
    }
}

/// What was read of a part: whatever answered, and what did not. Each part fills its own lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// The types of policies, by root.
    pub policy_types: Vec<PolicyType>,
    /// Policies.
    pub policies: Vec<Policy>,
    /// Delegated administrators.
    pub administrators: Vec<Administrator>,
    /// Trusted services.
    pub services: Vec<TrustedService>,
    /// Tags of accounts.
    pub tags: Vec<(AccountId, Vec<(String, String)>)>,
    /// What could not be read.
    pub missing: Vec<Lack>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// What it is, in a few words.
    pub what: String,
    /// Why.
    pub why: Failure,
}

/// Whether a root has a type of policies enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyType {
    /// The root.
    pub root: UnitId,
    /// The type, e.g. `SERVICE_CONTROL_POLICY`.
    pub kind: String,
    /// `ENABLED`, or that it is about to be or to be no more.
    pub status: String,
}

/// A policy of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id.
    pub id: String,
    /// Its ARN, where it is known.
    pub arn: Option<String>,
    /// Its type.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What its author says of it.
    pub description: Option<String>,
    /// Whether the provider made it.
    pub provided: bool,
    /// Its document; none where that could not be read.
    pub content: Option<String>,
    /// What it is attached to; none where that could not be read.
    pub targets: Option<Vec<Target>>,
}

/// What a policy is attached to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The id of a root, a unit or an account.
    pub id: String,
    /// `ROOT`, `ORGANIZATIONAL_UNIT` or `ACCOUNT`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// An account that administers services for its organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The account.
    pub account: AccountId,
    /// The services, each since when; none where they could not be read.
    pub services: Option<Vec<TrustedService>>,
}

/// A service that an organization trusts, or an account administers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedService {
    /// Its principal, e.g. `guardduty.amazonaws.com`.
    pub service: String,
    /// Since when, where that is known.
    pub since: Option<DateTime<Utc>>,
}

/// The record that somebody read a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The part.
    pub part: Part,
    /// The connection that it was read through.
    pub connection: ConnectionId,
    /// The organization; none where the connection leads to none that is known.
    pub organization: Option<OrgId>,
    /// How completely.
    pub completeness: Completeness,
    /// When.
    pub at: DateTime<Utc>,
}

impl Holding {
    /// Nothing, because of one failure.
    #[must_use]
    pub fn lacking(what: impl Into<String>, why: Failure) -> Self {
        let mut nothing = Self::default();
        nothing.lack(what, why);
        nothing
    }

    /// Adds something that could not be read.
    pub fn lack(&mut self, what: impl Into<String>, why: Failure) {
        self.missing.push(Lack { what: what.into(), why });
    }

    /// How completely it was read. What was denied in part is incomplete: something of it is known.
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        if self.missing.is_empty() {
            Completeness::Synced
        } else if self.is_empty() && self.missing.iter().all(|lack| is_denied(&lack.why)) {
            Completeness::Denied
        } else {
            Completeness::Incomplete
        }
    }

    /// What could not be read, in a sentence of bounded length; none where nothing is missing.
    #[must_use]
    pub fn lacks(&self) -> Option<String> {
        const NAMED: usize = 10;
        let named: Vec<&str> =
            self.missing.iter().take(NAMED).map(|lack| lack.what.as_str()).collect();
        let more = self.missing.len().saturating_sub(NAMED);
        match more {
            0 if named.is_empty() => None,
            0 => Some(named.join(", ")),
            more => Some(format!("{} and {more} more", named.join(", "))),
        }
    }

    fn is_empty(&self) -> bool {
        self.policy_types.is_empty()
            && self.policies.is_empty()
            && self.administrators.is_empty()
            && self.services.is_empty()
            && self.tags.is_empty()
    }
}

fn is_denied(failure: &Failure) -> bool {
    failure.kind == FailureKind::Denied
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied() -> Failure {
        Failure::new(FailureKind::Denied, "AccessDenied", "no")
    }

    #[test]
    fn what_is_denied_in_part_is_incomplete() {
        let mut holding = Holding::default();
        assert_eq!((holding.completeness(), holding.lacks()), (Completeness::Synced, None));
        holding.lack("contents", denied());
        assert_eq!(holding.completeness(), Completeness::Denied);
        holding.services.push(TrustedService { service: "ram".to_owned(), since: None });
        assert_eq!(holding.completeness(), Completeness::Incomplete);
        let slow = Failure::new(FailureKind::Throttled, "SlowDown", "no");
        assert_eq!(Holding::lacking("roots", slow).completeness(), Completeness::Incomplete);
    }

    #[test]
    fn what_is_missing_is_named_and_bounded() {
        let mut holding = Holding::lacking("p-1", denied());
        assert_eq!(holding.lacks().as_deref(), Some("p-1"));
        (2..=12).for_each(|number| holding.lack(format!("p-{number}"), denied()));
        let lacks = holding.lacks().unwrap_or_default();
        assert!(lacks.starts_with("p-1, p-2, ") && lacks.ends_with("p-10 and 2 more"), "{lacks}");
    }
}
