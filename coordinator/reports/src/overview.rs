//! What a scan found, counted by account, service and region in one pass.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Status;
use protocol::cell::Cost;

use crate::census::{AccountCells, Names, Seen};
use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::{Counts, Group};

/// What a part of the scan (an account, a service, a region) found and cost.
///
/// `counts` and the sets are of cells that decide about enablement; `cells` and `cost` of all.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) counts: Counts,
    /// Accounts, services and regions that are in use.
    pub(crate) accounts: u64,
    pub(crate) services: BTreeSet<usize>,
    pub(crate) regions: BTreeSet<usize>,
    pub(crate) cells: u64,
    pub(crate) cost: Cost,
}

/// The counts of a scan.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    pub(crate) all: Part,
    pub(crate) accounts: BTreeMap<String, Part>,
    pub(crate) services: BTreeMap<String, Part>,
    pub(crate) regions: BTreeMap<String, Part>,
    /// Services of curated entries, and all probes.
    pub(crate) curated: u64,
    pub(crate) probes: u64,
}

/// Counts while the census is read; parts are numbered until they are named.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    accounts: BTreeMap<String, Part>,
    services: Vec<Part>,
    regions: Vec<Part>,
}

impl Counting {
    /// Counts an account.
    pub(crate) fn add(&mut self, names: &Names, account: &AccountCells) {
        self.services.resize_with(names.services.texts.len(), Part::default);
        self.regions.resize_with(names.regions.texts.len(), Part::default);
        let mut whole = Part::default();
        let mut regions = BTreeSet::new();
        for cell in &account.cells {
            let probe = &names.probes[cell.probe];
            let parts =
                [&mut whole, &mut self.services[probe.service], &mut self.regions[cell.region]];
            for part in parts {
                part.add(names, cell);
            }
            if probe.decides && cell.status == Status::InUse {
                regions.insert(cell.region);
            }
        }
        for service in &whole.services {
            self.services[*service].accounts += 1;
        }
        for region in &regions {
            self.regions[*region].accounts += 1;
        }
        whole.accounts = u64::from(!whole.services.is_empty());
        self.accounts.insert(account.account.clone(), whole);
    }

    /// Names the parts.
    pub(crate) fn named(self, names: &Names) -> Overview {
        let name = |texts: &[String], parts: Vec<Part>| -> BTreeMap<String, Part> {
            texts.iter().cloned().zip(parts).collect()
        };
        let mut all = Part::default();
        self.accounts.values().for_each(|part| all.merge(part));
        let curated: BTreeSet<usize> =
            names.probes.iter().filter(|probe| probe.curated).map(|probe| probe.service).collect();
        Overview {
            all,
            accounts: self.accounts,
            services: name(&names.services.texts, self.services),
            regions: name(&names.regions.texts, self.regions),
            curated: curated.len() as u64,
            probes: names.probes.len() as u64,
        }
    }
}

impl Part {
    fn add(&mut self, names: &Names, cell: &Seen) {
        let probe = &names.probes[cell.probe];
        self.cells += 1;
        self.cost.add(cell.cost);
        if !probe.decides {
            return;
        }
        self.counts.add(Group {
            status: cell.status,
            curated: probe.curated,
            cells: 1,
            resources: cell.resources,
            floors: u64::from(cell.at_least),
        });
        if cell.status == Status::InUse {
            self.services.insert(probe.service);
            self.regions.insert(cell.region);
        }
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.accounts += other.accounts;
        self.services.extend(&other.services);
        self.regions.extend(&other.regions);
        self.cells += other.cells;
        self.cost.add(other.cost);
    }
}

/// Counts the scan.
pub(crate) async fn read(context: &Context<'_>) -> Result<Overview, ReportError> {
    let mut counting = Counting::default();
    let names = crate::census::read(context, |names, account| {
        counting.add(names, account);
        Ok(())
    })
    .await?;
    Ok(counting.named(&names))
}
