//! Everything else that is told or asked: tokens, schedules, shares, accounts, health, refusals.

use chrono::{DateTime, Utc};
use protocol::registry::Scope;
use protocol::{AccountId, ConnectionId, ScheduleId, TokenId, WorkspaceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NewScan, schema};

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// Why.
    pub error: Why,
}

/// A code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// A word that does not change.
    pub code: String,
    /// What is wrong, and how to mend it.
    pub message: String,
    /// The field of the request that is wrong, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A token to be made, in the workspace of the token that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Whose it will be.
    #[schema(min_length = 1, max_length = 128)]
    pub owner: String,
    /// The most that it may do.
    #[schema(schema_with = schema::scope)]
    pub scope: Scope,
    /// When it ends by itself, in seconds from now; none means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 60, maximum = 315_360_000)]
    pub expires_in_seconds: Option<u64>,
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTokenMade {
    /// The token itself. Nothing shows it again.
    pub secret: String,
    /// What is known of it.
    pub token: Token,
}

impl std::fmt::Debug for NewTokenMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTokenMade").field("token", &self.token).finish_non_exhaustive()
    }
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its public name.
    #[schema(schema_with = schema::id)]
    pub id: TokenId,
    /// Whose it is.
    pub owner: String,
    /// The most that it may do.
    #[schema(schema_with = schema::scope)]
    pub scope: Scope,
    /// The workspace that it opens.
    #[schema(schema_with = schema::id)]
    pub workspace: WorkspaceId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<protocol::registry::Token> for Token {
    fn from(token: protocol::registry::Token) -> Self {
        Self {
            id: token.id,
            owner: token.owner,
            scope: token.scope,
            workspace: token.workspace,
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// Tokens, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// What to ask for as `after` to get the next page; none on the last.
    pub next: Option<String>,
}

/// A token to open a session with.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The token.
    #[schema(max_length = 256)]
    pub token: String,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// The workspace that is open.
    #[schema(schema_with = schema::id)]
    pub workspace: WorkspaceId,
    /// Whose token it is.
    pub owner: String,
    /// The most that may be done.
    #[schema(schema_with = schema::scope)]
    pub scope: Scope,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// What requests that change something must bring as `X-CSRF-Token`; only in a session of a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
}

/// A recurring scan, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
    /// When it starts a scan: a cron expression of five fields, in UTC.
    #[schema(min_length = 9, max_length = 200, example = "0 2 * * *")]
    pub cron: String,
    /// What its scans are asked to do.
    #[serde(default)]
    pub scan: NewScan,
}

/// A recurring scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Its name, unique in the workspace.
    #[schema(schema_with = schema::id)]
    pub name: ScheduleId,
    /// When it starts a scan: a cron expression of five fields, in UTC.
    pub cron: String,
    /// When it is due next.
    pub next_at: DateTime<Utc>,
    /// Who made it.
    pub owner: String,
    /// What its scans are asked to do.
    pub scan: NewScan,
}

impl From<protocol::registry::Schedule> for Schedule {
    fn from(schedule: protocol::registry::Schedule) -> Self {
        Self {
            name: schedule.id,
            cron: schedule.cron,
            next_at: schedule.next_at,
            owner: schedule.owner,
            scan: NewScan::of(schedule.settings),
        }
    }
}

/// The schedules of the workspace, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedules {
    /// The schedules.
    pub schedules: Vec<Schedule>,
}

/// Accounts of the workspace that are paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PausedAccounts {
    /// Their ids, in order.
    #[schema(schema_with = schema::ids)]
    pub accounts: Vec<AccountId>,
    /// What to ask for as `after` to get the next page; none on the last.
    pub next: Option<String>,
}

/// The share of an api class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Per cent of AWS's own rate limit.
    #[schema(minimum = 1, maximum = 100)]
    pub percent: u8,
}

/// A share that stands in place of the scans' own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShareOf {
    /// The api class; `*` stands for every class.
    pub class: String,
    /// Per cent of AWS's own rate limit.
    pub percent: u8,
}

/// The shares that were set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shares {
    /// The shares, by api class.
    pub shares: Vec<ShareOf>,
}

/// A message that nobody could work on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParkedMessage {
    /// Its bytes; what is not UTF-8 is replaced.
    pub body: String,
    /// Why it was parked.
    pub why: String,
    /// When it was parked.
    pub at: DateTime<Utc>,
}

/// Parked messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParkedList {
    /// The messages.
    pub parked: Vec<ParkedMessage>,
}

/// The connections that a scan of the workspace may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Connections {
    /// Their names.
    #[schema(schema_with = schema::ids)]
    pub connections: Vec<ConnectionId>,
}

/// A report that there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What it tells.
    pub about: String,
}

/// The reports that there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reports {
    /// The reports.
    pub reports: Vec<Report>,
    /// The formats that each can be had in.
    pub formats: Vec<String>,
}

/// The process answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Its version.
    pub version: String,
}

/// Whether requests can be served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// Whether they can.
    pub ready: bool,
    /// What cannot be reached: `store` (nothing can be served), `budgets` (scans wait).
    pub missing: Vec<String>,
}
