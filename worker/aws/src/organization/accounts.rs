//! Discovery: the organization of the current credentials if it can be read, else one's own account.

use std::collections::{BTreeSet, VecDeque};

use aws_sdk_organizations::types::Account as Listed;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use protocol::failure::cut;
use protocol::inventory::{Account, AccountState, Found, Organization};
use protocol::scan::{Settings, Source};
use protocol::{AccountId, ConnectionId, Failure, FailureKind, OrgId, ScanId};

use super::holding::moment;
use super::patience::Pages;
use super::tree::units_of;
use super::{PAGE_SIZE, Reader};
use crate::access::Access;
use crate::arn::parse_account_id;
use crate::session::Session;

/// What to do where the organization cannot be read.
const ADVICE: &str = "only the management account or a delegated administrator may read the \
                      organization: use their credentials, or name a role that may with --org-role";

/// The same, for a tenant.
const ADVICE_OF_TENANT: &str = "the role that is assumed in a tenant must be in the management account of its \
                                organization, and allowed to read that";

/// Finds the accounts of a connection, page by page.
pub(crate) fn discover<'a>(
    access: &'a Access,
    settings: &'a Settings,
    scan: &'a ScanId,
    connection: ConnectionId,
) -> BoxStream<'a, Result<Found, Failure>> {
    let reader = Reader::new(access, scan, connection, settings.pace.max_attempts);
    let walk = Walk { reader, settings, found: VecDeque::new(), step: Step::Begin };
    stream::unfold(walk, |mut walk| async move { Some((walk.next().await?, walk)) }).boxed()
}

struct Walk<'a> {
    reader: Reader<'a>,
    settings: &'a Settings,
    found: VecDeque<Found>,
    step: Step,
}

/// Where a discovery is.
enum Step {
    Begin,
    List(Listing),
    End,
}

/// The list of an organization's accounts.
struct Listing {
    organization: Organization,
    own: AccountId,
    partition: String,
    seen: u64,
    seen_own: bool,
    /// The roots and units that are above accounts, as far as these tell.
    above: BTreeSet<String>,
    pages: Pages,
}

