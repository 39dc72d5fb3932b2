//! Partitions and their regions (`data/partitions.toml`, `data/opt_in_regions.toml`).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use protocol::ids::GLOBAL;
use serde::Deserialize;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::files::Files;
use crate::nearest::nearest;

/// A set of regions with accounts, suffixes and homes of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its id as it stands in ARNs, e.g. `aws-cn`.
    pub id: String,
    /// What host names end in.
    pub dns_suffix: String,
    /// What dual-stack host names, and those of many newer services, end in.
    pub dual_stack_suffix: String,
    /// The region that global services are signed for unless they say another.
    pub home: String,
    /// Its regions, sorted by name.
    pub regions: Vec<RegionFacts>,
    /// What the names of its regions begin with.
    prefixes: Vec<String>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionFacts {
    /// Its name.
    pub name: String,
    /// Whether an account must opt into it.
    pub opt_in: bool,
}

impl Partition {
    /// The region of a name, where the table knows it.
    #[must_use]
    pub fn region(&self, name: &str) -> Option<&RegionFacts> {
        self.regions.iter().find(|region| region.name == name)
    }

    /// How much of a name the partition recognises as the beginning of its regions' names.
    fn recognises(&self, name: &str) -> usize {
        let known = self.prefixes.iter().filter(|prefix| name.starts_with(prefix.as_str()));
        known.map(String::len).max().unwrap_or(0)
    }
}

