//! Why a connection to AWS cannot even be tried.

use catalog::error::CatalogError;
use protocol::ConnectionId;
use protocol::tenants::InvalidFilter;
use protocol::web_identity::InvalidWebIdentity;

use crate::arn::InvalidName;

/// What is wrong with the settings before anything is called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// A role or account that no AWS would take.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A variable that a source names is not set.
    #[error("the environment variable {variable} is not set, but a source takes its keys from it")]
    NoVariable {
        /// The variable's name.
        variable: String,
    },
    /// A source that names a connection of a server.
    #[error(
        "the connection {name} is known only to a coordinator's settings: drive it with --server"
    )]
    OnlyThere {
        /// The connection's name.
        name: ConnectionId,
    },
    /// A filter of tenants that the table could not be asked by.
    #[error(transparent)]
    Filter(#[from] InvalidFilter),
    /// A table of tenants, or an attribute of it, without a name.
    #[error("the table of tenants and its attributes need names: one is empty")]
    NamelessTable,
    /// A web identity that could never work.
    #[error(transparent)]
    WebIdentity(#[from] InvalidWebIdentity),
    /// A web identity that nothing is entered by, or that goes with another first step.
    #[error("the web identity: {0}")]
    Unused(&'static str),
    /// The secret of a web identity is not there.
    #[error("the secret of the web identity: {place}")]
    NoSecret {
        /// Where it should be, and why it is not.
        place: String,
    },
    /// An endpoint that is no URL.
    #[error("{url:?} is not an endpoint: one looks like http://127.0.0.1:5000")]
    Endpoint {
        /// What was given.
        url: String,
    },
    /// A session length that STS refuses.
    #[error("a session of {seconds} seconds is not possible: 900 to 43200 are")]
    SessionLength {
        /// What was given.
        seconds: u32,
    },
    /// What the catalog does not know: a region of no partition.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The table of control-plane calls cannot be read.
    #[error("the table of control-plane calls cannot be read: {0}")]
    Control(String),
}

/// Why the profiles cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A file is not what AWS's tools would take.
    #[error("the AWS configuration files cannot be read: {0}")]
    Unreadable(String),
}
