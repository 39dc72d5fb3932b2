//! What can be typed: the command line as clap reads it.

mod accounts;
mod catalog;
mod diff;
mod graph;
mod groups;
mod oidc;
pub(crate) mod server;
mod services;
mod tenants;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use accounts::{Accounts, From, KeyScheme, Sse, Upload};
pub(crate) use catalog::{Catalog, Group, PolicyRole, RoleNames, Services};
pub(crate) use diff::Diff;
#[cfg(feature = "fleet")]
pub(crate) use graph::Neo4j;
pub(crate) use graph::{Graph, GraphFormat};
pub(crate) use groups::{Access, Pace, PartsArgs, Sources, StoreArg, Which, WhichAccounts};
pub(crate) use oidc::Oidc;
pub(crate) use server::{Ordered, Schedule, ServerArg, Token, check};
#[cfg(feature = "fleet")]
pub(crate) use services::Interface;
pub(crate) use services::{Coordinator, Health, Migrate, Worker};
pub(crate) use tenants::TenantsTable;

const EXIT_CODES: &str = "\
Exit codes: 0 every cell known; 3 finished, some cells unknown (they are named); 4 interrupted or
cancelled, resumable; 2 bad usage or bad input; 1 anything else.

Every flag has an environment variable (ORGSWEEP_...) and a key in orgsweep.toml; flags win over the
environment, the environment over the file. AWS settings come from AWS's own places.";

