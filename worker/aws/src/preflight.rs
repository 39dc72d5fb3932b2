//! Entering an account: it must be the right one, and it must say which regions it has.

use std::sync::LazyLock;

use catalog::entry::{Entry, Scope};
use protocol::object::Object;
use protocol::preflight::{Preflight, RegionList};
use protocol::provider::Place;
use protocol::{AccountId, Failure, FailureKind, Region, ScanId};
use serde::Deserialize;

use crate::access::{may_pass, role_failed};
use crate::api::{Api, Question, signing_name};
use crate::control::Caller;
use crate::error::ConnectError;
use crate::page::Asked;
use crate::session::{Identity, Key, Session};
use crate::wire::UNPREPARED;

/// The most pages of a list of regions.
const MOST_PAGES: usize = 20;

/// The calls of the control plane that the generic client makes.
static CONTROL: LazyLock<Result<Vec<Entry>, String>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        service: Vec<Entry>,
    }
    let file: File =
        toml::from_str(include_str!("../data/control.toml")).map_err(|error| error.to_string())?;
    Ok(file.service)
});

/// Checks that the table of control-plane calls can be read.
pub(crate) fn check() -> Result<(), ConnectError> {
    CONTROL.as_ref().map(drop).map_err(|error| ConnectError::Control(error.clone()))
}

/// The control plane's entry of a service.
pub(crate) fn control_entry(service: &str) -> Result<&'static Entry, Failure> {
    let entries = CONTROL.as_deref().unwrap_or_default();
    entries.iter().find(|entry| entry.service.as_str() == service).ok_or_else(|| {
        let message = format!("there are no control-plane calls of {service}");
        Failure::new(FailureKind::Invalid, "NoCall", message)
    })
}

impl Api {
    /// Enters an account, verifies it, lists its regions.
    pub(crate) async fn preflight(&self, place: &Place) -> Result<Preflight, Failure> {
        let who = Key::of_account(&place.scan, &place.connection, &place.account);
        let session = self.access.session(&who).await?;
        let principal = self.verify(place, &who, &session).await?;
        let regions = self.regions(place, &who).await?;
        if let RegionList::Listed { closed, .. } = &regions {
            self.remember_closed(&place.account, closed).await;
        }
        Ok(Preflight { principal, regions })
    }

    /// Asks AWS whose the session is; answers the principal.
    async fn verify(&self, place: &Place, who: &Key, session: &Session) -> Result<String, Failure> {
        let origin = self.access.origin(&who.connection).await?;
        let partition = self.access.partition(session)?;
        let region = self.access.open_region(origin, partition);
        let ask = self.access.control.purse.ask("sts", &place.account, region)?;
        let scan = Some(&place.scan);
        let caller = Caller { origin, credentials: &session.credentials, region, scan };
        let principal =
            self.access.control.who_am_i(caller, Some(&ask)).await.map_err(role_failed)?;
        if principal.account == place.account {
            return Ok(principal.arn);
        }
        let message = format!(
            "account {} was to be entered, but the credentials are those of account {} ({})",
            place.account, principal.account, principal.arn
        );
        let failure = Failure::new(FailureKind::RoleFailed, "WrongAccount", message);
        Err(failure.during("GetCallerIdentity"))
    }

    /// The account's regions: as it says itself, else as its organization says.
    async fn regions(&self, place: &Place, who: &Key) -> Result<RegionList, Failure> {
        let own = match self.own_regions(place, who).await {
            Ok(list) => return Ok(list),
            Err(failure) => failure,
        };
        match self.regions_by_hub(place, who).await {
            Ok(list) => Ok(list),
            Err(_) if may_pass(&own) => Err(own),
            Err(other) if may_pass(&other) => Err(other),
            Err(_) => Ok(RegionList::Unlisted(own)),
        }
    }

    /// `ec2:DescribeRegions` by the account itself.
    async fn own_regions(&self, place: &Place, who: &Key) -> Result<RegionList, Failure> {
        let session = self.access.session(who).await?;
        let origin = self.access.origin(&who.connection).await?;
        let region = self.access.open_region(origin, self.access.partition(&session)?);
        let region = Region::new(region).unwrap_or_else(|_| Region::global());
        let list = self.control_list(&place.scan, who, &place.account, "regions", &region).await?;
        listed(&list)
    }

