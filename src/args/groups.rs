//! Groups of flags that several commands share.

use std::path::PathBuf;

use protocol::inventory::AccountState;

use super::{Group, Oidc, TenantsTable};

/// Where accounts come from; without any, the organization of the current credentials.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Where accounts come from")]
pub(crate) struct Sources {
    /// A profile of ~/.aws/config: its own account
    #[arg(long, value_delimiter = ',', value_name = "NAME", env = "ORGSWEEP_PROFILE")]
    pub(crate) profile: Vec<String>,
    /// Every profile of ~/.aws/config but `default`, which counts where it is the only one
    #[arg(long, conflicts_with = "profile", env = "ORGSWEEP_ALL_PROFILES")]
    pub(crate) all_profiles: bool,
    /// A role to assume: its own account
    #[arg(long, value_delimiter = ',', value_name = "ARN", env = "ORGSWEEP_ROLE_ARN")]
    pub(crate) role_arn: Vec<String>,
    /// A file of `[[account]]` entries: profiles, keys in environment variables, role ARNs with external ids
    #[arg(long, value_name = "FILE", env = "ORGSWEEP_ACCOUNTS_FILE")]
    pub(crate) accounts_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tenants: TenantsTable,
}

/// How to get into accounts.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How to get in")]
pub(crate) struct Access {
    /// The role to assume in every member account
    #[arg(long, value_name = "NAME", default_value = "orgsweep-member", env = "ORGSWEEP_ROLE")]
    pub(crate) role: String,
    /// The external id that the roles' trust policies ask for
    #[arg(long, value_name = "ID", env = "ORGSWEEP_EXTERNAL_ID")]
    pub(crate) external_id: Option<String>,
    /// Read the organization with this role
    #[arg(long, value_name = "ARN", env = "ORGSWEEP_ORG_ROLE")]
    pub(crate) org_role: Option<String>,
    /// Assume this role first, e.g. one in a security account
    #[arg(long, value_name = "ARN", env = "ORGSWEEP_VIA_ROLE")]
    pub(crate) via_role: Option<String>,
    /// How long sessions last, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(900..=43_200), env = "ORGSWEEP_SESSION_DURATION")]
    pub(crate) session_duration: u32,
    /// The region of the STS that is asked for sessions
    #[arg(long, value_name = "REGION", env = "ORGSWEEP_HUB_REGION")]
    pub(crate) hub_region: Option<String>,
    #[command(flatten)]
    pub(crate) oidc: Oidc,
}

/// Which of the accounts that there are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which accounts")]
pub(crate) struct WhichAccounts {
    /// Only these accounts
    #[arg(long, value_delimiter = ',', value_name = "ID", env = "ORGSWEEP_ACCOUNT")]
    pub(crate) account: Vec<String>,
    /// All but these accounts
    #[arg(long, value_delimiter = ',', value_name = "ID", env = "ORGSWEEP_EXCLUDE_ACCOUNT")]
    pub(crate) exclude_account: Vec<String>,
    /// Only accounts with such a name: * is any text, ? one character, case does not matter
    #[arg(long, value_delimiter = ',', value_name = "PATTERN", env = "ORGSWEEP_ACCOUNT_NAME")]
    pub(crate) account_name: Vec<String>,
    /// All but accounts with such a name
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "PATTERN",
        env = "ORGSWEEP_EXCLUDE_ACCOUNT_NAME"
    )]
    pub(crate) exclude_account_name: Vec<String>,
    /// All but the account that manages the organization
    #[arg(long, env = "ORGSWEEP_NO_MANAGEMENT_ACCOUNT")]
    pub(crate) no_management_account: bool,
    /// Only accounts in or below these units: ids, or paths such as Root/Payments
    #[arg(long, value_delimiter = ',', value_name = "OU", env = "ORGSWEEP_OU")]
    pub(crate) ou: Vec<String>,
    /// All but accounts in or below these units
    #[arg(long, value_delimiter = ',', value_name = "OU", env = "ORGSWEEP_EXCLUDE_OU")]
    pub(crate) exclude_ou: Vec<String>,
    /// Only accounts with all of these tags
    #[arg(long, value_delimiter = ',', value_name = "KEY=VALUE", env = "ORGSWEEP_TAG")]
    pub(crate) tag: Vec<String>,
    /// All but accounts with one of these tags
    #[arg(long, value_delimiter = ',', value_name = "KEY=VALUE", env = "ORGSWEEP_EXCLUDE_TAG")]
    pub(crate) exclude_tag: Vec<String>,
    /// Only accounts in these states, e.g. ACTIVE; others than active ones are never entered
    #[arg(long, value_delimiter = ',', value_name = "STATE", env = "ORGSWEEP_STATE")]
    pub(crate) state: Vec<AccountState>,
    /// All but accounts in these states
    #[arg(long, value_delimiter = ',', value_name = "STATE", env = "ORGSWEEP_EXCLUDE_STATE")]
    pub(crate) exclude_state: Vec<AccountState>,
}

