//! What can be typed to list accounts.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, ValueEnum};

use super::{Access, Oidc, Pace, PartsArgs, Show, Sources, TenantsTable, WhichAccounts};
use crate::stop::Stop;

#[derive(Debug, clap::Args)]
pub(crate) struct Accounts {
    /// List the accounts of this scan, or of the `latest`; without it, the organization is read now, as a scan of its own
    #[arg(long, value_name = "SCAN")]
    pub(crate) scan: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
    /// table, json, jsonl, csv or html; csv where a file is written for each organization, else table
    #[arg(long, env = "ORGSWEEP_FORMAT")]
    pub(crate) format: Option<String>,
    /// Write to this file instead of standard output; with --upload or --upload-key, a file for each organization into this
    /// folder
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) upload: Upload,
    /// Put stable pseudonyms in place of account ids
    #[arg(long, env = "ORGSWEEP_REDACT")]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) accounts: WhichAccounts,
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) parts: PartsArgs,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// What a listing has.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is listed")]
pub(crate) struct Look {
    /// full (everything that is known), metadata (ten columns), metadata-regions or metadata-id (eleven);
    /// metadata where the format is csv, else full
    ///
    /// The names and the order of the columns of the metadata layouts never change. metadata: Account_Id, Account_Name,
    /// Org_ID, Tenant_Name, CSP, Billing_Account_State, Region_Group, Tenant_ID, Environment, Aide_ID. metadata-regions has
    /// Regions after Region_Group. metadata-id is the same with Account_ID as its first column.
    #[arg(long, value_name = "NAME", env = "ORGSWEEP_LAYOUT")]
    pub(crate) layout: Option<String>,
    /// These columns of any layout, in this order; tag:KEY is the value of a tag
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "COLUMN",
        conflicts_with = "layout",
        env = "ORGSWEEP_COLUMNS"
    )]
    pub(crate) columns: Vec<String>,
    /// What tells which regions an account uses; cells where a scan is named, else none
    #[arg(long, value_enum, value_name = "SOURCE", env = "ORGSWEEP_REGIONS_FROM")]
    pub(crate) regions_from: Option<From>,
    #[expect(rustdoc::broken_intra_doc_links, reason = "it is a table of the settings' file")]
    /// Which region is in which group; in orgsweep.toml a line GROUP = [REGION, ...] under [region_groups]
    ///
    /// Those that are given stand in place of all usual groups: AP, BR, CA, EU, UK and US. Regions of one group are its
    /// name, of several `multi`; regions that are in no group are `unmapped`.
    #[arg(long, value_delimiter = ',', value_name = "GROUP=REGION", env = "ORGSWEEP_REGION_GROUP")]
    pub(crate) region_group: Vec<String>,
    #[expect(rustdoc::broken_intra_doc_links, reason = "it is a table of the settings' file")]
    /// Which tag means what, whatever its case; in orgsweep.toml a line MEANING = [KEY, ...] under [account_tags]
    ///
    /// MEANING is environment (usually environment or env), application (aide-id, aide_id or aideid), owner or name. Where
    /// an account has several, the first that is given wins.
    #[arg(long, value_delimiter = ',', value_name = "MEANING=KEY", env = "ORGSWEEP_TAG_SPELLING")]
    pub(crate) tag_spelling: Vec<String>,
}

/// Files for each organization.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A file for each organization")]
pub(crate) struct Upload {
    /// Write the file of each organization into this bucket of S3, with the current credentials
    ///
    /// Files are written into the folder --out first, where it is given, and stay there whatever the bucket says.
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]", env = "ORGSWEEP_UPLOAD")]
    pub(crate) upload: Option<aws::BucketPlace>,
    /// How the file of an organization is named; metadata-report where nothing is said
    #[arg(long, value_enum, value_name = "SCHEME", env = "ORGSWEEP_UPLOAD_KEY")]
    pub(crate) upload_key: Option<KeyScheme>,
    /// How S3 is to encrypt; without it, as the bucket does by itself
    #[arg(long, value_enum, value_name = "HOW", requires = "upload", env = "ORGSWEEP_UPLOAD_SSE")]
    pub(crate) upload_sse: Option<Sse>,
    /// The key of KMS to encrypt with, as its ARN or id; goes with --upload-sse aws:kms
    #[arg(long, value_name = "KEY", requires = "upload_sse", env = "ORGSWEEP_UPLOAD_KMS_KEY")]
    pub(crate) upload_kms_key: Option<String>,
}

/// How the file of an organization is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyScheme {
    /// aws-MANAGEMENT_ACCOUNT-account-metadata-report-TIME.csv: a new one each time
    MetadataReport,
    /// ORGANIZATION_aws_NAME_tc.csv, NAME being that of the management account: the same each time
    Organization,
}

/// How S3 is to encrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sse {
    /// With S3's own keys
    #[value(name = "AES256")]
    Aes256,
    /// With a key of KMS
    #[value(name = "aws:kms")]
    Kms,
}

/// What tells which regions an account uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// Nothing: it is not asked for
    None,
    /// Any service that is in use there, by the cells of the scan
    Cells,
    /// A resource there that has a tag: the scan asks the tagging API in every account and region
    Tagging,
}

/// Flags about how to read an organization now.
const OF_NOW: &[&str] = &[
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
    "queue",
    "budgets",
    "budget_share",
    "max_in_flight",
    "max_attempts",
    "call_timeout",
];

impl Accounts {
    /// Refuses flags about reading an organization where a scan is named that has read it.
    ///
    /// # Errors
    /// A sentence that names the flag.
    pub(crate) fn check(matches: &ArgMatches) -> Result<(), Stop> {
        if matches.value_source("scan").is_none() {
            return Ok(());
        }
        let is_typed = |id: &&&str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let flags = OF_NOW.iter().chain(&TenantsTable::FLAGS).chain(&Oidc::FLAGS);
        match flags.into_iter().find(is_typed) {
            Some(id) => Err(Stop::usage(format!(
                "--{} is about reading an organization now, and --scan names one that was read: leave one of them out",
                id.replace('_', "-")
            ))),
            None => Ok(()),
        }
    }
}
