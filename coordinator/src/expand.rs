//! From accounts, probes and regions to the plan. Pure.

use std::collections::BTreeMap;

use catalog::entry::Scope;
use catalog::{Catalog, Offered, ProbeView};
use protocol::inventory::{Account, AccountState};
use protocol::plan::{PlanRow, ProbeSet};
use protocol::provider::KnownRegion;
use protocol::selection::Selection;
use protocol::{Region, Status};

/// Accounts in one window: their credentials and connections are kept warm together.
const WINDOW: usize = 256;

/// The probes of each region that is asked for, `global` among them; regions without any are left out.
///
/// `skip_not_offered` says whether the table of regions is fresh enough to be believed when it
/// says no.
#[must_use]
pub fn probe_sets(
    catalog: &Catalog,
    probes: &[ProbeView<'_>],
    regions: &[KnownRegion],
    selection: &Selection,
    skip_not_offered: bool,
) -> BTreeMap<Region, ProbeSet> {
    let regional = regions.iter().map(|known| known.region.clone());
    let mut sets = BTreeMap::new();
    for region in std::iter::once(Region::global()).chain(regional) {
        if !selection.wants_region(&region) {
            continue;
        }
        let scope = if region.is_global() { Scope::Global } else { Scope::Regional };
        let verdict = |probe: &ProbeView<'_>| {
            let offered = catalog.offered(probe.entry, scope, region.as_str());
            let known =
                matches!(offered, Offered::No { from_table } if skip_not_offered || !from_table);
            known.then_some(Status::NotOffered)
        };
        let here = probes.iter().filter(|probe| probe.scope() == scope);
        let probes: BTreeMap<_, _> =
            here.map(|probe| (probe.probe.id.clone(), verdict(probe))).collect();
        if !probes.is_empty() {
            sets.insert(region, ProbeSet { probes });
        }
    }
    sets
}

/// The rows of accounts, of which `before` have been planned already. Only active accounts have rows.
#[must_use]
pub fn rows(
    accounts: &[Account],
    sets: &BTreeMap<Region, ProbeSet>,
    before: usize,
) -> Vec<PlanRow> {
    let sets: Vec<(&Region, String)> =
        sets.iter().map(|(region, set)| (region, set.id())).collect();
    let active = accounts.iter().filter(|account| account.state == AccountState::Active);
    let mut rows = Vec::new();
    for (index, account) in active.enumerate() {
        let window = u32::try_from((before + index) / WINDOW).unwrap_or(u32::MAX);
        rows.extend(sets.iter().map(|(region, set)| PlanRow {
            account: account.id.clone(),
            region: (*region).clone(),
            probe_set: set.clone(),
            window,
        }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::{AccountId, ConnectionId};

    use super::*;

    fn account(index: usize, state: AccountState) -> Account {
        Account {
            id: AccountId::new(format!("{index:012}")).unwrap(),
            name: format!("account {index}"),
            email: None,
            state,
            arn: None,
            joined_at: None,
            joined_method: None,
            role: None,
            organization: None,
            management: false,
            connection: ConnectionId::new("source-0").unwrap(),
            tags: Vec::new(),
        }
    }

    fn regions(count: usize) -> Vec<KnownRegion> {
        let names = ["us-east-1", "us-west-2", "eu-west-1", "af-south-1", "ap-south-1"];
        let known = |name: &&str| KnownRegion {
            region: Region::new(name).unwrap(),
            opt_in: name.starts_with("af"),
        };
        names.iter().take(count).map(known).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_plan_is_active_accounts_times_regions_times_probes_plus_global(
            states in prop::collection::vec(prop::sample::select(AccountState::ALL), 0..12),
            region_count in 1_usize..5,
            global in any::<bool>(),
        ) {
            let catalog = Catalog::embedded().unwrap();
            let mut selection = Selection::default();
            if !global {
                selection.exclude_regions.push(Region::global());
            }
            let probes = catalog.select(&selection).unwrap();
            let sets = probe_sets(&catalog, &probes, &regions(region_count), &selection, true);
            let accounts: Vec<_> =
                states.iter().enumerate().map(|(index, state)| account(index, *state)).collect();
            let active = states.iter().filter(|state| **state == AccountState::Active).count();
            let cells: usize = rows(&accounts, &sets, 0)
                .iter()
                .map(|row| sets[&row.region].probes.len())
                .sum();
            let globals = probes.iter().filter(|probe| probe.scope() == Scope::Global).count();
            let regionals = probes.len() - globals;
            let each = regionals * region_count + if global { globals } else { 0 };
            prop_assert_eq!(cells, active * each);
        }
    }

    #[test]
    fn a_global_service_is_planned_once() {
        let catalog = Catalog::embedded().unwrap();
        let selection = Selection::default();
        let probes = catalog.select(&selection).unwrap();
        let sets = probe_sets(&catalog, &probes, &regions(5), &selection, true);
        let with_iam: Vec<_> = sets
            .iter()
            .filter(|(_, set)| set.probes.keys().any(|probe| probe.as_str() == "iam"))
            .map(|(region, _)| region.to_string())
            .collect();
        assert_eq!(with_iam, ["global"]);
    }

    #[test]
    fn accounts_are_worked_in_windows() {
        let accounts: Vec<_> = (0..300).map(|index| account(index, AccountState::Active)).collect();
        let sets = BTreeMap::from([(Region::global(), ProbeSet::default())]);
        let windows: Vec<u32> = rows(&accounts, &sets, 0).iter().map(|row| row.window).collect();
        assert_eq!((windows[0], windows[255], windows[256]), (0, 0, 1));
    }
}