impl Walk<'_> {
    async fn next(&mut self) -> Option<Result<Found, Failure>> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Some(Ok(found));
            }
            let stepped = match std::mem::replace(&mut self.step, Step::End) {
                Step::Begin => self.begin().await,
                Step::List(listing) => self.list(listing).await,
                Step::End => return None,
            };
            match stepped {
                Ok(step) => self.step = step,
                Err(failure) => return Some(Err(failure)),
            }
        }
    }

    /// Whose credentials these are, and whether they lead to an organization.
    async fn begin(&mut self) -> Result<Step, Failure> {
        let reader = &self.reader;
        let hub = reader.hub().await?;
        let source = &reader.access.connections.get(&reader.connection)?.source;
        let is_tenant = matches!(source, Source::Tenants(_));
        if !is_tenant && !matches!(source, Source::Current) {
            let account = self.own(&hub, source_name(source), None);
            self.found.push_back(Found::Account(account));
            return Ok(Step::End);
        }
        let described = reader
            .read("DescribeOrganization", |client| client.describe_organization().send())
            .await
            .and_then(|answer| organization(answer.organization));
        match described {
            Ok(organization) => {
                self.found.push_back(Found::Organization(organization.clone()));
                Ok(Step::List(Listing {
                    organization,
                    own: hub.account.clone(),
                    partition: hub.partition.clone(),
                    seen: 0,
                    seen_own: false,
                    above: BTreeSet::new(),
                    pages: Pages::default(),
                }))
            }
            // Whoever is no organization's management account is no tenant to scan.
            Err(failure) if is_tenant => Err(failure),
            Err(failure) if failure.code == "AWSOrganizationsNotInUseException" => {
                let account = self.own(&hub, None, None);
                self.found.push_back(Found::NotInOrganization);
                self.found.push_back(Found::Account(account));
                Ok(Step::End)
            }
            Err(failure) if failure.kind == FailureKind::Denied => {
                let account = self.own(&hub, None, None);
                self.found.push_back(Found::Missing(self.advised(failure)));
                self.found.push_back(Found::Account(account));
                Ok(Step::End)
            }
            Err(failure) => Err(failure),
        }
    }

    /// One page of accounts.
    async fn list(&mut self, mut listing: Listing) -> Result<Step, Failure> {
        let token = listing.pages.token();
        let answer = self
            .reader
            .read("ListAccounts", |client| {
                let request = client.list_accounts().max_results(PAGE_SIZE);
                request.set_next_token(token.clone()).send()
            })
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) if failure.kind == FailureKind::Denied => {
                self.found.push_back(Found::Missing(self.advised(failure)));
                return self.end(&listing).await;
            }
            Err(failure) => return Err(failure),
        };
        for listed in answer.accounts.unwrap_or_default() {
            let Some(account) = self.account(&listing, &listed).await? else { continue };
            listing.seen += 1;
            listing.seen_own |= account.id == listing.own;
            let paths = listed.paths().iter();
            listing.above.extend(paths.flat_map(|path| units_of(path)).map(str::to_owned));
            self.found.push_back(Found::Account(account));
        }
        if listing.pages.turn("ListAccounts", answer.next_token)? {
            return Ok(Step::List(listing));
        }
        if listing.seen == 0 {
            let message =
                format!("the organization's list of accounts is empty: {}", self.advice());
            let failure = Failure::new(FailureKind::Denied, "NoAccounts", message);
            self.found.push_back(Found::Missing(failure.during("ListAccounts")));
        }
        self.end(&listing).await
    }

    /// Adds one's own account if the list did not have it, and it belongs to that organization.
    async fn end(&mut self, listing: &Listing) -> Result<Step, Failure> {
        if !listing.above.is_empty() {
            let organization = listing.organization.id.clone();
            let units = listing.above.len() as u64;
            self.found.push_back(Found::Units { organization, units });
        }
        if !listing.seen_own && self.settings.access.org_role.is_none() {
            let hub = self.reader.hub().await?;
            let account = self.own(&hub, None, Some(&listing.organization));
            self.found.push_back(Found::Account(account));
        }
        Ok(Step::End)
    }

    fn own(
        &self,
        hub: &Session,
        name: Option<&str>,
        organization: Option<&Organization>,
    ) -> Account {
        let source = self.reader.access.connections.get(&self.reader.connection);
        let role = source.ok().and_then(|connected| match &connected.source {
            Source::Role { arn, .. } => Some(arn.clone()),
            _ => None,
        });
        Account {
            id: hub.account.clone(),
            name: name.unwrap_or(hub.account.as_str()).to_owned(),
            email: None,
            arn: None,
            state: AccountState::Active,
            joined_at: None,
            joined_method: None,
            organization: organization.map(|organization| organization.id.clone()),
            management: organization.is_some_and(|o| o.management_account == hub.account),
            connection: self.reader.connection.clone(),
            role,
            tags: Vec::new(),
        }
    }

    fn advice(&self) -> &'static str {
        let Reader { access, connection, .. } = &self.reader;
        if access.connections.tenant(connection).is_some() { ADVICE_OF_TENANT } else { ADVICE }
    }

    fn advised(&self, failure: Failure) -> Failure {
        let told = format!("{}: {}", self.advice(), failure.message);
        Failure { message: cut(&told, Failure::MESSAGE_LIMIT).to_owned(), ..failure }
    }

    fn advised_if_denied(&self, failure: Failure) -> Failure {
        if failure.kind == FailureKind::Denied { self.advised(failure) } else { failure }
    }

    /// An account of the list, with its tags if a filter needs them.
    async fn account(
        &mut self,
        listing: &Listing,
        listed: &Listed,
    ) -> Result<Option<Account>, Failure> {
        let Ok(id) = parse_account_id(listed.id().unwrap_or_default()) else {
            let message = format!("the list has an account without a right id: {:?}", listed.id());
            let failure = Failure::new(FailureKind::Other, "NoId", message);
            self.found.push_back(Found::Missing(failure.during("ListAccounts")));
            return Ok(None);
        };
        let role =
            (id != listing.own).then(|| self.reader.access.member_role(&listing.partition, &id));
        let mut account = Account {
            name: listed.name().filter(|name| !name.is_empty()).unwrap_or(id.as_str()).to_owned(),
            email: listed.email().map(str::to_owned),
            arn: listed.arn().map(str::to_owned),
            state: state(listed),
            joined_at: moment(listed.joined_timestamp()),
            joined_method: listed.joined_method().map(|method| method.as_str().to_owned()),
            organization: Some(listing.organization.id.clone()),
            management: listing.organization.management_account == id,
            connection: self.reader.connection.clone(),
            role,
            tags: Vec::new(),
            id,
        };
        let selection = &self.settings.selection;
        if selection.needs_tags()
            && account.state == AccountState::Active
            && selection.may_want(&account)
        {
            // Whom the selection is about cannot be told without them.
            let tags = self.reader.tags(&account.id).await;
            account.tags = tags.map_err(|failure| self.advised_if_denied(failure))?;
        }
        Ok(Some(account))
    }
}

fn source_name(source: &Source) -> Option<&str> {
    match source {
        Source::Connection { .. } | Source::Current | Source::Tenants(_) => None,
        Source::Profile { name } => Some(name),
        Source::Keys { name, .. } | Source::Role { name, .. } => name.as_deref(),
    }
}

fn organization(
    described: Option<aws_sdk_organizations::types::Organization>,
) -> Result<Organization, Failure> {
    let read = described.as_ref().and_then(|described| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Some(Organization {
            id: OrgId::new(described.id()?).ok()?,
            management_account: parse_account_id(described.master_account_id()?).ok()?,
            arn: text(described.arn()),
            feature_set: described.feature_set().map(|set| set.as_str().to_owned()),
            management_arn: text(described.master_account_arn()),
            management_email: text(described.master_account_email()),
        })
    });
    read.ok_or_else(|| {
        let message = "the answer names no organization and no management account";
        Failure::new(FailureKind::Transient, "UnreadableBody", message)
            .during("DescribeOrganization")
    })
}

/// `State`, else the older `Status`; an account without either is taken as active, since only
/// trying tells.
pub(super) fn state(listed: &Listed) -> AccountState {
    let state = listed.state().map(|state| state.as_str());
    let status = listed.status().map(|status| status.as_str());
    let known = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    known(state).or_else(|| known(status)).unwrap_or(AccountState::Active)
}

#[cfg(test)]
mod tests {
    use aws_sdk_organizations::types::{AccountState as State, AccountStatus as Status};

    use super::*;

    #[test]
    fn the_state_comes_before_the_older_status() {
        let listed = Listed::builder().state(State::PendingClosure).status(Status::Active);
        assert_eq!(state(&listed.build()), AccountState::PendingClosure);
        let older = Listed::builder().status(Status::Suspended);
        assert_eq!(state(&older.build()), AccountState::Suspended);
        assert_eq!(state(&Listed::builder().build()), AccountState::Active);
    }
}
