//! Who there is: organizations, their units and accounts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ConnectionId, OrgId, UnitId};
use crate::status::words;

words! {
    /// Where an account is in its life.
    AccountState, "account state" {
        /// Being created.
        PendingActivation = "PENDING_ACTIVATION",
        /// In use; the only state that is scanned.
        Active = "ACTIVE",
        /// Suspended by the provider.
        Suspended = "SUSPENDED",
        /// Being closed.
        PendingClosure = "PENDING_CLOSURE",
        /// Closed.
        Closed = "CLOSED",
    }
}

/// An organization that a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrgId,
    /// The account that manages it.
    pub management_account: AccountId,
    /// Its ARN, where it is known.
    pub arn: Option<String>,
    /// The features that it has: `ALL`, or `CONSOLIDATED_BILLING`.
    pub feature_set: Option<String>,
    /// The ARN of the account that manages it, where it is known.
    pub management_arn: Option<String>,
    /// The e-mail address of the owner of that account, where it is known.
    pub management_email: Option<String>,
}

impl Organization {
    /// An organization of which nothing more is known.
    #[must_use]
    pub fn new(id: OrgId, management_account: AccountId) -> Self {
        Self {
            id,
            management_account,
            arn: None,
            feature_set: None,
            management_arn: None,
            management_email: None,
        }
    }
}

/// A root or organizational unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// The unit above; none for a root.
    pub parent: Option<UnitId>,
    /// Its name.
    pub name: String,
    /// Its ARN, where it is known.
    pub arn: Option<String>,
}

/// An account that a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name, or its id where it has none.
    pub name: String,
    /// The e-mail address of its owner, where it is known.
    pub email: Option<String>,
    /// Its ARN, where it is known.
    pub arn: Option<String>,
    /// Where it is in its life.
    pub state: AccountState,
    /// When it joined its organization, where it is known.
    pub joined_at: Option<DateTime<Utc>>,
    /// How it joined: `INVITED` or `CREATED`, where it is known.
    pub joined_method: Option<String>,
    /// Its organization, where it is in one that could be read.
    pub organization: Option<OrgId>,
    /// Whether it manages its organization.
    pub management: bool,
    /// How to enter it.
    pub connection: ConnectionId,
    /// The ARN of the role that it is entered by, where that is known before.
    pub role: Option<String>,
    /// Its tags, where they were read (only when a filter or report needs them).
    pub tags: Vec<(String, String)>,
}

/// What discovery finds, in the order in which it finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An organization; comes before its accounts.
    Organization(Organization),
    /// An account.
    Account(Account),
    /// How many roots and units are above accounts of an organization; comes after its accounts, where they tell.
    Units {
        /// The organization.
        organization: OrgId,
        /// How many; there may be others that no account is below.
        units: u64,
    },
    /// That the connection leads to an account that is in no organization.
    NotInOrganization,
    /// Something that could not be read while the rest went on.
    Missing(crate::failure::Failure),
    /// An organization that one of several tenants leads to; comes before its accounts.
    Tenant {
        /// The connection to that tenant.
        connection: ConnectionId,
        /// The organization.
        organization: Organization,
    },
    /// Why a tenant leads nowhere, or not all the way.
    Astray {
        /// The connection to that tenant.
        connection: ConnectionId,
        /// Why.
        failure: crate::failure::Failure,
    },
}

impl Found {
    /// The code of what leads nowhere by itself, but to what something else has led to: nothing is unknown by it.
    pub const COVERED: &str = "AlreadyCovered";
}

/// The tree of an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Roots and units, parents before children.
    pub units: Vec<Unit>,
    /// The unit that each account is directly in.
    pub placements: Vec<(AccountId, UnitId)>,
}

impl Tree {
    /// What a tree that could not be read is called, before the id of its organization.
    pub const OF: &str = "tree of ";
}
