//! Which cells of a plan service control policies will deny, by statement.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Catalog;
use policy::guards::{Ground, Guarded, Guards};
use policy::organization::Organization;
use protocol::holding::Part;
use protocol::inventory::{AccountState, Tree};
use protocol::plan::ProbeSet;
use protocol::provider::Provider;
use protocol::{AccountId, Failure, OrgId, Region, ScanId, ServiceId};
use serde::Serialize;

use crate::Chosen;

/// What one statement will deny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The policy's name; none where no policy allows it.
    pub policy: Option<String>,
    /// The policy's id.
    pub policy_id: Option<String>,
    /// The statement's name, or its number.
    pub statement: Option<String>,
    /// The root, unit or account that it is attached to, or where nothing allows it.
    pub attached_to: String,
    /// How many accounts.
    pub accounts: usize,
    /// The regions.
    pub regions: BTreeSet<Region>,
    /// The services.
    pub services: BTreeSet<ServiceId>,
    /// How many cells.
    pub cells: u64,
}

/// Cells with one ground.
#[derive(Default)]
struct Denied {
    accounts: BTreeSet<AccountId>,
    regions: BTreeSet<Region>,
    services: BTreeSet<ServiceId>,
    cells: u64,
}

/// The policies above the accounts of a plan, as they are now.
#[derive(Debug, Default)]
pub struct Forecast {
    guards: Guards,
    /// The paths of names of roots and units, by id.
    units: BTreeMap<String, String>,
    /// What could not be read, of which organization.
    pub missing: Vec<(OrgId, String, Failure)>,
}

impl Forecast {
    /// Reads the trees and the policies of what was found.
    pub async fn read(
        provider: &dyn Provider,
        scan: &ScanId,
        chosen: &Chosen,
        catalog: &Catalog,
    ) -> Self {
        let probes = catalog.probes().map(|probe| probe.facts(catalog));
        let mut forecast = Self { guards: Guards::of_probes(probes), ..Self::default() };
        let mut paths = BTreeMap::new();
        for (connection, organization) in &chosen.organizations {
            let id = &organization.id;
            match provider.tree(scan, connection, id).await {
                Ok(tree) => forecast.place(&tree, &mut paths),
                Err(failure) => forecast.missing.push((id.clone(), "the tree".to_owned(), failure)),
            }
            let holding = provider.holding(scan, connection, id, Part::Policies).await;
            let missing = holding.missing.iter().cloned();
            forecast.missing.extend(missing.map(|lack| (id.clone(), lack.what, lack.why)));
            let manager = organization.management_account.as_str();
            let whole = holding.missing.is_empty();
            let read = Organization::new(id.as_str(), manager, holding, whole);
            forecast.guards.add_organization(id.as_str(), read);
        }
        for account in &chosen.accounts {
            let Some(organization) = &account.organization else { continue };
            let arn = account.role.as_ref().or(account.arn.as_ref());
            let guarded = Guarded {
                organization: organization.to_string(),
                path: paths.get(&account.id).cloned(),
                role: account.role.clone(),
                partition: arn.and_then(|arn| arn.split(':').nth(1).map(str::to_owned)),
            };
            forecast.guards.add_account(account.id.as_str(), guarded);
        }
        forecast
    }

    /// Keeps where accounts are, by ids, and what units are called.
    fn place(&mut self, tree: &Tree, paths: &mut BTreeMap<AccountId, String>) {
        let mut ids: BTreeMap<&str, String> = BTreeMap::new();
        for unit in &tree.units {
            let above = unit.parent.as_ref().map(protocol::UnitId::as_str);
            let path = match above.and_then(|above| ids.get(above)) {
                Some(path) => format!("{path}/{}", unit.id),
                None => unit.id.to_string(),
            };
            let name = match above.and_then(|above| self.units.get(above)) {
                Some(names) => format!("{names}/{}", unit.name),
                None => unit.name.clone(),
            };
            ids.insert(unit.id.as_str(), path);
            self.units.insert(unit.id.to_string(), name);
        }
        for (account, unit) in &tree.placements {
            if let Some(path) = ids.get(unit.as_str()) {
                paths.insert(account.clone(), path.clone());
            }
        }
    }

    /// The cells of the plan that will be denied for certain, most first: wherever the region is open to the account,
    /// and the account can be entered.
    #[must_use]
    pub fn denials(&mut self, chosen: &Chosen, sets: &BTreeMap<Region, ProbeSet>) -> Vec<Denial> {
        let mut all: BTreeMap<Ground, Denied> = BTreeMap::new();
        let active = chosen.accounts.iter().filter(|one| one.state == AccountState::Active);
        for account in active {
            for (region, set) in sets {
                for (probe, _) in set.probes.iter().filter(|(_, verdict)| verdict.is_none()) {
                    let predicted = self.guards.predict(account.id.as_str(), probe, region);
                    let Some((ground, _)) = predicted else { continue };
                    let denied = all.entry(ground).or_default();
                    denied.cells += 1;
                    denied.accounts.insert(account.id.clone());
                    denied.regions.insert(region.clone());
                    denied.services.insert(probe.service());
                }
            }
        }
        let told = all.into_iter().map(|(ground, denied)| self.told(&ground, denied));
        let mut told: Vec<Denial> = told.collect();
        told.sort_by_key(|denial| std::cmp::Reverse(denial.cells));
        told
    }

    fn told(&self, ground: &Ground, denied: Denied) -> Denial {
        let policy = self.guards.policy(ground);
        let level = ground.level.as_deref().unwrap_or_default();
        Denial {
            policy: policy.map(|policy| policy.name.clone()),
            policy_id: ground.policy.clone(),
            statement: ground.statement.map(|index| match policy {
                Some(policy) => policy.statement_name(index),
                None => format!("#{}", index + 1),
            }),
            attached_to: self.units.get(level).cloned().unwrap_or_else(|| level.to_owned()),
            accounts: denied.accounts.len(),
            regions: denied.regions,
            services: denied.services,
            cells: denied.cells,
        }
    }
}
