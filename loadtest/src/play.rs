//! Playing AWS: from a request to a reply, without a socket in sight.

mod credentials;
mod depth;
mod fleeting;
mod limits;
mod listed;
mod organizations;
mod policies;
mod reader;
mod regions;
mod reply;
mod session_policy;
mod signature;
mod stage;
mod sts;
mod windows;

pub use credentials::Keys;
pub(crate) use credentials::Mint;
pub use depth::ShareUse;
pub use limits::{ClassCount, Counters};
pub(crate) use reader::Incoming;
pub(crate) use reply::{Break, Reply};
pub(crate) use stage::{Stage, Ways};
pub use windows::BucketCalls;
