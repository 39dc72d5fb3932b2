//! The truth about every cell that a scenario's scan must find, kept small.

use std::collections::HashMap;

use anyhow::Context;
use loadtest::World;
use protocol::Status;

use crate::scenario::Scenario;

/// What a cell must end as, and whether it was found yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) status: Status,
    pub(crate) own: u64,
    pub(crate) found: bool,
}

/// The place of an account, a region and a probe among those of the scenario.
type Place = (u32, u16, u16);

/// The truth about every cell.
pub(crate) struct Truth {
    cells: HashMap<Place, Wanted>,
    accounts: HashMap<String, u32>,
    regions: Vec<String>,
    probes: HashMap<String, u16>,
}

impl Truth {
    /// Works the truth out; for a thousand accounts that takes a while.
    pub(crate) fn of(scenario: &Scenario, world: &World) -> anyhow::Result<Self> {
        let selection = scenario.selection()?;
        let probes = world.catalog().select(&selection)?;
        let regions = &scenario.scan.regions;
        let wanted = |region: &str| regions.is_empty() || regions.iter().any(|one| one == region);
        let mut truth = Self {
            cells: HashMap::new(),
            accounts: HashMap::new(),
            regions: Vec::new(),
            probes: HashMap::new(),
        };
        for cell in world.truth_in(&probes, wanted) {
            let accounts = u32::try_from(truth.accounts.len())?;
            let account = *truth.accounts.entry(cell.account).or_insert(accounts);
            let probes = u16::try_from(truth.probes.len())?;
            let probe = *truth.probes.entry(cell.probe).or_insert(probes);
            let region = match truth.region(&cell.region) {
                Some(region) => region,
                None => {
                    truth.regions.push(cell.region);
                    u16::try_from(truth.regions.len() - 1)?
                }
            };
            let wanted = Wanted { status: cell.status, own: cell.own, found: false };
            truth.cells.insert((account, region, probe), wanted);
        }
        Ok(truth)
    }

    fn region(&self, name: &str) -> Option<u16> {
        self.regions.iter().position(|known| known == name).and_then(|at| u16::try_from(at).ok())
    }

    /// The truth about a cell; none where there is no such cell.
    pub(crate) fn cell(&mut self, account: &str, region: &str, probe: &str) -> Option<&mut Wanted> {
        let (account, probe) = (*self.accounts.get(account)?, *self.probes.get(probe)?);
        self.cells.get_mut(&(account, self.region(region)?, probe))
    }

    /// Every cell that was not found, in words, and how many there are.
    pub(crate) fn lost(&self) -> (u64, Vec<String>) {
        let lost = self.cells.iter().filter(|(_, wanted)| !wanted.found);
        let name = |all: &HashMap<String, u16>, at: u16| {
            all.iter().find(|(_, place)| **place == at).map(|(name, _)| name.clone())
        };
        let words = lost.clone().take(5).filter_map(|((account, region, probe), wanted)| {
            let account = self.accounts.iter().find(|(_, place)| *place == account)?.0;
            let region = self.regions.get(usize::from(*region))?;
            let probe = name(&self.probes, *probe)?;
            Some(format!("{account} {region} {probe}: lost, in truth {}", wanted.status))
        });
        (lost.clone().count() as u64, words.collect())
    }

    /// How many cells there are, and how many of them a service is to be found in use.
    pub(crate) fn counts(&self) -> anyhow::Result<(u64, u64)> {
        let in_use = self.cells.values().filter(|wanted| wanted.status == Status::InUse).count();
        let all = u64::try_from(self.cells.len()).context("a count")?;
        Ok((all, u64::try_from(in_use)?))
    }
}
