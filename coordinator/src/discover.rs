//! Finds accounts, chooses among them, and plans those that are chosen.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use protocol::failure::cut;
use protocol::holding::{Completeness, Holding, Part, Reading};
use protocol::inventory::{Account, AccountState, Found};
use protocol::provider::{KnownRegion, Provider};
use protocol::scan::{Scan, Settings, Source};
use protocol::{ConnectionId, Failure, FailureKind, OrgId, Region};

use crate::behind;
use crate::choose::Chooser;
use crate::expand::{probe_sets, rows};
use crate::led::{Led, Sorted};
use crate::shared::Shared;
use crate::{Error, Parts};

/// Accounts that are written down at once.
const CHUNK: usize = 64;

/// Fails where nothing was found, where the selection names what is not there, and where not enough is left.
pub(crate) fn check(
    chooser: &Chooser<'_>,
    found: usize,
    enough: bool,
    missing: &[(ConnectionId, Failure)],
) -> Result<(), Error> {
    let unread = missing.first().map(|(_, failure)| failure);
    if found == 0 {
        let nobody = || Failure::new(FailureKind::Other, "NoAccounts", "no account was found");
        // What was refused tells more than what was merely no account.
        let says =
            |failure: &&Failure| !matches!(failure.kind, FailureKind::Other | FailureKind::Off);
        let refused = missing.iter().map(|(_, failure)| failure).find(says);
        let mut failure = refused.or(unread).cloned().unwrap_or_else(nobody);
        if let Some(others) = missing.len().checked_sub(1).filter(|others| *others > 0) {
            let more = format!("; and {others} more led nowhere");
            let told = cut(&failure.message, Failure::MESSAGE_LIMIT - more.len());
            failure.message = format!("{told}{more}");
        }
        return Err(Error::Discover(failure));
    }
    let nobody = || {
        format!(
            "no active account is left to look at: {found} were found, and the selection or their states leave all of them out"
        )
    };
    let Some(wrong) = chooser.unmatched().or_else(|| (!enough).then(nobody)) else {
        return Ok(());
    };
    let unread = unread.map(|failure| format!(" (not everything could be read: {failure})"));
    Err(Error::Selection(wrong + &unread.unwrap_or_default()))
}

/// Whether a scan only reads organizations, so that accounts in any state will do.
fn enters_nobody(settings: &Settings) -> bool {
    settings.selection.no_services && settings.selection.probes.is_empty()
}

pub(crate) fn is_active(account: &Account) -> bool {
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
        found: Led::default(),
        whole: BTreeSet::new(),
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
    let enough = planner.planned > 0 || enters_nobody(&scan.settings);
    check(&planner.chooser, planner.found.len(), enough, &planner.missing)?;
    Ok(parts.store.set_planned(&scan.id).await?)
}

struct Planner<'a> {
    parts: &'a Parts,
    provider: &'a dyn Provider,
    scan: &'a Scan,
    shared: &'a Shared,
    sets: BTreeMap<Region, protocol::plan::ProbeSet>,
    found: Led,
    /// Organizations whose list of accounts was read to its end.
    whole: BTreeSet<OrgId>,
    planned: usize,
    missing: Vec<(ConnectionId, Failure)>,
    chooser: Chooser<'a>,
}

/// What a connection leads to, as far as it was read.
#[derive(Default)]
struct Read {
    organizations: Vec<OrgId>,
    /// Whether it leads to an organization whose accounts are known by another connection.
    known_before: bool,
    /// Whether it leads to an account that is in none.
    alone: bool,
    holding: Holding,
    /// The same of each tenant that it leads to.
    tenants: BTreeMap<ConnectionId, Read>,
}

impl Read {
    /// The organizations whose accounts are known by this connection alone, each with the connection that leads to it.
    fn led_to(&self, connection: &ConnectionId) -> Vec<(ConnectionId, OrgId)> {
        let mut all = Vec::new();
        for (via, read) in [(connection, self)].into_iter().chain(&self.tenants) {
            let new = read.organizations.iter().filter(|_| !read.known_before);
            all.extend(new.map(|organization| (via.clone(), organization.clone())));
        }
        all
    }

