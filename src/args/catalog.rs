//! `orgsweep catalog`: services, their entries, and the policies that they need.

use clap::{Subcommand, ValueEnum};

use super::Listing;

/// The commands about the catalog.
#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// List services
    List {
        #[command(flatten)]
        services: Services,
        /// How the answer looks
        #[arg(long, value_enum, default_value_t = Listing::Table, env = "ORGSWEEP_FORMAT")]
        format: Listing,
    },
    /// Show a service's entry: what is asked, what counts, what it needs
    Show {
        /// The service
        service: String,
    },
    /// Validate every entry
    Check,
    /// Print the IAM policies and trust documents that a scan needs
    IamPolicy {
        /// Whose role
        #[arg(id = "for", long = "for", value_enum, value_name = "ROLE")]
        role: PolicyRole,
        #[command(flatten)]
        services: Services,
        #[command(flatten)]
        names: RoleNames,
    },
}

/// The names that policies and trust documents hold.
#[derive(Debug, clap::Args)]
pub(crate) struct RoleNames {
    /// The member role's name, with its path
    #[arg(long, value_name = "NAME", default_value = "orgsweep-member", env = "ORGSWEEP_ROLE")]
    pub(crate) role: String,
    /// The partition of the ARNs
    #[arg(long, default_value = "aws")]
    pub(crate) partition: String,
    /// For trust: the exact role that enters; without it no trust document is printed
    #[arg(long, value_name = "ARN", env = "ORGSWEEP_HUB_ROLE")]
    pub(crate) hub_role: Option<String>,
    /// For trust: the external id that it must bring
    #[arg(long, value_name = "ID", env = "ORGSWEEP_EXTERNAL_ID")]
    pub(crate) external_id: Option<String>,
    /// For trust: the organization that it must be in
    #[arg(long, value_name = "o-ID", env = "ORGSWEEP_ORGANIZATION")]
    pub(crate) organization: Option<String>,
    /// For the runner: the role that reads the organization, if it has to assume one
    #[arg(long, value_name = "ARN", env = "ORGSWEEP_ORG_ROLE")]
    pub(crate) org_role: Option<String>,
    /// For the runner: the table of tenants that it reads, and whose roles it assumes
    #[arg(long, value_name = "NAME", env = "ORGSWEEP_TENANTS_TABLE")]
    pub(crate) tenants_table: Option<String>,
    /// For the runner: the role in every tenant's management account
    #[arg(
        long,
        value_name = "NAME",
        default_value = "orgsweep-tenant",
        env = "ORGSWEEP_TENANTS_ROLE"
    )]
    pub(crate) tenants_role: String,
}

/// Which services.
#[derive(Debug, clap::Args)]
pub(crate) struct Services {
    /// core (curated) or all
    #[arg(long, value_enum, default_value_t = Group::Core, env = "ORGSWEEP_SERVICES")]
    pub(crate) services: Group,
    /// Only these services
    #[arg(long, value_delimiter = ',', value_name = "SERVICE", env = "ORGSWEEP_SERVICE")]
    pub(crate) service: Vec<String>,
    /// Probes that are off by default, e.g. s3.policies
    #[arg(long, value_delimiter = ',', value_name = "PROBE", env = "ORGSWEEP_PROBES")]
    pub(crate) probes: Vec<String>,
}

/// A group of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// The curated ones: ownership and switches are judged
    Core,
    /// The derived ones too: things are listed, not judged
    All,
}

/// Whose policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyRole {
    /// The role in every account that is looked at
    Member,
    /// The role that runs orgsweep
    Runner,
    /// The role that reads the organization
    Organization,
    /// The role that writes reports out
    Outputs,
}
