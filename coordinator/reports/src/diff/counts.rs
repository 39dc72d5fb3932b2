//! How many cells changed, became visible and so on: of all, of each unit, service and account.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::{Event, Happened};
use super::change::{Change, change};
use super::pairs::Pair;
use super::{Compared, pairs};
use crate::advice::Cause;
use crate::by_ou::{Unit, units};
use crate::census::service_of;
use crate::error::ReportError;
use crate::shape::{Column, Item, Kind, column, if_any, paged};
use crate::streamed::More;

/// The events that are counted.
const EVENTS: [Event; 4] = [Event::Joined, Event::Left, Event::Moved, Event::Suspended];

/// Cells by what became of them, and accounts by what happened to them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    cells: [u64; Change::ALL.len()],
    events: [u64; EVENTS.len()],
}

/// Cells that became invisible by one cause.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    pub(crate) cells: u64,
    pub(crate) accounts: BTreeSet<String>,
}

/// The counts of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) all: Tally,
    pub(crate) units: BTreeMap<Option<Unit>, Tally>,
    pub(crate) services: BTreeMap<String, Tally>,
    pub(crate) accounts: BTreeMap<String, Tally>,
    pub(crate) lost: BTreeMap<Cause, Lost>,
}

impl Tally {
    fn add(&mut self, change: Change) {
        self.cells[change as usize] += 1;
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.cells.iter_mut().zip(other.cells) {
            *mine += theirs;
        }
        for (mine, theirs) in self.events.iter_mut().zip(other.events) {
            *mine += theirs;
        }
    }

    /// The columns of a tally.
    pub(crate) fn columns() -> Vec<Column> {
        let mut columns = vec![column("cells", Kind::Number)];
        columns.extend(Change::ALL.map(|change| match change {
            Change::Unchanged
            | Change::Changed
            | Change::BecameVisible
            | Change::BecameInvisible => column(change.as_str(), Kind::Number),
            _ => if_any(change.as_str(), Kind::Number),
        }));
        columns.extend(EVENTS.map(|event| paged(event.as_str(), Kind::Number)));
        columns
    }

    /// The items under [`Self::columns`]; `accounts` says whether things can happen to accounts there.
    pub(crate) fn items(&self, accounts: bool) -> Vec<Item> {
        let mut items = vec![Item::count(self.cells.iter().sum())];
        items.extend(self.cells.map(Item::count));
        items.extend(
            self.events.map(|count| if accounts { Item::count(count) } else { Item::Nothing }),
        );
        items
    }
}

impl Counts {
    fn add(&mut self, compared: &Compared<'_>, account: &str, pairs: &[Pair<'_>]) {
        let mut whole = Tally::default();
        for pair in pairs {
            let change = change(pair, &compared.rejudged);
            whole.add(change);
            let service = service_of(pair.probe);
            match self.services.get_mut(service) {
                Some(tally) => tally.add(change),
                None => self.services.entry(service.to_owned()).or_default().add(change),
            }
            if let (Change::BecameInvisible, Some(after)) = (change, &pair.after) {
                let lost = self.lost.entry(after.cause()).or_default();
                lost.cells += 1;
                if !lost.accounts.contains(account) {
                    lost.accounts.insert(account.to_owned());
                }
            }
        }
        self.accounts.entry(account.to_owned()).or_default().merge(&whole);
    }
}

/// Counts both scans.
pub(crate) async fn read(
    compared: &Compared<'_>,
    events: &[Happened],
) -> Result<Counts, ReportError> {
    let mut counts = Counts::default();
    pairs::read(&compared.before, &compared.after, |account, pairs| {
        counts.add(compared, account, pairs);
        Ok(More::Yes)
    })
    .await?;
    for happened in events {
        if let Some(at) = EVENTS.iter().position(|event| *event == happened.event) {
            counts.accounts.entry(happened.account.clone()).or_default().events[at] += 1;
        }
    }
    for (account, tally) in &counts.accounts {
        counts.all.merge(tally);
        let facts = compared.account(account);
        let place = facts.map(|facts| (facts.unit_path.as_deref(), facts.unit_id_path.as_deref()));
        let (path, id_path) = place.unwrap_or_default();
        for unit in units(path, id_path) {
            counts.units.entry(unit).or_default().merge(tally);
        }
    }
    Ok(counts)
}
