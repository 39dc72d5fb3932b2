//! `enablement`: account x service, each with the regions behind it.

use std::collections::BTreeMap;

use protocol::Status;
use protocol::store::Row;

use crate::error::ReportError;
use crate::rollup::roll_up;
use crate::row::Fields;
use crate::shape::{Item, Kind, column, programs};
use crate::streamed::Streamed;

/// The query that the page shares.
pub(crate) const SQL: &str = include_str!("enablement.sql");

/// An account's service in one region: its status over all probes, and what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) status: Status,
    pub(crate) resources: u64,
    pub(crate) at_least: bool,
}

/// An account's service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) account: String,
    pub(crate) service: String,
    pub(crate) regions: BTreeMap<String, Place>,
}

impl Pair {
    /// Reads a row of [`SQL`].
    pub(crate) fn read(row: Row) -> Result<Self, ReportError> {
        let mut fields = Fields::of(row);
        let account = fields.text("an account id")?;
        let service = fields.text("a service")?;
        let detail = fields.text("the regions of a service")?;
        Ok(Self { account, service, regions: places(&detail)? })
    }

    /// The status of the whole.
    pub(crate) fn status(&self) -> Status {
        roll_up(self.regions.values().map(|place| place.status)).unwrap_or(Status::NotRun)
    }

    fn regions_that_are(&self, wanted: impl Fn(Status) -> bool) -> Item {
        let these = self.regions.iter().filter(|(_, place)| wanted(place.status));
        Item::List(these.map(|(region, _)| region.clone()).collect())
    }

    fn items(&self) -> Vec<Item> {
        let at_least =
            self.regions.values().any(|place| place.at_least || !place.status.is_known());
        let mut items = vec![
            Item::text(&self.account),
            Item::Nothing,
            Item::Nothing,
            Item::text(&self.service),
            Item::text(self.status().as_str()),
            Item::count(self.regions.values().map(|place| place.resources).sum()),
            Item::text(if at_least { "at_least" } else { "exact" }),
            self.regions_that_are(|status| status == Status::InUse),
            self.regions_that_are(|status| !status.is_known()),
        ];
        for only in
            [Status::Listed, Status::Idle, Status::Off, Status::NotOffered, Status::RegionOff]
        {
            items.push(self.regions_that_are(|status| status == only));
        }
        items
    }
}

/// Reads `region status count kind;…`, several probes of a region rolled up.
fn places(detail: &str) -> Result<BTreeMap<String, Place>, ReportError> {
    let odd = |cell: &str| ReportError::Odd {
        what: "a region with its status",
        value: cell.chars().take(80).collect(),
    };
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for cell in detail.split(';') {
        let mut words = cell.split(' ');
        let (Some(region), Some(status), Some(count), Some(count_is)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(odd(cell));
        };
        let status: Status = status.parse().map_err(|_| odd(cell))?;
        let resources: u64 = count.parse().map_err(|_| odd(cell))?;
        let at_least = count_is == "at_least";
        match places.get_mut(region) {
            None => {
                places.insert(region.to_owned(), Place { status, resources, at_least });
            }
            Some(place) => {
                place.status = roll_up([place.status, status]).unwrap_or(status);
                place.resources += resources;
                place.at_least |= at_least;
            }
        }
    }
    Ok(places)
}

/// The report.
pub(crate) fn report() -> Streamed {
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
        sql: SQL,
        read: |_, row| Pair::read(row).map(|pair| pair.items()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_of_one_region_are_rolled_up() {
        let places =
            places("eu-west-1 idle 0 exact;eu-west-1 in_use 2 at_least;us-east-1 denied 0 exact")
                .expect("well formed");
        let eu = Place { status: Status::InUse, resources: 2, at_least: true };
        assert_eq!(places["eu-west-1"], eu);
        assert_eq!(places["us-east-1"].status, Status::Denied);
    }

    #[test]
    fn a_detail_that_no_scan_writes_is_refused() {
        for detail in ["", "eu-west-1", "eu-west-1 broken 0 exact", "eu-west-1 idle x exact"] {
            assert!(places(detail).is_err(), "{detail:?}");
        }
    }
}
