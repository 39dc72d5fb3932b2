//! The flags about a web identity: credentials by the token of another identity provider.

/// A web identity.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Web identity (OIDC)")]
pub(crate) struct Oidc {
    /// Assume --role-arn and the roles of tenants with a token of this endpoint, in place of AWS credentials
    ///
    /// The token is asked for with client credentials, and renewed after four fifths of its life. The endpoint begins
    /// with https://, or is on loopback.
    #[arg(long, value_name = "URL", env = "ORGSWEEP_OIDC_TOKEN_URL")]
    pub(crate) oidc_token_url: Option<String>,
    /// The client that asks for it
    #[arg(long, value_name = "ID", env = "ORGSWEEP_OIDC_CLIENT_ID")]
    pub(crate) oidc_client_id: Option<String>,
    /// The scope that is asked for
    #[arg(long, value_name = "SCOPE", env = "ORGSWEEP_OIDC_SCOPE")]
    pub(crate) oidc_scope: Option<String>,
    /// The environment variable that holds the client's secret
    #[arg(long, value_name = "VARIABLE", env = "ORGSWEEP_OIDC_SECRET_ENV")]
    pub(crate) oidc_secret_env: Option<String>,
    /// The file that holds the client's secret, and nothing else
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "oidc_secret_env",
        env = "ORGSWEEP_OIDC_SECRET_FILE"
    )]
    pub(crate) oidc_secret_file: Option<String>,
    /// The role that the token becomes where the current credentials are meant: to read an organization or a table
    #[arg(long, value_name = "ARN", env = "ORGSWEEP_OIDC_ROLE_ARN")]
    pub(crate) oidc_role_arn: Option<String>,
}

impl Oidc {
    /// Every flag of the group, by its name in the parser.
    pub(crate) const FLAGS: [&str; 6] = [
        "oidc_token_url",
        "oidc_client_id",
        "oidc_scope",
        "oidc_secret_env",
        "oidc_secret_file",
        "oidc_role_arn",
    ];
}
