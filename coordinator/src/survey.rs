//! What there is and what of it is asked for: found like for a scan, and nothing written.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use protocol::inventory::{Account, Found, Organization};
use protocol::provider::{KnownRegion, Provider};
use protocol::scan::Settings;
use protocol::{ConnectionId, Failure, OrgId, Region, ScanId};

use crate::Error;
use crate::choose::Chooser;
use crate::discover::{check, is_active};
use crate::enumerate::Size;

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
    /// How large the organizations are.
    pub sizes: Vec<Size>,
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
        chosen.missing.extend(there.astray);
        let own = there.organizations.into_iter().map(|org| (connection.clone(), org));
        for (leads, organization) in own.chain(there.tenants) {
            let mut size = Size::new(organization.id.clone(), there.units.get(&organization.id));
            if settings.selection.needs_tree() {
                let tree = provider.tree(scan, &leads, &organization.id).await;
                let tree = tree.map_err(Error::Discover)?;
                (size.units, size.all_units) = (Some(tree.units.len() as u64), true);
                chooser.learn(&tree);
            }
            if chosen.sizes.iter().all(|known| known.id != size.id) {
                chosen.sizes.push(size);
            }
            chosen.organizations.push((leads, organization));
        }
        for account in there.accounts {
            if !found.insert(account.id.clone()) {
                continue;
            }
            let own = |size: &&mut Size| account.organization.as_ref() == Some(&size.id);
            if let Some(size) = chosen.sizes.iter_mut().find(own) {
                size.add(account.state);
            }
            if chooser.wants(&account) {
                chosen.accounts.push(account);
            } else {
                chosen.left_out += 1;
            }
        }
    }
    let active = chosen.accounts.iter().filter(|account| is_active(account)).count();
    check(&chooser, found.len(), active > 0, &chosen.missing)?;
    Ok(chosen)
}

#[derive(Default)]
struct There {
    organizations: Vec<Organization>,
    accounts: Vec<Account>,
    regions: Vec<KnownRegion>,
    missing: Vec<Failure>,
    units: BTreeMap<OrgId, u64>,
    tenants: Vec<(ConnectionId, Organization)>,
    astray: Vec<(ConnectionId, Failure)>,
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
            Ok(Found::Units { organization, units }) => {
                there.units.insert(organization, units);
            }
            Ok(Found::NotInOrganization) => {}
            Ok(Found::Missing(failure)) | Err(failure) => there.missing.push(failure),
            Ok(Found::Tenant { connection, organization }) => {
                there.tenants.push((connection, organization));
            }
            Ok(Found::Astray { connection, failure }) => there.astray.push((connection, failure)),
        }
    }
    there
}

fn merge(regions: &mut Vec<KnownRegion>, more: Vec<KnownRegion>) {
    let known: BTreeSet<Region> = regions.iter().map(|known| known.region.clone()).collect();
    regions.extend(more.into_iter().filter(|more| !known.contains(&more.region)));
}
