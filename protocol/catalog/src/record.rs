//! What the table of endpoints says about a service (`data/endpoints.toml`, which tells how to
//! read it).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::endpoint::Variant;

/// A service's record.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// By partition: where it is offered; none where the table does not say.
    pub(crate) offered: Option<BTreeMap<String, Places>>,
    /// By partition: its home, if the partition has it once.
    #[serde(default)]
    pub(crate) global: BTreeMap<String, Home>,
    #[serde(default)]
    plain: BTreeMap<String, String>,
    #[serde(default)]
    fips: BTreeMap<String, String>,
    #[serde(default)]
    dual: BTreeMap<String, String>,
    #[serde(default)]
    fips_dual: BTreeMap<String, String>,
    #[serde(default)]
    fips_in: BTreeMap<String, Places>,
    #[serde(default)]
    dual_in: BTreeMap<String, Places>,
    #[serde(default)]
    fips_dual_in: BTreeMap<String, Places>,
}

/// The hosts of a service that a partition has once, each with the region that it is signed for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Home {
    plain: Option<(String, String)>,
    fips: Option<(String, String)>,
    dual: Option<(String, String)>,
    fips_dual: Option<(String, String)>,
}

/// A list of regions: names, `global`, or `*` and those (`-name`) that it leaves out.
#[derive(Debug, Deserialize)]
pub(crate) struct Places(Vec<String>);

impl Places {
    /// Whether a region (or `global`) is in the list.
    pub(crate) fn hold(&self, place: &str) -> bool {
        let named = |wanted: &str| self.0.iter().any(|word| word == wanted);
        let left_out = || self.0.iter().any(|word| word.strip_prefix('-') == Some(place));
        named(place) || (place != protocol::ids::GLOBAL && named("*") && !left_out())
    }

    /// Whether any region is in the list.
    pub(crate) fn hold_a_region(&self) -> bool {
        self.0.iter().any(|word| word != protocol::ids::GLOBAL)
    }
}

impl Record {
    /// The template of a host that does not follow the variant's rule.
    pub(crate) fn template(&self, variant: Variant, partition: &str, region: &str) -> Option<&str> {
        let templates = variant.pick(&self.plain, &self.fips, &self.dual, &self.fips_dual);
        [region, partition, "*"].iter().find_map(|name| templates.get(*name)).map(String::as_str)
    }

    /// Whether the service has hosts of a variant in a place (a region or `global`).
    pub(crate) fn has(&self, variant: Variant, partition: &str, place: &str) -> bool {
        let everywhere = BTreeMap::new();
        let places = variant.pick(&everywhere, &self.fips_in, &self.dual_in, &self.fips_dual_in);
        let listed = || places.get(partition).is_some_and(|places| places.hold(place));
        self.offered.is_none() || variant == Variant::default() || listed()
    }
}

impl Home {
    /// The host of a variant and the region that it is signed for.
    pub(crate) fn host(&self, variant: Variant) -> Option<&(String, String)> {
        variant.pick(&self.plain, &self.fips, &self.dual, &self.fips_dual).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(words: &[&str]) -> Places {
        Places(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_star_holds_every_region_but_those_left_out_and_not_global() {
        let most = places(&["*", "-eu-west-1"]);
        assert!(most.hold("us-east-1"));
        assert!(!most.hold("eu-west-1"));
        assert!(!most.hold("global"));
        assert!(places(&["global", "*"]).hold("global"));
        assert!(!places(&["global"]).hold("us-east-1"));
        assert!(!places(&["global"]).hold_a_region());
    }
}