/// Which part of what there is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which regions and services")]
pub(crate) struct Which {
    #[command(flatten)]
    pub(crate) accounts: WhichAccounts,
    /// Only these regions (global services stay)
    #[arg(long, value_delimiter = ',', value_name = "REGION", env = "ORGSWEEP_REGION")]
    pub(crate) region: Vec<String>,
    /// All but these regions; `global` leaves out the global services
    #[arg(long, value_delimiter = ',', value_name = "REGION", env = "ORGSWEEP_EXCLUDE_REGION")]
    pub(crate) exclude_region: Vec<String>,
    /// core (curated) or all
    #[arg(long, value_enum, default_value_t = Group::Core, env = "ORGSWEEP_SERVICES")]
    pub(crate) services: Group,
    /// Only these services
    #[arg(long, value_delimiter = ',', value_name = "SERVICE", env = "ORGSWEEP_SERVICE")]
    pub(crate) service: Vec<String>,
    /// All but these services
    #[arg(long, value_delimiter = ',', value_name = "SERVICE", env = "ORGSWEEP_EXCLUDE_SERVICE")]
    pub(crate) exclude_service: Vec<String>,
    /// Probes that are off by default, e.g. s3.policies
    #[arg(long, value_delimiter = ',', value_name = "PROBE", env = "ORGSWEEP_PROBES")]
    pub(crate) probes: Vec<String>,
}

/// How hard to work.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How hard to work")]
pub(crate) struct Pace {
    /// The share of AWS's own rate limits that may be spent, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 25, value_parser = clap::value_parser!(u8).range(1..=100), env = "ORGSWEEP_BUDGET_SHARE")]
    pub(crate) budget_share: u8,
    /// Calls in flight at once
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=16_384), env = "ORGSWEEP_MAX_IN_FLIGHT")]
    pub(crate) max_in_flight: u32,
    /// Attempts before a failure is final
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20), env = "ORGSWEEP_MAX_ATTEMPTS")]
    pub(crate) max_attempts: u32,
    /// The deadline of one call, e.g. 10s or 1500ms
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = super::super::duration::parse, env = "ORGSWEEP_CALL_TIMEOUT")]
    pub(crate) call_timeout: std::time::Duration,
}

/// Which store.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StoreArg {
    /// Where scans are kept: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME
    ///
    /// The file of SQLite is made where there is none. PostgreSQL is known to a build with the feature `fleet`: PORT is
    /// 5432, DATABASE the user's name, where they are not given. `schema` (a to z, digits and _) is where the tables are;
    /// without it, where the server's search path leads. `sslmode`, `sslrootcert`, `sslcert`, `sslkey`,
    /// `application_name` and `options` are PostgreSQL's own.
    #[arg(
        long,
        value_name = "URL",
        default_value = "sqlite:orgsweep.sqlite",
        env = "ORGSWEEP_STORE",
        hide_env_values = true
    )]
    pub(crate) store: String,
}

/// Which parts.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Parts")]
pub(crate) struct PartsArgs {
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Where batches and answers travel: memory:, or as `orgsweep worker --help` has it
    #[arg(
        long,
        value_name = "URL",
        default_value = "memory:",
        env = "ORGSWEEP_QUEUE",
        hide_env_values = true
    )]
    pub(crate) queue: String,
    /// Where spent budgets are counted: memory:, or as `orgsweep worker --help` has it
    #[arg(
        long,
        value_name = "URL",
        default_value = "memory:",
        env = "ORGSWEEP_BUDGETS",
        hide_env_values = true
    )]
    pub(crate) budgets: String,
}
