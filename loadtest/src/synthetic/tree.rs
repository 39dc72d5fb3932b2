//! The root and the organizational units.

use crate::dice::Dice;

/// Regions that stay open where the SCP denies regions.
pub(crate) const ALLOWED_WHERE_REGIONS_ARE_DENIED: &[&str] =
    &["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"];

/// A root or organizational unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its id, `r-…` or `ou-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The index of the unit above; none for the root.
    pub parent: Option<usize>,
    /// Whether the SCP that denies regions is attached to it or above it.
    pub denies_regions: bool,
}

/// Every unit: how deep it is below the root, its name, and whether regions are denied from here.
const UNITS: &[(usize, &str, bool)] = &[
    (1, "Security", false),
    (1, "Infrastructure", false),
    (2, "Network", false),
    (2, "Shared Services", false),
    (1, "Workloads", false),
    (2, "Payments", false),
    (3, "Prod", false),
    (3, "Test", false),
    (2, "Retail", false),
    (3, "Prod", false),
    (3, "Test", false),
    (2, "Data Platform", false),
    (3, "Prod", false),
    (3, "Research", true),
    (1, "Sandbox", false),
    (1, "Suspended", false),
];

/// How many units each further unit has directly below it: two thousand are four levels deep.
const FAN: usize = 8;

/// Grows the tree: the usual units, and as many others as it takes until there are `most` besides the root.
pub(crate) fn grow(dice: Dice, most: usize) -> Vec<Unit> {
    let stem = format!("{:04x}", dice.and("root").bits() >> 48);
    let root = Unit {
        id: format!("r-{stem}"),
        name: "Root".to_owned(),
        parent: None,
        denies_regions: false,
    };
    let mut units = vec![root];
    let mut above = vec![0];
    let unit = |at: usize, name: String, parent: usize, denies_regions: bool| {
        let tail = dice.and("unit").nth(at as u64).bits() >> 32;
        Unit { id: format!("ou-{stem}-{tail:08x}"), name, parent: Some(parent), denies_regions }
    };
    for (depth, name, denies) in UNITS {
        above.truncate(*depth);
        let parent = above.last().copied().unwrap_or(0);
        let inherited = units.get(parent).is_some_and(|unit: &Unit| unit.denies_regions);
        let at = units.len();
        units.push(unit(at, (*name).to_owned(), parent, *denies || inherited));
        above.push(at);
    }
    let usual = units.len();
    for number in 0..most.saturating_sub(UNITS.len()) {
        let parent = if number < FAN { 0 } else { usual + number / FAN - 1 };
        units.push(unit(usual + number, format!("Team {number}"), parent, false));
    }
    units
}
