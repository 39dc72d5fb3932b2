//! The IAM documents that the catalog implies: who may call what, and who may enter where.
//!
//! Pure: from probes and names to JSON. A role's policy names exactly the actions that its part
//! of the product calls; nothing is granted by a wildcard.

pub mod actions;
mod control;
mod deny;
mod document;
mod error;
mod names;
mod narrow;
mod pack;
mod purpose;
mod session;
mod trust;

pub use document::{Condition, Document, Effect, Principal, Statement, one_or_many};
pub use error::PolicyError;
pub use names::Names;
pub use pack::{POLICIES_OF_A_ROLE, POLICY_LIMIT};
pub use purpose::{Documents, Policy, Purpose, documents};
pub use session::{SESSION_LIMIT, SessionPolicy, session_policy};
