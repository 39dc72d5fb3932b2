//! What can be typed to write the account graph.

use std::path::PathBuf;

use clap::ValueEnum;

use super::StoreArg;

#[derive(Debug, clap::Args)]
pub(crate) struct Graph {
    /// The scan, or `latest`
    #[arg(long, default_value = "latest")]
    pub(crate) scan: String,
    /// What is written
    #[arg(long, value_enum, default_value_t = GraphFormat::Cypher, env = "ORGSWEEP_GRAPH_FORMAT")]
    pub(crate) format: GraphFormat,
    /// Write to this file instead of standard output; for csv: into this folder
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The number that everything which is written bears; the run's time in seconds where it is not given
    ///
    /// What bears another number was written by another run: of an organization that was read whole, it is removed. So two
    /// runs need two numbers, and the same run can be done again with the same one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..), env = "ORGSWEEP_UPDATE_TAG")]
    pub(crate) update_tag: Option<i64>,
    /// Put stable pseudonyms in place of account ids
    #[arg(long, env = "ORGSWEEP_REDACT")]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) neo4j: Neo4j,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// How the graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Statements with their parameters, for cypher-shell; they can be run again
    Cypher,
    /// Files for a bulk import into an empty database
    Csv,
}

/// A Neo4j that the graph is written into.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Straight into Neo4j")]
pub(crate) struct Neo4j {
    /// Run the statements there over Bolt, in place of writing them: bolt://HOST:PORT or neo4j://HOST:PORT
    ///
    /// With TLS: bolt+s:// or neo4j+s://, whose certificate the machine must trust (`SSL_CERT_FILE` names another file of
    /// roots). The port is 7687 where none is given. For a build with the feature `fleet`.
    #[arg(long, value_name = "URL", conflicts_with = "out", env = "ORGSWEEP_NEO4J")]
    pub(crate) neo4j: Option<String>,
    /// The user
    #[arg(long, value_name = "NAME", default_value = "neo4j", env = "ORGSWEEP_NEO4J_USER")]
    pub(crate) neo4j_user: String,
    /// The database; the server's usual one where none is given
    #[arg(long, value_name = "NAME", env = "ORGSWEEP_NEO4J_DATABASE")]
    pub(crate) neo4j_database: Option<String>,
    /// The environment variable that holds the user's password
    #[arg(
        long,
        value_name = "VARIABLE",
        default_value = "ORGSWEEP_NEO4J_PASSWORD",
        env = "ORGSWEEP_NEO4J_PASSWORD_ENV"
    )]
    pub(crate) neo4j_password_env: String,
    /// The file that holds the password, and nothing else
    #[arg(long, value_name = "FILE", env = "ORGSWEEP_NEO4J_PASSWORD_FILE")]
    pub(crate) neo4j_password_file: Option<PathBuf>,
}
