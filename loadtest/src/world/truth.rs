//! The truth about every cell, as a right scan must find it.

use catalog::entry::{Condition, ErrorRow, Scope};
use catalog::{Offered, ProbeView};
use protocol::inventory::AccountState;
use protocol::judge::Judgement;
use protocol::{FailureKind, Status};
use serde::Serialize;

use super::things::Population;
use super::{Cell, Fault, Thing, World};
use crate::ask::Reading;
use crate::solve;

/// The truth about one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruthCell {
    /// The account.
    pub account: String,
    /// The region, or `global`.
    pub region: String,
    /// The probe.
    pub probe: String,
    /// What the cell must end as.
    pub status: Status,
    /// How many things of the customer's own there are to be found.
    pub own: u64,
}

/// What the calls of a probe come to.
#[derive(Default)]
struct Sum {
    own: u64,
    on: bool,
    answered: bool,
    unknown: Option<Status>,
    negative: Option<Status>,
}

impl World {
    /// The truth about every cell of these probes: all active accounts, the partition's regions
    /// and `global`, in this order.
    pub fn truth<'w>(
        &'w self,
        probes: &'w [ProbeView<'w>],
    ) -> impl Iterator<Item = TruthCell> + 'w {
        self.truth_in(probes, |_| true)
    }

    /// The same for some regions only; `global` is always among them.
    pub fn truth_in<'w>(
        &'w self,
        probes: &'w [ProbeView<'w>],
        wanted: impl Fn(&str) -> bool + Copy + 'w,
    ) -> impl Iterator<Item = TruthCell> + 'w {
        let active = self.organization().accounts.iter().enumerate();
        let active = active.filter(|(_, account)| account.state == AccountState::Active);
        active.flat_map(move |(account, _)| self.truth_of_account(account, probes, wanted))
    }

    fn truth_of_account<'w>(
        &'w self,
        account: usize,
        probes: &'w [ProbeView<'w>],
        wanted: impl Fn(&str) -> bool + 'w,
    ) -> impl Iterator<Item = TruthCell> + 'w {
        let regions = self.regions().iter().filter(move |(name, _)| wanted(name));
        let regions = regions.map(|(name, _)| (name.as_str(), Scope::Regional));
        let places = regions.chain([(protocol::ids::GLOBAL, Scope::Global)]);
        places.flat_map(move |(region, scope)| {
            let here = probes.iter().filter(move |view| view.scope() == scope);
            here.map(move |view| self.truth_of_cell(Cell { account, region }, *view))
        })
    }

    fn truth_of_cell(&self, cell: Cell<'_>, view: ProbeView<'_>) -> TruthCell {
        let account = self.organization().accounts.get(cell.account);
        let closed = self.is_open(cell.account, cell.region) == Some(false);
        let offered = self.catalog().offered(view.entry, view.scope(), cell.region);
        let (status, own) = if account.is_none_or(|account| !account.enterable) {
            (Status::RoleFailed, 0)
        } else if closed {
            (Status::RegionOff, 0)
        } else if matches!(offered, Offered::No { .. }) {
            (Status::NotOffered, 0)
        } else {
            let sum = self.add_up(cell, view);
            (sum.status(view.probe.judgement), sum.own)
        };
        TruthCell {
            account: account.map_or_else(String::new, |account| account.id.to_string()),
            region: cell.region.to_owned(),
            probe: view.probe.id.to_string(),
            status,
            own,
        }
    }

    fn place<'a>(&'a self, cell: Cell<'a>, reading: Option<&Reading>) -> Place<'a> {
        let question = reading.and_then(|reading| self.question(reading.question));
        let region = question.map_or(cell.region, |question| question.called_region(cell.region));
        Place { account: self.0.account_id(cell), region }
    }

    fn add_up(&self, cell: Cell<'_>, view: ProbeView<'_>) -> Sum {
        let readings = self.questions().by_probe.get(&view.probe.id);
        let readings = readings.map_or(&[][..], Vec::as_slice);
        let mut sum = Sum::default();
        let place = self.place(cell, readings.first());
        let first = readings.first().and_then(|reading| self.question(reading.question));
        let cell = first.map_or(cell, |question| question.answered_by(cell));
        for (at, reading) in readings.iter().enumerate().filter(|(_, one)| one.parent.is_none()) {
            match self.outcome(reading.question, cell, None) {
                Err(fault) => sum.fault(self, reading, &fault),
                Ok(population) => {
                    sum.answered = true;
                    for index in 0..population.all() {
                        let thing = self.thing(reading.question, cell, None, population, index);
                        sum.see(reading, &thing, place);
                        let below = readings.iter().filter(|one| one.parent == Some(at));
                        for child in below.filter(|child| holds(&child.only, &thing, place)) {
                            self.add_child(&mut sum, cell, reading, child, population, &thing);
                        }
                    }
                }
            }
        }
        sum
    }

    fn add_child(
        &self,
        sum: &mut Sum,
        cell: Cell<'_>,
        above: &Reading,
        child: &Reading,
        population: Population,
        thing: &Thing,
    ) {
        let place = self.place(cell, Some(above));
        let parent = self.as_parent(above.question, population, thing, place.account);
        match self.outcome(child.question, cell, Some(&parent)) {
            Err(fault) => sum.fault(self, child, &fault),
            Ok(population) => {
                sum.answered = true;
                for index in 0..population.all() {
                    let thing = self.thing(child.question, cell, Some(&parent), population, index);
                    sum.see(child, &thing, place);
                }
            }
        }
    }
}