/// Takes stock of a whole cloud organization: every account, region and service, and what could not be seen.
#[derive(Debug, Parser)]
#[command(name = "orgsweep", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Args {
    /// Settings file; ./orgsweep.toml where it is there
    #[arg(long, global = true, value_name = "FILE", env = "ORGSWEEP_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// How log lines on standard error look
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "ORGSWEEP_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Least log level, or a filter such as aws=debug
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn", env = "ORGSWEEP_LOG")]
    pub(crate) log: String,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One readable line each
    Text,
    /// One JSON object each
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan a synthetic organization on a built-in AWS stand-in: no account, no set-up
    Demo(Demo),
    /// Get into every account and try a few probes: who lets us in, and what is missing
    CheckAccess(CheckAccess),
    /// Say what a scan would do: cells, calls, time and cost; no account is entered
    Plan(Plan),
    /// Discover accounts, look at every service and region, and report
    Scan(Scan),
    /// Go on with a scan that was interrupted
    Resume(Resume),
    /// Run again, into the same scan, the cells that match
    Requeue(Requeue),
    /// Give a scan up; cells without an answer stay not_run
    Cancel(OnScan),
    /// Let a running scan dispatch nothing for a while
    Pause(OnScan),
    /// Let a paused scan go on
    Continue(OnScan),
    /// Say how far a scan is
    Status(Status),
    /// List the scans of a store
    Scans(Scans),
    /// Write a report
    Report(Report),
    /// List the accounts of an organization with what is known of each, for people and other programs
    Accounts(Box<Accounts>),
    /// Say what differs between two scans: what changed in AWS, and what only became visible or invisible
    Diff(Diff),
    /// Write the organization as a graph: for cypher-shell, for a bulk import, or straight into Neo4j
    Graph(Graph),
    /// Serve: discover, dispatch and write down the scans of a fleet, and answer over HTTP
    Coordinator(Coordinator),
    /// Serve: work off batches, as one of any number of workers
    Worker(Worker),
    /// Ask a coordinator or worker on this machine whether it lives: exit code 0 if so
    Health(Health),
    /// Make a store's tables, or bring them up to date
    Migrate(Migrate),
    /// Make, list and take back the tokens that open a coordinator
    #[command(subcommand)]
    Token(Token),
    /// Let a coordinator start scans again and again
    #[command(subcommand)]
    Schedule(Schedule),
    /// Look into the catalog of services
    #[command(subcommand)]
    Catalog(Catalog),
    /// Print a completion script
    Completion {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Accounts of the synthetic organization
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=20_000), env = "ORGSWEEP_DEMO_ACCOUNTS")]
    pub(crate) accounts: u32,
    /// What the organization is made from; the same seed makes the same one
    #[arg(long, default_value_t = 1, env = "ORGSWEEP_DEMO_SEED")]
    pub(crate) seed: u64,
    /// Folder for the store and the reports
    #[arg(long, value_name = "DIR", default_value = "orgsweep-demo", env = "ORGSWEEP_DEMO_OUT")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) show: Show,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckAccess {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
    pub(crate) format: Listing,
    #[command(flatten)]
    pub(crate) show: Show,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// Count the calls that read the tags of all accounts too: one for each account
    #[arg(long, env = "ORGSWEEP_ACCOUNT_TAGS")]
    pub(crate) account_tags: bool,
    /// Read the organization's units and policies too, and tell which cells service control policies will deny, by
    /// statement: what reading them takes is in the plan, at the share of --budget-share
    #[arg(long, env = "ORGSWEEP_PREDICT_DENIALS")]
    pub(crate) predict_denials: bool,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
    pub(crate) format: Listing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) parts: PartsArgs,
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
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// The scan, or `latest`
    #[arg(default_value = "latest")]
    pub(crate) scan: String,
    #[command(flatten)]
    pub(crate) parts: PartsArgs,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Requeue {
    /// The scan, or `latest`
    pub(crate) scan: String,
    /// Statuses of the cells to run again; every unknown one where no filter is given
    #[arg(long, value_delimiter = ',', value_name = "STATUS", env = "ORGSWEEP_STATUS")]
    pub(crate) status: Vec<protocol::Status>,
    /// Their accounts
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// Units that their accounts are in or below: ids, or paths such as Root/Payments
    #[arg(long, value_delimiter = ',', value_name = "OU")]
    pub(crate) ou: Vec<String>,
    /// Their regions
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) region: Vec<String>,
    /// Their services
    #[arg(long, value_delimiter = ',', value_name = "SERVICE")]
    pub(crate) service: Vec<String>,
    /// The codes of their failures
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    pub(crate) code: Vec<String>,
    /// Only mark them; `resume` runs them
    #[arg(long)]
    pub(crate) no_run: bool,
    #[command(flatten)]
    pub(crate) parts: PartsArgs,
    #[command(flatten)]
    pub(crate) server: ServerArg,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OnScan {
    /// The scan, or `latest`
    pub(crate) scan: String,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The scan, or `latest`
    #[arg(default_value = "latest")]
    pub(crate) scan: String,
    /// Say it again every two seconds until the scan ends
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
    pub(crate) format: Listing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Scans {
    /// The most that are listed
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
    pub(crate) format: Listing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// The report; without one, the names of all
    pub(crate) name: Option<String>,
    /// The scan, or `latest`
    #[arg(long, default_value = "latest")]
    pub(crate) scan: String,
    /// table, json, jsonl, csv or html
    #[arg(long, default_value = "table", env = "ORGSWEEP_FORMAT")]
    pub(crate) format: String,
    /// Write to this file (for enablement-files: folder) instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Put stable pseudonyms in place of account ids
    #[arg(long, env = "ORGSWEEP_REDACT")]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) server: ServerArg,
}

/// How much is kept of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resources {
    /// Only counts
    None,
    /// Counts and at most twenty ids a cell
    Sample,
    /// Everything that the probes keep
    All,
}

/// How a listing looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    /// For people
    Table,
    /// For programs
    Json,
}

/// What is shown while a scan works.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Show {
    /// Show nothing but errors
    #[arg(long, short, env = "ORGSWEEP_QUIET")]
    pub(crate) quiet: bool,
    /// Show no progress
    #[arg(long, env = "ORGSWEEP_NO_PROGRESS")]
    pub(crate) no_progress: bool,
}

/// Where results go.
#[derive(Debug, clap::Args)]
pub(crate) struct Output {
    /// Write the set of reports into DIR/`scan_<time>_<id>`/, and point DIR/latest at it
    #[arg(long, value_name = "DIR", env = "ORGSWEEP_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// How the summary at the end looks: table or json
    #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
    pub(crate) format: Listing,
    /// Put stable pseudonyms in place of account ids, in every output
    #[arg(long, env = "ORGSWEEP_REDACT")]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) show: Show,
}
