//! The flags about a table of tenants: many organizations, each by its management account.

/// A table of tenants.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "A table of tenants")]
pub(crate) struct TenantsTable {
    /// A DynamoDB table of tenants: the organization of each item, entered by a role in its management account
    ///
    /// The table is read, and the roles are assumed, with the current credentials. An item that leads nowhere is told
    /// with its reason, and stops no other. The role that is assumed in a management account reads its organization and
    /// assumes the --role of its members.
    #[arg(long, value_name = "NAME", env = "ORGSWEEP_TENANTS_TABLE")]
    pub(crate) tenants_table: Option<String>,
    /// The table's region; the hub's where it is not given
    #[arg(long, value_name = "REGION", env = "ORGSWEEP_TENANTS_REGION")]
    pub(crate) tenants_region: Option<String>,
    /// The role to assume in every tenant's management account
    #[arg(
        long,
        value_name = "NAME",
        default_value = "orgsweep-tenant",
        env = "ORGSWEEP_TENANTS_ROLE"
    )]
    pub(crate) tenants_role: String,
    /// Which items are tenants; of an attribute that is given several times any value will do
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "ATTRIBUTE=VALUE",
        default_values = [
            "tenant_type=Cloud Usage",
            "tenant_status=Active",
            "cloud_service_provider=AWS",
        ],
        env = "ORGSWEEP_TENANTS_FILTER"
    )]
    pub(crate) tenants_filter: Vec<String>,
    /// The attribute that holds a tenant's account id
    #[arg(
        long,
        value_name = "ATTRIBUTE",
        default_value = "tenant_id",
        env = "ORGSWEEP_TENANTS_ID_ATTRIBUTE"
    )]
    pub(crate) tenants_id_attribute: String,
    /// The attribute that holds a tenant's name, for messages
    #[arg(long, value_name = "ATTRIBUTE", env = "ORGSWEEP_TENANTS_NAME_ATTRIBUTE")]
    pub(crate) tenants_name_attribute: Option<String>,
    /// The attribute that holds the ARN of a tenant's role; items without it have the --tenants-role
    #[arg(long, value_name = "ATTRIBUTE", env = "ORGSWEEP_TENANTS_ROLE_ATTRIBUTE")]
    pub(crate) tenants_role_attribute: Option<String>,
    /// The attribute that holds the external id that a tenant's role asks for; items without it have the --external-id
    #[arg(long, value_name = "ATTRIBUTE", env = "ORGSWEEP_TENANTS_EXTERNAL_ID_ATTRIBUTE")]
    pub(crate) tenants_external_id_attribute: Option<String>,
}

impl TenantsTable {
    /// Every flag of the group, by its name in the parser.
    pub(crate) const FLAGS: [&str; 8] = [
        "tenants_table",
        "tenants_region",
        "tenants_role",
        "tenants_filter",
        "tenants_id_attribute",
        "tenants_name_attribute",
        "tenants_role_attribute",
        "tenants_external_id_attribute",
    ];
}
