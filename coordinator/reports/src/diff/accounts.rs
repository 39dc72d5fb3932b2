//! What became of accounts from one scan to another; absence proves nothing where a list was not whole.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ConnectionId;
use protocol::inventory::AccountState;

use crate::context::{AccountFacts, Context};
use crate::error::ReportError;
use crate::row::Fields;

const ACTIVE: &str = AccountState::Active.as_str();
const SUSPENDED: &str = AccountState::Suspended.as_str();

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// It is in its organization now and was not before.
    Joined,
    /// It was in its organization and is not any more.
    Left,
    /// It is in another unit or organization.
    Moved,
    /// It was suspended.
    Suspended,
    /// It was suspended and is not any more.
    Reopened,
    /// It is in another state.
    StateChanged,
    /// It has another name.
    Renamed,
    /// It was not seen before, but that proves nothing.
    NewlySeen,
    /// It is not seen any more, but that proves nothing.
    NotSeen,
}

impl Event {
    /// Its word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Moved => "moved",
            Self::Suspended => "suspended",
            Self::Reopened => "reopened",
            Self::StateChanged => "state_changed",
            Self::Renamed => "renamed",
            Self::NewlySeen => "newly_seen",
            Self::NotSeen => "not_seen",
        }
    }
}

/// An event with what it was before and is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) account: String,
    pub(crate) event: Event,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// Why nothing is proven.
    pub(crate) why: Option<String>,
}

/// Compares the accounts of two scans.
pub(crate) async fn events(
    before: &Context<'_>,
    after: &Context<'_>,
) -> Result<Vec<Happened>, ReportError> {
    let (old, new) = (List::load(before).await?, List::load(after).await?);
    let ids: BTreeSet<&String> = before.accounts.keys().chain(after.accounts.keys()).collect();
    let mut events = Vec::new();
    for id in ids {
        match (before.accounts.get(id), after.accounts.get(id)) {
            (Some(was), Some(is)) => events.extend(changed(was, is)),
            (Some(was), None) => events.push(match new.is_whole_for(was) {
                Ok(()) => happened(id, Event::Left, place(was), None),
                Err(why) => {
                    let why = Some(why);
                    Happened { why, ..happened(id, Event::NotSeen, place(was), None) }
                }
            }),
            (None, Some(is)) => {
                let since = is.joined_at.is_some_and(|at| at > before.scan.started_at);
                events.push(match old.is_whole_for(is) {
                    Err(why) if !since => {
                        let why = Some(why);
                        Happened { why, ..happened(id, Event::NewlySeen, None, place(is)) }
                    }
                    _ => happened(id, Event::Joined, None, place(is)),
                });
            }
            (None, None) => {}
        }
    }
    Ok(events)
}

fn happened(id: &str, event: Event, from: Option<String>, to: Option<String>) -> Happened {
    Happened { account: id.to_owned(), event, from, to, why: None }
}

/// Where an account is, as far as it is known.
fn place(account: &AccountFacts) -> Option<String> {
    account.unit_path.clone().or_else(|| account.organization.clone())
}

/// What differs in an account that both scans have; what one of them does not know does not differ.
fn changed(was: &AccountFacts, is: &AccountFacts) -> Vec<Happened> {
    let mut events = Vec::new();
    let id = &is.id;
    let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    if differ(&was.organization, &is.organization) {
        let whole = |account: &AccountFacts| {
            let unit = account.unit_path.as_deref();
            let parts = account.organization.as_deref().into_iter().chain(unit);
            Some(parts.collect::<Vec<_>>().join(" "))
        };
        events.push(happened(id, Event::Moved, whole(was), whole(is)));
    } else if differ(&was.unit_id_path, &is.unit_id_path) {
        events.push(happened(id, Event::Moved, was.unit_path.clone(), is.unit_path.clone()));
    }
    if was.state != is.state {
        let event = match (was.state.as_str(), is.state.as_str()) {
            (_, SUSPENDED) => Event::Suspended,
            (SUSPENDED, ACTIVE) => Event::Reopened,
            _ => Event::StateChanged,
        };
        events.push(happened(id, event, Some(was.state.clone()), Some(is.state.clone())));
    }
    // An account without a name bears its id.
    if was.name != is.name && was.name != was.id && is.name != is.id {
        events.push(happened(id, Event::Renamed, Some(was.name.clone()), Some(is.name.clone())));
    }
    events
}

/// How far a scan's list of accounts can be trusted.
struct List<'c> {
    planned: bool,
    /// The connections that lead to each organization.
    connections: BTreeMap<&'c str, BTreeSet<&'c str>>,
    /// What could not be read, by connection.
    missing: BTreeMap<String, String>,
}

impl<'c> List<'c> {
    async fn load(context: &'c Context<'_>) -> Result<Self, ReportError> {
        let mut connections: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for account in context.accounts.values() {
            if let Some(organization) = &account.organization {
                connections.entry(organization).or_default().insert(&account.connection);
            }
        }
        let settings = context.scan.settings.connections();
        // Of a table of tenants each has a connection of its own.
        let leads = |what: &str| {
            let what = ConnectionId::new(what).ok();
            what.is_some_and(|what| settings.iter().any(|(id, _)| what.is_part_of(id.as_str())))
        };
        let mut missing = BTreeMap::new();
        for row in context.rows(include_str!("../missing.sql")).await? {
            let mut fields = Fields::of(row);
            let (what, why) = (fields.text("a name")?, fields.text("a reason")?);
            if leads(&what) {
                missing.insert(what, why);
            }
        }
        Ok(Self { planned: context.scan.planned, connections, missing })
    }

    /// Whether the list has every account of the organization that the account is in.
    fn is_whole_for(&self, account: &AccountFacts) -> Result<(), String> {
        let Some(organization) = &account.organization else {
            return Err("it is in no organization whose list could tell".to_owned());
        };
        if !self.planned {
            return Err("discovery had not come to its end".to_owned());
        }
        let incomplete = |why: &String| format!("discovery was incomplete: {why}");
        let Some(connections) = self.connections.get(organization.as_str()) else {
            let why = self.missing.values().next();
            let unread = || format!("no account of organization {organization} was listed");
            return Err(why.map_or_else(unread, incomplete));
        };
        let why = |connection: &&str| {
            let table = connection.rsplit_once('/').and_then(|(table, _)| self.missing.get(table));
            self.missing.get(*connection).or(table)
        };
        match connections.iter().find_map(why) {
            Some(why) => Err(incomplete(why)),
            None => Ok(()),
        }
    }
}