/// Where conditions are judged: the account, and the region that is called.
#[derive(Clone, Copy)]
struct Place<'a> {
    account: &'a str,
    region: &'a str,
}

fn holds(conditions: &[(usize, Condition)], thing: &Thing, place: Place<'_>) -> bool {
    conditions.iter().all(|(slot, condition)| {
        let condition = solve::filled(condition, place.account, place.region);
        solve::passes(&condition, thing.values.get(*slot).and_then(Option::as_deref))
    })
}

impl Sum {
    fn see(&mut self, reading: &Reading, thing: &Thing, place: Place<'_>) {
        if !reading.counts {
            return;
        }
        let own = holds(&reading.own, thing, place);
        self.own += u64::from(own);
        self.on |= (own || !reading.on.is_empty()) && holds(&reading.on, thing, place);
    }

    fn fault(&mut self, world: &World, reading: &Reading, fault: &Fault) {
        let Some(question) = world.question(reading.question) else { return };
        let (_, worded) = fault.words(question, "");
        let says = |row: &&ErrorRow| {
            let part = row.message.as_ref().map(|part| part.to_lowercase());
            row.code == worded.code
                && part.is_none_or(|part| worded.message.to_lowercase().contains(&part))
        };
        let meant = reading.errors.iter().find(says).map(|row| row.means);
        match (meant, fault) {
            (Some(FailureKind::Absent), _) => self.answered = true,
            (Some(FailureKind::Off), _) => self.negative(Status::Off),
            (Some(FailureKind::NotOffered), _) | (None, Fault::NotOffered) => {
                self.negative(Status::NotOffered);
            }
            (Some(FailureKind::Denied), _) | (None, Fault::Denied(_)) => {
                self.unknown = Some(Status::Denied);
            }
            _ => self.unknown = self.unknown.or(Some(Status::Error)),
        }
    }

    fn negative(&mut self, status: Status) {
        self.answered = true;
        self.negative = self.negative.or(Some(status));
    }

    fn status(&self, judgement: Judgement) -> Status {
        match (judgement, self.own > 0, self.on) {
            (Judgement::Resources, true, _) | (Judgement::Switch, _, true) => Status::InUse,
            (Judgement::Listed, true, _) => Status::Listed,
            _ => match (self.unknown, self.negative, judgement) {
                (Some(_), ..) if self.answered => Status::Partial,
                (Some(unknown), ..) => unknown,
                (None, Some(negative), _) => negative,
                (None, None, Judgement::Switch) => Status::Off,
                (None, None, _) => Status::Idle,
            },
        }
    }
}
