//! Which part of what there is a scan looks at.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ProbeId, Region, ServiceId};

/// What to look at; an empty inclusion means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Accounts to look at.
    pub accounts: Vec<AccountId>,
    /// Accounts to leave out.
    pub exclude_accounts: Vec<AccountId>,
    /// Units to look at, with everything below: ids, or paths of names (`Root/Payments`).
    pub units: Vec<String>,
    /// Units to leave out, with everything below.
    pub exclude_units: Vec<String>,
    /// Tags that an account must have, all of them.
    pub tags: Vec<(String, String)>,
    /// Regions to look at.
    pub regions: Vec<Region>,
    /// Regions to leave out; `global` leaves out the global services.
    pub exclude_regions: Vec<Region>,
    /// Services to look at, beyond the groups.
    pub services: Vec<ServiceId>,
    /// Services to leave out.
    pub exclude_services: Vec<ServiceId>,
    /// Whether the breadth of derived services is looked at too (`--services all`).
    pub all_services: bool,
    /// Probes to run though they are off by default.
    pub probes: Vec<ProbeId>,
}

impl Selection {
    /// Whether `region` is asked for; `global` is, unless it is left out by name.
    #[must_use]
    pub fn wants_region(&self, region: &Region) -> bool {
        let included =
            region.is_global() || self.regions.is_empty() || self.regions.contains(region);
        included && !self.exclude_regions.contains(region)
    }

    /// Whether `account` is asked for by its id.
    #[must_use]
    pub fn wants_account(&self, account: &AccountId) -> bool {
        let included = self.accounts.is_empty() || self.accounts.contains(account);
        included && !self.exclude_accounts.contains(account)
    }

    /// Whether the tree must be known before an account can be chosen.
    #[must_use]
    pub fn needs_tree(&self) -> bool {
        !self.units.is_empty() || !self.exclude_units.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> Region {
        Region::new(text).expect("a region")
    }

    #[test]
    fn a_region_filter_leaves_global_in_unless_it_is_named() {
        let some = Selection { regions: vec![region("eu-west-1")], ..Selection::default() };
        assert!(some.wants_region(&Region::global()));
        assert!(!some.wants_region(&region("us-east-1")));
        let none = Selection { exclude_regions: vec![Region::global()], ..Selection::default() };
        assert!(!none.wants_region(&Region::global()));
        assert!(none.wants_region(&region("us-east-1")));
    }
}
