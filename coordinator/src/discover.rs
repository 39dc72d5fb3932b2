//! Finds accounts, chooses among them, and plans those that are chosen.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use protocol::inventory::{Account, AccountState, Found, Organization, Tree};
use protocol::provider::{KnownRegion, Provider};
use protocol::scan::{Scan, Settings};
use protocol::{AccountId, ConnectionId, Failure, FailureKind, Region, ScanId};

use crate::choose::Chooser;
use crate::expand::{probe_sets, rows};
use crate::shared::Shared;
use crate::{Error, Parts};

/// Accounts that are written down at once.
const CHUNK: usize = 64;

/// What there is and what of it is asked for.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Organizations that were found, with the connection that leads to each.
    pub organizations: Vec<(ConnectionId, Organization)>,
    /// Accounts that are asked for, in any state.
    pub accounts: Vec<Account>,
    /// Accounts that were found and are not asked for.
    pub left_out: u64,
    /// The regions that these accounts can have.
    pub regions: Vec<KnownRegion>,
    /// What could not be read, and for which connection.
    pub missing: Vec<(ConnectionId, Failure)>,
}

/// Finds all accounts of all connections and chooses among them; writes nothing.
///
/// # Errors
/// [`Error::Discover`] when no connection leads anywhere, [`Error::Selection`] when the selection
/// names what is not there or leaves no active account.
pub async fn survey(
    provider: &dyn Provider,
    scan: &ScanId,
    settings: &Settings,
) -> Result<Chosen, Error> {
    let mut chosen = Chosen::default();
    let mut found = BTreeSet::new();
    let mut chooser = Chooser::new(&settings.selection);
    for (connection, _) in settings.connections() {
        let there = find(provider, scan, &connection).await;
        chosen.missing.extend(there.missing.into_iter().map(|why| (connection.clone(), why)));
        merge(&mut chosen.regions, there.regions);
        if settings.selection.needs_tree() {
            for organization in &there.organizations {
                let tree = provider.tree(scan, &connection, &organization.id).await;
                chooser.learn(&tree.map_err(Error::Discover)?);
            }
        }
        let named = there.organizations.into_iter().map(|org| (connection.clone(), org));
        chosen.organizations.extend(named);
        for account in there.accounts {
            if !found.insert(account.id.clone()) {
                continue;
            }
            if chooser.wants(&account) {
                chosen.accounts.push(account);
            } else {
                chosen.left_out += 1;
            }
        }
    }
    let active = chosen.accounts.iter().filter(|account| is_active(account)).count();
    check(&chooser, &found, active, &chosen.missing)?;
    Ok(chosen)
}

#[derive(Default)]
struct There {
    organizations: Vec<Organization>,
    accounts: Vec<Account>,
    regions: Vec<KnownRegion>,
    missing: Vec<Failure>,
}

async fn find(provider: &dyn Provider, scan: &ScanId, connection: &ConnectionId) -> There {
    let mut there = There::default();
    match provider.regions(connection).await {
        Ok(regions) => there.regions = regions,
        Err(failure) => {
            there.missing.push(failure);
            return there;
        }
    }
    let mut stream = provider.discover(scan, connection);
    while let Some(found) = stream.next().await {
        match found {
            Ok(Found::Organization(organization)) => there.organizations.push(organization),
            Ok(Found::Account(account)) => there.accounts.push(account),
            Ok(Found::Missing(failure)) | Err(failure) => there.missing.push(failure),
        }
    }
    there
}

fn merge(regions: &mut Vec<KnownRegion>, more: Vec<KnownRegion>) {
    let known: BTreeSet<Region> = regions.iter().map(|known| known.region.clone()).collect();
    regions.extend(more.into_iter().filter(|more| !known.contains(&more.region)));
}

fn check(
    chooser: &Chooser<'_>,
    found: &BTreeSet<AccountId>,
    active: usize,
    missing: &[(ConnectionId, Failure)],
) -> Result<(), Error> {
    let unread = missing.first().map(|(_, failure)| failure);
    if found.is_empty() {
        let nobody = || Failure::new(FailureKind::Other, "NoAccounts", "no account was found");
        return Err(Error::Discover(unread.cloned().unwrap_or_else(nobody)));
    }
    let nobody = || {
        let found = found.len();
        format!(
            "no active account is left to look at: {found} were found, and the selection or their states leave all of them out"
        )
    };
    let Some(wrong) = chooser.unmatched().or_else(|| (active == 0).then(nobody)) else {
        return Ok(());
    };
    let unread = unread.map(|failure| format!(" (not everything could be read: {failure})"));
    Err(Error::Selection(wrong + &unread.unwrap_or_default()))
}

fn is_active(account: &Account) -> bool {
    account.state == AccountState::Active
}