    fn completeness(&self) -> Option<Completeness> {
        match self.holding.completeness() {
            Completeness::Synced if self.known_before => Some(Completeness::AlreadySynced),
            Completeness::Synced if self.alone => Some(Completeness::NotInOrganization),
            // Nobody asked it for an organization.
            Completeness::Synced if self.organizations.is_empty() => None,
            how => Some(how),
        }
    }
}

impl Planner<'_> {
    async fn connection(&mut self, connection: &ConnectionId) -> Result<(), Error> {
        let provider = self.provider;
        let mut read = Read::default();
        let regions = match provider.regions(connection).await {
            Ok(regions) => regions,
            Err(failure) => {
                self.miss(connection, &mut read, failure).await?;
                return self.record(connection, &read).await;
            }
        };
        self.expand(&regions)?;
        self.shared.know(regions);
        let needs_tree = self.scan.settings.selection.needs_tree();
        let predicts = self.scan.settings.skip_predicted_denials;
        let mut held_back = Vec::new();
        let mut stream = provider.discover(&self.scan.id, connection).ready_chunks(CHUNK);
        while !read.known_before
            && let Some(chunk) = stream.next().await
        {
            let mut accounts = Vec::new();
            for found in chunk {
                match found {
                    Ok(Found::Account(account)) => accounts.push(account),
                    Ok(Found::Organization(organization)) => {
                        self.parts.store.put_organization(&self.scan.id, &organization).await?;
                        read.known_before |= self.whole.contains(&organization.id);
                        read.organizations.push(organization.id);
                    }
                    // The tree is read for itself, and tells of all of them.
                    Ok(Found::Units { .. }) => {}
                    Ok(Found::NotInOrganization) => read.alone = true,
                    Ok(Found::Missing(failure)) | Err(failure) => {
                        self.miss(connection, &mut read, failure).await?;
                    }
                    Ok(Found::Tenant { connection, organization }) => {
                        self.parts.store.put_organization(&self.scan.id, &organization).await?;
                        let tenant = read.tenants.entry(connection).or_default();
                        tenant.known_before |= self.whole.contains(&organization.id);
                        tenant.organizations.push(organization.id);
                    }
                    Ok(Found::Astray { connection, failure }) => {
                        let tenant = read.tenants.entry(connection.clone()).or_default();
                        self.stray(&connection, tenant, failure).await?;
                    }
                }
            }
            if needs_tree || predicts {
                held_back.append(&mut accounts);
            } else {
                self.write(accounts).await?;
            }
        }
        drop(stream);
        self.record(connection, &read).await?;
        for (tenant, led) in &read.tenants {
            self.record(tenant, led).await?;
        }
        for (connection, organization) in &read.led_to(connection) {
            if !needs_tree {
                break;
            }
            let tree = provider.tree(&self.scan.id, connection, organization).await;
            let tree = tree.map_err(Error::Discover)?;
            self.chooser.learn(&tree);
            self.parts.store.put_tree(&self.scan.id, organization, &tree).await?;
            let (whole, nothing) = (Completeness::Synced, Holding::default());
            let reading = self.reading(Part::Tree, connection, Some(organization), whole);
            self.parts.store.put_reading(&self.scan.id, &reading, &nothing).await?;
        }
        if predicts {
            // What cannot be read predicts nothing; the cells are called.
            let parts = [Part::Tree, Part::Policies];
            behind::read_parts(self.parts, provider, self.scan, &parts).await?;
        }
        self.write(held_back).await
    }

    /// Records how completely accounts were listed.
    async fn record(&mut self, connection: &ConnectionId, read: &Read) -> Result<(), Error> {
        let Some(how) = read.completeness() else { return Ok(()) };
        if how == Completeness::Synced {
            self.whole.extend(read.organizations.iter().cloned());
        }
        let organizations = read.organizations.iter().map(Some);
        let none = read.organizations.is_empty().then_some(None);
        for organization in organizations.chain(none) {
            let reading = self.reading(Part::Accounts, connection, organization, how);
            self.parts.store.put_reading(&self.scan.id, &reading, &read.holding).await?;
        }
        Ok(())
    }

    fn reading(
        &self,
        part: Part,
        connection: &ConnectionId,
        organization: Option<&OrgId>,
        completeness: Completeness,
    ) -> Reading {
        Reading {
            part,
            connection: connection.clone(),
            organization: organization.cloned(),
            completeness,
            at: self.parts.clock.now(),
        }
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
        let Sorted { new, listed, twice } = self.found.sort(accounts);
        for (account, first, connection) in twice {
            let first = self.named(&first);
            let message = format!(
                "account {account} is looked at once, through {first}, which leads to it too"
            );
            let failure = Failure::new(FailureKind::Other, Found::COVERED, message);
            self.tell_missing(&connection, failure).await?;
        }
        let (chosen, others): (Vec<_>, Vec<_>) =
            new.into_iter().partition(|account| self.chooser.wants(account));
        let rows = rows(&chosen, &self.sets, self.planned);
        let sets: Vec<_> = self.sets.values().cloned().collect();
        let active = chosen.iter().filter(|account| is_active(account)).count();
        self.planned += active;
        let excluded: Vec<_> = others
            .iter()
            .filter_map(|account| Some((account.id.clone(), self.chooser.excluded_by(account)?)))
            .collect();
        let accounts: Vec<Account> = chosen.into_iter().chain(others).collect();
        self.parts.store.put_accounts(&self.scan.id, &accounts, &sets, &rows).await?;
        if !excluded.is_empty() {
            self.parts.store.put_exclusions(&self.scan.id, &excluded).await?;
        }
        if !listed.is_empty() {
            self.parts.store.put_accounts(&self.scan.id, &listed, &[], &[]).await?;
        }
        let cells: usize = self.sets.values().map(|set| set.probes.len()).sum();
        self.shared.add_planned(active as u64, (cells * active) as u64);
        Ok(())
    }

    /// What a connection is called by whoever made the settings.
    fn named(&self, connection: &ConnectionId) -> String {
        let sources = self.scan.settings.connections();
        match sources.into_iter().find(|(id, _)| id == connection) {
            Some((_, Source::Profile { name })) => format!("profile {name}"),
            _ => connection.to_string(),
        }
    }

    /// Writes down what is not in the inventory, and through what it would have been.
    async fn tell_missing(
        &mut self,
        connection: &ConnectionId,
        failure: Failure,
    ) -> Result<Failure, Error> {
        let name = self.named(connection);
        let failure = if name == connection.as_str() || failure.message.contains(&name) {
            failure
        } else {
            let told = format!("{name}: {}", failure.message);
            Failure { message: cut(&told, Failure::MESSAGE_LIMIT).to_owned(), ..failure }
        };
        self.parts.store.put_missing(&self.scan.id, connection.as_str(), &failure).await?;
        self.missing.push((connection.clone(), failure.clone()));
        Ok(failure)
    }

    /// A tenant that leads nowhere, or not all the way.
    async fn stray(
        &mut self,
        connection: &ConnectionId,
        tenant: &mut Read,
        failure: Failure,
    ) -> Result<(), Error> {
        let covered = failure.code == Found::COVERED;
        if !covered && failure.kind != FailureKind::Off {
            return self.miss(connection, tenant, failure).await;
        }
        tenant.known_before |= covered;
        tenant.alone |= !covered;
        self.tell_missing(connection, failure).await?;
        Ok(())
    }

    async fn miss(
        &mut self,
        connection: &ConnectionId,
        read: &mut Read,
        failure: Failure,
    ) -> Result<(), Error> {
        let failure = self.tell_missing(connection, failure).await?;
        let what = failure.operation.clone().unwrap_or_else(|| "the accounts".to_owned());
        read.holding.lack(what, failure);
        Ok(())
    }
}
