//! A probe together with the entry that it stands in.

use std::collections::BTreeMap;

use protocol::Region;
use protocol::ids::GLOBAL;
use protocol::plan::{CallFacts, ProbeFacts};

use crate::catalog::Catalog;
use crate::endpoint::Variant;
use crate::entry::{Call, Entry, Origin, Probe, Scope};
use crate::partition::Partition;

/// A probe and its entry.
#[derive(Debug, Clone, Copy)]
pub struct ProbeView<'c> {
    /// The entry.
    pub entry: &'c Entry,
    /// The probe.
    pub probe: &'c Probe,
}

impl ProbeView<'_> {
    /// Where the probe lives.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.probe.scope.unwrap_or(self.entry.scope)
    }

    /// Calls that one cell is expected to cost, in thousandths.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number is clamped to what fits"
    )]
    pub fn expected_millicalls(&self) -> u64 {
        const MOST: f64 = 1e12;
        let calls: f64 = self.probe.calls.iter().map(|call| call.expect).sum();
        (calls * 1000.0).round().clamp(0.0, MOST) as u64
    }

    /// The probe as reports and plans see it.
    #[must_use]
    pub fn facts(&self, catalog: &Catalog) -> ProbeFacts {
        ProbeFacts {
            id: self.probe.id.clone(),
            service: self.entry.service.clone(),
            title: self.entry.title.clone(),
            category: self.entry.category.clone(),
            global: self.scope() == Scope::Global,
            judgement: self.probe.judgement,
            curated: self.entry.origin == Origin::Curated,
            decides: self.probe.decides,
            expected_millicalls: self.expected_millicalls(),
            calls: self.probe.calls.iter().map(call_facts).collect(),
            homes: self.homes(catalog),
        }
    }

    /// The region that is called for `global`, in each partition that has the service.
    fn homes(&self, catalog: &Catalog) -> BTreeMap<String, Region> {
        if self.scope() != Scope::Global {
            return BTreeMap::new();
        }
        let home = |partition: &Partition| {
            let endpoint = catalog.endpoint_in(partition, self.entry, GLOBAL, Variant::default());
            let region = Region::new(&endpoint.ok()?.signing_region).ok()?;
            Some((partition.id.clone(), region))
        };
        catalog.partitions().filter_map(home).collect()
    }
}

fn call_facts(call: &Call) -> CallFacts {
    CallFacts {
        operation: call.operation.clone(),
        actions: call.iam.clone(),
        root: call.for_each.is_none(),
        follows: call.region.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::ProbeId;

    use super::*;

    #[test]
    fn facts_say_what_policies_ask_about_a_call() {
        let catalog = Catalog::embedded().unwrap();
        let facts = |id: &str| catalog.probe(&ProbeId::new(id).unwrap()).unwrap().facts(&catalog);
        let buckets = facts("s3.policies");
        let told: Vec<_> = buckets
            .calls
            .iter()
            .map(|call| (call.operation.as_str(), &call.actions[..], call.root, call.follows))
            .collect();
        assert_eq!(
            told,
            [
                ("ListBuckets", &["s3:ListAllMyBuckets".to_owned()][..], true, false),
                ("GetBucketPolicy", &["s3:GetBucketPolicy".to_owned()][..], false, true),
            ]
        );
        let homes = facts("iam").homes;
        assert_eq!(homes["aws"].as_str(), "us-east-1");
        assert_eq!(homes["aws-cn"].as_str(), "cn-north-1");
        assert!(facts("ec2").homes.is_empty(), "a regional service has no home");
    }
}
