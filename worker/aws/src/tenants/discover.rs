//! Discovery over a table of tenants: several at a time, each for itself, and each ends with an outcome.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use protocol::failure::cut;
use protocol::inventory::Found;
use protocol::scan::Settings;
use protocol::tenants::Tenants;
use protocol::{ConnectionId, Failure, FailureKind, OrgId, ScanId};

use super::table::Tenant;
use super::{MOST_NAMED, MOST_TENANTS, OPERATION, Roster};
use crate::access::Access;
use crate::organization;
use crate::session::{Identity, Key};

/// Tenants whose organizations are read at a time; each spends from a bucket of its own organization.
const AT_ONCE: usize = 16;

/// Finds the accounts of all tenants of a table.
pub(crate) fn discover<'a>(
    access: &'a Access,
    settings: &'a Settings,
    tenants: &'a Tenants,
    scan: &'a ScanId,
    connection: &'a ConnectionId,
) -> BoxStream<'a, Result<Found, Failure>> {
    let attempts = settings.pace.max_attempts;
    let opened = move |read: Result<Arc<Roster>, Failure>| match read {
        Ok(roster) => walk(access, settings, tenants, scan, connection, &roster),
        Err(failure) => stream::once(ready(Err(failure))).boxed(),
    };
    stream::once(read(access, tenants, attempts, scan, connection)).flat_map(opened).boxed()
}

/// Reads the table anew, for this process to believe.
async fn read(
    access: &Access,
    tenants: &Tenants,
    attempts: u32,
    scan: &ScanId,
    connection: &ConnectionId,
) -> Result<Arc<Roster>, Failure> {
    let scan = Some(scan.clone());
    let key = Key { scan, connection: connection.clone(), identity: Identity::Hub };
    let roster = Arc::new(access.read_roster(&key, tenants, attempts.max(1)).await?);
    access.rosters.insert(connection.clone(), Arc::clone(&roster)).await;
    Ok(roster)
}

/// Everything that the tenants of a roster lead to.
fn walk<'a>(
    access: &'a Access,
    settings: &'a Settings,
    tenants: &'a Tenants,
    scan: &'a ScanId,
    connection: &'a ConnectionId,
    roster: &Roster,
) -> BoxStream<'a, Result<Found, Failure>> {
    let unusable = unusable(roster, tenants, connection);
    let met = Arc::new(Met::default());
    let skipped = Arc::clone(&met);
    let one = move |tenant: Tenant| {
        let own = match connection.of_tenant(&tenant.account) {
            Ok(own) => own,
            Err(error) => {
                let failure = Failure::new(FailureKind::Invalid, "BadName", error.to_string());
                return stream::once(ready(Found::Missing(failure))).boxed();
            }
        };
        let walk = organization::discover(access, settings, scan, own.clone());
        let one = One { walk: Some(walk), own, tenant, met: Arc::clone(&met) };
        stream::unfold(one, |mut one| async move { Some((one.next().await?, one)) }).boxed()
    };
    let walks = stream::iter(roster.tenants.clone()).flat_map_unordered(AT_ONCE, one);
    // Whether somebody else leads to an organization is known when all tenants were asked.
    let end = stream::once(async move { skipped.told() }).flat_map(stream::iter);
    stream::iter(unusable).chain(walks).chain(end).map(Ok).boxed()
}

/// The items that are no tenants.
fn unusable(roster: &Roster, tenants: &Tenants, connection: &ConnectionId) -> Vec<Found> {
    let table = &tenants.table;
    let failure = |code: &str, message: String| {
        Failure::new(FailureKind::Other, code, message).during(OPERATION)
    };
    let named = roster.unusable.iter().map(|(number, why)| {
        let message =
            format!("item {number} of those in {table:?} that pass the filter is no tenant: {why}");
        let failure = failure("UnusableItem", message);
        match ConnectionId::new(format!("{connection}/item {number}")) {
            Ok(connection) => Found::Astray { connection, failure },
            Err(_) => Found::Missing(failure),
        }
    });
    let counted = [
        (
            roster.unnamed,
            "UnusableItems",
            format!("further items are no tenants, beside the first {MOST_NAMED}"),
        ),
        (
            roster.too_many,
            "TenantCap",
            format!("further items are tenants, beside the first {MOST_TENANTS}, and are left out"),
        ),
    ];
    let counted =
        counted.into_iter().filter(|(count, ..)| *count > 0).map(|(count, code, what)| {
            Found::Missing(failure(code, format!("{count} {what}: the table {table} is too large")))
        });
    named.chain(counted).collect()
}

/// What all tenants know together.
#[derive(Default)]
struct Met(Mutex<Known>);

#[derive(Default)]
struct Known {
    read: BTreeSet<OrgId>,
    skipped: Vec<Skipped>,
}

/// A tenant that does not manage the organization that it is in.
struct Skipped {
    own: ConnectionId,
    organization: OrgId,
    told: String,
}

impl Met {
    fn with<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        // What another thread was adding when it panicked is whole or not there.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why tenants were skipped.
    fn told(&self) -> Vec<Found> {
        let one = |known: &BTreeSet<OrgId>, skipped: Skipped| {
            let Skipped { own, organization, told } = skipped;
            let (code, rest) = if known.contains(&organization) {
                (Found::COVERED, "which another tenant leads to")
            } else {
                ("NotManagementAccount", "to which no tenant of the table leads")
            };
            let message = format!("skipped: {told}, {rest}");
            let failure = Failure::new(FailureKind::Other, code, message);
            Found::Astray { connection: own, failure: failure.during("DescribeOrganization") }
        };
        self.with(|known| {
            let skipped = std::mem::take(&mut known.skipped);
            skipped.into_iter().map(|skipped| one(&known.read, skipped)).collect()
        })
    }
}

/// The discovery of one tenant.
struct One<'a> {
    walk: Option<BoxStream<'a, Result<Found, Failure>>>,
    own: ConnectionId,
    tenant: Tenant,
    met: Arc<Met>,
}

impl One<'_> {
    async fn next(&mut self) -> Option<Found> {
        let account = &self.tenant.account;
        let found = self.walk.as_mut()?.next().await?;
        match found {
            Ok(Found::Organization(found)) if found.management_account != *account => {
                self.walk = None;
                let (id, manager) = (&found.id, &found.management_account);
                let told = format!(
                    "{} is not the management account of {id} (that is {manager})",
                    self.who()
                );
                let (own, organization) = (self.own.clone(), found.id);
                self.met.with(|known| known.skipped.push(Skipped { own, organization, told }));
                None
            }
            Ok(Found::Organization(found)) => {
                self.met.with(|known| known.read.insert(found.id.clone()));
                let connection = self.own.clone();
                Some(Found::Tenant { connection, organization: found })
            }
            Ok(Found::Missing(failure)) | Err(failure) => Some(self.astray(failure)),
            Ok(found) => Some(found),
        }
    }

    fn astray(&self, failure: Failure) -> Found {
        let message = if failure.code == "AWSOrganizationsNotInUseException" {
            format!("skipped: {} is in no organization, so it manages none", self.who())
        } else {
            format!("{}: {}", self.who(), failure.message)
        };
        let message = cut(&message, Failure::MESSAGE_LIMIT).to_owned();
        Found::Astray { connection: self.own.clone(), failure: Failure { message, ..failure } }
    }

    /// The tenant, for messages.
    fn who(&self) -> String {
        match &self.tenant.name {
            Some(name) => format!("tenant {} ({name:?})", self.tenant.account),
            None => format!("tenant {}", self.tenant.account),
        }
    }
}