/// The tables of partitions, and when they were made.
#[derive(Debug)]
pub(crate) struct Partitions {
    all: Vec<Partition>,
    made_on: NaiveDate,
    fresh_days: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartitionsFile {
    made_on: NaiveDate,
    #[serde(rename = "botocore")]
    _botocore: String,
    fresh_days: i64,
    #[serde(rename = "partition")]
    partitions: Vec<PartitionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartitionRow {
    id: String,
    dns_suffix: String,
    dual_stack_suffix: String,
    home: String,
    prefixes: Vec<String>,
    regions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptInFile {
    #[serde(rename = "checked_on")]
    _checked_on: NaiveDate,
    regions: BTreeSet<String>,
}

impl Partitions {
    pub(crate) fn read(files: &Files) -> Result<Self, CatalogError> {
        let file: PartitionsFile = files.table("data/partitions.toml")?;
        let opt_in: OptInFile = files.table("data/opt_in_regions.toml")?;
        let region = |name: String| RegionFacts { opt_in: opt_in.regions.contains(&name), name };
        let partition = |row: PartitionRow| Partition {
            id: row.id,
            dns_suffix: row.dns_suffix,
            dual_stack_suffix: row.dual_stack_suffix,
            home: row.home,
            regions: row.regions.into_iter().map(region).collect(),
            prefixes: row.prefixes,
        };
        Ok(Self {
            all: file.partitions.into_iter().map(partition).collect(),
            made_on: file.made_on,
            fresh_days: file.fresh_days,
        })
    }
}

impl Catalog {
    /// Every partition, the largest first.
    pub fn partitions(&self) -> impl Iterator<Item = &Partition> {
        self.tables().partitions.all.iter()
    }

    /// The partition of an id, e.g. `aws-us-gov`.
    #[must_use]
    pub fn partition(&self, id: &str) -> Option<&Partition> {
        self.partitions().find(|partition| partition.id == id)
    }

    /// The partition that a region is in, also of a region that is newer than the table; none for
    /// `global` and for what cannot be a region's name.
    #[must_use]
    pub fn partition_of_region(&self, region: &str) -> Option<&Partition> {
        let listed = self.partitions().find(|partition| partition.region(region).is_some());
        listed.or_else(|| {
            let recognised = self
                .partitions()
                .filter(|partition| partition.recognises(region) > 0)
                .max_by_key(|partition| partition.recognises(region))?;
            could_be_region(region).then_some(recognised)
        })
    }

    /// The region of a name that somebody typed.
    ///
    /// # Errors
    /// [`CatalogError::UnknownRegion`] with the nearest right name. `global` is not a region.
    pub fn known_region(&self, name: &str) -> Result<&RegionFacts, CatalogError> {
        let known = self.partitions().find_map(|partition| partition.region(name));
        known.ok_or_else(|| self.unknown_region(name))
    }

    pub(crate) fn unknown_region(&self, name: &str) -> CatalogError {
        let names = self.partitions().flat_map(|partition| &partition.regions);
        let near = nearest(name, names.map(|region| region.name.as_str()));
        CatalogError::UnknownRegion { name: name.to_owned(), nearest: near.map(str::to_owned) }
    }

    /// The day on which the tables of regions and endpoints were made.
    #[must_use]
    pub fn tables_made_on(&self) -> NaiveDate {
        self.tables().partitions.made_on
    }

    /// Whether the tables are so young that their no may skip a call without being confirmed.
    #[must_use]
    pub fn table_is_fresh(&self, now: DateTime<Utc>) -> bool {
        let Partitions { made_on, fresh_days, .. } = self.tables().partitions;
        now.date_naive().signed_duration_since(made_on).num_days() <= fresh_days
    }
}

/// Whether a text has the shape of a region's name: words of lower-case letters and a number.
/// (Some texts come from servers, and become part of a host's name.)
pub(crate) fn could_be_region(text: &str) -> bool {
    const LONGEST: usize = 32;
    let mut words = text.split('-').rev();
    let number = words.next().unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= LONGEST
        && text != GLOBAL
        && is_number
        && words.next().is_some_and(is_word)
        && words.all(is_word)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static TABLES: LazyLock<Catalog> =
        LazyLock::new(|| Catalog::of_entries([]).expect("the tables"));

    #[test]
    fn every_partition_has_its_suffix_and_home() {
        let catalog = &*TABLES;
        let told: Vec<String> = catalog
            .partitions()
            .map(|p| format!("{} {} {} {}", p.id, p.dns_suffix, p.home, p.regions.len()))
            .collect();
        let expected = [
            "aws amazonaws.com us-east-1 34",
            "aws-cn amazonaws.com.cn cn-northwest-1 2",
            "aws-us-gov amazonaws.com us-gov-west-1 2",
            "aws-iso c2s.ic.gov us-iso-east-1 2",
            "aws-iso-b sc2s.sgov.gov us-isob-east-1 2",
            "aws-iso-e cloud.adc-e.uk eu-isoe-west-1 1",
            "aws-iso-f csp.hci.ic.gov us-isof-south-1 2",
            "aws-eusc amazonaws.eu eusc-de-east-1 1",
        ];
        assert_eq!(told, expected);
        for partition in catalog.partitions() {
            assert!(partition.region(&partition.home).is_some(), "{}", partition.id);
        }
    }

    #[test]
    fn seventeen_regions_are_on_by_default_and_the_others_are_opt_in() {
        let catalog = &*TABLES;
        let aws = catalog.partition("aws").expect("aws");
        let on: Vec<&str> =
            aws.regions.iter().filter(|r| !r.opt_in).map(|r| r.name.as_str()).collect();
        assert_eq!(on.len(), 17, "{on:?}");
        assert!(on.contains(&"us-east-1") && !on.contains(&"me-south-1"));
        assert_eq!(aws.regions.iter().filter(|region| region.opt_in).count(), 17);
    }

    #[test]
    fn a_region_leads_to_its_partition_even_when_it_is_newer_than_the_table() {
        let catalog = &*TABLES;
        let of = |region| catalog.partition_of_region(region).map(|p| p.id.as_str());
        assert_eq!(of("eu-west-1"), Some("aws"));
        assert_eq!(of("us-gov-west-1"), Some("aws-us-gov"));
        assert_eq!(of("us-gov-north-7"), Some("aws-us-gov"));
        assert_eq!(of("us-isob-south-9"), Some("aws-iso-b"));
        assert_eq!(of("eu-south-9"), Some("aws"));
        assert_eq!(of("eusc-de-north-2"), Some("aws-eusc"));
        for wrong in
            ["global", "", "EU", "us-", "us-east", "moon-1", "us-east-1.evil.example/", "us--1"]
        {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_wrong_region_is_refused_with_the_nearest_right_one() {
        let told = TABLES.known_region("eu-wets-1").expect_err("wrong").to_string();
        assert_eq!(told, "there is no region \"eu-wets-1\"; did you mean \"eu-west-1\"?");
    }

    #[test]
    fn the_table_is_fresh_for_half_a_year() {
        let catalog = &*TABLES;
        let after = |days| {
            let day = catalog.tables_made_on() + chrono::Days::new(days);
            catalog.table_is_fresh(day.and_time(chrono::NaiveTime::MIN).and_utc())
        };
        assert!(after(0) && after(180));
        assert!(!after(181));
    }

    proptest! {
        #[test]
        fn what_may_become_part_of_a_host_holds_nothing_but_words_and_dashes(text in "\\PC{0,40}") {
            if could_be_region(&text) {
                prop_assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            }
        }
    }
}
