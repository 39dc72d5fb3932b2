//! AWS as a provider: organization, sessions, and one generic signed client for every service.
//!
//! [`Aws`] implements [`protocol::provider::Provider`]. What is called is the catalog's business;
//! how it is signed, sent, read and understood is ours. Data planes are called in one place
//! (`api`), errors are understood in one table (`classify`).

mod access;
mod api;
mod arn;
mod classify;
mod configured;
mod connection;
mod control;
mod denial;
mod direct;
mod documents;
mod endpoints;
mod error;
#[cfg(feature = "bench")]
pub mod measured;
mod options;
mod organization;
mod page;
mod preflight;
mod profiles;
mod provider;
mod purse;
mod sdk;
mod session;
mod sign;
mod signing_key;
mod skew;
mod sts;
mod tenants;
mod transport;
mod upload;
mod web_identity;
mod wire;

pub use arn::{InvalidName, RoleArn, parse_account_id, parse_role_arn, parse_role_name};
pub use configured::{Configured, NamedConnection};
pub use error::{ConnectError, ProfileError};
pub use options::{Options, StaticKeys};
pub use profiles::profiles;
pub use provider::Aws;
pub use upload::{BadPlace, BucketPlace, Encryption, NewObject};
