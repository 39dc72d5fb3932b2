//! Named connections: several ways in, each by the name that scans and batches carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::Catalog;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use protocol::budget::{Ask, Budget};
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

    fn get(&self, name: &ConnectionId) -> Result<&Inner, Failure> {
        self.by_name.get(name).ok_or_else(|| {
            let message = format!(
                "no connection {name} is configured here; name it in the connections file of every coordinator and worker"
            );
            Failure::new(FailureKind::RoleFailed, "NoConnection", message)
        })
    }
}

impl Inner {
    /// The same place, by the id that the connection knows itself by.
    fn own(&self, place: &Place) -> Place {
        Place { connection: self.own.clone(), ..place.clone() }
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
            Ok(inner) => inner,
            Err(failure) => return stream::once(async { Err(failure) }).boxed(),
        };
        let found = inner.aws.discover(scan, &inner.own);
        found.map(|found| Ok(named(found?, connection))).boxed()
    }

    async fn regions(&self, connection: &ConnectionId) -> Result<Vec<KnownRegion>, Failure> {
        let inner = self.get(connection)?;
        inner.aws.regions(&inner.own).await
    }

    async fn tree(
        &self,
        scan: &ScanId,
        connection: &ConnectionId,
        organization: &OrgId,
    ) -> Result<Tree, Failure> {
        let inner = self.get(connection)?;
        inner.aws.tree(scan, &inner.own, organization).await
    }

    async fn preflight(&self, place: &Place) -> Result<Preflight, Failure> {
        let inner = self.get(&place.connection)?;
        inner.aws.preflight(&inner.own(place)).await
    }

    async fn enter(&self, place: &Place) -> Result<(), Failure> {
        let inner = self.get(&place.connection)?;
        inner.aws.enter(&inner.own(place)).await
    }

    fn price(&self, place: &Place, request: PageRequest<'_>) -> Result<Ask, Failure> {
        self.get(&place.connection)?.aws.price(place, request)
    }

    async fn page(&self, place: &Place, request: PageRequest<'_>) -> Result<Page, Failure> {
        let inner = self.get(&place.connection)?;
        inner.aws.page(&inner.own(place), request).await
    }
}

/// An account is entered by the name that everybody else knows the connection by.
fn named(found: Found, connection: &ConnectionId) -> Found {
    match found {
        Found::Account(mut account) => {
            account.connection = connection.clone();
            Found::Account(account)
        }
        other => other,
    }
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
}
