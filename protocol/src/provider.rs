//! A cloud: how to find accounts, enter them and ask one page of one call. The port.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::budget::Ask;
use crate::failure::Failure;
use crate::holding::{Holding, Part};
use crate::ids::{AccountId, ConnectionId, OrgId, ProbeId, Region, ScanId};
use crate::inventory::{Found, Tree};
use crate::object::Object;
use crate::preflight::Preflight;

/// Where a call is made: by which scan, in which account and region, through which connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The scan, for session names and user agents.
    pub scan: ScanId,
    /// The account.
    pub account: AccountId,
    /// How to enter it.
    pub connection: ConnectionId,
    /// The region, or `global`.
    pub region: Region,
}

/// A region of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRegion {
    /// Its name.
    pub region: Region,
    /// Whether accounts have it only when they opt in.
    pub opt_in: bool,
}

/// One page of one call of a probe.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// The probe.
    pub probe: &'a ProbeId,
    /// The index of the call in the probe.
    pub call: usize,
    /// The thing that the call is made for, where it is a `for_each` call.
    pub item: Option<&'a Item>,
    /// The page; none for the first.
    pub token: Option<&'a str>,
}

/// What a page held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its things.
    pub items: Vec<Item>,
    /// The next page, where there is one.
    pub next: Option<String>,
}

/// A thing on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is.
    pub object: Object,
    /// Whether it proves that the probe's switch is on.
    pub on: bool,
    /// What `for_each` calls need of it, by the path that names it.
    pub inputs: BTreeMap<String, String>,
    /// The calls of the probe that are to be made for it, by index: the `for_each` calls of the
    /// call that found it, whose conditions it passes.
    pub follow: Vec<usize>,
}

/// The port. Adapters: AWS, and a small fake in tests.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Finds the accounts that a connection leads to, page by page.
    ///
    /// Ends after an `Err`: what was found before stays true, what was not is unknown.
    fn discover<'a>(
        &'a self,
        scan: &'a ScanId,
        connection: &'a ConnectionId,
    ) -> BoxStream<'a, Result<Found, Failure>>;

    /// The regions that accounts of a connection can have: those of its partition, in order.
    ///
    /// # Errors
    /// The failure that kept the connection's credentials from being used.
    async fn regions(&self, connection: &ConnectionId) -> Result<Vec<KnownRegion>, Failure>;

    /// Reads the units of an organization and which account is in which.
    ///
    /// # Errors
    /// The failure that kept it from being complete.
    async fn tree(
        &self,
        scan: &ScanId,
        connection: &ConnectionId,
        organization: &OrgId,
    ) -> Result<Tree, Failure>;

    /// Reads a part of what an organization holds beside its accounts and its tree. What cannot be read is named in
    /// the answer, beside all that can.
    async fn holding(
        &self,
        scan: &ScanId,
        connection: &ConnectionId,
        organization: &OrgId,
        part: Part,
    ) -> Holding;

    /// Enters an account, verifies that it is the right one, and lists its regions. Who waits for
    /// it holds nothing that others wait for: it may have to wait for tokens, but not for long.
    ///
    /// # Errors
    /// `role_failed` when it cannot be entered; throttled, unreachable or transient when
    /// trying again may help; [`Failure::turn`] when its tokens are not there for a while.
    async fn preflight(&self, place: &Place) -> Result<Preflight, Failure>;

    /// Enters an account where that was not done, so that calls there need not wait for it.
    ///
    /// # Errors
    /// As [`Self::preflight`].
    async fn enter(&self, place: &Place) -> Result<(), Failure>;

    /// The token that a call must spend before it is made; the budget is not yet cut to a share.
    ///
    /// # Errors
    /// `invalid` when the catalog has no such probe or call.
    fn price(&self, place: &Place, request: PageRequest<'_>) -> Result<Ask, Failure>;

    /// Makes one call and reads its page. Its token must have been spent.
    ///
    /// # Errors
    /// The classified failure; never retried in here, but for one redo with fresh credentials
    /// or a corrected clock.
    async fn page(&self, place: &Place, request: PageRequest<'_>) -> Result<Page, Failure>;
}
