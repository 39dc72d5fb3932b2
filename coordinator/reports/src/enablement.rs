//! `enablement`: account x service, each with the regions behind it.

use std::collections::BTreeMap;

use protocol::Status;

use crate::census::{AccountCells, Names};
use crate::context::Context;
use crate::rollup::roll_up;
use crate::shape::{Item, Kind, column, programs};
use crate::streamed::{Source, Streamed};

/// An account's service in one region: its status over all probes, and what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the region.
    pub(crate) region: usize,
    pub(crate) status: Status,
    pub(crate) resources: u64,
    pub(crate) at_least: bool,
}

/// The regions of each service of an account, several probes of a region rolled up.
pub(crate) fn pairs(names: &Names, account: &AccountCells) -> BTreeMap<usize, Vec<Place>> {
    let mut pairs: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
    for cell in &account.cells {
        let probe = &names.probes[cell.probe];
        if !probe.decides {
            continue;
        }
        let places = pairs.entry(probe.service).or_default();
        match places.iter_mut().find(|place| place.region == cell.region) {
            Some(place) => {
                place.status = roll_up([place.status, cell.status]).unwrap_or(cell.status);
                place.resources += cell.resources;
                place.at_least |= cell.at_least;
            }
            None => places.push(Place {
                region: cell.region,
                status: cell.status,
                resources: cell.resources,
                at_least: cell.at_least,
            }),
        }
    }
    pairs
}

/// The status of a service over its regions.
pub(crate) fn whole(places: &[Place]) -> Status {
    roll_up(places.iter().map(|place| place.status)).unwrap_or(Status::NotRun)
}

/// The report.
pub(crate) fn report() -> Streamed<'static> {
    Streamed {
        name: "enablement",
        title: "Enablement by account and service",
        note: "One row for each account and service; the regions behind it stand under what they are.",
        columns: vec![
            column("account_id", Kind::Account),
            column("account_name", Kind::Text),
            column("ou_path", Kind::Text),
            column("service", Kind::Word),
            column("status", Kind::Word),
            column("resource_count", Kind::Number),
            programs("count_is", Kind::Word),
            column("in_use_in", Kind::List),
            column("unknown_in", Kind::List),
            programs("listed_in", Kind::List),
            programs("idle_in", Kind::List),
            programs("off_in", Kind::List),
            programs("not_offered_in", Kind::List),
            programs("region_off_in", Kind::List),
        ],
        people: &["account_name", "service", "status", "resource_count", "in_use_in", "unknown_in"],
        source: Source::Census(rows),
    }
}

/// The rows of an account, by service.
fn rows(context: &Context<'_>, names: &Names, account: &AccountCells) -> Vec<Vec<Item>> {
    let facts = context.accounts.get(&account.account);
    let name = facts.map(|facts| facts.name.clone());
    let unit = facts.and_then(|facts| facts.unit_path.clone());
    let row = |(service, places): (usize, Vec<Place>)| {
        let regions = |wanted: &dyn Fn(Status) -> bool| {
            let these = places.iter().filter(|place| wanted(place.status));
            let mut these: Vec<String> =
                these.map(|place| names.regions.texts[place.region].clone()).collect();
            these.sort_unstable();
            Item::List(these)
        };
        let at_least = places.iter().any(|place| place.at_least || !place.status.is_known());
        let mut items = vec![
            Item::text(&account.account),
            Item::from(name.clone()),
            Item::from(unit.clone()),
            Item::text(&names.services.texts[service]),
            Item::text(whole(&places).as_str()),
            Item::count(places.iter().map(|place| place.resources).sum()),
            Item::text(if at_least { "at_least" } else { "exact" }),
            regions(&|status| status == Status::InUse),
            regions(&|status| !status.is_known()),
        ];
        for only in
            [Status::Listed, Status::Idle, Status::Off, Status::NotOffered, Status::RegionOff]
        {
            items.push(regions(&|status| status == only));
        }
        (names.services.texts[service].as_str(), items)
    };
    let mut rows: Vec<_> = pairs(names, account).into_iter().map(row).collect();
    rows.sort_by_key(|(service, _)| *service);
    rows.into_iter().map(|(_, items)| items).collect()
}

#[cfg(test)]
mod tests {
    use protocol::cell::Cost;

    use super::*;
    use crate::census::{Probe, Seen};

    fn seen(probe: usize, region: usize, status: Status, resources: u64) -> Seen {
        Seen { probe, region, status, resources, at_least: false, cost: Cost::default() }
    }

    #[test]
    fn probes_of_one_region_are_rolled_up_and_kept_documents_decide_nothing() {
        let probe = |decides| Probe { service: 0, curated: true, decides };
        let mut names = Names::default();
        names.probes = vec![probe(true), probe(true), probe(false)];
        let cells = vec![
            seen(0, 0, Status::Idle, 0),
            seen(1, 0, Status::InUse, 2),
            seen(0, 1, Status::Denied, 0),
            seen(2, 1, Status::InUse, 9),
        ];
        let pairs = pairs(&names, &AccountCells { account: "1".to_owned(), cells });
        let [eu, us] = pairs[&0].as_slice() else { panic!("two regions: {pairs:?}") };
        assert_eq!((eu.status, eu.resources), (Status::InUse, 2));
        assert_eq!((us.status, us.resources), (Status::Denied, 0));
        assert_eq!(whole(&pairs[&0]), Status::InUse);
    }
}
