//! What can be typed to ask a coordinator on another machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Subcommand};
use protocol::registry::Scope;
use protocol::scan::Priority;

use super::groups::{Pace, StoreArg, Which};
use super::{Accounts, Command, Listing, Oidc, Resources, TenantsTable};
use crate::duration;
use crate::stop::Stop;

/// Which coordinator.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "On another machine")]
pub(crate) struct ServerArg {
    /// Ask this coordinator in place of a store of one's own; ORGSWEEP_TOKEN holds the token
    #[arg(long, value_name = "URL", env = "ORGSWEEP_SERVER")]
    pub(crate) server: Option<String>,
    /// The file that holds the token, in place of ORGSWEEP_TOKEN
    #[arg(long, value_name = "FILE", env = "ORGSWEEP_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// How a coordinator is to get in, and how soon.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "On another machine")]
pub(crate) struct Ordered {
    /// A connection that the coordinator's settings name; needed where they name several
    #[arg(long, value_delimiter = ',', value_name = "NAME", env = "ORGSWEEP_CONNECTION")]
    pub(crate) connection: Vec<String>,
    /// Where the scan stands among those that run at the same time: low, normal or high
    #[arg(long, value_name = "PRIORITY", default_value_t = Priority::Normal, env = "ORGSWEEP_PRIORITY")]
    pub(crate) priority: Priority,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it, once: the first one beside the store, others from anywhere
    Create {
        /// Whose it will be
        #[arg(long, value_name = "NAME")]
        owner: String,
        /// The most that it may do: read, operate or admin
        #[arg(long, value_name = "SCOPE")]
        scope: Scope,
        /// When it ends by itself, e.g. 12h or 90d; without it when it is taken back
        #[arg(long, value_name = "TIME", value_parser = duration::parse_long)]
        expires: Option<Duration>,
        #[command(flatten)]
        place: Place,
    },
    /// List tokens, without their secrets
    List {
        #[command(flatten)]
        place: Place,
        /// How the answer looks
        #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
        format: Listing,
    },
    /// Take a token back
    Revoke {
        /// Its id
        id: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Where tokens are kept.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The workspace that they open; with --server that of the token that asks
    #[arg(long, value_name = "NAME", env = "ORGSWEEP_WORKSPACE")]
    pub(crate) workspace: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// Start a scan again and again, unless the last one still runs; a schedule of the same name is replaced
    Add(Box<NewSchedule>),
    /// List schedules
    List {
        #[command(flatten)]
        server: ServerArg,
        /// How the answer looks
        #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
        format: Listing,
    },
    /// Remove a schedule; scans that it started go on
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        server: ServerArg,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewSchedule {
    /// Its name
    pub(crate) name: String,
    /// When: minute, hour, day of month, month, day of week, in UTC, e.g. "0 2 * * *"
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) cron: String,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// How much is kept of the things that are seen
    #[arg(long, value_enum, default_value_t = Resources::All, env = "ORGSWEEP_RESOURCES")]
    pub(crate) resources: Resources,
    /// Read the tags of all accounts too, behind the scan: a call for each account
    #[arg(long, env = "ORGSWEEP_ACCOUNT_TAGS")]
    pub(crate) account_tags: bool,
    /// Do not call cells that a service control policy will deny for certain, but for a sample of them: they end as
    /// not_run, with the policy. Policies and units are read before the first account is entered
    #[arg(long, env = "ORGSWEEP_SKIP_PREDICTED_DENIALS")]
    pub(crate) skip_predicted_denials: bool,
    #[command(flatten)]
    pub(crate) ordered: Ordered,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

impl Command {
    /// The coordinator that is asked, where the command may ask one.
    pub(crate) fn server(&self) -> Option<&ServerArg> {
        let server = match self {
            Self::Scan(args) => &args.server,
            Self::Requeue(args) => &args.server,
            Self::Cancel(args) | Self::Pause(args) | Self::Continue(args) => &args.server,
            Self::Status(args) => &args.server,
            Self::Scans(args) => &args.server,
            Self::Report(args) => &args.server,
            Self::Diff(args) => &args.server,
            Self::Token(
                Token::Create { place, .. }
                | Token::List { place, .. }
                | Token::Revoke { place, .. },
            ) => &place.server,
            Self::Schedule(Schedule::Add(args)) => &args.server,
            Self::Schedule(Schedule::List { server, .. } | Schedule::Remove { server, .. }) => {
                server
            }
            _ => return None,
        };
        server.server.is_some().then_some(server)
    }
}

/// Flags about the machine that the command is typed on.
const OF_THIS_MACHINE: &[&str] = &[
    "profile",
    "all_profiles",
    "role_arn",
    "accounts_file",
    "role",
    "external_id",
    "org_role",
    "via_role",
    "session_duration",
    "hub_region",
];
/// Flags about where the parts are. Their variables are for the services that may run beside, so only what is typed counts.
const OF_THE_PARTS: &[&str] = &["store", "queue", "budgets"];

/// Refuses flags that do not go with `--server`, or only with it.
///
/// # Errors
/// A sentence that names the flag and what to say in its place.
pub(crate) fn check(matches: &ArgMatches) -> Result<(), Stop> {
    let Some((name, inner)) = matches.subcommand() else { return own(matches) };
    if name == "accounts" {
        Accounts::check(inner)?;
    }
    check(inner)
}

fn own(matches: &ArgMatches) -> Result<(), Stop> {
    let source = |id: &str| {
        let is_known = matches.try_contains_id(id).is_ok();
        is_known.then(|| matches.value_source(id)).flatten()
    };
    let is_typed = |id: &str| source(id) == Some(ValueSource::CommandLine);
    let is_said = |id: &str| is_typed(id) || source(id) == Some(ValueSource::EnvVariable);
    let flag = |id: &str| format!("--{}", id.replace('_', "-"));
    // A value of the settings file is a default, and not of a flag that was typed.
    let asks = matches.try_get_one::<String>("server").ok().flatten().is_some();
    if !asks {
        return match ["connection", "token_file"].into_iter().find(|id| is_said(id)) {
            Some(id) => Err(Stop::usage(format!(
                "{} is for a coordinator on another machine: say which with --server URL",
                flag(id)
            ))),
            None => Ok(()),
        };
    }
    let of_this_machine = OF_THIS_MACHINE.iter().chain(&TenantsTable::FLAGS).chain(&Oidc::FLAGS);
    let mut said = of_this_machine.filter(|id| is_said(id));
    if let Some(id) = said.next().or_else(|| OF_THE_PARTS.iter().find(|id| is_typed(id))) {
        return Err(Stop::usage(format!(
            "{} is about this machine, and --server works from another: leave it out, and name what to scan from with --connection NAME",
            flag(id)
        )));
    }
    if is_said("no_run") {
        let sentence =
            "--no-run is for a store of one's own: a coordinator runs at once what is re-queued";
        return Err(Stop::usage(sentence));
    }
    Ok(())
}
