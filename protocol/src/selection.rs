//! Which part of what there is a scan looks at.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ProbeId, Region, ServiceId};
use crate::inventory::{Account, AccountState};

/// What to look at; an empty inclusion means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Accounts to look at.
    pub accounts: Vec<AccountId>,
    /// Accounts to leave out.
    pub exclude_accounts: Vec<AccountId>,
    /// Patterns of names of accounts to look at (see [`name_matches`]).
    pub account_names: Vec<String>,
    /// Patterns of names of accounts to leave out.
    pub exclude_account_names: Vec<String>,
    /// Units to look at, with everything below: ids, or paths of names (`Root/Payments`).
    pub units: Vec<String>,
    /// Units to leave out, with everything below.
    pub exclude_units: Vec<String>,
    /// Tags that an account must have, all of them.
    pub tags: Vec<(String, String)>,
    /// Tags of accounts to leave out; one of them is enough.
    pub exclude_tags: Vec<(String, String)>,
    /// States of accounts to look at; only active accounts are ever entered.
    pub states: Vec<AccountState>,
    /// States of accounts to leave out.
    pub exclude_states: Vec<AccountState>,
    /// Whether the accounts that manage their organizations are left out.
    pub no_management_account: bool,
    /// Regions to look at.
    pub regions: Vec<Region>,
    /// Regions to leave out; `global` leaves out the global services.
    pub exclude_regions: Vec<Region>,
    /// Whether no service is looked at, but for probes that are named: organizations are read, and without a probe no
    /// account is entered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_services: bool,
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

    /// Whether `account` is asked for as far as its id, name, state and rank tell: its unit and its
    /// tags may still leave it out.
    #[must_use]
    pub fn may_want(&self, account: &Account) -> bool {
        let named = |patterns: &[String]| {
            patterns.iter().any(|pattern| name_matches(pattern, &account.name))
        };
        let included = (self.accounts.is_empty() || self.accounts.contains(&account.id))
            && (self.account_names.is_empty() || named(&self.account_names))
            && (self.states.is_empty() || self.states.contains(&account.state));
        let excluded = self.exclude_accounts.contains(&account.id)
            || named(&self.exclude_account_names)
            || self.exclude_states.contains(&account.state)
            || (self.no_management_account && account.management);
        included && !excluded
    }

    /// Whether an account's tags must be known before it can be chosen.
    #[must_use]
    pub fn needs_tags(&self) -> bool {
        !self.tags.is_empty() || !self.exclude_tags.is_empty()
    }

    /// Whether the tree must be known before an account can be chosen.
    #[must_use]
    pub fn needs_tree(&self) -> bool {
        !self.units.is_empty() || !self.exclude_units.is_empty()
    }
}

/// Whether a name matches a pattern as a whole: `*` stands for any text, `?` for one character, and
/// upper and lower case are the same.
#[must_use]
pub fn name_matches(pattern: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (pattern, name) = (letters(pattern), letters(name));
    let (mut at, mut seen) = (0, 0);
    // Where the last `*` stands, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        match (pattern.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(letter), _) if *letter == '?' || name.get(seen) == Some(letter) => {
                at += 1;
                seen += 1;
            }
            (_, Some((begin, taken))) => {
                star = Some((begin, taken + 1));
                at = begin + 1;
                seen = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
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

    #[test]
    fn a_pattern_matches_a_whole_name_whatever_its_case() {
        for (pattern, name) in [
            ("payments-*", "Payments-Prod"),
            ("*prod*", "payments-prod-7"),
            ("web-?", "web-1"),
            ("**", ""),
            ("a*b*c", "a-b-b-c"),
            ("plain", "plain"),
        ] {
            assert!(name_matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("prod", "prod-1"), ("web-?", "web-"), ("a*b", "a-b-c"), ("", "x"), ("?", "")]
        {
            assert!(!name_matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn settings_of_older_scans_are_read() {
        let older = r#"{ "accounts": ["111122223333"], "tags": [["env", "prod"]] }"#;
        let read: Selection = serde_json::from_str(older).expect("a selection");
        assert_eq!((read.accounts.len(), read.tags.len()), (1, 1));
        assert!(read.account_names.is_empty() && !read.no_management_account);
    }
}