/// Finds accounts and writes their plan, so that work on the first begins while the rest is found.
pub(crate) async fn plan(
    parts: &Parts,
    provider: &dyn Provider,
    scan: &Scan,
    shared: &Shared,
) -> Result<(), Error> {
    let mut planner = Planner {
        parts,
        provider,
        scan,
        shared,
        sets: BTreeMap::new(),
        found: BTreeSet::new(),
        planned: 0,
        missing: Vec::new(),
        chooser: Chooser::new(&scan.settings.selection),
    };
    for (connection, _) in scan.settings.connections() {
        planner.connection(&connection).await?;
    }
    // Where nothing was found at all, the error says why.
    for (connection, failure) in planner.missing.iter().filter(|_| !planner.found.is_empty()) {
        tracing::warn!(%connection, %failure, "part of the inventory could not be read");
    }
    check(&planner.chooser, &planner.found, planner.planned, &planner.missing)?;
    Ok(parts.store.set_planned(&scan.id).await?)
}

struct Planner<'a> {
    parts: &'a Parts,
    provider: &'a dyn Provider,
    scan: &'a Scan,
    shared: &'a Shared,
    sets: BTreeMap<Region, protocol::plan::ProbeSet>,
    found: BTreeSet<AccountId>,
    planned: usize,
    missing: Vec<(ConnectionId, Failure)>,
    chooser: Chooser<'a>,
}

impl Planner<'_> {
    async fn connection(&mut self, connection: &ConnectionId) -> Result<(), Error> {
        let provider = self.provider;
        let regions = match provider.regions(connection).await {
            Ok(regions) => regions,
            Err(failure) => {
                return self.miss(connection, failure).await;
            }
        };
        self.expand(&regions)?;
        self.shared.know(regions);
        let mut organizations = Vec::new();
        let needs_tree = self.scan.settings.selection.needs_tree();
        let mut held_back = Vec::new();
        let mut stream = provider.discover(&self.scan.id, connection).ready_chunks(CHUNK);
        while let Some(chunk) = stream.next().await {
            let mut accounts = Vec::new();
            for found in chunk {
                match found {
                    Ok(Found::Account(account)) => accounts.push(account),
                    Ok(Found::Organization(organization)) => {
                        self.parts.store.put_organization(&self.scan.id, &organization).await?;
                        organizations.push(organization.id);
                    }
                    Ok(Found::Missing(failure)) | Err(failure) => {
                        self.miss(connection, failure).await?;
                    }
                }
            }
            if needs_tree {
                held_back.append(&mut accounts);
            } else {
                self.write(accounts).await?;
            }
        }
        if !needs_tree {
            return Ok(());
        }
        for organization in &organizations {
            let tree = provider.tree(&self.scan.id, connection, organization).await;
            let tree = tree.map_err(Error::Discover)?;
            self.chooser.learn(&tree);
            self.parts.store.put_tree(&self.scan.id, organization, &tree).await?;
        }
        self.write(held_back).await
    }

    fn expand(&mut self, regions: &[KnownRegion]) -> Result<(), Error> {
        let catalog = &self.parts.catalog;
        let selection = &self.scan.settings.selection;
        let probes =
            catalog.select(selection).map_err(|error| Error::Selection(error.to_string()))?;
        let fresh = catalog.table_is_fresh(self.parts.clock.now());
        self.sets = probe_sets(catalog, &probes, regions, selection, fresh);
        Ok(())
    }

    async fn write(&mut self, accounts: Vec<Account>) -> Result<(), Error> {
        let new: Vec<Account> =
            accounts.into_iter().filter(|account| self.found.insert(account.id.clone())).collect();
        let (chosen, others): (Vec<_>, Vec<_>) =
            new.into_iter().partition(|account| self.chooser.wants(account));
        let rows = rows(&chosen, &self.sets, self.planned);
        let sets: Vec<_> = self.sets.values().cloned().collect();
        let active = chosen.iter().filter(|account| is_active(account)).count();
        self.planned += active;
        let accounts: Vec<Account> = chosen.into_iter().chain(others).collect();
        self.parts.store.put_accounts(&self.scan.id, &accounts, &sets, &rows).await?;
        let cells: usize = self.sets.values().map(|set| set.probes.len()).sum();
        self.shared.add_planned(active as u64, (cells * active) as u64);
        Ok(())
    }

    async fn miss(&mut self, connection: &ConnectionId, failure: Failure) -> Result<(), Error> {
        self.parts.store.put_missing(&self.scan.id, connection.as_str(), &failure).await?;
        self.missing.push((connection.clone(), failure));
        Ok(())
    }
}

/// Reads the trees that are not recorded yet, behind the scan; what cannot be read is recorded.
pub(crate) async fn read_trees(
    parts: &Parts,
    provider: &dyn Provider,
    scan: &ScanId,
) -> Result<(), Error> {
    for (organization, connection) in parts.store.treeless(scan).await? {
        match provider.tree(scan, &connection, &organization).await {
            Ok(tree) => parts.store.put_tree(scan, &organization, &tree).await?,
            Err(failure) => {
                tracing::warn!(%organization, %failure, "the tree could not be read");
                let what = format!("{}{organization}", Tree::OF);
                parts.store.put_missing(scan, &what, &failure).await?;
            }
        }
    }
    Ok(())
}
