//! A scan: its settings, its state, its rounds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CatalogDigest, ConnectionId, Region, ScanId, WorkspaceId};
use crate::selection::Selection;
use crate::status::words;
use crate::tenants::Tenants;
use crate::web_identity::WebIdentity;

/// What a scan was asked to do; stored with it, so that resuming needs only its id. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where accounts come from; empty means the current credentials.
    pub sources: Vec<Source>,
    /// How to get into accounts.
    pub access: Access,
    /// What to look at.
    pub selection: Selection,
    /// How hard to work.
    pub pace: Pace,
    /// How much is kept of the things that are seen.
    pub resources: Detail,
    /// Where it stands among scans that run at the same time.
    pub priority: Priority,
    /// Whether the tags of all accounts are read too: a call for each account.
    pub account_tags: bool,
    /// Whether cells that a policy will deny for certain are not called, but for a sample of them.
    pub skip_predicted_denials: bool,
}

words! {
    /// Where a scan stands among those that run at the same time: a higher one's work goes out first.
    Priority, "priority" {
        /// What can wait, such as a nightly scan.
        Low = "low",
        /// What somebody started.
        Normal = "normal",
        /// What somebody waits for.
        High = "high",
    }
}

#[expect(clippy::derivable_impls, reason = "the derive would put an attribute inside the macro")]
impl Default for Priority {
    fn default() -> Self {
        Self::Normal
    }
}

impl Settings {
    /// The sources with the connection that each becomes, in order; the ids are stable for a scan.
    #[must_use]
    pub fn connections(&self) -> Vec<(ConnectionId, Source)> {
        let current = [Source::Current];
        let sources = if self.sources.is_empty() { &current[..] } else { &self.sources };
        let name = |index: usize| {
            ConnectionId::new(format!("source-{index}")).unwrap_or_else(|_| unreachable!())
        };
        let id = |index, source: &Source| match source {
            Source::Connection { name } => name.clone(),
            _ => name(index),
        };
        sources.iter().enumerate().map(|(at, source)| (id(at, source), source.clone())).collect()
    }
}

/// Where accounts come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Source {
    /// A connection that the settings of coordinator and workers name.
    Connection {
        /// Its name.
        name: ConnectionId,
    },
    /// The current credentials: their organization if it can be read, else just their account.
    Current,
    /// A named profile's own account.
    Profile {
        /// The profile's name.
        name: String,
    },
    /// Keys in environment variables, which are named here and read where they are used.
    Keys {
        /// The variable with the access key's id.
        access_key_id_env: String,
        /// The variable with the secret key.
        secret_access_key_env: String,
        /// The variable with the session token, for temporary keys.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_token_env: Option<String>,
        /// What to call the account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A table whose items lead to organizations; read, and its roles assumed, with the current credentials.
    Tenants(Tenants),
    /// A role, assumed from the current credentials or from a profile.
    Role {
        /// The role's ARN.
        arn: String,
        /// The external id that its trust policy asks for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        /// The profile to assume it from; none means the current credentials.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// What to call the account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
}

/// How to get into the accounts of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// The name (with path) of the role to assume in every member account.
    pub member_role: String,
    /// The external id that the member role's trust policy asks for.
    pub external_id: Option<String>,
    /// The role to read the organization with, where the credentials themselves may not.
    pub org_role: Option<String>,
    /// The role to assume first, before any other.
    pub via_role: Option<String>,
    /// How long a session lasts, in seconds.
    pub session_seconds: u32,
    /// The region whose STS, and whose own account's endpoints, the hub uses; none means the provider's default.
    pub hub_region: Option<Region>,
    /// Whose token assumes the roles of sources and of tenants, in place of credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_identity: Option<WebIdentity>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            member_role: "orgsweep-member".to_owned(),
            external_id: None,
            org_role: None,
            via_role: None,
            session_seconds: 3600,
            hub_region: None,
            web_identity: None,
        }
    }
}

/// How hard a scan works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// The share of every documented bucket that may be spent, in per cent, 1 to 100.
    pub budget_share: u8,
    /// Calls in flight at once in one worker.
    pub max_in_flight: u32,
    /// Attempts of a task before its failure is final, from 1.
    pub max_attempts: u32,
    /// The deadline of one call, in milliseconds.
    pub call_timeout_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { budget_share: 25, max_in_flight: 256, max_attempts: 4, call_timeout_ms: 10_000 }
    }
}

words! {
    /// How much is kept of the things that are seen.
    Detail, "resource detail" {
        /// Only counts.
        None = "none",
        /// Counts and at most twenty ids a cell.
        Sample = "sample",
        /// Everything that the probes keep.
        All = "all",
    }
}

#[expect(clippy::derivable_impls, reason = "the derive would put an attribute inside the macro")]
impl Default for Detail {
    fn default() -> Self {
        Self::All
    }
}

words! {
    /// Where a scan is in its life.
    ScanState, "scan state" {
        /// Being worked on, or left behind by a runner that was killed.
        Running = "running",
        /// Stopped on purpose; goes on with `resume`.
        Interrupted = "interrupted",
        /// Asked to stop for a while; its runner dispatches nothing.
        Paused = "paused",
        /// Given up; cells without an answer stay `not_run`.
        Cancelled = "cancelled",
        /// Every cell has a status.
        Finished = "finished",
    }
}

/// A scan as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Its id.
    pub id: ScanId,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// Who started it: the owner of a token, a schedule's name, or empty for a scan of this machine.
    pub owner: String,
    /// Where it is in its life.
    pub state: ScanState,
    /// Its round, from 1; a re-queue opens the next one.
    pub round: u32,
    /// What it was asked to do.
    pub settings: Settings,
    /// The catalog that it was planned with.
    pub catalog: CatalogDigest,
    /// The version of orgsweep that planned it.
    pub version: String,
    /// Whether all accounts are known and planned.
    pub planned: bool,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When its present round was closed.
    pub finished_at: Option<DateTime<Utc>>,
}
