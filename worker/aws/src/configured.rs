//! Named connections: several ways in, each by the name that scans and batches carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::Catalog;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use protocol::budget::{Ask, Budget};
use protocol::holding::{Holding, Part};
use protocol::inventory::{Found, Tree};
use protocol::preflight::Preflight;
use protocol::provider::{KnownRegion, Page, PageRequest, Place, Provider};
use protocol::scan::{Access, Settings, Source};
use protocol::{Clock, ConnectionId, Failure, FailureKind, OrgId, ScanId};

use crate::error::ConnectError;
use crate::options::Options;
use crate::provider::Aws;

/// A way in, as the settings of coordinator and workers name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedConnection {
    /// Its name.
    pub name: ConnectionId,
    /// What it starts from.
    pub source: Source,
    /// How it gets into accounts.
    pub access: Access,
}

/// AWS by named connections.
pub struct Configured {
    by_name: BTreeMap<ConnectionId, Inner>,
}

struct Inner {
    aws: Aws,
    /// The id by which this connection knows itself.
    own: ConnectionId,
}

impl Configured {
    /// AWS as each of `connections` reaches it, with the selection and the pace of `settings`. Calls nothing yet.
    ///
    /// # Errors
    /// [`ConnectError`] for settings that could never work.
    pub fn connect(
        connections: &[NamedConnection],
        settings: &Settings,
        options: &Options,
        catalog: &Catalog,
        budget: &Arc<dyn Budget>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, ConnectError> {
        let mut by_name = BTreeMap::new();
        for connection in connections {
            let settings = Settings {
                sources: vec![connection.source.clone()],
                access: connection.access.clone(),
                ..settings.clone()
            };
            let Some((own, _)) = settings.connections().into_iter().next() else { continue };
            let (budget, clock) = (Arc::clone(budget), Arc::clone(clock));
            let aws = Aws::connect(&settings, options.clone(), catalog.clone(), budget, clock)?;
            by_name.insert(connection.name.clone(), Inner { aws, own });
        }
        Ok(Self { by_name })
    }

    /// A connection by its name, or by that of a tenant of its table; with the id that it knows that by.
    fn get(&self, name: &ConnectionId) -> Result<(&Inner, ConnectionId), Failure> {
        if let Some(inner) = self.by_name.get(name) {
            return Ok((inner, inner.own.clone()));
        }
        let tenant = name.tenant().and_then(|(table, account)| {
            let inner = self.by_name.get(&table)?;
            Some((inner, inner.own.of_tenant(&account).ok()?))
        });
        tenant.ok_or_else(|| {
            let message = format!(
                "no connection {name} is configured here; name it in the connections file of every coordinator and worker"
            );
            Failure::new(FailureKind::RoleFailed, "NoConnection", message)
        })
    }

    /// A place by the id that its connection knows itself by.
    fn at(&self, place: &Place) -> Result<(&Inner, Place), Failure> {
        let (inner, connection) = self.get(&place.connection)?;
        Ok((inner, Place { connection, ..place.clone() }))
    }
}

#[async_trait]
impl Provider for Configured {
    fn discover<'a>(
        &'a self,
        scan: &'a ScanId,
        connection: &'a ConnectionId,
    ) -> BoxStream<'a, Result<Found, Failure>> {
        let inner = match self.get(connection) {
            Ok((inner, _)) => inner,
            Err(failure) => return stream::once(async { Err(failure) }).boxed(),
        };
        let found = inner.aws.discover(scan, &inner.own);
        found.map(move |found| named(found?, &inner.own, connection)).boxed()
    }

    async fn regions(&self, connection: &ConnectionId) -> Result<Vec<KnownRegion>, Failure> {
        let (inner, id) = self.get(connection)?;
        inner.aws.regions(&id).await
    }

    async fn tree(
        &self,
        scan: &ScanId,
        connection: &ConnectionId,
        organization: &OrgId,
    ) -> Result<Tree, Failure> {
        let (inner, id) = self.get(connection)?;
        inner.aws.tree(scan, &id, organization).await
    }

    async fn holding(
        &self,
        scan: &ScanId,
        connection: &ConnectionId,
        organization: &OrgId,
        part: Part,
    ) -> Holding {
        match self.get(connection) {
            Ok((inner, id)) => inner.aws.holding(scan, &id, organization, part).await,
            Err(failure) => Holding::lacking("all of it", failure),
        }
    }

    async fn preflight(&self, place: &Place) -> Result<Preflight, Failure> {
        let (inner, place) = self.at(place)?;
        inner.aws.preflight(&place).await
    }

    async fn enter(&self, place: &Place) -> Result<(), Failure> {
        let (inner, place) = self.at(place)?;
        inner.aws.enter(&place).await
    }

    fn price(&self, place: &Place, request: PageRequest<'_>) -> Result<Ask, Failure> {
        self.get(&place.connection)?.0.aws.price(place, request)
    }

    async fn page(&self, place: &Place, request: PageRequest<'_>) -> Result<Page, Failure> {
        let (inner, place) = self.at(place)?;
        inner.aws.page(&place, request).await
    }
}

/// What was found, with the name that everybody else knows the connection by.
fn named(found: Found, own: &ConnectionId, name: &ConnectionId) -> Result<Found, Failure> {
    let renamed = |id: &ConnectionId| {
        let rest = id.as_str().strip_prefix(own.as_str()).unwrap_or_default();
        ConnectionId::new(format!("{name}{rest}"))
            .map_err(|error| Failure::new(FailureKind::Invalid, "BadName", error.to_string()))
    };
    Ok(match found {
        Found::Account(mut account) => {
            account.connection = renamed(&account.connection)?;
            Found::Account(account)
        }
        Found::Astray { connection, failure } => {
            Found::Astray { connection: renamed(&connection)?, failure }
        }
        Found::Tenant { connection, organization } => {
            Found::Tenant { connection: renamed(&connection)?, organization }
        }
        found @ (Found::Organization(_)
        | Found::Units { .. }
        | Found::NotInOrganization
        | Found::Missing(_)) => found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_is_not_configured_is_named() {
        let none = Configured { by_name: BTreeMap::new() };
        let name = ConnectionId::new("prod").expect("a name");
        let failure = none.regions(&name).await.expect_err("none is there");
        assert_eq!(failure.code, "NoConnection");
        assert!(failure.message.contains("prod"), "{}", failure.message);
    }

    #[test]
    fn what_a_tenant_leads_to_bears_the_name_of_its_connection() {
        let id = |text: &str| ConnectionId::new(text).expect("a name");
        let failure = Failure::new(FailureKind::Other, "X", "");
        let astray = |connection| Found::Astray { connection, failure: failure.clone() };
        let told = named(astray(id("source-0/111122223333")), &id("source-0"), &id("prod"));
        assert_eq!(told, Ok(astray(id("prod/111122223333"))));
    }
}
