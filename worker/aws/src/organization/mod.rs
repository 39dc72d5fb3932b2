//! The organization that a connection leads to: its accounts, its tree, what it holds beside them, page by page.

mod accounts;
mod holding;
mod patience;
mod policies;
mod tags;
mod tree;

use aws_sdk_organizations::Client;
use protocol::budget::Ask;
use protocol::{ConnectionId, Failure, ScanId};

use crate::access::Access;
use crate::control::Caller;
use crate::session::{Identity, Key};

pub(crate) use accounts::discover;
pub(crate) use holding::holding;
pub(crate) use patience::patiently;
pub(crate) use tree::tree;

/// The largest page of accounts or units that Organizations gives.
const PAGE_SIZE: i32 = 20;

/// The most pages of one list: twenty times the accounts of the largest organizations.
const MOST_PAGES: u32 = 50_000;

/// Reads an organization: as whom, out of which bucket.
pub(crate) struct Reader<'a> {
    access: &'a Access,
    scan: &'a ScanId,
    connection: ConnectionId,
    attempts: u32,
}

/// A client that reads the organization, with its bucket.
struct Opened {
    client: Client,
    ask: Ask,
}

impl<'a> Reader<'a> {
    /// Reads through `connection`; each page is tried `attempts` times.
    pub(crate) fn new(
        access: &'a Access,
        scan: &'a ScanId,
        connection: ConnectionId,
        attempts: u32,
    ) -> Self {
        Self { access, scan, connection, attempts: attempts.max(1) }
    }

    fn key(&self, identity: Identity) -> Key {
        Key { scan: Some(self.scan.clone()), connection: self.connection.clone(), identity }
    }

    /// A client as who reads the organization.
    async fn open(&self) -> Result<Opened, Failure> {
        let session = self.access.session(&self.key(Identity::Organization)).await?;
        let origin = self.access.origin(&self.connection).await?;
        let region = &self.access.partition(&session)?.home;
        let ask = self.access.control.purse.ask("organizations", &session.account, region)?;
        let scan = Some(self.scan);
        let caller = Caller { origin, credentials: &session.credentials, region, scan };
        Ok(Opened { client: self.access.control.organizations(caller), ask })
    }
}