    /// `account:ListRegions` by the hub.
    async fn regions_by_hub(&self, place: &Place, who: &Key) -> Result<RegionList, Failure> {
        let hub_key = who.with(Identity::Hub);
        let hub = self.access.session(&hub_key).await?;
        let call = if hub.account == place.account { "own" } else { "member" };
        let global = Region::global();
        let list = self.control_list(&place.scan, &hub_key, &place.account, call, &global).await?;
        listed(&list)
    }

    /// All pages of a call of the table of control-plane calls.
    async fn control_list(
        &self,
        scan: &ScanId,
        who: &Key,
        account: &AccountId,
        name: &str,
        region: &Region,
    ) -> Result<Vec<Object>, Failure> {
        let entries = CONTROL.as_deref().unwrap_or_default();
        let calls = entries.iter().flat_map(|entry| {
            entry
                .probes
                .iter()
                .flat_map(move |probe| probe.calls.iter().map(move |call| (entry, probe, call)))
        });
        let Some((entry, probe, call)) = calls.into_iter().find(|(.., call)| call.name == name)
        else {
            let message = format!("there is no control-plane call {name}");
            return Err(Failure::new(FailureKind::Invalid, "NoCall", message));
        };
        let spender = &self.access.session(who).await?.account;
        // Of the same bucket as the calls that probes make: what has none of its own shares its service's.
        let purse = &self.access.control.purse;
        let class = if call.bucket == "default" { signing_name(entry) } else { &call.bucket };
        let ask = purse.ask_of(&call.bucket, class, spender, region.as_str())?;
        let mut objects = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let in_flight = purse.spend(&ask, &self.lists).await?;
            let token_text = token.as_deref();
            let asked = Asked {
                entry,
                probe,
                call,
                account,
                parent: None,
                token: token_text,
                prepared: &UNPREPARED,
            };
            let scope = if region.is_global() { Scope::Global } else { Scope::Regional };
            let question = Question { who, asked: &asked, scope, region, scan };
            let answer = self.ask(question).await;
            drop(in_flight);
            if answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::Throttled) {
                purse.throttled(&ask).await;
            }
            let page = answer?;
            objects.extend(page.items.into_iter().map(|item| item.object));
            let Some(next) = page.next else { return Ok(objects) };
            token = Some(next);
        }
        let message = format!("the list of regions has more than {MOST_PAGES} pages");
        Err(Failure::new(FailureKind::Other, "PageCap", message).during(&call.operation))
    }
}

/// Regions by their state; one that is being switched on cannot be called yet.
fn listed(objects: &[Object]) -> Result<RegionList, Failure> {
    let mut open = Vec::new();
    let mut closed = Vec::new();
    for object in objects {
        let Ok(region) = Region::new(&object.id) else { continue };
        let state = object.attributes.get("state").and_then(|state| state.as_str());
        match state {
            Some("not-opted-in" | "DISABLED" | "ENABLING") => closed.push(region),
            _ => open.push(region),
        }
    }
    if open.is_empty() {
        let message = "the list of regions has none that is open";
        return Err(Failure::new(FailureKind::Other, "NoRegions", message));
    }
    Ok(RegionList::Listed { open, closed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(id: &str, state: Option<&str>) -> Object {
        let attributes = state.map(|state| ("state".to_owned(), state.into()));
        Object {
            kind: String::new(),
            id: id.to_owned(),
            parent: None,
            home: None,
            own: true,
            attributes: attributes.into_iter().collect(),
            documents: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn the_table_of_control_calls_can_be_read() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn regions_are_open_unless_they_are_said_to_be_closed() {
        let list = listed(&[
            region("us-east-1", Some("opt-in-not-required")),
            region("me-south-1", Some("not-opted-in")),
            region("af-south-1", Some("opted-in")),
            region("eu-south-1", Some("ENABLING")),
            region("eu-west-1", Some("ENABLED_BY_DEFAULT")),
            region("eu-west-2", None),
        ]);
        let Ok(RegionList::Listed { open, closed }) = list else { panic!("{list:?}") };
        let names = |list: Vec<Region>| list.iter().map(Region::to_string).collect::<Vec<_>>();
        assert_eq!(names(open), ["us-east-1", "af-south-1", "eu-west-1", "eu-west-2"]);
        assert_eq!(names(closed), ["me-south-1", "eu-south-1"]);
        assert!(listed(&[]).is_err());
    }
}
