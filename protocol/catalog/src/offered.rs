//! Where a service is offered.

use protocol::ids::GLOBAL;

use crate::catalog::Catalog;
use crate::entry::{Entry, Scope};
use crate::partition::Partition;

/// Whether a service is offered in a place, as far as the catalog knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is.
    Yes,
    /// It is not.
    No {
        /// Whether the table says so, whose no leaves out a call only while the table is fresh
        /// ([`Catalog::table_is_fresh`]); otherwise the entry's own regions, checked by hand.
        from_table: bool,
    },
    /// Nobody says.
    Unknown,
}

impl Offered {
    fn by(yes: bool, from_table: bool) -> Self {
        if yes { Self::Yes } else { Self::No { from_table } }
    }
}

impl Catalog {
    /// Whether a service is offered in a region: by the entry's own regions, else by the table.
    ///
    /// With [`Scope::Global`] the question is whether the region's partition has it at all, and
    /// `global` stands for partition `aws`.
    #[must_use]
    pub fn offered(&self, entry: &Entry, scope: Scope, region: &str) -> Offered {
        let Some(partition) = self.partition_for(region) else { return Offered::Unknown };
        if !entry.regions.is_empty() {
            return by_hand(entry, scope, region, partition);
        }
        let name = entry.offered_as.as_ref().unwrap_or(&entry.endpoint_prefix);
        let Some(offered) = self.record(name).and_then(|record| record.offered.as_ref()) else {
            return Offered::Unknown;
        };
        let Some(places) = offered.get(&partition.id) else {
            return Offered::No { from_table: true };
        };
        match scope {
            Scope::Global => Offered::Yes,
            // The table knows it as a thing that the partition has once: no word about regions.
            Scope::Regional if !places.hold_a_region() => Offered::Unknown,
            Scope::Regional if partition.region(region).is_none() => Offered::Unknown,
            Scope::Regional => Offered::by(places.hold(region), true),
        }
    }

    /// The partition of a region, or `aws` for `global`.
    pub(crate) fn partition_for(&self, region: &str) -> Option<&Partition> {
        if region == GLOBAL { self.partitions().next() } else { self.partition_of_region(region) }
    }
}

fn by_hand(entry: &Entry, scope: Scope, region: &str, partition: &Partition) -> Offered {
    let listed = |name: &String| name == region;
    let in_partition = |name: &String| name == GLOBAL || partition.region(name).is_some();
    let yes = match scope {
        Scope::Regional => entry.regions.iter().any(listed),
        Scope::Global => entry.regions.iter().any(in_partition),
    };
    Offered::by(yes, false)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static TABLES: LazyLock<Catalog> =
        LazyLock::new(|| Catalog::of_entries([]).expect("the tables"));

    const TABLE_NO: Offered = Offered::No { from_table: true };

    fn entry(prefix: &str, more: &str) -> Entry {
        toml::from_str(&format!(
            "service = 'x'\ntitle = 'X'\ncategory = 'other'\norigin = 'curated'\n\
             protocol = 'json-1.1'\nendpoint_prefix = '{prefix}'\nscope = 'regional'\n\
             probe = []\n{more}"
        ))
        .expect("an entry")
    }

    fn ask(prefix: &str, more: &str, scope: Scope, region: &str) -> Offered {
        let catalog = &*TABLES;
        catalog.offered(&entry(prefix, more), scope, region)
    }

    #[test]
    fn the_table_answers_by_region() {
        let regional = |prefix, region| ask(prefix, "", Scope::Regional, region);
        assert_eq!(regional("ec2", "eu-west-1"), Offered::Yes);
        assert_eq!(regional("ec2", "cn-north-1"), Offered::Yes);
        assert_eq!(regional("cur", "eu-west-1"), TABLE_NO);
        assert_eq!(regional("chime", "eu-west-1"), Offered::Unknown);
        assert_eq!(regional("no-such-service", "eu-west-1"), Offered::Unknown);
        assert_eq!(regional("ec2", "eu-south-9"), Offered::Unknown);
        assert_eq!(regional("ec2", "atlantis"), Offered::Unknown);
    }

    #[test]
    fn a_global_service_is_offered_by_partition() {
        let global = |prefix, region| ask(prefix, "", Scope::Global, region);
        assert_eq!(global("iam", "global"), Offered::Yes);
        assert_eq!(global("iam", "eusc-de-east-1"), Offered::Yes);
        assert_eq!(global("globalaccelerator", "global"), Offered::Yes);
        assert_eq!(global("globalaccelerator", "cn-north-1"), TABLE_NO);
        assert_eq!(global("shield", "us-gov-west-1"), TABLE_NO);
    }

    #[test]
    fn regions_checked_by_hand_come_before_the_table() {
        let hand = "regions = ['us-east-1', 'eu-west-1']";
        assert_eq!(ask("ec2", hand, Scope::Regional, "eu-west-1"), Offered::Yes);
        assert_eq!(
            ask("ec2", hand, Scope::Regional, "eu-west-2"),
            Offered::No { from_table: false }
        );
        assert_eq!(ask("ec2", hand, Scope::Global, "global"), Offered::Yes);
        assert_eq!(
            ask("ec2", hand, Scope::Global, "cn-north-1"),
            Offered::No { from_table: false }
        );
    }

    #[test]
    fn another_name_for_the_table_is_used() {
        assert_eq!(ask("x", "offered_as = 'ec2'", Scope::Regional, "eu-west-1"), Offered::Yes);
    }
}
