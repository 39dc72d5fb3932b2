//! What entering an account tells before any probe runs.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::ids::Region;

/// An account that was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preflight {
    /// The principal that looks, e.g. an assumed role's ARN.
    pub principal: String,
    /// The account's regions.
    pub regions: RegionList,
}

/// Which regions are open to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionList {
    /// The account (or its organization) listed them.
    Listed {
        /// Regions that are on by default or opted in.
        open: Vec<Region>,
        /// Regions that are not opted in.
        closed: Vec<Region>,
    },
    /// Nobody could list them: default regions are tried, opt-in ones are not run.
    Unlisted(Failure),
}
