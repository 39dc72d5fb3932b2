//! Tenants: a table that names the accounts that manage organizations, and how each of them is entered.

mod discover;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use catalog::policy::SessionPolicy;
use moka::future::Cache;
use protocol::failure::cut;
use protocol::tenants::Tenants;
use protocol::{AccountId, ConnectionId, Failure, FailureKind};
use serde_json::Value;

use crate::access::Access;
use crate::direct::Direct;
use crate::organization::patiently;
use crate::preflight::control_entry;
use crate::session::{Identity, Key};
use crate::sts::Role;

pub(crate) use discover::discover;
use table::Tenant;

const OPERATION: &str = "Scan";

/// The most pages of a table.
const MOST_PAGES: usize = 10_000;

/// The most tenants of a table.
const MOST_TENANTS: usize = 10_000;

/// The most items that are named because they are no tenants; further ones are counted.
const MOST_NAMED: usize = 200;

/// How long a worker believes what it read: so long a tenant may go on with an old role or external id.
const BELIEVED: Duration = Duration::from_secs(900);

/// The most tables whose tenants are remembered.
const MOST_TABLES: u64 = 64;

/// What a table said.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    /// Its tenants, each once.
    tenants: Vec<Tenant>,
    /// Items that are no tenants: the number of each among those that pass the filter, and why.
    unusable: Vec<(u64, String)>,
    /// Items that are no tenants and are not named.
    unnamed: u64,
    /// Tenants that were not taken, since there are too many.
    too_many: u64,
}

/// Tables that were read.
pub(crate) type Rosters = Cache<ConnectionId, Arc<Roster>>;

/// Tables that were read, for as long as they are believed.
pub(crate) fn rosters() -> Rosters {
    Cache::builder().max_capacity(MOST_TABLES).time_to_live(BELIEVED).build()
}

/// A tenant, by the table that names it.
pub(crate) struct Named<'a> {
    /// The connection to the table.
    pub table: ConnectionId,
    /// The account.
    pub account: AccountId,
    /// The table's settings.
    pub tenants: &'a Tenants,
}

impl Access {
    /// The role of a tenant. What only its item tells is read once for all that ask.
    pub(crate) async fn tenant_role(
        &self,
        key: &Key,
        named: &Named<'_>,
        partition: &str,
        narrowing: Option<SessionPolicy>,
    ) -> Result<Role, Failure> {
        let Named { table, account, tenants } = named;
        let (mut arn, mut external_id) = (None, None);
        if tenants.is_told_by_item() {
            let at = Key { connection: table.clone(), ..key.with(Identity::Hub) };
            let read = async { self.read_roster(&at, tenants, 1).await.map(Arc::new) };
            let read = self.rosters.try_get_with(table.clone(), read).await;
            let roster = read.map_err(|failure: Arc<Failure>| (*failure).clone())?;
            let tenant = roster.tenants.iter().find(|tenant| tenant.account == *account);
            let tenant = tenant.ok_or_else(|| {
                let message =
                    format!("the table {} names {account} as a tenant no more", tenants.table);
                Failure::new(FailureKind::RoleFailed, "NoTenant", message)
            })?;
            (arn, external_id) = (tenant.role.clone(), tenant.external_id.clone());
        }
        let usual = || format!("arn:{partition}:iam::{account}:role/{}", tenants.role);
        let external_id = external_id.or_else(|| self.external_id());
        Ok(self.role(arn.unwrap_or_else(usual), external_id, narrowing))
    }

    /// Reads a table page by page; each page is tried `attempts` times.
    async fn read_roster(
        &self,
        key: &Key,
        tenants: &Tenants,
        attempts: u32,
    ) -> Result<Roster, Failure> {
        let table = &tenants.table;
        let entry = control_entry("dynamodb")?;
        let spender = patiently(attempts, || self.session(key)).await?;
        let origin = self.origin(&key.connection).await?;
        let region =
            tenants.region.as_ref().map_or(self.hub_region(origin), |region| region.as_str());
        let place = format!("the table of tenants {table:?} in {region}");
        let ask = self.control.purse.ask_of("default", "dynamodb", &spender.account, region)?;
        let (mut roster, mut seen) = (Roster::default(), BTreeSet::new());
        let (mut passed, mut looked_at) = (0_u64, 0_u64);
        let mut start: Option<Value> = None;
        for _ in 0..MOST_PAGES {
            let body = table::request(tenants, start.as_ref());
            let call = Direct { entry, operation: OPERATION, region, body: &body };
            let answer = patiently(attempts, || self.direct(key, &ask, call)).await;
            let answer = answer.map_err(|failure| told(failure, &place, &spender.account))?;
            let page = table::read(tenants, &answer).ok_or_else(|| {
                let message = format!("{place} was answered for without a list of items");
                Failure::new(FailureKind::Transient, "UnreadableBody", message).during(OPERATION)
            })?;
            looked_at += page.looked_at;
            for item in page.items {
                passed += 1;
                roster.take(item, passed, &mut seen);
            }
            if page.next.is_none() {
                if passed == 0 {
                    return Err(nobody(tenants, &place, looked_at));
                }
                return Ok(roster);
            }
            start = page.next;
        }
        let message = format!("{place} has more than {MOST_PAGES} pages");
        Err(Failure::new(FailureKind::Other, "PageCap", message).during(OPERATION))
    }
}

impl Roster {
    fn take(&mut self, item: Result<Tenant, String>, number: u64, seen: &mut BTreeSet<AccountId>) {
        match item {
            Ok(tenant) if seen.contains(&tenant.account) => {
                tracing::warn!(account = %tenant.account, "the table of tenants has an account twice: its first item counts");
            }
            Ok(_) if self.tenants.len() >= MOST_TENANTS => self.too_many += 1,
            Ok(tenant) => {
                seen.insert(tenant.account.clone());
                self.tenants.push(tenant);
            }
            Err(why) if self.unusable.len() < MOST_NAMED => self.unusable.push((number, why)),
            Err(_) => self.unnamed += 1,
        }
    }
}

/// The failure with the table that it is about.
fn told(failure: Failure, place: &str, by: &AccountId) -> Failure {
    if failure.waits_its_turn() {
        return failure;
    }
    let message = if failure.code == "ResourceNotFoundException" {
        format!(
            "{place} of account {by} does not exist: check --tenants-table and --tenants-region"
        )
    } else {
        format!("{place} of account {by} cannot be read: {}", failure.message)
    };
    Failure { message: cut(&message, Failure::MESSAGE_LIMIT).to_owned(), ..failure }
}

/// Why a table leads to nobody.
fn nobody(tenants: &Tenants, place: &str, looked_at: u64) -> Failure {
    let (code, message) = if looked_at == 0 {
        ("EmptyTable", format!("{place} is empty"))
    } else {
        let filter = tenants.filter_text();
        let message = format!(
            "{place} has {looked_at} items, but none passes the filter ({filter}): set --tenants-filter to what its items say"
        );
        ("NoTenants", message)
    };
    Failure::new(FailureKind::Other, code, message).during(OPERATION)
}
