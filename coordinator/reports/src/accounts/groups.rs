//! Groups of regions: which one an account is in, by the regions that it uses. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ReportError;

/// The groups of those who set none.
const USUAL: &[(&str, &[&str])] = &[
    (
        "AP",
        &[
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
        ],
    ),
    ("BR", &["sa-east-1"]),
    ("CA", &["ca-central-1"]),
    ("EU", &["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"]),
    ("UK", &["eu-west-2"]),
    ("US", &["us-east-1", "us-east-2", "us-west-1", "us-west-2"]),
];

/// What stands where regions of several groups are used.
const SEVERAL: &str = "multi";
/// What stands where all regions that are used are in no group.
const UNMAPPED: &str = "unmapped";

/// Which region is in which group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    of: BTreeMap<String, String>,
}

/// The group of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Group {
    /// No region is used.
    None,
    /// The name of the only one, or a word where there is no only one.
    Named(String),
    /// Regions of which nothing is known may change it.
    Unknown,
}

impl Default for Groups {
    fn default() -> Self {
        let pairs = USUAL.iter().flat_map(|(group, regions)| {
            regions.iter().map(|region| ((*region).to_owned(), (*group).to_owned()))
        });
        Self { of: pairs.collect() }
    }
}

impl Groups {
    /// Reads `GROUP=REGION` pairs; without any, the usual groups.
    ///
    /// # Errors
    /// [`ReportError::BadGroup`] for what is no pair, or a region that is in two groups.
    pub fn parse(pairs: &[String]) -> Result<Self, ReportError> {
        if pairs.is_empty() {
            return Ok(Self::default());
        }
        let bad = |why: String| ReportError::BadGroup(why.chars().take(200).collect());
        let mut of = BTreeMap::new();
        for pair in pairs {
            let (group, region) = pair
                .split_once('=')
                .filter(|(group, region)| !group.is_empty() && !region.is_empty())
                .ok_or_else(|| bad(format!("{pair:?} is not of the form GROUP=REGION")))?;
            let before = of.insert(region.to_owned(), group.to_owned());
            if let Some(before) = before.filter(|before| before != group) {
                return Err(bad(format!("{region} is in {before} and in {group}: keep it in one")));
            }
        }
        Ok(Self { of })
    }

    /// The group of those who use these regions, and maybe the others.
    pub(super) fn of(&self, used: &BTreeSet<String>, maybe: &BTreeSet<String>) -> Group {
        let groups = |regions: &BTreeSet<String>| -> BTreeSet<String> {
            regions.iter().filter_map(|region| self.of.get(region)).cloned().collect()
        };
        let (sure, maybe_more) = (groups(used), groups(maybe));
        let named = |name: &str| Group::Named(name.to_owned());
        match (sure.len(), sure.first()) {
            (1, Some(only)) if maybe_more.iter().all(|group| group == only) => named(only),
            (0 | 1, _) if !maybe_more.is_empty() => Group::Unknown,
            (0, _) if !used.is_empty() => named(UNMAPPED),
            (0, _) if maybe.is_empty() => Group::None,
            (0, _) => Group::Unknown,
            _ => named(SEVERAL),
        }
    }

    /// Whether a region is in a group.
    pub(super) fn knows(&self, region: &str) -> bool {
        self.of.contains_key(region)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(regions: &[&str]) -> BTreeSet<String> {
        regions.iter().map(|region| (*region).to_owned()).collect()
    }

    fn of(used: &[&str], maybe: &[&str]) -> Group {
        Groups::default().of(&set(used), &set(maybe))
    }

    fn named(name: &str) -> Group {
        Group::Named(name.to_owned())
    }

    #[test]
    fn one_group_is_its_name_several_are_multi_and_none_is_empty() {
        assert_eq!(of(&[], &[]), Group::None);
        assert_eq!(of(&["us-east-1", "us-west-2"], &[]), named("US"));
        assert_eq!(of(&["eu-west-2"], &[]), named("UK"));
        assert_eq!(of(&["eu-west-2", "eu-west-3"], &[]), named("multi"));
    }

    #[test]
    fn a_region_in_no_group_is_not_taken_for_no_region() {
        assert_eq!(of(&["il-central-1"], &[]), named("unmapped"));
        assert_eq!(of(&["il-central-1", "us-east-1"], &[]), named("US"));
        assert!(!Groups::default().knows("il-central-1"));
    }

    #[test]
    fn a_region_of_which_nothing_is_known_leaves_the_group_open_where_it_matters() {
        assert_eq!(of(&[], &["us-east-1"]), Group::Unknown);
        assert_eq!(of(&["us-east-1"], &["us-west-2"]), named("US"));
        assert_eq!(of(&["us-east-1"], &["eu-west-1"]), Group::Unknown);
        assert_eq!(of(&["us-east-1", "eu-west-1"], &["ap-south-1"]), named("multi"));
    }

    #[test]
    fn what_is_set_stands_in_place_of_the_usual_groups() {
        let pairs = ["NORDIC=eu-north-1", "NORDIC=eu-central-1"].map(str::to_owned);
        let groups = Groups::parse(&pairs).expect("groups");
        assert_eq!(groups.of(&set(&["eu-north-1"]), &set(&[])), named("NORDIC"));
        assert_eq!(groups.of(&set(&["us-east-1"]), &set(&[])), named("unmapped"));
        assert_eq!(Groups::parse(&[]).expect("groups"), Groups::default());
    }

    #[test]
    fn what_is_no_group_is_refused_in_a_sentence() {
        let told = |pairs: &[&str]| {
            let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            Groups::parse(&pairs).expect_err("refused").to_string()
        };
        assert!(told(&["us-east-1"]).contains("GROUP=REGION"));
        assert!(told(&["=us-east-1"]).contains("GROUP=REGION"));
        assert!(told(&["A=us-east-1", "B=us-east-1"]).contains("is in A and in B"));
    }

    proptest! {
        /// It is known exactly where it is the same whichever of the unknown regions are used.
        #[test]
        fn a_group_is_known_where_nothing_unknown_can_change_it(
            used in prop::sample::subsequence(vec!["us-east-1", "us-west-2", "eu-west-1", "il-central-1"], 0..=4),
            maybe in prop::sample::subsequence(vec!["us-east-2", "eu-north-1", "sa-east-1", "me-south-1"], 0..=4),
        ) {
            let mut all = BTreeSet::new();
            for bits in 0..1_u32 << maybe.len() {
                let chosen = maybe.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
                let regions: Vec<&str> = used.iter().copied().chain(chosen.map(|(_, region)| *region)).collect();
                all.insert(format!("{:?}", of(&regions, &[])));
            }
            let told = of(&used, &maybe);
            prop_assert_eq!(told == Group::Unknown, all.len() > 1, "{:?} of {:?}", told, all);
            if told != Group::Unknown {
                prop_assert_eq!(Some(&format!("{told:?}")), all.first());
            }
        }
    }
}
